"""The demo shop's products: the same ones for the same seed, drawn or from a folder of photos."""

import hashlib
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from random import Random

from db.categories import OTHER, Category
from demo.errors import PhotosError
from demo.garments import colour_name
from demo.wording import Wording, choose_price, compose_title, wording_of

DRAWN_PRODUCTS = 120
PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif"})
_ALPHANUMERIC = string.digits + string.ascii_uppercase


class PictureForm(StrEnum):
    """How the bytes of a picture are served; the last five are broken."""

    JPEG = "jpeg"
    PHOTO = "photo"
    PNG_TRANSPARENT = "png_transparent"
    WEBP = "webp"
    JPEG_ROTATED = "jpeg_rotated"
    TRUNCATED = "truncated"
    HTML = "html"
    MISSING = "missing"
    ONE_PIXEL = "one_pixel"
    ANIMATED = "animated"


BROKEN_FORMS = frozenset(
    {
        PictureForm.TRUNCATED,
        PictureForm.HTML,
        PictureForm.MISSING,
        PictureForm.ONE_PIXEL,
        PictureForm.ANIMATED,
    }
)
_UNUSUAL_FORMS = (PictureForm.PNG_TRANSPARENT, PictureForm.WEBP, PictureForm.JPEG_ROTATED) * 2
_DECK_SIZE = DRAWN_PRODUCTS


@dataclass(frozen=True)
class ProductPicture:
    """One picture of a product; `photo` is its file, or None where it is drawn from category, index and view."""

    id: str
    category: str
    index: int
    view: int
    form: PictureForm
    photo: Path | None = None


@dataclass(frozen=True)
class Product:
    """One listing; prices are whole rupees, None where the shop shows none."""

    asin: str
    parent_asin: str
    category: str
    brand: str
    title: str
    price: int | None
    list_price: int | None
    rating: float | None
    review_count: int | None
    breadcrumb: tuple[str, ...]
    pictures: tuple[ProductPicture, ...]
    also_found_in: str | None = None

    @property
    def slug(self) -> str:
        """The readable part of the product's address."""
        words = "".join(sign if sign.isascii() and sign.isalnum() else " " for sign in self.title).split()
        return "-".join([self.brand.split()[0], *words[:6]])


@dataclass(frozen=True)
class CataloguePlan:
    """What a catalogue is made of.

    `products` is the number of products a category: None means 120 drawn ones, or all photos.
    """

    categories: tuple[Category, ...]
    products: int | None = None
    photos: Path | None = None
    seed: int = 0
    broken_pictures: bool = True


@dataclass(frozen=True)
class Catalogue:
    """All products of the shop."""

    categories: tuple[Category, ...]
    products: tuple[Product, ...]
    by_asin: Mapping[str, Product] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_asin", {product.asin: product for product in self.products})

    @cached_property
    def pictures(self) -> Mapping[str, ProductPicture]:
        """Every picture by its id."""
        return {picture.id: picture for product in self.products for picture in product.pictures}

    def found_in(self, category: str) -> tuple[Product, ...]:
        """Return the products that the search for a category finds, in the order of the search pages."""
        own = [product for product in self.products if product.category == category]
        shared = [product for product in self.products if product.also_found_in == category]
        return tuple(own + shared)

    def match(self, query: str) -> Category | None:
        """Return the category a query asks for.

        An exact search term wins, then a category name among the query's words, then the one category
        whose search terms hold all words of the query.
        """
        words = _words(query)
        for category in self.categories:
            if any(words == _words(term) for term in category.search):
                return category
        for category in self.categories:
            if category.name.casefold() in words:
                return category
        holding = [category for category in self.categories if words and set(words) <= _search_words(category)]
        return holding[0] if len(holding) == 1 else None


def build_catalogue(plan: CataloguePlan) -> Catalogue:
    """Build the products of every category.

    Raises:
        PhotosError: the folder of photos holds no picture of any category.
    """
    photos = find_photos(plan.photos, plan.categories, plan.seed) if plan.photos else None
    products = tuple(
        product
        for category in plan.categories
        for product in _category_products(plan, category, photos[category.name] if photos is not None else None)
    )
    return Catalogue(plan.categories, products)


def find_photos(folder: Path, categories: Sequence[Category], seed: int) -> dict[str, list[Path]]:
    """Return the photos of each category, shuffled by the seed.

    A photo belongs to the category that the nearest folder above it is named after; folders named `other`
    and photos under no category's name are left out.

    Raises:
        PhotosError: no photo is under a folder with a category's name.
    """
    found: dict[str, list[Path]] = {category.name: [] for category in categories}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in PHOTO_SUFFIXES or not path.is_file():
            continue
        folders = path.relative_to(folder).parts[:-1]
        name = next((part for part in reversed(folders) if part in found), None)
        if name is not None and OTHER not in folders:
            found[name].append(path)
    if not any(found.values()):
        raise PhotosError(f"no photo in a folder named after one of {', '.join(found)}: {folder}")
    for name, paths in found.items():
        Random(f"{seed} photos {name}").shuffle(paths)  # noqa: S311 - reproducible, not secret
    return found


def _category_products(plan: CataloguePlan, category: Category, photos: list[Path] | None) -> Iterator[Product]:
    wanted = DRAWN_PRODUCTS if plan.products is None and photos is None else plan.products
    count = wanted if photos is None else len(photos[:wanted])
    forms = _deal_forms(plan, category.name)
    neighbour = _neighbour(plan.categories, category)
    for index in range(count or 0):
        if photos is None:
            pictures = _drawn_pictures(plan.seed, category.name, index, forms[index % _DECK_SIZE])
        else:
            pictures = (_photo_picture(plan.seed, category.name, index, photos[index]),)
        yield _product(plan.seed, category, pictures, neighbour)


def _product(
    seed: int, category: Category, pictures: tuple[ProductPicture, ...], neighbour: str | None
) -> Product:
    index = pictures[0].index
    rng = Random(f"{seed} product {category.name} {index}")  # noqa: S311 - reproducible, not secret
    wording = wording_of(category.name, category.title)
    price = choose_price(wording, rng)
    rated = rng.random() > 0.06  # noqa: PLR2004 - about the share of unrated cards in real searches
    asin = "B0" + _code(f"{seed} asin {category.name} {index}", 8)
    colour = "" if pictures[0].photo else colour_name(category.name, seed, index)
    return Product(
        asin=asin,
        parent_asin="B0" + _code(f"{seed} parent {category.name} {index // 4}", 8),
        category=category.name,
        brand=rng.choice(wording.brands),
        title=_title(wording, colour, index, rng),
        price=None if rng.random() < 0.04 else price,  # noqa: PLR2004 - about the real share without a price
        list_price=int(price * rng.uniform(1.2, 3.5)) // 100 * 100 + 99 if rng.random() < 0.9 else None,  # noqa: PLR2004
        rating=round(rng.triangular(2.4, 5.0, 4.1), 1) if rated else None,
        review_count=int(rng.lognormvariate(5, 1.8)) + 1 if rated else None,
        breadcrumb=wording.breadcrumb,
        pictures=pictures,
        also_found_in=neighbour if index % 40 == 17 else None,  # noqa: PLR2004 - a few a category
    )
