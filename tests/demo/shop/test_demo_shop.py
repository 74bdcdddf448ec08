import http.client
import logging
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from db.categories import Category
from demo.shop.catalogue import PictureForm
from demo.shop.demo_shop import DemoShop, ShopConfig
from demo.shop.requests import RequestKind
from tests.demo.conftest import OpenShop, get
from tests.processes import PATIENCE_SECONDS
from tests.screens import plain

ROOT = Path(__file__).parent.parent.parent.parent


def picture_address(shop: DemoShop, modifiers: str = "") -> str:
    products = shop.catalogue.products
    usable = next(one.pictures[0] for one in products if one.pictures[0].form is PictureForm.JPEG)
    return f"/images/I/{usable.id}{modifiers}.jpg"


def categories_sold(shop: DemoShop) -> Counter[str]:
    return Counter(product.category for product in shop.catalogue.products)


def test_the_same_seed_serves_the_same_bytes(open_shop: OpenShop) -> None:
    one, other = open_shop(), open_shop()
    for address in ("/s?k=jeans+for+men", f"/dp/{next(iter(one.catalogue.by_asin))}", picture_address(one)):
        bodies = [get(shop, address).body.replace(shop.base_url.encode(), b"SHOP") for shop in (one, other)]
        assert bodies[0] == bodies[1]


def test_requests_are_counted_by_address_and_kind(open_shop: OpenShop) -> None:
    shop = open_shop()
    addresses = [
        "/robots.txt",
        "/",
        "/s?k=jeans",
        "/s?k=jeans",
        f"/dp/{next(iter(shop.catalogue.by_asin))}",
        picture_address(shop),
    ]
    for address in addresses:
        assert get(shop, address).status == 200
    assert shop.requests["/s?k=jeans"] == 2
    assert shop.requests.total() == 6
    assert shop.requests_by_kind == {
        RequestKind.ROBOTS: 1,
        RequestKind.OTHER: 1,
        RequestKind.SEARCH: 2,
        RequestKind.PRODUCT: 1,
        RequestKind.IMAGE: 1,
    }


def test_the_shop_sells_as_many_of_every_category(open_shop: OpenShop) -> None:
    assert categories_sold(open_shop(products=2)) == {"jeans": 2, "saree": 2, "trousers": 2}


@pytest.mark.slow
def test_many_visitors_at_once_all_get_whole_answers(open_shop: OpenShop) -> None:
    shop = open_shop(products=8)
    pictures = [f"/images/I/{picture_id}._AC_UL320_.jpg" for picture_id in shop.catalogue.pictures]
    addresses = [*pictures, "/s?k=jeans", "/s?k=saree"] * 3
    with ThreadPoolExecutor(8) as visitors:
        received = list(visitors.map(lambda address: get(shop, address), addresses))
    assert {answer.status for answer in received} == {200}
    assert all(len(answer.body) == int(answer.headers["content-length"]) for answer in received)
    assert shop.requests.total() == len(addresses)


def test_one_connection_serves_many_requests(shop: DemoShop) -> None:
    connection = http.client.HTTPConnection(urlsplit(shop.base_url).netloc, timeout=20)
    connection.connect()
    socket = connection.sock
    for _ in range(3):
        connection.request("GET", "/robots.txt")
        response = connection.getresponse()
        response.read()
        assert response.version == 11
        assert connection.sock is socket
    connection.close()


def test_thumbnails_are_smaller_than_originals(shop: DemoShop) -> None:
    thumbnail, whole = get(shop, picture_address(shop, "._AC_UL320_")), get(shop, picture_address(shop))
    assert 1000 < len(thumbnail.body) < len(whole.body)


def test_closing_leaves_no_thread_though_a_visitor_stays_connected() -> None:
    before = set(threading.enumerate())
    with DemoShop(ShopConfig(products=1)) as shop:
        connection = http.client.HTTPConnection(urlsplit(shop.base_url).netloc, timeout=20)
        connection.request("GET", "/robots.txt")
        connection.getresponse().read()
    assert set(threading.enumerate()) <= before
    connection.close()


def test_the_shop_says_what_it_shows_when_it_opens(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "demo"), DemoShop(ShopConfig(products=1)) as shop:
        pass
    assert caplog.messages == [f"demo shop at {shop.base_url}: 3 products. {shop.note}"]


def test_a_category_added_by_the_user_is_sold_too() -> None:
    categories = (
        Category("kurta", "Kurtas", ("kurta for men",)),
        Category("jeans", "Jeans", ("jeans for men",)),
    )
    with DemoShop(ShopConfig(products=2, categories=categories)) as shop:
        assert categories_sold(shop) == {"jeans": 2, "kurta": 2}
        page = get(shop, "/s?k=kurta+for+men")
        assert page.body.count(b'data-component-type="s-search-result"') > 2
        assert get(shop, picture_address(shop)).headers["content-type"] == "image/jpeg"


def test_visitors_may_know_the_shop_by_another_address() -> None:
    with DemoShop(ShopConfig(products=1, base_url="http://shop:8000/")) as shop:
        assert shop.base_url == "http://shop:8000"


def start(*words: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "demo.shop", "--port", "0", *words]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_the_command_prints_its_address_and_ends_on_ctrl_c() -> None:
    with start("--products", "1", "--robots", "forbid") as process:
        assert process.stdout is not None
        address = urlsplit(process.stdout.readline().strip())
        connection = http.client.HTTPConnection(address.netloc, timeout=20)
        connection.request("GET", "/robots.txt")
        assert b"Disallow: /\n" in connection.getresponse().read()
        os.kill(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE_SECONDS)
        connection.close()
    assert process.returncode == 0
    assert "drawings" in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_the_command_refuses_photos_of_no_category(tmp_path: Path) -> None:
    with start("--photos", str(tmp_path)) as process:
        _, said = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 2
    assert "no photo lies in a folder named" in plain(said)


@pytest.mark.slow
def test_the_command_says_when_its_port_is_taken(shop: DemoShop) -> None:
    port = str(urlsplit(shop.base_url).port)
    with start("--port", port) as process:
        _, said = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 1
    assert f"cannot open the shop on port {port}" in said
