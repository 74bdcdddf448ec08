"""Products whose listed category is probably wrong, for a person to review."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.categories import OTHER, load_categories
from db.commands.contact_sheet import WRONG, Tile, draw_rows
from db.image_store import ImageStore
from db.models import Product, ProductImage, Split, TrainingRun
from db.queries.labelled_images import LabelledImage, labelled_images
from db.rows import in_chunks
from db.session import Database
from db.settings import settings
from db.states.version_states import active_version
from worker.cnn.config import TrainingConfig
from worker.cnn.heads.suspect_labels import LabelledProducts, are_suspect, predict_products
from worker.cnn.learning.features import compute_features
from worker.cnn.pictures.views import View
from worker.cnn.progress import Report
from worker.errors import NothingToTrainError
from worker.training.examples import SplitImage, gather_examples

_TILES_IN_A_ROW = 8


@dataclass(frozen=True)
class Suspect:
    """A product whose label is probably wrong: it looks like another category.

    Attributes:
        category: its label: the latest review, else the listed category.
        reviewed: whether a person gave the label.
        probability: of that label, by a model that has seen neither the product nor its near duplicates.
        suggestion: the likeliest category; likewise its probability.
        left_out: whether the active version's training did without the product, because of its label.
    """

    product_id: int
    marketplace: str
    asin: str
    category: str
    reviewed: bool
    probability: float
    suggestion: str
    suggestion_probability: float
    left_out: bool


SUSPECT_COLUMNS = tuple(field.name for field in fields(Suspect) if field.name != "product_id")


def find_suspects(database: Database, store: ImageStore, report: Report) -> list[Suspect]:
    """List the suspects of the records, the most suspect first; nothing is changed.

    Raises:
        NothingToTrainError: nothing is labelled.
        EmptyCategoryError: a category has too few labelled pictures to be checked.
    """
    categories = tuple(category.name for category in load_categories())
    with database.read() as session:
        images = [image for image in labelled_images(session, load_categories()) if image.category != OTHER]
    if not images:
        raise NothingToTrainError("no labelled pictures: crawl or import some; got 0")
    products = _predict_products(database, store, images, report)
    rows = np.flatnonzero(are_suspect(products.probabilities, products.labels)).tolist()
    ids = [int(products.names[row]) for row in rows]
    keys = _keys(database, ids)
    with database.read() as session:
        left_out = _left_out(session)
    suspects = []
    for product_id, row in zip(ids, rows, strict=True):
        probabilities, label = products.probabilities[row], products.labels[row]
        likeliest = int(probabilities.argmax())
        suspect = Suspect(
            product_id,
            *keys[product_id],
            category=categories[label],
            reviewed=bool(products.reviewed[row]),
            probability=float(probabilities[label]),
            suggestion=categories[likeliest],
            suggestion_probability=float(probabilities[likeliest]),
            left_out=product_id in left_out,
        )
        suspects.append(suspect)
    return sorted(suspects, key=lambda suspect: suspect.probability - suspect.suggestion_probability)


def _predict_products(
    database: Database, store: ImageStore, images: Sequence[LabelledImage], report: Report
) -> LabelledProducts:
    config = TrainingConfig.default(tuple(category.name for category in load_categories()))
    whole = [SplitImage(image, Split.TRAIN) for image in images]
    with tempfile.TemporaryDirectory(prefix="vastra-examples-") as folder:
        examples = gather_examples(database, store, config, whole, Path(folder))
        workdir = settings().folder / "training"
        features = compute_features(config.network, examples, (View.ORIGINAL,), workdir, report)[0]
    return predict_products(features, examples)


def _left_out(session: Session) -> set[int]:
    """Find the products that the active version was not trained on because their labels were suspect."""
    version = active_version(session)
    if version is None:
        return set()
    return set(session.get_one(TrainingRun, version.training_run_id).metrics.get("left_out", ()))


def draw_suspects(session: Session, store: ImageStore, suspects: Sequence[Suspect]) -> Image.Image:
    """Draw the suspects as a contact sheet, in their order, with what each looks like."""
    tiles = suspect_tiles(session, suspects)
    rows = [("Looks like another category", row) for row in in_chunks(tiles, _TILES_IN_A_ROW)]
    return draw_rows(session, store, rows, _TILES_IN_A_ROW)


def suspect_tiles(session: Session, suspects: Sequence[Suspect]) -> list[Tile]:
    """Give each suspect's tile: its picture, its label, and what it looks like."""
    last_first = select(ProductImage).order_by(ProductImage.position.desc(), ProductImage.id.desc())
    images = {  # of each product the first picture, which is put in last
        link.product_id: link.image_id
        for chunk in in_chunks([suspect.product_id for suspect in suspects])
        for link in session.scalars(last_first.where(ProductImage.product_id.in_(chunk)))
        if link.image_id is not None
    }
    return [
        Tile(
            images[suspect.product_id],
            f"{'reviewed' if suspect.reviewed else 'listed'} as {suspect.category}",
            f"looks like {suspect.suggestion} ({suspect.suggestion_probability:.0%})",
            WRONG,
        )
        for suspect in suspects
    ]


def _keys(database: Database, product_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    columns = select(Product.id, Product.marketplace, Product.asin)
    with database.read() as session:
        return {
            product_id: (marketplace, asin)
            for chunk in in_chunks(product_ids)
            for product_id, marketplace, asin in session.execute(columns.where(Product.id.in_(chunk)))
        }
