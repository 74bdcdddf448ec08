"""Pictures that look like one in a file, which the records need not hold."""

import hashlib
import subprocess
from pathlib import Path

from sqlalchemy import select

from db.datasets.nearest import SimilarPicture, describe, nearest, require_active_body, similar_pictures
from db.embedded_pictures import EmbeddedPicture, embed_command
from db.errors import EmbeddingFailedError, UnreadablePictureError
from db.models import Embedding, Image
from db.pictures.codes import Reason
from db.pictures.decoder import MAX_BYTES
from db.session import Database


def similar_to_file(database: Database, path: Path, limit: int) -> list[SimilarPicture]:
    """List the stored pictures that look most like a file, by the active version's body, the nearest first.

    A file whose bytes are a stored picture that the body has seen is that picture. Any other is embedded by the
    classifier's engine, in a process of its own.

    Raises:
        NoEmbeddingError: no version is active, or it has no body.
        UnreadablePictureError: the file is no picture.
        EmbeddingFailedError: the engine gave no answer.
    """
    sha256 = _digest(path)
    with database.read() as session:
        embedded = (
            select(Embedding.image_id)
            .join(Image)
            .where(Embedding.body_id == require_active_body(session), Image.sha256 == sha256)
        )
        if session.scalar(embedded) is not None:
            return similar_pictures(session, sha256, limit)
    own = _embed(path)
    if own.embedding is None:
        raise _unreadable(path, own.reason)
    with database.read() as session:
        return describe(session, nearest(session, own.body, own.embedding, limit))


def _digest(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _unreadable(path, Reason.TOO_MANY_BYTES)
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise _unreadable(path, Reason.BYTES_MISSING) from error


def _unreadable(path: Path, reason: Reason | None) -> UnreadablePictureError:
    return UnreadablePictureError(f"the file is no picture to compare by ({reason}): got {path}")


def _embed(path: Path) -> EmbeddedPicture:
    done = subprocess.run(  # noqa: S603 - our own words and a path
        embed_command([path]), capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode:
        words = (done.stderr.strip() or "it said nothing").splitlines()[-1]
        raise EmbeddingFailedError(
            f"`python -m worker embed` gave no embedding: {words.removeprefix('Error: ')}; got exit code "
            f"{done.returncode}"
        )
    return EmbeddedPicture.read(done.stdout.splitlines()[-1])
