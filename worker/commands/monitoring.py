"""The commands that look on and change nothing: `python -m worker status` and `python -m worker metrics`."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from db.commands.command_line import terminal
from db.session import open_database

# What they show is imported when they are called, so that the other commands need not wait for it.
# ruff: noqa: PLC0415


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Everything as one JSON object.")] = False,
) -> None:
    """Show queues, workers, what is pending or set aside, and runs on one screen.

    A worker consumes when it was heard of in the last 90 s, or was the last to take up a run whose heart beats.
    What no worker wrote among their entries in the broker is counted and left out. Counts over 10,000 are
    PostgreSQL's estimates. Exit code 1 if the broker or the database does not answer; without a broker, it shows
    what the records say.
    """
    from db.row_formats import as_text
    from worker.fleet.status import read_status, status_screen

    found = read_status(open_database())
    if as_json:
        typer.echo(json.dumps(asdict(found), indent=2, default=as_text))
    else:
        Console().print(status_screen(found))
    if found.problem is not None:
        terminal.print(f"Error: {found.problem}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1)


def metrics(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 lets the system choose.")] = 9100,
    host: Annotated[
        str, typer.Option(help="The address to listen at; others than this machine's see all.")
    ] = "127.0.0.1",
) -> None:
    """Answer Prometheus' scrapes with the state of records, queues, workers and runs until Ctrl-C.

    One such process is enough for a whole stack: everything is read from the records and the broker when it is
    asked for. Scrape every 15 s or slower.

    Example: `python -m worker metrics --port 9100`, then `curl http://127.0.0.1:9100/metrics`
    """
    from worker.fleet.prometheus import serve_metrics

    def ready(listening: int) -> None:
        terminal.print(f"Metrics: http://{host}:{listening}/metrics, until Ctrl-C.", soft_wrap=True)

    serve_metrics(open_database(), host, port, ready)
