"""What a body has made of images."""

from collections.abc import Iterable

from sqlalchemy import exists, select
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
                Embedding.body_id == body_id, Embedding.image_id.in_(chunk)
            )
        )
    }


def has_embeddings(session: Session, body_id: int) -> bool:
    """Say whether a body has embedded any image."""
    return bool(session.scalar(select(exists().where(Embedding.body_id == body_id))))
