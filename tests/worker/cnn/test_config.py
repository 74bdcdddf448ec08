import json

import pytest

from worker.cnn.config import (
    INPUT_SHAPES,
    VIEWS,
    Fit,
    InputShape,
    NetworkName,
    TrainingConfig,
    input_shape,
)
from worker.cnn.errors import ConfigError

CATEGORIES = ("saree", "jeans")


@pytest.mark.parametrize("network", NetworkName)
def test_a_config_survives_json(network: NetworkName) -> None:
    config = TrainingConfig.default(CATEGORIES, network)
    assert TrainingConfig.from_dict(json.loads(json.dumps(config.as_dict()))) == config


def test_the_default_network_is_efficientnet() -> None:
    assert TrainingConfig.default(CATEGORIES).network is NetworkName.EFFICIENTNET_LITE2


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


def test_settings_of_a_release_before_are_refused_by_name() -> None:
    values = TrainingConfig.default(CATEGORIES).as_dict() | {"weight_decays": [1e-4]}
    with pytest.raises(ConfigError, match="weight_decays"):
        TrainingConfig.from_dict(values)


def test_a_body_takes_two_views_and_a_backbone_of_before_the_whole_picture() -> None:
    lite0 = NetworkName.EFFICIENTNET_LITE0
    assert input_shape(lite0, VIEWS) == INPUT_SHAPES[lite0] == InputShape(448, 224, Fit.BOX_AND_UPPER)
    assert input_shape(lite0, None) == InputShape(224, 224, Fit.PAD)


def test_the_notebooks_network_has_no_views() -> None:
    assert input_shape(NetworkName.SEED_CNN, None) == InputShape(300, 300, Fit.SQUASH)


def test_views_of_another_release_are_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"train again.*got box-upper-0"):
        input_shape(NetworkName.EFFICIENTNET_LITE0, "box-upper-0")
