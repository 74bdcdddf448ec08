"""Export the labelled pictures: folders as Keras reads them, or one Parquet file."""

import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count, product
from pathlib import Path
from typing import Final

from sqlalchemy import select

from db.datasets.export_folder import MARK, PARQUET
from db.datasets.splits import assign_splits
from db.errors import NoLabelledImagesError
from db.image_store import ImageStore
from db.models import Image, Product, Split
from db.pictures.decoder import decode_picture, suffix_of
from db.queries.labelled_images import LabelledImage
from db.rows import in_chunks
from db.session import Database

BATCH: Final = 50
"""Pictures held in memory at a time."""

_READ_BY_KERAS: Final = frozenset({"JPEG", "PNG"})


@dataclass(frozen=True)
class ExportedPicture:
    """One labelled picture with its original bytes and the product that it was taken from."""

    marketplace: str
    asin: str
    label: str
    split: Split
    sha256: str
    format: str
    data: bytes


def choose_pictures(images: Sequence[LabelledImage]) -> list[tuple[LabelledImage, Split]]:
    """Keep each picture once, with the split of its product.

    Left out are products whose near duplicates lie in another split: with them, a test would be no test.

    Raises:
        NoLabelledImagesError: there is no picture to export.
    """
    splits = assign_splits(images)
    chosen = {
        image.image_id: (image, splits[image.product_id]) for image in images if image.product_id in splits
    }
    if not chosen:
        raise NoLabelledImagesError(
            "nothing to export: crawl, import labelled photos or review; got 0 pictures"
        )
    return list(chosen.values())


def read_pictures(
    database: Database, store: ImageStore, chosen: Sequence[tuple[LabelledImage, Split]]
) -> Iterator[ExportedPicture]:
    """Read the bytes in batches; a picture whose bytes are gone is left out."""
    for batch in in_chunks(chosen, BATCH):
        image_ids = [image.image_id for image, _ in batch]
        product_ids = [image.product_id for image, _ in batch]
        with database.read() as session:
            data = store.read(session, image_ids)
            formats = dict(
                session.execute(select(Image.id, Image.format).where(Image.id.in_(image_ids))).all()
            )
            asins = dict(
                session.execute(select(Product.id, Product.asin).where(Product.id.in_(product_ids))).all()
            )
        for image, split in batch:
            if image.image_id in data:
                yield ExportedPicture(
                    marketplace=image.source,
                    asin=asins[image.product_id],
                    label=image.category,
                    split=split,
                    sha256=image.sha256,
                    format=formats[image.image_id],
                    data=data[image.image_id],
                )


def write_folders(folder: Path, pictures: Iterable[ExportedPicture]) -> Counter[str]:
    """Write `train/saree/249saree.jpg` and so on; the numbers run through a category, over its splits.

    Each split has the folder of every label, so that Keras gives a label the same number in all of them.
    JPEG and PNG keep their original bytes; WEBP and AVIF, which TensorFlow does not read, become PNG. Returns
    counts by split and label.
    """
    numbers: dict[str, Iterator[int]] = defaultdict(lambda: count(1))
    written: Counter[str] = Counter()
    for picture in pictures:
        place = folder / picture.split / picture.label
        place.mkdir(parents=True, exist_ok=True)
        suffix, data = _for_keras(picture)
        name = f"{next(numbers[picture.label])}{picture.label}{suffix}"
        (place / name).write_bytes(data)
        written[f"{picture.split}/{picture.label}"] += 1
    for split, label in product(Split, numbers):
        (folder / split / label).mkdir(parents=True, exist_ok=True)
    _leave_mark(folder, written)
    return written


def write_parquet(folder: Path, pictures: Iterable[ExportedPicture]) -> Counter[str]:
    """Write `pictures.parquet`: the fields of ExportedPicture as columns, with the original bytes.

    Returns counts by split and label.
    """
    import pyarrow as pa  # noqa: PLC0415 - a second to load, and only this format needs it
    import pyarrow.parquet as pq  # noqa: PLC0415

    texts = [
        pa.field(name, pa.string(), nullable=False)
        for name in ExportedPicture.__annotations__
        if name != "data"
    ]
    schema = pa.schema([*texts, pa.field("data", pa.binary(), nullable=False)])
    written: Counter[str] = Counter()
    with pq.ParquetWriter(folder / PARQUET, schema) as writer:
        for batch in in_chunks(pictures, BATCH):
            writer.write_table(pa.Table.from_pylist([vars(picture) for picture in batch], schema=schema))
            for picture in batch:
                written[f"{picture.split}/{picture.label}"] += 1
            _leave_mark(folder, written)
    return written


def _for_keras(picture: ExportedPicture) -> tuple[str, bytes]:
    if picture.format in _READ_BY_KERAS:
        return suffix_of(picture.format), picture.data
    png = io.BytesIO()
    decode_picture(picture.data).save(png, "PNG")
    return suffix_of("PNG"), png.getvalue()


def _leave_mark(folder: Path, written: Counter[str]) -> None:
    document = {"written by": "python -m db export", "pictures": dict(sorted(written.items()))}
    (folder / MARK).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
