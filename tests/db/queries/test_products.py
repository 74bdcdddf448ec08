from decimal import Decimal

import pytest
from sqlalchemy import text

from db.pictures.codes import QualityCode
from db.queries.approaches import Approach
from db.queries.product_grid import Counted, count_products
from db.queries.products import COLUMNS, ProductFilter, page_statement, product_page, stream_products
from db.repository.reviews import Verdict, record_reviews
from db.session import Database
from tests.factories import CATEGORIES, SHOP, likely, model_version, predict, product, save

FILTERS = {
    "ix_products_category_id_confidence": ProductFilter(category="saree", min_confidence=0.9),
    "ix_products_uncertain_id": ProductFilter(uncertain=True),
    "ix_products_disagreements": ProductFilter(disagree=True),
    "ix_products_brand_id": ProductFilter(brand="Tarini"),
    "ix_products_marketplace_id": ProductFilter(marketplace=SHOP),
    "PRIMARY KEY": ProductFilter(min_confidence=0.9),
}


def asins(database: Database, wanted: ProductFilter) -> list[str]:
    with database.read() as session:
        return [row.asin for row in product_page(session, wanted)]


def review(database: Database, asin: str, word: str) -> None:
    with database.write() as session:
        record_reviews(session, [Verdict(SHOP, asin, word)], CATEGORIES)


@pytest.fixture
def labelled(database: Database) -> Database:
    """One product of each kind, named after what is known of it; all were listed as sarees."""
    version = model_version(database)
    for seed, (asin, category, confidence) in enumerate(
        [
            ("SAREE", "saree", 0.95),
            ("UNSURE", "saree", 0.5),
            ("JEANS", "jeans", 0.8),
            ("REVIEWED", "saree", 0.9),
        ]
    ):
        (image,) = save(database, product(asin, seed, brand="Tarini" if asin == "SAREE" else None))
        predict(database, version, {image: likely(category, confidence)})
    review(database, "REVIEWED", "trousers")
    save(database, product("NEW", marketplace="amazon.de"))
    return database


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (ProductFilter(), ["SAREE", "UNSURE", "JEANS", "REVIEWED", "NEW"]),
        (ProductFilter(category="saree"), ["SAREE"]),
        (ProductFilter(category="trousers"), ["REVIEWED"]),
        (ProductFilter(category="saree", min_confidence=0.96), []),
        (ProductFilter(min_confidence=0.7), ["SAREE", "JEANS"]),
        (ProductFilter(uncertain=True), ["UNSURE"]),
        (ProductFilter(disagree=True), ["JEANS", "REVIEWED"]),
        (ProductFilter(disagree=True, category="jeans"), ["JEANS"]),
        (ProductFilter(brand="Tarini"), ["SAREE"]),
        (ProductFilter(brand="tarini"), []),
        (ProductFilter(marketplace="amazon.de"), ["NEW"]),
        (ProductFilter(quality=QualityCode.BLURRED), ["SAREE", "UNSURE", "JEANS", "REVIEWED"]),
        (ProductFilter(quality=QualityCode.TINY), []),
    ],
)
def test_filters(labelled: Database, wanted: ProductFilter, found: list[str]) -> None:
    assert asins(labelled, wanted) == found


@pytest.mark.parametrize(
    ("listed", "word", "disagrees"), [("saree", "other", True), ("other", "other", False)]
)
def test_a_review_other_is_a_verdict_too(database: Database, listed: str, word: str, disagrees: bool) -> None:
    save(database, product("B000000001", found_in=listed))
    review(database, "B000000001", word)
    assert bool(asins(database, ProductFilter(disagree=True))) is disagrees


def test_a_product_listed_by_nobody_disagrees_with_nobody(database: Database) -> None:
    save(database, product("B000000001", found_in=None))
    review(database, "B000000001", "jeans")
    assert asins(database, ProductFilter(disagree=True)) == []


