"""Two model versions beside each other, and the products whose label would change, before anything is activated."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from db.categories import load_categories
from db.datasets.foreseen_labels import ForeseenChange, Foresight, foresee_labels
from db.errors import HeadError
from db.models import ModelVersion
from db.queries.products import ProductRow
from web.resources import resources
from web.screens.selection_screens import Done, read_done
from web.screens.version_screens import answers_of, products_by_id
from web.templating import screen
from web.twins import as_json
from worker.cnn.figures.evaluate import Evaluation
from worker.cnn.figures.intervals import Intervals
from worker.evaluating.charts import shares_axis
from worker.evaluating.recorded_answers import RecordedAnswers
from worker.evaluating.version_comparison import VersionComparison, compare_versions

CHANGES: Final = 60
"""Products whose label would change, on one screen."""

SECONDS: Final = 1.0
"""That looking for them takes at most, and a part of the products."""


_Figures: TypeAlias = tuple[Evaluation, Intervals] | None


@dataclass(frozen=True)
class ChangedProduct:
    """A product whose label would be another, with its row as it is."""

    change: ForeseenChange
    product: ProductRow


@dataclass(frozen=True)
class Beside:
    """Two versions and all that tells them apart.

    Attributes:
        damaged: the numbers of those whose head cannot be read.
        comparison: None where one of them is damaged.
        figures: of the first and of the second, with their intervals; None where there are no test pictures.
        foresight: what the second would change, as far as it was looked; None where that takes a damaged head.
        products: those of the foresight.
        done: verdicts that were just given here.
    """

    versions: tuple[ModelVersion, ModelVersion]
    damaged: list[int]
    comparison: VersionComparison | None
    figures: tuple[_Figures, _Figures]
    foresight: Foresight | None
    products: list[ChangedProduct]
    done: Done | None


def comparison(request: Request) -> Response:
    """Show two versions beside each other."""
    beside = _compare(request)
    found = [each for each in beside.figures if each is not None]
    lowest = min((intervals.lowest for _, intervals in found), default=0.9)
    return screen(
        request, "comparison.html", beside=beside, axis=shares_axis(lowest), categories=load_categories()
    )


def comparison_as_json(request: Request) -> Response:
    """Answer with the same, for programs; `foresight.last` goes on as `after`."""
    beside = _compare(request)
    names = ("figures", "intervals")
    return as_json(
        {
            "versions": [version.id for version in beside.versions],
            "comparison": beside.comparison,
            "figures": [dict(zip(names, each, strict=True)) if each else None for each in beside.figures],
            "foresight": beside.foresight,
            "products": [_told(each) for each in beside.products],
        }
    )


def _told(changed: ChangedProduct) -> dict[str, Any]:
    product, change = changed.product, changed.change
    return {
        "marketplace": product.marketplace, "asin": product.asin, "title": product.title,
        "listed_category": product.listed_category, "image_sha256": product.image_sha256,
        "before": change.before, "after": change.after, "likeliest": change.likeliest,
        "confidence": change.confidence,
    }  # fmt: skip


def _compare(request: Request) -> Beside:
    numbers = (request.path_params["first"], request.path_params["second"])
    after = _after(request)
    with resources(request).database.read() as session:
        found = [session.get(ModelVersion, number) if number < 2**31 else None for number in numbers]
        first, second = found
        if first is None or second is None:
            raise HTTPException(404, f"two model versions are needed, got {numbers[0]} and {numbers[1]}")
        answers = (answers_of(session, first), answers_of(session, second))
        foresight = _foresee(session, (first, second), after)
        done = read_done(session, request)
        products = _look_up(session, foresight.changes if foresight else ())
    return Beside(
        versions=(first, second),
        damaged=sorted(
            {version.id for version, said in zip((first, second), answers, strict=True) if said is None}
        ),
        comparison=compare_versions(answers[0], answers[1]) if answers[0] and answers[1] else None,
        figures=(_figures(answers[0]), _figures(answers[1])),
        foresight=foresight,
        products=products,
        done=done,
    )


def _foresee(session: Session, versions: tuple[ModelVersion, ModelVersion], after: int) -> Foresight | None:
    try:
        return foresee_labels(session, versions, after, CHANGES, SECONDS)
    except HeadError:
        return None


def _look_up(session: Session, changes: Sequence[ForeseenChange]) -> list[ChangedProduct]:
    rows = products_by_id(session, [change.product_id for change in changes])
    return [
        ChangedProduct(change, rows[change.product_id]) for change in changes if change.product_id in rows
    ]


def _figures(answers: RecordedAnswers | None) -> _Figures:
    return answers.figures() if answers else None


def _after(request: Request) -> int:
    text = request.query_params.get("after") or "0"
    if not (text.isascii() and text.isdigit()) or int(text) >= 2**31:
        raise HTTPException(400, f"after is the id of a product, got {text!r}")
    return int(text)


ROUTES: Final = (
    Route("/versions/{first:int}..{second:int}.json", comparison_as_json),
    Route("/versions/{first:int}..{second:int}", comparison),
)
