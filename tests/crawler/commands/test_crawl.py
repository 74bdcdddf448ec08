"""Whole crawls, by the command that users run, against the demo shop."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from db.models import RunStatus
from demo.shop.demo_shop import DemoShop, ShopConfig
from demo.shop.misbehaviour import Misbehaviour
from demo.shop.requests import RequestKind
from tests.crawler.conftest import Project, Records

QUIET = ShopConfig(broken_pictures=False)


def test_a_crawl_saves_updates_and_never_fetches_a_stored_picture_again(
    project: Project, records: Records, tmp_path: Path, read_feed: Callable[[Path], list[dict[str, Any]]]
) -> None:
    feed = tmp_path / "products.json"
    with DemoShop(ShopConfig(products=60)) as shop:
        first = project.crawl(shop.base_url, "-O", str(feed), categories="saree", max_products=52)
        once = records.products()
        seen_first = {asin: product.last_seen_at for asin, product in once.items()}
        fetched_once = shop.requests
        second = project.crawl(shop.base_url, categories="saree", max_products=52)
        fetched_twice = shop.requests

    assert (first.exit_code, second.exit_code) == (0, 0), first.stderr + second.stderr
    assert first.stdout == ""
    assert "52 new, 0 updated" in first.stderr
    assert "0 new, 52 updated" in second.stderr
    assert "python -m db products" in first.stderr
    assert first.stderr.count("images wait in the records") == 1
    assert f"0 enqueued, {len(records.images())} waiting" in first.stderr
    assert "python -m worker run" in first.stderr
    assert {address for address in fetched_once if address.startswith("/s?")} == {
        "/s?k=saree+for+women&page=1",
        "/s?k=saree+for+women&page=2",
    }
    assert all(product.title and product.url and product.images for product in once.values())
    sold = shop.catalogue.by_asin
    assert all(sold[asin].category == "saree" for asin, p in once.items() if p.found_in == ["saree"])

    stored = {image.url for p in once.values() for image in p.images if image.image_id is not None}
    assert stored
    assert not [url for url in stored if fetched_twice[url.removeprefix(shop.base_url)] != 1]
    twice = records.products()
    assert twice.keys() == once.keys()
    assert all(product.last_seen_at > seen_first[asin] for asin, product in twice.items())
    assert len(records.images()) == len({image.sha256 for image in records.images()})

    run_one, run_two = records.runs()
    assert (run_one.status, run_one.finish_reason) == (RunStatus.FINISHED, "finished")
    assert run_one.statistics["products_new"] == run_two.statistics["products_updated"] == 52
    assert run_one.statistics["fields_found"]["title"] == run_two.statistics["fields_found"]["title"] == 52
    assert run_one.arguments["categories"] == ["saree"]
    exported = {row["asin"]: row for row in read_feed(feed)}
    assert exported.keys() == once.keys()
    asin, row = next((asin, row) for asin, row in exported.items() if row["price"])
    assert Decimal(row["price"]) == once[asin].price
    assert row["images"] == [once[asin].images[0].url]


def test_a_product_of_two_searches_belongs_to_both_and_a_sponsored_one_to_none(
    project: Project, records: Records
) -> None:
    with DemoShop(replace(QUIET, products=21)) as shop:
        ended = project.crawl(shop.base_url, categories="saree,jeans")
        sold = shop.catalogue.by_asin
    assert ended.exit_code == 0, ended.stderr
    products = records.products()
    shared = [asin for asin, product in sold.items() if product.also_found_in == "jeans"]
    assert shared
    assert all(products[asin].found_in == ["jeans", "saree"] for asin in shared)
    assert all(products[asin].listed_category is None for asin in shared)
    sponsored = [
        asin for asin in products if sold[asin].category == "trousers" and not sold[asin].also_found_in
    ]
    assert sponsored
    assert all(products[asin].found_in == [] for asin in sponsored)
    assert ended.stderr.count("warning   ") == 0


def test_product_pages_are_visited_once_and_add_what_cards_lack(project: Project, records: Records) -> None:
    with DemoShop(replace(QUIET, products=4)) as shop:
        ended = project.crawl(shop.base_url, categories="saree,jeans", details="true", max_products=4)
        kinds, requests = shop.requests_by_kind, shop.requests
    assert ended.exit_code == 0, ended.stderr
    products = records.products()
    assert kinds[RequestKind.PRODUCT] == len(products)
    assert all(f"/dp/{asin}?th=1&psc=1" in requests for asin in products)
    assert all(
        product.breadcrumb and product.availability and product.parent_asin for product in products.values()
    )
    pictures = {product.asin: len(product.pictures) for product in shop.catalogue.products}
    assert {asin: len(product.images) for asin, product in products.items()} == {
        a: pictures[a] for a in products
    }


def test_one_slice_asks_for_one_search_and_one_price_range(project: Project, records: Records) -> None:
    with DemoShop(replace(QUIET, products=20)) as shop:
        ended = project.crawl(
            shop.base_url, categories="jeans", search="jeans", min_price=1, max_price=900, pages=1
        )
        searches = [address for address in shop.requests if address.startswith("/s?")]
    assert ended.exit_code == 0, ended.stderr
    assert searches == ["/s?k=jeans&page=1&low-price=1&high-price=900"]
    listed = [product for product in records.products().values() if product.found_in == ["jeans"]]
    assert listed
    assert all(product.price is not None and product.price <= 900 for product in listed)


def test_originals_that_are_missing_fall_back_to_the_address_as_found(
    project: Project, records: Records
) -> None:
    with DemoShop(replace(QUIET, products=2, misbehaviour=Misbehaviour(originals_missing=True))) as shop:
        ended = project.crawl(shop.base_url)
    assert ended.exit_code == 0, ended.stderr
    assert set(records.reasons().values()) == {None}
    assert all("._" not in product.images[0].url for product in records.products().values())


def test_postgresql_takes_a_crawl(tmp_path: Path, postgresql_url: str) -> None:
    project = Project(tmp_path, postgresql_url)
    with DemoShop(replace(QUIET, products=3)) as shop:
        ended = project.crawl(shop.base_url, max_products=3)
    assert ended.exit_code == 0, ended.stderr
    assert "9 new" in ended.stderr
