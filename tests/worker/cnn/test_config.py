import json
from dataclasses import replace

import pytest

from worker.cnn.config import FineTuning, NetworkName, TrainingConfig
from worker.cnn.errors import ConfigError

CATEGORIES = ("saree", "jeans")


@pytest.mark.parametrize("network", NetworkName)
def test_a_config_survives_json(network: NetworkName) -> None:
    config = TrainingConfig.default(CATEGORIES, network)
    assert TrainingConfig.from_dict(json.loads(json.dumps(config.as_dict()))) == config


def test_the_default_network_is_efficientnet() -> None:
    assert TrainingConfig.default(CATEGORIES).network is NetworkName.EFFICIENTNET_LITE2


def test_fine_tuning_survives_json() -> None:
    config = replace(TrainingConfig.default(CATEGORIES), fine_tuning=FineTuning(epochs=2))
    assert TrainingConfig.from_dict(json.loads(json.dumps(config.as_dict()))) == config


def test_the_notebooks_network_has_nothing_to_fine_tune() -> None:
    config = TrainingConfig.default(CATEGORIES, NetworkName.SEED_CNN)
    with pytest.raises(ConfigError, match="no backbone"):
        replace(config, fine_tuning=FineTuning())


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
        ("fine_tuning", {"epochs": 0}),
        ("fine_tuning", {"interpolation": 1.5}),
        ("fine_tuning", {"colour": "blue"}),
        ("weight_decays", []),
        ("network", "resnet"),
        ("colour", "blue"),
        ("epochs", "many"),
    ],
)
def test_a_wrong_value_is_refused_and_named(name: str, value: object) -> None:
    values = TrainingConfig.default(CATEGORIES).as_dict() | {name: value}
    with pytest.raises(
        ConfigError, match="resnet" if name == "network" else None if name == "fine_tuning" else name
    ):
        TrainingConfig.from_dict(values)
