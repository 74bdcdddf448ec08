"""Versions of the records, exported: they run, on a network that is real and needs no TensorFlow."""

import io
import json
import zipfile
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from db.errors import HeadError
from db.models import Body, ModelVersion, RunKind, TrainingRun
from db.session import Database
from tests.flatbuffers import version_that_runs, whole_version_that_runs
from worker.classifying.exported_model import ExportedModel
from worker.classifying.version_export import read_version
from worker.cnn.errors import ArtefactDigestError


def export(database: Database, version: int) -> bytes:
    with database.read() as session:
        return read_version(session, session.get_one(ModelVersion, version)).to_bytes()


def test_a_version_says_where_it_comes_from(database: Database) -> None:
    moment = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
    version = version_that_runs(database, metrics={"test": {"accuracy": 0.9}}, created_at=moment)
    run = {
        "kind": RunKind.LEARNING,
        "code_revision": "0123abcd",
        "dataset_digest": "f" * 64,
        "metrics": {"reviews": [3, 5, 8]},
    }
    with database.write() as session:
        session.execute(update(TrainingRun).values(run))
    read = ExportedModel.read(io.BytesIO(export(database, version)))
    assert vars(read.provenance) == {
        "version": version,
        "kind": "learning",
        "created_at": "2026-11-22T10:30:00+00:00",
        "code_revision": "0123abcd",
        "dataset_digest": "f" * 64,
        "reviews": 3,
    }
    assert read.figures == {"test": {"accuracy": 0.9}}
    assert read.served.specification.views == "box-upper-1"


def test_a_version_without_a_body_is_its_network_alone(database: Database) -> None:
    data = export(database, whole_version_that_runs(database))
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.namelist() == ["version.json", "network.tflite"]
        facts = json.loads(file.read("version.json"))
    assert facts["specification"]["views"] is None
    assert facts["provenance"]["reviews"] is None
    assert ExportedModel.read(io.BytesIO(data)).to_bytes() == data


def test_the_same_version_gives_the_same_bytes(database: Database) -> None:
    version = version_that_runs(database, metrics={"b": 1, "a": {"d": 2, "c": 3}})
    data = export(database, version)
    with database.write() as session:
        session.execute(update(ModelVersion).values(metrics={"a": {"c": 3, "d": 2}, "b": 1}))
    assert export(database, version) == data


def test_what_is_damaged_in_the_records_is_not_exported(database: Database) -> None:
    version = version_that_runs(database)
    with database.write() as session:
        session.execute(update(Body).values(flatbuffer=b"damaged"))
    with pytest.raises(ArtefactDigestError, match="the artefact must have SHA-256"):
        export(database, version)
    with database.write() as session:
        session.execute(update(ModelVersion).values(head=b"damaged"))
    with pytest.raises(HeadError):
        export(database, version)
