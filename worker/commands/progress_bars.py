"""Progress bars on standard error for long work in this process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column

from db.commands.command_line import terminal
from worker.cnn.progress import Progress as TrainingProgress
from worker.cnn.progress import Report

_SHOWN_FIGURES: Final = ("loss", "validation_accuracy")


@contextmanager
def bar(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar; the block gets a function to call with how many more are done."""
    with _progress() as progress:
        task = progress.add_task(description, total=total)
        yield lambda count: progress.update(task, advance=count)


@contextmanager
def crawl_bar(slices: int) -> Iterator[Callable[[int, int], None]]:
    """Show a bar of slices; the block gets a function to call with how many are done, and the products so far."""
    with _progress(TextColumn("{task.fields[products]} products")) as progress:
        task = progress.add_task("crawling", total=slices, products=0)
        yield lambda done, products: progress.update(task, completed=done, products=products)


@contextmanager
def training_bar() -> Iterator[Report]:
    """Show a bar for each stage of a training run; the block gets the report to pass to it."""
    with _progress(TextColumn("{task.fields[figures]}", table_column=Column(no_wrap=True))) as progress:
        stages: dict[str, TaskID] = {}

        def report(step: TrainingProgress) -> None:
            if step.stage not in stages:
                stages[step.stage] = progress.add_task(step.stage, total=step.total, figures="")
            figures = " ".join(
                f"{name} {value:.3f}" for name, value in step.metrics.items() if name in _SHOWN_FIGURES
            )
            progress.update(
                stages[step.stage],
                completed=step.done,
                total=step.total,
                figures=figures,
            )

        yield report


def _progress(*more: ProgressColumn) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(12), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, *more, console=terminal)
