import numpy as np
import pytest

from worker.cnn.config import NetworkName
from worker.cnn.heads.in_distribution import InDistributionScorer
from worker.cnn.networks.architectures import (
    assemble_efficientnet,
    assemble_seed_cnn,
    build_head,
    build_seed_cnn,
)
from worker.cnn.networks.backbone import load_weights
from worker.cnn.networks.efficientnet import build_backbone
from worker.cnn.quiet_tensorflow import keras

pytestmark = pytest.mark.slow

LITE0 = NetworkName.EFFICIENTNET_LITE0


@pytest.fixture(scope="module")
def reference_picture() -> np.ndarray:
    return (np.arange(224 * 224 * 3) % 256).reshape(1, 224, 224, 3).astype(np.float32)


def test_the_notebooks_network_has_the_notebooks_parameters() -> None:
    model = build_seed_cnn(3)
    assert model.count_params() == 10_128_707
    assert model.input_shape == (None, 300, 300, 3)
    assert model.layers[-1].activation.__name__ == "linear"


def test_the_backbone_gives_the_reference_features(reference_picture: np.ndarray) -> None:
    backbone = build_backbone(LITE0)
    features = np.asarray(backbone(reference_picture, training=False))[0]
    assert backbone.count_params() == 3_413_024
    assert features.mean() == pytest.approx(0.143088, abs=1e-5)
    assert (features.argmax(), features.max()) == (576, pytest.approx(5.14355, abs=1e-4))
    assert features[:3] == pytest.approx([0.984042, 0, 0.389442], abs=1e-4)


def test_the_backbone_gives_the_reference_logits(reference_picture: np.ndarray) -> None:
    features = np.asarray(build_backbone(LITE0)(reference_picture, training=False))[0]
    weights = load_weights(LITE0)
    logits = features @ weights["_fc.weight"].T + weights["_fc.bias"]
    assert (logits.argmax(), logits.max()) == (904, pytest.approx(6.00795, abs=1e-4))


def test_the_backbone_is_frozen() -> None:
    assert build_backbone(LITE0).trainable_variables == []


def test_the_saved_network_scores_as_the_scorer_does(reference_picture: np.ndarray) -> None:
    generator = np.random.default_rng(0)
    scorer = InDistributionScorer(
        *(generator.normal(size=s).astype(np.float32) for s in ((1280, 3), (3,), (3,), (3, 3)))
    )
    backbone = build_backbone(LITE0)
    network = assemble_efficientnet(LITE0, lambda x: keras.ops.sqrt(backbone(x)), build_head(3, 0.0), scorer)
    features = np.sqrt(np.asarray(backbone(reference_picture, training=False)))
    outputs = network(reference_picture, training=False)
    assert np.asarray(outputs["in_distribution"]) == pytest.approx(scorer.score(features), rel=1e-3)
    assert np.asarray(outputs["logits"]).tolist() == [[0, 0, 0]]


def test_the_notebooks_network_scores_by_energy() -> None:
    network = assemble_seed_cnn(build_seed_cnn(3))
    outputs = network(np.full((1, 300, 300, 3), 128.0, np.float32), training=False)
    energy = np.log(np.exp(np.asarray(outputs["logits"])).sum(axis=1))
    assert np.asarray(outputs["in_distribution"]) == pytest.approx(energy, abs=1e-5)