@pytest.mark.parametrize("common", [1, 5000])
def test_a_quality_code_is_found_whether_common_or_rare(
    common: int, labelled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.queries.approaches.COMMON_PICTURES", common)
    assert asins(labelled, ProductFilter(quality=QualityCode.BLURRED)) == [
        "SAREE",
        "UNSURE",
        "JEANS",
        "REVIEWED",
    ]
    assert asins(labelled, ProductFilter(quality=QualityCode.BLURRED, category="jeans")) == ["JEANS"]


@pytest.mark.parametrize(("up_to", "counted"), [(100, Counted(2, more=True)), (200, Counted(4, more=False))])
def test_products_with_a_common_quality_code_are_counted_so_far(
    up_to: int, counted: Counted, labelled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.queries.approaches.COMMON_PICTURES", 1)
    monkeypatch.setattr("db.queries.product_grid.COUNTED_UP_TO", up_to)  # a fiftieth of it, of such a code
    with labelled.read() as session:
        assert count_products(session, ProductFilter(quality=QualityCode.BLURRED)) == counted
        only = ProductFilter(quality=QualityCode.BLURRED, category="jeans")
        assert count_products(session, only) == Counted(1, more=False)


def test_a_row_says_all_that_is_known(labelled: Database) -> None:
    with labelled.read() as session:
        saree, unsure, _, reviewed, new = product_page(session, ProductFilter())
    assert (saree.price, saree.currency, saree.brand) == (Decimal("499.00"), "INR", "Tarini")
    assert (saree.decided_by, saree.uncertain) == ("model", False)
    assert saree.confidence == pytest.approx(0.95)
    assert (unsure.category, unsure.decided_by, unsure.uncertain) == (None, "model", True)
    assert (reviewed.decided_by, reviewed.confidence, reviewed.model_version) == ("review", None, None)
    assert (new.uncertain, new.decided_by, new.classified_at, new.image_sha256) == (None, None, None, None)


def test_the_first_picture_by_position_is_shown(database: Database) -> None:
    save(database, product("B000000001", 5, 3))
    save(database, product("B000000002", 5))
    with database.read() as session:
        first, second = product_page(session, ProductFilter())
    assert first.image_sha256 == second.image_sha256


def test_the_view_has_the_same_rows_but_for_unclassified_products(labelled: Database) -> None:
    with labelled.read() as session:
        rows = product_page(session, ProductFilter())
        view = session.execute(
            text("SELECT * FROM classified_products ORDER BY last_seen_at, asin")
        ).mappings()
        columns = tuple(view.keys())
        seen = {row["asin"]: row for row in view}
    assert columns == COLUMNS[:-1]
    for row in rows[:-1]:
        for name in (
            "category",
            "confidence",
            "uncertain",
            "decided_by",
            "model_version",
            "image_sha256",
            "title",
        ):
            assert seen[row.asin][name] == getattr(row, name)
    assert "NEW" not in seen


def test_pages_follow_each_other_without_gap_or_repeat(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.queries.products.PAGE", 3)
    names = [f"B00000000{n}" for n in range(7)]
    save(database, *(product(name) for name in names))
    assert [row.asin for row in stream_products(database, ProductFilter())] == names
    assert [row.asin for row in stream_products(database, ProductFilter(), limit=4)] == names[:4]
    with database.read() as session:
        third = product_page(session, ProductFilter(), size=3)[-1]
    assert [row.asin for row in stream_products(database, ProductFilter(), after=third.id)] == names[3:]
    assert list(stream_products(database, ProductFilter(), limit=0)) == []


def test_a_product_found_while_reading_comes_at_the_end(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.queries.products.PAGE", 1)
    save(database, product("B000000001"), product("B000000002"))
    rows = stream_products(database, ProductFilter())
    assert next(rows).asin == "B000000001"
    save(database, product("A000000000"))
    assert [row.asin for row in rows] == ["B000000002", "A000000000"]


@pytest.mark.parametrize("index", FILTERS)
def test_sqlite_reads_a_page_from_an_index_and_sorts_nothing(index: str, sqlite_url: str) -> None:
    database = Database(sqlite_url)
    options = {"literal_binds": True}
    asked = page_statement(FILTERS[index], 5, 20, Approach(database.engine.dialect.name))
    statement = asked.compile(database.engine, compile_kwargs=options)
    with database.engine.connect() as connection:
        plan = connection.execute(text(f"EXPLAIN QUERY PLAN {statement}")).all()
    database.close()
    steps = [step for _, parent, _, step in plan if parent == 0]  # not those of the picture's subquery
    assert index in steps[0]
    assert not any("ORDER BY" in step for step in steps)


@pytest.mark.parametrize("index", [name for name in FILTERS if name != "PRIMARY KEY"])
def test_postgresql_can_read_a_page_from_an_index(index: str, postgresql_url: str) -> None:
    database = Database(postgresql_url)
    options = {"literal_binds": True}
    asked = page_statement(FILTERS[index], 5, 20, Approach(database.engine.dialect.name))
    statement = asked.compile(database.engine, compile_kwargs=options)
    with database.engine.begin() as connection:
        # An empty table is read whole, whatever its indexes; so all other ways are closed.
        connection.execute(text("ALTER TABLE products DROP CONSTRAINT pk_products CASCADE"))
        for way in ("seqscan", "bitmapscan", "sort"):
            connection.execute(text(f"SET LOCAL enable_{way} = off"))
        plan = "\n".join(connection.scalars(text(f"EXPLAIN {statement}")))
    database.close()
    assert index in plan
    assert "Sort  (" not in plan.split("SubPlan")[0]


def test_why_no_label_is_claimed_is_said(database: Database) -> None:
    version = model_version(database, threshold=0.8, in_distribution_threshold=0.2)
    for seed, (asin, confidence, score) in enumerate(
        [("SURE", 0.9, 0.9), ("UNSURE", 0.7, 0.9), ("STRANGE", 0.9, 0.1)]
    ):
        (image,) = save(database, product(asin, seed + 1))
        predict(database, version, {image: likely("saree", confidence)}, in_distribution=score)
    save(database, product("NEW"))
    expected = [("SURE", None), ("UNSURE", "unsure"), ("STRANGE", "unfamiliar"), ("NEW", None)]
    with database.read() as session:
        assert [(row.asin, row.why_uncertain) for row in product_page(session, ProductFilter())] == expected
        of_view = session.execute(
            text("SELECT asin, why_uncertain FROM classified_products ORDER BY asin DESC")
        )
        assert dict(of_view.all()) == dict(expected[:3])
