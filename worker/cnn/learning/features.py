"""Features of a frozen backbone, to which a body's projection is fitted."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import Pictures
from worker.cnn.config import NetworkName
from worker.cnn.networks.efficientnet import build_backbone
from worker.cnn.networks.two_views import over_pictures
from worker.cnn.progress import Progress, Report, no_report
from worker.cnn.quiet_tensorflow import tf
from worker.cnn.serving.conversion import convert
from worker.cnn.serving.inference import Signature
from worker.cnn.serving.litert import LiteRTEngine

_PICTURES_AT_ONCE: Final = 32


def compute_features(
    network: NetworkName, pictures: Pictures, report: Report = no_report
) -> NDArray[np.float32]:
    """Give the square roots of both views' features, float32 (n, 2560), of fitted pictures, n from 1.

    Roots bring the features nearer to normal. LiteRT computes them, in half of TensorFlow's time.
    """
    backbone = over_pictures(build_backbone(network), "backbone")
    signature = Signature(tuple(backbone.input_shape[1:]), {"features": tuple(backbone.output_shape[1:])})
    engine = LiteRTEngine(convert(backbone), signature)
    features = []
    for start in range(0, len(pictures), _PICTURES_AT_ONCE):
        batch = np.asarray(pictures[start : start + _PICTURES_AT_ONCE])
        features.append(np.sqrt(engine(batch)["features"]).reshape(len(batch), -1))
        report(Progress("features", start + len(batch), len(pictures)))
    return np.concatenate(features)


def compile_for_pictures(model: Any) -> Any:
    """Compile a model into a function of uint8 pictures; a graph needs a third of eager mode's memory."""
    signature = [tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)]
    return tf.function(lambda x: model(tf.cast(x, tf.float32), training=False), input_signature=signature)
