import json
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import update

from db.embedded_pictures import embed_command
from db.errors import EmbeddingFailedError, NoEmbeddingError, UnreadablePictureError
from db.models import Body, Image
from db.pictures.decoder import MAX_BYTES, check_picture
from db.repository.found_products import FoundPicture
from db.session import Database
from tests.db.conftest import Command
from tests.factories import (
    body,
    embed,
    model_version,
    picture_bytes,
    product,
    save,
    telling,
    version_with_body,
)
from tests.flatbuffers import coloured, version_that_runs


def test_pictures_that_look_alike_are_listed_for_people_and_programs(
    sqlite: Database, command: Command
) -> None:
    one, two = save(sqlite, product("B000000001", 1), product("B000000002", 2))
    version = version_with_body(sqlite, body(sqlite))
    embed(sqlite, version, {one: telling(30), two: telling(30, 1)})
    with sqlite.read() as session:
        first, second = (session.get_one(Image, image_id).sha256 for image_id in (one, two))
    (row,) = json.loads(command("similar", first, "--format", "json").stdout)
    assert list(row) == ["sha256", "similarity", "marketplace", "asin", "title", "category"]
    assert (row["sha256"], row["asin"], row["category"]) == (second, "B000000002", "saree")
    shown = command("similar", first, "--limit", "3").stdout.splitlines()
    assert shown[0].split() == ["similarity", "marketplace", "asin", "category", "title", "sha256"]
    assert (shown[1].split()[0], shown[1].split()[-1]) == ("1.000", second)


def test_a_word_that_is_neither_a_picture_nor_a_file_is_refused(command: Command, tmp_path: Path) -> None:
    for word in ("jeans.jpg", tmp_path, "0" * 63):
        assert command("similar", word).exit_code == 2


def test_a_file_of_a_stored_picture_is_that_picture(
    sqlite: Database, command: Command, tmp_path: Path
) -> None:
    """No engine is needed, nor is the picture itself among those that are like it."""
    one, two = save(sqlite, product("B000000001", 1), product("B000000002", 2))
    embed(sqlite, version_with_body(sqlite, body(sqlite)), {one: telling(30), two: telling(30, 1)})
    file = tmp_path / "photo.jpg"
    file.write_bytes(picture_bytes(1))
    (row,) = json.loads(command("similar", file, "--format", "json").stdout)
    assert row["asin"] == "B000000002"


def test_what_a_file_cannot_be_compared_by_is_said_before_an_engine_is_started(
    sqlite: Database, command: Command, tmp_path: Path
) -> None:
    file, huge = tmp_path / "photo.png", tmp_path / "huge.png"
    file.write_bytes(coloured("saree"))
    assert isinstance(command("similar", file).exception, NoEmbeddingError)
    model_version(sqlite)
    assert isinstance(command("similar", file).exception, NoEmbeddingError)
    with huge.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    result = command("similar", huge)
    assert isinstance(result.exception, UnreadablePictureError)
    assert f"(too_many_bytes): got {huge}" in str(result.exception)


def shown(asin: str, category: str, number: int) -> FoundPicture:
    data = coloured(category, number)
    return FoundPicture(f"https://shop.test/{asin}.png", 0, check_picture(data), data)


@pytest.mark.slow
def test_any_other_file_is_embedded_by_the_engine(sqlite: Database, command: Command, tmp_path: Path) -> None:
    """By a network that is real: the same picture by the same body is the same embedding."""
    one, two, three = (
        save(sqlite, product(category, shown(category, category, 0)))[0]
        for category in ("saree", "jeans", "trousers")
    )
    version = version_that_runs(sqlite)
    file = tmp_path / "photo.png"
    file.write_bytes(coloured("jeans", 1))
    done = subprocess.run(embed_command([file]), capture_output=True, text=True, check=True)
    values = json.loads(done.stdout)["embedding"]
    turned = [bytes(value % 256 for value in values[turn:] + values[:turn]) for turn in (0, 1, 2)]
    embed(sqlite, version, dict(zip((two, one, three), turned, strict=True)))
    rows = json.loads(command("similar", file, "--format", "json").stdout)
    assert rows[0]["asin"] == "jeans"
    assert rows[0]["similarity"] == pytest.approx(1)
    assert len(rows) == 3
    assert len(json.loads(command("similar", file, "--format", "json", "--limit", "1").stdout)) == 1


@pytest.mark.slow
def test_why_a_file_cannot_be_embedded_is_said(sqlite: Database, command: Command, tmp_path: Path) -> None:
    version_that_runs(sqlite)
    file, notes = tmp_path / "photo.png", tmp_path / "notes.txt"
    file.write_bytes(coloured("jeans"))
    notes.write_text("remember the sarees")
    unreadable = command("similar", notes).exception
    assert isinstance(unreadable, UnreadablePictureError)
    assert f"(unsupported_format): got {notes}" in str(unreadable)
    with sqlite.write() as session:
        session.execute(update(Body).values(flatbuffer=b"damaged"))
    failed = command("similar", file).exception
    assert isinstance(failed, EmbeddingFailedError)
    assert "gave no embedding: the artefact must have SHA-256" in str(failed)
    assert "got exit code 1" in str(failed)
