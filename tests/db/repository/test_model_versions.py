from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select

from db.errors import UnknownModelVersionError
from db.models import ModelVersion, Split
from db.queries.version_list import version_before
from db.repository.model_versions import activate, store_splits
from db.session import Database
from db.states.version_states import active_version
from tests.factories import get_product, model_version, product, save


def activate_one(database: Database, version: int) -> None:
    with database.write() as session:
        activate(session, version)


def test_one_version_is_active(database: Database) -> None:
    first, second = model_version(database), model_version(database)
    for version in (second, first, first):
        with database.write() as session:
            activate(session, version)
        with database.read() as session:
            active = active_version(session)
            assert active is not None
            assert active.id == version
            assert session.scalar(select(func.count()).where(ModelVersion.active)) == 1


def test_the_way_back_is_the_order_of_activations_also_where_a_clock_was_ahead(database: Database) -> None:
    versions = [model_version(database) for _ in range(4)]
    for version in versions[:2]:
        activate_one(database, version)
        with database.write() as session:
            moved = session.get_one(ModelVersion, version)
            assert moved.activated_at is not None
            moved.activated_at = moved.activated_at + timedelta(days=1)
    for before, version in pairwise(versions[1:]):
        activate_one(database, version)
        with database.read() as session:
            assert version_before(session) == before


def test_an_unknown_version_changes_nothing(database: Database) -> None:
    version = model_version(database)
    with pytest.raises(UnknownModelVersionError, match="got 404"), database.write() as session:
        activate(session, 404)
    with database.read() as session:
        active = active_version(session)
        assert active is not None
        assert active.id == version


def test_a_split_never_changes(database: Database) -> None:
    save(database, product("B000000001"), product("B000000002"))
    first, second = (get_product(database, asin).id for asin in ("B000000001", "B000000002"))
    with database.write() as session:
        store_splits(session, {first: Split.TEST})
        store_splits(session, {first: Split.TRAIN, second: Split.VALIDATION})
    assert get_product(database, "B000000001").split is Split.TEST
    assert get_product(database, "B000000002").split is Split.VALIDATION
