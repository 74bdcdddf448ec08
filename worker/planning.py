"""Write a training run down, with the settings that suit its network, before anybody is told of it."""

from dataclasses import replace

from sqlalchemy.orm import Session

from db.categories import load_categories
from db.repository.runs import plan_training_run
from worker.cnn.config import NetworkName, TrainingConfig


def plan_training(
    session: Session, network: NetworkName = NetworkName.EFFICIENTNET_LITE0, seed: int = 0
) -> int:
    """Plan a training on the categories of categories.toml; return the training run's id."""
    categories = tuple(category.name for category in load_categories())
    config = replace(TrainingConfig.default(categories, network), seed=seed)
    return plan_training_run(session, config.network, config.as_dict(), config.seed)
