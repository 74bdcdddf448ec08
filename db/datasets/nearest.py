"""Pictures that look like one: the nearest embeddings by one body, found by looking at all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.datasets.cosines import Best, Neighbour, cosines, lengths
from db.errors import NoEmbeddingError, UnknownPictureError
from db.models import Embedding, Image, Product, ProductImage
from db.states.version_states import active_version

_ROWS: Final = 20_000
"""Embeddings in memory at a time, of at most 256 bytes."""


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
    own = own_embedding(session, body_id, sha256)
    found = nearest(session, body_id, own.vector, limit + 1)
    return describe(session, [each for each in found if each.image_id != own.image_id][:limit])


def own_embedding(session: Session, body_id: int, sha256: str) -> Embedding:
    """Give what a body makes of a stored picture.

    Raises:
        UnknownPictureError: no such picture is stored.
        NoEmbeddingError: the body has not seen it.
    """
    image_id = session.scalar(select(Image.id).where(Image.sha256 == sha256.replace("\0", "")))
    if image_id is None:
        raise UnknownPictureError(f"no stored picture has this SHA-256, got {sha256}")
    own = session.get(Embedding, (body_id, image_id))
    if own is None:
        raise NoEmbeddingError(
            f"the active version has not seen the picture yet: run `python -m worker run`; got {sha256}"
        )
    return own


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
    asked, best = np.frombuffer(vector, dtype=np.int8), Best(limit)
    after = 0
    while chunk := read_embeddings(session, body_id, after):
        image_ids, vectors = chunk
        best.add(image_ids, cosines(vectors, lengths(vectors), asked))
        after = int(image_ids[-1])
    return best.neighbours()


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
        if each.image_id in shown  # what was deleted a moment ago is like nothing
    ]


def read_embeddings(
    session: Session, body_id: int, after: int
) -> tuple[NDArray[np.int64], NDArray[np.int8]] | None:
    """Read the next embeddings by a body after an image's id: ids (n,) and vectors (n, width); None: no more."""
    rows = (
        select(Embedding.image_id, Embedding.vector)
        .where(Embedding.body_id == body_id, Embedding.image_id > after)
        .order_by(Embedding.image_id)
        .limit(_ROWS)
    )
    found = session.execute(rows).all()
    if not found:
        return None
    image_ids, vectors = zip(*found, strict=True)
    return as_arrays(image_ids, vectors)


def as_arrays(
    image_ids: Sequence[int], vectors: Sequence[bytes]
) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """Give images and their embeddings, all of one width, as arrays (n,) and (n, width)."""
    values = np.frombuffer(b"".join(vectors), dtype=np.int8)
    return np.array(image_ids, dtype=np.int64), values.reshape(len(vectors), -1)
