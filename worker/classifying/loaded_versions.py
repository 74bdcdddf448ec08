"""Model versions: found by number, and as classifiers, checked before they are trusted."""

from functools import lru_cache

from sqlalchemy.orm import Session

from db.errors import UnknownModelVersionError
from db.models import ModelVersion
from db.repository.network_labels import read_head
from db.session import Database
from db.states.version_states import active_version
from worker.classifying.served_version import ServedVersion
from worker.cnn.config import NetworkName
from worker.cnn.serving.classifier import Classifier
from worker.cnn.serving.specification import ClassifierSpecification
from worker.errors import NoModelError


def require_version(session: Session, version_id: int | None = None) -> ModelVersion:
    """Give a model version by its number, or the active one.

    Raises:
        NoModelError: there is no active version.
        UnknownModelVersionError: there is no version of that number.
    """
    if version_id is None:
        version = active_version(session)
        if version is None:
            raise NoModelError("nothing is trained yet: run `python -m worker train`; got 0 active versions")
        return version
    version = session.get(ModelVersion, version_id)
    if version is None:
        raise UnknownModelVersionError(f"`python -m worker models` lists the versions, got {version_id}")
    return version


@lru_cache(maxsize=2)
def load_classifier(database: Database, version_id: int) -> Classifier:
    """Load a model version's classifier; the last two versions stay in memory.

    One without a flatbuffer is served by TensorFlow, which takes seconds to load.

    Raises:
        ArtefactError: the artefact is not the one that was recorded, or cannot be read.
    """
    with database.read() as session:
        return read_served(session, session.get_one(ModelVersion, version_id)).classifier()


def read_served(session: Session, version: ModelVersion) -> ServedVersion:
    """Read what classifies by a model version; its bytes are checked by whoever loads them.

    Raises:
        HeadError: the version has a body and no head that can be used.
    """
    stored = version.body or version
    specification = ClassifierSpecification(
        sha256=stored.sha256,
        network=NetworkName(version.network),
        categories=tuple(version.categories),
        temperature=version.temperature,
        threshold=version.threshold,
        in_distribution_threshold=version.in_distribution_threshold,
        flatbuffer_sha256=stored.flatbuffer_sha256,
        views=version.body.views if version.body else None,
    )
    head = read_head(session, version) if version.body else None
    return ServedVersion(specification, head, stored.flatbuffer or stored.artefact or b"")
