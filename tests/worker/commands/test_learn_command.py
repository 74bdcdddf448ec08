"""`python -m worker learn`, `suspects`, `models` and `activate`, on records with a body."""

import csv
import io
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest
from typer.testing import CliRunner, Result

from db.messages import LEARN_QUEUE
from db.models import TrainingRun
from db.repository.relabelling import relabel_some
from db.session import Database
from tests.conftest import ROOT, forget_environment
from tests.factories import model_version
from tests.processes import PATIENCE_SECONDS
from tests.worker.embeddings import STRANGE, labels, review, taught
from tests.worker.messages import sent_runs
from worker.__main__ import app
from worker.commands import learning
from worker.errors import NoBodyError, NoModelError, NoSuspectsError, NothingToLearnError
from worker.fleet.queue import waiting
from worker.fleet.waiting import wait_until
from worker.learning.learning_plan import plan_learning
from worker.tasks import learn_head

pytestmark = pytest.mark.slow


class Command(Protocol):
    """Runs `python -m worker WORDS` in this process."""

    def __call__(self, *words: str) -> Result: ...


@pytest.fixture
def command(
    database: Database, monkeypatch: pytest.MonkeyPatch, set_database_url: Callable[[Database], None]
) -> Command:
    set_database_url(database)
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *words: CliRunner().invoke(app, words, catch_exceptions=False)


def test_learn_says_what_it_read_and_how_many_labels_changed_in_which_time(
    database: Database, command: Command
) -> None:
    taught(database)
    review(database, "strange", STRANGE[:10], "trousers")
    result = command("learn")
    assert (result.exit_code, result.stdout) == (0, "")
    assert re.search(r"Learnt from \d+ pictures and 10 reviews\.", result.stderr)
    assert "Model version 2 is active." in result.stderr
    assert re.search(r"Confidences are not calibrated: n = \d+\.", result.stderr)
    assert re.search(r"10 labels changed, in \d+\.\d s\.", result.stderr)
    assert labels(database, "strange", STRANGE) == {"trousers"}


