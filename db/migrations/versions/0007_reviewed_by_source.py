"""How many verdicts a source has, without reading them all."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_REVIEWED = sa.text("confidence IS NULL AND uncertain IS NOT NULL")


def upgrade() -> None:
    """Apply."""
    op.create_index(
        "ix_products_reviewed_marketplace",
        "products",
        ["marketplace"],
        sqlite_where=_REVIEWED,
        postgresql_where=_REVIEWED,
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_products_reviewed_marketplace", "products")
