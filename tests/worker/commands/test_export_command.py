import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update
from typer.testing import CliRunner, Result

from db.errors import OutputFileError
from db.models import Body, ModelVersion
from db.session import Database
from tests.conftest import ROOT
from tests.factories import model_version
from tests.flatbuffers import coloured, version_that_runs, whole_version_that_runs
from tests.screens import plain
from tests.worker.conftest import garment
from worker.__main__ import app
from worker.cnn.errors import ArtefactDigestError, ArtefactFormatError
from worker.errors import NoBodyError, NoModelError


def command(*words: object) -> Result:
    """Run `python -m worker WORDS` in this process, on the records of `records`."""
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for category in ("saree", "jeans", "trousers"):
        (folder / f"{category}.png").write_bytes(coloured(category))
    (folder / "notes.txt").write_text("remember the sarees")
    return folder


@pytest.mark.parametrize("make", [version_that_runs, whole_version_that_runs])
def test_a_file_predicts_what_its_version_does_from_the_records(
    records: Database, photos: Path, tmp_path: Path, make: Callable[[Database], int]
) -> None:
    version, file = make(records), tmp_path / "garments.zip"
    done = command("export-model", file)
    assert (done.exit_code, done.stdout) == (0, "")
    assert (
        f"Wrote model version {version} (efficientnet_lite0: saree, jeans, trousers), 0.0 MB." in done.stderr
    )
    assert done.stderr.endswith(f"python -m worker predict DIR --model {file}\n")
    by_records = command("predict", photos, "--format", "csv")
    by_file = command("predict", photos, "--format", "csv", "--model", file)
    assert by_file.exit_code == 0
    assert by_file.stdout == by_records.stdout
    likeliest = [row["category"] for row in json.loads(command("predict", photos, "--format", "json").stdout)]
    assert likeliest == ["jeans", None, "saree", "trousers"]


def test_any_version_can_be_exported_and_a_file_is_replaced_whole(records: Database, tmp_path: Path) -> None:
    file = tmp_path / "garments.zip"
    old = version_that_runs(records, threshold=0.5)
    version_that_runs(records)
    file.write_bytes(b"an older file")
    assert f"model version {old} " in plain(command("export-model", file, "--version", old).stderr)
    first = file.read_bytes()
    command("export-model", file)
    assert file.read_bytes() != first
    command("export-model", file, "--version", old)
    assert file.read_bytes() == first
    assert [path.name for path in tmp_path.glob("*garments*")] == ["garments.zip"]


def test_what_cannot_be_exported_leaves_the_file_as_it_was(records: Database, tmp_path: Path) -> None:
    file = tmp_path / "garments.zip"
    assert isinstance(command("export-model", file).exception, NoModelError)
    version_that_runs(records)
    file.write_bytes(b"an older file")
    refused = command("export-model", file / "garments.zip").exception
    assert isinstance(refused, OutputFileError)
    assert "cannot write there" in str(refused)
    with records.write() as session:
        session.execute(update(Body).values(flatbuffer=b"damaged"))
    assert isinstance(command("export-model", file).exception, ArtefactDigestError)
    assert file.read_bytes() == b"an older file"


def test_a_version_and_a_file_are_not_asked_at_once(photos: Path) -> None:
    result = command("predict", photos, "--model", photos / "notes.txt", "--version", "1")
    assert result.exit_code == 2
    assert "--version asks the records, --model a file: give one; got 1 and" in plain(result.stderr)


def test_a_file_that_is_no_exported_model_is_refused(photos: Path) -> None:
    result = command("predict", photos, "--model", photos / "saree.png")
    assert isinstance(result.exception, ArtefactFormatError)


@pytest.mark.slow
def test_a_file_needs_neither_records_nor_tensorflow(records: Database, photos: Path, tmp_path: Path) -> None:
    version_that_runs(records)
    file = tmp_path / "garments.zip"
    command("export-model", file)
    nowhere = tmp_path / "nowhere"
    environment = os.environ | {
        "VASTRA_FOLDER": str(nowhere), "DATABASE_URL": f"sqlite:///{nowhere / 'records.sqlite3'}",
    }  # fmt: skip
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "worker", "predict", str(photos), "--model", str(file),
         "--format", "json"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert len(json.loads(result.stdout)) == 4
    assert not nowhere.exists()
    loaded = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert "ai_edge_litert.interpreter" in loaded
    assert {"tensorflow", "keras"} & loaded == set()


def test_embed_prints_a_line_for_each_file(records: Database, photos: Path) -> None:
    version_that_runs(records)
    files = [photos / "saree.png", photos / "notes.txt", photos / "gone.png"]
    result = command("embed", *files)
    assert result.exit_code == 0
    seen, notes, gone = map(json.loads, result.stdout.splitlines())
    assert list(seen) == ["path", "body", "embedding", "reason"]
    assert (seen["path"], seen["body"], seen["reason"]) == (str(files[0]), 1, None)
    red, green, blue = seen["embedding"]
    assert red > green == blue
    assert (notes["embedding"], notes["reason"]) == (None, "unsupported_format")
    assert (gone["embedding"], gone["reason"]) == (None, "bytes_missing")


def test_embed_needs_a_version_with_a_body(records: Database, photos: Path) -> None:
    assert isinstance(command("embed", photos / "saree.png").exception, NoModelError)
    version = model_version(records)
    result = command("embed", photos / "saree.png")
    assert isinstance(result.exception, NoBodyError)
    assert f"model version {version} has no body to embed with" in str(result.exception)


def test_a_version_without_a_flatbuffer_is_exported_as_its_keras_file(
    trained: Database, set_database_url: Callable[[Database], None], tmp_path: Path
) -> None:
    """By a trained network, too, a file predicts what its version does: by LiteRT, and by TensorFlow."""
    set_database_url(trained)
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, category in enumerate(("saree", "jeans", "trousers")):
        (folder / f"{number}.png").write_bytes(garment(category, 900 + number))
    sizes = []
    for number in range(2):
        file = tmp_path / f"{number}.zip"
        assert command("export-model", file).exit_code == 0
        by_file = command("predict", folder, "--format", "csv", "--model", file)
        assert by_file.exit_code == 0
        assert by_file.stdout == command("predict", folder, "--format", "csv").stdout
        sizes.append(file.stat().st_size)
        with trained.write() as session:
            for table in (Body, ModelVersion):
                session.execute(update(table).values(flatbuffer=None, flatbuffer_sha256=None))
        from worker.classifying.loaded_versions import load_classifier  # noqa: PLC0415 - its cache is in the way

        load_classifier.cache_clear()
    assert sizes[0] != sizes[1]
