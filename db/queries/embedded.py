"""What a body has made of images."""

from collections.abc import Iterable

from sqlalchemy import ARRAY, ColumnElement, Integer, any_, exists, literal, select
from sqlalchemy.orm import Session

from db.models import Embedding
from db.rows import in_chunks


def embeddings_of(session: Session, body_id: int, image_ids: Iterable[int]) -> dict[int, bytes]:
    """Give the embeddings, int8 (width,) as bytes, of those of the images that the body has embedded, by id."""
    return {
        image_id: vector
        for chunk in in_chunks(image_ids)
        for image_id, vector in session.execute(
            select(Embedding.image_id, Embedding.vector).where(
                Embedding.body_id == body_id, _is_among(session, chunk)
            )
        )
    }


def _is_among(session: Session, image_ids: list[int]) -> ColumnElement[bool]:
    if session.get_bind().dialect.name != "postgresql":
        return Embedding.image_id.in_(image_ids)
    # One parameter in place of hundreds: writing and reading those takes longer than finding the rows.
    return Embedding.image_id == any_(literal(image_ids, ARRAY(Integer)))


def has_embeddings(session: Session, body_id: int) -> bool:
    """Say whether a body has embedded any image."""
    return bool(session.scalar(select(exists().where(Embedding.body_id == body_id))))
