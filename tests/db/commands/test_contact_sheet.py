import numpy as np
import pytest
from PIL import Image, ImageColor

from db.commands.contact_sheet import (
    GOOD,
    QUIET,
    WRONG,
    Tile,
    choose_rows,
    draw_contact_sheet,
    draw_rows,
)
from db.errors import NothingClassifiedError
from db.pictures.decoder import check_picture
from db.repository.found_products import FoundPicture
from db.repository.labels import add_review
from db.session import Database
from tests.factories import (
    CATEGORIES,
    SHOP,
    STORE,
    encoded,
    likely,
    model_version,
    predict,
    product,
    save,
)

SAREE, JEANS, TROUSERS = (category.name for category in CATEGORIES)


def classify(
    database: Database,
    version: int,
    asin: str,
    category: str,
    confidence: float,
    *,
    listed: str | None = SAREE,
) -> int:
    """Save a product whose picture is seen as the category; the picture's id."""
    seed = int.from_bytes(asin.encode()[-3:])
    (image_id,) = save(database, product(asin, seed, found_in=listed))
    predict(database, version, {image_id: likely(category, confidence)})
    return image_id


def rows(database: Database, columns: int = 4) -> list[tuple[str, list[Tile]]]:
    with database.read() as session:
        return choose_rows(session, CATEGORIES, columns)


def test_a_row_for_each_category_that_has_products_and_one_for_the_uncertain(database: Database) -> None:
    version = model_version(database)
    classify(database, version, "UNSURE", TROUSERS, 0.5)
    classify(database, version, "TROUSERS", TROUSERS, 0.9)
    classify(database, version, "SAREE", SAREE, 0.9)
    save(database, product("UNCLASSIFIED", 7))

    assert [(heading, len(tiles)) for heading, tiles in rows(database)] == [
        ("Saree", 1),
        ("Trousers", 1),
        ("Uncertain: no label is claimed", 1),
    ]


def test_a_row_goes_evenly_from_the_surest_to_the_least_sure(database: Database) -> None:
    version = model_version(database)
    confidences = (0.7, 0.95, 0.65, 0.9, 0.8, 0.85, 0.75)
    ids = {c: classify(database, version, f"A{c:.2f}", SAREE, c) for c in confidences}

    [(_, shown)] = rows(database, columns=4)
    assert [tile.image_id for tile in shown] == [ids[c] for c in (0.95, 0.85, 0.75, 0.65)]
    [(_, all_of_them)] = rows(database, columns=20)
    assert [tile.image_id for tile in all_of_them] == [ids[c] for c in sorted(confidences, reverse=True)]


@pytest.mark.parametrize(
    ("seen", "listed", "shown"),
    [
        ((SAREE, 0.87), SAREE, ("saree 87%", "listed: saree", GOOD)),
        ((JEANS, 0.87), SAREE, ("jeans 87%", "listed: saree", WRONG)),
        ((JEANS, 0.998), None, ("jeans >99%", "listed: -", QUIET)),
        ((JEANS, 0.5), SAREE, ("uncertain, likeliest 50%", "listed: saree", QUIET)),
    ],
)
def test_a_tile_says_how_sure_the_label_is_and_whether_the_shop_agrees(
    database: Database, seen: tuple[str, float], listed: str | None, shown: tuple[str, str, str]
) -> None:
    image_id = classify(database, model_version(database), "B000000001", *seen, listed=listed)

    [(_, tiles)] = rows(database)
    assert tiles == [Tile(image_id, *shown)]


def test_a_label_that_a_person_gave_is_called_reviewed(database: Database) -> None:
    image_id = classify(database, model_version(database), "B000000001", SAREE, 0.9)
    with database.write() as session:
        add_review(session, (SHOP, "B000000001"), JEANS, CATEGORIES)

    assert rows(database) == [("Jeans", [Tile(image_id, "jeans reviewed", "listed: saree", WRONG)])]


def test_a_product_is_shown_by_its_first_picture(database: Database) -> None:
    version = model_version(database)
    ids = save(database, product("B000000001", 1, 2))
    predict(database, version, {image_id: likely(SAREE) for image_id in ids})

    [(_, [tile])] = rows(database)
    assert tile.image_id == ids[0]


def plain_picture(database: Database, colour: str) -> int:
    """Save a picture of one colour; its id."""
    data = encoded(Image.new("RGB", (60, 60), colour), "PNG")
    shown = FoundPicture(f"https://shop.test/{colour}.png", 0, check_picture(data), data)
    return save(database, product(colour, shown))[0]


def place(sheet: Image.Image, colour: str) -> tuple[int, int]:
    """The middle of what is drawn in a colour, across and down; letters have pale edges."""
    differences = np.abs(np.asarray(sheet, int) - ImageColor.getrgb(colour))
    down, across = np.nonzero((differences < 128).all(axis=2))
    assert len(down) > 0, f"nothing is {colour}"
    return round(across.mean()), round(down.mean())


def test_pictures_are_drawn_row_by_row_with_their_notes_below(database: Database) -> None:
    tiles = {
        colour: Tile(plain_picture(database, colour), colour, "a note", note)
        for colour, note in (("red", "cyan"), ("lime", "magenta"), ("blue", "yellow"))
    }
    above, below = ("above", [tiles["red"], tiles["lime"]]), ("below", [tiles["blue"]])
    with database.read() as session:
        sheet = draw_rows(session, STORE, [above, below], columns=2)

    red, lime, blue = (place(sheet, colour) for colour in ("red", "lime", "blue"))
    assert red[0] < sheet.width / 2 < lime[0]
    assert red[1] == lime[1] < sheet.height / 2 < blue[1]
    assert red[0] == blue[0]
    for picture, note in ((red, "cyan"), (lime, "magenta"), (blue, "yellow")):
        across, down = place(sheet, note)
        assert abs(across - picture[0]) < sheet.width / 4
        assert picture[1] < down < picture[1] + sheet.height / 2


def test_the_sheet_has_the_chosen_rows(database: Database) -> None:
    version = model_version(database)
    classify(database, version, "SAREE", SAREE, 0.9)
    classify(database, version, "JEANS", JEANS, 0.9)

    with database.read() as session:
        sheet = draw_contact_sheet(session, STORE, CATEGORIES, columns=3)
        chosen = draw_rows(session, STORE, choose_rows(session, CATEGORIES, 3), 3)
    assert sheet.tobytes() == chosen.tobytes()


def test_nothing_classified_is_an_error_that_says_what_to_do(database: Database) -> None:
    save(database, product("B000000001", 1))

    with (
        database.read() as session,
        pytest.raises(NothingClassifiedError, match="worker run"),
    ):
        draw_contact_sheet(session, STORE, CATEGORIES)
