"""What flows through the pipelines: each stage takes one type and gives the next.

    ProductItem or PictureRetry --image gate--> GatedItem --records--> SavedItem --queue--> the first again

So a feed exports plain products, and picture bytes never leave the stages that need them.
"""

from dataclasses import dataclass, field, fields, replace
from decimal import Decimal

from crawler.pages.amazon.cards import SearchCard
from crawler.pages.amazon.image_addresses import ImageAddress
from crawler.pages.amazon.product import ProductPage
from db.pictures.decoder import CheckedPicture, Reason


def _originals(images: tuple[ImageAddress, ...]) -> list[str]:
    """Write pictures into a feed as the addresses of their originals."""
    return [image.url for image in images]


@dataclass(frozen=True)
class ProductItem:
    """One product as a page shows it; None and () mean that the page did not say.

    Amounts are in major units of `currency` (ISO 4217), the rating is between 0 and 5.

    Attributes:
        found_in: the category whose search listed it organically; None for a sponsored card.
        images: addresses of its pictures, the main one first.
    """

    marketplace: str
    asin: str
    title: str | None = None
    brand: str | None = None
    price: Decimal | None = None
    list_price: Decimal | None = None
    currency: str | None = None
    rating: float | None = None
    review_count: int | None = None
    url: str | None = None
    parent_asin: str | None = None
    breadcrumb: tuple[str, ...] = ()
    availability: str | None = None
    delivery_location: str | None = None
    found_in: str | None = None
    images: tuple[ImageAddress, ...] = field(default=(), metadata={"serializer": _originals})


@dataclass(frozen=True)
class PictureRetry:
    """Pictures of a known product that are fetched once more.

    Attributes:
        positions: the place of each image among the product's pictures.
    """

    marketplace: str
    asin: str
    images: tuple[ImageAddress, ...] = field(metadata={"serializer": _originals})
    positions: tuple[int, ...]


CrawledItem = ProductItem | PictureRetry


@dataclass
class FetchedPicture:
    """What came of one address: bytes that passed the gate, a stored image, or the reason why not.

    All products that show the address share this object; once its bytes are committed they are dropped
    here, and `picture` (its SHA-256) still finds the image.
    """

    url: str
    picture: CheckedPicture | None = None
    data: bytes | None = None
    image_id: int | None = None
    reason: Reason | None = None


@dataclass(frozen=True)
class GatedItem:
    """An item whose pictures went through the gate, each with its position."""

    item: CrawledItem
    pictures: tuple[tuple[int, FetchedPicture], ...]


@dataclass(frozen=True)
class SavedItem:
    """An item that is committed.

    Attributes:
        is_new: the product was not in the records before.
        image_ids: of those of its pictures that were not in the records before.
    """

    item: CrawledItem
    is_new: bool
    image_ids: tuple[int, ...]


def product_item(card: SearchCard, marketplace: str, category: str) -> ProductItem:
    """Turn a card into an item; only an organic card says that the category's search found the product."""
    shared = {one.name for one in fields(ProductItem)} & {one.name for one in fields(SearchCard)}
    values = {name: getattr(card, name) for name in shared}
    return ProductItem(marketplace=marketplace, found_in=category if card.organic else None, **values)


def complete_item(item: ProductItem, page: ProductPage) -> ProductItem:
    """Let the product's page win where it says something; its ASIN stays the one that was asked for."""
    names = (
        "title", "brand", "price", "list_price", "currency", "rating", "review_count", "parent_asin",
        "breadcrumb", "availability", "delivery_location", "images",
    )  # fmt: skip
    values = {name: getattr(page, name) for name in names}
    return replace(item, **{name: value for name, value in values.items() if value not in (None, ())})
