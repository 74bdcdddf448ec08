"""What a model version says of products: from its predictions, or from embeddings through its head."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.heads import Head, Said
from db.models import Embedding, Image, ModelVersion, Prediction, ProductImage
from db.states.image_states import is_set_aside
from db.states.label_evidence import is_shared_by_few

Chosen = Callable[[InstrumentedAttribute[int]], ColumnElement[bool]]
"""Selects products by a column that holds their ids: some of them, or a range."""


class NetworkWord(NamedTuple):
    """What a version says of a product: the mean over its images that count."""

    likeliest: str
    confidence: float
    margin: float
    contradiction: float | None
    uncertain: bool


def network_words(
    session: Session, version: ModelVersion, chosen: Chosen, listed: Mapping[int, str | None]
) -> dict[int, NetworkWord | None]:
    """Say what a version finds of the chosen products, by their ids.

    A product of which no image counts has None; one of whose images the version has still to see some is left out.

    Args:
        session: of a read or a write.
        version: any; with a body its head is applied to embeddings, and its predictions are not read.
        chosen: which products.
        listed: their ids and listed categories.
    """
    rows = session.connection().execute(_evidence(version, chosen)).all()
    unseen = {row[0] for row in rows if row[2] is None}
    if unseen:
        rows = [row for row in rows if row[0] not in unseen]
    words: dict[int, NetworkWord | None] = dict.fromkeys(listed.keys() - unseen)
    if rows:
        product_ids, image_ids, *values = zip(*rows, strict=True)
        said = _said(session, version, values)
        means = _means(np.array(product_ids), np.array(image_ids), said)
        words.update(_words(version, means, listed))
    return words


def network_shares(
    session: Session, version: ModelVersion, product_ids: Sequence[int], head: Head | None = None
) -> dict[int, dict[str, float]]:
    """Give the probability of each category, by product: the mean over its images that count.

    A product without such an image, or one of whose images the version has still to see some, is left out.

    Args:
        session: of a read or a write.
        version: any.
        product_ids: some hundreds at most.
        head: of the version's body, in place of the version's own.
    """
    rows = session.connection().execute(_evidence(version, lambda ids: ids.in_(product_ids))).all()
    unseen = {row[0] for row in rows if row[2] is None}
    rows = [row for row in rows if row[0] not in unseen]
    if not rows:
        return {}
    ids, image_ids, *values = zip(*rows, strict=True)
    means = _means(np.array(ids), np.array(image_ids), _said(session, version, values, head))
    names = version.categories if head is None else head.categories
    shares = means.said.probabilities.tolist()
    return {
        key: dict(zip(names, row, strict=True)) for key, row in zip(means.ids.tolist(), shares, strict=True)
    }


def _evidence(version: ModelVersion, chosen: Chosen) -> Select[Any]:
    """Give a row for each image that counts of each product, in their order: the third value None if unseen."""
    theirs = select(ProductImage.image_id).where(chosen(ProductImage.product_id))
    counting = (
        select(ProductImage.image_id)
        .where(ProductImage.image_id.in_(theirs))
        .group_by(ProductImage.image_id)
        .having(is_shared_by_few())
    )
    columns = _columns(version)
    return (
        select(ProductImage.product_id, Image.id, *columns)
        .join(Image, Image.id == ProductImage.image_id)
        .outerjoin(columns[0].class_, _is_its(version) & (columns[0].class_.image_id == Image.id))
        .where(chosen(ProductImage.product_id), Image.id.in_(counting), ~is_set_aside())
        .order_by(ProductImage.product_id, Image.id)
    )


def _columns(version: ModelVersion) -> tuple[InstrumentedAttribute[Any], ...]:
    """Give what a version's word on an image is read from, of one table."""
    if version.body_id is None:
        return Prediction.probabilities, Prediction.in_distribution
    return (Embedding.vector,)


def _is_its(version: ModelVersion) -> ColumnElement[bool]:
    if version.body_id is None:
        return Prediction.model_version_id == version.id
    return Embedding.body_id == version.body_id


def words_on_images(
    session: Session, version: ModelVersion, image_ids: Iterable[int]
) -> dict[int, dict[str, float]]:
    """Say what a version finds of single images, by id: category to probability; what it has not seen is left out."""
    columns = _columns(version)
    of_image = columns[0].class_.image_id
    rows = session.execute(select(of_image, *columns).where(_is_its(version), of_image.in_(image_ids))).all()
    if not rows:
        return {}
    ids, *values = zip(*rows, strict=True)
    shares = _said(session, version, values).probabilities.tolist()
    return {
        image_id: dict(zip(version.categories, one, strict=True))
        for image_id, one in zip(ids, shares, strict=True)
    }


def _said(
    session: Session, version: ModelVersion, values: Sequence[Sequence[Any]], head: Head | None = None
) -> Said:
    if version.body_id is None:
        probabilities = [[one[name] for name in version.categories] for one in values[0]]
        return Said(np.array(probabilities), np.array(values[1]))
    head = head or read_head(session, version)
    vectors = np.frombuffer(b"".join(values[0]), dtype=np.int8)
    return head.apply(vectors.reshape(-1, head.width))


def read_head(session: Session, version: ModelVersion) -> Head:
    """Give the head of a version with a body; the last few stay in memory.

    Raises:
        HeadError: it has none, or a damaged one.
    """
    data = session.execute(select(ModelVersion.head).where(ModelVersion.id == version.id)).scalar_one()
    return _parsed(data or b"")


@lru_cache(maxsize=4)
def _parsed(data: bytes) -> Head:
    return Head.from_bytes(data)


class _Means(NamedTuple):
    """What is said of products: their ids (n,), and the means over their images."""

    ids: NDArray[np.int64]
    said: Said


def _means(product_ids: NDArray[np.int64], image_ids: NDArray[np.int64], said: Said) -> _Means:
    """Average over the images of each product, whose rows lie together; it may show one at several addresses."""
    is_other = np.ones(len(image_ids), dtype=bool)
    is_other[1:] = (np.diff(product_ids) != 0) | (np.diff(image_ids) != 0)
    ids, first, images = np.unique(product_ids[is_other], return_index=True, return_counts=True)
    return _Means(
        ids,
        Said(
            np.add.reduceat(said.probabilities[is_other], first) / images[:, None],
            np.add.reduceat(said.in_distribution[is_other], first) / images,
        ),
    )


def _words(
    version: ModelVersion, means: _Means, listed: Mapping[int, str | None]
) -> Iterable[tuple[int, NetworkWord]]:
    ids, mean = means.ids.tolist(), means.said
    names = list(version.categories)
    rows = np.arange(len(ids))
    likeliest = mean.probabilities.argmax(axis=1)
    confidence = mean.probabilities[rows, likeliest]
    others = mean.probabilities.copy()
    others[rows, likeliest] = -1.0
    places = {name: place for place, name in enumerate(names)}
    of_list = np.array([places.get(listed[product_id] or "", -1) for product_id in ids])
    contradicts = (of_list >= 0) & (of_list != likeliest)
    lead = np.where(contradicts, confidence - mean.probabilities[rows, of_list], np.nan)
    uncertain = (confidence < version.threshold) | (mean.in_distribution < version.in_distribution_threshold)
    columns = (likeliest, confidence, confidence - others.max(axis=1), lead, contradicts, uncertain)
    values = zip(ids, *(column.tolist() for column in columns), strict=True)
    for product_id, place, share, margin, by, contradicted, unsure in values:
        yield product_id, NetworkWord(names[place], share, margin, by if contradicted else None, unsure)
