from collections import Counter
from pathlib import Path

import pytest

from db.categories import Category
from demo.drawing.garments import draw_garment
from demo.errors import PhotosError
from demo.shop.catalogue import BROKEN_FORMS, PictureForm
from demo.shop.listings import CataloguePlan, build_catalogue, find_photos

SAREE = Category("saree", "Sarees", ("saree for women",))
JEANS = Category("jeans", "Men's jeans", ("jeans for men",))
TROUSERS = Category("trousers", "Men's trousers", ("trousers for men",))
CATEGORIES = (SAREE, JEANS, TROUSERS)
DRAWN = build_catalogue(CataloguePlan(CATEGORIES))


def test_every_category_has_120_products_of_its_own() -> None:
    assert Counter(product.category for product in DRAWN.products) == {
        "saree": 120,
        "jeans": 120,
        "trousers": 120,
    }


def test_asins_are_unique_and_look_like_asins() -> None:
    assert len(DRAWN.by_asin) == len(DRAWN.products)
    assert all(len(asin) == 10 and asin.isalnum() and asin.startswith("B0") for asin in DRAWN.by_asin)
    assert len(DRAWN.pictures) == sum(len(product.pictures) for product in DRAWN.products)


def test_the_seed_alone_decides_the_products() -> None:
    assert build_catalogue(CataloguePlan(CATEGORIES)) == DRAWN
    assert build_catalogue(CataloguePlan(CATEGORIES, seed=1)) != DRAWN


def test_some_products_lack_a_price_or_a_rating() -> None:
    without_price = [product for product in DRAWN.products if product.price is None]
    without_rating = [product for product in DRAWN.products if product.rating is None]
    assert 0 < len(without_price) < 36
    assert 0 < len(without_rating) < 72
    assert all(product.review_count is None for product in without_rating)


def test_list_prices_are_above_prices() -> None:
    both = [(one.price, one.list_price) for one in DRAWN.products if one.price and one.list_price]
    assert len(both) > 250
    assert all(price <= list_price for price, list_price in both)


def test_some_products_look_alike_by_title_and_some_have_more_pictures() -> None:
    titles = Counter((product.category, product.title) for product in DRAWN.products)
    assert max(titles.values()) > 1
    assert {len(product.pictures) for product in DRAWN.products} == {1, 2, 3}


def test_a_few_products_are_found_by_two_categories() -> None:
    found = Counter(product.asin for category in CATEGORIES for product in DRAWN.found_by(category))
    assert Counter(found.values())[2] == 9
    assert max(found.values()) == 2


def test_each_category_has_one_picture_of_each_broken_form() -> None:
    for category in CATEGORIES:
        forms = Counter(one.pictures[0].form for one in DRAWN.products if one.category == category.name)
        assert [forms[form] for form in BROKEN_FORMS] == [1] * 5
        assert (
            forms[PictureForm.PNG_TRANSPARENT]
            == forms[PictureForm.WEBP]
            == forms[PictureForm.JPEG_ROTATED]
            == 2
        )


def test_broken_pictures_can_be_left_out() -> None:
    whole = build_catalogue(CataloguePlan(CATEGORIES, broken_pictures=False))
    assert not {picture.form for picture in whole.pictures.values()} & set(BROKEN_FORMS)


@pytest.mark.parametrize(
    ("query", "category"),
    [
        ("jeans for men", "jeans"),
        ("  Jeans  FOR men ", "jeans"),
        ("blue jeans", "jeans"),
        ("women", "saree"),
        ("men", None),
        ("shoes for men", None),
        ("", None),
    ],
)
def test_a_query_is_matched_to_a_category(query: str, category: str | None) -> None:
    matched = DRAWN.match(query)
    assert (matched and matched.name) == category


def test_an_exact_search_term_wins_over_a_name() -> None:
    two = (Category("denim", "Denim", ("blue jeans",)), JEANS)
    matched = build_catalogue(CataloguePlan(two, products=1)).match("blue jeans")
    assert matched == two[0]


def save_photo(path: Path, index: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    draw_garment("jeans", 0, index).resize((60, 80)).save(path)
    return path


def test_photos_are_found_by_the_names_of_their_folders(tmp_path: Path) -> None:
    plain = save_photo(tmp_path / "jeans" / "1.jpg", 1)
    nested = save_photo(tmp_path / "shop" / "saree" / "draped" / "2.PNG", 2)
    save_photo(tmp_path / "shop" / "shirts" / "3.jpg", 3)
    save_photo(tmp_path / "shop" / "other" / "jeans" / "4.jpg", 4)
    (tmp_path / "jeans" / "notes.txt").write_text("not a picture")
    assert find_photos(tmp_path, CATEGORIES) == {"saree": [nested], "jeans": [plain], "trousers": []}


def test_every_photo_becomes_a_product_unless_the_number_is_limited(tmp_path: Path) -> None:
    photos = {save_photo(tmp_path / "jeans" / f"{index}.jpg", index) for index in range(4)}
    catalogue = build_catalogue(CataloguePlan(CATEGORIES, photos=tmp_path))
    assert {picture.photo for picture in catalogue.pictures.values()} == photos
    assert {product.category for product in catalogue.products} == {"jeans"}
    limited = build_catalogue(CataloguePlan(CATEGORIES, photos=tmp_path, products=3))
    assert limited.products == catalogue.products[:3]


def test_a_folder_without_a_category_is_refused_by_name(tmp_path: Path) -> None:
    save_photo(tmp_path / "shirts" / "1.jpg", 1)
    with pytest.raises(PhotosError, match=f"saree or jeans or trousers; got {tmp_path}"):
        build_catalogue(CataloguePlan(CATEGORIES, photos=tmp_path))
