"""The sources with their counts, kept for a moment: every list of products offers them, and they change slowly."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from sqlalchemy.orm import Session

from db.models import Product
from db.queries.counting import words_of
from db.queries.source_counts import SourceCount, count_sources

_SECONDS: Final = 30.0
"""That counts are kept; a source that comes or goes is seen at once."""


@dataclass
class KeptSources:
    """The latest counts; safe to share between threads."""

    _counts: Sequence[SourceCount] = ()
    _until: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def read(self, session: Session) -> Sequence[SourceCount]:
        """Give the sources in the order of their names."""
        names = words_of(session, Product.marketplace)
        with self._lock:
            is_fresh = time.monotonic() < self._until
            if is_fresh and [each.name for each in self._counts] == names:
                return self._counts
        counts = count_sources(session)
        with self._lock:
            self._counts, self._until = counts, time.monotonic() + _SECONDS
        return counts
