import io
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from db.datasets.export_folder import MARK, replacing
from db.datasets.exporting import (
    ExportedPicture,
    choose_pictures,
    read_pictures,
    write_folders,
    write_parquet,
)
from db.datasets.importing import find_photos, import_photos
from db.errors import ExportFolderError, NoLabelledImagesError
from db.models import Split
from db.queries.labelled_images import labelled_images
from db.repository.model_versions import store_splits
from db.repository.reviews import Verdict, record_reviews
from db.session import Database
from tests.conftest import ROOT
from tests.factories import CATEGORIES, STORE, get_product

UNSHARED = ("unshare", "--mount", "--map-root-user")
"""The words before a command that may mount what only it sees."""

Write = Callable[[Path, Iterable[ExportedPicture]], Counter[str]]


@pytest.fixture
def records(database: Database, photos: Path) -> Database:
    """The photos, imported; each in a split of its own."""
    found = find_photos(photos, CATEGORIES)
    for _ in import_photos(database, STORE, found.photos, "wardrobe"):
        pass
    splits = (Split.TRAIN, Split.VALIDATION, Split.TEST, Split.TRAIN)
    with database.write() as session:
        store_splits(
            session, {get_product(database, p.asin).id: s for p, s in zip(found.photos, splits, strict=True)}
        )
    return database


def export(database: Database, target: Path, write: Write = write_folders) -> Counter[str]:
    with database.read() as session:
        chosen = choose_pictures(labelled_images(session, CATEGORIES))
    with replacing(target) as folder:
        return write(folder, read_pictures(database, STORE, chosen))


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*.*")
        if path.name != MARK
    }


def test_folders_are_split_label_and_numbered_file(records: Database, photos: Path, tmp_path: Path) -> None:
    written = export(records, tmp_path / "out")
    exported = files(tmp_path / "out")
    assert set(exported) == {
        "train/jeans/1jeans.jpg",
        "validation/jeans/2jeans.png",
        "test/other/1other.jpg",
        "train/saree/1saree.png",
    }
    assert written == Counter({"train/jeans": 1, "validation/jeans": 1, "test/other": 1, "train/saree": 1})
    assert exported["train/jeans/1jeans.jpg"] == (photos / "jeans/1.jpg").read_bytes()


def test_every_split_has_the_folder_of_every_label(records: Database, tmp_path: Path) -> None:
    """Keras numbers the labels by the folders that it finds."""
    export(records, tmp_path / "out")
    for split in Split:
        assert sorted(path.name for path in (tmp_path / "out" / split).iterdir()) == [
            "jeans",
            "other",
            "saree",
        ]


def test_what_tensorflow_cannot_read_becomes_png(records: Database, photos: Path, tmp_path: Path) -> None:
    export(records, tmp_path / "out")
    with (
        Image.open(tmp_path / "out/train/saree/1saree.png") as png,
        Image.open(photos / "shop/saree/3.webp") as webp,
    ):
        assert (png.format, webp.format) == ("PNG", "WEBP")
        assert png.tobytes() == webp.convert("RGB").tobytes()


def test_a_review_moves_a_picture_to_its_label(records: Database, tmp_path: Path) -> None:
    with records.write() as session:
        record_reviews(session, [Verdict("wardrobe", "jeans/1.jpg", "trousers")], CATEGORIES)
    export(records, tmp_path / "out")
    assert "train/trousers/1trousers.jpg" in files(tmp_path / "out")


def test_products_that_were_never_trained_on_get_a_split_that_stays(
    database: Database, photos: Path, tmp_path: Path
) -> None:
    for _ in import_photos(database, STORE, find_photos(photos, CATEGORIES).photos, "wardrobe"):
        pass
    assert sum(export(database, tmp_path / "one").values()) == 4
    export(database, tmp_path / "two")
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert {path.name for path in (tmp_path / "one").iterdir()} <= {*Split, MARK}


