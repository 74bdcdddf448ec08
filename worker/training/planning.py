"""Write training runs down, with the settings that suit their network, before anybody is told of them."""

from dataclasses import replace

from sqlalchemy.orm import Session

from db.categories import load_categories
from db.repository.runs import plan_training_run
from worker.cnn.config import DEFAULT_NETWORK, NetworkName, TrainingConfig


def plan_training(session: Session, network: NetworkName = DEFAULT_NETWORK, seed: int = 0) -> int:
    """Plan a training on the categories of categories.toml; give the id of its training run.

    Args:
        session: of a write.
        network: which network.
        seed: of everything random.
    """
    names = tuple(category.name for category in load_categories())
    config = replace(TrainingConfig.default(names, network), seed=seed)
    return plan_training_run(session, config.network, config.as_dict(), seed)
