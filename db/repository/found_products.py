"""Save what the crawler and the import found: products, their images, and the links between them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import case, func, select, tuple_
from sqlalchemy.orm import Session

from db.categories import OTHER
from db.image_store import ImageStore
from db.models import Image, Product, ProductImage, utc_now
from db.pictures.codes import Reason
from db.pictures.decoder import CheckedPicture
from db.repository.insertion import insert_missing
from db.repository.labels import refresh_labels
from db.states.label_evidence import SHARED_BY_AT_MOST


@dataclass(frozen=True)
class FoundPicture:
    """One address of a picture and what came of it: bytes that passed the gate, a known image, or why not."""

    url: str
    position: int
    picture: CheckedPicture | None = None
    data: bytes | None = None
    image_id: int | None = None
    reason: Reason | None = None


@dataclass(frozen=True)
class Listing:
    """What a shop's page says of a product; None and () mean that the page did not say.

    Attributes:
        found_in: the category whose search listed the product organically; None for a sponsored one.
    """

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


@dataclass(frozen=True)
class FoundProduct:
    """A product to save; without a listing only its pictures change."""

    marketplace: str
    asin: str
    listing: Listing | None
    pictures: tuple[FoundPicture, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """What tells products apart."""
        return self.marketplace, self.asin


def save_products(
    session: Session, found: Sequence[FoundProduct], store: ImageStore, crawl_run_id: int | None = None
) -> list[int]:
    """Save products, images and links idempotently; give the ids of their images, for the queue.

    A value that the page did not give keeps what an earlier page gave, but for the prices: no price is news.
    """
    products = _products(session, [product.key for product in found])
    for product in found:
        if product.listing is not None:
            _update(products[product.key], product.listing, crawl_run_id)
    image_ids = _save_images(session, found, store)
    _save_links(session, found, products, image_ids)
    session.flush()
    refresh_labels(session, _affected(session, [product.id for product in products.values()]))
    return sorted(set(image_ids.values()))


def _products(session: Session, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Product]:
    """Fetch the products of the keys, made where they are missing, locked in the order of their ids."""
    wanted = sorted(set(keys))
    now = utc_now()
    missing = [
        {
            "marketplace": m,
            "asin": a,
            "breadcrumb": [],
            "found_in": [],
            "first_seen_at": now,
            "last_seen_at": now,
        }
        for m, a in wanted
    ]
    insert_missing(session, Product, missing, ("marketplace", "asin"))
    rows = session.scalars(
        select(Product)
        .where(tuple_(Product.marketplace, Product.asin).in_(wanted))
        .order_by(Product.id)
        .with_for_update()
    )
    return {(row.marketplace, row.asin): row for row in rows}


def _update(product: Product, listing: Listing, crawl_run_id: int | None) -> None:
    for name in ("title", "brand", "currency", "rating", "review_count", "url", "parent_asin", "availability",
                 "delivery_location"):  # fmt: skip
        value = getattr(listing, name)
        if value is not None:
            setattr(product, name, value)
    if listing.breadcrumb:
        product.breadcrumb = list(listing.breadcrumb)
    product.price, product.list_price = listing.price, listing.list_price
    if listing.found_in is not None:
        # A known negative of a category that is added later: the import has found its category now.
        earlier = set(product.found_in) - {OTHER}
        product.found_in = sorted(earlier | {listing.found_in})
    product.listed_category = product.found_in[0] if len(product.found_in) == 1 else None
    product.last_seen_at = utc_now()
    product.crawl_run_id = crawl_run_id or product.crawl_run_id


def _save_images(
    session: Session, found: Sequence[FoundProduct], store: ImageStore
) -> dict[tuple[int, int], int]:
    """Store new pictures; map (place of the product, place of its picture) to the image's id."""
    places = {
        (p, q): picture for p, product in enumerate(found) for q, picture in enumerate(product.pictures)
    }
    fresh = {f.picture.sha256: f for f in places.values() if f.picture is not None and f.data is not None}
    known = _image_ids(session, fresh)
    rows = [
        _image_row(f.picture, f.data, store)
        for sha, f in fresh.items()
        if sha not in known and f.picture and f.data
    ]
    insert_missing(session, Image, rows, ("sha256",))
    known = _image_ids(session, fresh)
    ids = {place: known[f.picture.sha256] if f.picture else f.image_id for place, f in places.items()}
    return {place: image_id for place, image_id in ids.items() if image_id is not None}


def _image_ids(session: Session, sha256s: Iterable[str]) -> dict[str, int]:
    rows = session.execute(select(Image.sha256, Image.id).where(Image.sha256.in_(list(sha256s))))
    return dict(rows.all())


def _image_row(picture: CheckedPicture, data: bytes, store: ImageStore) -> dict[str, object]:
    return {
        **vars(picture),
        "data": store.keep(picture.sha256, data),
        "attempts": 0,
        "created_at": utc_now(),
    }


def _save_links(
    session: Session,
    found: Sequence[FoundProduct],
    products: dict[tuple[str, str], Product],
    image_ids: dict[tuple[int, int], int],
) -> None:
    now = utc_now()
    links = {
        (products[product.key].id, picture.url): {
            "position": picture.position,
            "image_id": image_ids.get((p, q)),
            "reason": picture.reason,
            "checked_at": now,
        }
        for p, product in enumerate(found)
        for q, picture in enumerate(product.pictures)
    }
    rows = [{"product_id": product_id, "url": url, **values} for (product_id, url), values in links.items()]
    insert_missing(session, ProductImage, rows, ("product_id", "url"))
    product_ids = [product.id for product in products.values()]
    for link in session.scalars(select(ProductImage).where(ProductImage.product_id.in_(product_ids))):
        values = links.get((link.product_id, link.url))
        # A picture that was stored once stays, whatever a later fetch of its address says.
        if values is not None and (values["image_id"] is not None or link.image_id is None):
            for name, value in values.items():
                setattr(link, name, value)


def _affected(session: Session, product_ids: Sequence[int]) -> set[int]:
    """Add the products whose picture has just become shared by too many to count."""
    theirs = select(ProductImage.image_id).where(ProductImage.product_id.in_(product_ids))
    sharing = func.count(ProductImage.product_id.distinct())
    saved_now = func.count(
        case((ProductImage.product_id.in_(product_ids), ProductImage.product_id)).distinct()
    )
    crossed = (
        select(ProductImage.image_id)
        .where(ProductImage.image_id.in_(theirs))
        .group_by(ProductImage.image_id)
        .having(sharing > SHARED_BY_AT_MOST, sharing - saved_now <= SHARED_BY_AT_MOST)
    )
    return {
        *product_ids,
        *session.scalars(select(ProductImage.product_id).where(ProductImage.image_id.in_(crossed))),
    }
