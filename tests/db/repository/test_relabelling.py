import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.errors import HeadError
from db.models import Image, LabelChange, ModelVersion, Prediction, Product
from db.queries.pending import count_pending
from db.queries.relabelled import unfinished_relabelling
from db.repository.labels import Label
from db.repository.model_versions import activate
from db.repository.relabelling import relabel_some
from db.repository.reviews import Verdict, record_reviews, withdraw_review
from db.session import Database
from db.settings import ROOT
from db.states.version_states import RelabelProgress
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

ASINS = [f"B00000000{n}" for n in range(5)]
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

NEW_HEAD: dict[str, Any] = {"categories": ("jeans", "saree", "trousers")}
"""With it the first value of an embedding speaks for jeans, which was for saree."""


@pytest.fixture
def image_ids(database: Database) -> list[int]:
    return save(database, *(product(asin, n) for n, asin in enumerate(ASINS)))


def relabel(database: Database, products: int = 2, parts: int = 1) -> RelabelProgress | None:
    return relabel_some(database, products, parts)


def relabel_all(database: Database) -> list[RelabelProgress]:
    done = []
    while progress := relabel(database):
        done.append(progress)
    return done


def progress(database: Database) -> RelabelProgress | None:
    with database.read() as session:
        return unfinished_relabelling(session)


def categories(database: Database) -> list[str | None]:
    return [label(database, asin).category for asin in ASINS]


def test_a_label_is_read_from_the_embeddings_of_all_pictures(database: Database) -> None:
    version = version_with_body(database, body(database))
    one, two = save(database, product("B000000001", 1, 2))
    embed(database, version, {one: telling(30)})
    assert label(database) == Label()
    embed(database, version, {two: telling(0, 10)})
    found = label(database)
    assert (found.category, found.likeliest, found.label_version_id) == (None, "saree", version)
    assert found.confidence == pytest.approx((0.909443 + 0.211942) / 2, abs=1e-6)
    assert found.uncertain
    assert found.contradiction is None


def test_predictions_of_a_version_with_a_body_are_not_read(database: Database, image_ids: list[int]) -> None:
    version = version_with_body(database, body(database))
    embed(database, version, dict.fromkeys(image_ids, telling(30)))
    with database.write() as session:
        session.execute(update(Prediction).values(probabilities=likely("jeans")))
    with database.write() as session:
        activate(session, version)
    relabel_all(database)
    assert categories(database) == ["saree"] * 5


def test_a_new_head_relabels_everything_a_part_at_a_time(database: Database, image_ids: list[int]) -> None:
    first = version_with_body(database, body(database))
    embed(database, first, dict.fromkeys(image_ids, telling(30)))
    assert relabel_all(database)[-1].is_finished
    assert categories(database) == ["saree"] * 5
    second = version_with_body(database, body(database), **NEW_HEAD)
    assert categories(database) == ["saree"] * 5
    assert progress(database) == RelabelProgress(0, 5)
    assert relabel(database) == RelabelProgress(2, 5, 2)
    assert progress(database) == RelabelProgress(2, 5)
    assert categories(database) == ["jeans", "jeans", "saree", "saree", "saree"]
    assert relabel_all(database) == [RelabelProgress(4, 5, 2), RelabelProgress(5, 5, 1)]
    assert progress(database) is None
    assert {label(database, asin).label_version_id for asin in ASINS} == {second}
    with database.read() as session:
        assert count_pending(session) == 0
        changes = session.scalars(select(LabelChange).order_by(LabelChange.product_id)).all()
        assert [(each.category, each.uncertain, each.label_version_id) for each in changes] == [
            ("saree", False, first)
        ] * 5
        assert all(each.confidence and each.classified_at for each in changes)


def test_a_round_of_several_parts_relabels_as_one_does(database: Database, image_ids: list[int]) -> None:
    first = version_with_body(database, body(database))
    embed(database, first, dict.fromkeys(image_ids, telling(30)))
    version_with_body(database, body(database), **NEW_HEAD)
    done = relabel(database, products=1, parts=3)
    assert done is not None
    # SQLite has one writer: a round is one part.
    assert (done.done, done.changed) == ((1, 1) if database.engine.dialect.name == "sqlite" else (3, 3))
    assert categories(database)[: done.done + 1] == ["jeans"] * done.done + ["saree"]
    while relabel(database, products=1, parts=3):
        pass
    assert categories(database) == ["jeans"] * 5


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


