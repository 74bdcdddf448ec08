"""Write what an evaluation found as one page of HTML that needs neither network nor scripts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from db.image_store import ImageStore
from db.models import ModelVersion, Split, TrainingRun
from db.output_files import written_to
from db.queries.version_list import uncalibrated
from db.session import Database
from worker.cnn.figures.curves import accuracy_coverage_curve, reliability_bins
from worker.evaluating.charts import (
    Chart,
    Mark,
    coverage_chart,
    learning_charts,
    points_axis,
    reliability_chart,
    shares_axis,
)
from worker.evaluating.evaluation import VersionEvaluation, score_quality
from worker.evaluating.report_pictures import most_confident_mistakes, most_uncertain, show
from worker.evaluating.told_pictures import score_sources
from worker.training.examples import SplitImage, digest, split_images


@dataclass(frozen=True)
class Provenance:
    """Where a model version comes from.

    Attributes:
        examples: number of pictures by category and split, as the records are now.
        changed: whether the labelled pictures are others than those that the version was trained on.
        history: the figures of each epoch of its training run.
        left_out: how many products it was not trained on, because their listed category is suspect.
        uncalibrated: that too few pictures calibrated the confidences; None where they were enough.
    """

    version_id: int
    active: bool
    created_at: datetime
    seed: int
    dataset_digest: str | None
    code_revision: str | None
    config: Mapping[str, Any]
    examples: Mapping[str, Mapping[Split, int]]
    changed: bool
    history: Sequence[Mapping[str, Any]]
    left_out: int
    uncalibrated: str | None


def write_report(database: Database, store: ImageStore, evaluation: VersionEvaluation, folder: Path) -> Path:
    """Write `report.html` into the folder, which is made if need be, and give its path.

    Args:
        database: holds the version's training run and the products.
        store: holds the pictures.
        evaluation: what `evaluate_version` gave; without robustness, the page has none.
        folder: an earlier report in it is replaced.
    """
    outcomes = evaluation.outcomes
    page = _environment().get_template("report.html").render(
        evaluation=evaluation,
        figures=evaluation.figures,
        intervals=evaluation.intervals,
        specification=evaluation.specification,
        provenance=find_provenance(database, evaluation),
        sources=score_sources(outcomes),
        quality=score_quality(outcomes),
        scale=shares_axis(evaluation.intervals.lowest),
        calibration=draw_calibration(evaluation),
        learning=learning_charts,
        robustness=evaluation.robustness,
        points=points_axis(evaluation.robustness) if evaluation.robustness else None,
        mistakes=show(database, store, evaluation, most_confident_mistakes(outcomes)),
        unsure=show(database, store, evaluation, most_uncertain(outcomes)),
    )  # fmt: skip
    path = folder / "report.html"
    with written_to(path) as stream:  # whoever reads meanwhile sees the earlier report or this one, whole
        stream.write(page.encode())
    return path


def find_provenance(database: Database, evaluation: VersionEvaluation) -> Provenance:
    """Look up how the version was made, and count the labelled pictures."""
    images = split_images(database, evaluation.specification.categories)
    with database.read() as session:
        version = session.get_one(ModelVersion, evaluation.version_id)
        run = session.get_one(TrainingRun, version.training_run_id)
        return Provenance(
            version_id=version.id,
            active=version.active,
            created_at=version.created_at,
            seed=run.seed,
            dataset_digest=run.dataset_digest,
            code_revision=run.code_revision,
            config=run.config,
            examples=_count_examples(images),
            changed=run.dataset_digest is not None and run.dataset_digest != digest(images),
            history=run.history,
            left_out=len(run.metrics.get("left_out", [])),
            uncalibrated=uncalibrated(version),
        )


def draw_calibration(evaluation: VersionEvaluation) -> tuple[Chart, Chart]:
    """Draw the reliability diagram and the accuracy-coverage curve of the pictures that show a category."""
    outcomes, specification = evaluation.outcomes, evaluation.specification
    shown = outcomes.answers.shown
    answers = outcomes.answers.select(shown)
    claimable = outcomes.in_distribution[shown] >= specification.in_distribution_threshold
    figures = evaluation.figures
    chosen = None
    if figures.claimed_accuracy is not None:
        chosen = Mark(figures.coverage, figures.claimed_accuracy, f"threshold {specification.threshold:.2f}")
    curve = accuracy_coverage_curve(answers.confidence, answers.right, claimable)
    return reliability_chart(reliability_bins(answers.confidence, answers.right)), coverage_chart(
        curve, chosen
    )


def _count_examples(images: Sequence[SplitImage]) -> dict[str, dict[Split, int]]:
    counts = Counter((each.image.category, each.split) for each in images)
    return {
        category: {split: counts[category, split] for split in Split}
        for category in sorted({category for category, _ in counts})
    }


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("worker.evaluating"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(percent=_percent)
    return environment


def _percent(share: float | None) -> str:
    """Write a share, 0 to 1, as a percentage; never 100 where something is missing."""
    if share is None:
        return "\N{EN DASH}"
    return "100%" if share == 1 else f"{min(share * 100, 99.9):.1f}%"
