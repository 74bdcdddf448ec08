"""The settings of a learning run, as its row keeps them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True)
class LearningConfig:
    """What a learning run is to do.

    Attributes:
        categories: names of the classes, in the order of the outputs.
        target_precision: share of claimed labels that shall be right, which sets the threshold.
        most_pictures: above so many labelled pictures, some of the listed ones are drawn.
    """

    categories: tuple[str, ...]
    target_precision: float = 0.95
    most_pictures: int = 20_000

    def as_dict(self) -> dict[str, Any]:
        """Give the settings as JSON values."""
        return asdict(self) | {"categories": list(self.categories)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read what `as_dict` gave."""
        return cls(
            tuple(values["categories"]), float(values["target_precision"]), int(values["most_pictures"])
        )
