import json

import pytest

from worker.cnn.config import NetworkName, TrainingConfig
from worker.cnn.errors import ConfigError

CATEGORIES = ("saree", "jeans")


@pytest.mark.parametrize("network", NetworkName)
def test_a_config_survives_json(network: NetworkName) -> None:
    config = TrainingConfig.default(CATEGORIES, network)
    assert TrainingConfig.from_dict(json.loads(json.dumps(config.as_dict()))) == config


def test_the_default_network_is_efficientnet() -> None:
    assert TrainingConfig.default(CATEGORIES).network is NetworkName.EFFICIENTNET_LITE0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("categories", ["saree"]),
        ("categories", ["saree", "saree"]),
        ("epochs", 0),
        ("patience", -1),
        ("learning_rate", 0.0),
        ("label_smoothing", 1.0),
        ("target_precision", 1.0),
        ("views", ["flipped"]),
        ("views", ["sideways"]),
        ("weight_decays", []),
        ("network", "resnet"),
        ("colour", "blue"),
        ("epochs", "many"),
    ],
)
def test_a_wrong_value_is_refused_and_named(name: str, value: object) -> None:
    values = TrainingConfig.default(CATEGORIES).as_dict() | {name: value}
    with pytest.raises(ConfigError, match=name if name != "network" else "resnet"):
        TrainingConfig.from_dict(values)
