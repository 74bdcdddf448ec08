"""Alembic's entry: runs migrations on the connection it is handed, else on the one at DATABASE_URL."""

from alembic import context
from sqlalchemy import Connection

from db.models import Base
from db.session import open_engine
from db.settings import settings
from db.title_words import is_of_models


def run(connection: Connection) -> None:
    """Migrate inside the caller's transaction; SQLite's schema changes are transactional too."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=is_of_models,
        render_as_batch=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with open_engine(settings().database_url).begin() as own:
        run(own)
