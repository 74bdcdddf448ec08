"""What the records hold, counted: the figures of `python -m db stats`."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import literal_column, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.categories import Category
from db.index_conditions import DISAGREES
from db.models import (
    CrawlRun,
    Image,
    ModelVersion,
    Product,
    ProductImage,
    Review,
    RunStatus,
    TrainingRun,
)
from db.pictures.codes import QualityCode
from db.queries.approaches import with_code
from db.queries.counting import Counter
from db.states.image_states import is_pending, is_set_aside, unread_ranges
from db.states.label_evidence import stands
from db.states.version_states import active_version


@dataclass(frozen=True)
class LastRun:
    """The latest crawl run or training run.

    Attributes:
        outcome: a crawl run's finish reason; a training run's error, None where it made a model version.
        failed: whether it is a training run that made none.
    """

    id: int
    status: RunStatus
    started_at: datetime | None
    finished_at: datetime | None
    outcome: str | None
    failed: bool


@dataclass(frozen=True)
class Statistics:
    """Counts of the records; each category of categories.toml is there, also with 0.

    Attributes:
        listed: products by listed category; labelled: by label.
        uncertain: products whose label is uncertain; unclassified: those without any verdict.
        disagreements: products whose label, or review, is another than the listed category.
        images: stored pictures; pending: those that wait for the active version.
        to_relabel: products that the active version has still to relabel.
        quality: stored pictures by quality code; one with several codes counts for each.
        set_aside: stored pictures that cannot be classified, by reason.
        refused: addresses of pictures that were not stored, by reason.
        not_learnt: categories of categories.toml that the active version does not know.
        given_up: categories that the active version gives, and that categories.toml has no more.
        estimated: which of the figures are estimates, such as `products` or `listed: jeans`.
    """

    products: int
    listed: dict[str, int]
    labelled: dict[str, int]
    uncertain: int
    unclassified: int
    reviewed: int
    disagreements: int
    images: int
    pending: int
    to_relabel: int
    quality: dict[str, int]
    set_aside: dict[str, int]
    refused: dict[str, int]
    active_model_version: int | None
    not_learnt: list[str]
    given_up: list[str]
    crawl_runs: int
    last_crawl_run: LastRun | None
    training_runs: int
    last_training_run: LastRun | None
    estimated: list[str]


def gather_statistics(session: Session, categories: tuple[Category, ...]) -> Statistics:
    """Count everything in one session; large counts are PostgreSQL's estimates (db/queries/counting.py)."""
    names = [category.name for category in categories]
    version = active_version(session)
    counter = Counter(session)
    products, images = select(Product.id), select(Image.id)
    return Statistics(
        products=counter.count("products", products),
        listed=counter.by_word("listed", Product.listed_category, names),
        labelled=counter.by_word("labelled", Product.category, names),
        uncertain=counter.count("uncertain", products.where(Product.uncertain == true())),
        unclassified=counter.count("unclassified", products.where(Product.uncertain.is_(None))),
        reviewed=counter.count("reviewed", select(Review.product_id).where(stands()).distinct()),
        disagreements=counter.count_index(
            "disagreements", products.where(literal_column(DISAGREES)), "ix_products_disagreements"
        ),
        images=counter.count("images", images),
        pending=_pending(counter, version),
        to_relabel=_to_relabel(counter, version),
        quality=_by_quality(counter),
        set_aside=counter.by_word("set_aside", Image.reason),
        refused=counter.by_word("refused", ProductImage.reason),
        active_model_version=version.id if version else None,
        not_learnt=[name for name in names if version and name not in version.categories],
        given_up=[name for name in (version.categories if version else []) if name not in names],
        crawl_runs=counter.count("crawl_runs", select(CrawlRun.id)),
        last_crawl_run=_last_run(session, CrawlRun, CrawlRun.finish_reason),
        training_runs=counter.count("training_runs", select(TrainingRun.id)),
        last_training_run=_last_run(session, TrainingRun, TrainingRun.error),
        estimated=counter.estimated,
    )


def _pending(counter: Counter, version: ModelVersion | None) -> int:
    if version is None:
        return 0
    images = select(Image.id)
    return sum(
        counter.count(
            "pending",
            images.where(unread, is_pending(version)),
            like=images.where(unread, ~is_set_aside()),  # how few are not seen is hard to guess
        )
        for unread in unread_ranges(version)
    )


def _to_relabel(counter: Counter, version: ModelVersion | None) -> int:
    if version is None or version.relabelled_up_to is None:
        return 0
    return counter.count("to_relabel", select(Product.id).where(Product.id > version.relabelled_up_to))


def _by_quality(counter: Counter) -> dict[str, int]:
    return {
        str(code): counter.count(f"quality: {code}", select(Image.id).where(with_code(code)))
        for code in QualityCode
    }


def _last_run(
    session: Session, run: type[CrawlRun] | type[TrainingRun], outcome: InstrumentedAttribute[str | None]
) -> LastRun | None:
    row = session.execute(
        select(run.id, run.status, run.started_at, run.finished_at, outcome.label("outcome"))
        .order_by(run.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    return LastRun(*row, failed=run is TrainingRun and row.outcome is not None)
