from sqlalchemy import select

from db.models import TrainingRun
from db.queries.newest_first import RowsOfStretch, Stretch, read_stretch
from db.repository.runs import plan_training_run
from db.session import Database


def read(database: Database, stretch: Stretch | None = None) -> RowsOfStretch[int]:
    with database.read() as session:
        return read_stretch(
            session,
            select(TrainingRun.id),
            TrainingRun.id,
            stretch or Stretch(),
            lambda row: (row[0], row[0]),
        )


def keep(database: Database, number: int) -> list[int]:
    with database.write() as session:
        return [plan_training_run(session, "seed_cnn", {}, 0) for _ in range(number)]


def test_there_may_be_none(database: Database) -> None:
    assert read(database) == RowsOfStretch((), None, None)


def test_the_way_back_is_the_way_there(database: Database) -> None:
    ids = keep(database, 7)[::-1]
    walked, stretch = [], read(database, Stretch(limit=3))
    assert stretch.newer is None
    walked.append(list(stretch.rows))
    while stretch.older is not None:
        stretch = read(database, Stretch(before=stretch.older, limit=3))
        walked.append(list(stretch.rows))
    assert walked == [ids[:3], ids[3:6], ids[6:]]
    back = read(database, Stretch(after=stretch.newer, limit=3))
    assert list(back.rows) == walked[1]
    first = read(database, Stretch(after=back.newer, limit=3))
    assert (list(first.rows), first.newer) == (walked[0], None)


def test_a_place_whose_row_is_gone_is_as_good(database: Database) -> None:
    ids = keep(database, 4)
    with database.write() as session:
        session.delete(session.get_one(TrainingRun, ids[2]))
    assert list(read(database, Stretch(before=ids[2])).rows) == [ids[1], ids[0]]
    assert list(read(database, Stretch(after=ids[2])).rows) == [ids[3]]
