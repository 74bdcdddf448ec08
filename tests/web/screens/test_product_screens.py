import re

import pytest
from playwright.sync_api import Page, expect
from starlette.testclient import TestClient

from db.repository.found_products import FoundProduct, save_products
from db.session import Database
from tests.factories import SHOP, STORE, likely, model_version, predict, product, save
from tests.web.looking import hindrances_in_every_look

HOSTILE = '<script>alert("x")</script>'


def keep(database: Database, *products: FoundProduct) -> None:
    with database.write() as session:
        save_products(session, products, STORE)


def test_a_title_is_text_whatever_it_says(client: TestClient, database: Database) -> None:
    keep(database, product("B000000001", 1, title=HOSTILE))
    answer = client.get("/products")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


def test_pages_lead_to_and_fro(client: TestClient, database: Database) -> None:
    keep(database, *(product(f"B{number:09d}") for number in range(5)))
    first = client.get("/products.json?limit=2").json()
    second = client.get(f"/products.json?limit=2&after={first[-1]['id']}").json()
    back = client.get(f"/products.json?limit=2&before={second[0]['id']}").json()
    assert [row["asin"] for row in second] == ["B000000002", "B000000003"]
    assert back == first


def test_what_a_version_has_changed_is_shown_with_the_label_before(
    client: TestClient, database: Database
) -> None:
    (image,) = save(database, product("B1", 1))
    for category in ("saree", "jeans"):
        predict(database, version := model_version(database), {image: likely(category)})
    page = client.get(f"/products?changed_by={version}").text
    assert re.search(r"<s>saree</s> .*became.* <b>jeans</b>", page)


@pytest.mark.parametrize(
    "query", ["order=nothing", "after=x", "after=1&order=sure", "quality=ugly", "limit=x"]
)
def test_an_address_that_says_what_cannot_be_is_refused(client: TestClient, query: str) -> None:
    answer = client.get(f"/products?{query}")
    assert answer.status_code == 400
    assert "cannot be read" in answer.text


def test_sources_are_offered_with_their_counts_and_new_ones_say_so(
    client: TestClient, database: Database
) -> None:
    keep(database, product("B1"), product("B2"))
    assert f'value="{SHOP}">{SHOP} (2, new)</option>' in client.get("/products").text
    keep(database, product("A1", marketplace="elsewhere"))
    for screen in ("/products", "/review"):
        assert 'value="elsewhere">elsewhere (1, new)</option>' in client.get(screen).text


def test_a_filter_keeps_the_focus(tab: Page, database: Database) -> None:
    keep(database, *(product(f"B{number}") for number in range(3)))
    tab.goto("/products")
    tab.get_by_label("uncertain").press("Space")
    tab.wait_for_url("**uncertain=1")
    expect(tab.get_by_text("No product is like that")).to_be_visible()
    expect(tab.get_by_label("uncertain")).to_be_focused()


def test_nothing_hinders_a_person(tab: Page, database: Database) -> None:
    keep(database, *(product(f"B{number:09d}", number) for number in range(3)))
    tab.goto("/products")
    assert tab.get_by_role("listitem").count() == 3
    assert hindrances_in_every_look(tab) == []
