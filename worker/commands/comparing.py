"""See what another model version would do better or otherwise: `python -m worker compare`."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Column, Table

from db.commands.command_line import terminal
from db.commands.fitted_table import show_rows
from db.session import open_database

if TYPE_CHECKING:
    from worker.cnn.figures.intervals import Interval
    from worker.evaluating.recorded_answers import RecordedAnswers
    from worker.evaluating.version_comparison import VersionComparison

# What takes long to load is imported when it is needed, so that the other commands need not wait for it.
# ruff: noqa: PLC0415

SECONDS: Final = 30.0
"""For which it is looked what would change; there may be millions of products."""


def compare(
    first: Annotated[int, typer.Argument(metavar="A", help="A model version, as `models` lists it.")],
    second: Annotated[int, typer.Argument(metavar="B", help="The one that would replace it.")],
    limit: Annotated[int, typer.Option(min=0, help="Changed labels shown, at most.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Everything as one JSON object.")] = False,
) -> None:
    """Compare two model versions: right and wrong on the same test products, and the labels that would change.

    No network runs: both are asked by what their bodies have seen. Whether a difference may be chance, McNemar's
    exact test says; the gate lets B replace A unless it is worse, and that is no chance.

    Example: `python -m worker compare 3 4`
    """
    from db.datasets.foreseen_labels import foresee_labels
    from db.queries.products import keys_of
    from worker.classifying.loaded_versions import require_version
    from worker.evaluating.recorded_answers import recorded_answers
    from worker.evaluating.version_comparison import compare_versions

    with open_database().read() as session:
        versions = require_version(session, first), require_version(session, second)
        answers = recorded_answers(session, versions[0]), recorded_answers(session, versions[1])
        foresight = foresee_labels(session, versions, 0, limit, SECONDS)
        keys = keys_of(session, [change.product_id for change in foresight.changes])
    compared = compare_versions(*answers)
    changes = [
        {"marketplace": keys[each.product_id][0], "asin": keys[each.product_id][1], "before": each.before,
         "after": each.after, "likeliest": each.likeliest, "confidence": each.confidence}
        for each in foresight.changes if each.product_id in keys
    ]  # fmt: skip
    if as_json:
        told = {"versions": [first, second], "comparison": asdict(compared), "changes": changes}
        typer.echo(json.dumps(told | {"looked_at": foresight.looked_at}, indent=2))
        return
    Console().print(_figures(first, second, answers))
    terminal.print(_verdict(first, second, compared), soft_wrap=True)
    show_rows(_row(change) for change in changes)
    terminal.print(_looked(len(changes), foresight.looked_at, second), soft_wrap=True)


def _figures(first: int, second: int, answers: "tuple[RecordedAnswers, RecordedAnswers]") -> Table:
    """Show both versions' figures on the test pictures of today, with 95 % intervals."""
    table = Table("figure", *(Column(f"version {number}", justify="right") for number in (first, second)))
    told = [each.figures() for each in answers]
    for name in ("accuracy", "macro_f1", "coverage", "claimed_accuracy"):
        cells = []
        for found in told:
            value = None if found is None else getattr(found[0], name)
            interval = None if found is None else getattr(found[1], name)
            cells.append("" if value is None else f"{value:.3f}" + _interval(interval))
        table.add_row(name.replace("_", " "), *cells)
    return table


def _interval(interval: "Interval | None") -> str:
    return "" if interval is None else f" ({interval.low:.3f} to {interval.high:.3f})"


def _verdict(first: int, second: int, compared: "VersionComparison") -> str:
    if not compared.products:
        return "No test product has been seen by both: `python -m worker classify` shows them the pictures."
    gate = "lets it replace" if compared.is_no_worse else "does not let it replace"
    return (
        f"Of {compared.products} test products both have {compared.both} right and {compared.neither} wrong; version "
        f"{second} alone {compared.only_second}, version {first} alone {compared.only_first} (p = "
        f"{compared.p_value:.3f}). The gate {gate} version {first}."
    )


def _row(change: dict[str, Any]) -> dict[str, str | None]:
    labels = {name: change[name] or "uncertain" for name in ("before", "after")}
    return change | labels | {"confidence": f"{change['confidence']:.3f}"}


def _looked(shown: int, looked_at: int, second: int) -> str:
    return (
        f"{shown} labels that version {second} would change are shown, of {looked_at} products that were looked at. "
        f"Next: `python -m worker activate {second}`."
    )
