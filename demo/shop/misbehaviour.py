"""The ways in which the demo shop can misbehave, as real shops and hostile hosts do."""

import threading
from dataclasses import dataclass
from enum import StrEnum


class BlockPage(StrEnum):
    """What is shown instead of a page to a visitor who is taken for a robot; all answer with status 200."""

    CAPTCHA = "captcha"
    CONTINUE_SHOPPING = "continue_shopping"
    THROTTLE = "throttle"
    AKAMAI = "akamai"


class RobotsRule(StrEnum):
    """What robots.txt answers."""

    ALLOW = "allow"
    FORBID = "forbid"
    ERROR = "error"


class HostileImage(StrEnum):
    """What is served instead of every image.

    `bomb` is a small PNG of 400 million pixels, `huge` announces and sends a gigabyte, `polyglot` is a GIF
    that is also a script and claims to be a JPEG, `redirect` leads to `Misbehaviour.redirect_to`, `endless`
    never stops sending.
    """

    BOMB = "bomb"
    HUGE = "huge"
    POLYGLOT = "polyglot"
    REDIRECT = "redirect"
    ENDLESS = "endless"


@dataclass(frozen=True)
class Misbehaviour:
    """How the shop misbehaves; by default it does not.

    "Every N" counts answers from the first and 0 means never. Pages are search and product pages;
    slow, unavailable and truncated answers concern pages and images.
    """

    block: BlockPage | None = None
    block_after: int = 0  # pages answered properly before the first block page
    block_every: int = 1  # from then on, every Nth page is a block page
    block_limit: int | None = None  # so many block pages, then none any more
    slow_seconds: float = 0.0
    unavailable_every: int = 0
    truncated_every: int = 0
    changed_layout: bool = False
    empty_results: bool = False
    missing_alt: bool = False
    robots: RobotsRule = RobotsRule.ALLOW
    crawl_delay_seconds: float | None = None
    originals_missing: bool = False
    hostile_image: HostileImage | None = None
    redirect_to: str = "http://169.254.169.254/latest/meta-data/"


@dataclass(frozen=True)
class Turn:
    """What goes wrong with one answer."""

    unavailable: bool
    truncated: bool


class Turns:
    """Counts the answers of one shop and says whose turn it is to go wrong. Safe across threads."""

    def __init__(self, misbehaviour: Misbehaviour) -> None:
        self._misbehaviour = misbehaviour
        self._lock = threading.Lock()
        self._answers = 0
        self._pages = 0
        self._blocks = 0

    def next_answer(self) -> Turn:
        """Count an answer to a request for a page or an image."""
        with self._lock:
            self._answers += 1
            return Turn(
                unavailable=_is_turn(self._answers, self._misbehaviour.unavailable_every),
                truncated=_is_turn(self._answers, self._misbehaviour.truncated_every),
            )

    def next_page_is_blocked(self) -> bool:
        """Count a page; say whether it is a block page."""
        rule = self._misbehaviour
        if rule.block is None:
            return False
        with self._lock:
            self._pages += 1
            exhausted = rule.block_limit is not None and self._blocks >= rule.block_limit
            blocked = _is_turn(self._pages - rule.block_after, rule.block_every) and not exhausted
            self._blocks += blocked
            return blocked


def _is_turn(count: int, every: int) -> bool:
    return count > 0 and every > 0 and count % every == 0
