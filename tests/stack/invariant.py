"""What must hold of the records once the queues are drained, whatever was killed in between."""

from dataclasses import dataclass

import redis
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from db.messages import CLASSIFY_QUEUE
from db.models import Product
from db.queries.pending import count_pending
from db.repository.labels import refresh_labels
from db.session import Database

LOST = """
SELECT count(*) FROM images JOIN product_images ON product_images.image_id = images.id
JOIN model_versions ON model_versions.active
LEFT JOIN predictions ON predictions.image_id = images.id AND predictions.model_version_id = model_versions.id
LEFT JOIN embeddings ON embeddings.image_id = images.id AND embeddings.body_id = model_versions.body_id
WHERE images.reason IS NULL AND predictions.id IS NULL AND embeddings.image_id IS NULL
"""
"""Images of products that the active version's network has not seen, and without a reason."""

WITHOUT_IMAGE = "SELECT count(*) FROM product_images WHERE image_id IS NULL AND reason IS NULL"

DOUBLE = """
-- Unique constraints forbid all three; a count says that they were there.
SELECT (SELECT count(*) FROM (SELECT 1 FROM predictions GROUP BY image_id, model_version_id HAVING count(*) > 1) p)
     + (SELECT count(*) FROM (SELECT 1 FROM products GROUP BY marketplace, asin HAVING count(*) > 1) d)
     + (SELECT count(*) FROM (SELECT 1 FROM images GROUP BY sha256 HAVING count(*) > 1) i)
"""

UNFINISHED = """
SELECT (SELECT count(*) FROM training_runs WHERE status <> 'finished')
     + (SELECT count(*) FROM crawl_runs WHERE status <> 'finished')
"""

GIVEN_UP = """
SELECT (SELECT count(*) FROM training_runs WHERE error IS NOT NULL)
     + (SELECT count(*) FROM crawl_runs WHERE attempts > 0 AND finish_reason = 'crawler_died')
"""
"""Runs whose every attempt was killed; with so few kills a run, there must be none."""

CLAIMED = "SELECT count(*) FROM images WHERE leased_until IS NOT NULL"


@dataclass(frozen=True)
class Findings:
    """Counts of what must not be there; all are 0 where nothing was lost and nothing doubled."""

    pending: int
    lost: int
    double: int
    claimed: int
    waiting: int
    mislabelled: int
    unfinished: int
    given_up: int

    @property
    def are_none(self) -> bool:
        return not any(vars(self).values())


def examine(database: Database, broker_url: str) -> Findings:
    """Count every breach of the invariant at one moment; changes nothing."""
    with database.read() as session:  # labels are made anew in it, and never committed
        return Findings(
            pending=count_pending(session),
            lost=_number(session, LOST) + _number(session, WITHOUT_IMAGE),
            double=_number(session, DOUBLE),
            claimed=_number(session, CLAIMED),
            waiting=waiting_batches(broker_url),
            mislabelled=count_mislabelled(session),
            unfinished=_number(session, UNFINISHED),
            given_up=_number(session, GIVEN_UP),
        )


def count_mislabelled(session: Session) -> int:
    """Count products whose label is another than their predictions make it, by making it anew."""
    products = session.scalars(select(Product)).all()
    before = {product.id: _label(product) for product in products}
    refresh_labels(session, before)
    session.expire_all()  # labels are written past the objects
    return sum(_label(product) != before[product.id] for product in products)


def _label(product: Product) -> tuple[object, ...]:
    confidence = None if product.confidence is None else round(product.confidence, 9)
    return (product.category, confidence, product.uncertain, product.label_version_id)


def waiting_batches(broker_url: str) -> int:
    """Count the batches in the classifiers' queue; looks at the queue come and go, and are none."""
    with redis.Redis.from_url(broker_url, socket_timeout=5) as client:
        messages = client.lrange(CLASSIFY_QUEUE, 0, -1)
    return sum(b"classify_images" in message for message in messages)


def _number(session: Session, statement: str) -> int:
    return int(session.execute(text(statement)).scalar_one())
