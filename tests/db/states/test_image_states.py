from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from db.models import Image, ModelVersion, utc_now
from db.pictures.codes import Reason
from db.session import Database
from db.states.image_states import (
    BATCH_SIZES,
    MAX_IMAGE_ATTEMPTS,
    is_exhausted,
    is_free,
    is_pending,
    is_set_aside,
)
from tests.factories import likely, model_version, predict, product, save

OVER, UNTIL_LATER = timedelta(seconds=-1), timedelta(seconds=45)


@pytest.fixture
def image_id(database: Database) -> int:
    (image_id,) = save(database, product("B000000001", 1))
    return image_id


def states(database: Database, version_id: int, **values: Any) -> list[str]:
    """The states that the only image is in, with these values in its row."""
    with database.write() as session:
        version = session.get_one(ModelVersion, version_id)
        rules = {
            "pending": is_pending(version),
            "free": is_free(version),
            "exhausted": is_exhausted(),
            "set aside": is_set_aside(),
        }
        session.execute(update(Image).values(**values, predicted_version_id=None))
        return [name for name, rule in rules.items() if session.scalar(select(Image.id).where(rule))]


@pytest.mark.parametrize(
    ("attempts", "lease", "reason", "expected"),
    [
        (0, None, None, ["pending", "free"]),
        (1, UNTIL_LATER, None, ["pending"]),
        (1, OVER, None, ["pending", "free"]),
        (MAX_IMAGE_ATTEMPTS, UNTIL_LATER, None, ["pending"]),
        (MAX_IMAGE_ATTEMPTS, OVER, None, ["pending", "exhausted"]),
        (0, None, Reason.CORRUPT, ["set aside"]),
        (MAX_IMAGE_ATTEMPTS, OVER, Reason.WORKER_DIED, ["set aside"]),
    ],
)
@pytest.mark.usefixtures("image_id")
def test_an_image_is_free_while_it_is_pending_unclaimed_and_not_exhausted(
    database: Database, *, attempts: int, lease: timedelta | None, reason: Reason | None, expected: list[str]
) -> None:
    until = None if lease is None else utc_now() + lease
    row = {"attempts": attempts, "leased_until": until, "reason": reason}
    assert states(database, model_version(database), **row) == expected


def test_a_prediction_has_the_last_word_on_what_is_pending(database: Database, image_id: int) -> None:
    version = model_version(database)
    predict(database, version, {image_id: likely("jeans")})
    assert states(database, version) == []
    assert states(database, model_version(database)) == ["pending", "free"]


def test_an_image_that_kills_its_workers_is_alone_at_its_last_attempt() -> None:
    assert BATCH_SIZES[MAX_IMAGE_ATTEMPTS - 1] == 1
