"""What flows through the pipelines: each stage takes one type and gives the next.

    ProductItem or PictureRetry --image gate--> GatedItem --records--> SavedItem --queue--> the first again

So a feed exports plain products, and picture bytes never leave the stages that need them.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Any

from crawler.pages.amazon.cards import SearchCard
from crawler.pages.amazon.image_addresses import ImageAddress
from crawler.pages.amazon.product import ProductPage
from db.pictures.codes import Reason
from db.pictures.decoder import CheckedPicture
from db.repository.found_products import Listing, ProductKey, SavedProduct


def _originals(images: tuple[ImageAddress, ...]) -> list[str]:
    """Write pictures into a feed as the addresses of their originals."""
    return [image.url for image in images]


@dataclass(frozen=True)
class ProductItem(Listing, ProductKey):
    """One product as a page shows it; a feed's columns are its fields: the key's, the listing's, the images.

    Attributes:
        images: addresses of its pictures, the main one first.
    """

    images: tuple[ImageAddress, ...] = field(default=(), metadata={"serializer": _originals})


@dataclass(frozen=True)
class PictureRetry(ProductKey):
    """Pictures of a known product that are fetched once more.

    Attributes:
        positions: the place of each image among the product's pictures.
    """

    images: tuple[ImageAddress, ...] = field(metadata={"serializer": _originals})
    positions: tuple[int, ...]


CrawledItem = ProductItem | PictureRetry


@dataclass
class FetchedPicture:
    """What came of one address: bytes that passed the gate, a stored image, or the reason why not.

    All products that show the address share this object; once its bytes are committed they are dropped
    here, and `picture` (its SHA-256) still finds the image.

    Attributes:
        fallback: the page's own address of a picture that was refused, for a retry.
    """

    url: str
    picture: CheckedPicture | None = None
    data: bytes | None = None
    image_id: int | None = None
    reason: Reason | None = None
    fallback: str | None = None


@dataclass(frozen=True)
class GatedItem:
    """An item whose pictures went through the gate, each with its position."""

    item: CrawledItem
    pictures: tuple[tuple[int, FetchedPicture], ...]


@dataclass(frozen=True)
class SavedItem:
    """An item that is committed, and what it has added to the records."""

    item: CrawledItem
    product: SavedProduct


def product_item(card: SearchCard, marketplace: str, category: str) -> ProductItem:
    """Turn a card into an item; only an organic card says that the category's search found the product."""
    found_in = category if card.organic else None
    return ProductItem(marketplace, card.asin, **_said_by(card), found_in=found_in)


def complete_item(item: ProductItem, page: ProductPage) -> ProductItem:
    """Let the product's page win where it says something; ASIN and address stay those that were asked for."""
    return replace(item, **_said_by(page) | {"url": item.url})


def _said_by(page: SearchCard | ProductPage) -> dict[str, Any]:
    """Give what a page says of the fields of a product."""
    names = (one.name for one in fields(ProductItem) if one.name not in {"marketplace", "asin"})
    values = {name: getattr(page, name, None) for name in names}
    return {name: value for name, value in values.items() if value not in (None, ())}
