"""The HTTP side of the demo shop: threads, connections and how an answer is written to one."""

import logging
import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from demo.shop.answer_desk import Answer

LOOPBACK = "127.0.0.1"
_IDLE_SECONDS = 60
_logger = logging.getLogger(__name__)


class ShopServer(ThreadingHTTPServer):
    """A threading server that can end while visitors keep their connections open or wait for an answer.

    Args:
        host: the interface to listen on; any but the loopback's lets other machines in.
        port: where to listen there; 0 takes any free port.
        answer: turns a request's address into an answer; called in the connection's own thread.
        slow_seconds: how long every answer waits.
    """

    daemon_threads = False  # So that closing waits for every connection's thread.
    request_queue_size = 128

    def __init__(
        self, host: str, port: int, answer: Callable[[str], Answer], slow_seconds: float = 0.0
    ) -> None:
        self.answer = answer
        self.slow_seconds = slow_seconds
        self.stopping = threading.Event()
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__((host, port), _ShopHandler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection, known to the server while it lasts."""
        with self._lock:
            if self.stopping.is_set():
                return
            self._connections.add(request)
        try:
            super().finish_request(request, client_address)
        except ConnectionError as error:  # The visitor hung up: nothing to answer any more.
            _logger.debug("connection ended: %s", error)
        finally:
            with self._lock:
                self._connections.discard(request)

    def stop(self) -> None:
        """Stop listening, hang up on every visitor and wait for all threads to end."""
        self.stopping.set()
        self.shutdown()
        with self._lock:
            for connection in self._connections:
                _hang_up(connection)
        self.server_close()


class _ShopHandler(BaseHTTPRequestHandler):
    server: ShopServer
    protocol_version = "HTTP/1.1"
    server_version = "DemoShop"
    sys_version = ""
    timeout = _IDLE_SECONDS
    wbufsize = 1 << 16  # Headers and body leave in one packet: without it, Nagle's algorithm costs 40 ms.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer, after the wait that a slow shop makes."""
        slow = self.path != "/robots.txt" and self.server.slow_seconds > 0
        if slow and self.server.stopping.wait(self.server.slow_seconds):
            self.close_connection = True
            return
        self._send(self.server.answer(self.path))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Log quietly; the base class writes to standard error."""
        _logger.debug(format, *args)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status is not HTTPStatus.FOUND:
            self.send_header("Content-Type", answer.content_type)
        if answer.parts is None:
            self._send_body(answer)
        else:
            self._send_parts(answer)

    def _send_body(self, answer: Answer) -> None:
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body[: len(answer.body) // 2] if answer.truncated else answer.body)
        self.close_connection |= answer.truncated

    def _send_parts(self, answer: Answer) -> None:
        self.close_connection = True
        if answer.length is not None:
            self.send_header("Content-Length", str(answer.length))
        self.send_header("Connection", "close")
        self.end_headers()
        assert answer.parts is not None
        for part in answer.parts():
            if self.server.stopping.is_set():
                return
            self.wfile.write(part)


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError as error:  # It ended by itself in this very moment.
        _logger.debug("already closed: %s", error)
