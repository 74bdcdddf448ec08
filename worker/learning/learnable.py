"""Which categories can be learnt: those that the active version knows, and new ones with verdicts enough."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

FEWEST_REVIEWED: Final = 10
"""Products reviewed as a new category from which it is learnt."""


@dataclass(frozen=True)
class Learnable:
    """Categories to learn.

    Attributes:
        categories: their names, in the order of categories.toml.
        missing: by the name of a category that is too new, how many verdicts it still needs.
    """

    categories: tuple[str, ...]
    missing: Mapping[str, int]

    @property
    def wanted(self) -> str:
        """What is missing, in words; empty where nothing is."""
        return ", ".join(f"{count} more verdicts for {name}" for name, count in self.missing.items())


def find_learnable(wanted: Sequence[str], known: Iterable[str], verdicts: Mapping[str, int]) -> Learnable:
    """Find which of the wanted categories can be learnt.

    Args:
        wanted: all of categories.toml.
        known: those of the active version; one that is wanted no more is dropped.
        verdicts: products reviewed as each category.
    """
    missing = {name: FEWEST_REVIEWED - verdicts.get(name, 0) for name in wanted if name not in set(known)}
    missing = {name: count for name, count in missing.items() if count > 0}
    return Learnable(tuple(name for name in wanted if name not in missing), missing)
