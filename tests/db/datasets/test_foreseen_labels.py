"""What an activation would change is exactly what it changes."""

from typing import Any

import pytest
from sqlalchemy import select

from db.datasets.foreseen_labels import Foresight, foresee_labels
from db.models import ModelVersion, Product, ProductImage
from db.repository.model_versions import activate
from db.repository.relabelling import relabel_some
from db.repository.reviews import Verdict, record_reviews
from db.session import Database
from tests.factories import (
    CATEGORIES,
    SHOP,
    body,
    embed,
    likely,
    model_version,
    predict,
    product,
    save,
    telling,
    version_with_body,
)

NEW_HEAD: dict[str, Any] = {"categories": ("jeans", "saree", "trousers")}
"""With it the first value of an embedding speaks for jeans, which was for saree."""

SAID = [telling(30), telling(0, 0, 30), telling(30), telling(4, 3), telling(30)]
"""The third value says trousers to both heads; the fourth picture is uncertain to both."""


@pytest.fixture
def versions(database: Database) -> tuple[int, int]:
    """An active version with a body, and another of that body, over five products of which the fifth is reviewed."""
    save(database, *(product(f"B{n:09}", n) for n in range(len(SAID))))
    image_ids = images_by_product(database)
    first = version_with_body(database, body(database))
    embed(database, first, dict(zip(image_ids, SAID, strict=True)))
    relabel(database)
    with database.write() as session:
        record_reviews(session, [Verdict(SHOP, "B000000004", "saree")], CATEGORIES)
    return first, version_with_body(database, body(database), active=False, **NEW_HEAD)


def images_by_product(database: Database) -> list[int]:
    with database.read() as session:
        images = session.scalars(select(ProductImage.image_id).order_by(ProductImage.product_id))
        return [image_id for image_id in images if image_id is not None]


def relabel(database: Database) -> None:
    while relabel_some(database) is not None:
        pass


def foresee(database: Database, versions: tuple[int, int], after: int = 0, most: int = 60) -> Foresight:
    with database.read() as session:
        first, second = (session.get_one(ModelVersion, version) for version in versions)
        return foresee_labels(session, (first, second), after, most)


def labels(database: Database) -> dict[int, tuple[str | None, bool | None]]:
    with database.read() as session:
        rows = session.execute(select(Product.id, Product.category, Product.uncertain))
        return {row.id: (row.category, row.uncertain) for row in rows}


def test_what_is_foreseen_comes_to_pass(database: Database, versions: tuple[int, int]) -> None:
    before, foresight = labels(database), foresee(database, versions)
    assert [(each.before, each.after) for each in foresight.changes] == [("saree", "jeans")] * 2
    assert (foresight.looked_at, foresight.is_end) == (5, True)
    with database.write() as session:
        activate(session, versions[1])
    relabel(database)
    after = labels(database)
    assert {key for key in after if after[key] != before[key]} == {
        each.product_id for each in foresight.changes
    }
    back = foresee(database, (versions[1], versions[0]))
    assert [(each.before, each.after) for each in back.changes] == [("jeans", "saree")] * 2


def test_two_versions_that_are_not_active_are_compared_by_what_they_say(
    database: Database, versions: tuple[int, int]
) -> None:
    model_version(database)
    assert len(foresee(database, versions).changes) == 2


def test_looking_goes_on_from_the_last_that_was_shown(database: Database, versions: tuple[int, int]) -> None:
    first = foresee(database, versions, most=1)
    assert (len(first.changes), first.is_end) == (1, False)
    second = foresee(database, versions, first.last, most=1)
    assert len(second.changes) == 1
    assert second.changes[0].product_id > first.changes[0].product_id
    assert first.looked_at + second.looked_at == 5


def test_a_product_that_a_version_has_not_seen_keeps_its_label(
    database: Database, versions: tuple[int, int]
) -> None:
    images = images_by_product(database)
    other = model_version(database, active=False)
    assert foresee(database, (versions[0], other)).changes == ()
    predict(database, other, {images[0]: likely("trousers")})
    (change,) = foresee(database, (versions[0], other)).changes
    assert (change.before, change.after) == ("saree", "trousers")
    assert change.confidence == pytest.approx(0.9)


def test_nothing_is_foreseen_without_products(database: Database) -> None:
    first, second = model_version(database), model_version(database, active=False)
    found = foresee(database, (first, second))
    assert found == Foresight((), 0, 0, 0, 0, is_end=True)
