import pytest
from PIL import Image
from sqlalchemy import update

from db.commands.contact_sheet import Tile, choose_rows, draw_contact_sheet
from db.errors import NothingClassifiedError
from db.models import Image as StoredImage
from db.pictures.decoder import check_picture
from db.repository.found_products import FoundPicture
from db.repository.reviews import Verdict, record_reviews
from db.session import Database
from tests.factories import (
    CATEGORIES,
    SHOP,
    STORE,
    encoded,
    likely,
    model_version,
    picture,
    predict,
    product,
    save,
)

RED, GREEN, BLUE = (200, 30, 30), (30, 160, 60), (40, 60, 200)
RIGHT_INK, WRONG_INK, QUIET_INK = "#2a7d4f", "#c4320a", "#6e6e73"


def sheet(database: Database, columns: int = 4) -> Image.Image:
    with database.read() as session:
        return draw_contact_sheet(session, STORE, CATEGORIES, columns)


def rows(database: Database, columns: int = 4) -> dict[str, list[Tile]]:
    with database.read() as session:
        return dict(choose_rows(session, CATEGORIES, columns))


def plain(colour: tuple[int, int, int], size: tuple[int, int] = (60, 80)) -> FoundPicture:
    """A picture of one colour."""
    data = encoded(Image.new("RGB", size, colour), "PNG")
    return FoundPicture(f"https://shop.test/{colour}.png", 0, check_picture(data), data)


def classify(
    database: Database,
    labels: dict[str, tuple[str, float]],
    pictures: dict[str, FoundPicture] | None = None,
) -> None:
    """Save products that the shop lists as sarees, each with one picture, and say what it shows."""
    version = model_version(database)
    for seed, (asin, (category, confidence)) in enumerate(labels.items()):
        (image_id,) = save(database, product(asin, (pictures or {}).get(asin) or picture(seed)))
        predict(database, version, {image_id: likely(category, confidence)})


def test_a_row_goes_from_the_surest_to_the_least_sure(database: Database) -> None:
    classify(database, {"A": ("saree", 0.7), "B": ("saree", 0.95), "C": ("saree", 0.8), "D": ("saree", 0.9)})

    assert [tile.caption for tile in rows(database)["Saree"]] == [
        "saree 95%",
        "saree 90%",
        "saree 80%",
        "saree 70%",
    ]
    assert [tile.caption for tile in rows(database, columns=2)["Saree"]] == ["saree 95%", "saree 70%"]


def test_a_note_says_in_its_colour_whether_the_shop_agrees(database: Database) -> None:
    classify(database, {"A": ("saree", 0.9), "B": ("jeans", 0.9), "C": ("trousers", 0.5)})
    found = rows(database)

    assert list(found) == ["Saree", "Jeans", "Uncertain: no label is claimed"]
    assert [[(tile.note, tile.colour) for tile in tiles] for tiles in found.values()] == [
        [("listed: saree", RIGHT_INK)],
        [("listed: saree", WRONG_INK)],
        [("listed: saree", QUIET_INK)],
    ]
    assert found["Uncertain: no label is claimed"][0].caption == "likeliest trousers 50%"


def test_a_caption_never_claims_certainty_and_tells_a_review(database: Database) -> None:
    classify(database, {"A": ("saree", 0.999), "B": ("saree", 0.8)})
    with database.write() as session:
        record_reviews(session, [Verdict(SHOP, "B", "saree")], CATEGORIES)

    assert sorted(tile.caption for tile in rows(database)["Saree"]) == ["saree >99%", "saree reviewed"]


def test_pictures_are_drawn_in_their_order_and_as_large_as_their_frames(database: Database) -> None:
    labels = {"A": ("saree", 0.7), "B": ("saree", 0.9), "C": ("saree", 0.8)}
    classify(database, labels, {"A": plain(RED), "B": plain(GREEN, (600, 800)), "C": plain(BLUE)})
    drawn = sheet(database)
    middle = [drawn.getpixel((10 + 75 + place * 160, 10 + 30 + 75)) for place in range(4)]

    assert middle == [GREEN, BLUE, RED, (255, 255, 255)]
    counts = {colour: number for number, colour in drawn.getcolors(maxcolors=1 << 20) or []}
    assert {counts[colour] for colour in (RED, GREEN, BLUE)} == {112 * 150}


def test_a_note_is_written_in_its_colour(database: Database) -> None:
    classify(database, {"A": ("jeans", 0.9)}, {"A": plain(BLUE)})

    colours = {colour for _, colour in sheet(database).getcolors(maxcolors=1 << 20) or []}
    assert Image.new("RGB", (1, 1), WRONG_INK).getpixel((0, 0)) in colours
    assert Image.new("RGB", (1, 1), RIGHT_INK).getpixel((0, 0)) not in colours


@pytest.mark.parametrize("bytes_now", [b"no picture", None])
def test_a_picture_that_is_damaged_or_gone_leaves_its_frame_empty(
    database: Database, bytes_now: bytes | None
) -> None:
    classify(database, {"A": ("saree", 0.9), "B": ("saree", 0.8)}, {"A": plain(RED), "B": plain(BLUE)})
    with database.write() as session:
        session.execute(update(StoredImage).where(StoredImage.id == 1).values(data=bytes_now))

    drawn = sheet(database)
    assert drawn.getpixel((10 + 75, 10 + 30 + 75)) == (255, 255, 255)
    assert drawn.getpixel((10 + 75 + 160, 10 + 30 + 75)) == BLUE


def test_nothing_classified_is_an_error_that_says_what_to_do(database: Database) -> None:
    save(database, product("B000000001", 1))

    with pytest.raises(NothingClassifiedError, match="worker run"):
        sheet(database)
