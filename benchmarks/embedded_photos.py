"""The labelled photos with their features, as arrays; a fold over sources then takes seconds."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from benchmarks.photos import Photo, digest, read_manifest, read_pictures
from db.datasets.splits import near_duplicate_groups
from db.pictures.decoder import check_picture
from db.queries.labelled_images import LabelledImage
from worker.cnn.arrays import KNOWN_NEGATIVE, Labels
from worker.cnn.config import DEFAULT_NETWORK, INPUT_SHAPES, VIEWS
from worker.cnn.heads.embedded_examples import EmbeddedExamples
from worker.cnn.learning.features import compute_features
from worker.cnn.learning.trainers import PROJECTED
from worker.cnn.networks.backbone import WEIGHTS_FILES
from worker.cnn.networks.projection import fit_projection
from worker.cnn.pictures.dataset import TRAIN
from worker.commands.progress_bars import training_bar

_READ_AT_ONCE: Final = 700

CATALOGUE: Final = "catalogue"
"""The fold of the two sources that show the same products."""


@dataclass(frozen=True)
class EmbeddedPhotos:
    """Photos as parallel arrays of length n.

    Attributes:
        features: float32 (n, 2560), of the frozen default backbone.
        classes: str (n,), as the manifest has them: a category, or `other/` and a name.
        sources: str (n,).
        manifest_groups: str (n,): a product, or a whole shop.
        products: str (n,): the group where a group is a product, else the photo.
        groups: str (n,): products and near duplicates, as the records find them.
        keys: str (n,), the SHA-256 of each file.
        hashes: str (n,), the perceptual hash; likewise `colours`.
    """

    features: NDArray[np.float32]
    classes: NDArray[np.str_]
    sources: NDArray[np.str_]
    manifest_groups: NDArray[np.str_]
    products: NDArray[np.str_]
    groups: NDArray[np.str_]
    keys: NDArray[np.str_]
    hashes: NDArray[np.str_]
    colours: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.classes)

    def select(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """Keep the rows of a mask or of an index array."""
        return type(self)(**{name: array[rows] for name, array in vars(self).items()})

    @property
    def folds(self) -> NDArray[np.str_]:
        """The fold of each photo (n,)."""
        return np.array([fold_of(source) for source in self.sources.tolist()])

    def labels(self, categories: Sequence[str]) -> Labels:
        """Give the index of each photo's category, else KNOWN_NEGATIVE (n,)."""
        places = {name: place for place, name in enumerate(categories)}
        return np.array([places.get(name, KNOWN_NEGATIVE) for name in self.classes.tolist()])

    def embed(self, seen: NDArray[np.bool_], seed: int) -> NDArray[np.int8]:
        """Embed every photo, int8 (n, 256), by a projection fitted to a sample of those of a mask (n,)."""
        rows = np.random.default_rng(seed).permutation(np.flatnonzero(seen))[:PROJECTED]
        return fit_projection(self.features[np.sort(rows)], seed)(self.features)

    def examples(self, embeddings: NDArray[np.int8], labels: Labels) -> EmbeddedExamples:
        """Join embeddings and labels of the photos; all are in the train split, and nobody has reviewed any."""
        return EmbeddedExamples(
            embeddings=embeddings,
            labels=labels,
            splits=np.full(len(self), TRAIN, dtype="<U10"),
            products=self.products,
            sources=self.sources,
            groups=self.groups,
            reviewed=np.zeros(len(self), np.bool_),
        )


def fold_of(source: str) -> str:
    """Name the fold of a source: those that show the same products, or came together, are held out together."""
    if source.startswith("myntra"):
        return CATALOGUE
    if source == "cc0":
        return "phone"
    if source.startswith("shops-"):
        return "nine shops"
    return f"other shops {int(digest(source)[:8], 16) % 2 + 1}"


def embed_photos(folder: Path, workdir: Path) -> EmbeddedPhotos:
    """Read the photos of a folder with MANIFEST.csv; features that the working folder lacks are computed."""
    photos = read_manifest(folder)
    keys = [photo.key for photo in photos]
    checked = [check_picture(photo.path.read_bytes()) for photo in photos]
    hashes = [each.perceptual_hash for each in checked]
    colours = [each.colour_signature for each in checked]
    products = [_product(photo, key) for photo, key in zip(photos, keys, strict=True)]
    return EmbeddedPhotos(
        features=_read_features(photos, keys, workdir),
        classes=np.array([photo.category for photo in photos]),
        sources=np.array([photo.source for photo in photos]),
        manifest_groups=np.array([photo.group for photo in photos]),
        products=np.array(products),
        groups=np.array(_near_duplicates(photos, products, hashes, colours)),
        keys=np.array(keys),
        hashes=np.array(hashes),
        colours=np.array(colours),
    )


def _product(photo: Photo, key: str) -> str:
    is_product = photo.source.startswith("myntra") or photo.source == "sareeshop"
    return photo.group if is_product else key


def _near_duplicates(
    photos: Sequence[Photo], products: Sequence[str], hashes: Sequence[str], colours: Sequence[str]
) -> list[str]:
    numbers = {product: number for number, product in enumerate(dict.fromkeys(products))}
    images = [
        LabelledImage(row, "", numbers[product], photo.source, photo.category, None, hash_, colour)
        for row, (photo, product, hash_, colour) in enumerate(
            zip(photos, products, hashes, colours, strict=True)
        )
    ]
    return [str(group) for group in near_duplicate_groups(images)]


def _read_features(photos: Sequence[Photo], keys: Sequence[str], workdir: Path) -> NDArray[np.float32]:
    """Read the features from a file that is named by what they are of; compute them if there is none."""
    name = digest(" ".join([*keys, VIEWS, WEIGHTS_FILES[DEFAULT_NETWORK].sha256]))
    path = workdir / f"features-{name[:16]}.npy"
    if not path.exists():
        starts = range(0, len(photos), _READ_AT_ONCE)
        parts = [_compute(photos[start : start + _READ_AT_ONCE]) for start in starts]
        workdir.mkdir(parents=True, exist_ok=True)
        np.save(path, np.concatenate(parts))
    return np.asarray(np.load(path, allow_pickle=False), np.float32)


def _compute(photos: Sequence[Photo]) -> NDArray[np.float32]:
    """Compute the features of some photos, so that only those are in memory."""
    pictures = read_pictures(photos, INPUT_SHAPES[DEFAULT_NETWORK])
    with training_bar() as report:
        return compute_features(DEFAULT_NETWORK, pictures, report)
