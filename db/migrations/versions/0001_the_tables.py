"""The tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
MONEY = sa.Numeric(14, 2).with_variant(sa.Float(asdecimal=True, decimal_return_scale=2), "sqlite")
DISAGREES = "listed_category <> coalesce(category, CASE WHEN NOT uncertain THEN 'other' END)"
DOCUMENT = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "crawl_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("marketplace", sa.String(length=100), nullable=False),
        sa.Column("arguments", DOCUMENT, nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("heartbeat_at", MOMENT, nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("finish_reason", sa.String(length=100), nullable=True),
        sa.Column("statistics", DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_crawl_runs"),
    )
    op.create_index("ix_crawl_runs_status", "crawl_runs", ["status"], unique=False)

    op.create_table(
        "training_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("network", sa.String(length=40), nullable=False),
        sa.Column("config", DOCUMENT, nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("dataset_digest", sa.String(length=64), nullable=True),
        sa.Column("code_revision", sa.String(length=64), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("progress", DOCUMENT, nullable=False),
        sa.Column("history", DOCUMENT, nullable=False),
        sa.Column("metrics", DOCUMENT, nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("heartbeat_at", MOMENT, nullable=True),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_training_runs"),
    )
    op.create_index("ix_training_runs_status", "training_runs", ["status"], unique=False)

    op.create_table(
        "model_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("training_run_id", sa.Integer(), nullable=False),
        sa.Column("network", sa.String(length=40), nullable=False),
        sa.Column("categories", DOCUMENT, nullable=False),
        sa.Column("temperature", sa.Double(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("in_distribution_threshold", sa.Double(), nullable=False),
        sa.Column("metrics", DOCUMENT, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("flatbuffer_sha256", sa.String(length=64), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("activated_at", MOMENT, nullable=True),
        sa.Column("artefact", sa.LargeBinary(), nullable=False),
        sa.Column("flatbuffer", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["training_run_id"], ["training_runs.id"], name="fk_model_versions_training_run_id_training_runs"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_model_versions"),
        sa.UniqueConstraint("training_run_id", name="uq_model_versions_training_run_id"),
    )
    op.create_index(
        "uq_model_versions_active",
        "model_versions",
        ["active"],
        unique=True,
        sqlite_where=sa.text("active"),
        postgresql_where=sa.text("active"),
    )

    op.create_table(
        "images",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("format", sa.String(length=10), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("byte_size", sa.Integer(), nullable=False),
        sa.Column("perceptual_hash", sa.String(length=16), nullable=False),
        sa.Column("colour_signature", sa.String(length=48), nullable=False),
        sa.Column("quality", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("leased_until", MOMENT, nullable=True),
        sa.Column("predicted_version_id", sa.Integer(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["predicted_version_id"],
            ["model_versions.id"],
            name="fk_images_predicted_version_id_model_versions",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_images"),
        sa.UniqueConstraint("sha256", name="uq_images_sha256"),
    )
    op.create_index(
        "ix_images_leased_until",
        "images",
        ["leased_until"],
        unique=False,
        sqlite_where=sa.text("leased_until IS NOT NULL"),
        postgresql_where=sa.text("leased_until IS NOT NULL"),
    )
    op.create_index("ix_images_quality", "images", ["quality"], unique=False)
    op.create_index(
        "ix_images_predicted_version_id_id",
        "images",
        ["predicted_version_id", "id"],
        unique=False,
        sqlite_where=sa.text("reason IS NULL"),
        postgresql_where=sa.text("reason IS NULL"),
    )
    op.create_index("ix_images_reason", "images", ["reason"], unique=False)

    op.create_table(
        "predictions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.Column("model_version_id", sa.Integer(), nullable=False),
        sa.Column("probabilities", DOCUMENT, nullable=False),
        sa.Column("in_distribution", sa.Double(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"], ["images.id"], name="fk_predictions_image_id_images", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["model_version_id"],
            ["model_versions.id"],
            name="fk_predictions_model_version_id_model_versions",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_predictions"),
        sa.UniqueConstraint("image_id", "model_version_id", name="uq_predictions_image_id_model_version_id"),
    )
    op.create_index("ix_predictions_model_version_id", "predictions", ["model_version_id"], unique=False)
    _make_deleted_predictions_pending()

    op.create_table(
        "products",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("marketplace", sa.String(length=100), nullable=False),
        sa.Column("asin", sa.String(length=400), nullable=False),
        sa.Column("parent_asin", sa.String(length=20), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("brand", sa.String(length=300), nullable=True),
        sa.Column("price", MONEY, nullable=True),
        sa.Column("list_price", MONEY, nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("rating", sa.Double(), nullable=True),
        sa.Column("review_count", sa.Integer(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("breadcrumb", DOCUMENT, nullable=False),
        sa.Column("availability", sa.Text(), nullable=True),
        sa.Column("delivery_location", sa.String(length=300), nullable=True),
        sa.Column("found_in", DOCUMENT, nullable=False),
        sa.Column("listed_category", sa.String(length=40), nullable=True),
        sa.Column("split", sa.String(length=40), nullable=True),
        sa.Column("crawl_run_id", sa.Integer(), nullable=True),
        sa.Column("first_seen_at", MOMENT, nullable=False),
        sa.Column("last_seen_at", MOMENT, nullable=False),
        sa.Column("category", sa.String(length=40), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("uncertain", sa.Boolean(), nullable=True),
        sa.Column("label_version_id", sa.Integer(), nullable=True),
        sa.Column("classified_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["crawl_run_id"],
            ["crawl_runs.id"],
            name="fk_products_crawl_run_id_crawl_runs",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["label_version_id"], ["model_versions.id"], name="fk_products_label_version_id_model_versions"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_products"),
        sa.UniqueConstraint("marketplace", "asin", name="uq_products_marketplace_asin"),
    )
    op.create_index(
        "ix_products_category_id_confidence", "products", ["category", "id", "confidence"], unique=False
    )
    op.create_index("ix_products_uncertain_id", "products", ["uncertain", "id"], unique=False)
    op.create_index("ix_products_brand_id", "products", ["brand", "id"], unique=False)
    op.create_index("ix_products_marketplace_id", "products", ["marketplace", "id"], unique=False)
    op.create_index("ix_products_confidence", "products", ["confidence"], unique=False)
    op.create_index(
        "ix_products_category_brand_confidence",
        "products",
        ["category", "brand", "confidence"],
        unique=False,
        sqlite_where=sa.text("uncertain IS NOT NULL"),
        postgresql_where=sa.text("uncertain IS NOT NULL"),
    )
    op.create_index("ix_products_listed_category", "products", ["listed_category"], unique=False)
    op.create_index(
        "ix_products_disagreements",
        "products",
        ["id"],
        unique=False,
        sqlite_where=sa.text(DISAGREES),
        postgresql_where=sa.text(DISAGREES),
    )

    op.create_table(
        "product_images",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("checked_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_product_images_image_id_images"),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name="fk_product_images_product_id_products", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_product_images"),
        sa.UniqueConstraint("product_id", "url", name="uq_product_images_product_id_url"),
    )
    op.create_index("ix_product_images_image_id", "product_images", ["image_id"], unique=False)
    op.create_index("ix_product_images_reason", "product_images", ["reason"], unique=False)
    op.create_index("ix_product_images_url", "product_images", ["url"], unique=False)

    op.create_table(
        "reviews",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name="fk_reviews_product_id_products", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_reviews"),
    )
    op.create_index("ix_reviews_product_id", "reviews", ["product_id"], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_table("reviews")

    op.drop_table("product_images")

    op.drop_table("products")

    op.drop_table("predictions")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION forget_prediction()")

    op.drop_table("images")

    op.drop_table("model_versions")

    op.drop_table("training_runs")

    op.drop_table("crawl_runs")


def _make_deleted_predictions_pending() -> None:
    """Keep images.predicted_version_id true also for those who delete predictions by SQL."""
    forget = (
        "UPDATE images SET predicted_version_id = NULL "
        "WHERE id = OLD.image_id AND predicted_version_id = OLD.model_version_id;"
    )
    trigger = "CREATE TRIGGER forget_prediction AFTER DELETE ON predictions FOR EACH ROW"
    if op.get_bind().dialect.name == "postgresql":
        body = f"BEGIN {forget} RETURN NULL; END"
        op.execute(f"CREATE FUNCTION forget_prediction() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
        op.execute(f"{trigger} EXECUTE FUNCTION forget_prediction()")
    else:
        op.execute(f"{trigger} BEGIN {forget} END")
