"""Bring the tables to this code's form: `python -m db upgrade`."""

from db.commands.command_line import terminal

# `--help` is to answer at once, so that a command imports what it needs itself: SQLAlchemy and Pillow are large.
# ruff: noqa: PLC0415


def upgrade() -> None:
    """Bring the database at DATABASE_URL to this code's schema.

    A new SQLite file needs no upgrade; PostgreSQL does, before its first use. Upgrading twice does no harm.

    Example: DATABASE_URL=postgresql://vastra@localhost/vastra python -m db upgrade
    """
    from db.migration import current_revision
    from db.migration import upgrade as upgrade_schema
    from db.session import Database
    from db.settings import settings

    engine = Database(settings().database_url).engine
    before = current_revision(engine)
    upgrade_schema(engine)
    terminal.print(f"The schema was {before or 'empty'} and is now {current_revision(engine)}.")
