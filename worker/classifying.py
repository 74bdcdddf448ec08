"""Classify stored images: claim, decode, predict in one forward pass, record in one transaction."""

from collections.abc import Callable, Sequence

from db.errors import ImageStoreError
from db.image_store import ImageStore
from db.pictures import Reason
from db.queries.pending import pending_batches
from db.repository.labels import active_version
from db.repository.predictions import (
    ClassifiedImage,
    claim_images,
    record_predictions,
    release_images,
    set_aside_exhausted,
)
from db.session import Database
from worker.cnn.classifier import Classifier
from worker.decoding import decode_pictures
from worker.versions import load_classifier, require_version


def classify_batch(database: Database, store: ImageStore, image_ids: Sequence[int]) -> int:
    """Classify those of the images that are pending; return how many got a prediction or a reason.

    The claim is committed before the first byte is decoded and no lock is held while predicting, so a picture
    that kills the process has left its mark, and nobody waits. Stopping gives the claimed images back.
    """
    with database.read() as session:
        version = active_version(session)
    if version is None:
        return 0
    classifier = load_classifier(database, version.id)  # before the claim: a bad artefact is no image's fault
    with database.write() as session:
        claimed = claim_images(session, image_ids, version.id)
    try:
        return _classify_claimed(database, store, classifier, version.id, claimed)
    except (KeyboardInterrupt, SystemExit, ImageStoreError):  # no image's fault either
        with database.write() as session:
            release_images(session, claimed)
        raise


def classify_pending(database: Database, store: ImageStore, advance: Callable[[int], None]) -> int:
    """Classify everything that is pending in this process, telling `advance` of each batch; return how many.

    Raises:
        NoModelError: there is no active version.
    """
    total = 0
    while True:
        with database.write() as session:
            require_version(session)
            set_aside_exhausted(session)
            batches = list(pending_batches(session, limit=1024))
        before = total
        for batch in batches:
            done = classify_batch(database, store, batch)
            advance(done)
            total += done
        if total == before:
            return total


def _classify_claimed(
    database: Database, store: ImageStore, classifier: Classifier, version_id: int, claimed: Sequence[int]
) -> int:
    if not claimed:
        return 0
    with database.read() as session:
        data = store.read(session, claimed)
    decoded = decode_pictures(data, classifier.specification.network)
    predictions = classifier.classify(decoded.pictures)
    classified = [
        ClassifiedImage(image_id, dict(prediction.probabilities), prediction.in_distribution)
        for image_id, prediction in zip(decoded.keys, predictions, strict=True)
    ]
    missing = {image_id: Reason.BYTES_MISSING for image_id in claimed if image_id not in data}
    with database.write() as session:
        record_predictions(session, version_id, classified, decoded.failures | missing)
    return len(claimed)
