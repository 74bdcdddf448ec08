import pytest
from sqlalchemy import select

from db.models import Product, Review, TrainingRun
from db.repository.reviews import Verdict, record_reviews
from db.session import Database
from tests.factories import CATEGORIES, STORE
from worker.cnn.progress import no_report
from worker.errors import NothingToTrainError
from worker.training.suspects import draw_suspects, find_suspects

SHOP = "amazon.in"


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


def test_suspects_can_be_looked_at(mistaken: Database) -> None:
    suspects = find_suspects(mistaken, STORE, no_report)
    with mistaken.read() as session:
        sheet = draw_suspects(session, STORE, suspects)
    assert min(sheet.size) > 100


def test_without_labels_there_is_nothing_to_suspect(database: Database) -> None:
    with pytest.raises(NothingToTrainError, match="crawl or import"):
        find_suspects(database, STORE, no_report)
