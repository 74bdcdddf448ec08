"""Bodies, kept once however many versions share them, and what they make of images."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import false, or_, select, true, update
from sqlalchemy.orm import Session

from db.errors import EmbeddingWidthError
from db.models import Body, Embedding, Image, utc_now
from db.repository.insertion import insert_into, insert_missing
from db.rows import in_chunks
from db.states.version_states import active_version


def record_body(session: Session, values: Mapping[str, Any]) -> int:
    """Keep a body and give its id; one whose SHA-256 is known is the body that is there.

    `values` are the columns of Body: network, views, width, sha256 and artefact, and of the flatbuffer if there is
    one.
    """
    row = {"created_at": utc_now()} | dict(values)
    insert_missing(session, Body, [row], ("sha256",))
    return session.execute(select(Body.id).where(Body.sha256 == row["sha256"])).scalar_one()


def record_embeddings(session: Session, body_id: int, vectors: Mapping[int, bytes]) -> None:
    """Keep what a body makes of images, by their ids; what is there stays as it is.

    An image that the active version's body has embedded is pending no more.

    Raises:
        EmbeddingWidthError: a vector has another number of values than the body gives.
    """
    _require_width(session, body_id, vectors)
    rows = [
        {"body_id": body_id, "image_id": image_id, "vector": vector}
        for image_id, vector in sorted(vectors.items())
    ]
    insert = insert_into(session, Embedding).on_conflict_do_nothing(index_elements=["body_id", "image_id"])
    version = active_version(session)
    # The column is where to look for what the active version has not seen; another body leaves it as it is.
    is_active = version is not None and version.body_id == body_id
    for chunk in in_chunks(rows):
        session.execute(insert, chunk)
        session.execute(
            update(Image)
            .where(
                Image.id.in_([row["image_id"] for row in chunk]),
                or_(Image.embedded_body_id.is_(None), true() if is_active else false()),
            )
            .values(embedded_body_id=body_id)
            .execution_options(synchronize_session=False)
        )


def _require_width(session: Session, body_id: int, vectors: Mapping[int, bytes]) -> None:
    width = session.execute(select(Body.width).where(Body.id == body_id)).scalar_one()
    wrong = {image_id: len(vector) for image_id, vector in vectors.items() if len(vector) != width}
    if wrong:
        image_id, values = next(iter(wrong.items()))
        raise EmbeddingWidthError(
            f"body {body_id} gives {width} values; the records keep no others, "
            f"got {values} for image {image_id}"
        )
