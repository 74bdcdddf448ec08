"""Relabelling by those who are killed, who fail, and who are two at once."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Barrier, Thread

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.errors import HeadError
from db.models import LabelChange, ModelVersion, Product
from db.repository.model_versions import activate
from db.repository.reviews import Verdict, record_reviews
from db.session import Database
from db.settings import ROOT
from db.states.version_states import RelabelProgress
from tests.db.relabelling import ASINS, NEW_HEAD, categories, progress, relabel, relabel_all
from tests.factories import (
    CATEGORIES,
    SHOP,
    body,
    embed,
    get_product,
    label,
    likely,
    model_version,
    predict,
    product,
    save,
    telling,
    version_with_body,
)

UNTIL_KILLED = """
import sys
from db.repository.relabelling import relabel_some
from db.session import Database
database = Database(sys.argv[1])
while True:
    progress = relabel_some(database, 3, 1)
    print(progress.done if progress else "done", flush=True)
    sys.stdin.readline()
"""
"""Relabels a part for each line that it is sent, and does not end by itself."""


def test_whoever_is_killed_leaves_what_is_relabelled_again_to_the_same(
    database: Database, image_ids: list[int]
) -> None:
    first = version_with_body(database, body(database))
    embed(database, first, dict.fromkeys(image_ids, telling(30)))
    second = version_with_body(database, body(database), **NEW_HEAD)
    relabel(database)
    since = get_product(database, ASINS[0]).classified_at
    with database.write() as session:  # as whoever is killed after the part, and before it is written down
        session.get_one(ModelVersion, second).relabelled_up_to = 0
    assert [each.changed for each in relabel_all(database)] == [0, 2, 1]
    assert categories(database) == ["jeans"] * 5
    assert get_product(database, ASINS[0]).classified_at == since
    with database.read() as session:
        assert session.query(LabelChange).count() == 5


def test_whoever_fails_has_moved_nothing(database: Database, image_ids: list[int]) -> None:
    first = version_with_body(database, body(database))
    embed(database, first, dict.fromkeys(image_ids, telling(30)))
    second = version_with_body(database, body(database), **NEW_HEAD)
    relabel(database)
    with database.write() as session:
        written = session.get_one(ModelVersion, second).head
        session.get_one(ModelVersion, second).head = b"damaged"
    with pytest.raises(HeadError):
        relabel(database)
    assert progress(database) == RelabelProgress(2, 5)
    assert categories(database) == ["jeans"] * 2 + ["saree"] * 3
    with database.write() as session:
        session.get_one(ModelVersion, second).head = written
    relabel_all(database)
    assert categories(database) == ["jeans"] * 5


@pytest.mark.slow
@pytest.mark.parametrize("with_body", [True, False])
def test_a_process_that_is_killed_in_the_middle_is_followed_by_another(
    database: Database, with_body: bool
) -> None:
    image_ids = save(database, *(product(f"B{n:09}", n) for n in range(30)))
    relabels_everything(database, image_ids, with_body=with_body)
    url = database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", UNTIL_KILLED, url]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"3\n"
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"6\n"
        process.stdin.write(b"\n")  # it is in the midst of the third part, or has done it
        process.stdin.flush()
        process.kill()
    found = progress(database)
    assert found in (RelabelProgress(6, 30), RelabelProgress(9, 30))
    assert get_product(database, "B000000029").category == "saree"
    with database.write() as session:  # products can be written meanwhile
        record_reviews(session, [Verdict(SHOP, "B000000029", "trousers")], CATEGORIES)
    relabel_all(database)
    assert progress(database) is None
    labels = [get_product(database, f"B{n:09}").category for n in range(30)]
    assert labels == ["jeans"] * 29 + ["trousers"]


def relabels_everything(database: Database, image_ids: list[int], *, with_body: bool) -> None:
    """Activates a version that gives every product another label than it has, from what it has seen."""
    if with_body:
        first = version_with_body(database, body(database))
        embed(database, first, dict.fromkeys(image_ids, telling(30)))
        version_with_body(database, body(database), **NEW_HEAD)
        return
    first = model_version(database)
    predict(database, first, dict.fromkeys(image_ids, likely("jeans")))
    predict(database, model_version(database), dict.fromkeys(image_ids, likely("saree")))
    with database.write() as session:
        activate(session, first)


def test_two_who_activate_at_once_leave_one_version_active(postgresql_url: str) -> None:
    """SQLite has one writer at a time anyway."""
    database = Database(postgresql_url)
    model_version(database)
    others = [model_version(database, active=False) for _ in range(2)]
    barrier, failures = Barrier(2), list[BaseException]()

    def activate_one(version: int) -> None:
        barrier.wait()
        try:
            with database.write() as session:
                activate(session, version)
        except Exception as error:  # noqa: BLE001 - the test shows whatever it was
            failures.append(error)

    for _ in range(5):
        threads = [Thread(target=activate_one, args=(version,)) for version in others]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []
    with database.read() as session:
        assert active(session) in others
    database.close()


@pytest.fixture
def begun(postgresql_url: str) -> Iterator[tuple[Database, list[int]]]:
    """Five products, of which the first three are embedded, and a new head that has relabelled none.

    PostgreSQL, as SQLite has one writer at a time anyway.
    """
    database = Database(postgresql_url)
    image_ids = save(database, *(product(asin, n) for n, asin in enumerate(ASINS)))
    first = version_with_body(database, body(database))
    embed(database, first, dict.fromkeys(image_ids[:3], telling(30)))
    version_with_body(database, body(database), **NEW_HEAD)
    yield database, image_ids
    database.close()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def relabelling_held_up(database: Database) -> Iterator[None]:
    """Begin to relabel beside the block, in a round that has done its second part and ends after the block."""
    with database.write() as session:
        session.execute(select(Product.id).where(Product.asin == ASINS[0]).with_for_update())
        thread = Thread(target=relabel, args=(database, 2, 2))
        thread.start()
        wait_until(lambda: label(database, ASINS[2]).category == "jeans")
        yield
    thread.join(timeout=30)
    assert not thread.is_alive()


def test_two_at_once_harm_nothing_and_hold_up_no_worker(begun: tuple[Database, list[int]]) -> None:
    database, image_ids = begun
    with relabelling_held_up(database):
        assert relabel(database) is None
        with database.read() as session:
            version = active(session)
        embed(database, version, {image_ids[-1]: telling(30)})
        assert progress(database) == RelabelProgress(0, 5)
    assert progress(database) == RelabelProgress(4, 5)
    relabel_all(database)
    assert categories(database) == ["jeans", "jeans", "jeans", None, "jeans"]


def test_who_activates_a_version_does_not_wait_and_relabelling_begins_anew(
    begun: tuple[Database, list[int]],
) -> None:
    database, _ = begun
    with relabelling_held_up(database):
        with database.read() as session:
            begun_with = active(session)
        version_with_body(database, body(database))
        with database.write() as session:  # and back: the round that began before is not to be taken for its
            activate(session, begun_with)
    assert progress(database) == RelabelProgress(0, 5)
    relabel_all(database)
    assert categories(database)[:3] == ["jeans"] * 3


def active(session: Session) -> int:
    return session.scalars(select(ModelVersion.id).where(ModelVersion.active)).one()
