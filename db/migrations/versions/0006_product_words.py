"""Words of titles, kept by the database: a tsvector in PostgreSQL, FTS5 in SQLite."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# What stands between words: PostgreSQL takes "cotton/silk" for a file and "-501" for a number, and, where the
# database has no locale, every other character for a letter.
_BETWEEN = (
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\u00a0\u00ab\u00ad\u00ae\u00b7\u00bb\u00d7\u060c\u0964\u200b\u200c\u200d\u200e"
    "\u200f\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u2026\u2122\u3001\u3002\ufeff\uff08\uff09\uff0c\uff0f"
)
_LONGEST = 2000

_ON_POSTGRESQL = (
    (
        "CREATE TABLE product_words (product_id INTEGER PRIMARY KEY REFERENCES products (id) ON DELETE CASCADE, "
        "words TSVECTOR NOT NULL)"
    ),
    # A table of its own: a column of products would be indexed anew with every label that is written.
    f"""
CREATE FUNCTION words_of_title(title TEXT) RETURNS TSVECTOR LANGUAGE SQL IMMUTABLE PARALLEL SAFE AS $$
  SELECT to_tsvector('simple'::regconfig, translate(left(coalesce(title, ''), {_LONGEST}), {{between}}, {{spaces}}))
$$""",
    """
CREATE FUNCTION keep_product_words() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO product_words VALUES (NEW.id, words_of_title(NEW.title))
  ON CONFLICT (product_id) DO UPDATE SET words = excluded.words;
  RETURN NULL;
END
$$""",
    "INSERT INTO product_words SELECT id, words_of_title(title) FROM products WHERE title IS NOT NULL",
    "CREATE INDEX ix_product_words_words ON product_words USING gin (words)",
    (
        "CREATE TRIGGER keep_new_words AFTER INSERT ON products FOR EACH ROW WHEN (NEW.title IS NOT NULL) "
        "EXECUTE FUNCTION keep_product_words()"
    ),
    (
        "CREATE TRIGGER keep_other_words AFTER UPDATE OF title ON products FOR EACH ROW "
        "WHEN (OLD.title IS DISTINCT FROM NEW.title) EXECUTE FUNCTION keep_product_words()"
    ),
)

_ON_SQLITE = (
    (
        "CREATE VIRTUAL TABLE product_words USING fts5(title, content='products', content_rowid='id', "
        "tokenize=\"unicode61 remove_diacritics 0 categories 'L* N* M*'\")"
    ),
    "INSERT INTO product_words (product_words) VALUES ('rebuild')",
    (
        "CREATE TRIGGER keep_new_words AFTER INSERT ON products BEGIN "
        "INSERT INTO product_words (rowid, title) VALUES (new.id, new.title); END"
    ),
    (
        "CREATE TRIGGER keep_other_words AFTER UPDATE OF title ON products WHEN old.title IS NOT new.title BEGIN "
        "INSERT INTO product_words (product_words, rowid, title) VALUES ('delete', old.id, old.title); "
        "INSERT INTO product_words (rowid, title) VALUES (new.id, new.title); END"
    ),
    (
        "CREATE TRIGGER forget_words AFTER DELETE ON products BEGIN "
        "INSERT INTO product_words (product_words, rowid, title) VALUES ('delete', old.id, old.title); END"
    ),
)


def upgrade() -> None:
    """Apply: the titles that are there are read once, some seconds for each hundred thousand."""
    for statement in _ON_POSTGRESQL if _on_postgresql() else _ON_SQLITE:
        _execute(
            statement.replace("{between}", _quoted(_BETWEEN)).replace(
                "{spaces}", _quoted(" " * len(_BETWEEN))
            )
        )


def downgrade() -> None:
    """Undo; nothing is lost."""
    if _on_postgresql():
        for name in ("keep_new_words", "keep_other_words"):
            _execute(f"DROP TRIGGER {name} ON products")
    else:
        for name in ("keep_new_words", "keep_other_words", "forget_words"):
            _execute(f"DROP TRIGGER {name}")
    _execute("DROP TABLE product_words")
    if _on_postgresql():
        _execute("DROP FUNCTION keep_product_words()")
        _execute("DROP FUNCTION words_of_title(TEXT)")


def _execute(statement: str) -> None:
    op.get_bind().exec_driver_sql(statement.replace("%", "%%") if _on_postgresql() else statement)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
