"""Two model versions beside each other, and the products whose label would change, before anything is activated."""

from dataclasses import dataclass
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from db.categories import load_categories
from db.datasets.foreseen_labels import ForeseenChange, Foresight, foresee_labels
from db.models import ModelVersion
from db.queries.products import ProductRow
from web.resources import resources
from web.screens.selection_screens import Done, read_done
from web.screens.version_screens import products_by_id
from web.templating import screen
from web.twins import as_json
from worker.cnn.figures.evaluate import Evaluation
from worker.cnn.figures.intervals import Intervals
from worker.evaluating.charts import shares_axis
from worker.evaluating.recorded_answers import recorded_answers
from worker.evaluating.version_comparison import VersionComparison, compare_versions

CHANGES: Final = 60
"""Products whose label would change, on one screen."""

SECONDS: Final = 1.0
"""That looking for them takes at most, and a part of the products."""


@dataclass(frozen=True)
class ChangedProduct:
    """A product whose label would be another, with its row as it is."""

    change: ForeseenChange
    product: ProductRow


@dataclass(frozen=True)
class Beside:
    """Two versions and all that tells them apart.

    Attributes:
        figures: of the first and of the second, with their intervals; None where there are no test pictures.
        foresight: what the second would change, as far as it was looked.
        products: those of the foresight.
        done: verdicts that were just given here.
    """

    versions: tuple[ModelVersion, ModelVersion]
    comparison: VersionComparison
    figures: tuple[tuple[Evaluation, Intervals] | None, tuple[Evaluation, Intervals] | None]
    foresight: Foresight
    products: list[ChangedProduct]
    done: Done | None


def comparison(request: Request) -> Response:
    """Show two versions beside each other."""
    beside = _compare(request)
    found = [each for each in beside.figures if each is not None]
    lowest = min((intervals.macro_f1.low for _, intervals in found), default=0.9)
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
        answers = (recorded_answers(session, first), recorded_answers(session, second))
        foresight = foresee_labels(session, (first, second), after, CHANGES, SECONDS)
        done = read_done(session, request)
        rows = products_by_id(session, [change.product_id for change in foresight.changes])
    products = [
        ChangedProduct(change, rows[change.product_id])
        for change in foresight.changes
        if change.product_id in rows
    ]
    figures = (answers[0].figures(), answers[1].figures())
    return Beside((first, second), compare_versions(*answers), figures, foresight, products, done)


def _after(request: Request) -> int:
    text = request.query_params.get("after") or "0"
    if not (text.isascii() and text.isdigit()) or int(text) >= 2**31:
        raise HTTPException(400, f"after is the id of a product, got {text!r}")
    return int(text)


ROUTES: Final = (
    Route("/versions/{first:int}..{second:int}.json", comparison_as_json),
    Route("/versions/{first:int}..{second:int}", comparison),
)
