"""How a training run tells what it has done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Progress:
    """A training run has done `done` of `total` steps of a stage; `metrics` are those of the last step."""

    stage: str
    done: int
    total: int
    metrics: Mapping[str, Any] = field(default_factory=dict)


Report: TypeAlias = Callable[[Progress], None]
"""Called after each step; if it raises, training stops and the error goes to the caller."""


def no_report(_: Progress) -> None:
    """Tell nobody."""
