"""Serves the page at one address, which is printed once it answers."""

import socket
from collections.abc import Callable
from ipaddress import ip_address

import uvicorn
from starlette.types import ASGIApp

from web.errors import AddressTakenError

SHUTDOWN_SECONDS = 1
"""What an open stream of events may take to end."""


def listen(host: str, port: int) -> socket.socket:
    """Open the socket, so that the port is known; 0 takes a free one.

    Raises:
        AddressTakenError: another program listens there, or the address is not this machine's.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise AddressTakenError(
            f"cannot listen there ({error}): choose another --port, or 0 for a free one; got {host}:{port}"
        ) from error
    # Connections take it over. Without it an answer's last packet waits 40 ms for the browser to confirm the others.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def is_loopback(host: str) -> bool:
    """Say whether only programs of this machine reach the address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class PageServer(uvicorn.Server):
    """Serves until Ctrl-C or SIGTERM, and calls `announce` once requests are answered.

    Nothing is logged of a request: its address may hold the token.
    """

    def __init__(
        self, app: ASGIApp, announce: Callable[[], None], end_streams: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=SHUTDOWN_SECONDS,
                timeout_keep_alive=30,
            )
        )
        self._announce, self._end_streams = announce, end_streams

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets)
        self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what would go on for ever, and wait for the rest."""
        self._end_streams()
        await super().shutdown(sockets)
