"""A model version as one file, which classifies without the records; nothing in it is pickled or compressed.

A zip file of `version.json`, `network.tflite` or `network.keras`, and `head.npz` where the version has a body.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import IO, Any, Final, NoReturn, Self

from db.errors import HeadError
from db.heads import Head
from worker.classifying.plain_zip import PlainZip, write_members
from worker.classifying.served_version import ServedVersion
from worker.cnn.errors import ArtefactDigestError, ArtefactFormatError, ConfigError
from worker.cnn.serving.classifier import is_flatbuffer
from worker.cnn.serving.specification import ClassifierSpecification

FORMAT: Final = 1
"""Raise it whenever a file of this release could not be read by the one before."""

FACTS, HEAD = "version.json", "head.npz"
FLATBUFFER, KERAS = "network.tflite", "network.keras"

LARGEST: Final[Mapping[str, int]] = {FACTS: 2**20, HEAD: 2**20, FLATBUFFER: 2**28, KERAS: 2**28}
"""Bytes of a member."""

_LARGEST_FILE: Final = 2**28 + 2**22


@dataclass(frozen=True)
class ExportedProvenance:
    """Where a model version comes from.

    Attributes:
        version: its number in the records that it was made in.
        kind: of the run that made it: `training` or `learning`.
        created_at: the moment, in UTC, as ISO 8601 spells it.
        code_revision: the commit of the code; None where it was made outside a checkout.
        dataset_digest: of the pictures that it was made from, their labels and splits.
        reviews: how many it learnt from; None where its run did not write them down.
    """

    version: int
    kind: str
    created_at: str
    code_revision: str | None
    dataset_digest: str | None
    reviews: int | None


@dataclass(frozen=True)
class ExportedModel:
    """A model version with all that is known of it.

    Attributes:
        served: what classifies by it.
        figures: what it was worth on validation and test pictures, as JSON values.
        provenance: where it comes from.

    Raises:
        ArtefactDigestError: the network is not the one that the specification was made for.
        ArtefactFormatError: head and specification do not fit each other or this release.
    """

    served: ServedVersion
    figures: Mapping[str, Any]
    provenance: ExportedProvenance

    def __post_init__(self) -> None:
        specification, head = self.served.specification, self.served.head
        names = specification.categories
        if len(set(names)) < max(2, len(names)) or not all(
            isinstance(name, str) and name.isidentifier() for name in names
        ):
            raise ArtefactFormatError(f"two different categories or more are needed, got {names!r:.200}")
        if (head is None) != (specification.views is None) or (head and head.categories != names):
            raise ArtefactFormatError(
                f"a version with views has a head of the same categories, got views {specification.views!r} and "
                f"{'no head' if head is None else 'a head'}"
            )
        try:
            _ = specification.input_shape
        except ConfigError as error:
            raise ArtefactFormatError(f"the views cannot be cut: {error}") from error
        is_flatbuffer(self.served.network, specification)

    def to_bytes(self) -> bytes:
        """Write the file; the same version gives the same bytes.

        Raises:
            ArtefactFormatError: a member would be larger than a file may have it.
        """
        served = self.served
        flat = is_flatbuffer(served.network, served.specification)
        members = {FLATBUFFER if flat else KERAS: served.network}
        if served.head is not None:
            members[HEAD] = served.head.to_bytes()
        facts = {
            "format": FORMAT,
            "specification": served.specification.as_dict(),
            "figures": dict(self.figures),
            "provenance": asdict(self.provenance),
            "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in members.items()},
        }
        text = json.dumps(facts, indent=2, sort_keys=True, allow_nan=False) + "\n"
        members = {FACTS: text.encode()} | members
        for name, data in members.items():
            if len(data) > LARGEST[name]:
                raise ArtefactFormatError(f"{name} may have {LARGEST[name]} bytes at most, got {len(data)}")
        return write_members(members)

    @classmethod
    def read(cls, stream: IO[bytes]) -> Self:
        """Read what `to_bytes` wrote, from anybody: sizes, format and digests are checked before it is used.

        Raises:
            ArtefactDigestError: a member is not the one that was written.
            ArtefactFormatError: it is no such file, or one of another format.
        """
        file = PlainZip(stream, _LARGEST_FILE)
        facts = _read_facts(file.read(FACTS, LARGEST[FACTS]))
        members = _read_members(file, facts)
        try:
            specification = ClassifierSpecification.from_dict(facts["specification"])
            provenance = ExportedProvenance(**facts["provenance"])
            head = Head.from_bytes(members[HEAD]) if HEAD in members else None
            network = members[FLATBUFFER] if FLATBUFFER in members else members[KERAS]
            return cls(ServedVersion(specification, head, network), facts["figures"], provenance)
        # OverflowError: a whole number that no float holds; RecursionError: lists in lists where a word belongs.
        except (ConfigError, HeadError, TypeError, OverflowError, RecursionError) as error:
            raise ArtefactFormatError(f"the file cannot be used: {error!s:.300}") from error


def _read_facts(text: bytes) -> dict[str, Any]:
    try:
        facts = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ArtefactFormatError(f"{FACTS} is no JSON: {error}") from error
    number = facts.get("format") if isinstance(facts, dict) else None
    if number != FORMAT:
        raise ArtefactFormatError(
            f"this release reads format {FORMAT}: export the version again, or use the release that wrote it; "
            f"got {number if isinstance(number, int) else type(number).__name__}"
        )
    for name in ("specification", "figures", "provenance", "sha256"):
        if not isinstance(facts.get(name), dict):
            raise ArtefactFormatError(f"{FACTS} needs an object {name}, got {type(facts.get(name)).__name__}")
    return dict(facts)


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"numbers are finite, got {word}")


def _read_members(file: PlainZip, facts: Mapping[str, Any]) -> dict[str, bytes]:
    """Read the members beside the facts: those that there must be, of allowed sizes and the digests written."""
    names = set(file.names) - {FACTS}
    if names not in ({FLATBUFFER}, {KERAS}, {FLATBUFFER, HEAD}, {KERAS, HEAD}):
        raise ArtefactFormatError(
            f"beside {FACTS} there must be a {FLATBUFFER} or {KERAS}, and {HEAD} where it has a body, "
            f"got {sorted(names)!r:.200}"
        )
    members = {name: file.read(name, LARGEST[name]) for name in sorted(names)}
    for name, data in members.items():
        digest, expected = hashlib.sha256(data).hexdigest(), facts["sha256"].get(name)
        if digest != expected:
            raise ArtefactDigestError(f"{name} must have SHA-256 {expected!r:.70}, got {digest}")
    for name in {HEAD, KERAS} & names:  # which are zip files themselves
        PlainZip(io.BytesIO(members[name]), LARGEST[name])
    return members
