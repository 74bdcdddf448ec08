import pytest
from sqlalchemy import select

from db.commands.contact_sheet import WRONG, draw_rows
from db.models import Product, Review, TrainingRun
from db.repository.reviews import Verdict, record_reviews
from db.session import Database
from tests.factories import CATEGORIES, SHOP, STORE, product, save
from worker.cnn.progress import no_report
from worker.errors import NothingToTrainError
from worker.training.suspects import Suspect, draw_suspects, find_suspects, suspect_tiles

pytestmark = pytest.mark.slow


@pytest.fixture
def mistaken(trained: Database) -> Database:
    """Trained records in which a person has called a saree trousers by mistake."""
    with trained.write() as session:
        record_reviews(session, [Verdict(SHOP, "saree3", "trousers")], CATEGORIES)
    return trained


def test_a_wrong_label_is_listed_with_what_it_looks_like(mistaken: Database) -> None:
    (suspect,) = find_suspects(mistaken, STORE, no_report)

    assert (suspect.marketplace, suspect.asin) == (SHOP, "saree3")
    assert (suspect.category, suspect.suggestion) == ("trousers", "saree")
    assert suspect.probability < suspect.suggestion_probability


def test_looking_for_suspects_changes_nothing(mistaken: Database) -> None:
    def records() -> tuple[int, list[object]]:
        with mistaken.read() as session:
            products = session.query(Product).order_by(Product.id).all()
            return session.query(Review).count(), [(p.listed_category, p.split, p.category) for p in products]

    before = records()
    find_suspects(mistaken, STORE, no_report)
    assert records() == before


def test_a_suspect_says_whether_training_did_without_it(mistaken: Database) -> None:
    (suspect,) = find_suspects(mistaken, STORE, no_report)
    assert not suspect.left_out
    with mistaken.write() as session:
        run = session.scalars(select(TrainingRun)).one()
        run.metrics = run.metrics | {"left_out": [suspect.product_id]}
    (suspect,) = find_suspects(mistaken, STORE, no_report)
    assert suspect.left_out


def suspects_of(database: Database, number: int) -> list[Suspect]:
    """Products that are called jeans and look like sarees, in the reverse order of their ids."""
    save(database, *(product(f"B{n:09}", 2 * n, 2 * n + 1) for n in range(number)))
    with database.read() as session:
        latest_first = session.scalars(select(Product).order_by(Product.id.desc()))
        return [
            Suspect(p.id, SHOP, p.asin, "jeans", p.asin == "B000000000", 0.06, "saree", 0.91, left_out=False)
            for p in latest_first
        ]


def test_a_suspect_is_shown_by_its_first_picture_with_its_label_and_what_it_looks_like(
    database: Database,
) -> None:
    suspects = suspects_of(database, 2)
    with database.read() as session:
        tiles = suspect_tiles(session, suspects)
        shown = [session.get_one(Product, suspect.product_id).images[0].image_id for suspect in suspects]
    assert [tile.image_id for tile in tiles] == shown
    assert [tile.caption for tile in tiles] == ["listed as jeans", "reviewed as jeans"]
    for tile in tiles:
        assert (tile.note, tile.colour) == ("looks like saree (91%)", WRONG)


def test_the_sheet_has_eight_suspects_in_a_row_in_their_order(database: Database) -> None:
    suspects = suspects_of(database, 9)
    with database.read() as session:
        sheet = draw_suspects(session, STORE, suspects)
        tiles = suspect_tiles(session, suspects)
        heading = "Looks like another category"
        expected = draw_rows(session, STORE, [(heading, tiles[:8]), (heading, tiles[8:])], columns=8)
    assert sheet.tobytes() == expected.tobytes()


def test_without_labels_there_is_nothing_to_suspect(database: Database) -> None:
    with pytest.raises(NothingToTrainError, match="crawl or import"):
        find_suspects(database, STORE, no_report)
