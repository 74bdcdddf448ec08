"""Files of stored pictures; what the engine has to embed stands in tests/db/commands/test_similar.py."""

from pathlib import Path

import pytest

from db.datasets.similar_file import similar_to_file
from db.errors import NoEmbeddingError, UnreadablePictureError
from db.session import Database
from tests.factories import body, embed, picture_bytes, product, save, telling, version_with_body


def test_a_file_that_the_body_has_seen_is_the_stored_picture(database: Database, tmp_path: Path) -> None:
    one, two, three = save(database, *(product(f"B00000000{n}", n) for n in range(3)))
    file = tmp_path / "photo.jpg"
    file.write_bytes(picture_bytes(0))
    with pytest.raises(NoEmbeddingError, match="got no active version"):
        similar_to_file(database, file, 10)
    version = version_with_body(database, body(database))
    embed(database, version, {one: telling(30), two: telling(0, 30), three: telling(30, 1)})
    assert [each.asin for each in similar_to_file(database, file, 10)] == ["B000000002", "B000000001"]
    assert [each.asin for each in similar_to_file(database, file, 1)] == ["B000000002"]


def test_a_file_that_is_gone_has_a_reason(database: Database, tmp_path: Path) -> None:
    with pytest.raises(UnreadablePictureError, match=r"\(bytes_missing\): got .*photo.jpg"):
        similar_to_file(database, tmp_path / "photo.jpg", 10)
