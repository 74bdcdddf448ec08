from threading import Barrier, Thread

import pytest

from db.categories import OTHER
from db.errors import UnknownCategoryError, UnknownProductError
from db.pictures.codes import Reason
from db.repository.labels import Label
from db.repository.model_versions import activate
from db.repository.relabelling import relabel_some
from db.repository.reviews import Verdict, record_reviews
from db.session import Database
from tests.factories import (
    CATEGORIES,
    SHOP,
    get_product,
    label,
    likely,
    model_version,
    predict,
    product,
    save,
)

UNCLASSIFIED = Label()


def review(database: Database, word: str, asin: str = "B000000001") -> None:
    with database.write() as session:
        record_reviews(session, [Verdict(SHOP, asin, word)], CATEGORIES)


def test_nobody_has_asked_yet(database: Database) -> None:
    save(database, product("B000000001", 1))
    assert label(database) == UNCLASSIFIED


def test_the_label_is_the_likeliest_of_the_mean_over_images(database: Database) -> None:
    version = model_version(database)
    one, two = save(database, product("B000000001", 1, 2))
    predict(database, version, {one: likely("jeans", 0.96), two: likely("saree", 0.52)})
    found = label(database)
    assert (found.category, found.uncertain, found.label_version_id) == ("jeans", False, version)
    assert found.confidence == pytest.approx((0.96 + 0.24) / 2)
    assert get_product(database).classified_at is not None


def test_no_label_before_every_image_is_predicted(database: Database) -> None:
    version = model_version(database)
    one, _ = save(database, product("B000000001", 1, 2))
    predict(database, version, {one: likely("jeans")})
    assert label(database) == UNCLASSIFIED


@pytest.mark.parametrize(("confidence", "in_distribution"), [(0.5, 1.0), (0.9, 0.1)])
def test_either_threshold_makes_a_label_uncertain(
    database: Database, confidence: float, in_distribution: float
) -> None:
    version = model_version(database, in_distribution_threshold=0.2)
    (image,) = save(database, product("B000000001", 1))
    predict(database, version, {image: likely("jeans", confidence)}, in_distribution=in_distribution)
    found = label(database)
    assert (found.category, found.uncertain, found.label_version_id) == (None, True, version)
    assert found.confidence == pytest.approx(confidence)


def test_an_image_that_cannot_be_classified_does_not_count(database: Database) -> None:
    version = model_version(database)
    one, two = save(database, product("B000000001", 1, 2))
    predict(database, version, {one: likely("jeans")}, failures={two: Reason.CORRUPT})
    assert label(database).category == "jeans"


def test_a_product_whose_only_image_cannot_be_classified_stays_unclassified(database: Database) -> None:
    version = model_version(database)
    (image,) = save(database, product("B000000001", 1))
    predict(database, version, {}, failures={image: Reason.CORRUPT})
    assert label(database) == UNCLASSIFIED


def test_a_new_image_keeps_the_earlier_label_until_it_is_predicted(database: Database) -> None:
    version = model_version(database)
    (one,) = save(database, product("B000000001", 1))
    predict(database, version, {one: likely("jeans")})
    _, two = save(database, product("B000000001", 1, 2))
    assert label(database).category == "jeans"
    predict(database, version, {two: likely("saree", 1.0)})
    assert label(database).uncertain


def test_a_new_version_keeps_the_earlier_label_until_it_has_predicted_all(database: Database) -> None:
    old = model_version(database)
    one, two = save(database, product("B000000001", 1, 2))
    predict(database, old, {one: likely("jeans"), two: likely("jeans")})
    new = model_version(database)
    predict(database, new, {one: likely("saree")})
    assert (label(database).category, label(database).label_version_id) == ("jeans", old)
    predict(database, new, {two: likely("saree")})
    assert (label(database).category, label(database).label_version_id) == ("saree", new)


def test_a_rollback_relabels_without_the_network(database: Database) -> None:
    old = model_version(database)
    (image,) = save(database, product("B000000001", 1))
    predict(database, old, {image: likely("jeans")})
    new = model_version(database)
    predict(database, new, {image: likely("saree")})
    with database.write() as session:
        activate(session, old)
    assert label(database).category == "saree"
    relabel_some(database)
    assert (label(database).category, label(database).label_version_id) == ("jeans", old)


def test_a_version_that_is_not_active_labels_nothing(database: Database) -> None:
    model_version(database)
    other = model_version(database, active=False)
    (image,) = save(database, product("B000000001", 1))
    predict(database, other, {image: likely("jeans")})
    assert label(database) == UNCLASSIFIED


def test_a_picture_shared_by_five_products_counts_and_by_six_does_not(database: Database) -> None:
    version = model_version(database)
    (image,) = save(database, *(product(f"FIVE{n}", 1) for n in range(5)))
    (chart,) = save(database, *(product(f"SIX{n}", 2) for n in range(6)))
    predict(database, version, {image: likely("jeans"), chart: likely("jeans")})
    assert label(database, "FIVE0").category == "jeans"
    assert label(database, "SIX0") == UNCLASSIFIED


def test_a_review_wins_over_the_network_now_and_later(database: Database) -> None:
    version = model_version(database)
    (image,) = save(database, product("B000000001", 1))
    review(database, "trousers")
    assert label(database) == Label("trousers", None, False, None)
    predict(database, version, {image: likely("jeans")})
    found = label(database)
    assert (found.category, found.confidence, found.uncertain) == ("trousers", None, False)
    assert found.label_version_id is None


def test_the_latest_review_counts(database: Database) -> None:
    save(database, product())
    review(database, "jeans")
    review(database, "saree")
    assert label(database).category == "saree"


def test_a_review_other_claims_no_category_and_is_not_uncertain(database: Database) -> None:
    save(database, product())
    review(database, OTHER)
    assert label(database) == Label(None, None, False, None)


def test_a_review_of_an_unknown_product_or_category_is_refused(database: Database) -> None:
    save(database, product())
    with pytest.raises(UnknownProductError, match="B000000404"):
        review(database, "jeans", asin="B000000404")
    with pytest.raises(UnknownCategoryError, match="saree, jeans, trousers and other, got 'skirt'"):
        review(database, "skirt")


def test_two_workers_that_finish_a_product_together_leave_its_label(database: Database) -> None:
    """Neither may label the product from its own image alone, or miss that the other has finished."""
    version = model_version(database)
    asins = [f"B00000000{n}" for n in range(8)]
    pairs = [save(database, product(asin, 2 * n, 2 * n + 1)) for n, asin in enumerate(asins)]
    together = Barrier(2)

    def work(half: int) -> None:
        for pair in pairs:
            together.wait(timeout=30)
            predict(database, version, {pair[half]: likely("jeans")})

    threads = [Thread(target=work, args=(half,)) for half in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert {label(database, asin).category for asin in asins} == {"jeans"}


def test_the_likeliest_is_known_where_nothing_is_claimed_and_beside_a_review(database: Database) -> None:
    version = model_version(database)
    (image,) = save(database, product("B000000001", 1))
    review(database, "saree")
    assert label(database).likeliest is None
    predict(database, version, {image: likely("jeans", 0.5)})
    found = label(database)
    assert (found.category, found.likeliest) == ("saree", "jeans")
    assert found.margin == pytest.approx(0.25)
    assert found.contradiction == pytest.approx(0.25)
    since = get_product(database).classified_at
    another = model_version(database)
    predict(database, another, {image: likely("trousers", 0.5)})
    assert (label(database).likeliest, get_product(database).classified_at) == ("trousers", since)
