"""Bodies and heads: embeddings, what labels were, suspects, and why a product was asked about."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
_NOT_ASIDE = "reason IS NULL"
_TRAINED_ON = "split IS NOT NULL AND listed_category IS NOT NULL"


def upgrade() -> None:
    """Apply; the versions that are there have no body."""
    _create_bodies()
    _create_label_tables()
    # In place, as SQLite would take the predictions' rows with a table that it drops. It keeps the comment, and
    # SQLAlchemy, which knows the action of a table's foreign keys only, finds this one's in it.
    action = "REFERENCES bodies (id) ON DELETE SET NULL"
    name = "CONSTRAINT fk_images_embedded_body_id_bodies"
    op.execute(
        f"ALTER TABLE images ADD COLUMN embedded_body_id INTEGER {name} {action} "
        f"/* {name} FOREIGN KEY (embedded_body_id) {action} */"
    )
    op.create_index(
        "ix_images_embedded_body_id_id",
        "images",
        ["embedded_body_id", "id"],
        sqlite_where=sa.text(_NOT_ASIDE),
        postgresql_where=sa.text(_NOT_ASIDE),
    )
    op.execute(
        "ALTER TABLE model_versions ADD COLUMN body_id INTEGER "
        "CONSTRAINT fk_model_versions_body_id_bodies REFERENCES bodies (id)"
    )
    op.create_index("ix_model_versions_body_id", "model_versions", ["body_id"])
    op.add_column("model_versions", sa.Column("relabelled_up_to", sa.Integer()))
    op.add_column("model_versions", sa.Column("head", sa.LargeBinary()))
    _change_artefact(sa.Column("changed_artefact", sa.LargeBinary()))
    op.add_column(
        "training_runs", sa.Column("kind", sa.String(40), server_default="training", nullable=False)
    )
    op.add_column("reviews", sa.Column("why", sa.String(20)))
    op.create_index(
        "ix_products_trained_marketplace",
        "products",
        ["marketplace"],
        sqlite_where=sa.text(_TRAINED_ON),
        postgresql_where=sa.text(_TRAINED_ON),
    )
    _make_deleted_embeddings_pending()


def downgrade() -> None:
    """Undo; versions with a body go, and products that they have labelled wait for another version."""
    with_body = "(SELECT id FROM model_versions WHERE body_id IS NOT NULL)"
    op.execute(
        "UPDATE products SET category = NULL, confidence = NULL, uncertain = NULL, label_version_id = NULL, "  # noqa: S608 - fixed words
        "likeliest = NULL, margin = NULL, contradiction = NULL, classified_at = NULL "
        f"WHERE label_version_id IN {with_body}"
    )
    op.execute("DROP TRIGGER forget_embedding" + _of_embeddings())
    if _on_postgresql():
        op.execute("DROP FUNCTION forget_embedding()")
    op.drop_index("ix_products_trained_marketplace", "products")
    op.drop_table("suspects")
    op.execute("DELETE FROM model_versions WHERE body_id IS NOT NULL")
    op.execute("DELETE FROM training_runs WHERE kind = 'learning'")
    op.drop_column("reviews", "why")
    op.drop_column("training_runs", "kind")
    _change_artefact(sa.Column("changed_artefact", sa.LargeBinary(), server_default="", nullable=False))
    op.drop_index("ix_model_versions_body_id", "model_versions")
    for name in ("head", "relabelled_up_to", "body_id"):
        op.drop_column("model_versions", name)
    op.drop_index("ix_images_embedded_body_id_id", "images")
    op.drop_column("images", "embedded_body_id")
    for table in ("label_changes", "embeddings", "bodies"):
        op.drop_table(table)


def _create_bodies() -> None:
    op.create_table(
        "bodies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("network", sa.String(40), nullable=False),
        sa.Column("views", sa.String(40), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("flatbuffer_sha256", sa.String(64)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("artefact", sa.LargeBinary(), nullable=False),
        sa.Column("flatbuffer", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name="pk_bodies"),
        sa.UniqueConstraint("sha256", name="uq_bodies_sha256"),
    )
    op.create_table(
        "embeddings",
        sa.Column("body_id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["body_id"], ["bodies.id"], name="fk_embeddings_body_id_bodies", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["image_id"], ["images.id"], name="fk_embeddings_image_id_images", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("body_id", "image_id", name="pk_embeddings"),
    )
    op.create_index("ix_embeddings_image_id", "embeddings", ["image_id"])


def _create_label_tables() -> None:
    op.create_table(
        "label_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(40)),
        sa.Column("confidence", sa.Double()),
        sa.Column("uncertain", sa.Boolean(), nullable=False),
        sa.Column("label_version_id", sa.Integer()),
        sa.Column("classified_at", MOMENT),
        sa.Column("replaced_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name="fk_label_changes_product_id_products", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_label_changes"),
    )
    op.create_index("ix_label_changes_product_id", "label_changes", ["product_id"])
    op.create_table(
        "suspects",
        sa.Column("model_version_id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(40), nullable=False),
        sa.Column("reviewed", sa.Boolean(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("suggestion", sa.String(40), nullable=False),
        sa.Column("suggestion_probability", sa.Double(), nullable=False),
        sa.Column("left_out", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_version_id"],
            ["model_versions.id"],
            name="fk_suspects_model_version_id_model_versions",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name="fk_suspects_product_id_products", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("model_version_id", "product_id", name="pk_suspects"),
    )
    op.create_index("ix_suspects_product_id", "suspects", ["product_id"])


def _change_artefact(changed: sa.Column[bytes]) -> None:
    """Have the artefact nullable or not: SQLite cannot say so of a column, but can put another in its place."""
    if _on_postgresql():
        op.alter_column("model_versions", "artefact", nullable=changed.nullable)
        return
    op.add_column("model_versions", changed)
    op.execute("UPDATE model_versions SET changed_artefact = artefact")
    op.drop_column("model_versions", "artefact")
    op.execute("ALTER TABLE model_versions RENAME COLUMN changed_artefact TO artefact")


def _make_deleted_embeddings_pending() -> None:
    """Keep images.embedded_body_id true also for those who delete embeddings by SQL."""
    forget = (
        "UPDATE images SET embedded_body_id = NULL "
        "WHERE id = OLD.image_id AND embedded_body_id = OLD.body_id;"
    )
    trigger = "CREATE TRIGGER forget_embedding AFTER DELETE ON embeddings FOR EACH ROW"
    if _on_postgresql():
        body = f"BEGIN {forget} RETURN NULL; END"
        op.execute(f"CREATE FUNCTION forget_embedding() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
        op.execute(f"{trigger} EXECUTE FUNCTION forget_embedding()")
    else:
        op.execute(f"{trigger} BEGIN {forget} END")


def _of_embeddings() -> str:
    return " ON embeddings" if _on_postgresql() else ""


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
