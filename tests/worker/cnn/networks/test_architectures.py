import numpy as np
import pytest

from worker.cnn.config import NetworkName
from worker.cnn.networks.architectures import assemble_body, assemble_seed_cnn, build_seed_cnn
from worker.cnn.networks.backbone import load_weights
from worker.cnn.networks.efficientnet import build_backbone
from worker.cnn.networks.projection import WIDTH, Projection
from worker.cnn.networks.two_views import over_pictures
from worker.cnn.quiet_tensorflow import keras
from worker.cnn.serving.inference import quantise

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


def test_a_body_gives_what_its_projection_makes_of_both_views_features(
    reference_picture: np.ndarray,
) -> None:
    generator = np.random.default_rng(0)
    kernel = generator.normal(scale=0.5, size=(2560, WIDTH)).astype(np.float32)
    projection = Projection(kernel, generator.normal(size=WIDTH).astype(np.float32))
    backbone = build_backbone(LITE0)
    both = over_pictures(backbone, "both")
    body = assemble_body(LITE0, lambda x: keras.ops.sqrt(keras.ops.reshape(both(x), (-1, 2560))), projection)
    mirrored = reference_picture[:, :, ::-1]
    outputs = body(np.concatenate([reference_picture, mirrored], axis=1), training=False)
    features = [np.sqrt(np.asarray(backbone(view))) for view in (reference_picture, mirrored)]
    joined = np.concatenate(features, axis=1)
    assert set(outputs) == {"embedding"}
    expected = joined @ projection.kernel + projection.bias
    assert np.asarray(outputs["embedding"]) == pytest.approx(expected, abs=1e-2)
    embeddings = quantise({"embedding": np.asarray(outputs["embedding"])})
    assert np.abs(embeddings.astype(int) - projection(joined)).max() <= 1


def test_the_notebooks_network_scores_by_energy() -> None:
    network = assemble_seed_cnn(build_seed_cnn(3))
    outputs = network(np.full((1, 300, 300, 3), 128.0, np.float32), training=False)
    energy = np.log(np.exp(np.asarray(outputs["logits"])).sum(axis=1))
    assert np.asarray(outputs["in_distribution"]) == pytest.approx(energy, abs=1e-5)
