"""The one place that writes labels: from the latest review, else from what the active version says.

What a version says comes from its predictions, or from embeddings through its head: db/repository/network_labels.py.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.categories import OTHER
from db.database_clock import tell_time
from db.models import Embedding, LabelChange, ModelVersion, Prediction, Product, ProductImage, Review
from db.repository.many_rows import insert_rows, update_rows
from db.rows import in_chunks
from db.states.label_evidence import latest_reviews
from db.states.version_states import active_version

if TYPE_CHECKING:
    from db.repository.network_labels import Chosen, NetworkWord

# Programs answer `--help` at once, so that NumPy is loaded when there is something to label.
# ruff: noqa: PLC0415


class Label(NamedTuple):
    """The values of a product's label columns; all None means unclassified.

    The last three are the network's word, also beside a review: see db/models.py. A tuple, as relabelling makes
    millions of them.
    """

    category: str | None = None
    confidence: float | None = None
    uncertain: bool | None = None
    label_version_id: int | None = None
    likeliest: str | None = None
    margin: float | None = None
    contradiction: float | None = None


_UNCLASSIFIED: Final = Label()
_CLAIM: Final = 4
"""So many values of a label, the first ones, are not the network's word."""

_COLUMNS: Final = tuple(getattr(Product, name) for name in Label._fields)


class _Labelled(NamedTuple):
    """A product's row: its label as it is."""

    product_id: int
    listed_category: str | None
    classified_at: datetime | None
    label: Label

    @property
    def is_by_review(self) -> bool:
        return self.label.uncertain is False and self.label.confidence is None


def refresh_labels(session: Session, product_ids: Iterable[int]) -> int:
    """Rewrite the label columns of the products, in the caller's transaction; give how many labels changed.

    A product is labelled by its latest review that stands; else by the mean of the active version's
    probabilities over its images, once that version has seen all that count. Until then it keeps the label
    that it has; but a verdict that was taken back gives way to the newest version that has seen them all.
    Whoever holds objects of these products reads them again.
    """
    return sum(relabel(session, _among(chunk)) for chunk in in_chunks(sorted(set(product_ids))))


def _among(product_ids: Sequence[int]) -> "Chosen":
    return lambda ids: ids.in_(product_ids)


def relabel(session: Session, chosen: "Chosen") -> int:
    """Rewrite the label columns of some products, as `refresh_labels` does; give how many labels changed."""
    session.flush()  # what follows asks the connection, past the session's objects
    # Two workers that finish images of one product take turns here, so that the later sees the earlier's.
    statement = select(Product.id, Product.listed_category, Product.classified_at, *_COLUMNS)
    locked = statement.where(chosen(Product.id)).order_by(Product.id).with_for_update(key_share=True)
    products = [
        _Labelled(product_id, listed, classified_at, Label(*values))
        for product_id, listed, classified_at, *values in session.connection().execute(locked).all()
    ]
    claimed = _claimed_now(session, chosen, products)
    verdicts = _verdicts(session, chosen)
    changed = []
    for product in products:
        verdict = verdicts.get(product.product_id)
        label = _label(session, product, verdict, claimed.get(product.product_id))
        if label != product.label:
            changed.append((product, label))
    return _write(session, changed)


def _claimed_now(session: Session, chosen: "Chosen", products: Sequence[_Labelled]) -> dict[int, Label]:
    """Give what the active version says of the products of which it has seen all that counts."""
    from db.repository.network_labels import network_words

    # Asked for under the lock: one that is activated from now on comes later.
    version = active_version(session)
    if version is None or not products:
        return {}
    listed = {product.product_id: product.listed_category for product in products}
    words = network_words(session, version, chosen, listed)
    version_id = version.id
    return {product_id: _claimed(version_id, word) for product_id, word in words.items()}


def _verdicts(session: Session, chosen: "Chosen") -> dict[int, str]:
    latest = latest_reviews().where(chosen(Review.product_id))
    rows = session.execute(select(Review.product_id, Review.category).where(Review.id.in_(latest)))
    return dict(rows.all())


def _label(session: Session, product: _Labelled, verdict: str | None, claimed: Label | None) -> Label:
    """Decide what a product's label is to be; the one that it has, where nothing better is known."""
    label = product.label if claimed is None else claimed
    if verdict is not None:
        category = None if verdict == OTHER else verdict
        return Label(category, None, False, None, label.likeliest, label.margin, label.contradiction)
    if claimed is None and product.is_by_review:
        return _without_review(session, product)
    return label


def _claimed(version_id: int, word: "NetworkWord | None") -> Label:
    if word is None:
        return _UNCLASSIFIED
    return Label(
        None if word.uncertain else word.likeliest, word.confidence, word.uncertain, version_id,
        word.likeliest, word.margin, word.contradiction,
    )  # fmt: skip


def _without_review(session: Session, product: _Labelled) -> Label:
    """Label by the newest version that has seen every image that counts; unclassified where none has."""
    from db.repository.network_labels import network_words

    listed = {product.product_id: product.listed_category}
    for version in _versions_that_saw(session, product.product_id):
        words = network_words(session, version, lambda ids: ids == product.product_id, listed)
        if product.product_id in words:
            return _claimed(version.id, words[product.product_id])
    return _UNCLASSIFIED


def _versions_that_saw(session: Session, product_id: int) -> list[ModelVersion]:
    """List the versions that saw an image of the product, newest first; of those that share a body the newest.

    A version with a body counts once it was active: what the gate refused labels nothing.
    """
    theirs = select(ProductImage.image_id).where(ProductImage.product_id == product_id)
    asked = select(Prediction.model_version_id).where(Prediction.image_id.in_(theirs))
    bodies = select(Embedding.body_id).where(Embedding.image_id.in_(theirs))
    by_prediction = ModelVersion.body_id.is_(None) & ModelVersion.id.in_(asked)
    by_embedding = ModelVersion.body_id.in_(bodies) & ModelVersion.activated_at.is_not(None)
    versions = select(ModelVersion).where(by_prediction | by_embedding).order_by(ModelVersion.id.desc())
    newest: dict[tuple[str, int], ModelVersion] = {}
    for version in session.scalars(versions):
        key = ("version", version.id) if version.body_id is None else ("body", version.body_id)
        newest.setdefault(key, version)
    return list(newest.values())


def _write(session: Session, changed: Sequence[tuple[_Labelled, Label]]) -> int:
    """Write the labels of products for which they are others; give of how many category or uncertain is another."""
    now = tell_time(session)
    rows: list[tuple[object, ...]] = []
    replaced: list[tuple[object, ...]] = []
    for product, label in changed:
        before, classified_at = product.label, product.classified_at
        if label[:_CLAIM] != before[:_CLAIM]:
            classified_at = None if label.uncertain is None else now
        rows.append((product.product_id, *label, classified_at))
        is_other = (before.category, before.uncertain) != (label.category, label.uncertain)
        if is_other and before.uncertain is not None:
            replaced.append((product.product_id, *before[:_CLAIM], product.classified_at, now))
    update_rows(session, Product, ("id", *Label._fields, "classified_at"), rows)
    what_was = ("product_id", *Label._fields[:_CLAIM], "classified_at", "replaced_at")
    insert_rows(session, LabelChange, what_was, replaced)
    return len(replaced)
