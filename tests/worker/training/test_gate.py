import pytest
from sqlalchemy import update

from db.models import Product, Split
from db.session import Database
from tests.factories import STORE
from worker.classifying.loaded_versions import load_classifier
from worker.cnn.arrays import Pictures
from worker.cnn.serving.classifier import Classification, Classifier
from worker.training.examples import SplitImage, split_images
from worker.training.gate import is_no_worse, products_told

pytestmark = pytest.mark.slow

CATEGORIES = ("saree", "jeans", "trousers")


class ForgetfulClassifier(Classifier):
    """The active version, but for the first few pictures, of which it names the likeliest category last."""

    def __init__(self, classifier: Classifier, forgets: int) -> None:
        self.specification = classifier.specification
        self._classifier, self._forgets = classifier, forgets

    def classify(self, pictures: Pictures) -> list[Classification]:
        told = self._classifier.classify(pictures)
        forgotten, self._forgets = told[: self._forgets], max(0, self._forgets - len(told))
        return [_wrong(prediction) for prediction in forgotten] + told[len(forgotten) :]


def _wrong(prediction: Classification) -> Classification:
    share, confidence = sorted(prediction.probabilities.values())[::2]
    swap = {share: confidence, confidence: share}
    probabilities = {name: swap.get(value, value) for name, value in prediction.probabilities.items()}
    return Classification(probabilities, confidence, prediction.in_distribution, None, uncertain=True)


@pytest.fixture
def active(trained: Database) -> Classifier:
    load_classifier.cache_clear()
    return load_classifier(trained, 1)


def with_test_products(database: Database, count: int) -> list[SplitImage]:
    """The labelled pictures, of which just so many products lie in the test split."""
    with database.write() as session:
        session.execute(update(Product).values(split=Split.TRAIN))
        session.execute(update(Product).where(Product.id <= count).values(split=Split.TEST))
    return split_images(database, CATEGORIES)


@pytest.mark.parametrize(
    ("products", "forgets", "no_worse"),
    [
        (40, 0, True),
        (40, 5, True),  # McNemar's p is 0.06: this may be chance.
        (40, 6, False),  # It is 0.03.
        (29, 0, True),
        (29, 1, False),  # So few products could hardly prove anything: any loss counts.
    ],
)
def test_a_candidate_is_refused_for_a_loss_that_is_no_chance(
    trained: Database, active: Classifier, products: int, forgets: int, no_worse: bool
) -> None:
    images = with_test_products(trained, products)
    test = [each.image for each in images if each.split is Split.TEST]
    assert sum(products_told(trained, STORE, active, test).values()) == len(test) == products
    assert is_no_worse(trained, STORE, ForgetfulClassifier(active, forgets), images) is no_worse


def test_without_a_product_to_compare_on_a_candidate_is_no_worse(
    trained: Database, active: Classifier
) -> None:
    assert is_no_worse(trained, STORE, ForgetfulClassifier(active, 9), with_test_products(trained, 0))
