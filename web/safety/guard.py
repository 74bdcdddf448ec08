"""What every request passes before a screen answers it: host name, origin, token or cookie."""

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.safety.door import LIFETIME_SECONDS, Door

Ask = Callable[[Request], Response]
"""Asks a person for the token, with status 401."""

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing inline, nothing from elsewhere (https://www.w3.org/TR/CSP3/)."""

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FOR_EVERYBODY: Final = ("/health", "/static/", "/enter")


class SafeHeaders:
    """Adds to every answer what keeps a browser from running, framing or telling anything that is not ours."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, with the headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


class Guard:
    """Refuses what comes by a foreign name, from a foreign page, or without token and cookie.

    A name that is not allowed is DNS rebinding. A request that changes something has to come from our own pages:
    by Sec-Fetch-Site, else by Origin, as Go 1.25's CrossOriginProtection and Datasette decide it.

    Args:
        app: what answers the others.
        hosts: names without port by which the page may be asked for.
        door: changes tokens for cookies.
        ask: answers a browser that has neither.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str], door: Door, ask: Ask) -> None:
        self._app, self._hosts, self._door, self._ask = app, hosts, door, ask

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a refusal, change a token for a cookie, or hand the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        answer = self._refusal(request) or self._admission(request) or self._stranger(request)
        await (answer or self._app)(scope, receive, send)

    def _refusal(self, request: Request) -> Response | None:
        if host_name(request.headers) not in self._hosts:
            return PlainTextResponse("this page does not go by that name: see VASTRA_WEB_HOSTS", 421)
        if request.method not in _SAFE and not _is_own(request.headers):
            return PlainTextResponse("only this page's own forms may change anything", 403)
        return None

    def _admission(self, request: Request) -> Response | None:
        """Change the token in an address for a cookie, and clean the address."""
        token = request.query_params.get("token")
        if token is None or request.method != "GET" or request.url.path.startswith(_FOR_EVERYBODY):
            return None
        cookie = self._door.admit(token)
        if cookie is None and not self._is_known(request):
            return None
        others = [pair for pair in parse_qsl(request.url.query, keep_blank_values=True) if pair[0] != "token"]
        clean = request.url.path + (f"?{urlencode(others)}" if others else "")
        answer = RedirectResponse("/" + clean.lstrip("/\\"), 303)
        if cookie is not None:
            give_cookie(answer, self._door, cookie)
        return answer

    def _stranger(self, request: Request) -> Response | None:
        if request.url.path.startswith(_FOR_EVERYBODY) or self._is_known(request):
            return None
        if "text/html" in request.headers.get("accept", "") and request.method == "GET":
            return self._ask(request)
        return PlainTextResponse("a token is needed: open the address that `python -m web` printed", 401)

    def _is_known(self, request: Request) -> bool:
        return self._door.knows(request.cookies.get(self._door.cookie_name, ""))


def give_cookie(answer: Response, door: Door, cookie: str) -> None:
    """Have the browser keep the cookie, away from scripts and from other sites' requests."""
    answer.set_cookie(
        door.cookie_name, cookie, max_age=LIFETIME_SECONDS, path="/", httponly=True, samesite="strict"
    )


def host_name(headers: Headers) -> str:
    """Give the name in the Host header, without port and in lower case; empty where it is malformed."""
    try:
        return (urlsplit(f"//{headers.get('host', '')}").hostname or "").lower()
    except ValueError:
        return ""


def _is_own(headers: Headers) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("origin")  # browsers send one or the other; what sends neither is no browser
    return origin is None or urlsplit(origin).netloc == headers.get("host")
