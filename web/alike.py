"""Keeps the active body's embeddings in memory once somebody asks what is alike, and up to date while they do."""

import logging
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from time import monotonic
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from db.datasets.embedding_index import EmbeddingIndex, keep_up
from db.session import Database

PATIENCE_SECONDS: Final = 0.8
"""What a request waits for the first reading: some 50,000 embeddings; of more it is told how far that is."""

_EVERY_SECONDS: Final = 2.0
_RENEWED_SECONDS: Final = 3600.0
"""After which all is read anew, so that what was deleted, or came late, is noticed."""

_LOG: Final = logging.getLogger(__name__)


@dataclass
class _Kept:
    """An index, and how it stands with it."""

    index: EmbeddingIndex
    is_complete: Event = field(default_factory=Event)
    since: float = field(default_factory=monotonic)
    looked_at: float = -_EVERY_SECONDS
    is_read: bool = False


class AlikeIndex:
    """The one index of a page; safe to share between its threads. Nothing is read before somebody asks."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: _Kept | None = None
        self._reader: Thread | None = None

    def of(self, database: Database, body_id: int) -> tuple[EmbeddingIndex, bool]:
        """Give the index of a body, and whether it is complete but for the last seconds."""
        with self._lock:
            kept = self._kept
            if kept is None or kept.index.body_id != body_id or monotonic() - kept.since > _RENEWED_SECONDS:
                kept = self._kept = _Kept(EmbeddingIndex(body_id))
            if not kept.is_read and monotonic() - kept.looked_at > _EVERY_SECONDS:
                kept.is_read = True
                self._reader = Thread(target=self._read, args=(database, kept), daemon=True)
                self._reader.start()
        return kept.index, kept.is_complete.wait(PATIENCE_SECONDS)

    def close(self) -> None:
        """Stop reading, and wait until that is so: the database may be closed afterwards."""
        with self._lock:
            self._kept, reader = None, self._reader
        if reader is not None:
            reader.join()

    def _read(self, database: Database, kept: _Kept) -> None:
        try:
            keep_up(database, kept.index, lambda: self._kept is kept)
            kept.is_complete.set()
        except SQLAlchemyError as error:  # whoever asks next tries again, and is told by their own request
            _LOG.debug("embeddings not read: %s", error)
        finally:
            with self._lock:
                kept.looked_at, kept.is_read = monotonic(), False
