"""Stocking the demo shop: the same products for the same seed, drawn or from a folder of photos."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from db.categories import OTHER, Category
from demo.drawing.garments import colour_name
from demo.errors import PhotosError
from demo.seeds import seeded_code, seeded_random
from demo.shop.catalogue import (
    BROKEN_FORMS,
    UNUSUAL_FORMS,
    Catalogue,
    CatalogueProduct,
    PictureForm,
    ProductPicture,
)
from demo.shop.wording import choose_price, compose_title, wording_of

DRAWN_PRODUCTS = 120
PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif"})

# Shares of real search cards, roughly: a few in a hundred show no price or no rating, one in ten no list price.
_WITHOUT_PRICE = 0.04
_WITHOUT_RATING = 0.06
_WITHOUT_LIST_PRICE = 0.1
_SHARED_EVERY = 40
_LOOK_ALIKE_EVERY = 20
_SIBLINGS = 4


@dataclass(frozen=True)
class CataloguePlan:
    """What to stock; `products` counts per category, and None means 120 drawn products, or all photos."""

    categories: tuple[Category, ...]
    products: int | None = None
    photos: Path | None = None
    seed: int = 0
    broken_pictures: bool = True


def build_catalogue(plan: CataloguePlan) -> Catalogue:
    """Build the products of every category.

    Raises:
        PhotosError: the folder of photos holds no picture of any category.
    """
    if plan.photos is None:
        pictures = {category.name: _drawn_pictures(plan, category) for category in plan.categories}
    else:
        pictures = _photo_pictures(plan, find_photos(plan.photos, plan.categories))
    return Catalogue(
        plan.categories,
        tuple(
            _product(plan, category, of_product)
            for category in plan.categories
            for of_product in pictures[category.name]
        ),
    )


def find_photos(folder: Path, categories: Sequence[Category]) -> dict[str, list[Path]]:
    """Give the photos of each category, sorted by path.

    A photo belongs to the category that the nearest folder above it is named after. Photos in a folder
    named `other`, and photos under no category's name, are left out.

    Raises:
        PhotosError: no photo lies in a folder with a category's name.
    """
    found: dict[str, list[Path]] = {category.name: [] for category in categories}
    for path in sorted(folder.rglob("*")):
        folders = path.relative_to(folder).parts[:-1]
        name = next((part for part in reversed(folders) if part in found), None)
        if name is not None and OTHER not in folders and path.suffix.lower() in PHOTO_SUFFIXES:
            found[name].append(path)
    if not any(found.values()):
        raise PhotosError(f"no photo lies in a folder named {' or '.join(found)}; got {folder}")
    return found


def _drawn_pictures(plan: CataloguePlan, category: Category) -> Iterator[tuple[ProductPicture, ...]]:
    count = DRAWN_PRODUCTS if plan.products is None else plan.products
    forms = _deal_forms(plan, category.name)
    for index in range(count):
        views = 1 + seeded_random(plan.seed, "views", category.name, index).choice((0, 0, 0, 1, 2))
        yield tuple(
            ProductPicture(
                id=_picture_id(plan.seed, category.name, index, view),
                category=category.name,
                index=index,
                view=view,
                form=forms[index % len(forms)] if view == 0 else PictureForm.JPEG,
            )
            for view in range(views)
        )


def _deal_forms(plan: CataloguePlan, category: str) -> list[PictureForm]:
    """Deal each broken form once, and each unusual one twice, among 120 products."""
    special = [*UNUSUAL_FORMS, *UNUSUAL_FORMS, *(BROKEN_FORMS if plan.broken_pictures else ())]
    forms = special + [PictureForm.JPEG] * (DRAWN_PRODUCTS - len(special))
    seeded_random(plan.seed, "forms", category).shuffle(forms)
    return forms


def _photo_pictures(
    plan: CataloguePlan, photos: dict[str, list[Path]]
) -> dict[str, Iterator[tuple[ProductPicture, ...]]]:
    return {category: iter(_category_photos(plan, category, paths)) for category, paths in photos.items()}


def _category_photos(
    plan: CataloguePlan, category: str, paths: list[Path]
) -> Iterator[tuple[ProductPicture, ...]]:
    # Shuffled, so that a limited number of products mixes the sources.
    shuffled = seeded_random(plan.seed, "photos", category).sample(paths, len(paths))
    for index, path in enumerate(shuffled[: plan.products]):
        picture_id = _picture_id(plan.seed, category, index, 0)
        yield (ProductPicture(picture_id, category, index, 0, PictureForm.PHOTO, path),)


def _picture_id(seed: int, category: str, index: int, view: int) -> str:
    return f"7{seeded_code(9, seed, 'picture', category, index, view)}L"


def _product(
    plan: CataloguePlan, category: Category, pictures: tuple[ProductPicture, ...]
) -> CatalogueProduct:
    index = pictures[0].index
    rng = seeded_random(plan.seed, "product", category.name, index)
    wording = wording_of(category.name, category.title)
    price = choose_price(wording, rng)
    list_price = int(price * rng.uniform(1.2, 3.5)) // 100 * 100 + 99
    rated = rng.random() >= _WITHOUT_RATING
    return CatalogueProduct(
        asin="B0" + seeded_code(8, plan.seed, "asin", category.name, index),
        parent_asin="B0" + seeded_code(8, plan.seed, "parent", category.name, index // _SIBLINGS),
        category=category.name,
        brand=rng.choice(wording.brands),
        title=_title(plan, category, pictures[0]),
        price=price if rng.random() >= _WITHOUT_PRICE else None,
        list_price=list_price if rng.random() >= _WITHOUT_LIST_PRICE else None,
        rating=round(rng.triangular(2.4, 5.0, 4.1), 1) if rated else None,
        review_count=int(rng.lognormvariate(5, 1.8)) + 1 if rated else None,
        breadcrumb=wording.breadcrumb,
        pictures=pictures,
        also_found_in=_neighbour(plan, category) if index % _SHARED_EVERY == _SHARED_EVERY // 2 else None,
    )


def _title(plan: CataloguePlan, category: Category, picture: ProductPicture) -> str:
    """Compose a title; every so often, that of the product before, as shops list one garment twice."""
    index = picture.index
    look_alike = index % _LOOK_ALIKE_EVERY == _LOOK_ALIKE_EVERY - 1
    titled = index - 1 if look_alike else index
    colour = "Multicolour" if picture.photo else colour_name(category.name, plan.seed, titled)
    rng = seeded_random(plan.seed, "title", category.name, titled)
    return compose_title(wording_of(category.name, category.title), colour, rng)


def _neighbour(plan: CataloguePlan, category: Category) -> str | None:
    """Give the category that also finds some products of this one, or None where there is no other."""
    names = [one.name for one in plan.categories]
    following = names[(names.index(category.name) + 1) % len(names)]
    return following if following != category.name else None
