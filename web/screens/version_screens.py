"""Model versions: all of them, one with its figures and mistakes, and the way to make one active."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from db.errors import HeadError, UnknownModelVersionError
from db.messages import LEARN_QUEUE
from db.models import ModelVersion, Product, Split, TrainingRun
from db.queries.products import ProductRow, product_columns
from db.queries.relabelled import count_changed_labels, unfinished_relabelling
from db.queries.version_list import (
    VersionRow,
    find_version,
    list_versions,
    measured,
    uncalibrated,
    version_before,
)
from db.repository.model_versions import activate
from db.session import Database
from db.states.version_states import active_version
from web.resources import resources
from web.screens.stretches import read_stretch_of
from web.templating import screen
from web.twins import as_json, rows_as, twins
from worker.evaluating.charts import shares_axis
from worker.evaluating.recorded_answers import RecordedAnswers, recorded_answers
from worker.evaluating.told_pictures import score_sources
from worker.fleet.consumers import is_nobody_there

PICTURES: Final = 60
"""Of a cell of the error matrix, on one screen."""


@dataclass(frozen=True)
class ToldPicture:
    """One test picture, its label, and what a version says of it."""

    image_sha256: str
    product: ProductRow
    label: str
    likeliest: str
    confidence: float
    claimed: bool


def versions(request: Request) -> Response:
    """Show the versions, newest first."""
    database = resources(request).database
    with database.read() as session:
        listed = list_versions(session, read_stretch_of(request))
        active = active_version(session)
        back = version_before(session)
        progress = unfinished_relabelling(session)
        shown = find_version(session, active.id) if active else None
    lowest = min((row.accuracy_low or row.accuracy or 1.0 for row in listed.rows), default=0.9)
    return screen(
        request, "versions.html", listed=listed, active=shown, back=back, progress=progress,
        axis=shares_axis(lowest), alone=progress is not None and is_nobody_there(database, LEARN_QUEUE),
    )  # fmt: skip


def version_rows(request: Request) -> Response:
    """Answer with the rows of the list, for programs; the last one's id goes on as `before`."""
    with resources(request).database.read() as session:
        listed = list_versions(session, read_stretch_of(request))
    return rows_as(request, listed.rows, VersionRow)


def version(request: Request) -> Response:
    """Show one version: figures, error matrix, sources, where it comes from; and make it active."""
    database = resources(request).database
    with database.read() as session:
        found = _require(session, request.path_params["id"])
        row = find_version(session, found.id)
        answers = answers_of(session, found)
        run = session.get_one(TrainingRun, found.training_run_id)
        active = active_version(session)
        progress = unfinished_relabelling(session) if found.active else None
        changed = count_changed_labels(session, found.id) if found.active else None
        back = version_before(session)
    return screen(
        request, "version.html", version=found, row=row, run=run, answers=answers,
        figures=answers.figures() if answers else None,
        sources=score_sources(answers.outcomes) if answers else [],
        kept=measured(found), active=active.id if active else None,
        progress=progress, changed=changed, back=back, test=Split.TEST, axis=shares_axis,
        uncalibrated=uncalibrated(found),
        alone=progress is not None and is_nobody_there(database, LEARN_QUEUE),
    )  # fmt: skip


def version_as_json(request: Request) -> Response:
    """Answer with all that is known of a version, for programs."""
    with resources(request).database.read() as session:
        found = _require(session, request.path_params["id"])
        row = find_version(session, found.id)
        answers = answers_of(session, found)
        progress = unfinished_relabelling(session) if found.active else None
    figures = answers.figures() if answers else None
    return as_json(
        {
            "version": row,
            "metrics": found.metrics,
            "temperature": found.temperature,
            "threshold": found.threshold,
            "in_distribution_threshold": found.in_distribution_threshold,
            "recorded": None if figures is None else {"figures": figures[0], "intervals": figures[1]},
            "unseen_pictures": answers.unseen if answers else None,
            "only_first_products": answers.is_part if answers else None,
            "sources": score_sources(answers.outcomes) if answers else [],
            "relabelling": progress,
        }
    )


