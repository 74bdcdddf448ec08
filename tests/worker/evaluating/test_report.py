import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from db.models import Image, ModelVersion, Product, Split, TrainingRun
from db.pictures.codes import QualityCode
from db.queries.labelled_images import LabelledImage
from db.repository.reviews import Verdict, record_reviews
from db.session import Database
from tests.factories import CATEGORIES, SHOP, STORE
from worker.__main__ import app
from worker.classifying.loaded_versions import load_classifier
from worker.cnn.arrays import KNOWN_NEGATIVE
from worker.cnn.figures.answers import Answers
from worker.cnn.figures.robustness_scores import (
    LookAlikes,
    PointsLost,
    Robustness,
    Score,
    VariationScore,
    VariedScore,
)
from worker.cnn.pictures.variation_kinds import Variation
from worker.evaluating.evaluation import VersionEvaluation, evaluate_version, score_quality
from worker.evaluating.report import write_report
from worker.evaluating.report_pictures import most_confident_mistakes, most_uncertain
from worker.evaluating.told_pictures import Outcomes, score_sources

SECTIONS = (
    "Headline figures", "Error matrix", "Is it right when it is sure?", "Sources", "Most confident mistakes",
    "Most uncertain pictures", "Provenance",
)  # fmt: skip


@pytest.fixture
def evaluation(trained: Database) -> VersionEvaluation:
    load_classifier.cache_clear()
    return evaluate_version(trained, STORE)


