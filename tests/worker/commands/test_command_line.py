import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, Protocol

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner, Result

from db.models import Image, ModelVersion, RunStatus, TrainingRun
from db.session import Database
from tests.conftest import ROOT, migrate
from tests.factories import CATEGORIES, drawing, encoded, model_version, product, save
from tests.processes import PATIENCE_SECONDS
from tests.screens import plain
from tests.worker.conftest import PRODUCTS, garment, save_garments
from worker.__main__ import app
from worker.cnn.pictures.variation_kinds import Variation
from worker.fleet.waiting import wait_until

NAMES = [category.name for category in CATEGORIES]
COLUMNS = ["path", "category", "confidence", "uncertain", "reason", *NAMES, "likeliest", "why_uncertain"]


class Command(Protocol):
    """Runs `python -m worker WORDS` in this process."""

    def __call__(self, *words: str) -> Result: ...


@pytest.fixture
def command(
    trained: Database, monkeypatch: pytest.MonkeyPatch, set_database_url: Callable[[Database], None]
) -> Command:
    """The command line, on the trained records."""
    set_database_url(trained)
    monkeypatch.setenv("COLUMNS", "200")
    return invoke


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A folder as people have them: nested, with files that are no pictures."""
    folder = tmp_path / "photos"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "saree.png").write_bytes(garment("saree", 900))
    (folder / "deep" / "er" / "jeans.jpeg").write_bytes(garment("jeans", 901))
    (folder / "deep" / "corrupt.jpg").write_bytes(garment("jeans", 902)[:300])
    (folder / "animation.jpg").write_bytes(encoded(drawing(), "GIF"))
    (folder / "empty.png").touch()
    (folder / "notes.txt").write_text("remember the sarees")
    return folder


def invoke(*words: str) -> Result:
    return CliRunner().invoke(app, words, catch_exceptions=False)


def worker(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "worker", *words],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def no_constants(name: str) -> NoReturn:
    pytest.fail(f"{name} is no JSON")


def test_predict_writes_one_row_per_file_with_the_columns_of_the_contract(
    command: Command, photos: Path
) -> None:
    result = command("predict", str(photos), "--format", "csv")
    assert result.exit_code == 0
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert list(rows[0]) == COLUMNS
    by_path = {row["path"]: row for row in rows}
    assert list(by_path) == [
        "animation.jpg", "deep/corrupt.jpg", "deep/er/jeans.jpeg", "empty.png", "notes.txt", "saree.png",
    ]  # fmt: skip
    for path, category in (("saree.png", "saree"), ("deep/er/jeans.jpeg", "jeans")):
        row = by_path[path]
        shares = {name: float(row[name]) for name in NAMES}
        assert max(shares, key=shares.__getitem__) == category
        assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
        assert float(row["confidence"]) == max(shares.values())
        assert (row["category"], row["uncertain"]) in {(category, "False"), ("", "True")}
        assert row["reason"] == ""
    reasons = {path: row["reason"] for path, row in by_path.items() if row["reason"]}
    assert reasons == {
        "animation.jpg": "unsupported_format", "deep/corrupt.jpg": "corrupt",
        "empty.png": "empty", "notes.txt": "unsupported_format",
    }  # fmt: skip
    assert all(by_path["notes.txt"][name] == "" for name in ("category", "confidence", "uncertain", *NAMES))


def test_predict_writes_json_and_a_table_of_the_same_rows(command: Command, photos: Path) -> None:
    rows = json.loads(command("predict", str(photos), "--format", "json").stdout, parse_constant=no_constants)
    assert [list(row) for row in rows] == [COLUMNS] * 6
    assert "notes.txt" in command("predict", str(photos)).stdout


def test_predict_takes_names_that_are_no_text(command: Command, tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.png")).write_bytes(garment("saree", 900))
    result = command("predict", str(tmp_path), "--format", "csv")
    assert b"caf\xe9.png," in result.stdout_bytes


def test_evaluate_gives_every_figure_as_json_and_keeps_them(command: Command, trained: Database) -> None:
    figures = json.loads(command("evaluate", "--json", "--no-robustness").stdout, parse_constant=no_constants)
    assert {"pictures", "accuracy", "loss", "macro_f1", "expected_calibration_error", "error_matrix",
            "coverage", "claimed_accuracy", "negatives", "negatives_flagged"} < set(figures)  # fmt: skip
    assert list(figures["categories"]) == NAMES
    assert {"precision", "recall", "f1", "support"} <= set(figures["categories"]["saree"])
    assert sum(map(sum, figures["error_matrix"])) == figures["pictures"]
    with trained.read() as session:
        run = session.scalars(select(TrainingRun)).one()
        # The same pictures, decoded again from the records, give the figures of the training run.
        assert figures["accuracy"] == run.metrics["test"]["accuracy"]
    told = command("evaluate", "--no-robustness")
    assert "error_matrix" not in told.stdout
    intervals = figures["intervals"]
    for ends in (intervals["accuracy"], intervals["coverage"], intervals["f1"]["saree"]):
        assert f"{ends['low']:.3f} to {ends['high']:.3f}" in told.stdout
    counted = run.metrics["calibration"]["pictures"]
    assert f"Confidences of model version 1 are not calibrated: n = {counted}." in told.stderr


def test_evaluate_measures_robustness_and_keeps_it(command: Command, trained: Database) -> None:
    result = command("evaluate")
    for words in ("background clutter", "points of accuracy lost", "look-alikes"):
        assert words in result.stdout
    assert "robustness" in result.stderr
    with trained.read() as session:
        kept = session.scalars(select(ModelVersion)).one().metrics["evaluation"]
    assert kept["robustness"]["clean"]["accuracy"] == kept["accuracy"]
    assert len(kept["robustness"]["variations"]) == len(Variation)
    assert kept["robustness"]["worst"]["variation"] in kept["robustness"]["variations"]


def test_train_says_what_so_few_pictures_cannot_show(command: Command, trained: Database) -> None:
    result = command("train")
    with trained.read() as session:
        version = session.get_one(ModelVersion, 2)
    counted = version.metrics["calibration"]["pictures"]
    assert f"Confidences are not calibrated: n = {counted}." in result.stderr
    assert "suspect labels were left out" in result.stderr


def test_models_and_activate_show_and_change_the_active_version(command: Command, trained: Database) -> None:
    model_version(trained, active=False)
    assert command("models").stdout.count("efficien") == 1
    result = command("activate", "2")
    assert result.exit_code == 0
    assert f"{3 * PRODUCTS} images are pending" in result.stderr
    command("activate", "1")


def test_classify_says_how_many_it_classified(command: Command) -> None:
    assert f"Classified {3 * PRODUCTS} images." in command("classify").stderr
    assert "Classified 0 images." in command("classify").stderr


def test_classify_tells_what_was_set_aside(command: Command, trained: Database) -> None:
    with trained.write() as session:
        two = select(Image.id).order_by(Image.id).limit(2)
        session.execute(update(Image).where(Image.id.in_(two)).values(data=b"nothing that is a picture"))
    said = " ".join(command("classify").stderr.split())
    assert f"Classified {3 * PRODUCTS - 2} images. 2 could not be read and are set aside" in said
    assert "python -m worker retry" in said


def test_what_cannot_be_done_is_one_line_and_exit_code_1(environment: dict[str, str], tmp_path: Path) -> None:
    migrate(environment["DATABASE_URL"])
    (tmp_path / "empty").mkdir()
    for words, line in (
        (("classify",), "python -m worker train"),
        (("evaluate",), "python -m worker train"),
        (("predict", str(tmp_path)), "python -m worker train"),
        (("predict", str(tmp_path), "--version", "9"), "python -m worker models"),
        (("activate", "9"), "got 9"),
        (("enqueue",), "python -m worker run"),
        (("train", "--queue"), "python -m worker run"),
    ):
        result = worker(environment, *words)
        assert (result.returncode, result.stdout) == (1, ""), words
        assert line in result.stderr
        assert result.stderr.count("\n") == 1, result.stderr


def test_enqueue_without_an_answer_from_the_broker_is_one_line(environment: dict[str, str]) -> None:
    migrate(environment["DATABASE_URL"])
    database = Database(environment["DATABASE_URL"])
    model_version(database)
    save(database, product("B000000001", 1))
    database.close()
    result = worker(environment | {"CELERY_BROKER_URL": "redis://127.0.0.1:1"}, "enqueue")
    assert result.returncode == 1
    assert "the broker does not answer" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("predict no/such/folder", "'DIR': dir 'no/such/folder' does not exist"),
        ("predict README.md", "'DIR': dir 'README.md' is a file"),
        (
            "predict photos --format xml",
            "'--format': Value error, 'xml' is not one of 'table', 'json', 'csv'",
        ),
        (
            "train --network vgg",
            "'--network': Value error, 'vgg' is not one of 'seed_cnn', 'efficientnet_lite0'",
        ),
        ("activate one", "Invalid value for 'ID': Input should be a valid integer"),
        ("crawl --bands 500,100", "whole, ascending prices are needed, such as 500,1000; got '500,100'"),
        ("crawl --categories skirt", "categories are saree, jeans, trousers; got 'skirt'"),
        ("metrics --port 70000", "Invalid value for '--port': Input should be less than or equal to 65535"),
        (
            "suspects --sheet sheet.gif",
            "'--sheet': a name ending in .png, .jpg, .jpeg is needed, got sheet.gif",
        ),
        ("dance", "No such command 'dance'"),
    ],
)
def test_a_wrong_word_is_named_with_what_is_allowed(line: str, complaint: str) -> None:
    result = invoke(*line.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert complaint in plain(result.stderr)


def test_ctrl_c_ends_a_training_run_so_that_no_worker_takes_it_up(environment: dict[str, str]) -> None:
    migrate(environment["DATABASE_URL"])
    database = Database(environment["DATABASE_URL"])
    for number, category in enumerate(NAMES):
        save_garments(database, category, range(100 * number, 100 * number + 20))
    process = subprocess.Popen(
        [sys.executable, "-m", "worker", "train"],
        cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip

    def run() -> TrainingRun | None:
        with database.read() as session:
            return session.scalars(select(TrainingRun)).one_or_none()

    assert wait_until(
        lambda: (row := run()) is not None and row.status is RunStatus.RUNNING, PATIENCE_SECONDS
    )
    process.send_signal(signal.SIGINT)
    _, words = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode not in {0, 2}
    assert "Traceback" not in words
    row = run()
    assert row is not None
    assert (row.status, row.error) == (RunStatus.FINISHED, "interrupted")
    database.close()
