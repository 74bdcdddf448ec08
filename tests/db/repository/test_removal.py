from pathlib import Path

from sqlalchemy import func, select

from db.image_store import ImageStore
from db.models import Base, Image, Prediction, Product, ProductImage, Review
from db.repository.found_products import save_products
from db.repository.removal import Removal, foresee_removal, remove_products
from db.repository.reviews import Verdict, record_reviews
from db.session import Database
from db.states.label_evidence import SHARED_BY_AT_MOST
from tests.factories import CATEGORIES, SHOP, STORE, label, likely, model_version, predict, product, save


def number(database: Database, kind: type[Base]) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(kind)) or 0


def remove(database: Database, asin: str) -> list[int]:
    return list(remove_products(database, STORE, Product.asin == asin))


def test_a_product_goes_with_its_reviews_and_what_only_it_shows(database: Database) -> None:
    images = save(database, product("B000000001", 1, 2), product("B000000002", 2))
    predict(database, model_version(database), {image: likely("saree") for image in images})
    with database.write() as session:
        record_reviews(session, [Verdict(SHOP, "B000000001", "jeans")], CATEGORIES)
    with database.read() as session:
        assert foresee_removal(session, Product.asin == "B000000001") == Removal(1, 1, 1)
    assert remove(database, "B000000001") == [1]
    left = {kind: number(database, kind) for kind in (Product, Image, ProductImage, Review, Prediction)}
    assert left == {Product: 1, Image: 1, ProductImage: 1, Review: 0, Prediction: 1}
    assert remove(database, "B000000001") == []


def test_files_of_pictures_go_too(database: Database, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    store = ImageStore(pictures.as_uri())
    with database.write() as session:
        save_products(session, [product("B000000001", 1, 2), product("B000000002", 2)], store)
    list(remove_products(database, store, Product.asin == "B000000001"))
    with database.read() as session:
        (kept,) = session.scalars(select(Image.sha256))
    assert [path.name for path in pictures.rglob("*") if path.is_file()] == [kept]


def test_a_picture_that_few_enough_products_show_now_labels_them(database: Database) -> None:
    asins = [f"B{count:09}" for count in range(SHARED_BY_AT_MOST + 1)]
    (image,) = save(database, *(product(asin, 1) for asin in asins))
    predict(database, model_version(database), {image: likely("saree")})
    assert label(database, asins[0]).category is None
    remove(database, asins[-1])
    assert label(database, asins[0]).category == "saree"
