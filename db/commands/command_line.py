"""What every command line of the project shares: results to standard output, all else to standard error."""

import io
import logging
import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from db.errors import RecordsError
from db.logs import set_up_logs
from db.settings import version

terminal = Console(stderr=True, highlight=False)
"""Standard error, for people: progress, warnings, what to do next."""


def printable(text: str | None) -> str:
    """Keep a shop's text, or a file's name, from steering the terminal: what is no letter or sign is a space."""
    return "".join(character if character.isprintable() else " " for character in text or "")


def teach_version(app: typer.Typer) -> None:
    """Have a command line answer `--version`, before its commands."""

    @app.callback()
    def options(
        *,
        asked: Annotated[
            bool,
            typer.Option("--version", is_eager=True, callback=_tell_version, help="Show Vastra's version."),
        ] = False,
    ) -> None: ...


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(f"Vastra {version()}")
        raise typer.Exit


def run(app: typer.Typer, *errors: type[Exception]) -> None:
    """Run a command line; a named error becomes one line that says what to do, and exit code 1.

    Args:
        app: the commands.
        errors: bases of the errors that a package raises on purpose, beside those of the records.
    """
    named: tuple[type[Exception], ...] = (RecordsError, *errors)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a shop's text may hold what a terminal's encoding has not
            stream.reconfigure(errors="backslashreplace")
    try:
        set_up_logs()
        logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells its own story at every start
        app()
    except SystemExit:
        raise
    except named as error:
        _end(str(error))
    except _database_error() as error:
        reason = " ".join(str(getattr(error, "orig", error)).split())
        _end(f"the database refused: {reason}; check DATABASE_URL and that the database is up")
    except BrokenPipeError:
        # The reader has seen enough; Python would complain when it flushes standard output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _database_error() -> type[Exception]:
    # Asked for only after a failure: SQLAlchemy takes half a second to load, and `--help` does without it.
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415

    return DBAPIError


def _end(message: str) -> None:
    terminal.print(f"Error: {message}", style="red", markup=False, soft_wrap=True)
    sys.exit(1)