def test_a_verdict_stands_and_what_the_network_says_beside_it_is_new(
    database: Database, image_ids: list[int]
) -> None:
    first = version_with_body(database, body(database))
    embed(database, first, dict.fromkeys(image_ids, telling(30)))
    with database.write() as session:
        record_reviews(session, [Verdict(SHOP, ASINS[0], "trousers")], CATEGORIES)
    since = get_product(database, ASINS[0]).classified_at
    version_with_body(database, body(database), **NEW_HEAD)
    relabel_all(database)
    found = label(database, ASINS[0])
    assert (found.category, found.confidence, found.likeliest) == ("trousers", None, "jeans")
    assert found.contradiction is not None
    assert get_product(database, ASINS[0]).classified_at == since


def test_a_product_whose_pictures_are_not_all_embedded_keeps_its_label(
    database: Database, image_ids: list[int]
) -> None:
    without = model_version(database)
    predict(database, without, dict.fromkeys(image_ids, likely("trousers")))
    version = version_with_body(database, body(database))
    embed(database, version, dict.fromkeys(image_ids[1:], telling(30)))
    relabel_all(database)
    assert categories(database) == ["trousers", *["saree"] * 4]


def test_going_back_to_an_earlier_body_asks_no_network(database: Database, image_ids: list[int]) -> None:
    first = version_with_body(database, body(database))
    embed(database, first, dict.fromkeys(image_ids, telling(30)))
    second = version_with_body(database, body(database, 2))
    embed(database, second, dict.fromkeys(image_ids, telling(0, 30)))
    assert categories(database) == ["jeans"] * 5
    with database.write() as session:
        activate(session, first)
        assert count_pending(session) == 0
    relabel_all(database)
    assert categories(database) == ["saree"] * 5
    with database.read() as session:
        assert set(session.scalars(select(Image.embedded_body_id))) == {body(database)}


def test_activating_another_version_ends_the_relabelling(database: Database, image_ids: list[int]) -> None:
    first = version_with_body(database, body(database))
    embed(database, first, dict.fromkeys(image_ids, telling(30)))
    relabel(database)
    model_version(database)
    assert progress(database) is None
    assert relabel(database) is None
    with database.read() as session:
        assert session.get_one(ModelVersion, first).relabelled_up_to is None


def test_a_version_without_a_body_relabels_from_its_predictions_a_part_at_a_time(
    database: Database, image_ids: list[int]
) -> None:
    first = model_version(database)
    predict(database, first, dict.fromkeys(image_ids, likely("saree")))
    second = model_version(database)
    predict(database, second, dict.fromkeys(image_ids[:4], likely("jeans")))
    with database.write() as session:
        activate(session, first)
        assert count_pending(session) == 0
    assert categories(database) == ["jeans"] * 4 + ["saree"]
    assert relabel(database) == RelabelProgress(2, 5, 2)
    assert categories(database) == ["saree"] * 2 + ["jeans"] * 2 + ["saree"]
    assert [each.changed for each in relabel_all(database)] == [2, 0]
    assert {label(database, asin).label_version_id for asin in ASINS} == {first}
    with database.read() as session:
        assert set(session.scalars(select(Image.predicted_version_id))) == {first}
    with database.write() as session:
        activate(session, second)
        assert count_pending(session) == 1
    relabel_all(database)
    assert categories(database) == ["jeans"] * 4 + ["saree"]


def test_a_version_that_has_predicted_nothing_has_nothing_to_relabel(
    database: Database, image_ids: list[int]
) -> None:
    predict(database, model_version(database), dict.fromkeys(image_ids, likely("saree")))
    model_version(database)
    assert progress(database) is None
    assert categories(database) == ["saree"] * 5


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


def test_nothing_is_relabelled_without_a_version_or_products(database: Database) -> None:
    assert relabel(database) is None
    version_with_body(database, body(database))
    assert relabel_all(database) == [RelabelProgress(0, 0)]


def test_taking_a_verdict_back_labels_from_embeddings_of_an_earlier_body(
    database: Database, image_ids: list[int]
) -> None:
    first = version_with_body(database, body(database))
    embed(database, first, dict.fromkeys(image_ids, telling(30)))
    better = version_with_body(database, body(database), **NEW_HEAD)
    version_with_body(database, body(database), active=False)  # which the gate refused
    version_with_body(database, body(database, 2))
    with database.write() as session:
        record_reviews(session, [Verdict(SHOP, ASINS[0], "trousers")], CATEGORIES)
    with database.write() as session:
        withdraw_review(session, SHOP, ASINS[0])
    found = label(database, ASINS[0])
    assert (found.category, found.label_version_id) == ("jeans", better)


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
