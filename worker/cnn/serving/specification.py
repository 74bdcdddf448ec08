"""What must be known beside an artefact to classify with it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from db.heads import Head
from worker.cnn.arrays import Floats
from worker.cnn.config import VIEWS, InputShape, NetworkName, input_shape
from worker.cnn.errors import ConfigError


@dataclass(frozen=True)
class ClassifierSpecification:
    """A model version's facts; `as_dict` gives them as JSON values.

    Attributes:
        sha256: of the artefact's bytes.
        network: which network it is.
        categories: names of the classes, in the order of the outputs.
        temperature: by which logits are divided to make confidences honest.
        threshold: the confidence under which a label is uncertain.
        in_distribution_threshold: the in-distribution score under which a label is uncertain.
        flatbuffer_sha256: of the bytes of the flatbuffer made from the artefact; None without one.
        views: how the views of its body are cut, as VIEWS in worker/cnn/config.py names it; None without a body.
    """

    sha256: str
    network: NetworkName
    categories: tuple[str, ...]
    temperature: float
    threshold: float
    in_distribution_threshold: float
    flatbuffer_sha256: str | None = None
    views: str | None = None

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise ConfigError(f"the temperature must be above 0, got {self.temperature}")

    @property
    def input_shape(self) -> InputShape:
        """What pictures are fitted to; raises ConfigError where this release cuts other views."""
        return input_shape(self.network, self.views)

    def are_uncertain(self, confidence: Floats, in_distribution: Floats) -> NDArray[np.bool_]:
        """Tell for which pictures no label is claimed: all arrays (n,)."""
        return np.asarray((confidence < self.threshold) | (in_distribution < self.in_distribution_threshold))

    def as_dict(self) -> dict[str, Any]:
        """Give the specification as JSON values."""
        return asdict(self) | {"network": self.network.value, "categories": list(self.categories)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read what `as_dict` gave; raise ConfigError if a value is missing or of the wrong kind."""
        try:
            return cls(
                sha256=str(values["sha256"]),
                network=NetworkName(values["network"]),
                categories=tuple(values["categories"]),
                temperature=float(values["temperature"]),
                threshold=float(values["threshold"]),
                in_distribution_threshold=float(values["in_distribution_threshold"]),
                flatbuffer_sha256=values.get("flatbuffer_sha256"),
                views=values.get("views"),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"this specification cannot be read ({error!r}): {dict(values)}") from error


def specify_body(
    sha256: str, flatbuffer_sha256: str | None, network: NetworkName, head: Head
) -> ClassifierSpecification:
    """Describe a version with a body of this release, whose thresholds are its head's.

    Args:
        sha256: of the body's artefact.
        flatbuffer_sha256: of its flatbuffer; None without one.
        network: of the body.
        head: of the version.
    """
    return ClassifierSpecification(
        sha256=sha256,
        network=network,
        categories=head.categories,
        temperature=head.temperature,
        threshold=head.threshold,
        in_distribution_threshold=head.in_distribution_threshold,
        flatbuffer_sha256=flatbuffer_sha256,
        views=VIEWS,
    )
