import pytest
from sqlalchemy import select, update

from db.models import Image, LabelChange, ModelVersion, Prediction
from db.queries.pending import count_pending
from db.repository.labels import Label
from db.repository.model_versions import activate
from db.repository.reviews import Verdict, record_reviews, withdraw_review
from db.session import Database
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
