import dataclasses
import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from copy import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import head
from tests.flatbuffers import colour_head, flatbuffer_of
from worker.classifying.exported_model import FACTS, FLATBUFFER, HEAD, ExportedModel, ExportedProvenance
from worker.classifying.plain_zip import PlainZip, write_members
from worker.classifying.served_version import ServedVersion
from worker.cnn.config import VIEWS, NetworkName
from worker.cnn.errors import ArtefactDigestError, ArtefactError, ArtefactFormatError
from worker.cnn.serving.inference import Signature
from worker.cnn.serving.specification import specify_body

BODY = flatbuffer_of(Signature.body((448, 224, 3), 3))
PROVENANCE = ExportedProvenance(7, "learning", "2026-11-22T10:00:00+00:00", "0123abcd", "f" * 64, 16)


def exported(network: bytes = BODY, **of_head: Any) -> ExportedModel:
    """An exported version with a body."""
    made = colour_head(**of_head)
    digest = hashlib.sha256(BODY).hexdigest()
    specification = specify_body("0" * 64, digest, NetworkName.EFFICIENTNET_LITE0, made)
    return ExportedModel(ServedVersion(specification, made, network), {"test": {"accuracy": 0.9}}, PROVENANCE)


FILE = exported().to_bytes()


def read(data: bytes) -> ExportedModel:
    return ExportedModel.read(io.BytesIO(data))


def members() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(FILE)) as file:
        return {name: file.read(name) for name in file.namelist()}


def with_facts(change: Callable[[dict[str, Any]], object]) -> bytes:
    """The file with other facts."""
    facts = json.loads(members()[FACTS])
    change(facts)
    return write_members(members() | {FACTS: json.dumps(facts).encode()})


def signed(changed: Mapping[str, bytes]) -> bytes:
    """The file with other members, and their digests, as somebody hostile would write it."""
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in changed.items()}
    facts = json.loads(members()[FACTS])
    facts["sha256"] |= digests
    return write_members(members() | {FACTS: json.dumps(facts).encode()} | dict(changed))


def test_a_file_gives_back_the_version_and_all_that_is_known_of_it() -> None:
    before, after = exported(), read(FILE)
    assert after.served.specification == before.served.specification
    assert (after.served.network, after.figures, after.provenance) == (BODY, before.figures, PROVENANCE)
    assert before.served.head is not None
    assert after.served.head is not None
    assert after.served.head.to_bytes() == before.served.head.to_bytes()
    pictures = np.random.default_rng(0).integers(0, 256, (3, 448, 224, 3), dtype=np.uint8)
    assert after.served.classifier().classify(pictures) == before.served.classifier().classify(pictures)


def test_the_same_version_gives_the_same_bytes() -> None:
    assert exported().to_bytes() == FILE == read(FILE).to_bytes()


def test_any_program_can_read_what_is_in_it() -> None:
    with zipfile.ZipFile(io.BytesIO(FILE)) as file:
        assert file.testzip() is None
        assert file.namelist() == [FACTS, FLATBUFFER, HEAD]
        facts = json.loads(file.read(FACTS))
        assert facts["format"] == 1
        assert facts["sha256"][HEAD] == hashlib.sha256(file.read(HEAD)).hexdigest()
    assert facts["specification"]["views"] == VIEWS
    assert facts["provenance"]["reviews"] == 16
    assert facts["figures"]["test"] == {"accuracy": 0.9}


def test_a_network_of_another_version_is_not_exported() -> None:
    with pytest.raises(ArtefactDigestError, match="the artefact must have SHA-256"):
        exported(network=b"another")


def test_what_could_not_be_read_is_not_written() -> None:
    too_many = dataclasses.replace(exported(), figures={"test": "x" * 2**20})
    with pytest.raises(ArtefactFormatError, match=r"version\.json may have 1048576 bytes at most"):
        too_many.to_bytes()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda facts: facts.update(format=2), "reads format 1.*got 2"),
        (lambda facts: facts.pop("format"), "reads format 1.*got NoneType"),
        (lambda facts: facts.pop("provenance"), "needs an object provenance, got NoneType"),
        (lambda facts: facts["provenance"].update(colour="red"), "colour"),
        (lambda facts: facts["provenance"].pop("kind"), "kind"),
        (lambda facts: facts["specification"].update(views="box-upper-9"), "the views cannot be cut.*box-upper-9"),
        (lambda facts: facts["specification"].update(views=None), "a version with views has a head"),
        (lambda facts: facts["specification"].update(network="resnet"), "resnet"),
        (lambda facts: facts["specification"].update(temperature=0), "temperature must be above 0"),
        (lambda facts: facts["specification"].update(temperature=10**400), "too large"),
        (lambda facts: facts["specification"].update(threshold=float("nan")), "numbers are finite, got NaN"),
        (lambda facts: facts["specification"].update(categories=["saree", "saree", "jeans"]), "two different"),
        (lambda facts: facts["specification"].update(categories=["saree", "\x1b[31m", "jeans"]), r"\\x1b"),
        (lambda facts: facts["specification"].update(categories=["saree", "trousers", "jeans"]), "same categories"),
    ],
)  # fmt: skip
def test_facts_that_cannot_be_used_are_named(
    change: Callable[[dict[str, Any]], object], complaint: str
) -> None:
    with pytest.raises(ArtefactFormatError, match=complaint):
        read(with_facts(change))


