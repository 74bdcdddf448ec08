"""The embeddings of one body in memory, so that the nearest of a million are found while a person waits."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from db.datasets.cosines import Best, Neighbour, cosines, lengths
from db.datasets.nearest import as_arrays, read_embeddings
from db.models import Embedding, Image
from db.queries.embedded import embeddings_of
from db.session import Database

WHOLE_UP_TO: Final = 50_000
"""Embeddings that are kept with all of their values; the nearest of so many are exact, and need no second look."""

FIRST_VALUES: Final = 64
"""Values that are kept of each of more; the axes of a body's projection come in the order of what they tell."""

CANDIDATES: Final = 10
"""Times as many as are wanted are found by the first values, and ranked again by all."""

_BLOCK: Final = 200_000
"""Embeddings in one array; what comes later is joined to the last until that is full."""

_GAPS: Final = 5000
"""Images without an embedding that are looked at again each time, the first ones."""


class _Block(NamedTuple):
    """Some embeddings: image ids (n,), vectors (n, values kept), lengths of the whole (n,)."""

    image_ids: NDArray[np.int64]
    vectors: NDArray[np.int8]
    lengths: NDArray[np.float32]


class EmbeddingIndex:
    """Finds the nearest; one thread may add while others look.

    Args:
        body_id: whose embeddings.
        whole_up_to: as WHOLE_UP_TO.

    Attributes:
        last: the largest id of an image that is in it.
        gaps: images before it that had no embedding when they were looked at.
    """

    def __init__(self, body_id: int, whole_up_to: int = WHOLE_UP_TO) -> None:
        self.body_id, self.last = body_id, 0
        self.gaps: list[int] = []
        self._whole_up_to = whole_up_to
        self._blocks: tuple[_Block, ...] = ()  # replaced as one, so that who looks sees all or nothing of it

    def __len__(self) -> int:
        return sum(len(block.image_ids) for block in self._blocks)

    def add(self, image_ids: NDArray[np.int64], vectors: NDArray[np.int8]) -> None:
        """Take in images (n,), none of which is in it, with their whole embeddings (n, width)."""
        blocks, block = list(self._blocks), _Block(image_ids, vectors, lengths(vectors))
        if len(self) + len(image_ids) > self._whole_up_to:
            blocks, block = [_first_values(each) for each in blocks], _first_values(block)
        if blocks and len(blocks[-1].image_ids) + len(image_ids) <= _BLOCK:
            block = _joined(blocks.pop(), block)
        self._blocks = (*blocks, block)
        self.last = max(self.last, int(image_ids.max(initial=0)))

    def nearest(self, session: Session, vector: bytes, limit: int) -> list[Neighbour]:
        """Find the images whose embeddings lie nearest to a vector, int8 (width,); the nearest first."""
        asked, blocks = np.frombuffer(vector, dtype=np.int8), self._blocks
        is_whole = all(block.vectors.shape[1] == len(asked) for block in blocks)
        best = Best(limit if is_whole else limit * CANDIDATES)
        for block in blocks:
            best.add(block.image_ids, cosines(block.vectors, block.lengths, asked))
        if is_whole:
            return best.neighbours()
        return self._ranked(session, best.image_ids.tolist(), asked, limit)

    def _ranked(
        self, session: Session, image_ids: list[int], asked: NDArray[np.int8], limit: int
    ) -> list[Neighbour]:
        """Rank images by all values of their embeddings."""
        best = Best(limit)
        found = embeddings_of(session, self.body_id, image_ids)
        if found:
            ids, vectors = as_arrays(list(found), list(found.values()))
            best.add(ids, cosines(vectors, lengths(vectors), asked))
        return best.neighbours()


def keep_up(database: Database, index: EmbeddingIndex, is_wanted: Callable[[], bool]) -> None:
    """Read into an index what it lacks: all at first, later what is new; each part in a transaction of its own.

    Args:
        database: the records.
        index: nobody else adds to it.
        is_wanted: asked before each part; False ends the reading.
    """
    _fill_gaps(database, index)
    while is_wanted():
        with database.read() as session:
            before = index.last
            found = read_embeddings(session, index.body_id, before)
            if found is None:
                return
            gaps = _gaps_between(session, index, before, int(found[0][-1]))
        index.add(*found)
        index.gaps += gaps


def _fill_gaps(database: Database, index: EmbeddingIndex) -> None:
    if not index.gaps:
        return
    with database.read() as session:
        found = embeddings_of(session, index.body_id, index.gaps)
    if found:
        index.gaps = [image_id for image_id in index.gaps if image_id not in found]
        index.add(*as_arrays(list(found), list(found.values())))


def _gaps_between(session: Session, index: EmbeddingIndex, before: int, last: int) -> list[int]:
    room = _GAPS - len(index.gaps)
    if room <= 0:
        return []
    # The range is said of both tables: else PostgreSQL reads all embeddings for each part.
    theirs = Embedding.body_id == index.body_id, Embedding.image_id > before, Embedding.image_id <= last
    embedded = exists().where(Embedding.image_id == Image.id, *theirs)
    gaps = select(Image.id).where(Image.id > before, Image.id <= last, ~embedded).order_by(Image.id)
    return list(session.scalars(gaps.limit(room)))


def _first_values(block: _Block) -> _Block:
    if block.vectors.shape[1] <= FIRST_VALUES:
        return block
    return block._replace(vectors=block.vectors[:, :FIRST_VALUES].copy())


def _joined(one: _Block, other: _Block) -> _Block:
    return _Block(
        np.concatenate([one.image_ids, other.image_ids]),
        np.concatenate([one.vectors, other.vectors]),
        np.concatenate([one.lengths, other.lengths]),
    )
