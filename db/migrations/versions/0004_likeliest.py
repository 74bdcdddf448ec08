"""What the network finds likeliest of each product, by how much, and how far it contradicts the shop."""

from itertools import groupby
from statistics import fmean
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_VIEW_BEFORE = """
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
_VIEW = _VIEW_BEFORE.replace("products.confidence, ", "products.confidence, products.likeliest, ", 1)

_BY_MODEL = "confidence IS NOT NULL"
_INDEXES: tuple[tuple[str, list[str], str], ...] = (
    ("ix_products_margin_id", ["margin", "id"], _BY_MODEL),
    ("ix_products_marketplace_margin_id", ["marketplace", "margin", "id"], _BY_MODEL),
    (
        "ix_products_contradiction_id",
        ["contradiction", "id"],
        f"contradiction IS NOT NULL AND {_BY_MODEL}",
    ),
)

_LABELLED = sa.text(
    """
    SELECT products.id, products.listed_category, product_images.image_id, predictions.probabilities
    FROM products
    JOIN product_images ON product_images.product_id = products.id
    JOIN predictions ON predictions.image_id = product_images.image_id
        AND predictions.model_version_id = products.label_version_id
    WHERE products.id > :after AND products.id <= :last
    ORDER BY products.id, product_images.image_id
    """
).columns(id=sa.Integer, listed_category=sa.String, image_id=sa.Integer, probabilities=sa.JSON)
_UPDATE = sa.text(
    "UPDATE products SET likeliest = :likeliest, margin = :margin, contradiction = :contradiction WHERE id = :id"
)
_PRODUCTS_AT_ONCE = 1000


def upgrade() -> None:
    """Apply; what the network says of products that it has labelled is in its predictions."""
    op.execute("DROP VIEW classified_products")
    op.add_column("products", sa.Column("likeliest", sa.String(40)))
    op.add_column("products", sa.Column("margin", sa.Double()))
    op.add_column("products", sa.Column("contradiction", sa.Double()))
    connection = op.get_bind()
    last = connection.scalar(sa.text("SELECT max(id) FROM products")) or 0
    for after in range(0, last, _PRODUCTS_AT_ONCE):
        rows = connection.execute(_LABELLED, {"after": after, "last": after + _PRODUCTS_AT_ONCE}).all()
        found = [_words(list(images)) for _, images in groupby(rows, lambda row: row.id)]
        if found:
            connection.execute(_UPDATE, found)
    for name, columns, condition in _INDEXES:
        op.create_index(
            name, "products", columns, sqlite_where=sa.text(condition), postgresql_where=sa.text(condition)
        )
    op.execute(_VIEW)


def downgrade() -> None:
    """Undo."""
    op.execute("DROP VIEW classified_products")
    for name, _, _ in _INDEXES:
        op.drop_index(name, "products")
    # In place: SQLite would take the pictures' rows with a table that it drops.
    for name in ("contradiction", "margin", "likeliest"):
        op.drop_column("products", name)
    op.execute(_VIEW_BEFORE)


def _words(images: list[Any]) -> dict[str, Any]:
    """Give what the network says of one product, from the predictions of its images."""
    shown = {row.image_id: row.probabilities for row in images}.values()
    mean = {name: fmean(image[name] for image in shown) for name in images[0].probabilities}
    likeliest, second = sorted(mean, key=mean.__getitem__, reverse=True)[:2]
    listed = images[0].listed_category
    contradicted = listed in mean and listed != likeliest
    return {
        "id": images[0].id,
        "likeliest": likeliest,
        "margin": mean[likeliest] - mean[second],
        "contradiction": mean[likeliest] - mean[listed] if contradicted else None,
    }
