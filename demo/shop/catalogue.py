"""What the demo shop sells, and which products a search finds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from db.categories import Category

_SLUG_WORDS = 3


class PictureForm(StrEnum):
    """How the bytes of a picture are served; the forms in BROKEN_FORMS are no usable pictures."""

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


UNUSUAL_FORMS = (PictureForm.PNG_TRANSPARENT, PictureForm.WEBP, PictureForm.JPEG_ROTATED)
BROKEN_FORMS = (
    PictureForm.TRUNCATED,
    PictureForm.HTML,
    PictureForm.MISSING,
    PictureForm.ONE_PIXEL,
    PictureForm.ANIMATED,
)


@dataclass(frozen=True)
class ProductPicture:
    """One picture of a product: the file `photo`, or drawn from category, index and view where that is None."""

    id: str
    category: str
    index: int
    view: int
    form: PictureForm
    photo: Path | None = None


@dataclass(frozen=True)
class CatalogueProduct:
    """One listing. Prices are whole rupees; what the shop does not show is None."""

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
        words = re.findall(r"[A-Za-z0-9]+", self.title)
        return "-".join(words[:_SLUG_WORDS])


@dataclass(frozen=True)
class Catalogue:
    """All products of the shop, in the order in which searches show them."""

    categories: tuple[Category, ...]
    products: tuple[CatalogueProduct, ...]

    @cached_property
    def by_asin(self) -> Mapping[str, CatalogueProduct]:
        """Every product by its ASIN."""
        return {product.asin: product for product in self.products}

    @cached_property
    def pictures(self) -> Mapping[str, ProductPicture]:
        """Every picture by its id."""
        return {picture.id: picture for product in self.products for picture in product.pictures}

    def found_by(self, category: Category) -> tuple[CatalogueProduct, ...]:
        """Give the products that the search for a category finds: its own, then a few of other categories."""
        own = [product for product in self.products if product.category == category.name]
        shared = [product for product in self.products if product.also_found_in == category.name]
        return (*own, *shared)

    def match(self, query: str) -> Category | None:
        """Give the category a query asks for, or None.

        An exact search term wins, then a category's name among the query's words, then the only category
        whose search terms hold all words of the query.
        """
        words = _words(query)
        exact = [one for one in self.categories if any(words == _words(term) for term in one.search)]
        named = [one for one in self.categories if one.name.casefold() in words]
        holding = [one for one in self.categories if words and set(words) <= _search_words(one)]
        if len(holding) > 1:
            holding = []
        return next(iter([*exact, *named, *holding]), None)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _search_words(category: Category) -> set[str]:
    return {word for term in category.search for word in _words(term)}
