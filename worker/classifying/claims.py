"""Classify stored images: claim, decode, predict, record; what comes next is decoded while predicting."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from db.errors import ImageStoreError
from db.image_store import ImageStore
from db.pictures.codes import Reason
from db.queries.pending import pending_batches
from db.repository.predictions import (
    ClassifiedImage,
    claim_images,
    record_predictions,
    release_images,
    set_aside_exhausted,
)
from db.session import Database
from db.states.version_states import active_version
from worker.classifying.decoding import DecodedPictures, decoded_images
from worker.classifying.loaded_versions import load_classifier, require_version
from worker.classifying.prefetching import one_ahead
from worker.cnn.config import InputShape
from worker.cnn.serving.classifier import Classification


def classify_batch(database: Database, store: ImageStore, image_ids: Sequence[int]) -> int:
    """Classify those of the images that are pending; give how many got a prediction or a reason.

    The claim is committed before the first byte is decoded and no lock is held while predicting, so a picture
    that kills the process has left its mark, and nobody waits. Stopping gives the claimed images back.
    """
    return _classify(database, store, [image_ids], lambda _: None)


def classify_pending(database: Database, store: ImageStore, advance: Callable[[int], None]) -> int:
    """Classify everything that is pending in this process, telling `advance` of each batch; give how many.

    Raises:
        NoModelError: there is no active version.
    """
    total = 0
    while True:
        with database.write() as session:
            require_version(session)
            set_aside_exhausted(session)
            batches = list(pending_batches(session, limit=1024, tried=False))
            doubtful = list(pending_batches(session, limit=1024, tried=True))
        done = _classify(database, store, batches, advance)
        # One after the other: what is claimed ahead would die with an image that kills the process.
        done += sum(_classify(database, store, [batch], advance) for batch in doubtful)
        if not done:
            return total
        total += done


def _classify(
    database: Database, store: ImageStore, batches: Iterable[Sequence[int]], advance: Callable[[int], None]
) -> int:
    with database.read() as session:
        version = active_version(session)
    if version is None:
        return 0
    classifier = load_classifier(database, version.id)  # before the claim: a bad artefact is no image's fault
    claims = _Claims(database, store, version.id)
    total = 0
    try:
        with closing(one_ahead(claims.decoded(batches, classifier.specification.input_shape))) as chunks:
            for claim, pictures in chunks:
                claim.add(pictures, classifier.classify(pictures.pictures))
                if claim.is_complete:
                    claims.record(claim)
                    advance(len(claim.image_ids))
                    total += len(claim.image_ids)
    except (KeyboardInterrupt, SystemExit, ImageStoreError):  # no image's fault either
        claims.give_back()
        raise
    return total


@dataclass
class _Claim:
    """The claimed images of one batch, and what has come of them so far."""

    image_ids: list[int]
    classified: list[ClassifiedImage] = field(default_factory=list)
    failures: dict[int, Reason] = field(default_factory=dict)

    def add(self, decoded: DecodedPictures, predictions: Sequence[Classification]) -> None:
        self.failures |= decoded.failures
        self.classified += [
            ClassifiedImage(
                image_id, dict(prediction.probabilities), prediction.in_distribution, prediction.embedding
            )
            for image_id, prediction in zip(decoded.keys, predictions, strict=True)
        ]

    @property
    def is_complete(self) -> bool:
        return len(self.classified) + len(self.failures) == len(self.image_ids)


@dataclass(frozen=True)
class _Claims:
    """Batches on their way: a batch is one claim and one record, each a transaction of its own."""

    database: Database
    store: ImageStore
    version_id: int
    unrecorded: list[int] = field(default_factory=list)

    def decoded(
        self, batches: Iterable[Sequence[int]], shape: InputShape
    ) -> Iterator[tuple[_Claim, DecodedPictures]]:
        """Claim the batches in turn, and give the pictures of each in chunks."""
        for batch in batches:
            with self.database.write() as session:
                claim = _Claim(claim_images(session, batch, self.version_id))
                self.unrecorded.extend(claim.image_ids)
            for decoded in decoded_images(self.database, self.store, claim.image_ids, shape):
                yield claim, decoded

    def record(self, claim: _Claim) -> None:
        with self.database.write() as session:
            record_predictions(session, self.version_id, claim.classified, claim.failures)
        del self.unrecorded[: len(claim.image_ids)]  # They are claimed and recorded in the same order.

    def give_back(self) -> None:
        with self.database.write() as session:
            release_images(session, self.unrecorded)
