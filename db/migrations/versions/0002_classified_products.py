"""The view classified_products: what people and other programs read."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.execute(
        """
        CREATE VIEW classified_products AS
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
    )


def downgrade() -> None:
    """Undo."""
    op.execute("DROP VIEW classified_products")
