"""Import labelled photos from folders: the ImageFolder layout, read recursively."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from db.categories import OTHER, Category
from db.errors import ImportFolderError
from db.image_store import ImageStore
from db.pictures.codes import Reason
from db.pictures.decoder import MAX_BYTES, PictureError, check_picture
from db.pictures.picture_files import readable_name, visible_files
from db.repository.found_products import FoundPicture, FoundProduct, Listing, save_products
from db.repository.imported_photos import settle_imports
from db.rows import in_chunks
from db.session import Database

BATCH: Final = 50
"""Photos saved in one transaction."""

LONGEST_PATH: Final = 400
"""Characters of a path inside the folder: it becomes the product's ASIN."""

_OTHER_FILES: Final = frozenset(
    {".csv", ".tsv", ".md", ".txt", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".toml", ".ini", ".html",
     ".pdf", ".py", ".ipynb", ".log", ".db", ".zip", ".gz", ".tar", ".parquet"}
)  # fmt: skip
"""Suffixes of files that nobody means as pictures; every other file is judged by its bytes."""


@dataclass(frozen=True)
class Photo:
    """One file to import.

    Attributes:
        path: absolute.
        asin: the path inside the imported folder, with slashes.
        category: that of the folders around it; None where it is not to be labelled.
    """

    path: Path
    asin: str
    category: str | None


@dataclass(frozen=True)
class FoundPhotos:
    """What a folder holds; `skipped` counts the files that are no pictures by their names."""

    photos: tuple[Photo, ...]
    skipped: int


class ImportedBatch(NamedTuple):
    """Photos that are saved; `moved` counts those whose file was moved, and whose product went with it."""

    photos: list[FoundProduct]
    moved: int


@dataclass
class ImportCounts:
    """What came of an import so far."""

    stored: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    moved: int = 0

    def add(self, batch: ImportedBatch) -> None:
        """Count a batch: stored by category (`unlabelled` where there is none), refused by reason."""
        self.moved += batch.moved
        for product in batch.photos:
            reason = product.pictures[0].reason
            if reason is not None:
                self.refused[reason] += 1
            else:
                self.stored[(product.listing and product.listing.found_in) or "unlabelled"] += 1

    def total(self) -> int:
        """Count all photos so far, stored or refused."""
        return self.stored.total() + self.refused.total()


def find_photos(folder: Path, categories: tuple[Category, ...], *, unlabelled: bool = False) -> FoundPhotos:
    """List the photos below a folder in the order of their paths.

    The nearest folder around a photo whose name is a category, or `other`, labels it, so that `jeans/1.jpg`,
    `shop/jeans/1.jpg` and `other/shirts/1.jpg` all work. With `unlabelled`, names are ignored.

    Raises:
        ImportFolderError: photos lie in folders of other names, or their paths cannot be kept.
    """
    names = {*(category.name for category in categories), OTHER}
    folder = folder.resolve()
    files = list(visible_files(folder))
    paths = [path for path in files if path.suffix.lower() not in _OTHER_FILES]
    photos = tuple(_photo(folder, path, set() if unlabelled else names) for path in paths)
    if not unlabelled:
        _require_categories(photos, names)
    return FoundPhotos(photos, skipped=len(files) - len(photos))


def import_photos(
    database: Database, store: ImageStore, photos: Sequence[Photo], source: str
) -> Iterator[ImportedBatch]:
    """Save each photo as a product of the marketplace `source`; importing again changes nothing.

    A photo that was moved since keeps its product, also when its folder says another category now. Gives batch
    after batch once it is committed: whatever happens later, those are safe. Files are read and decoded in threads.
    """
    imported = {photo.asin for photo in photos}
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as threads:
        for batch in in_chunks(photos, BATCH):
            found = list(threads.map(lambda photo: _product(photo, source), batch))
            with database.write() as session:
                moved = settle_imports(session, found, imported)
                save_products(session, found, store)
            yield ImportedBatch(found, moved)


def _photo(folder: Path, path: Path, names: set[str]) -> Photo:
    inside = path.relative_to(folder)
    asin = readable_name(inside)
    if len(asin) > LONGEST_PATH:
        raise ImportFolderError(
            f"a path becomes the product's ASIN: at most {LONGEST_PATH} characters, got {asin!a}"
        )
    category = next((name for name in reversed(inside.parts[:-1]) if name in names), None)
    return Photo(path, asin, category)


def _require_categories(photos: Sequence[Photo], names: set[str]) -> None:
    strange = sorted({str(Path(photo.asin).parent) for photo in photos if photo.category is None})
    if strange:
        shown = ", ".join(repr(name) for name in strange[:5]) + (", ..." if strange[5:] else "")
        raise ImportFolderError(
            f"photos must lie below folders named {', '.join(sorted(names))} (`other`: none of these); "
            f"rename, move or add a category to categories.toml, or import with --unlabelled; got {shown}"
        )


def _product(photo: Photo, source: str) -> FoundProduct:
    address = photo.path.as_uri()
    listing = Listing(url=address, found_in=photo.category)
    return FoundProduct(source, photo.asin, listing, (_picture(photo.path, address),))


def _picture(path: Path, address: str) -> FoundPicture:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        return FoundPicture(address, 0, picture=check_picture(data), data=data)
    except PictureError as error:
        return FoundPicture(address, 0, reason=error.reason)
    except OSError:
        return FoundPicture(address, 0, reason=Reason.UNREADABLE)