class Page(HTMLParser):
    """What a browser would find in a page: the words, by their place, and what they ask it to load or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        values = {name: value or "" for name, value in attrs}
        self.addresses += [values[name] for name in ("src", "href", "srcset", "xlink:href") if name in values]
        assert not [name for name in values if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def written(database: Database, evaluation: VersionEvaluation, folder: Path) -> Page:
    path = write_report(database, STORE, evaluation, folder / "report")
    assert [file.name for file in path.parent.iterdir()] == ["report.html"]
    return Page(path.read_text(encoding="utf-8"))


def test_the_page_shows_every_section_and_needs_nothing_else(
    trained: Database, evaluation: VersionEvaluation, tmp_path: Path
) -> None:
    page = written(trained, evaluation, tmp_path)
    assert [section for section in SECTIONS if section not in page.text] == []
    assert "Learning curves" not in page.text  # a frozen backbone has none
    assert not {"script", "link", "iframe", "object", "embed", "base", "form"} & set(page.tags)
    assert page.tags.count("img") >= 1
    assert all(address.startswith("data:image/jpeg;base64,") for address in page.addresses)
    style = "".join(word for word in page.words if "{" in word)
    assert "url(" not in style
    assert "@import" not in style


def test_the_page_names_the_version_its_data_and_its_code(
    trained: Database, evaluation: VersionEvaluation, tmp_path: Path
) -> None:
    with trained.read() as session:
        run = session.scalars(select(TrainingRun)).one()
        version = session.scalars(select(ModelVersion)).one()
    text = written(trained, evaluation, tmp_path).text
    for fact in (run.dataset_digest, run.code_revision or "unknown", version.sha256, version.network,
                 f"{version.threshold:.3f}", f"{version.temperature:.3f}"):  # fmt: skip
        assert fact is not None
        assert fact in text
    assert "have changed" not in text
    assert f"confidences are not calibrated: n = {run.metrics['calibration']['pictures']}" in text


def test_the_page_says_that_the_records_have_changed_since_training(
    trained: Database, evaluation: VersionEvaluation, tmp_path: Path
) -> None:
    with trained.write() as session:
        record_reviews(session, [Verdict(SHOP, "saree0", "jeans")], CATEGORIES)
    assert "have changed since this version was trained" in written(trained, evaluation, tmp_path).text


def test_words_of_a_shop_are_text_and_nothing_else(
    trained: Database, evaluation: VersionEvaluation, tmp_path: Path
) -> None:
    hostile = "</p><script>alert(1)</script>"
    with trained.write() as session:
        session.execute(update(Product).values(asin=hostile + Product.asin))
    page = written(trained, evaluation, tmp_path)
    assert "script" not in page.tags
    assert hostile in page.text


def test_a_picture_that_is_gone_leaves_its_caption(
    trained: Database, evaluation: VersionEvaluation, tmp_path: Path
) -> None:
    with trained.write() as session:
        session.execute(update(Image).where(Image.id % 2 == 0).values(data=None))
        session.execute(update(Image).where(Image.id % 2 == 1).values(data=b"no picture"))
    page = written(trained, evaluation, tmp_path)
    assert "img" not in page.tags
    assert page.text.count("no picture") == page.tags.count("li")


def test_a_version_that_claims_nothing_and_saw_no_negatives_has_a_page(
    trained: Database, evaluation: VersionEvaluation, tmp_path: Path
) -> None:
    with trained.write() as session:
        session.execute(update(TrainingRun).values(history=[], code_revision=None, dataset_digest=None))
    silent = replace(
        evaluation,
        figures=replace(evaluation.figures, coverage=0.0, claimed_accuracy=None),
        intervals=replace(evaluation.intervals, claimed_accuracy=None),
    )
    text = written(trained, silent, tmp_path).text
    assert "It claims a label for none of them." in text
    assert "Learning curves" not in text
    assert "unknown" in text


def test_the_page_shows_variations_where_they_were_measured(
    trained: Database, evaluation: VersionEvaluation, tmp_path: Path
) -> None:
    assert "Robustness" not in written(trained, evaluation, tmp_path).text
    clean, lost = Score(0.9, 0.9, 0.8, 0.95), PointsLost(27.7, 20.1, 33.3)
    varied = VariedScore(Score(0.623, 0.6, 0.41, None), lost)
    measured = Robustness(
        pictures=50,
        clean=clean,
        variations={
            Variation.JPEG_QUALITY: VariationScore({1: VariedScore(clean, PointsLost(0, 0, 0))}, PointsLost(0, 0, 0)),
            Variation.OCCLUSION: VariationScore({1: varied}, lost),
        },
        look_alikes=LookAlikes(5, clean, {"jeans or trousers": 4, "saree or jeans": 1}),
    )  # fmt: skip
    text = written(trained, replace(evaluation, robustness=measured), tmp_path).text
    assert "Occlusion costs most: 27.7 points of accuracy in the mean over its strengths (20.1 to" in text
    assert re.search(r"occlusion mean 27\.7, 20\.1 to 33\.3 1 62\.3% 41\.0% 27\.7 20\.1 to 33\.3", text)
    assert text.index("occlusion mean") < text.index("jpeg quality mean")
    assert "between jeans and trousers (4), saree and jeans (1)." in text


def test_a_report_replaces_an_earlier_one(
    trained: Database, evaluation: VersionEvaluation, tmp_path: Path
) -> None:
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "report.html").write_text("an earlier one")
    assert "Headline figures" in written(trained, evaluation, tmp_path).text


def test_evaluate_writes_the_report_beside_the_figures(
    trained: Database, set_database_url: Callable[[Database], None], tmp_path: Path
) -> None:
    set_database_url(trained)
    words = ["evaluate", "--json", "--no-robustness", "--report", str(tmp_path / "a" / "b")]
    result = CliRunner().invoke(app, words)
    figures = json.loads(result.stdout)
    low, high = figures["intervals"]["accuracy"].values()
    assert low <= figures["accuracy"] <= high
    assert (tmp_path / "a" / "b" / "report.html").stat().st_size > 10_000
    assert "report.html" in "".join(result.stderr.split())  # a long path is wrapped
    with trained.read() as session:
        kept = session.scalars(select(ModelVersion)).one().metrics["evaluation"]
    assert kept["intervals"] == figures["intervals"]


def outcomes(rows: list[tuple[int, list[float], bool]], sources: str = "aaaaaaaaaaaa") -> Outcomes:
    """Outcomes of pictures of one product each: label, probabilities, and whether it is uncertain."""
    images = [
        LabelledImage(n, f"{n:064}", n // 2, sources[n], "saree", Split.TEST, "0" * 16, "")
        for n in range(len(rows))
    ]
    labels, probabilities, uncertain = zip(*rows, strict=True)
    answers = Answers(np.array(probabilities), np.array(labels), np.array(uncertain))
    return Outcomes(tuple(images), answers, np.ones(len(rows)))


def test_mistakes_are_wrong_categories_and_claimed_negatives_the_surest_first() -> None:
    found = outcomes(
        [
            (0, [0.9, 0.1], False),
            (1, [0.7, 0.3], True),
            (1, [0.99, 0.01], False),
            (KNOWN_NEGATIVE, [0.1, 0.9], False),
            (KNOWN_NEGATIVE, [0.02, 0.98], True),
        ]
    )
    assert most_confident_mistakes(found) == [2, 3, 1]


def test_the_most_uncertain_pictures_show_a_category() -> None:
    found = outcomes(
        [
            (0, [0.9, 0.1], False),
            (KNOWN_NEGATIVE, [0.5, 0.5], True),
            (1, [0.4, 0.6], True),
            (0, [0.3, 0.7], True),
        ]
    )
    assert most_uncertain(found) == [2, 3, 0]


def test_sources_are_scored_on_their_pictures_of_the_categories() -> None:
    found = outcomes(
        [(0, [0.9, 0.1], False), (1, [0.7, 0.3], True), (KNOWN_NEGATIVE, [0.9, 0.1], False), (1, [0.2, 0.8], False),
         (KNOWN_NEGATIVE, [0.9, 0.1], False)],
        "aaabc",
    )  # fmt: skip
    scores = [(s.source, s.pictures, s.products, s.accuracy) for s in score_sources(found)]
    assert scores == [("a", 2, 1, 0.5), ("b", 1, 1, 1.0)]


def test_accuracy_is_told_by_quality_code() -> None:
    found = outcomes([(0, [0.9, 0.1], False), (1, [0.7, 0.3], False), (KNOWN_NEGATIVE, [0.7, 0.3], False)])
    dark, good, negative = found.images
    poor = replace(dark, quality=(QualityCode.BLURRED, QualityCode.DARK))
    assert score_quality(replace(found, images=(poor, good, negative))) == {
        "blurred": {"pictures": 1, "accuracy": 1},
        "dark": {"pictures": 1, "accuracy": 1},
        "good": {"pictures": 1, "accuracy": 0},
    }
