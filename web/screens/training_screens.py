"""Trainings and learnings: what there is to train on, and the runs, each with its curves and what came of it."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from db.categories import load_categories
from db.database_clock import tell_time
from db.messages import LEARN_QUEUE, TRAIN_QUEUE
from db.models import ModelVersion, RunKind, RunStatus, TrainingRun
from db.queries.newest_first import RowsOfStretch, Stretch
from db.queries.suspect_cards import suspects_of_version
from db.queries.training_list import TrainingRow, list_training_runs
from db.queries.version_list import VersionRow, list_versions
from db.session import Database
from db.states.run_states import run_seconds, status_word
from web.resources import resources
from web.screens.selection_screens import read_done
from web.screens.stretches import read_stretch_of
from web.screens.training_plans import read_prospects
from web.templating import percent, screen
from web.twins import as_json, rows_as, twins
from worker.cnn.config import DEFAULT_NETWORK, NetworkName
from worker.evaluating.charts import Axis, Chart, Line, Mark, Style, learning_charts, shares_axis
from worker.fleet.consumers import is_nobody_there
from worker.learning.taught import what_was_taught

LATEST: Final = 50
"""Versions in the drawing of accuracies."""

_FEWEST_VERSIONS: Final = 2
"""That a line can join."""


def training(request: Request) -> Response:
    """Show the runs, newest first, what there is to train on, and what can be planned."""
    shared = resources(request).database
    is_part = request.query_params.get("part") == "runs"  # the live part, which counts nothing anew
    with shared.read() as session:
        listed = list_training_runs(session, read_stretch_of(request))
        charts = (
            version_chart(list_versions(session, Stretch(limit=LATEST)).rows),
            *_current_charts(session),
        )
        prospects = None if is_part else read_prospects(session)
    return screen(
        request, "training.html", listed=listed, charts=[chart for chart in charts if chart], prospects=prospects,
        alone=_waiting_for(shared, listed),
        networks=list(NetworkName), network=DEFAULT_NETWORK,
    )  # fmt: skip


def training_rows(request: Request) -> Response:
    """Answer with the rows of the list, for programs; the last one's id goes on as `before`."""
    with resources(request).database.read() as session:
        listed = list_training_runs(session, read_stretch_of(request))
    return rows_as(request, listed.rows, TrainingRow)


def training_run(request: Request) -> Response:
    """Show one run: settings, progress, curves, figures, error, the version that it made, and its suspects."""
    database = resources(request).database
    with database.read() as session:
        run = _require(session, request.path_params["id"])
        version = session.scalars(_made_by(run.id)).one_or_none()
        suspects = suspects_of_version(session, version.id) if version else []
        done = read_done(session, request)
        now = tell_time(session)
        taught = what_was_taught(session) if version and version.active else None
    queue = LEARN_QUEUE if run.kind is RunKind.LEARNING else TRAIN_QUEUE
    waits = run.status is RunStatus.PLANNED
    return screen(
        request, "training_run.html", run=run, version=version, suspects=suspects, done=done,
        categories=load_categories(), word=status_word(run, now),
        taught=taught,
        seconds=run_seconds(run), charts=learning_charts(run.history),
        alone=waits and is_nobody_there(database, queue),
        metrics={name: value for name, value in run.metrics.items() if not isinstance(value, list | dict)},
        reviews=len(run.metrics.get("reviews", ())), left_out=len(run.metrics.get("left_out", ())),
    )  # fmt: skip


def training_run_as_json(request: Request) -> Response:
    """Answer with all that is known of a run, for programs."""
    with resources(request).database.read() as session:
        run = _require(session, request.path_params["id"])
        version = session.scalars(_made_by(run.id)).one_or_none()
        suspects = suspects_of_version(session, version.id) if version else []
        now = tell_time(session)
    names = ("id", "kind", "network", "seed", "attempts", "config", "progress", "history", "metrics", "error",
             "dataset_digest", "code_revision", "created_at", "started_at", "finished_at")  # fmt: skip
    told = {name: getattr(run, name) for name in names} | {"status": status_word(run, now)}
    return as_json(told | {"model_version": version.id if version else None, "suspects": suspects})


def version_chart(versions: Sequence[VersionRow]) -> Chart | None:
    """Draw how accuracy grew from version to version; None where a line would join nothing."""
    points = [(float(row.id), row.accuracy) for row in reversed(versions) if row.accuracy is not None]
    if len(points) < _FEWEST_VERSIONS:
        return None
    first, last = points[0][0], points[-1][0]
    return Chart(
        "Accuracy on the test split, by version",
        Axis("version", first, max(first + 5, last)),
        shares_axis(min(share for _, share in points)),
        lines=(Line("", tuple(points), Style.FIRST),),
        marks=(Mark(last, points[-1][1], percent(points[-1][1])),),
    )


def _current_charts(session: Session) -> tuple[Chart, ...]:
    """Draw the curves of the run that is being trained, as far as they are."""
    running = select(TrainingRun.history).where(TrainingRun.status == RunStatus.RUNNING)
    history = session.scalars(running.order_by(TrainingRun.id.desc()).limit(1)).one_or_none()
    return learning_charts(history or ())


def _waiting_for(database: Database, listed: RowsOfStretch[TrainingRow]) -> bool:
    """Say whether a run waits for workers that are certainly not there."""
    kinds = {row.kind for row in listed.rows if row.status == RunStatus.PLANNED}
    queues = {RunKind.TRAINING: TRAIN_QUEUE, RunKind.LEARNING: LEARN_QUEUE}
    return any(is_nobody_there(database, queues[RunKind(kind)]) for kind in kinds)


def _require(session: Session, number: int) -> TrainingRun:
    run = session.get(TrainingRun, number) if number < 2**31 else None
    if run is None:
        raise HTTPException(404, f"there is no such run, got {number}")
    return run


def _made_by(run_id: int) -> Select[ModelVersion]:
    return select(ModelVersion).where(ModelVersion.training_run_id == run_id)


ROUTES: Final = (
    Route("/training", training),
    *twins("/training", training_rows),
    Route("/training/{id:int}.json", training_run_as_json),
    Route("/training/{id:int}", training_run),
)
