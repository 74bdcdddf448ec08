"""The stylesheet and the scripts, kept by browsers until they change."""

from hashlib import sha256
from mimetypes import guess_type
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web.templating import still_content

_FOR_EVER: Final = "public, max-age=31536000, immutable"


def still_file(request: Request) -> Response:
    """Answer with a stylesheet or a script."""
    name = request.path_params["name"]
    try:
        found = still_content(name)
    except KeyError as error:
        raise HTTPException(404, f"there is no such file, got {name!r}") from error
    tag = f'"{sha256(found).hexdigest()[:16]}"'
    headers = {"ETag": tag, "Cache-Control": _FOR_EVER if request.query_params.get("v") else "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(found, media_type=guess_type(name)[0], headers=headers)


ROUTES: Final = (Route("/static/{name}", still_file),)
