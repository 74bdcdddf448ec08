from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Page
from sqlalchemy import update
from starlette.testclient import TestClient

from db.models import Image, Product
from db.pictures.codes import QualityCode, Reason
from db.repository.found_products import FoundProduct
from db.repository.predictions import set_aside
from db.repository.reviews import Verdict, record_reviews, withdraw_review
from db.session import Database
from tests.factories import (
    CATEGORIES,
    SHOP,
    body,
    embed,
    get_product,
    likely,
    model_version,
    picture,
    predict,
    product,
    refused,
    save,
    telling,
    version_with_body,
)
from tests.web.looking import hindrances_in_every_look
from web.product_addresses import product_address

HOSTILE = '<script>alert("x")</script>'
HERE = product_address(SHOP, "B000000001")


def test_a_product_is_shown_with_what_the_network_says_of_each_picture(
    client: TestClient, database: Database
) -> None:
    one, two = save(database, product("B000000001", 1, 2))
    version = version_with_body(database, body(database))
    embed(database, version, {one: telling(30), two: telling(0, 30)})
    found = client.get(f"{HERE}.json").json()
    first, second = (shown["probabilities"] for shown in found["pictures"])
    assert first["saree"] == pytest.approx(second["jeans"])
    assert first["saree"] > 0.8
    assert sum(first.values()) == pytest.approx(1)
    assert found["model_version"] == version
    page = client.get(HERE).text
    assert page.count("<dt>saree</dt>") == 2


def test_a_version_without_a_body_says_it_by_predictions(client: TestClient, database: Database) -> None:
    version = model_version(database)
    one, _ = save(database, product("B000000001", 1, 2))
    predict(database, version, {one: likely("jeans")})
    first, second = client.get(f"{HERE}.json").json()["pictures"]
    assert first["probabilities"]["jeans"] == pytest.approx(0.9)
    assert second["probabilities"] is None
    assert "has not seen it yet" in client.get(HERE).text


def test_the_history_tells_what_became_of_a_product(client: TestClient, database: Database) -> None:
    version = model_version(database)
    (image,) = save(database, product("B000000001", 1))
    predict(database, version, {image: likely("jeans")})
    with database.write() as session:
        record_reviews(session, [Verdict(SHOP, "B000000001", "saree", "Anna", "unsure")], CATEGORIES)
    with database.write() as session:
        withdraw_review(session, SHOP, "B000000001")
    other = model_version(database)
    predict(database, other, {image: likely("trousers", 0.5)})
    events = client.get(f"{HERE}.json").json()["history"]
    assert [(event["kind"], event["category"]) for event in events] == [
        ("found", None), ("labelled", "jeans"), ("reviewed", "saree"), ("withdrawn", "saree"),
        ("labelled", "jeans"), ("unsure", "trousers"),
    ]  # fmt: skip
    verdict = events[2]
    assert (verdict["reviewer"], verdict["why"], verdict["stands"]) == ("Anna", "unsure", False)
    assert [event["model_version"] for event in events if event["model_version"]] == [version, version, other]
    page = client.get(HERE).text
    assert "by Anna" in page
    assert "taken back" in page


def test_the_shop_s_word_is_text_and_its_address_a_link_only_if_it_is_one(
    client: TestClient, database: Database
) -> None:
    good = product("B000000001", title="Good", url="https://shop.test/x?a=1", list_price=Decimal("999.00"))
    bad = product("B000000002", title=HOSTILE, url="javascript:alert(1)", brand=HOSTILE, availability=HOSTILE)
    save(database, good, bad)
    assert 'href="https://shop.test/x?a=1"' in client.get(HERE).text
    page = client.get(product_address(SHOP, "B000000002")).text
    assert "<script>alert" not in page
    assert 'href="javascript:' not in page
    assert client.get(f"{HERE}.json").json()["product"]["list_price"] == 999.0


def test_refused_addresses_and_poor_pictures_say_why(client: TestClient, database: Database) -> None:
    (image,) = save(
        database, product("B000000001", 1, refused(Reason.TOO_SMALL, "https://shop.test/tiny.gif"))
    )
    with database.write() as session:
        session.execute(update(Image).values(quality=(QualityCode.BLURRED,)))
        set_aside(session, {image: Reason.CORRUPT})
    page = client.get(HERE).text
    assert "https://shop.test/tiny.gif" in page
    assert "spacer" in page
    assert "blurred" in page
    assert "cannot be shown" in page
    stored, other = client.get(f"{HERE}.json").json()["pictures"]
    assert (stored["reason"], stored["quality"]) == ("corrupt", ["blurred"])
    assert (other["reason"], other["sha256"], other["quality"]) == ("too_small", None, [])


def test_a_picture_that_many_products_show_says_nothing_of_one(
    client: TestClient, database: Database
) -> None:
    version = model_version(database)
    (image,) = save(database, *(product(f"B00000000{n}", picture(1)) for n in range(6)))
    predict(database, version, {image: likely("jeans")})
    assert client.get(f"{HERE}.json").json()["pictures"][0]["counts"] is False
    assert "says nothing of this one" in client.get(HERE).text


