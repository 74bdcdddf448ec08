import pytest
from sqlalchemy import delete, select, update

from db.errors import EmbeddingWidthError
from db.models import Body, Embedding, Image, Prediction
from db.pictures.codes import Reason
from db.queries.pending import count_pending, pending_batches
from db.repository.bodies import record_embeddings
from db.repository.model_versions import activate
from db.repository.predictions import claim_images
from db.session import Database
from tests.factories import (
    body,
    embed,
    likely,
    model_version,
    predict,
    product,
    save,
    telling,
    version_with_body,
)


def pending(database: Database) -> list[int]:
    with database.read() as session:
        found = sorted(image_id for batch in pending_batches(session) for image_id in batch)
        assert count_pending(session) == len(found)
    return found


@pytest.fixture
def image_ids(database: Database) -> list[int]:
    return save(database, *(product(f"B00000000{n}", n) for n in range(4)))


def test_a_body_that_is_recorded_twice_is_one(database: Database) -> None:
    assert body(database, 1) == body(database, 1) != body(database, 2)
    with database.read() as session:
        assert session.query(Body).count() == 2


def test_images_wait_for_a_body_until_it_has_embedded_them(database: Database, image_ids: list[int]) -> None:
    one, two, *rest = image_ids
    version = version_with_body(database, body(database))
    assert pending(database) == image_ids
    embed(database, version, {one: telling(30)}, failures={two: Reason.CORRUPT})
    assert pending(database) == rest
    with database.write() as session:
        assert claim_images(session, image_ids, version) == rest


def test_what_a_body_has_embedded_is_pending_for_none_of_its_versions(
    database: Database, image_ids: list[int]
) -> None:
    first = version_with_body(database, body(database))
    embed(database, first, dict.fromkeys(image_ids[1:], telling(30)))
    version_with_body(database, body(database))
    assert pending(database) == image_ids[:1]
    another = version_with_body(database, body(database, 2))
    assert pending(database) == image_ids
    embed(database, another, {image_ids[0]: telling(30)})
    with database.write() as session:
        activate(session, first)
    assert pending(database) == image_ids[:1]


def test_a_version_with_a_body_and_one_without_ask_for_what_each_has_to_see(
    database: Database, image_ids: list[int]
) -> None:
    without = model_version(database)
    predict(database, without, {image_ids[0]: likely("jeans")})
    version = version_with_body(database, body(database))
    embed(database, version, {image_ids[1]: telling(30)})
    assert pending(database) == [image_ids[0], *image_ids[2:]]
    with database.write() as session:
        activate(session, without)
    assert pending(database) == image_ids[1:]


def test_an_image_is_pending_again_when_its_embedding_is_deleted(
    database: Database, image_ids: list[int]
) -> None:
    version = version_with_body(database, body(database))
    embed(database, version, dict.fromkeys(image_ids, telling(30)))
    with database.write() as session:
        session.execute(delete(Embedding).where(Embedding.image_id == image_ids[2]))
    assert pending(database) == [image_ids[2]]


def test_an_embedding_has_the_last_word_on_what_is_pending(database: Database, image_ids: list[int]) -> None:
    version = version_with_body(database, body(database))
    embed(database, version, dict.fromkeys(image_ids, telling(30)))
    with database.write() as session:
        session.execute(update(Image).values(embedded_body_id=None))
    assert pending(database) == []


def test_training_can_record_what_its_body_made_before_any_version_is_active(
    database: Database, image_ids: list[int]
) -> None:
    older = version_with_body(database, body(database))
    embed(database, older, dict.fromkeys(image_ids, telling(30)))
    newer = body(database, 2)
    with database.write() as session:
        record_embeddings(session, newer, {image_ids[0]: telling(30)})
    assert pending(database) == []
    version_with_body(database, body(database, 2))
    assert pending(database) == image_ids[1:]


def test_an_image_that_is_recorded_twice_keeps_its_first_embedding_and_prediction(
    database: Database, image_ids: list[int]
) -> None:
    version = version_with_body(database, body(database))
    embed(database, version, {image_ids[0]: telling(30)})
    embed(database, version, {image_ids[0]: telling(0, 30)})
    with database.read() as session:
        assert session.scalars(select(Embedding.vector)).all() == [telling(30)]
        (probabilities,) = session.scalars(select(Prediction.probabilities)).all()
        assert max(probabilities, key=probabilities.__getitem__) == "saree"


@pytest.mark.parametrize("vector", [b"", bytes(7), bytes(9)])
def test_an_embedding_of_another_width_is_refused(
    database: Database, image_ids: list[int], vector: bytes
) -> None:
    body_id, width = body(database), f"gives 8 values.*got {len(vector)} for image {image_ids[0]}"
    with pytest.raises(EmbeddingWidthError, match=width), database.write() as session:
        record_embeddings(session, body_id, {image_ids[0]: vector})
