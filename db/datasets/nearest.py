"""Pictures that look like one: the nearest embeddings by one body, found by looking at all of them."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.errors import NoEmbeddingError, UnknownPictureError
from db.models import Embedding, Image, Product, ProductImage
from db.states.version_states import active_version

_ROWS: Final = 20_000
"""Embeddings in memory at a time, of at most 256 bytes."""


@dataclass(frozen=True)
class Neighbour:
    """An image and the cosine between its embedding and the one that was asked about, -1 to 1."""

    image_id: int
    similarity: float


@dataclass(frozen=True)
class SimilarPicture:
    """A picture that looks like another, and the product that shows it, the first where several do.

    Attributes:
        similarity: the cosine of their embeddings, -1 to 1.
        category: the product's label.
    """

    sha256: str
    similarity: float
    marketplace: str | None
    asin: str | None
    title: str | None
    category: str | None


def similar_pictures(session: Session, sha256: str, limit: int) -> list[SimilarPicture]:
    """List the pictures that look most like a stored one, by the active version's body, the nearest first.

    Raises:
        UnknownPictureError: no such picture is stored.
        NoEmbeddingError: the active version has no body, or that body has not seen the picture.
    """
    body_id = require_active_body(session)
    image_id = session.scalar(select(Image.id).where(Image.sha256 == sha256))
    if image_id is None:
        raise UnknownPictureError(f"no stored picture has this SHA-256, got {sha256}")
    own = session.get(Embedding, (body_id, image_id))
    if own is None:
        raise NoEmbeddingError(
            f"the active version has not seen the picture yet: run `python -m worker run`; got {sha256}"
        )
    found = nearest(session, body_id, own.vector, limit + 1)
    return describe(session, [each for each in found if each.image_id != image_id][:limit])


def require_active_body(session: Session) -> int:
    """Give the number of the active version's body.

    Raises:
        NoEmbeddingError: no version is active, or it has no body.
    """
    version = active_version(session)
    if version is None or version.body_id is None:
        got = "no active version" if version is None else f"version {version.id}"
        raise NoEmbeddingError(
            f"the active version has no body to compare pictures by: run `python -m worker train`; got {got}"
        )
    return version.body_id


def nearest(session: Session, body_id: int, vector: bytes, limit: int) -> list[Neighbour]:
    """Find the images whose embeddings by a body lie nearest to a vector, int8 (width,); the nearest first.

    Every embedding is looked at, in constant memory.
    """
    asked = np.frombuffer(vector, dtype=np.int8).astype(np.float32)
    best: list[tuple[float, int]] = []
    for image_ids, vectors in _chunks(session, body_id, len(asked)):
        norms = np.linalg.norm(vectors, axis=1) * np.linalg.norm(asked)
        cosines = vectors @ asked / np.maximum(norms, 1e-9)
        nearest_rows = np.argsort(-cosines, kind="stable")[:limit]
        best += [(float(cosines[row]), -image_ids[row]) for row in nearest_rows]
        best = heapq.nlargest(limit, best)
    return [Neighbour(-negative_id, similarity) for similarity, negative_id in best]


def describe(session: Session, neighbours: Sequence[Neighbour]) -> list[SimilarPicture]:
    """Give the pictures of neighbours, in their order, with the products that show them."""
    ids = [each.image_id for each in neighbours]
    first = (
        select(ProductImage.image_id, func.min(ProductImage.product_id).label("product_id"))
        .where(ProductImage.image_id.in_(ids))
        .group_by(ProductImage.image_id)
        .subquery()
    )
    rows = session.execute(
        select(Image.id, Image.sha256, Product.marketplace, Product.asin, Product.title, Product.category)
        .outerjoin(first, first.c.image_id == Image.id)
        .outerjoin(Product, Product.id == first.c.product_id)
        .where(Image.id.in_(ids))
    )
    shown = {image_id: (sha256, of_product) for image_id, sha256, *of_product in rows}
    return [
        SimilarPicture(shown[each.image_id][0], each.similarity, *shown[each.image_id][1])
        for each in neighbours
    ]


def _chunks(session: Session, body_id: int, width: int) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
    after = 0
    rows = select(Embedding.image_id, Embedding.vector).where(Embedding.body_id == body_id)
    while found := session.execute(
        rows.where(Embedding.image_id > after).order_by(Embedding.image_id).limit(_ROWS)
    ).all():
        image_ids, vectors = zip(*found, strict=True)
        yield list(image_ids), np.frombuffer(b"".join(vectors), np.int8).reshape(-1, width).astype(np.float32)
        after = image_ids[-1]
