import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect, select, text, update

from db.errors import DatabaseVersionError
from db.migration import _config, current_revision, require_current_schema, upgrade
from db.models import Base, Body, Embedding, Image, ModelVersion, Prediction, Product, RunKind, TrainingRun
from db.repository.labels import Label
from db.repository.reviews import Verdict, record_reviews
from db.session import Database
from db.title_words import is_of_models
from tests.conftest import ROOT
from tests.factories import CATEGORIES, SHOP, head, label, likely, model_version, predict, product, save
from tests.processes import PATIENCE_SECONDS


def set_revision(database: Database, revision: str) -> None:
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": revision})


def test_models_and_migrations_agree(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": is_of_models}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_partial_indexes_of_models_and_migrations_agree(database: Database) -> None:
    def indexes(it: Database) -> set[tuple[str, str]]:
        inspector = inspect(it.engine)
        where = f"{it.engine.dialect.name}_where"
        return {
            (str(index["name"]), str(index["dialect_options"].get(where)))
            for table in ("products", "images", "model_versions")
            for index in inspector.get_indexes(table)
        }

    migrated = indexes(database)
    with database.engine.begin() as connection:
        connection.execute(text("DROP VIEW classified_products"))
        connection.execute(text("DROP TABLE product_words"))
        Base.metadata.drop_all(connection)
        Base.metadata.create_all(connection)
    assert indexes(database) == migrated


def test_every_migration_can_be_undone_and_done_again(database: Database) -> None:
    with database.engine.execution_options(vastra_writing=True).begin() as connection:
        command.downgrade(_config(connection), "base")
        assert set(inspect(connection).get_table_names()) == {"alembic_version"}
        assert inspect(connection).get_view_names() == []
    upgrade(database.engine)
    require_current_schema(database.engine)


def test_upgrading_finds_what_the_network_said_of_what_it_had_labelled(database: Database) -> None:
    version = model_version(database)
    sure, one, two, _ = save(
        database, product("SURE", 1), product("UNSURE", 2, 3), product("REVIEWED"), product("NEW", 4)
    )
    predict(database, version, {sure: likely("saree"), one: likely("jeans", 0.5), two: likely("saree", 0.4)})
    with database.write() as session:
        record_reviews(session, [Verdict(SHOP, "REVIEWED", "trousers")], CATEGORIES)
    before = {asin: label(database, asin) for asin in ("SURE", "UNSURE", "REVIEWED", "NEW")}
    with database.engine.execution_options(vastra_writing=True).begin() as connection:
        command.downgrade(_config(connection), "0002")
    upgrade(database.engine)
    found = {asin: label(database, asin) for asin in ("SURE", "UNSURE", "REVIEWED", "NEW")}
    assert {asin: each.likeliest for asin, each in found.items()} == {
        "SURE": "saree", "UNSURE": "jeans", "REVIEWED": None, "NEW": None,
    }  # fmt: skip
    assert found == before | {"REVIEWED": found["REVIEWED"]}
    assert label(database, "REVIEWED").category == "trousers"


def test_upgrading_keeps_versions_as_those_without_a_body(database: Database) -> None:
    version = model_version(database, artefact=b"weights", flatbuffer=b"light", flatbuffer_sha256="1" * 64)
    (image,) = save(database, product("SURE", 1))
    predict(database, version, {image: likely("saree")})
    before = label(database, "SURE")
    with database.engine.execution_options(vastra_writing=True).begin() as connection:
        command.downgrade(_config(connection), "0004")
    upgrade(database.engine)
    with database.read() as session:
        kept = session.get_one(ModelVersion, version)
        assert (kept.body_id, kept.head, kept.artefact, kept.flatbuffer) == (None, None, b"weights", b"light")
        assert session.query(TrainingRun).one().kind is RunKind.TRAINING
        assert session.query(Prediction).count() == 1
    assert label(database, "SURE") == before


def test_downgrading_takes_the_versions_that_have_a_body(database: Database) -> None:
    old = model_version(database)
    (image, other) = save(database, product("OLD", 1), product("NEW", 2))
    predict(database, old, {image: likely("saree")})
    with database.write() as session:
        body = Body(
            network="efficientnet_lite2", views="box-upper-1", width=8, sha256="2" * 64, artefact=b"b"
        )
        session.add(body)
        session.flush()
        session.add(Embedding(body_id=body.id, image_id=other, vector=bytes(8)))
        session.get_one(Image, other).embedded_body_id = body.id
    new = model_version(database, body_id=body.id, artefact=None, head=head().to_bytes())
    with database.write() as session:
        product_ids = session.scalars(select(Product.id).where(Product.asin == "NEW"))
        values = {"category": "jeans", "uncertain": False, "confidence": 0.9, "label_version_id": new}
        session.execute(update(Product).where(Product.id.in_(product_ids.all())).values(values))
    with database.engine.execution_options(vastra_writing=True).begin() as connection:
        command.downgrade(_config(connection), "0004")
    upgrade(database.engine)
    assert label(database, "OLD").category == "saree"
    assert label(database, "NEW") == Label()
    with database.read() as session:
        assert session.scalars(select(ModelVersion.id)).all() == [old]
        assert session.scalars(select(Image.id)).all() == [image, other]


def test_an_image_whose_embedding_is_deleted_by_sql_is_not_taken_for_embedded(database: Database) -> None:
    (image,) = save(database, product("ONE", 1))
    with database.write() as session:
        body = Body(
            network="efficientnet_lite2", views="box-upper-1", width=8, sha256="2" * 64, artefact=b"b"
        )
        session.add(body)
        session.flush()
        session.add(Embedding(body_id=body.id, image_id=image, vector=bytes(8)))
        session.get_one(Image, image).embedded_body_id = body.id
    with database.write() as session:
        session.execute(text("DELETE FROM embeddings"))
    with database.read() as session:
        assert session.get_one(Image, image).embedded_body_id is None


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    before = current_revision(database.engine)
    upgrade(database.engine)
    assert current_revision(database.engine) == before


def test_an_older_schema_names_the_command_that_helps(database: Database) -> None:
    with database.engine.execution_options(vastra_writing=True).begin() as connection:
        command.downgrade(_config(connection), "0001")
    with pytest.raises(DatabaseVersionError, match="python -m db upgrade"):
        require_current_schema(database.engine)


@pytest.mark.parametrize("act", [require_current_schema, upgrade])
def test_a_newer_schema_is_left_alone(database: Database, act: Callable[[Engine], None]) -> None:
    set_revision(database, "9999")
    with pytest.raises(DatabaseVersionError, match=r"update the code.*9999"):
        act(database.engine)
    assert current_revision(database.engine) == "9999"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_processes_that_make_one_new_database_take_turns(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path / 'new' / 'records.sqlite3'}"
    else:
        database = Database(request.getfixturevalue("postgresql_url"))
        with database.engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
        database.close()
        url = request.getfixturevalue("postgresql_url")
    program = "from db.__main__ import app; app(['upgrade'])"
    environment = {"DATABASE_URL": url, "PYTHONPATH": str(ROOT), "PATH": ""}
    processes = [
        subprocess.Popen([sys.executable, "-c", program], env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    complaints = [process.communicate(timeout=PATIENCE_SECONDS)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 3, complaints