def test_an_export_comes_back_by_an_import(records: Database, sqlite: Database, tmp_path: Path) -> None:
    export(records, tmp_path / "out")
    found = find_photos(tmp_path / "out", CATEGORIES)
    assert Counter(photo.category for photo in found.photos) == Counter(jeans=2, saree=1, other=1)
    for batch in import_photos(sqlite, STORE, found.photos, "export"):
        assert all(product.pictures[0].reason is None for product in batch.photos)


def test_an_earlier_export_is_replaced_and_other_files_are_not(records: Database, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    export(records, target)
    (target / "train" / "jeans" / "1jeans.jpg").unlink()
    export(records, target)
    assert (target / "train" / "jeans" / "1jeans.jpg").is_file()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(ExportFolderError, match="mine"):
        export(records, tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_a_link_stays_and_its_folder_is_replaced(records: Database, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    link = tmp_path / "out"
    link.symlink_to(tmp_path / "disk")
    for _ in range(2):
        export(records, link)
        assert link.is_symlink()
        assert "train/jeans/1jeans.jpg" in files(tmp_path / "disk")


def test_a_place_that_takes_no_folder_is_named(records: Database, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ExportFolderError, match="cannot export there"):
        export(records, tmp_path / "file" / "out")


@pytest.mark.slow
def test_a_mount_point_is_filled_and_filled_again(sqlite_url: str, photos: Path, tmp_path: Path) -> None:
    """As a data volume of a container is."""
    target = tmp_path / "volume"
    target.mkdir()
    commands = [
        f"mount -t tmpfs tmpfs {target}",
        f"{sys.executable} -m db import {photos} --source wardrobe",
        f"{sys.executable} -m db export {target}",
        f"{sys.executable} -m db export {target}",
        f"ls {target}/train",
    ]
    if subprocess.run([*UNSHARED, "sh", "-c", commands[0]], check=False, capture_output=True).returncode:
        pytest.skip("this kernel lets no test mount a folder of its own")
    ended = subprocess.run(
        [*UNSHARED, "sh", "-ec", "\n".join(commands)],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": sqlite_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout.split()) == (0, ["jeans", "other", "saree"]), ended.stderr


def test_an_interrupted_export_leaves_the_earlier_one(records: Database, tmp_path: Path) -> None:
    target = tmp_path / "out"
    export(records, target)
    before = files(target)

    def interrupted(folder: Path, _pictures: object) -> Counter[str]:
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(records, target, interrupted)
    assert files(target) == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_parquet_holds_the_original_bytes(records: Database, photos: Path, tmp_path: Path) -> None:
    export(records, tmp_path / "out", write_parquet)
    rows = {row["asin"]: row for row in pq.read_table(tmp_path / "out" / "pictures.parquet").to_pylist()}
    webp = rows["shop/saree/3.webp"]
    assert webp["data"] == (photos / "shop/saree/3.webp").read_bytes()
    assert (webp["label"], webp["split"], webp["format"], webp["marketplace"]) == (
        "saree",
        "train",
        "WEBP",
        "wardrobe",
    )
    assert Image.open(io.BytesIO(webp["data"])).format == "WEBP"
    assert json.loads((tmp_path / "out" / MARK).read_text())["pictures"]["train/saree"] == 1


def test_nothing_to_export_is_said_and_nothing_is_written(database: Database, tmp_path: Path) -> None:
    with pytest.raises(NoLabelledImagesError, match="0 pictures"):
        export(database, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_near_duplicates_in_two_splits_are_not_both_exported(records: Database, tmp_path: Path) -> None:
    """The picture of a test product, sent in again by another one that was trained on."""
    again = tmp_path / "again" / "other" / "copy.jpg"
    again.parent.mkdir(parents=True)
    with records.read() as session:
        (original,) = [i for i in labelled_images(session, CATEGORIES) if i.category == "other"]
        again.write_bytes(STORE.read(session, [original.image_id])[original.image_id] + b"\n")
    for _ in import_photos(records, STORE, find_photos(again.parent.parent, CATEGORIES).photos, "again"):
        pass
    with records.write() as session:
        store_splits(session, {get_product(records, "other/copy.jpg").id: Split.TRAIN})
    assert export(records, tmp_path / "out")["test/other"] == 1
    assert list((tmp_path / "out" / "train" / "other").iterdir()) == []
