"""What there is to train and learn from, whether a run can be planned, and the buttons that plan one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from db.categories import OTHER, load_categories
from db.models import RunKind, TrainingRun
from db.queries.labelled_counts import LabelledCount, count_labelled
from db.queries.review_news import ReviewNews, review_news
from db.queries.training_list import last_seconds
from db.queries.waiting_runs import unfinished_run
from db.repository.runs import plan_alone
from db.session import Database
from web.resources import resources
from web.screens.cancelling import cancelled
from web.twins import as_json
from worker.cnn.config import DEFAULT_NETWORK, NetworkName
from worker.errors import WorkerError
from worker.learning.learning_plan import plan_learning, require_something_to_learn
from worker.training.planning import plan_only_training, require_labelled_products


@dataclass(frozen=True)
class Readiness:
    """Whether runs of a kind can be planned.

    Attributes:
        hindrance: why not, in a sentence; None: it can.
        unfinished: the run that waits or is under way.
        seconds: what the last one took.
    """

    hindrance: str | None
    unfinished: int | None
    seconds: float | None


@dataclass(frozen=True)
class Prospects:
    """What there is to train and learn from."""

    counts: list[LabelledCount]
    news: ReviewNews
    learning: Readiness
    training: Readiness


def prospects_as_json(request: Request) -> Response:
    """Answer with what there is to train and learn from, for programs."""
    with resources(request).database.read() as session:
        return as_json(read_prospects(session))


async def plan_a_learning(request: Request) -> Response:
    """Plan a learning run; one that waits already is that one."""
    return await _planned(_learn, resources(request).database)


async def plan_a_training(request: Request) -> Response:
    """Plan a training run; one that waits already is that one."""
    async with request.form(max_files=0, max_fields=5) as form:
        word = str(form.get("network") or DEFAULT_NETWORK)
    try:
        network = NetworkName(word)
    except ValueError as error:
        raise HTTPException(400, f"the networks are {', '.join(NetworkName)}, got {word!r}") from error
    return await _planned(lambda session: _train(session, network), resources(request).database)


async def cancel(request: Request) -> Response:
    """Take a planned run back; one that a worker has taken up meanwhile goes on."""
    return await cancelled(request, TrainingRun, "/training")


def read_prospects(session: Session) -> Prospects:
    """Count what is labelled, and say what can be planned."""
    names = [category.name for category in load_categories()]
    counts = count_labelled(session, [*names, OTHER])
    return Prospects(
        counts,
        review_news(session, names),
        _readiness(session, RunKind.LEARNING, counts),
        _readiness(session, RunKind.TRAINING, counts),
    )


def _readiness(session: Session, kind: RunKind, counts: list[LabelledCount]) -> Readiness:
    unfinished, seconds = unfinished_run(session, kind), last_seconds(session, kind)
    if unfinished is not None:
        return Readiness("one is under way", unfinished, seconds)
    try:
        if kind is RunKind.LEARNING:
            require_something_to_learn(session)
        else:
            require_labelled_products([count for count in counts if count.category != OTHER])
    except WorkerError as error:
        return Readiness(str(error), None, seconds)
    return Readiness(None, None, seconds)


def _learn(session: Session) -> int:
    plan_alone(session)
    return plan_learning(session).run_id


def _train(session: Session, network: NetworkName) -> int:
    names = [category.name for category in load_categories()]
    require_labelled_products(count_labelled(session, names))
    return plan_only_training(session, network)


async def _planned(plan: Callable[[Session], int], database: Database) -> Response:
    def write() -> int:
        with database.write() as session:
            return plan(session)

    try:
        number = await run_in_threadpool(write)
    except WorkerError as error:
        raise HTTPException(409, str(error)) from error
    return RedirectResponse(f"/training/{number}", 303)


ROUTES: Final = (
    Route("/training/prospects.json", prospects_as_json),
    Route("/training/learn", plan_a_learning, methods=["POST"]),
    Route("/training/train", plan_a_training, methods=["POST"]),
    Route("/training/{id:int}/cancel", cancel, methods=["POST"]),
)
