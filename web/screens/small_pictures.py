"""The records' pictures, small and re-encoded; a browser never gets the bytes that a shop sent."""

import re
from typing import Final

from sqlalchemy import select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from db.models import Image
from db.pictures.decoder import PictureError
from web.picture_cache import SIDES
from web.resources import Resources, resources

_SHA256: Final = re.compile("[0-9a-f]{64}")
_KEPT: Final = "private, max-age=31536000, immutable"


def small_picture(request: Request) -> Response:
    """Answer with a stored picture as WebP, at most `side` pixels wide and high."""
    sha256, side = request.path_params["sha256"], request.path_params["side"]
    if side not in SIDES or not _SHA256.fullmatch(sha256):
        raise HTTPException(404, f"pictures are named by SHA-256, and {SIDES} pixels wide")
    tag = f'"{sha256}-{side}"'
    headers = {"ETag": tag, "Cache-Control": _KEPT}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    shared = resources(request)
    found = shared.small_pictures.find(sha256, side) or _encode(shared, sha256, side)
    return Response(found, media_type="image/webp", headers=headers)


def _encode(shared: Resources, sha256: str, side: int) -> bytes:
    with shared.database.read() as session:
        image_id = session.scalar(select(Image.id).where(Image.sha256 == sha256))
        data = {} if image_id is None else shared.store.read(session, [image_id])
    if image_id is None or image_id not in data:
        raise HTTPException(404, f"no such picture is stored, got {sha256}")
    try:
        return shared.small_pictures.make(sha256, side, data[image_id])
    except PictureError as error:
        raise HTTPException(404, f"the stored picture cannot be shown: {error}") from error


ROUTES: Final = (Route("/images/{sha256}/{side:int}.webp", small_picture),)