@pytest.mark.parametrize("asin", ["a/b", "..", "x.json", "a%2Fb", "~2E", "?#&", "ख " * 100, "x" * 400])
@pytest.mark.parametrize("source", ["amazon.in", "a/b.json", "."])
def test_any_key_leads_to_its_product_and_to_its_twin(
    client: TestClient, database: Database, source: str, asin: str
) -> None:
    save(database, product(asin, marketplace=source), product(f"{asin}.json"[-400:], marketplace=source))
    address = product_address(source, asin)
    assert client.get(address).status_code == 200
    found = client.get(f"{address}.json").json()["product"]
    assert (found["marketplace"], found["asin"]) == (source, asin)
    other = client.get(f"{product_address(source, f'{asin}.json'[-400:])}.json").json()["product"]
    assert other["asin"] == f"{asin}.json"[-400:]


@pytest.mark.parametrize("path", ["B999999999", "~00", "%00", "~ZZ", "%FF", "x" * 5000])
def test_a_product_that_is_not_there_is_said_to_be_missing(client: TestClient, path: str) -> None:
    for ending in ("", ".json"):
        assert client.get(f"/products/amazon.in/{path}{ending}").status_code == 404


def test_the_last_verdict_is_taken_back_and_only_once(client: TestClient, database: Database) -> None:
    save(database, product("B000000001", 1))
    with database.write() as session:
        verdicts = [Verdict(SHOP, "B000000001", "saree"), Verdict(SHOP, "B000000001", "jeans")]
        record_reviews(session, verdicts, CATEGORIES)
    form = {"product": str(get_product(database).id), "back": HERE}
    client.follow_redirects = False
    answer = client.post("/products/take-back", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, HERE)
    assert get_product(database).category == "saree"
    client.post("/products/take-back", data=form)
    assert client.post("/products/take-back", data=form).status_code == 303
    assert get_product(database).uncertain is None


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"product": "x"}, 400),
        ({"product": "-1"}, 400),
        ({"product": "99999"}, 404),
        ({"product": "9" * 40}, 400),
    ],
)
def test_what_cannot_be_taken_back_is_refused(client: TestClient, form: dict[str, str], status: int) -> None:
    assert client.post("/products/take-back", data=form).status_code == status


def test_a_form_leads_nowhere_else(client: TestClient) -> None:
    client.follow_redirects = False
    answer = client.post("/products/take-back", data={"back": "//evil.example/x"})
    assert answer.headers["location"] == "/x"


def forty(asin: str) -> FoundProduct:
    return product(
        asin, *range(40), *(refused(url=f"https://shop.test/{n}.jpg") for n in (50, 51)), title="W" * 400
    )


PRODUCTS: dict[str, Callable[[str], FoundProduct]] = {
    "forty pictures and a title of 400 characters": forty,
    "none at all": lambda asin: product(asin, title=None, found_in=None),
    "right to left": lambda asin: product(
        asin, 1, title="قميص نسائي من القطن " * 20, url="javascript:alert(1)"
    ),
    "hostile": lambda asin: product(asin, 1, title=HOSTILE, brand="'\"><img src=x onerror=alert(1)>"),
}


@pytest.mark.parametrize("kind", PRODUCTS)
def test_nothing_hinders_a_person(tab: Page, database: Database, kind: str) -> None:
    save(database, PRODUCTS[kind]("B000000001"))
    tab.goto(HERE)
    assert hindrances_in_every_look(tab) == []


def test_a_product_of_a_shop_that_is_gone_is_no_more(client: TestClient, database: Database) -> None:
    save(database, product("B000000001", 1))
    with database.write() as session:
        session.delete(session.get_one(Product, 1))
    assert client.get(HERE).status_code == 404


def test_only_our_own_forms_take_back(client: TestClient) -> None:
    theirs = {"Sec-Fetch-Site": "cross-site"}
    assert client.post("/products/take-back", data={"product": "1"}, headers=theirs).status_code == 403


def test_a_verdict_is_given_by_button_or_key_and_taken_back(tab: Page, database: Database) -> None:
    save(database, product("B000000001", 1))
    tab.goto(HERE)
    tab.get_by_role("button", name="Sarees").click()
    tab.get_by_text("1 product is reviewed").wait_for()
    tab.wait_for_load_state()  # the screen is shown before its keys are there
    assert get_product(database).category == "saree"
    tab.keyboard.press("2")
    tab.locator(".verdicts button[value=jeans][aria-current]").wait_for()
    tab.wait_for_load_state()
    assert get_product(database).category == "jeans"
    tab.keyboard.press("u")
    tab.locator(".verdicts button[value=saree][aria-current]").wait_for()
    assert get_product(database).category == "saree"


def test_a_verdict_needs_no_script(client: TestClient, database: Database) -> None:
    save(database, product("B000000001", 1))
    form = {"product": str(get_product(database).id), "category": "jeans", "back": HERE}
    page = client.post("/products/verdicts", data=form)
    assert page.url.path == HERE
    assert "reviewed" in page.text
    assert get_product(database).category == "jeans"
