import ipaddress
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.resolver import dnscache
from twisted.internet.address import IPv4Address, IPv6Address

from crawler.arguments import Origin
from crawler.resolver import GuardedResolver, is_forbidden

SHOP = Origin("127.0.0.1", 8000)


class Names:
    """In place of DNS: names as the test has them, everything else by the system's own rules."""

    def __init__(self, answers: dict[str, list[str]]) -> None:
        self.answers = answers

    def resolveHostName(  # noqa: N802 - Twisted's name
        self, receiver: Any, name: str, port: int = 0, _types: Any = None, _transport: str = "TCP"
    ) -> None:
        receiver.resolutionBegan(None)
        for address in self.answers.get(name) or self.system(name):
            kind = IPv6Address if ":" in address else IPv4Address
            receiver.addressResolved(kind("TCP", address, port))
        receiver.resolutionComplete()

    @staticmethod
    def system(name: str) -> list[str]:
        try:
            return [str(found[4][0]) for found in socket.getaddrinfo(name, 0, type=socket.SOCK_STREAM)]
        except OSError:
            return []


class Connection:
    """Collects the addresses that a connection would try."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.complete = False

    def resolutionBegan(self, resolution: Any) -> None:  # noqa: N802 - Twisted's name
        pass

    def addressResolved(self, address: Any) -> None:  # noqa: N802 - Twisted's name
        self.addresses.append(address.host)

    def resolutionComplete(self) -> None:  # noqa: N802 - Twisted's name
        self.complete = True


def resolver(**answers: list[str]) -> GuardedResolver:
    names = Names({name.replace("_", "."): addresses for name, addresses in answers.items()})
    guarded = GuardedResolver(SimpleNamespace(nameResolver=names), cache_size=100)
    guarded.exempt(SHOP)
    return guarded


def connect(guarded: GuardedResolver, host: str, port: int = 443) -> list[str]:
    connection = Connection()
    receiver: Any = connection  # mypy knows nothing of zope's interfaces
    guarded.resolveHostName(receiver, host, port)
    assert connection.complete
    return connection.addresses


@pytest.fixture(autouse=True)
def no_names_from_other_tests() -> Iterator[None]:
    dnscache.clear()
    yield
    dnscache.clear()


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
        "192.168.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fd00::1", "fc00::1", "fe80::1", "fe80::1%1", "fec0::1", "ff02::1", "2001:db8::1", "::127.0.0.1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b:1::1",
        "2001:0:7f00:1::",
    ],
)  # fmt: skip
def test_addresses_inside_a_network_are_forbidden(address: str) -> None:
    assert is_forbidden(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "151.101.1.16", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"]
)
def test_public_addresses_are_allowed(address: str) -> None:
    assert not is_forbidden(address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_in_every_dress(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    mapped = ipaddress.IPv6Address(0xFFFF << 32 | number)
    nat64 = ipaddress.IPv6Address(0x64FF9B << 96 | number)
    assert is_forbidden(str(address)) == is_forbidden(str(mapped)) == is_forbidden(str(nat64))
    assert address.is_global or is_forbidden(str(address))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "0x7f.0.0.1", "127.1", "0177.0.0.1", "localhost", "::ffff:127.0.0.1", "::1"],
)
def test_no_spelling_of_this_machine_is_reached(host: str) -> None:
    guarded = resolver()
    assert connect(guarded, host, 8001) == []
    if Names.system(host):
        assert guarded.refused_address(Origin(host, 8001)) is not None


def test_a_name_with_public_addresses_only_is_reached_by_all_of_them() -> None:
    guarded = resolver(shop_example=["8.8.8.8", "2606:4700::1111"])
    assert connect(guarded, "shop.example") == ["8.8.8.8", "2606:4700::1111"]
    assert guarded.refused_address(Origin("shop.example", 443)) is None


@pytest.mark.parametrize("inside", ["192.168.1.1", "fd00::1", "::ffff:169.254.169.254"])
def test_one_address_inside_is_enough_to_refuse_a_name(inside: str) -> None:
    guarded = resolver(mixed_example=["8.8.8.8", inside, "2606:4700::1111"])
    assert connect(guarded, "mixed.example") == []
    assert guarded.refused_address(Origin("mixed.example", 443)) == inside


def test_an_answer_from_the_cache_is_checked_like_the_first() -> None:
    guarded = resolver(inside_example=["10.0.0.1"])
    assert connect(guarded, "inside.example") == []
    assert connect(guarded, "inside.example") == []


def test_only_the_exact_host_and_port_of_base_url_is_exempt() -> None:
    guarded = resolver()
    assert connect(guarded, "127.0.0.1", 8000) == ["127.0.0.1"]
    assert connect(guarded, "127.0.0.1", 8001) == []
    assert connect(guarded, "localhost", 8000) == []


def test_an_unknown_name_is_not_called_forbidden() -> None:
    guarded = resolver(nowhere_example=[])
    assert connect(guarded, "nowhere.invalid") == []
    assert guarded.refused_address(Origin("nowhere.invalid", 443)) is None