def pictures(request: Request) -> Response:
    """Show the test pictures of a cell of the error matrix, or all mistakes, the most confident first."""
    found, told, number = _told(request)
    return screen(
        request,
        "version_pictures.html",
        version=found,
        told=told,
        number=number,
        words={name: request.query_params.get(name) for name in ("label", "likeliest", "source")},
    )


def picture_rows(request: Request) -> Response:
    """Answer with the pictures of a cell, for programs."""
    _, told, number = _told(request)
    return as_json({"number": number, "pictures": told or []})


def _told(request: Request) -> tuple[ModelVersion, list[ToldPicture] | None, int]:
    """Give a version, what it says of the pictures asked for, None where its head is damaged, and their number."""
    with resources(request).database.read() as session:
        found = _require(session, request.path_params["id"])
        answers = answers_of(session, found)
        if answers is None:
            return found, None, 0
        rows = _chosen(answers, request)
        told = _look_up(session, answers.select(rows[:PICTURES]))
    return found, told, len(rows)


def _chosen(answers: RecordedAnswers, request: Request) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Give the places of the pictures that the address asks for: of a label, of a likeliest category, of a source."""
    given, said = request.query_params, answers.outcomes.answers
    labels = np.array([image.category for image in answers.outcomes.images], dtype=np.str_)
    likeliest = np.array(answers.categories, dtype=np.str_)[said.likeliest] if len(said) else labels
    wanted = np.ones(len(said), dtype=np.bool_)
    if given.get("label"):
        wanted &= labels == given["label"]
    if given.get("likeliest"):
        wanted &= likeliest == given["likeliest"]
    if given.get("source"):
        wanted &= np.array(
            [image.source == given["source"] for image in answers.outcomes.images], dtype=np.bool_
        )
    if not given.get("label") and not given.get("likeliest"):
        wanted &= said.shown & ~said.right
    rows = np.flatnonzero(wanted)
    return np.asarray(rows[np.argsort(-said.confidence[rows], kind="stable")], dtype=np.int64)


def _look_up(session: Session, answers: RecordedAnswers) -> list[ToldPicture]:
    said, images = answers.outcomes.answers, answers.outcomes.images
    products = products_by_id(session, [image.product_id for image in images])
    return [
        ToldPicture(
            image.sha256, products[image.product_id], image.category,
            answers.categories[int(said.likeliest[row])], float(said.confidence[row]), not said.uncertain[row],
        )
        for row, image in enumerate(images)
    ]  # fmt: skip


def products_by_id(session: Session, product_ids: list[int]) -> dict[int, ProductRow]:
    """Give the rows of some products, at most some hundreds, by id; one that is gone is left out."""
    rows = session.execute(select(*product_columns()).where(Product.id.in_(product_ids))).mappings()
    return {row["id"]: ProductRow(**row) for row in rows}


async def make_active(request: Request) -> Response:
    """Make a version active; products are relabelled by whoever works."""
    number = request.path_params["id"]
    try:
        await run_in_threadpool(_activate, resources(request).database, number)
    except UnknownModelVersionError as error:
        raise HTTPException(404, str(error)) from error
    return RedirectResponse(f"/versions/{number}", 303)


def _activate(database: Database, number: int) -> None:
    """Activate a version unless it is active: a second press must not begin the relabelling anew."""
    with database.write() as session:
        active = active_version(session)
        if active is None or active.id != number:
            activate(session, number)


def answers_of(session: Session, found: ModelVersion) -> RecordedAnswers | None:
    """Ask a version about the test pictures; None where its head is damaged."""
    try:
        return recorded_answers(session, found)
    except HeadError:
        return None


def _require(session: Session, number: int) -> ModelVersion:
    found = session.get(ModelVersion, number) if number < 2**31 else None
    if found is None:
        raise HTTPException(404, f"there is no such model version, got {number}")
    return found


ROUTES: Final = (
    Route("/versions", versions),
    *twins("/versions", version_rows),
    Route("/versions/{id:int}.json", version_as_json),
    Route("/versions/{id:int}", version),
    Route("/versions/{id:int}/pictures.json", picture_rows),
    Route("/versions/{id:int}/pictures", pictures),
    Route("/versions/{id:int}/activate", make_active, methods=["POST"]),
)
