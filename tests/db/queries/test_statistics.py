import pytest

from db.models import RunStatus
from db.pictures.codes import Reason
from db.queries.statistics import Statistics, gather_statistics
from db.repository.reviews import Verdict, record_reviews
from db.repository.runs import finish_crawl_run, start_crawl_run
from db.session import Database
from tests.factories import CATEGORIES, SHOP, likely, model_version, predict, product, refused, save


def gathered(database: Database) -> Statistics:
    with database.read() as session:
        return gather_statistics(session, CATEGORIES)


def test_an_empty_database_has_a_zero_for_every_category(database: Database) -> None:
    figures = gathered(database)
    assert (figures.products, figures.images, figures.pending) == (0, 0, 0)
    assert figures.labelled == {"saree": 0, "jeans": 0, "trousers": 0}
    assert (figures.active_model_version, figures.last_crawl_run, figures.refused) == (None, None, {})


def test_every_figure_counts_what_it_says(database: Database) -> None:
    version = model_version(database)
    (jeans,) = save(database, product("JEANS", 1, refused(Reason.NOT_FOUND), found_in="saree"))
    (unsure,) = save(database, product("UNSURE", 2))
    (corrupt,) = save(database, product("CORRUPT", 3, found_in=None))
    save(database, product("REVIEWED", found_in="other"), product("WAITING", 4))
    predict(
        database,
        version,
        {jeans: likely("jeans"), unsure: likely("jeans", 0.4)},
        failures={corrupt: Reason.CORRUPT},
    )
    with database.write() as session:
        record_reviews(session, [Verdict(SHOP, "REVIEWED", "trousers")], CATEGORIES)
        run = start_crawl_run(session, SHOP, {})
        finish_crawl_run(session, run, "blocked", {})
    figures = gathered(database)
    assert (figures.products, figures.images, figures.pending) == (5, 4, 1)
    assert figures.labelled == {"saree": 0, "jeans": 1, "trousers": 1}
    assert figures.listed == {"saree": 3, "jeans": 0, "trousers": 0, "other": 1}
    assert (figures.uncertain, figures.unclassified, figures.reviewed) == (1, 2, 1)
    assert figures.disagreements == 2
    assert figures.quality == {"blurred": 4, "dark": 0, "tiny": 0, "odd_aspect": 0}
    assert (figures.set_aside, figures.refused) == ({"corrupt": 1}, {"not_found": 1})
    assert (figures.active_model_version, figures.training_runs) == (version, 1)
    assert figures.last_crawl_run is not None
    assert (figures.last_crawl_run.status, figures.last_crawl_run.outcome) == (RunStatus.FINISHED, "blocked")


def test_large_counts_are_estimated_on_postgresql_and_said_to_be(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.queries.counting.EXACT_UP_TO", 3)
    database = Database(postgresql_url)
    save(database, *(product(f"B{number:09}") for number in range(10)), product("C", found_in="jeans"))
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    figures = gathered(database)
    assert figures.estimated == ["products", "listed: saree", "unclassified"]
    assert figures.listed == {"saree": 10, "jeans": 1, "trousers": 0}
    assert (figures.products, figures.unclassified) == (11, 11)
    with database.write() as session:
        record_reviews(session, [Verdict(SHOP, f"B{number:09}", "jeans") for number in range(5)], CATEGORIES)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    figures = gathered(database)
    database.close()
    assert (figures.disagreements, "disagreements" in figures.estimated) == (5, True)


def test_sqlite_counts_to_the_end(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.queries.counting.EXACT_UP_TO", 3)
    database = Database(sqlite_url)
    save(database, *(product(f"B{number:09}") for number in range(10)))
    figures = gathered(database)
    database.close()
    assert (figures.products, figures.estimated) == (10, [])
