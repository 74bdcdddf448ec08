"""From the records to the examples of one learning run: labels, splits, and stored embeddings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from db.categories import OTHER
from db.datasets.splits import near_duplicate_groups
from db.queries.embedded import embeddings_of
from db.session import Database
from worker.cnn.arrays import KNOWN_NEGATIVE
from worker.cnn.heads.embedded_examples import EmbeddedExamples
from worker.errors import NoEmbeddingsError
from worker.learning.balanced_draw import draw_pictures
from worker.learning.learning_config import LearningConfig
from worker.training.examples import SplitImage, digest, split_images


@dataclass(frozen=True)
class Gathered:
    """What there is to learn from.

    Attributes:
        examples: one row a labelled picture that is used.
        digest: of those pictures, their labels and splits.
        without_embedding: labelled pictures that the body has not embedded.
        not_drawn: labelled pictures beyond those that a head is fitted to.
    """

    examples: EmbeddedExamples
    digest: str
    without_embedding: int
    not_drawn: int


def gather_embeddings(database: Database, body_id: int, config: LearningConfig) -> Gathered:
    """Read what a body has made of the labelled pictures.

    Raises:
        NothingToTrainError: nothing is labelled.
        NoEmbeddingsError: no labelled picture has an embedding.
    """
    images = split_images(database, config.categories)
    with database.read() as session:
        vectors = embeddings_of(session, body_id, {each.image.image_id for each in images})
    embedded = [each for each in images if each.image.image_id in vectors]
    if not embedded:
        raise NoEmbeddingsError(
            f"none of the labelled pictures has an embedding by body {body_id}: run `python -m worker classify`; "
            f"got {len(images)} pictures"
        )
    drawn = draw_pictures(embedded, config.most_pictures)
    return Gathered(
        examples=join_examples(drawn, vectors, config.categories),
        digest=digest(drawn),
        without_embedding=len(images) - len(embedded),
        not_drawn=len(embedded) - len(drawn),
    )


def join_examples(
    images: Sequence[SplitImage], vectors: Mapping[int, bytes], categories: Sequence[str]
) -> EmbeddedExamples:
    """Put labelled pictures and their embeddings into arrays.

    Args:
        images: each has an embedding, and a label that is a category or `other`.
        vectors: int8 (width,) as bytes, by the id of the image.
        categories: names of the classes, in the order of the labels.
    """
    labels = {name: index for index, name in enumerate(categories)} | {OTHER: KNOWN_NEGATIVE}
    groups = near_duplicate_groups([each.image for each in images])
    joined = b"".join(vectors[each.image.image_id] for each in images)
    return EmbeddedExamples(
        embeddings=np.frombuffer(joined, dtype=np.int8).reshape(len(images), -1),
        labels=np.array([labels[each.image.category] for each in images], dtype=np.int64),
        splits=np.array([str(each.split) for each in images]),
        products=np.array([str(each.image.product_id) for each in images]),
        sources=np.array([each.image.source for each in images]),
        groups=np.array([str(group) for group in groups]),
        reviewed=np.array([each.image.reviewed for each in images], dtype=np.bool_),
    )
