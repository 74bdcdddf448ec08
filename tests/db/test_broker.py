from pathlib import Path

import pytest

from db.broker import address_file, address_of, broker_url, open_redis, open_redis_async, socket_of
from db.errors import NoRedisError


def test_an_address_of_the_users_own_is_the_brokers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://127.0.0.1:1/0")
    assert broker_url() == "redis://127.0.0.1:1/0"


def test_else_it_is_what_the_embedded_broker_has_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)
    monkeypatch.setenv("VASTRA_FOLDER", str(tmp_path))
    assert broker_url() is None
    address_file(tmp_path).write_text("redis+socket:///somewhere/broker.sock\n", encoding="utf-8")
    assert broker_url() == "redis+socket:///somewhere/broker.sock"


@pytest.mark.parametrize("name", ["broker.sock", "a b/broker.sock", "50 %/ü#?.sock"])
def test_a_socket_and_its_address_tell_each_other(name: str) -> None:
    assert socket_of(address_of(Path("/srv", name))) == Path("/srv", name)


@pytest.mark.parametrize(
    ("address", "opened"),
    [
        ("redis+socket:///srv/a%20b/broker.sock", {"path": "/srv/a b/broker.sock", "db": 0}),
        ("redis+socket:///srv/broker.sock?virtual_host=3", {"path": "/srv/broker.sock", "db": 3}),
        ("redis://:secret@host:6380/2", {"host": "host", "port": 6380, "db": 2, "password": "secret"}),
    ],
)
def test_both_clients_open_the_server_that_celery_uses(address: str, opened: dict[str, object]) -> None:
    for client in (open_redis(address, 1), open_redis_async(address, 1)):
        given = client.connection_pool.connection_kwargs
        assert {name: given[name] for name in opened} == opened
        assert (given["socket_timeout"], given["socket_connect_timeout"]) == (1, 1)


def test_a_broker_of_another_kind_is_a_named_error_without_its_password() -> None:
    with pytest.raises(NoRedisError, match=r"got amqp://$"):
        open_redis("amqp://user:secret@host", 1)