@pytest.mark.parametrize("name", [FLATBUFFER, HEAD])
def test_members_with_other_digests_are_refused_before_they_are_used(name: str) -> None:
    with pytest.raises(ArtefactDigestError, match=f"{name} must have SHA-256 '"):
        read(write_members(members() | {name: b"another"}))


def test_a_network_that_the_version_was_not_made_for_is_refused() -> None:
    with pytest.raises(ArtefactDigestError, match="the artefact must have SHA-256"):
        read(signed({FLATBUFFER: b"another"}))


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "cannot be read"),
        (b"PK nothing" * 10, "must end as a short zip file"),
        (FILE[: len(FILE) // 2], "must end as a short zip file"),
        (write_members({}), "must have a member version.json"),
        (write_members({FACTS: b"no JSON"}), "version.json is no JSON"),
        (write_members({FACTS: b"[" * 100_000}), "version.json is no JSON"),
        (write_members({n: d for n, d in members().items() if n != FLATBUFFER}), "must be a network.tflite"),
        (write_members({n: d for n, d in members().items() if n != HEAD}), "a head of the same categories"),
        (write_members(members() | {"../../etc/passwd": b""}), "got .*passwd"),
        (
            write_members({FACTS: bytes(2**20 + 1)}),
            "version.json may have 1048576 bytes at most, got 1048577",
        ),
        (write_members(members() | {HEAD: bytes(2**20 + 1)}), "head.npz may have 1048576 bytes at most"),
    ],
    ids=range(11),
)
def test_what_is_no_exported_model_is_refused(data: bytes, complaint: str) -> None:
    with pytest.raises(ArtefactFormatError, match=complaint):
        read(data)


def compressed(data: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in data.items():
            file.writestr(name, content)
    return stream.getvalue()


def test_nothing_is_unpacked() -> None:
    for bomb in (
        compressed(members()),
        signed({HEAD: compressed({"kernel.npy": bytes(2**24)})}),
        signed({HEAD: compressed({"head": head().to_bytes()})}),
    ):
        with pytest.raises(ArtefactFormatError, match="must lie in the file as they are"):
            read(bomb)


def test_members_that_overlap_are_refused() -> None:
    """One place in the file under many names, which together are larger than it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("1", bytes(1000))
        for name in range(2, 50):
            file.filelist.append(copy(file.filelist[0]))
            file.filelist[-1].filename = str(name)
    with pytest.raises(ArtefactFormatError, match="must lie in the file as they are"):
        PlainZip(stream, 10**6)


def test_two_members_of_one_name_are_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr(FACTS, "{}")
        with pytest.warns(UserWarning, match="Duplicate"):
            file.writestr(FACTS, "{}")
    with pytest.raises(ArtefactFormatError, match="may be there once"):
        read(stream.getvalue())


def test_a_directory_that_would_take_gigabytes_is_not_read() -> None:
    long = bytearray(FILE)
    struct.pack_into("<L", long, len(FILE) - 10, 2**24)
    huge = FILE[:-22] + b"PK\6\7" + bytes(16) + FILE[-22:]
    for data in (bytes(long), huge, FILE[:-2] + b"\1\0!"):
        with pytest.raises(ArtefactFormatError, match="must end as a short zip file"):
            read(data)


def test_a_file_that_is_too_large_is_not_read() -> None:
    with pytest.raises(ArtefactFormatError, match="10 bytes at most, got"):
        PlainZip(io.BytesIO(FILE), 10)


@given(st.data())
def test_a_damaged_file_is_refused_or_says_the_same(data: st.DataObject) -> None:
    damaged = bytearray(FILE)
    start = data.draw(st.integers(0, len(FILE) - 1), "place")
    end = start + data.draw(st.integers(0, 20), "bytes lost")
    damaged[start:end] = data.draw(st.binary(max_size=20), "bytes instead")
    with suppress(ArtefactError):
        assert read(bytes(damaged)).to_bytes() == FILE


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(
    JSON,
    st.sampled_from(
        [(name,) for name in ("format", "specification", "provenance", "figures", "sha256")]
        + [("specification", name) for name in json.loads(members()[FACTS])["specification"]]
        + [("provenance", "kind"), ("sha256", HEAD)]
    ),
)
def test_hostile_facts_are_refused_or_make_a_version(value: Any, path: tuple[str, ...]) -> None:
    def change(facts: dict[str, Any]) -> None:
        for name in path[:-1]:
            facts = facts[name]
        facts[path[-1]] = value

    with suppress(ArtefactError):
        read(with_facts(change)).served.classifier()


@given(st.data())
def test_a_hostile_head_is_refused_or_is_one(data: st.DataObject) -> None:
    head_bytes = bytearray(members()[HEAD])
    start = data.draw(st.integers(0, len(head_bytes) - 1), "place")
    end = start + data.draw(st.integers(0, 20), "bytes lost")
    head_bytes[start:end] = data.draw(st.binary(max_size=20), "bytes instead")
    with suppress(ArtefactError):
        read(signed({HEAD: bytes(head_bytes)}))
