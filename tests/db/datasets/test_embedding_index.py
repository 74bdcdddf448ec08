from collections.abc import Mapping

import numpy as np
import pytest
from sqlalchemy import text

from db.datasets import embedding_index as module
from db.datasets import nearest as reading
from db.datasets.embedding_index import EmbeddingIndex, keep_up
from db.datasets.nearest import nearest
from db.repository.bodies import record_embeddings
from db.session import Database
from tests.factories import body, product, save

WIDTH = 100


@pytest.fixture
def image_ids(database: Database) -> list[int]:
    return save(database, *(product(f"B{n:09}", n) for n in range(9)))


def vectors(image_ids: list[int]) -> dict[int, bytes]:
    """Embeddings whose first values tell most, as a projection's do."""
    spread = np.geomspace(40, 1, WIDTH)
    drawn = np.random.default_rng(0).normal(size=(len(image_ids), WIDTH)) * spread
    rows = np.clip(np.rint(drawn), -128, 127).astype(np.int8)
    return dict(zip(image_ids, map(bytes, rows), strict=True))


def record(database: Database, body_id: int, rows: Mapping[int, bytes]) -> None:
    with database.write() as session:
        record_embeddings(session, body_id, rows)


def read(database: Database, index: EmbeddingIndex) -> EmbeddingIndex:
    keep_up(database, index, lambda: True)
    return index


@pytest.mark.parametrize("whole_up_to", [0, 4, 100])
@pytest.mark.parametrize("rows", [2, 20_000])
def test_it_finds_what_looking_at_all_embeddings_finds(
    database: Database, image_ids: list[int], whole_up_to: int, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_ROWS", rows)
    monkeypatch.setattr(module, "_BLOCK", 3)
    body_id, known = body(database, width=WIDTH), vectors(image_ids)
    record(database, body_id, known)
    index = read(database, EmbeddingIndex(body_id, whole_up_to))
    assert len(index) == 9
    with database.read() as session:
        for vector in known.values():
            found, exact = index.nearest(session, vector, 3), nearest(session, body_id, vector, 3)
            assert [each.image_id for each in found] == [each.image_id for each in exact]
            assert [each.similarity for each in found] == pytest.approx([each.similarity for each in exact])


def test_it_keeps_up_with_what_is_embedded_later_also_in_between(
    database: Database, image_ids: list[int]
) -> None:
    body_id, known = body(database, width=WIDTH), vectors(image_ids)
    record(database, body_id, {image_ids[1]: known[image_ids[1]], image_ids[5]: known[image_ids[5]]})
    index = read(database, EmbeddingIndex(body_id))
    assert (len(index), index.last) == (2, image_ids[5])
    record(database, body_id, {each: known[each] for each in (image_ids[0], image_ids[3], image_ids[8])})
    read(database, index)
    assert (len(index), index.last, index.gaps) == (5, image_ids[8], [image_ids[n] for n in (2, 4, 6, 7)])
    with database.read() as session:
        assert index.nearest(session, known[image_ids[3]], 1)[0].image_id == image_ids[3]


def test_what_nobody_wants_any_more_is_not_read(database: Database, image_ids: list[int]) -> None:
    body_id = body(database, width=WIDTH)
    record(database, body_id, vectors(image_ids))
    index = EmbeddingIndex(body_id)
    keep_up(database, index, lambda: False)
    assert len(index) == 0


def test_an_empty_index_finds_nothing(database: Database) -> None:
    with database.read() as session:
        assert EmbeddingIndex(1).nearest(session, bytes(WIDTH), 3) == []


def test_an_embedding_that_is_gone_is_not_ranked(database: Database, image_ids: list[int]) -> None:
    body_id, known = body(database, width=WIDTH), vectors(image_ids)
    record(database, body_id, known)
    index = read(database, EmbeddingIndex(body_id, whole_up_to=0))
    with database.write() as session:
        session.execute(text("DELETE FROM embeddings"))
    with database.read() as session:
        assert index.nearest(session, known[image_ids[0]], 3) == []
