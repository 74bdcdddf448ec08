"""Stored bytes to the arrays that a network takes; what cannot be decoded is a reason, not an error."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from db.image_store import ImageStore
from db.pictures.codes import Reason
from db.pictures.decoder import PictureError, decode_picture
from db.rows import in_chunks
from db.session import Database
from worker.cnn.arrays import Pictures
from worker.cnn.config import InputShape
from worker.cnn.pictures.inputs import fit_picture

CHUNK_SIZE: Final = 16
"""Pictures decoded at a time while the network is at those before."""

_THREADS: Final = 4  # Pillow lets go of the interpreter while it decodes


@dataclass(frozen=True)
class DecodedPictures:
    """Pictures by key, fitted to a network's input, and why the others could not be."""

    keys: list[int]
    pictures: Pictures
    failures: dict[int, Reason]


def decode_pictures(data: Mapping[int, bytes], shape: InputShape) -> DecodedPictures:
    """Decode in threads, fitted to a network's input: uint8 (n, height, width, 3) in the order of the keys."""

    def decode(item: tuple[int, bytes]) -> Pictures | Reason:
        try:
            return fit_picture(decode_picture(item[1], at_least=shape.height), shape)
        except PictureError as error:
            return error.reason

    with ThreadPoolExecutor(_THREADS) as threads:
        decoded = dict(zip(data, threads.map(decode, data.items()), strict=True))
    good = {key: picture for key, picture in decoded.items() if not isinstance(picture, Reason)}
    empty = np.empty((0, shape.height, shape.width, 3), dtype=np.uint8)
    return DecodedPictures(
        keys=list(good),
        pictures=np.stack(list(good.values())) if good else empty,
        failures={key: reason for key, reason in decoded.items() if isinstance(reason, Reason)},
    )


def decoded_images(
    database: Database, store: ImageStore, image_ids: Sequence[int], shape: InputShape
) -> Iterator[DecodedPictures]:
    """Read and decode stored images by id, in order, in chunks; one whose bytes are gone is a failure too."""
    for chunk in in_chunks(image_ids, CHUNK_SIZE):
        with database.read() as session:
            data = store.read(session, chunk)
        missing = {image_id: Reason.BYTES_MISSING for image_id in chunk if image_id not in data}
        decoded = decode_pictures(data, shape)
        yield replace(decoded, failures=decoded.failures | missing)
