"""What an import changes of earlier ones: photos that were moved, and photos that lie elsewhere now."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.orm import Session

from db.models import Image, Product, ProductImage, Review
from db.pictures.picture_files import path_of_address
from db.repository.found_products import FoundProduct


def settle_imports(session: Session, found: Sequence[FoundProduct], imported: Collection[str]) -> int:
    """Make the records of photos ready for those that are saved next in this transaction; count what was moved.

    A photo whose file was moved keeps its product with its reviews: it is known by its picture, and by the earlier
    file being gone. Where both paths were imported, the earlier product gives its reviews to the later one, and
    goes. A photo has one address and one listed category, those of its newest import.

    Args:
        session: of a write.
        found: photos of one source, each with one picture.
        imported: the ASINs of the whole import, whose products stay.
    """
    moved = _follow_moved(session, found, imported)
    known = _known(session, found)
    _forget_addresses(session, {known[photo.key]: photo for photo in found if photo.key in known})
    return moved


def _known(session: Session, found: Iterable[FoundProduct]) -> dict[tuple[str, str], int]:
    keys = [photo.key for photo in found]
    rows = session.execute(
        select(Product.marketplace, Product.asin, Product.id).where(
            tuple_(Product.marketplace, Product.asin).in_(keys)
        )
    )
    return {(marketplace, asin): product_id for marketplace, asin, product_id in rows}


def _forget_addresses(session: Session, photos: Mapping[int, FoundProduct]) -> None:
    """Take away what earlier imports said of the photos, by product: other addresses, another listed category."""
    links = session.execute(
        select(ProductImage.id, ProductImage.product_id, ProductImage.url).where(
            ProductImage.product_id.in_(photos)
        )
    )
    shown = {product_id: {each.url for each in photo.pictures} for product_id, photo in photos.items()}
    elsewhere = [link_id for link_id, product_id, url in links if url not in shown[product_id]]
    session.execute(delete(ProductImage).where(ProductImage.id.in_(elsewhere)))
    listed = session.execute(select(Product.id, Product.found_in).where(Product.id.in_(photos)))
    otherwise = [
        product_id for product_id, names in listed if _is_listed_otherwise(photos[product_id], names)
    ]
    session.execute(update(Product).where(Product.id.in_(otherwise)).values(found_in=[]))


def _is_listed_otherwise(photo: FoundProduct, names: Sequence[str]) -> bool:
    category = photo.listing.found_in if photo.listing else None
    return category is not None and list(names) not in ([], [category])


def _follow_moved(session: Session, found: Sequence[FoundProduct], imported: Collection[str]) -> int:
    photos = {shown.picture.sha256: photo for photo in found for shown in photo.pictures if shown.picture}
    if not photos:
        return 0
    left_behind = _left_behind(session, found[0].marketplace, photos, imported)
    known = _known(session, [photos[sha256] for sha256 in left_behind])
    for sha256, (first, *others) in left_behind.items():
        photo = photos[sha256]
        if photo.key in known:
            _merge(session, [first, *others], known[photo.key])
        else:
            session.execute(
                update(Product)
                .where(Product.id == first)
                .values(asin=photo.asin, found_in=[], listed_category=None)
            )
            _merge(session, others, first)
    return len(left_behind)


def _left_behind(
    session: Session, source: str, sha256s: Collection[str], imported: Collection[str]
) -> dict[str, list[int]]:
    """Find the products of the source that show one of the pictures and whose file is gone, by picture."""
    rows = session.execute(
        select(Image.sha256, Product.id, Product.asin, Product.url)
        .join(ProductImage, ProductImage.image_id == Image.id)
        .join(Product, Product.id == ProductImage.product_id)
        .where(Product.marketplace == source, Image.sha256.in_(sha256s))
        .order_by(Product.id)
    )
    left_behind = defaultdict(list)
    for sha256, product_id, asin, address in rows:
        path = path_of_address(address)
        if path is not None and asin not in imported and not path.exists():
            left_behind[sha256].append(product_id)
    return left_behind


def _merge(session: Session, product_ids: Sequence[int], into: int) -> None:
    session.execute(update(Review).where(Review.product_id.in_(product_ids)).values(product_id=into))
    session.execute(delete(Product).where(Product.id.in_(product_ids)))
