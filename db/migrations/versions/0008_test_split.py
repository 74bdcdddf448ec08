"""The products of the test split, found without reading the others."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TEST = sa.text("split = 'test'")


def upgrade() -> None:
    """Add the index."""
    op.create_index(
        "ix_products_test_split", "products", ["id"], unique=False, sqlite_where=_TEST, postgresql_where=_TEST
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_products_test_split", table_name="products", sqlite_where=_TEST, postgresql_where=_TEST)
