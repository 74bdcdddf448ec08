"""Where a browser without a cookie brings the token, and where others ask whether the page is up."""

from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from web.own_addresses import own_address
from web.resources import resources
from web.safety.guard import give_cookie
from web.templating import screen


def ask(request: Request) -> Response:
    """Ask for the token, and lead back to where the browser was going."""
    return screen(
        request, "enter.html", 401, going=_inside(str(request.url.replace(scheme="", netloc=""))), wrong=False
    )


async def enter(request: Request) -> Response:
    """Change a token that was typed for a cookie."""
    async with request.form(max_files=0, max_fields=2) as form:
        going, token = _inside(str(form.get("going", "/"))), str(form.get("token", "")).strip()
    door = resources(request).door
    cookie = door.admit(token)
    if cookie is None:
        return screen(request, "enter.html", 401, going=going, wrong=True)
    answer = RedirectResponse(going, 303)
    give_cookie(answer, door, cookie)
    return answer


def health(_request: Request) -> Response:
    """Say that the page answers; nothing of the records is told."""
    return PlainTextResponse("ok\n")


def _inside(address: str) -> str:
    """Give an address of this page behind the door; the door itself leads to the start."""
    own = own_address(address, without="token")
    return "/" if own.startswith("/enter") else own


ROUTES: Final = (Route("/enter", enter, methods=["POST"]), Route("/health", health))
