"""Write a learning run down, if there is anything to learn; whoever does so without being asked says how much."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from db.categories import load_categories
from db.models import ModelVersion, RunKind
from db.queries.embedded import has_embeddings
from db.queries.review_news import ReviewNews, count_verdicts, review_news
from db.queries.waiting_runs import has_unfinished_training_run, unfinished_learning
from db.repository.runs import plan_training_run
from db.states.version_states import active_version
from worker.errors import NoBodyError, NoEmbeddingsError, NoModelError, NothingToLearnError
from worker.learning.learnable import FEWEST_REVIEWED, Learnable, find_learnable
from worker.learning.learning_config import LearningConfig


@dataclass(frozen=True)
class LearningPlan:
    """A learning run that waits, and the new categories that it has to do without.

    Attributes:
        missing: in words, how many verdicts they still need; empty where none does.
    """

    run_id: int
    missing: str


def plan_learning(session: Session) -> LearningPlan:
    """Plan a learning run on the active version's body; one that is planned already is that one.

    Args:
        session: of a write.

    Raises:
        NoModelError: no version is active.
        NoBodyError: the active version has no body.
        NoEmbeddingsError: its body has embedded nothing.
        NothingToLearnError: nothing is new since the last run, or fewer than two categories can be learnt.
    """
    version = _require_active(session)
    able = _learnable(session, version)
    _require_two(able)
    if (run_id := unfinished_learning(session)) is not None:
        return LearningPlan(run_id, able.wanted)
    _require_something_new(session, version, able)
    return LearningPlan(_plan(session, version, able), able.wanted)


def require_something_to_learn(session: Session) -> None:
    """Raise what `plan_learning` would; nothing is planned.

    Args:
        session: of a read.
    """
    version = _require_active(session)
    able = _learnable(session, version)
    _require_two(able)
    _require_something_new(session, version, able)


def _require_active(session: Session) -> ModelVersion:
    version = active_version(session)
    if version is None:
        raise NoModelError("nothing is trained yet: run `python -m worker train`; got 0 active versions")
    require_body(version)
    return version


def _require_two(able: Learnable) -> None:
    if len(able.categories) < 2:  # noqa: PLR2004 - one class leaves nothing to tell apart
        raise NothingToLearnError(
            f"learning needs two categories or more, and {_new(able)}; got {list(able.categories)}"
        )


def _require_something_new(session: Session, version: ModelVersion, able: Learnable) -> None:
    if not review_news(session, able.categories):
        also = f"; {_new(able)}" if able.missing else ""
        raise NothingToLearnError(
            "nothing is new: no review, withdrawal or change of categories.toml came after the last run that took "
            f"them in{also}; got {sum(count_verdicts(session).values())} reviewed products"
        )
    body_id = require_body(version)
    if not has_embeddings(session, body_id):
        raise NoEmbeddingsError(f"body {body_id} has seen no picture: run `python -m worker classify`; got 0")


def plan_due_learning(session: Session, enough: int) -> int | None:
    """Plan a learning run if so many verdicts and withdrawals are new that no run has tried; give its id.

    Args:
        session: of a write that plans alone.
        enough: from how many on; 0: never.
    """
    version = active_version(session)
    if not enough or version is None or version.body_id is None or has_unfinished_training_run(session):
        return None
    able = _learnable(session, version)
    news = review_news(session, able.categories, also_failed=True)
    if len(able.categories) < 2 or _count(news) < enough:  # noqa: PLR2004 - as above
        return None
    return _plan(session, version, able)


def require_body(version: ModelVersion) -> int:
    """Give the number of a version's body.

    Raises:
        NoBodyError: it has none.
    """
    if version.body_id is None:
        raise NoBodyError(
            f"model version {version.id} has no body to learn with: it is a {version.network} of before bodies, "
            "or a seed_cnn; run `python -m worker train`, then learn"
        )
    return version.body_id


def _learnable(session: Session, version: ModelVersion) -> Learnable:
    wanted = [category.name for category in load_categories()]
    return find_learnable(wanted, version.categories, count_verdicts(session))


def _plan(session: Session, version: ModelVersion, able: Learnable) -> int:
    config = LearningConfig(able.categories)
    return plan_training_run(session, version.network, config.as_dict(), 0, RunKind.LEARNING)


def _count(news: ReviewNews) -> int:
    return news.new + news.withdrawn


def _new(able: Learnable) -> str:
    return f"a new category is learnt from {FEWEST_REVIEWED} reviewed products on: {able.wanted}"
