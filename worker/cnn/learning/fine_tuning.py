"""Fine-tunes the upper blocks of a backbone, so that the network reads garments and not their sources.

Half of the pictures are shown strongly altered, pictures are mixed, and what is kept lies between the frozen
network and the fine-tuned one.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import Floats, Labels
from worker.cnn.config import FineTuning, TrainingConfig
from worker.cnn.heads.logistic import fit_weighted
from worker.cnn.heads.weighting import weigh
from worker.cnn.learning.array_cache import CachedArrays
from worker.cnn.learning.fitting import Fitting, History, fit
from worker.cnn.learning.map_batches import AlteredMaps, PlainMaps
from worker.cnn.learning.maps import compute_maps, open_map_cache, pool_maps
from worker.cnn.learning.workspace import Workspace
from worker.cnn.networks.efficientnet import build_backbone
from worker.cnn.networks.upper_blocks import build_lower_blocks, build_upper_blocks
from worker.cnn.pictures.dataset import Examples
from worker.cnn.pictures.views import PLAIN_VIEWS, View
from worker.cnn.progress import Report
from worker.cnn.quiet_tensorflow import keras

STAGE: Final = "fine-tuning"
WARM_UP_STEPS: Final = 30

_WEIGHT_DECAY: Final = 1e-4
"""Of the logits with which fine-tuning begins."""


@dataclass(frozen=True)
class FineTuned:
    """A fine-tuned backbone.

    Attributes:
        lower: the frozen blocks, from pictures to maps.
        upper: the fine-tuned blocks, from maps to square roots of features (n, 2560).
        seen: what they give for the training pictures in the plain views (2 * n, 2560).
        history: the figures of each epoch.
    """

    lower: Any
    upper: Any
    seen: NDArray[np.float32]
    history: History


def fine_tune(
    config: TrainingConfig, train: Examples, validation: Examples, workspace: Workspace, report: Report
) -> FineTuned:
    """Fit a head to the plain views, fine-tune it together with the upper blocks, and interpolate.

    Args:
        config: with `fine_tuning`.
        train: pictures of the categories.
        validation: likewise; they show how the fine-tuning goes.
        workspace: keeps the maps, and the state after each epoch.
        report: told of each step.
    """
    settings = config.fine_tuning or FineTuning()
    train = draw_pictures(train, settings, config.seed)
    backbone = build_backbone(config.network)
    lower = build_lower_blocks(config.network, backbone)
    upper = build_upper_blocks(config.network, backbone)
    cache = open_map_cache(workspace.folder, config.network, lower)
    maps = compute_maps(lower, train, tuple(View), cache, report)
    checked = compute_maps(lower, validation, (View.ORIGINAL,), cache, report)
    network = keras.Sequential([upper, _head(upper, maps, train)])
    frozen = network.get_weights()
    one_hot = np.eye(len(config.categories), dtype=np.float32)
    chances = balance(train.labels, train.sources, settings.source_power)
    batches = AlteredMaps(maps, one_hot[train.labels], chances, settings, config.seed)
    fitting = _fitting(settings, len(batches), workspace, report)
    history = fit(network, batches, PlainMaps(checked, one_hot[validation.labels]), fitting)
    network.set_weights(interpolate(frozen, network.get_weights(), settings.interpolation))
    return FineTuned(lower, upper, pool_maps(upper, maps, PLAIN_VIEWS), history)


def _head(upper: Any, maps: CachedArrays, train: Examples) -> Any:
    """Fit the logits with which fine-tuning begins to the plain views, as a layer."""
    labels = np.tile(train.labels, len(PLAIN_VIEWS))
    weights = weigh(
        labels, np.tile(train.sources, len(PLAIN_VIEWS)), np.tile(train.reviewed, len(PLAIN_VIEWS))
    )
    logits = fit_weighted(pool_maps(upper, maps, PLAIN_VIEWS), labels, weights, _WEIGHT_DECAY)
    layer = keras.layers.Dense(len(logits.bias), name="logits")
    layer.build(upper.output_shape)
    layer.set_weights([logits.kernel, logits.bias])
    return layer


def balance(labels: Labels, sources: NDArray[np.str_], source_power: float) -> Floats:
    """Give each picture (n,) its chance to be drawn, so that every category has the same in sum.

    Within a category, a source has its share by its number of pictures to a power, 0 to 1.
    """
    chances = np.zeros(len(labels))
    for label in np.unique(labels):
        for source in np.unique(sources[labels == label]):
            rows = (labels == label) & (sources == source)
            chances[rows] = rows.sum() ** (source_power - 1)
        chances[labels == label] /= chances[labels == label].sum()
    return np.asarray(chances / chances.sum())


def interpolate(
    frozen: list[NDArray[np.float32]], tuned: list[NDArray[np.float32]], share: float
) -> list[NDArray[np.float32]]:
    """Give weights between those of two networks: 0 gives the first, 1 the second."""
    return [(1 - share) * before + share * after for before, after in zip(frozen, tuned, strict=True)]


def draw_pictures(train: Examples, settings: FineTuning, seed: int) -> Examples:
    """Keep at most as many pictures as the settings say, drawn so that categories and sources are balanced."""
    if len(train) <= settings.pictures:
        return train
    chances = balance(train.labels, train.sources, settings.source_power)
    generator = np.random.default_rng(seed)
    return train.select(np.sort(generator.choice(len(train), settings.pictures, replace=False, p=chances)))


def _fitting(settings: FineTuning, steps: int, workspace: Workspace, report: Report) -> Fitting:
    """Set AdamW up: a short warm-up, a cosine to nothing, clipped gradients, a running mean of the weights."""
    total = settings.epochs * steps
    warm_up = min(WARM_UP_STEPS, total // 4)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, total - warm_up, warmup_target=settings.learning_rate, warmup_steps=warm_up
    )
    optimizer = keras.optimizers.AdamW(
        rate,
        weight_decay=settings.weight_decay,
        beta_2=0.99,
        global_clipnorm=1.0,
        use_ema=True,
        ema_momentum=settings.weight_averaging,
    )
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return Fitting(
        stage=STAGE,
        epochs=settings.epochs,
        optimizer=optimizer,
        report=report,
        label_smoothing=settings.label_smoothing,
        checkpoint=workspace.checkpoint(STAGE),
        logs=workspace.logs,
    )
