"""A head for the moment: fitted in memory while a person reviews, so that what is asked next follows the verdicts.

It is no model version: it passes no gate, labels nothing and is forgotten with the process.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Final

import numpy as np
from sqlalchemy.orm import Session
from threadpoolctl import threadpool_limits

from db.errors import HeadError
from db.heads import Head
from db.models import ModelVersion
from db.queries.active_suspects import active_suspects
from db.queries.review_news import review_news
from db.queries.taught_embeddings import (
    TaughtEmbedding,
    count_moves,
    draw_products,
    reviewed_lately,
    taught_embeddings,
)
from db.repository.network_labels import read_head
from db.states.version_states import active_version
from worker.cnn.heads.linear_map import LinearMap
from worker.cnn.heads.refitting import refit
from worker.cnn.heads.weighting import weigh

EVERY: Final = 10
"""Verdicts and withdrawals after which it is fitted anew."""

_MOST_REVIEWED: Final = 2000
_WEIGHT_DECAY: Final = 3e-4

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProvisionalHead:
    """A head that has learnt from the latest verdicts.

    Attributes:
        version_id: of the active version, whose body it is for.
        head: that version's, with other logits.
        moves: verdicts and withdrawals of all times that it knows.
        taught_by: reviewed products that it learnt from.
        seconds: that reading and fitting took.
    """

    version_id: int
    head: Head
    moves: int
    taught_by: int
    seconds: float


@dataclass(frozen=True)
class _Listed:
    """What a version's body has made of listed products: read once, as only verdicts change while one reviews."""

    version_id: int
    pictures: Sequence[TaughtEmbedding]


class ProvisionalHeads:
    """Keeps the newest provisional head of a process, and fits the next when it is due; for several threads."""

    def __init__(self) -> None:
        self._fitting = Lock()
        self._newest: ProvisionalHead | None = None
        self._listed: _Listed | None = None

    def newest(self, version: ModelVersion | None) -> ProvisionalHead | None:
        """Give the head that was fitted last, if it is for this version; nothing is read or fitted."""
        newest = self._newest
        return newest if newest and version and newest.version_id == version.id else None

    def refresh(self, session: Session) -> ProvisionalHead | None:
        """Fit a head if ten verdicts came since the last one; give the newest, None while there is none to give.

        There is none where no version is active, or it has no body, or too little is embedded. While another
        thread fits, the one before it is given.

        Args:
            session: of a read.
        """
        version = active_version(session)
        newest = self.newest(version)
        if version is None or version.body_id is None or not self._is_due(session, version, newest):
            return newest
        if not self._fitting.acquire(blocking=False):
            return newest
        try:
            self._newest = self._fit(session, version) or newest
        finally:
            self._fitting.release()
        return self._newest

    def _is_due(self, session: Session, version: ModelVersion, newest: ProvisionalHead | None) -> bool:
        if newest is not None:
            return count_moves(session) - newest.moves >= EVERY
        news = review_news(session, version.categories)
        return news.new + news.withdrawn >= EVERY

    def _fit(self, session: Session, version: ModelVersion) -> ProvisionalHead | None:
        began, moves = time.perf_counter(), count_moves(session)
        try:
            head = read_head(session, version)
        except HeadError:
            return None  # whoever labels says so
        pictures, reviewed = self._pictures(session, version)
        if (fitted := _fit_logits(head, pictures)) is None:
            return None
        seconds = time.perf_counter() - began
        logger.debug("provisional head on %d pictures in %.3f s", len(pictures), seconds)
        return ProvisionalHead(version.id, fitted, moves, reviewed, seconds)

    def _pictures(self, session: Session, version: ModelVersion) -> tuple[list[TaughtEmbedding], int]:
        body_id = version.body_id or 0
        if self._listed is None or self._listed.version_id != version.id:
            suspect = {each.product_id for each in active_suspects(session) if each.left_out}
            listed = taught_embeddings(session, body_id, draw_products(session))
            kept = [each for each in listed if not each.reviewed and each.product_id not in suspect]
            self._listed = _Listed(version.id, kept)
        products = reviewed_lately(session, _MOST_REVIEWED)
        reviewed = [each for each in taught_embeddings(session, body_id, products) if each.reviewed]
        return [each for each in self._listed.pictures if each.product_id not in products] + reviewed, len(
            products
        )


def _fit_logits(head: Head, pictures: Sequence[TaughtEmbedding]) -> Head | None:
    """Fit the logits of a head anew; None where one of its categories is shown by no picture."""
    places = {name: place for place, name in enumerate(head.categories)}
    known = [each for each in pictures if each.category in places and len(each.vector) == head.width]
    labels = np.array([places[each.category] for each in known], dtype=np.int64)
    if len(np.unique(labels)) < len(places):
        return None
    vectors = np.frombuffer(b"".join(each.vector for each in known), np.int8).reshape(len(known), head.width)
    weights = weigh(labels, np.array([each.reviewed for each in known], dtype=np.bool_))
    # Threads of linear algebra wait by spinning, which the requests beside this one would pay for.
    with threadpool_limits(limits=1):
        logits = refit(LinearMap(head.kernel, head.bias), vectors, labels, weights, _WEIGHT_DECAY)
    return replace(head, kernel=logits.kernel.astype(np.float32), bias=logits.bias.astype(np.float32))
