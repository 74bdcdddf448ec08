"""Count rows in a time that does not grow with them: exactly while they are few, else as PostgreSQL estimates."""

from typing import Any, Final

from sqlalchemy import CTE, Select, func, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

EXACT_UP_TO: Final = 10_000
"""Rows. Counting reads them one by one, so that a million would take a second on a busy machine."""


class Counter:
    """Counts in one session, and remembers which of its figures are estimates.

    SQLite counts everything: it has no estimate to give. PostgreSQL's is as good as its last ANALYZE, which
    autovacuum repeats when a tenth of a table has changed; a percent or so beside the truth is usual.

    Attributes:
        estimated: names of the figures that are estimates, in the order of counting.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._may_estimate = session.get_bind().dialect.name == "postgresql"
        self.estimated: list[str] = []

    def count(self, name: str, rows: Select[Any], like: Select[Any] | None = None) -> int:
        """Count the rows of a statement under a name; `like` is one that is easier to estimate."""
        some = rows.limit(EXACT_UP_TO + 1 if self._may_estimate else None).subquery()
        number = self._session.execute(select(func.count()).select_from(some)).scalar_one()
        if number <= EXACT_UP_TO or not self._may_estimate:
            return number
        if name not in self.estimated:
            self.estimated.append(name)
        return max(number, self._estimate(rows if like is None else like))

    def count_index(self, name: str, rows: Select[Any], index: str) -> int:
        """Count the rows of a statement that a partial index is for: nobody can guess how many those are.

        Where they are many, PostgreSQL's number of the index's entries is given, of its last VACUUM or ANALYZE.
        """
        number = count_some(self._session, rows, EXACT_UP_TO)
        if number <= EXACT_UP_TO:
            return number
        if not self._may_estimate:
            return count_some(self._session, rows, None)
        self.estimated.append(name)
        entries = text("SELECT reltuples FROM pg_class WHERE oid = to_regclass(:index)")
        return max(number, int(self._session.execute(entries, {"index": index}).scalar_one()))

    def by_word(
        self, name: str, column: InstrumentedAttribute[Any], always: list[str] | None = None
    ) -> dict[str, int]:
        """Count rows by the values of an indexed column; the words of `always` come first, others by name."""
        counts = dict.fromkeys(always or [], 0)
        for word in words_of(self._session, column):
            rows = select(column).where(column == word)
            counts[str(word)] = self.count(f"{name}: {word}", rows)
        return counts

    def _estimate(self, rows: Select[Any]) -> int:
        statement = rows.compile(self._session.get_bind(), compile_kwargs={"literal_binds": True})
        plan = self._session.connection().exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}").scalar_one()
        return int(plan[0]["Plan"]["Plan Rows"])


def words_of(session: Session, column: InstrumentedAttribute[Any]) -> list[Any]:
    """List the values of a column, from each to the next in its index: few values, whatever the rows."""
    words = _words(column)
    return list(session.scalars(select(words.c.word).where(words.c.word.is_not(None))))


def count_words(session: Session, column: InstrumentedAttribute[Any], up_to: int) -> dict[Any, int]:
    """Count rows by the values of an indexed column, each as far as `up_to`; one more says that there are more."""
    words = _words(column)
    some = select(column).where(column == words.c.word).limit(up_to + 1).correlate(words).subquery()
    number = select(func.count()).select_from(some).scalar_subquery()
    rows = session.execute(select(words.c.word, number).where(words.c.word.is_not(None)))
    return {row[0]: row[1] for row in rows}


def _words(column: InstrumentedAttribute[Any]) -> CTE:
    first = select(func.min(column).label("word")).cte("words", recursive=True)
    following = select(func.min(column)).where(column > first.c.word).scalar_subquery()
    return first.union_all(select(following).where(first.c.word.is_not(None)))


def count_some(session: Session, rows: Select[Any], up_to: int | None = EXACT_UP_TO) -> int:
    """Count the rows of a statement as far as `up_to`, where that is given; one more says that there are more."""
    some = rows.limit(None if up_to is None else up_to + 1).subquery()
    return session.execute(select(func.count()).select_from(some)).scalar_one()
