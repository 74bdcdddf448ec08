import numpy as np
import pytest

from db.datasets import nearest as module
from db.datasets.cosines import Neighbour
from db.datasets.nearest import SimilarPicture, nearest, similar_pictures
from db.errors import NoEmbeddingError, UnknownPictureError
from db.models import Image
from db.repository.bodies import record_embeddings
from db.session import Database
from tests.factories import body, embed, model_version, product, save, telling, version_with_body


@pytest.fixture
def image_ids(database: Database) -> list[int]:
    return save(database, *(product(f"B00000000{n}", n) for n in range(5)))


def sha256(database: Database, image_id: int) -> str:
    with database.read() as session:
        return session.get_one(Image, image_id).sha256


def similar(database: Database, picture: str, limit: int = 10) -> list[SimilarPicture]:
    with database.read() as session:
        return similar_pictures(session, picture, limit)


@pytest.mark.parametrize("rows", [2, 20_000])
def test_the_nearest_are_those_of_the_largest_cosines(
    database: Database, image_ids: list[int], rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ROWS", rows)
    vectors = np.random.default_rng(0).integers(-128, 128, (5, 8), dtype=np.int8)
    body_id = body(database)
    with database.write() as session:
        record_embeddings(session, body_id, dict(zip(image_ids, map(bytes, vectors), strict=True)))
    asked = vectors[2].astype(float)
    cosines = vectors @ asked / np.linalg.norm(vectors.astype(float), axis=1) / np.linalg.norm(asked)
    with database.read() as session:
        found = nearest(session, body_id, vectors[2].tobytes(), 3)
    order = np.argsort(-cosines)[:3]
    assert [each.image_id for each in found] == [image_ids[row] for row in order]
    assert [each.similarity for each in found] == pytest.approx(cosines[order].tolist(), abs=1e-6)


def test_an_embedding_of_nothing_is_like_nothing(database: Database, image_ids: list[int]) -> None:
    body_id = body(database)
    with database.write() as session:
        record_embeddings(session, body_id, {image_ids[0]: bytes(8)})
    with database.read() as session:
        assert nearest(session, body_id, telling(3), 3) == [Neighbour(image_ids[0], 0.0)]
        assert nearest(session, body(database, 2), telling(3), 3) == []


def test_a_picture_is_not_among_those_that_are_like_it(database: Database, image_ids: list[int]) -> None:
    version = version_with_body(database, body(database))
    embed(
        database,
        version,
        {image_ids[0]: telling(30), image_ids[1]: telling(30), image_ids[2]: telling(0, 30)},
    )
    first, second = similar(database, sha256(database, image_ids[0]))
    assert (first.asin, first.category, first.title) == ("B000000001", "saree", "Title of B000000001")
    assert (second.asin, second.sha256) == ("B000000002", sha256(database, image_ids[2]))
    assert first.similarity == pytest.approx(1)
    assert [each.asin for each in similar(database, first.sha256, limit=1)] == ["B000000000"]


def test_what_cannot_be_compared_says_why(database: Database, image_ids: list[int]) -> None:
    known = sha256(database, image_ids[0])
    with pytest.raises(NoEmbeddingError, match="got no active version"):
        similar(database, known)
    version = model_version(database)
    with pytest.raises(NoEmbeddingError, match=f"has no body.*got version {version}"):
        similar(database, known)
    version_with_body(database, body(database))
    with pytest.raises(NoEmbeddingError, match=f"has not seen the picture yet.*{known}"):
        similar(database, known)
    with pytest.raises(UnknownPictureError, match="0" * 64):
        similar(database, "0" * 64)
