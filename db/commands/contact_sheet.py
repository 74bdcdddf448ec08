"""Draw classified products as one picture: a row per category, the least sure last."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw, ImageFont, ImageOps
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from db.categories import Category
from db.errors import NothingClassifiedError
from db.image_store import ImageStore
from db.models import Product
from db.pictures.decoder import PictureError
from db.pictures.thumbnails import thumbnail

_TILE: Final = 150
_CAPTION: Final = 34
_MARGIN: Final = 10
_HEADING: Final = 30

_INK: Final = "#1d1d1f"
QUIET: Final = "#6e6e73"
WRONG: Final = "#c4320a"
GOOD: Final = "#2a7d4f"


@dataclass(frozen=True)
class Tile:
    """One product on the sheet."""

    image_id: int
    caption: str
    note: str
    colour: str


def draw_contact_sheet(
    session: Session, store: ImageStore, categories: Sequence[Category], columns: int = 8
) -> Image.Image:
    """Draw up to `columns` products of each category and of the uncertain ones.

    They are taken evenly from the surest to the least sure. A note under each compares its label with the
    category that the shop listed it in.

    Raises:
        NothingClassifiedError: no product is classified.
    """
    rows = choose_rows(session, categories, columns)
    if not rows:
        raise NothingClassifiedError("classify first: run `python -m worker run`; got 0 classified products")
    return draw_rows(session, store, rows, columns)


def choose_rows(
    session: Session, categories: Sequence[Category], columns: int
) -> list[tuple[str, list[Tile]]]:
    """Choose what is drawn: the tiles of each row under its heading; a row without any is left out."""
    rows = [(c.title, _tiles(session, Product.category == c.name, columns)) for c in categories]
    rows.append(("Uncertain: no label is claimed", _tiles(session, Product.uncertain.is_(True), columns)))
    return [(heading, tiles) for heading, tiles in rows if tiles]


def draw_rows(
    session: Session, store: ImageStore, rows: Sequence[tuple[str, Sequence[Tile]]], columns: int
) -> Image.Image:
    """Draw rows of at most `columns` tiles, each under its heading."""
    step = _TILE + _CAPTION + _MARGIN
    width = columns * (_TILE + _MARGIN) + _MARGIN
    sheet = Image.new("RGB", (width, len(rows) * (_HEADING + step) + _MARGIN), "white")
    for number, (heading, tiles) in enumerate(rows):
        top = _MARGIN + number * (_HEADING + step)
        ImageDraw.Draw(sheet).text((_MARGIN, top), heading, _INK, ImageFont.load_default(18))
        _draw_row(sheet, top + _HEADING, tiles, store.read(session, [tile.image_id for tile in tiles]))
    return sheet


def _tiles(session: Session, condition: ColumnElement[bool], columns: int) -> list[Tile]:
    """Choose products evenly from the surest to the least sure."""
    by_confidence = select(Product.id).where(condition).order_by(Product.confidence.desc(), Product.id)
    ids = session.scalars(by_confidence).all()
    last = min(columns, len(ids)) - 1
    chosen = [ids[place * (len(ids) - 1) // max(1, last)] for place in range(last + 1)]
    tiles = (_tile(session.get_one(Product, product_id)) for product_id in chosen)
    return [tile for tile in tiles if tile is not None]


def _tile(product: Product) -> Tile | None:
    image_ids = [link.image_id for link in product.images if link.image_id is not None]
    if not image_ids:
        return None
    sure = "reviewed" if product.confidence is None else _share(product.confidence)
    says = product.category or ("other" if product.confidence is None else f"likeliest {product.likeliest}")
    caption = f"{says} {sure}"
    if product.listed_category is None or product.category is None:
        return Tile(image_ids[0], caption, f"listed: {product.listed_category or '-'}", QUIET)
    agrees = product.listed_category == product.category
    return Tile(image_ids[0], caption, f"listed: {product.listed_category}", GOOD if agrees else WRONG)


def _draw_row(sheet: Image.Image, top: int, tiles: Sequence[Tile], data: dict[int, bytes]) -> None:
    draw = ImageDraw.Draw(sheet)
    for place, tile in enumerate(tiles):
        left = _MARGIN + place * (_TILE + _MARGIN)
        if tile.image_id in data:
            with suppress(PictureError):  # a damaged picture leaves its frame empty, like one that is gone
                _draw_picture(sheet, (left, top), data[tile.image_id])
        draw.rectangle((left - 1, top - 1, left + _TILE, top + _TILE), outline="#e5e5ea")
        draw.text((left, top + _TILE + 3), tile.caption, _INK, ImageFont.load_default(13))
        draw.text((left, top + _TILE + 18), tile.note, tile.colour, ImageFont.load_default(11))


def _draw_picture(sheet: Image.Image, corner: tuple[int, int], data: bytes) -> None:
    """Draw a picture in the middle of its frame, a small one as large as the others."""
    picture = ImageOps.contain(thumbnail(data, _TILE), (_TILE, _TILE), Image.Resampling.LANCZOS)
    left, top = corner
    sheet.paste(picture, (left + (_TILE - picture.width) // 2, top + (_TILE - picture.height) // 2))


def _share(confidence: float) -> str:
    return ">99%" if confidence > 0.99 else f"{confidence:.0%}"  # noqa: PLR2004 - 100% would claim too much
