"""Opens the page: records, door and socket first, so that what is wrong is said before anything is served."""

from collections.abc import Callable

from db.image_store import open_image_store
from db.session import open_database
from db.settings import settings
from web.application import make_app
from web.errors import UnsafeAddressError
from web.page_server import PageServer, is_loopback, listen
from web.picture_cache import PictureCache
from web.resources import Resources
from web.safety.door import open_door
from web.settings import web_settings

_OWN_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def open_page(host: str, port: int, announce: Callable[[str], None]) -> None:
    """Serve the page until it is told to end; `announce` gets its address, token and all, once it answers.

    Raises:
        UnsafeAddressError: others could reach it by a token that stands on a screen.
        AddressTakenError: another program listens there.
        RecordsError: the records cannot be opened.
    """
    given = web_settings()
    if given.token is None and not is_loopback(host):
        raise UnsafeAddressError(
            f"others can reach that address: set VASTRA_WEB_TOKEN to a secret of your own, got --host {host}"
        )
    database, store = open_database(), open_image_store()
    with listen(host, port) as listener:
        port = listener.getsockname()[1]
        door, token = open_door(given.token, settings().folder, port)
        cache = PictureCache(settings().folder / "small-pictures")
        app = make_app(Resources(database, store, cache, door), _OWN_NAMES | {host.lower()} | given.hosts)
        # An operator's token is known to the operator, and does not belong into a log.
        query = f"/?token={token}" if given.token is None else "/"
        address = f"http://{_name(host)}:{port}{query}"
        PageServer(app, lambda: announce(address), app.state.pulse.end).run(sockets=[listener])


def _name(host: str) -> str:
    """Give the name by which a browser on this machine asks for an address."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not listened at
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
