from db.datasets.splits import assign_splits, near_duplicate_groups
from db.models import Split
from db.pictures.codes import Reason
from db.pictures.decoder import check_picture
from db.queries.labelled_images import LabelledImage, labelled_images, products_with_pictures
from db.repository.found_products import FoundPicture
from db.repository.model_versions import store_splits
from db.repository.reviews import Verdict, record_reviews
from db.session import Database
from tests.factories import (
    CATEGORIES,
    SHOP,
    drawing,
    encoded,
    get_product,
    model_version,
    predict,
    product,
    save,
)


def labelled(database: Database) -> list[LabelledImage]:
    with database.read() as session:
        return labelled_images(session, CATEGORIES)


def test_the_listed_category_labels_a_picture_until_a_review_does(database: Database) -> None:
    save(database, product("B000000001", 1))
    assert [image.category for image in labelled(database)] == ["saree"]
    with database.write() as session:
        record_reviews(session, [Verdict(SHOP, "B000000001", "jeans")], CATEGORIES)
        record_reviews(session, [Verdict(SHOP, "B000000001", "other")], CATEGORIES)
    assert [image.category for image in labelled(database)] == ["other"]


def test_what_nobody_labelled_is_left_out(database: Database) -> None:
    save(database, product("B000000001", 1, found_in=None), product("B000000002", 2, found_in="skirt"))
    assert labelled(database) == []


def test_pictures_that_cannot_be_read_or_that_say_nothing_are_left_out(database: Database) -> None:
    (corrupt,) = save(database, product("B000000001", 1))
    predict(database, model_version(database), {}, failures={corrupt: Reason.CORRUPT})
    save(database, *(product(f"CHART{n}", 2) for n in range(6)))
    save(database, product("ONE", 3, found_in="jeans"), product("TWO", 3, found_in="saree"))
    save(database, product("THREE", 4, found_in="jeans"), product("FOUR", 4, found_in=None))
    assert labelled(database) == []


def test_a_picture_knows_its_product_source_and_split(database: Database) -> None:
    (image_id,) = save(database, product("B000000001", 1))
    product_id = get_product(database).id
    with database.write() as session:
        store_splits(session, {product_id: Split.TEST})
    (image,) = labelled(database)
    assert (image.image_id, image.product_id, image.source, image.split) == (
        image_id, product_id, SHOP, Split.TEST,
    )  # fmt: skip


def test_products_are_counted_not_pictures(database: Database) -> None:
    save(
        database,
        product("B000000001", 1, 2),
        product("B000000002", 3, found_in="jeans"),
        product("B000000003"),
    )
    with database.read() as session:
        assert products_with_pictures(session, CATEGORIES) == {"saree": 1, "jeans": 1, "trousers": 0}


def test_a_copy_in_another_marketplace_shares_group_and_split(database: Database) -> None:
    """An import's photos too are grouped with those of the shop that they were taken from."""
    smaller = encoded(drawing(1, (36, 48)), "JPEG", quality=70)
    copy = FoundPicture("file:///photos/saree/1.jpg", 0, check_picture(smaller), smaller)
    save(database, product("B000000001", 1), product("B000000002", 2))
    save(database, product("saree/1.jpg", copy, marketplace="photos"))
    images = labelled(database)
    shop, other, imported = near_duplicate_groups(images)
    assert {image.source for image in images} == {SHOP, "photos"}
    assert shop == imported != other
    splits = assign_splits(images)
    assert splits[images[0].product_id] == splits[images[2].product_id]


def test_a_picture_knows_whether_a_person_labelled_it(database: Database) -> None:
    save(database, product("B000000001", 1), product("B000000002", 2))
    with database.write() as session:
        record_reviews(session, [Verdict(SHOP, "B000000002", "saree")], CATEGORIES)
    assert [image.reviewed for image in labelled(database)] == [False, True]


def test_a_picture_knows_why_the_person_was_asked(database: Database) -> None:
    save(database, product("B000000001", 1), product("B000000002", 2))
    with database.write() as session:
        record_reviews(session, [Verdict(SHOP, "B000000002", "saree", why="random")], CATEGORIES)
    assert [image.why for image in labelled(database)] == [None, "random"]


def test_other_is_no_negative_for_a_category_that_came_later(database: Database) -> None:
    model_version(database, categories=["saree", "jeans"])
    save(database, *(product(f"B00000000{n}", n, found_in=None) for n in range(4)))
    for number, word in enumerate(["other", "saree"]):
        review(database, number, word)
    assert [image.category for image in labelled(database)] == ["other", "saree"]
    review(database, 2, "trousers")
    review(database, 3, "other")
    assert [image.category for image in labelled(database)] == ["saree", "trousers", "other"]
    model_version(
        database
    )  # which has learnt trousers: what was called other before may show some all the same
    assert [image.category for image in labelled(database)] == ["saree", "trousers", "other"]
    review(database, 0, "other")
    assert [image.category for image in labelled(database)] == ["other", "saree", "trousers", "other"]


def test_other_counts_for_every_category_that_the_first_version_knew(database: Database) -> None:
    save(database, *(product(f"B00000000{n}", n, found_in=None) for n in range(2)))
    review(database, 0, "other")
    model_version(database)
    review(database, 1, "trousers")
    assert [image.category for image in labelled(database)] == ["other", "trousers"]


def review(database: Database, number: int, word: str) -> None:
    with database.write() as session:
        record_reviews(session, [Verdict(SHOP, f"B00000000{number}", word)], CATEGORIES)
