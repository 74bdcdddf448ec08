"""Write training runs down, with the settings that suit their network, before anybody is told of them."""

from dataclasses import replace
from typing import Final

from sqlalchemy.orm import Session

from db.categories import OTHER, load_categories
from db.queries.labelled_images import labelled_images
from db.repository.runs import plan_training_run
from worker.cnn.config import DEFAULT_NETWORK, FineTuning, NetworkName, TrainingConfig

FINE_TUNE_FROM: Final = 500
"""Labelled pictures from which fine-tuning pays; with fewer, a head alone has all that can be learnt in seconds."""


def plan_training(
    session: Session, network: NetworkName = DEFAULT_NETWORK, seed: int = 0, *, fine_tune: bool | None = None
) -> list[int]:
    """Plan a training on the categories of categories.toml; give the ids of its training runs, in order.

    A backbone is trained in two runs: the first fits the head, which takes a minute or two, so that there is
    something to classify with; the second fine-tunes the upper blocks. Each makes a model version, and the
    second is activated only if it is no worse than the first.

    Args:
        session: of a write.
        network: which network.
        seed: of everything random.
        fine_tune: whether there is a second run; None decides by the number of labelled pictures.
    """
    categories = load_categories()
    if fine_tune is None:
        pictures = [image for image in labelled_images(session, categories) if image.category != OTHER]
        fine_tune = len(pictures) >= FINE_TUNE_FROM
    config = TrainingConfig.default(tuple(category.name for category in categories), network)
    configs = [replace(config, seed=seed)]
    if fine_tune and network is not NetworkName.SEED_CNN:
        configs.append(replace(config, seed=seed, fine_tuning=FineTuning()))
    return [plan_training_run(session, each.network, each.as_dict(), seed) for each in configs]
