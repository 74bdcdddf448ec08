from sqlalchemy import select

from db.commands.contact_sheet import WRONG, draw_rows
from db.models import Product
from db.queries.active_suspects import SuspectRow
from db.session import Database
from tests.factories import SHOP, STORE, product, save
from worker.training.suspects import draw_suspects, suspect_tiles


def suspects_of(database: Database, number: int) -> list[SuspectRow]:
    """Products that are called jeans and look like sarees, in the reverse order of their ids."""
    save(database, *(product(f"B{n:09}", 2 * n, 2 * n + 1) for n in range(number)))
    with database.read() as session:
        latest_first = session.scalars(select(Product).order_by(Product.id.desc()))
        return [
            SuspectRow(
                p.id, SHOP, p.asin, "jeans", p.asin == "B000000000", 0.06, "saree", 0.91, left_out=False
            )
            for p in latest_first
        ]


def test_a_suspect_is_shown_by_its_first_picture_with_its_label_and_what_it_looks_like(
    database: Database,
) -> None:
    suspects = suspects_of(database, 2)
    with database.read() as session:
        tiles = suspect_tiles(session, suspects)
        shown = [session.get_one(Product, suspect.product_id).images[0].image_id for suspect in suspects]
    assert [tile.image_id for tile in tiles] == shown
    assert [tile.caption for tile in tiles] == ["listed as jeans", "reviewed as jeans"]
    for tile in tiles:
        assert (tile.note, tile.colour) == ("looks like saree (91%)", WRONG)


def test_the_sheet_has_eight_suspects_in_a_row_in_their_order(database: Database) -> None:
    suspects = suspects_of(database, 9)
    with database.read() as session:
        sheet = draw_suspects(session, STORE, suspects)
        tiles = suspect_tiles(session, suspects)
        heading = "Looks like another category"
        expected = draw_rows(session, STORE, [(heading, tiles[:8]), (heading, tiles[8:])], columns=8)
    assert sheet.tobytes() == expected.tobytes()