def test_a_worker_learns_and_relabels_while_the_command_follows(
    database: Database, command: Command, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", broker)
    forget_environment()
    taught(database)
    review(database, "strange", STRANGE[:10], "trousers")

    def work() -> None:
        assert wait_until(lambda: waiting(LEARN_QUEUE) == 1, PATIENCE_SECONDS)
        [run] = sent_runs(LEARN_QUEUE)
        learn_head(run)

    worker = threading.Thread(target=work)
    worker.start()
    result = command("learn", "--queue")
    worker.join()
    assert result.exit_code == 0
    assert "Model version 2 is active." in result.stderr
    assert "10 labels changed" in result.stderr
    assert labels(database, "strange", STRANGE) == {"trousers"}


@pytest.mark.usefixtures("command")
def test_a_task_whose_run_fails_leaves_the_error_in_the_row(database: Database) -> None:
    taught(database)
    review(database, "saree", range(20), "other")
    with database.write() as session:
        run = plan_learning(session).run_id
    learn_head(run)
    with database.read() as session:
        assert "saree" in (session.get_one(TrainingRun, run).error or "")


def test_what_cannot_be_learnt_is_named(database: Database, command: Command) -> None:
    with pytest.raises(NoModelError, match="python -m worker train"):
        command("learn")
    model_version(database)
    with pytest.raises(NoBodyError, match="seed_cnn"):
        command("learn")
    taught(database)
    with pytest.raises(NothingToLearnError, match="nothing is new"):
        command("learn")


def test_a_refused_version_is_told_of_and_the_job_is_done(database: Database, command: Command) -> None:
    taught(database)
    review(database, "saree", range(10), "jeans")  # of twenty, by mistake
    review(database, "jeans", range(100, 110), "saree")
    result = command("learn")
    assert result.exit_code == 0
    assert ("is worse than the active version, which stays" in result.stderr) != (
        "labels changed" in result.stderr
    )


def test_ctrl_c_leaves_the_rest_of_the_relabelling_to_the_schedule(
    database: Database, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught(database)
    review(database, "strange", STRANGE[:10], "trousers")

    def interrupted(records: Database, _: object) -> None:
        relabel_some(records, products=70, parts=1)
        raise KeyboardInterrupt

    monkeypatch.setattr("worker.learning.relabel_loop.relabel_all", interrupted)
    result = command("learn")
    assert result.exit_code == 1
    assert "`python -m worker run` does the rest" in result.stderr
    assert labels(database, "strange", STRANGE[10:]) == {"jeans"}
    monkeypatch.undo()
    learning.relabel_here(database)
    assert labels(database, "strange", STRANGE[10:]) == {"trousers"}


def test_activate_relabels_there_and_back(database: Database, command: Command) -> None:
    taught(database)
    review(database, "strange", STRANGE[:10], "trousers")
    command("learn")
    for version, label in ((1, "jeans"), (2, "trousers")):
        result = command("activate", str(version))
        assert result.exit_code == 0
        assert f"Model version {version} is active; 0 images are pending." in result.stderr
        assert labels(database, "strange", STRANGE[10:]) == {label}


def test_models_say_how_they_were_made_and_of_which_body(database: Database, command: Command) -> None:
    model_version(database)
    taught(database)
    review(database, "strange", STRANGE[:10], "trousers")
    command("learn")
    row = re.compile(r"^ *(\d+) +(learnt|trained) [\d-]+ [\d:]+ +(active)? +(\w+) +(\d)?", re.MULTILINE)
    assert row.findall(command("models").stdout) == [
        ("3", "learnt", "active", "seed_cnn", "1"),
        ("2", "trained", "", "seed_cnn", "1"),
        ("1", "trained", "", "seed_cnn", ""),
    ]
    first, *_ = json.loads(command("models", "--json").stdout)
    assert (first["id"], first["made"], first["active"]) == (3, "learnt", True)


def test_models_say_which_versions_are_not_calibrated(database: Database, command: Command) -> None:
    model_version(database, active=False, metrics={"calibration": {"pictures": 16, "enough": False}})
    model_version(database, metrics={"calibration": {"pictures": 160, "enough": True}})
    told = command("models").stdout
    assert "Confidences of version 1 are not calibrated: n = 16." in told
    assert told.count("calibrated") == 1


def test_two_versions_are_compared_on_the_same_products(database: Database, command: Command) -> None:
    taught(database)
    review(database, "strange", STRANGE[:10], "trousers")
    command("learn")
    told = command("compare", "1", "2")
    assert told.exit_code == 0, told.output
    assert "The gate lets it replace version 1." in told.stderr
    found = json.loads(command("compare", "1", "2", "--json").stdout)
    assert found["versions"] == [1, 2]
    assert {change["after"] for change in found["changes"]} == {"trousers"}
    assert found["comparison"]["is_no_worse"] is True


def test_suspects_are_those_of_the_active_version(
    database: Database, command: Command, tmp_path: Path
) -> None:
    taught(database)
    review(database, "saree", [0], "trousers")
    assert command("suspects", "--format", "csv").stdout.count("\n") == 1  # none was recorded
    command("learn")
    sheet = tmp_path / "suspects.png"
    [row] = csv.DictReader(io.StringIO(command("suspects", "--format", "csv", "--sheet", str(sheet)).stdout))
    assert list(row) == ["marketplace", "asin", "category", "reviewed", "probability", "suggestion",
                         "suggestion_probability", "left_out"]  # fmt: skip
    assert (row["asin"], row["category"], row["suggestion"]) == ("saree0", "trousers", "saree")
    assert sheet.read_bytes()[:4] == b"\x89PNG"
    assert "1 suspects" in command("suspects").stderr


def test_a_version_that_keeps_no_suspects_says_how_to_get_them(database: Database, command: Command) -> None:
    with pytest.raises(NoModelError):
        command("suspects")
    model_version(database)
    with pytest.raises(NoSuspectsError, match="python -m worker train"):
        command("suspects")


def test_learning_loads_neither_tensorflow_nor_litert() -> None:
    modules = "worker.learning.learning_run, worker.learning.relabel_loop, worker.training.suspects"
    program = (
        f"import {modules}, sys; print(*{{'tensorflow', 'keras', 'ai_edge_litert'}} & sys.modules.keys())"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout.strip()) == (0, ""), result.stderr
