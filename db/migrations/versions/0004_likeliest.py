"""The likeliest category of each product, also where no label is claimed."""

from statistics import fmean
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_VIEW = """        CREATE VIEW classified_products AS
        SELECT
            products.marketplace, products.asin, products.title, products.brand, products.price,
            products.currency, products.rating, products.review_count, products.url,
            products.listed_category, products.category, products.confidence, products.likeliest,
            products.uncertain,
            CASE WHEN products.confidence IS NULL THEN 'review' ELSE 'model' END AS decided_by,
            products.label_version_id AS model_version,
            (
                SELECT images.sha256
                FROM product_images
                JOIN images ON images.id = product_images.image_id
                WHERE product_images.product_id = products.id
                ORDER BY product_images.position, product_images.id
                LIMIT 1
            ) AS image_sha256,
            products.classified_at, products.last_seen_at
        FROM products
        WHERE products.uncertain IS NOT NULL
        """
_VIEW_BEFORE = """        CREATE VIEW classified_products AS
        SELECT
            products.marketplace, products.asin, products.title, products.brand, products.price,
            products.currency, products.rating, products.review_count, products.url,
            products.listed_category, products.category, products.confidence, products.uncertain,
            CASE WHEN products.confidence IS NULL THEN 'review' ELSE 'model' END AS decided_by,
            products.label_version_id AS model_version,
            (
                SELECT images.sha256
                FROM product_images
                JOIN images ON images.id = product_images.image_id
                WHERE product_images.product_id = products.id
                ORDER BY product_images.position, product_images.id
                LIMIT 1
            ) AS image_sha256,
            products.classified_at, products.last_seen_at
        FROM products
        WHERE products.uncertain IS NOT NULL
        """

_UNSURE = sa.text(
    """
    SELECT product_images.product_id, product_images.image_id, predictions.probabilities
    FROM products
    JOIN product_images ON product_images.product_id = products.id
    JOIN predictions ON predictions.image_id = product_images.image_id
        AND predictions.model_version_id = products.label_version_id
    WHERE products.uncertain
    ORDER BY product_images.product_id
    """
).columns(product_id=sa.Integer, image_id=sa.Integer, probabilities=sa.JSON)


def upgrade() -> None:
    """Apply; what the network finds likeliest of uncertain products is in its predictions."""
    op.execute("DROP VIEW classified_products")
    op.add_column("products", sa.Column("likeliest", sa.String(40)))
    op.execute("UPDATE products SET likeliest = category WHERE confidence IS NOT NULL AND NOT uncertain")
    connection = op.get_bind()
    by_product: dict[int, dict[int, dict[str, Any]]] = {}
    for product_id, image_id, probabilities in connection.execute(_UNSURE):
        by_product.setdefault(product_id, {})[image_id] = probabilities
    update = sa.text("UPDATE products SET likeliest = :likeliest WHERE id = :id")
    for product_id, images in by_product.items():
        connection.execute(update, {"id": product_id, "likeliest": _likeliest(list(images.values()))})
    op.execute(_VIEW)


def downgrade() -> None:
    """Undo."""
    op.execute("DROP VIEW classified_products")
    op.drop_column(
        "products", "likeliest"
    )  # in place: SQLite would take the pictures' rows with a table that it drops
    op.execute(_VIEW_BEFORE)


def _likeliest(images: list[dict[str, Any]]) -> str:
    mean = {name: fmean(image[name] for image in images) for name in images[0]}
    return max(mean, key=mean.__getitem__)
