"""Pictures of the report: which ones a person should look at, small, and within the page itself."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from db.image_store import ImageStore
from db.models import Product
from db.pictures.decoder import PictureError
from db.pictures.thumbnails import jpeg_thumbnail
from db.session import Database
from worker.evaluating.evaluation import VersionEvaluation
from worker.evaluating.told_pictures import Outcomes

PICTURES: Final = 12
"""Of each kind, at most."""

_SIDE: Final = 240
"""Pixels of the square that a picture fits."""


@dataclass(frozen=True)
class ReportPicture:
    """One picture of the report and what is said of it.

    Attributes:
        address: a `data:` address of a small JPEG; None where the stored bytes are gone or broken.
        listed: the label that it is measured against.
        likeliest: the category that the version finds likeliest.
        claimed: whether that is claimed as its label.
        confidence: share, 0 to 1.
        key: marketplace and ASIN of the product.
        reviewed: whether `listed` is a person's verdict against the shop's word.
    """

    address: str | None
    listed: str
    likeliest: str
    claimed: bool
    confidence: float
    key: str
    reviewed: bool


def most_confident_mistakes(outcomes: Outcomes) -> list[int]:
    """Choose the wrong pictures, the surest first: another likeliest category, or a claimed known negative."""
    answers = outcomes.answers
    wrong = np.where(answers.shown, ~answers.right, ~answers.uncertain)
    order = np.argsort(-answers.confidence, kind="stable")
    return [int(row) for row in order[wrong[order]][:PICTURES]]


def most_uncertain(outcomes: Outcomes) -> list[int]:
    """Choose the pictures of the categories whose likeliest category is least sure, the least sure first."""
    order = np.argsort(outcomes.answers.confidence, kind="stable")
    return [int(row) for row in order[outcomes.answers.shown[order]][:PICTURES]]


def show(
    database: Database, store: ImageStore, evaluation: VersionEvaluation, rows: Sequence[int]
) -> list[ReportPicture]:
    """Give the pictures of these rows of the outcomes, in their order."""
    outcomes, categories = evaluation.outcomes, evaluation.specification.categories
    answers = outcomes.answers
    pictures = []
    with database.read() as session:
        data = store.read(session, [outcomes.images[row].image_id for row in rows])
        for row in rows:
            image = outcomes.images[row]
            product = session.get_one(Product, image.product_id)
            picture = ReportPicture(
                address=_embedded(data.get(image.image_id)),
                listed=image.category,
                likeliest=categories[answers.likeliest[row]],
                claimed=not answers.uncertain[row],
                confidence=float(answers.confidence[row]),
                key=f"{product.marketplace} {product.asin}",
                reviewed=image.category != product.listed_category,
            )
            pictures.append(picture)
    return pictures


def _embedded(data: bytes | None) -> str | None:
    if data is None:
        return None
    try:
        jpeg = jpeg_thumbnail(data, _SIDE)
    except PictureError:
        return None
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
