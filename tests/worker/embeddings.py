"""Records whose products are embedded, without a network: each category has a centre, its pictures lie about it."""

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
from sqlalchemy import select, update

from db.categories import Category
from db.models import Product, ProductImage, RunStatus, TrainingRun
from db.repository.reviews import Verdict, record_reviews
from db.session import Database
from tests.factories import CATEGORIES, SHOP, body, embed, get_product, product, save, version_with_body
from worker.learning.relabel_loop import relabel_all
from worker.training.examples import split_images

NAMES: Final = tuple(category.name for category in CATEGORIES)

_CENTRES: Final[Mapping[str, tuple[int, ...]]] = {
    "saree": (60, 0, 0, 0),
    "jeans": (0, 60, 0, 0),
    "trousers": (0, 0, 60, 0),
    "strange": (0, 48, 15, 60),
    "shirt": (10, 10, 10, -60),
}
"""The first values of an embedding: `tests.factories.telling_head` takes strange trousers for jeans."""

STRANGE: Final = range(400, 420)
"""Seeds of the strange trousers that nobody has listed."""


def taught(database: Database) -> int:
    """Save products of each category and the strange ones, all embedded by an active version; the version."""
    version = version_with_body(database, body(database))
    for number, name in enumerate(NAMES):
        save_embedded(database, version, name, range(100 * number, 100 * number + 20), listed=name)
    split_images(database, NAMES)
    save_embedded(database, version, "strange", STRANGE)
    relabel_all(database)
    with database.write() as session:  # the factory only plans a run
        session.execute(update(TrainingRun).values(status=RunStatus.FINISHED))
    return version


def save_embedded(
    database: Database, version: int, shows: str, seeds: Iterable[int], listed: str | None = None
) -> None:
    """Save products with a picture each, and record what a version says of them."""
    seeds = list(seeds)
    save(database, *(product(asin(shows, seed), seed, found_in=listed) for seed in seeds))
    asins = [asin(shows, seed) for seed in seeds]
    shown = select(Product.asin, ProductImage.image_id).join(ProductImage).where(Product.asin.in_(asins))
    with database.read() as session:
        image_of = {name: image for name, image in session.execute(shown) if image is not None}
    embed(database, version, {image_of[asin(shows, seed)]: embedding(shows, seed) for seed in seeds})


def embedding(shows: str, seed: int) -> bytes:
    """What a body makes of a picture; each seed gives another, near the centre of what it shows."""
    values = np.random.default_rng(seed).normal(scale=4, size=8)
    values[: len(_CENTRES[shows])] += _CENTRES[shows]
    values[-1] = 10
    return np.round(values).astype(np.int8).tobytes()


def asin(shows: str, seed: int) -> str:
    return f"{shows}{seed}"


def review(database: Database, shows: str, seeds: Iterable[int], word: str) -> None:
    """Give a verdict on each of the products; `word` may be a category that is not in categories.toml."""
    with database.write() as session:
        record_reviews(
            session,
            [Verdict(SHOP, asin(shows, seed), word) for seed in seeds],
            (*CATEGORIES, Category(word, word, (word,))),
        )


def labels(database: Database, shows: str, seeds: Iterable[int]) -> set[str | None]:
    """The categories by which products are labelled."""
    return {get_product(database, asin(shows, seed)).category for seed in seeds}
