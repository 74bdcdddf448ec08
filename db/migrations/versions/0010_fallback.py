"""The other address of a picture that was refused, for a retry."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("product_images", sa.Column("fallback", sa.Text(), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("product_images", "fallback")
