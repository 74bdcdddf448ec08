"""How many images a worker has classified, and of how many: told now and then, and not for each batch."""

import logging
import time
from collections.abc import Callable
from typing import Final

from db.queries.pending import count_pending
from db.session import Database

logger = logging.getLogger(__name__)

_TOLD_SECONDS: Final = 15
"""So often at most; each time, what is pending is counted."""


class ClassifiedCount:
    """Counts from when nothing was pending, and begins anew where nothing is.

    Args:
        clock: gives seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._classified, self._told, self._told_at = 0, 0, clock()

    def add(self, database: Database, classified: int) -> None:
        """Count a batch, and tell if that was not done lately."""
        self._classified += classified
        if self._clock() - self._told_at >= _TOLD_SECONDS:
            self.tell(database)

    def tell(self, database: Database) -> None:
        """Tell what was not told yet, if there is anything."""
        if self._classified == self._told:
            return
        with database.read() as session:
            pending = count_pending(session)
        whole = self._classified + pending
        logger.info("classified %d of %d images", self._classified, whole, extra={"action": "images_counted"})
        self._told, self._told_at = self._classified, self._clock()
        if not pending:
            self._classified = self._told = 0
