"""Save what the crawler and the import found: products, their images, and the links between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import case, func, select, tuple_, update
from sqlalchemy.orm import Session

from db.image_store import ImageStore
from db.models import Image, Product, ProductImage, utc_now
from db.pictures.codes import Reason
from db.pictures.decoder import CheckedPicture
from db.repository.insertion import insert_into, insert_missing
from db.repository.labels import refresh_labels
from db.states.label_evidence import SHARED_BY_AT_MOST


@dataclass(frozen=True)
class FoundPicture:
    """One address of a picture and what came of it: bytes that passed the gate, a known image, or why not.

    Attributes:
        data: the bytes of `picture`; not needed where the records have them.
        fallback: another address of a picture that was refused.
    """

    url: str
    position: int
    picture: CheckedPicture | None = None
    data: bytes | None = None
    image_id: int | None = None
    reason: Reason | None = None
    fallback: str | None = None


@dataclass(frozen=True)
class Listing:
    """What a shop's page says of a product; None and () mean that the page did not say.

    Amounts are in major units of `currency` (ISO 4217), the rating is between 0 and 5. Each field is a column.

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
class ProductKey:
    """What tells products apart."""

    marketplace: str
    asin: str

    @property
    def key(self) -> tuple[str, str]:
        """Both together, as the records ask for it."""
        return self.marketplace, self.asin


@dataclass(frozen=True)
class FoundProduct(ProductKey):
    """A product to save; without a listing only its pictures change."""

    listing: Listing | None
    pictures: tuple[FoundPicture, ...] = ()


@dataclass(frozen=True)
class SavedProduct:
    """What a found product has added to the records.

    Attributes:
        is_new: the product was not there before.
        new_image_ids: of those of its pictures that were not there before.
    """

    is_new: bool
    new_image_ids: tuple[int, ...]


@dataclass(frozen=True)
class _Images:
    """The images of found pictures: their ids by SHA-256, and which of them are new."""

    ids: Mapping[str, int]
    new: frozenset[int]

    def id_of(self, found: FoundPicture) -> int | None:
        return self.ids[found.picture.sha256] if found.picture else found.image_id

    def new_of(self, product: FoundProduct) -> tuple[int, ...]:
        ids = dict.fromkeys(map(self.id_of, product.pictures))
        return tuple(image_id for image_id in ids if image_id in self.new)


_FROM_PAGES: Final = tuple(one.name for one in fields(Listing) if one.name != "found_in")
_WRITTEN: Final = (*_FROM_PAGES, "found_in", "listed_category", "last_seen_at", "crawl_run_id")
_PRICES: Final = ("price", "list_price")
_LINK_COLUMNS: Final = ("fallback", "position", "image_id", "reason", "checked_at")


def save_products(
    session: Session, found: Sequence[FoundProduct], store: ImageStore, crawl_run_id: int | None = None
) -> list[SavedProduct]:
    """Save products, images and links idempotently, in a fixed number of statements; say of each what is new.

    A value that the page did not give keeps what an earlier page gave, but for the prices: no price is news.
    """
    new_keys = _insert_products(session, found)
    products = _lock_products(session, found)
    _update_products(session, found, products, crawl_run_id)
    images = _save_images(session, found, store)
    _save_links(session, found, products, images)
    refresh_labels(session, _affected(session, [product.id for product in products.values()]))
    return [SavedProduct(product.key in new_keys, images.new_of(product)) for product in found]


def _insert_products(session: Session, found: Sequence[FoundProduct]) -> set[tuple[str, ...]]:
    """Make the products that are missing; give their keys."""
    now = utc_now()
    rows = [
        {
            "marketplace": marketplace,
            "asin": asin,
            "breadcrumb": [],
            "found_in": [],
            "first_seen_at": now,
            "last_seen_at": now,
        }
        for marketplace, asin in {product.key for product in found}
    ]
    return set(insert_missing(session, Product, rows, ("marketplace", "asin")))


