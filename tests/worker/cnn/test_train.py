import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from worker.cnn.config import VIEWS, NetworkName, TrainingConfig
from worker.cnn.errors import EmptyCategoryError, ExamplesError, TrainingDivergedError
from worker.cnn.figures.evaluate import evaluate
from worker.cnn.pictures.dataset import TEST, Examples
from worker.cnn.progress import Progress
from worker.cnn.serving.classifier import Classifier, gather_answers
from worker.cnn.serving.specification import ClassifierSpecification
from worker.cnn.train import Embedded, TrainingResult, train_and_evaluate

pytestmark = pytest.mark.slow

Draw = Callable[[NetworkName], Examples]
Configure = Callable[[NetworkName], TrainingConfig]

LITE0, SEED_CNN = NetworkName.EFFICIENTNET_LITE0, NetworkName.SEED_CNN


class StoppedError(Exception):
    pass


def test_drawings_are_told_apart(trained: TrainingResult) -> None:
    assert trained.metrics["test"]["accuracy"] == 1
    assert trained.metrics["test"]["pictures"] == 6
    assert trained.metrics["test"]["negatives"] == 2
    assert trained.examples["train"] == {"saree": 8, "jeans": 8, "trousers": 8, "other": 8}
    assert trained.seconds > 0


def test_the_result_is_json_but_for_the_artefact(trained: TrainingResult) -> None:
    document = [trained.metrics, trained.history, trained.specification.as_dict(), trained.examples]
    assert json.loads(json.dumps(document))[0]["validation"]["pictures"] == 12


def test_a_frozen_backbone_has_no_epochs(trained: TrainingResult) -> None:
    assert trained.history == ()


def test_a_body_embeds_every_example_and_its_head_names_the_thresholds(
    trained: TrainingResult, drawn_examples: Draw
) -> None:
    embedded = embedded_by(trained)
    assert embedded.embeddings.shape == (len(drawn_examples(LITE0)), 256)
    assert embedded.embeddings.dtype == np.int8
    head, specification = embedded.head.head, trained.specification
    assert specification.views == VIEWS
    for name in ("categories", "temperature", "threshold", "in_distribution_threshold"):
        assert getattr(head, name) == getattr(specification, name)
    assert trained.metrics == embedded.head.metrics


def test_the_classifier_says_what_the_evaluation_measured(
    trained: TrainingResult, drawn_examples: Draw
) -> None:
    head = embedded_by(trained).head.head
    classifier = Classifier.load(trained.artefact, trained.specification, head)
    test = drawn_examples(LITE0).where(TEST)
    categories = trained.specification.categories
    answers = gather_answers(classifier.classify(test.pictures), test.labels, categories)
    measured = evaluate(answers, categories)
    assert measured.loss == pytest.approx(trained.metrics["test"]["loss"], abs=1e-2)
    assert measured.coverage == trained.metrics["test"]["coverage"]
    assert measured.negatives_flagged == trained.metrics["test"]["negatives_flagged"]


def test_a_seed_repeats_embeddings_and_head(
    trained: TrainingResult, drawn_examples: Draw, small_config: Configure, tmp_path: Path
) -> None:
    steps = list[Progress]()
    again = train_and_evaluate(small_config(LITE0), drawn_examples(LITE0), tmp_path, steps.append)
    one, other = embedded_by(trained), embedded_by(again)
    assert np.array_equal(one.embeddings, other.embeddings)
    assert one.head.head.to_bytes() == other.head.head.to_bytes()
    assert again.metrics == trained.metrics
    assert without_digests(again.specification) == without_digests(trained.specification)
    assert list(dict.fromkeys(step.stage for step in steps)) == ["features", "evaluate", "embedding"]
    assert all(0 < step.done <= step.total for step in steps)


def embedded_by(result: TrainingResult) -> Embedded:
    assert result.embedded is not None
    return result.embedded


def without_digests(specification: ClassifierSpecification) -> ClassifierSpecification:
    """The files hold names that Keras counts up within a process."""
    return dataclasses.replace(specification, sha256="", flatbuffer_sha256="")


def test_the_notebooks_network_trains_and_classifies(
    drawn_examples: Draw, small_config: Configure, tmp_path: Path
) -> None:
    drawn, reports = drawn_examples(SEED_CNN), list[Progress]()
    examples = drawn.select(np.arange(0, len(drawn), 2))
    result = train_and_evaluate(small_config(SEED_CNN), examples, tmp_path, reports.append)
    assert [entry["epoch"] for entry in result.history] == [1, 2]
    assert {report.stage for report in reports} == {"seed_cnn", "evaluate"}
    assert all(0 < report.done <= report.total for report in reports)
    assert result.flatbuffer is not None
    assert result.embedded is None
    assert result.specification.views is None
    assert result.metrics["calibration"] == {
        "pictures": result.metrics["validation"]["pictures"],
        "enough": False,
    }
    for artefact in (result.artefact, result.flatbuffer):
        predictions = Classifier.load(artefact, result.specification).classify(examples.pictures[:2])
        assert all(sum(p.probabilities.values()) == pytest.approx(1) for p in predictions)


def test_an_error_of_the_report_stops_training(
    drawn_examples: Draw, small_config: Configure, tmp_path: Path
) -> None:
    def stop(progress: Progress) -> None:
        raise StoppedError(progress.stage)

    with pytest.raises(StoppedError):
        train_and_evaluate(small_config(LITE0), drawn_examples(LITE0), tmp_path, stop)


def test_training_without_test_pictures_evaluates_validation_alone(
    drawn_examples: Draw, small_config: Configure, workdir: Path
) -> None:
    examples = drawn_examples(LITE0)
    few = examples.select((examples.splits != TEST) & (examples.labels >= 0))
    result = train_and_evaluate(small_config(LITE0), few, workdir)
    assert list(result.metrics) == ["validation", "calibration"]
    assert result.metrics["validation"]["negatives_flagged"] is None


def test_a_loss_that_explodes_is_an_error(
    drawn_examples: Draw, small_config: Configure, tmp_path: Path
) -> None:
    drawn = drawn_examples(SEED_CNN)
    config = dataclasses.replace(small_config(SEED_CNN), learning_rate=1e38)
    with pytest.raises(TrainingDivergedError, match="epoch 1"):
        train_and_evaluate(config, drawn.select(np.arange(0, len(drawn), 2)), tmp_path)


def test_pictures_of_another_size_are_refused(
    drawn_examples: Draw, small_config: Configure, tmp_path: Path
) -> None:
    with pytest.raises(ExamplesError, match="takes pictures of 300x300"):
        train_and_evaluate(small_config(SEED_CNN), drawn_examples(LITE0), tmp_path)


def test_a_category_without_pictures_is_refused(
    drawn_examples: Draw, small_config: Configure, tmp_path: Path
) -> None:
    examples = drawn_examples(LITE0)
    with pytest.raises(EmptyCategoryError, match="trousers"):
        train_and_evaluate(small_config(LITE0), examples.select(examples.labels != 2), tmp_path)
