"""What a training run is asked to do; a frozen value that JSON can carry."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Final, Self

from worker.cnn.errors import ConfigError


class NetworkName(StrEnum):
    """The networks that Vastra can train."""

    SEED_CNN = "seed_cnn"
    EFFICIENTNET_LITE0 = "efficientnet_lite0"
    EFFICIENTNET_LITE2 = "efficientnet_lite2"


class Fit(StrEnum):
    """How a picture of any proportions is brought to the input's.

    `pad` on a white square; `squash`; or `box_and_upper`: the garment and its upper half, each padded, one square
    above the other, since waistband, fly and pockets hardly show in a picture of full length.
    """

    PAD = "pad"
    SQUASH = "squash"
    BOX_AND_UPPER = "box_and_upper"


@dataclass(frozen=True)
class InputShape:
    """The size of a network's input in pixels, and how a picture is fitted to it."""

    height: int
    width: int
    fit: Fit


INPUT_SHAPES: Final[Mapping[NetworkName, InputShape]] = {
    NetworkName.SEED_CNN: InputShape(300, 300, Fit.SQUASH),
    NetworkName.EFFICIENTNET_LITE0: InputShape(2 * 224, 224, Fit.BOX_AND_UPPER),
    NetworkName.EFFICIENTNET_LITE2: InputShape(2 * 260, 260, Fit.BOX_AND_UPPER),
}
"""What is trained takes."""

VIEWS: Final = "box-upper-1"
"""How a body's views are cut from a picture, with its version: raise it whenever cutting or fitting changes."""


def input_shape(network: NetworkName, views: str | None) -> InputShape:
    """Give the input of a model version: that of a backbone without a body is the whole picture, padded.

    Args:
        network: of the version.
        views: how its body's views are cut; None for a version without a body.

    Raises:
        ConfigError: the views are cut in a way that this release does not know.
    """
    shape = INPUT_SHAPES[network]
    if views is None:
        return shape if network is NetworkName.SEED_CNN else InputShape(shape.width, shape.width, Fit.PAD)
    if views != VIEWS:
        raise ConfigError(
            f"this release cuts views as {VIEWS}: train again, or use the one before; got {views}"
        )
    return shape


DEFAULT_NETWORK: Final = NetworkName.EFFICIENTNET_LITE2


@dataclass(frozen=True)
class TrainingConfig:
    """One training run's settings; `TrainingConfig.default` knows what suits each network.

    Attributes:
        network: which network to train.
        categories: names of the classes, in the order of the network's outputs.
        seed: of everything random in the run.
        epochs: at most so many passes over the training pictures.
        patience: epochs without a lower validation loss after which training stops and goes back to the lowest;
            None trains for all epochs and keeps the last.
        batch_size: pictures a step.
        learning_rate: of Adam, at the start.
        label_smoothing: share of each target that is spread over all classes, 0 to below 1.
        balance_classes: whether a rarer category weighs more in the loss.
        target_precision: share of claimed labels that shall be right, which sets the threshold.

    Raises:
        ConfigError: a value is out of range.
    """

    network: NetworkName
    categories: tuple[str, ...]
    seed: int = 0
    epochs: int = 20
    patience: int | None = None
    batch_size: int = 32
    learning_rate: float = 1e-3
    label_smoothing: float = 0.0
    balance_classes: bool = True
    target_precision: float = 0.95

    def __post_init__(self) -> None:
        if len(self.categories) < 2 or len(set(self.categories)) < len(self.categories):  # noqa: PLR2004
            raise ConfigError(f"at least two different categories are needed, got {self.categories}")
        for name in ("epochs", "patience", "batch_size", "learning_rate"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ConfigError(f"{name} must be above 0, got {value}")
        if not 0 <= self.label_smoothing < 1:
            raise ConfigError(f"label_smoothing must be 0 to below 1, got {self.label_smoothing}")
        if not 0 < self.target_precision < 1:
            raise ConfigError(f"target_precision must be between 0 and 1, got {self.target_precision}")

    @classmethod
    def default(cls, categories: tuple[str, ...], network: NetworkName = DEFAULT_NETWORK) -> Self:
        """Make the settings that suit the network; a frozen backbone has no epochs."""
        if network is NetworkName.SEED_CNN:
            return cls(network, categories, epochs=20, patience=6, batch_size=5)
        return cls(network, categories)

    def as_dict(self) -> dict[str, Any]:
        """Give the settings as JSON values."""
        values = asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read what `as_dict` gave; raise ConfigError for an unknown name or a value of the wrong kind."""
        known = {field.name for field in fields(cls)}
        if unknown := set(values) - known:
            raise ConfigError(f"settings are {sorted(known)}, got also {sorted(unknown)}")
        try:
            read: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
            }
            read["network"] = NetworkName(values["network"])
            return cls(**read)
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"these settings cannot be read ({error}): {dict(values)}") from error
