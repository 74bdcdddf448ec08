"""Products whose listed category is probably wrong, for a person to review."""

from collections.abc import Sequence
from dataclasses import fields

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.commands.contact_sheet import WRONG, Tile, draw_rows
from db.image_store import ImageStore
from db.models import ProductImage
from db.queries.active_suspects import SuspectRow, active_suspects
from db.rows import in_chunks
from db.states.version_states import active_version
from worker.errors import NoModelError, NoSuspectsError

_TILES_IN_A_ROW = 8

SUSPECT_COLUMNS = tuple(field.name for field in fields(SuspectRow) if field.name != "product_id")


def read_suspects(session: Session) -> list[SuspectRow]:
    """List the suspects that the active version's training or learning found, the most suspect first.

    Raises:
        NoModelError: no version is active.
        NoSuspectsError: it keeps none, as it has no body.
    """
    version = active_version(session)
    if version is None:
        raise NoModelError("nothing is trained yet: run `python -m worker train`; got 0 active versions")
    if version.body_id is None:
        raise NoSuspectsError(
            "suspects are found when a network with a body is trained: run `python -m worker train`; got model "
            f"version {version.id}, a {version.network} of before bodies, or a seed_cnn"
        )
    return active_suspects(session)


def draw_suspects(session: Session, store: ImageStore, suspects: Sequence[SuspectRow]) -> Image.Image:
    """Draw the suspects as a contact sheet, in their order, with what each looks like."""
    tiles = suspect_tiles(session, suspects)
    rows = [("Looks like another category", row) for row in in_chunks(tiles, _TILES_IN_A_ROW)]
    return draw_rows(session, store, rows, _TILES_IN_A_ROW)


def suspect_tiles(session: Session, suspects: Sequence[SuspectRow]) -> list[Tile]:
    """Give each suspect's tile: its picture, its label, and what it looks like."""
    last_first = select(ProductImage).order_by(ProductImage.position.desc(), ProductImage.id.desc())
    images = {  # of each product the first picture, which is put in last
        link.product_id: link.image_id
        for chunk in in_chunks([suspect.product_id for suspect in suspects])
        for link in session.scalars(last_first.where(ProductImage.product_id.in_(chunk)))
        if link.image_id is not None
    }
    return [
        Tile(
            images[suspect.product_id],
            f"{'reviewed' if suspect.reviewed else 'listed'} as {suspect.category}",
            f"looks like {suspect.suggestion} ({suspect.suggestion_probability:.0%})",
            WRONG,
        )
        for suspect in suspects
    ]