def _lock_products(session: Session, found: Sequence[FoundProduct]) -> dict[tuple[str, str], Product]:
    """Fetch the products, by key, locked in the order of their ids.

    They are no part of the session: it would send a statement for each set of columns that changes.
    """
    keys = sorted({product.key for product in found})
    rows = session.scalars(
        select(Product)
        .where(tuple_(Product.marketplace, Product.asin).in_(keys))
        .order_by(Product.id)
        .with_for_update()
    ).all()
    for row in rows:
        session.expunge(row)
    return {(row.marketplace, row.asin): row for row in rows}


def _update_products(
    session: Session,
    found: Sequence[FoundProduct],
    products: Mapping[tuple[str, str], Product],
    crawl_run_id: int | None,
) -> None:
    listed = {}
    for product in found:
        if product.listing is not None:
            listed[product.key] = row = products[product.key]
            _update(row, product.listing, crawl_run_id)
    rows = [{"id": row.id} | {name: getattr(row, name) for name in _WRITTEN} for row in listed.values()]
    if rows:
        session.execute(update(Product), rows)


def _update(product: Product, listing: Listing, crawl_run_id: int | None) -> None:
    for name in _FROM_PAGES:
        value = getattr(listing, name)
        if value not in (None, ()) or name in _PRICES:
            setattr(product, name, _cut(name, value))
    if listing.found_in is not None:
        product.found_in = sorted({*product.found_in, listing.found_in})
    product.listed_category = product.found_in[0] if len(product.found_in) == 1 else None
    product.last_seen_at = utc_now()
    product.crawl_run_id = crawl_run_id or product.crawl_run_id


def _cut(name: str, value: Any) -> Any:
    """Shorten a text to what its column holds: PostgreSQL would refuse the whole batch."""
    length = getattr(Product.__table__.columns[name].type, "length", None)
    return value[:length] if isinstance(value, str) and length else value


def _save_images(session: Session, found: Sequence[FoundProduct], store: ImageStore) -> _Images:
    """Store the pictures whose bytes are not in the records yet."""
    pictures = [shown for product in found for shown in product.pictures]
    sha256s = {shown.picture.sha256 for shown in pictures if shown.picture}
    known = _image_ids(session, sha256s)
    fetched = {
        shown.picture.sha256: (shown.picture, shown.data)
        for shown in pictures
        if shown.picture and shown.data and shown.picture.sha256 not in known
    }
    rows = [_image_row(picture, data, store) for picture, data in fetched.values()]
    inserted = insert_missing(session, Image, rows, ("sha256",))
    new = {sha256: image_id for (sha256,), image_id in inserted.items()}
    # Another writer may have stored the same picture a moment ago.
    others = _image_ids(session, sha256s - known.keys() - new.keys())
    return _Images(known | new | others, frozenset(new.values()))


def _image_ids(session: Session, sha256s: set[str]) -> dict[str, int]:
    if not sha256s:
        return {}
    rows = session.execute(select(Image.sha256, Image.id).where(Image.sha256.in_(sha256s)))
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
    products: Mapping[tuple[str, str], Product],
    images: _Images,
) -> None:
    now = utc_now()
    rows = {
        (products[product.key].id, shown.url): {
            "product_id": products[product.key].id,
            "url": shown.url,
            "fallback": shown.fallback,
            "position": shown.position,
            "image_id": images.id_of(shown),
            "reason": shown.reason,
            "checked_at": now,
        }
        for product in found
        for shown in product.pictures
    }
    if not rows:
        return
    insert = insert_into(session, ProductImage)
    update_or_insert = insert.on_conflict_do_update(
        index_elements=["product_id", "url"],
        set_={name: insert.excluded[name] for name in _LINK_COLUMNS},
        # A picture that was stored once stays, whatever a later fetch of its address says.
        where=insert.excluded.image_id.is_not(None) | ProductImage.image_id.is_(None),
    )
    session.execute(update_or_insert, [rows[key] for key in sorted(rows)])


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
