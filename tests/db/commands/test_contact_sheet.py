import pytest
from PIL import Image

from db.commands.contact_sheet import draw_contact_sheet
from db.errors import NothingClassifiedError
from db.session import Database
from tests.factories import CATEGORIES, STORE, likely, model_version, predict, product, save


def sheet(database: Database, columns: int = 4) -> Image.Image:
    with database.read() as session:
        return draw_contact_sheet(session, STORE, CATEGORIES, columns)


def classify(database: Database, labels: dict[str, str]) -> None:
    version = model_version(database)
    for seed, (asin, category) in enumerate(labels.items()):
        (image_id,) = save(database, product(asin, seed))
        predict(database, version, {image_id: likely(category)})


def test_one_row_per_category_that_has_products(database: Database) -> None:
    classify(database, {"B000000001": "saree"})
    one = sheet(database).height
    classify(database, {"B000000002": "saree", "B000000003": "jeans"})

    assert sheet(database).height > 1.5 * one


def test_a_row_never_grows_beyond_its_columns(database: Database) -> None:
    classify(database, {f"B00000000{n}": "saree" for n in range(6)})

    assert sheet(database, columns=2).width < sheet(database, columns=6).width / 2


def test_pictures_are_on_the_sheet(database: Database) -> None:
    classify(database, {"B000000001": "saree"})

    colours = sheet(database).getcolors(maxcolors=1 << 20)
    assert colours is not None
    assert len(colours) > 500  # a drawing's blotches; captions alone are shades of a few inks


def test_nothing_classified_is_an_error_that_says_what_to_do(database: Database) -> None:
    save(database, product("B000000001", 1))

    with pytest.raises(NothingClassifiedError, match="worker run"):
        sheet(database)
