"""Records of any size, made by SQL alone: a shop's products with pictures, labels and predictions.

The shares are those of real crawls, roughly: nine in ten products are classified, one in ten of those is
uncertain, one in fifty is listed in another category, one picture in thirty is blurred, one in a thousand
cannot be classified, and half a per mille is pending. Bytes of pictures are not made: they lie elsewhere.
"""

from string import Template
from typing import Any, Final

from db.crawls import DEFAULT_MARKETPLACE, FinishReason
from db.models import CrawlRun, RunStatus
from db.repository.model_versions import record_model_version
from db.repository.runs import finish_training_run, plan_training_run
from db.session import Database

PENDING: Final = 500
"""Images that the active version has not predicted."""

CRAWL_RUNS: Final = 1000

_VERSION: Final[dict[str, Any]] = {
    "network": "efficientnet_lite0",
    "categories": ["saree", "jeans", "trousers"],
    "temperature": 1.0,
    "threshold": 0.6,
    "in_distribution_threshold": 0.0,
    "metrics": {},
    "sha256": "0" * 64,
    "artefact": b"",
}

# 0 to 9999: multiplying by a large odd number scatters consecutive ids evenly.
_SCATTERED: Final = "mod(id::bigint * 2654435761, 10000)"

_IMAGES: Final = """
INSERT INTO images (id, sha256, format, width, height, byte_size, perceptual_hash, colour_signature, quality,
    reason, attempts, predicted_version_id, created_at)
SELECT id, encode(sha256(id::text::bytea), 'hex'), 'JPEG', 800, 1000, 60000, left(md5(id::text), 16),
    left(md5(id::text) || md5(id::text), 48),
    CASE WHEN shown < 300 THEN 'blurred' WHEN shown < 350 THEN 'dark' WHEN shown < 352 THEN 'blurred dark'
         WHEN shown = 352 THEN 'tiny' ELSE '' END,
    CASE WHEN shown > 9990 THEN 'corrupt' END, 0, CASE WHEN id <= $images - $pending THEN 2 END, now()
FROM (SELECT id, $scattered AS shown FROM generate_series(1, $images) id) AS numbers
"""

_PREDICTIONS: Final = """
INSERT INTO predictions (image_id, model_version_id, probabilities, in_distribution, created_at)
SELECT id, 2, '{"saree": 0.9, "jeans": 0.06, "trousers": 0.04}', 0.8, now()
FROM images WHERE predicted_version_id = 2 AND reason IS NULL ORDER BY id
"""

_PRODUCTS: Final = """
INSERT INTO products (id, marketplace, asin, title, brand, price, currency, rating, review_count, url,
    breadcrumb, found_in, listed_category, crawl_run_id, first_seen_at, last_seen_at, category, confidence,
    uncertain, label_version_id, classified_at)
SELECT id, CASE WHEN kind = 0 THEN 'amazon.de' ELSE 'amazon.in' END, 'B0' || lpad(to_hex(id), 8, '0'),
    'A title of about sixty characters, as shops write them, ' || id, 'Brand ' || (kind * kind / 2000000),
    499, 'INR', 4.1, 1200, 'https://shop.test/dp/B0' || lpad(to_hex(id), 8, '0'),
    '["Clothing", "Women"]', jsonb_build_array(listed), listed, 1 + mod(id, $runs), now(), now(),
    CASE WHEN kind >= 1900 THEN CASE WHEN kind < 2100 THEN 'trousers' ELSE listed END END,
    CASE WHEN kind >= 1000 THEN 1 - mod(kind, 997) / 2000.0 END,
    CASE WHEN kind >= 1000 THEN kind < 1900 END, CASE WHEN kind >= 1000 THEN 2 END,
    CASE WHEN kind >= 1000 THEN now() END
FROM (SELECT id, $scattered AS kind, (ARRAY['saree', 'jeans', 'trousers'])[1 + mod(id, 3)] AS listed
      FROM generate_series(1, $products) id) AS numbers
"""

_LINKS: Final = """
INSERT INTO product_images (product_id, url, position, image_id, reason, checked_at)
SELECT 1 + mod(id - 1, $products), 'https://shop.test/pictures/' || id || '.jpg', (id - 1) / $products,
    CASE WHEN $scattered > 20 THEN id END, CASE WHEN $scattered <= 20 THEN 'not_found' END, now()
FROM generate_series(1, $images) id
"""

_WORDS: Final = """
INSERT INTO product_words SELECT id, words_of_title(title) FROM products ORDER BY id
"""

_REVIEWS: Final = """
INSERT INTO reviews (product_id, category, created_at)
SELECT id, 'trousers', now() FROM generate_series(1, $products, 1000) id;
"""


def generate(database: Database, products: int) -> None:
    """Fill migrated, empty records in PostgreSQL: 1.2 pictures a product, a review in a thousand; then analyse."""
    with database.write() as session:
        runs = [
            CrawlRun(
                marketplace=DEFAULT_MARKETPLACE,
                arguments={},
                status=RunStatus.FINISHED,
                finish_reason=FinishReason.FINISHED,
            )
            for _ in range(CRAWL_RUNS)
        ]
        session.add_all(runs)
        for active in (False, True):
            run_id = plan_training_run(session, "efficientnet_lite0", {}, seed=0)
            finish_training_run(session, run_id)
            record_model_version(session, run_id, _VERSION | {"active": active})
    numbers = {"products": products, "images": products * 6 // 5, "pending": PENDING, "runs": CRAWL_RUNS}
    with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        # The foreign keys are right: checking them would take as long again.
        connection.exec_driver_sql("SET session_replication_role = replica")
        for statement in (_IMAGES, _PREDICTIONS, _PRODUCTS, _WORDS, _LINKS, _REVIEWS):
            connection.exec_driver_sql(Template(statement).substitute(numbers, scattered=_SCATTERED))
        for table in ("images", "products"):
            connection.exec_driver_sql(f"SELECT setval('{table}_id_seq', max(id)) FROM {table}")  # noqa: S608
        connection.exec_driver_sql("SET session_replication_role = DEFAULT")
        connection.exec_driver_sql("VACUUM ANALYZE")
