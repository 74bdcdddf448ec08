"""Reviews: who gave them, in which batch they came, and when they were taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("reviews") as table:
        table.add_column(sa.Column("reviewer", sa.String(100)))
        table.add_column(sa.Column("batch", sa.String(64)))
        table.add_column(sa.Column("place", sa.Integer(), server_default="0", nullable=False))
        table.add_column(sa.Column("withdrawn_at", sa.DateTime(timezone=True)))
        table.create_unique_constraint("uq_reviews_batch_place", ["batch", "place"])


def downgrade() -> None:
    """Undo; a verdict that was taken back would count again, and goes."""
    op.execute("DELETE FROM reviews WHERE withdrawn_at IS NOT NULL")
    with op.batch_alter_table("reviews") as table:
        table.drop_constraint("uq_reviews_batch_place", type_="unique")
        for name in ("withdrawn_at", "place", "batch", "reviewer"):
            table.drop_column(name)
