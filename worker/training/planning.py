"""Write training runs down, with the settings that suit their network, before anybody is told of them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy.orm import Session

from db.categories import load_categories
from db.models import RunKind
from db.queries.labelled_counts import LabelledCount
from db.queries.waiting_runs import unfinished_run
from db.repository.runs import plan_alone, plan_training_run
from worker.cnn.config import DEFAULT_NETWORK, NetworkName, TrainingConfig
from worker.errors import NothingToTrainError

FEWEST_PRODUCTS: Final = 4
"""Labelled products of a category without which a training can only fail: some of them are put aside to test on."""


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


def plan_only_training(session: Session, network: NetworkName = DEFAULT_NETWORK) -> int:
    """Plan a training unless one waits or is under way, which is given then; two who ask at once get the same.

    Args:
        session: of a write.
        network: which network.
    """
    plan_alone(session)
    unfinished = unfinished_run(session, RunKind.TRAINING)
    return plan_training(session, network) if unfinished is None else unfinished


def require_labelled_products(counts: Sequence[LabelledCount]) -> None:
    """Raise NothingToTrainError where a category has so few labelled products that training can only fail."""
    few = {count.category: count.products for count in counts if count.products < FEWEST_PRODUCTS}
    if few:
        names = ", ".join(f"{name} {products}" for name, products in few.items())
        raise NothingToTrainError(
            f"each category needs {FEWEST_PRODUCTS} labelled products to train on, and many more to be good: crawl, "
            f"import or review some; got {names}"
        )
