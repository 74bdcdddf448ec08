"""Why a label is not claimed, in the view classified_products."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_VIEW = """
        CREATE VIEW classified_products AS
        SELECT
            products.marketplace, products.asin, products.title, products.brand, products.price,
            products.currency, products.rating, products.review_count, products.url,
            products.listed_category, products.category, products.confidence, products.likeliest,
            products.uncertain,{why}
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
_WHY = """
            CASE WHEN products.uncertain THEN
                CASE WHEN products.confidence < (
                    SELECT model_versions.threshold
                    FROM model_versions
                    WHERE model_versions.id = products.label_version_id
                ) THEN 'unsure' ELSE 'unfamiliar' END
            END AS why_uncertain,"""


def upgrade() -> None:
    """Apply."""
    op.execute("DROP VIEW classified_products")
    op.execute(_VIEW.format(why=_WHY))


def downgrade() -> None:
    """Undo."""
    op.execute("DROP VIEW classified_products")
    op.execute(_VIEW.format(why=""))
