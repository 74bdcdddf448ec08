"""What the programs say to each other over the queue: names and queues.

A message is a task's name and ids. It is only a hint, since the database is the truth; but both sides must
spell it alike, and all applications on one broker must use one visibility timeout, since the smallest wins.
"""

import time
from typing import Final

CLASSIFY_QUEUE: Final = "classify"
CRAWL_QUEUE: Final = "crawl"
RENDER_QUEUE: Final = "render"
"""Crawl slices whose pages a browser has to render: not every crawl worker has one."""

TRAIN_QUEUE: Final = "train"

LEARN_QUEUE: Final = "learn"
"""Learning and relabelling: arithmetic of seconds, which waits neither for a training nor behind many pictures."""

CLASSIFY_IMAGES: Final = "worker.tasks.classify_images"
"""Takes one argument: a list of image ids."""

BATCH_SIZE: Final = 64
"""Image ids in one message: about two seconds of work, far under the visibility timeout."""

TRANSPORT_OPTIONS: Final = {
    "visibility_timeout": 45,  # seconds until an unacknowledged message is handed out again
    "unacked_restore_interval": 2,  # these two make the look for such messages happen every two seconds;
    "unacked_restore_throttle": 1,  # kombu's default is every hundred
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
}


SENT_AT: Final = "sent_at"
"""A header of each message: when it was sent, in seconds since 1970."""


def sent_now() -> dict[str, float]:
    """Give the header that tells how long a message has waited."""
    return {SENT_AT: time.time()}
