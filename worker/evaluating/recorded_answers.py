"""What a model version says of its test pictures by the records alone: no picture is read, no network runs.

Of a version with a body its head answers for stored embeddings; of one without, its predictions do.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import literal_column, select
from sqlalchemy.orm import Session

from db.categories import OTHER, Category, load_categories
from db.heads import Said
from db.index_conditions import TESTS
from db.models import ModelVersion, Prediction, Product
from db.queries.embedded import embeddings_of
from db.queries.labelled_images import LabelledImage, labelled_images
from db.repository.network_labels import read_head
from db.rows import in_chunks
from worker.cnn.arrays import KNOWN_NEGATIVE
from worker.cnn.figures.answers import Answers
from worker.cnn.figures.evaluate import Evaluation, evaluate
from worker.cnn.figures.intervals import Intervals, bootstrap_intervals
from worker.evaluating.told_pictures import Outcomes

MOST_PRODUCTS: Final = 5000
"""Of the test split that are asked about, the first ones: far more than a figure needs, and quick."""


@dataclass(frozen=True)
class RecordedAnswers:
    """A version's answers to the test pictures of today.

    Attributes:
        outcomes: the pictures that its network has seen, and what it says of them.
        categories: names of the classes, in their order.
        unseen: test pictures that its network has not seen.
        is_part: whether the test split has more products than were asked about.
    """

    outcomes: Outcomes
    categories: tuple[str, ...]
    unseen: int
    is_part: bool

    def figures(self) -> tuple[Evaluation, Intervals] | None:
        """Evaluate the answers, with 95 % intervals over products; None where no picture shows a category."""
        answers = self.outcomes.answers
        if not answers.shown.any():
            return None
        products = np.array([image.product_id for image in self.outcomes.images], dtype=np.int64)
        return evaluate(answers, self.categories), bootstrap_intervals(answers, products, self.categories)

    def select(self, rows: NDArray[np.int64]) -> "RecordedAnswers":
        """Keep some of the pictures, by their places."""
        outcomes = Outcomes(
            tuple(self.outcomes.images[row] for row in rows.tolist()),
            self.outcomes.answers.select(rows),
            self.outcomes.in_distribution[rows],
        )
        return replace(self, outcomes=outcomes)


def recorded_answers(
    session: Session, version: ModelVersion, most_products: int = MOST_PRODUCTS
) -> RecordedAnswers:
    """Ask a version about the labelled pictures of the test split, in the order of their products.

    Raises:
        HeadError: its head is damaged.
    """
    known = tuple(category for category in load_categories() if category.name in version.categories)
    test = _test_images(session, known, most_products + 1)
    products = sorted({image.product_id for image in test})
    if is_part := len(products) > most_products:
        test = [image for image in test if image.product_id <= products[most_products - 1]]
    said = said_of(session, version, [image.image_id for image in test])
    seen = [image for image in test if image.image_id in said.rows]
    return RecordedAnswers(
        _outcomes(version, seen, said), tuple(version.categories), len(test) - len(seen), is_part
    )


@dataclass(frozen=True, eq=False)
class SaidOfImages:
    """What a version says of images: the row of each by its id; ids that it has not seen have none."""

    rows: dict[int, int]
    said: Said


def said_of(session: Session, version: ModelVersion, image_ids: list[int]) -> SaidOfImages:
    """Ask a version about stored pictures."""
    if version.body_id is None:
        return _from_predictions(session, version, image_ids)
    head = read_head(session, version)
    vectors = embeddings_of(session, version.body_id, image_ids)
    joined = np.frombuffer(b"".join(vectors.values()), dtype=np.int8).reshape(-1, head.width)
    return SaidOfImages({image_id: row for row, image_id in enumerate(vectors)}, head.apply(joined))


def _from_predictions(session: Session, version: ModelVersion, image_ids: list[int]) -> SaidOfImages:
    rows = [
        row
        for chunk in in_chunks(image_ids)
        for row in session.execute(
            select(Prediction.image_id, Prediction.probabilities, Prediction.in_distribution).where(
                Prediction.model_version_id == version.id, Prediction.image_id.in_(chunk)
            )
        )
    ]
    shares = [[row.probabilities[name] for name in version.categories] for row in rows]
    said = Said(
        np.array(shares, dtype=np.float64).reshape(-1, len(version.categories)),
        np.array([row.in_distribution for row in rows], dtype=np.float64),
    )
    return SaidOfImages({row.image_id: place for place, row in enumerate(rows)}, said)


def _test_images(session: Session, known: tuple[Category, ...], most: int) -> list[LabelledImage]:
    # Word for word, else the partial index is not used.
    first = select(Product.id).where(literal_column(TESTS)).order_by(Product.id).limit(most)
    return labelled_images(session, known, select(first.subquery().c.id))


def _outcomes(version: ModelVersion, images: list[LabelledImage], of_images: SaidOfImages) -> Outcomes:
    rows = np.array([of_images.rows[image.image_id] for image in images], dtype=np.int64)
    labels = {name: index for index, name in enumerate(version.categories)} | {OTHER: KNOWN_NEGATIVE}
    probabilities, score = of_images.said.probabilities[rows], of_images.said.in_distribution[rows]
    confidence = probabilities.max(axis=1, initial=0.0)
    uncertain = (confidence < version.threshold) | (score < version.in_distribution_threshold)
    return Outcomes(
        images=tuple(images),
        answers=Answers(
            probabilities, np.array([labels[image.category] for image in images], dtype=np.int64), uncertain
        ),
        in_distribution=score,
    )
