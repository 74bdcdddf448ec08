"""The tables; what each column promises is written beside it, and DESIGN's words are the names."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, deferred, mapped_column, relationship

from db.column_types import MONEY, QualityCodes, UtcDateTime, words
from db.index_conditions import CONTRADICTED, DISAGREES, LABELLED_BY_MODEL, REVIEWED, TESTS, TRAINED_ON, where
from db.pictures.codes import QualityCode, Reason


def utc_now() -> datetime:
    """The time with its zone, as every column of this schema holds it."""
    return datetime.now(UTC)


class RunStatus(StrEnum):
    """A run is a row before it is a message."""

    PLANNED = "planned"
    RUNNING = "running"
    FINISHED = "finished"


class RunKind(StrEnum):
    """What a training run makes: body and head of a network, or only a new head for a body that is there."""

    TRAINING = "training"
    LEARNING = "learning"


class Split(StrEnum):
    """Which part of training a product belongs to, for ever."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


class Base(DeclarativeBase):
    """Names every constraint, so that a migration can change it on any database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it once, when the classes are made
        datetime: UtcDateTime,
        dict[str, Any]: JSON().with_variant(JSONB(), "postgresql"),
        list[Any]: JSON().with_variant(JSONB(), "postgresql"),
        list[str]: JSON().with_variant(JSONB(), "postgresql"),
        Reason: words(Reason),
        RunKind: words(RunKind),
        RunStatus: words(RunStatus),
        tuple[QualityCode, ...]: QualityCodes(),
        Split: words(Split),
    }


class CrawlRun(Base):
    """One run of the spider."""

    __tablename__ = "crawl_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    marketplace: Mapped[str] = mapped_column(String(100))
    arguments: Mapped[dict[str, Any]]
    status: Mapped[RunStatus] = mapped_column(default=RunStatus.PLANNED, index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    """How often a worker has taken the slice up; 0 for a crawl begun by hand, which nobody takes up again."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    finish_reason: Mapped[str | None] = mapped_column(String(100))
    statistics: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Product(Base):
    """One listing, keyed by marketplace and ASIN; the label columns are written by refresh_labels alone."""

    __tablename__ = "products"
    __table_args__ = (
        UniqueConstraint("marketplace", "asin"),
        # Products are read in the order of their ids: each filter's index ends with it, and no page sorts.
        Index("ix_products_category_id_confidence", "category", "id", "confidence"),
        Index("ix_products_uncertain_id", "uncertain", "id"),
        Index("ix_products_brand_id", "brand", "id"),
        Index("ix_products_marketplace_id", "marketplace", "id"),
        Index("ix_products_confidence", "confidence"),
        # Holds all that counting and averaging by category and brand asks of the view.
        Index(
            "ix_products_category_brand_confidence",
            "category",
            "brand",
            "confidence",
            **where("uncertain IS NOT NULL"),
        ),
        Index("ix_products_disagreements", "id", **where(DISAGREES)),
        # The orders of what is to be reviewed, of what the network has labelled and nobody has reviewed.
        Index("ix_products_margin_id", "margin", "id", **where(LABELLED_BY_MODEL)),
        Index("ix_products_marketplace_margin_id", "marketplace", "margin", "id", **where(LABELLED_BY_MODEL)),
        Index("ix_products_contradiction_id", "contradiction", "id", **where(CONTRADICTED)),
        # Which sources' listed labels were trained on: a source that is new has none in it.
        Index("ix_products_trained_marketplace", "marketplace", **where(TRAINED_ON)),
        # How many verdicts a source has: it is new until there are sixteen.
        Index("ix_products_reviewed_marketplace", "marketplace", **where(REVIEWED)),
        # What a version is measured on: few among many.
        Index("ix_products_test_split", "id", **where(TESTS)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    marketplace: Mapped[str] = mapped_column(String(100))
    asin: Mapped[str] = mapped_column(String(400))
    parent_asin: Mapped[str | None] = mapped_column(String(20))
    title: Mapped[str | None] = mapped_column(Text)
    brand: Mapped[str | None] = mapped_column(String(300))
    price: Mapped[Decimal | None] = mapped_column(MONEY)
    list_price: Mapped[Decimal | None] = mapped_column(MONEY)
    currency: Mapped[str | None] = mapped_column(String(3))
    rating: Mapped[float | None]
    review_count: Mapped[int | None]
    url: Mapped[str | None] = mapped_column(Text)
    breadcrumb: Mapped[list[str]] = mapped_column(default=list)
    availability: Mapped[str | None] = mapped_column(Text)
    delivery_location: Mapped[str | None] = mapped_column(String(300))
    found_in: Mapped[list[str]] = mapped_column(default=list)
    """Every category whose search listed it organically; listed_category is the only one, or null."""
    listed_category: Mapped[str | None] = mapped_column(String(40), index=True)
    split: Mapped[Split | None]
    crawl_run_id: Mapped[int | None] = mapped_column(ForeignKey("crawl_runs.id", ondelete="SET NULL"))
    first_seen_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_seen_at: Mapped[datetime] = mapped_column(default=utc_now)
    category: Mapped[str | None] = mapped_column(String(40))
    confidence: Mapped[float | None]
    likeliest: Mapped[str | None] = mapped_column(String(40))
    """What the network finds likeliest, claimed or not, whatever a review says; None until it has predicted all."""
    margin: Mapped[float | None]
    """How much likelier the likeliest category is than the next, 0 to 1; None as `likeliest` is."""
    contradiction: Mapped[float | None]
    """How much likelier the likeliest category is than the listed one, where that is another; else None."""
    uncertain: Mapped[bool | None] = mapped_column(Boolean)
    label_version_id: Mapped[int | None] = mapped_column(ForeignKey("model_versions.id"))
    classified_at: Mapped[datetime | None]

    images: Mapped[list["ProductImage"]] = relationship(
        order_by="ProductImage.position, ProductImage.id",
        back_populates="product",
        cascade="all, delete-orphan",
    )


class Image(Base):
    """One stored picture, keyed by the SHA-256 of its bytes; several products may show it."""

    __tablename__ = "images"
    __table_args__ = (
        # Keeps the look for expired leases off the pictures that nobody is working on.
        Index("ix_images_leased_until", "leased_until", **where("leased_until IS NOT NULL")),
        # What is pending lies in it beside what the active version has predicted: nobody reads all pictures.
        Index("ix_images_predicted_version_id_id", "predicted_version_id", "id", **where("reason IS NULL")),
        # Likewise for the versions that have a body.
        Index("ix_images_embedded_body_id_id", "embedded_body_id", "id", **where("reason IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    format: Mapped[str] = mapped_column(String(10))
    width: Mapped[int]
    height: Mapped[int]
    byte_size: Mapped[int]
    perceptual_hash: Mapped[str] = mapped_column(String(16))
    colour_signature: Mapped[str] = mapped_column(String(48))
    quality: Mapped[tuple[QualityCode, ...]] = mapped_column(default=(), index=True)
    """What is poor about the picture; it is classified nevertheless."""
    reason: Mapped[Reason | None] = mapped_column(index=True)
    """Why the stored picture cannot be classified; None while it can."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Claims since the last success, committed before decoding: a killed worker leaves a mark."""
    leased_until: Mapped[datetime | None]
    predicted_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("model_versions.id", ondelete="SET NULL")
    )
    """The active version once it has predicted the picture, else an earlier one: where to look for what is
    pending. Recording and relabelling write it; the predictions have the last word."""
    embedded_body_id: Mapped[int | None] = mapped_column(ForeignKey("bodies.id", ondelete="SET NULL"))
    """The body of the active version once it has embedded the picture, else an earlier one, likewise."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    data: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    """The original bytes, where the image store is the database; last, so that scans skip it."""


class ProductImage(Base):
    """One address at which a product shows a picture, and what came of fetching it."""

    __tablename__ = "product_images"
    __table_args__ = (UniqueConstraint("product_id", "url"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"))
    url: Mapped[str] = mapped_column(Text, index=True)
    fallback: Mapped[str | None] = mapped_column(Text)
    """Another address of the picture, kept for a retry while it is not stored."""
    position: Mapped[int]
    image_id: Mapped[int | None] = mapped_column(ForeignKey("images.id"), index=True)
    reason: Mapped[Reason | None] = mapped_column(index=True)
    """Why the picture was not stored; None where it was."""
    checked_at: Mapped[datetime] = mapped_column(default=utc_now)

    product: Mapped[Product] = relationship(back_populates="images")
    image: Mapped[Image | None] = relationship()


class Review(Base):
    """A person's verdict on a product's category; the latest that was not withdrawn counts, all are kept."""

    __tablename__ = "reviews"
    __table_args__ = (UniqueConstraint("batch", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), index=True)
    category: Mapped[str] = mapped_column(String(40))
    reviewer: Mapped[str | None] = mapped_column(String(100))
    batch: Mapped[str | None] = mapped_column(String(64))
    """What verdicts came together by, such as the SHA-256 of their file; a batch that comes again changes nothing."""
    place: Mapped[int] = mapped_column(default=0, server_default="0")
    """Of the verdict in its batch, from 0."""
    why: Mapped[str | None] = mapped_column(String(20))
    """Why the product was asked about, a word of db/queries/review_order.Why; None where nobody was asked."""
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    withdrawn_at: Mapped[datetime | None]


class TrainingRun(Base):
    """One execution of training or learning, from plan to verdict."""

    __tablename__ = "training_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[RunKind] = mapped_column(default=RunKind.TRAINING, server_default=RunKind.TRAINING)
    network: Mapped[str] = mapped_column(String(40))
    config: Mapped[dict[str, Any]]
    seed: Mapped[int]
    dataset_digest: Mapped[str | None] = mapped_column(String(64))
    code_revision: Mapped[str | None] = mapped_column(String(64))
    status: Mapped[RunStatus] = mapped_column(default=RunStatus.PLANNED, index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    """How often a worker has taken the run up; one that kills its worker every time is given up."""
    progress: Mapped[dict[str, Any]] = mapped_column(default=dict)
    history: Mapped[list[Any]] = mapped_column(default=list)
    metrics: Mapped[dict[str, Any]] = mapped_column(default=dict)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Body(Base):
    """A network up to its embedding, which the model versions that learning makes share."""

    __tablename__ = "bodies"

    id: Mapped[int] = mapped_column(primary_key=True)
    network: Mapped[str] = mapped_column(String(40))
    views: Mapped[str] = mapped_column(String(40))
    """Name and version of how the network's views are cut from a picture, such as `box-upper-1`."""
    width: Mapped[int]
    """Values of an embedding, of a byte each; at most 256."""
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    flatbuffer_sha256: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    artefact: Mapped[bytes] = deferred(mapped_column(LargeBinary, nullable=False))
    """The bytes of the `.keras` file, without optimizer state."""
    flatbuffer: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    """The same network for LiteRT; None where TensorFlow has to embed with it."""


class ModelVersion(Base):
    """The artefact of a successful training run, with all that turns its output into a label."""

    __tablename__ = "model_versions"
    __table_args__ = (Index("uq_model_versions_active", "active", unique=True, **where("active")),)

    id: Mapped[int] = mapped_column(primary_key=True)
    training_run_id: Mapped[int] = mapped_column(ForeignKey("training_runs.id"), unique=True)
    network: Mapped[str] = mapped_column(String(40))
    categories: Mapped[list[str]]
    """In the order of the network's outputs."""
    temperature: Mapped[float]
    threshold: Mapped[float]
    in_distribution_threshold: Mapped[float]
    metrics: Mapped[dict[str, Any]]
    body_id: Mapped[int | None] = mapped_column(ForeignKey("bodies.id"), index=True)
    """None: a version without a body, whose network ends at the probabilities."""
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the artefact; that of a version with a body is the body's, likewise the flatbuffer's."""
    flatbuffer_sha256: Mapped[str | None] = mapped_column(String(64))
    active: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    activated_at: Mapped[datetime | None]
    relabelled_up_to: Mapped[int | None]
    """Up to which product the activated version has relabelled; None when it need not go on."""
    head: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    """What turns an embedding into a label (db/heads.py); None without a body."""
    artefact: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    """The bytes of the `.keras` file, without optimizer state; None where the body has them."""
    flatbuffer: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    """The same network for LiteRT, which classifies with it; None where TensorFlow has to, or the body has it."""

    body: Mapped[Body | None] = relationship()


class Prediction(Base):
    """What one model version says of one image."""

    __tablename__ = "predictions"
    __table_args__ = (UniqueConstraint("image_id", "model_version_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"))
    model_version_id: Mapped[int] = mapped_column(
        ForeignKey("model_versions.id", ondelete="CASCADE"), index=True
    )
    probabilities: Mapped[dict[str, Any]]
    """Category to calibrated probability; they sum to one."""
    in_distribution: Mapped[float]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Embedding(Base):
    """What one body makes of one image."""

    __tablename__ = "embeddings"

    body_id: Mapped[int] = mapped_column(ForeignKey("bodies.id", ondelete="CASCADE"), primary_key=True)
    image_id: Mapped[int] = mapped_column(
        ForeignKey("images.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    """As many int8 as the body is wide."""


class LabelChange(Base):
    """What a product's label was before it became another: written where category or uncertain changed."""

    __tablename__ = "label_changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), index=True)
    category: Mapped[str | None] = mapped_column(String(40))
    confidence: Mapped[float | None]
    """None where a review had given the label."""
    uncertain: Mapped[bool] = mapped_column(Boolean)
    label_version_id: Mapped[int | None]
    """The number of a model version, which may be gone: history refers to nothing."""
    classified_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime] = mapped_column(default=utc_now)


class SuspectLabel(Base):
    """A product whose label was probably wrong when the model version was trained."""

    __tablename__ = "suspects"

    model_version_id: Mapped[int] = mapped_column(
        ForeignKey("model_versions.id", ondelete="CASCADE"), primary_key=True
    )
    product_id: Mapped[int] = mapped_column(
        ForeignKey("products.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    category: Mapped[str] = mapped_column(String(40))
    """The label: the review's that counted, else the listed category."""
    reviewed: Mapped[bool] = mapped_column(Boolean)
    probability: Mapped[float]
    """Of that label, by a model that saw neither the product nor its near duplicates."""
    suggestion: Mapped[str] = mapped_column(String(40))
    """The likeliest category; likewise its probability."""
    suggestion_probability: Mapped[float]
    left_out: Mapped[bool] = mapped_column(Boolean)
    """Whether the version was trained without the product, because of its label."""
