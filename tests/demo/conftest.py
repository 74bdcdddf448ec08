import http.client
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

import pytest
from scrapy.http import HtmlResponse

from demo.shop.demo_shop import DemoShop, ShopConfig
from demo.shop.misbehaviour import Misbehaviour

MARKETPLACE = "amazon.in"
BEHAVED = Misbehaviour()


@dataclass(frozen=True)
class Received:
    """What a visitor gets: status, headers in small letters, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def page(self) -> HtmlResponse:
        return HtmlResponse("http://127.0.0.1/", status=self.status, body=self.body, encoding="utf-8")


def get(shop: DemoShop, address: str) -> Received:
    """Ask for one address, given with or without the shop's own, on a connection of its own."""
    connection = http.client.HTTPConnection(urlsplit(shop.base_url).netloc, timeout=20)
    try:
        connection.request("GET", address.removeprefix(shop.base_url))
        response = connection.getresponse()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Received(response.status, headers, response.read())
    finally:
        connection.close()


@pytest.fixture(scope="session")
def shop() -> Iterator[DemoShop]:
    """A shop that behaves, for tests that only look."""
    with DemoShop() as shop:
        yield shop


class OpenShop(Protocol):
    """Opens a small shop that misbehaves as told."""

    def __call__(self, misbehaviour: Misbehaviour = ..., products: int = ...) -> DemoShop: ...


@pytest.fixture
def open_shop() -> Iterator[OpenShop]:
    """Open shops; all are closed after the test."""
    with ExitStack() as opened:

        def open_one(misbehaviour: Misbehaviour = BEHAVED, products: int = 3) -> DemoShop:
            config = ShopConfig(products=products, broken_pictures=False, misbehaviour=misbehaviour)
            return opened.enter_context(DemoShop(config))

        yield open_one
