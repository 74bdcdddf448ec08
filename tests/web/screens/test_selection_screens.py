from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.testclient import TestClient

from db.queries.review_history import stream_reviews
from db.session import Database
from tests.factories import get_product, label, likely, model_version, predict, product, save
from tests.web.conftest import TOKEN
from tests.web.looking import hindrances_in_every_look
from tests.web.reviewing import settled

ASINS = ("B000000001", "B000000002", "B000000003")


@pytest.fixture
def ids(database: Database) -> list[str]:
    """The ids of three products that are taken for jeans."""
    version = model_version(database)
    images = save(database, *(product(asin, number) for number, asin in enumerate(ASINS)))
    predict(database, version, {image: likely("jeans") for image in images})
    return [str(get_product(database, asin).id) for asin in ASINS]


def categories(database: Database) -> list[str | None]:
    return [label(database, asin).category for asin in ASINS]


def rows(database: Database) -> list[tuple[str, bool]]:
    return [(row.category, row.withdrawn_at is None) for row in stream_reviews(database)]


def test_what_is_selected_gets_one_verdict_and_the_list_says_so(
    client: TestClient, database: Database, ids: list[str]
) -> None:
    form = {
        "product": ids[:2],
        "category": "saree",
        "back": "/products?category=jeans&done=x",
        "batch": str(uuid4()),
    }
    answer = client.post("/products/verdicts", data=form)
    assert answer.url.path == "/products"
    assert "<b>2</b> products are reviewed: Sarees" in answer.text
    assert categories(database) == ["saree", "saree", "jeans"]
    client.post("/products/verdicts", data=form)  # a form that is sent again
    assert rows(database) == [("saree", True)] * 2
    back = client.post("/products/verdicts/take-back", data={"batch": form["batch"], "back": str(answer.url)})
    assert "<b>2</b> verdicts are taken back" in back.text
    assert categories(database) == ["jeans"] * 3


def test_a_product_that_is_gone_keeps_no_other_from_its_verdict(
    client: TestClient, database: Database, ids: list[str]
) -> None:
    client.post("/products/verdicts", data={"product": ["999999", ids[2]], "category": "other"})
    assert rows(database) == [("other", True)]


@pytest.mark.parametrize(
    "wrong", [{"category": "hat"}, {"product": ["x"]}, {"product": [str(2**70)]}, {"batch": "x"}]
)
def test_what_cannot_be_is_refused(
    client: TestClient, database: Database, ids: list[str], wrong: dict[str, Any]
) -> None:
    answer = client.post("/products/verdicts", data={"product": ids, "category": "saree"} | wrong)
    assert answer.status_code == 400
    assert rows(database) == []


@pytest.mark.usefixtures("ids")
def test_nothing_selected_changes_nothing(client: TestClient, database: Database) -> None:
    assert client.post("/products/verdicts", data={"category": "saree"}).status_code == 200
    assert rows(database) == []


# In a real browser ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("ids")
def test_keys_select_and_give_one_verdict_which_u_takes_back(tab: Page, database: Database) -> None:
    tab.goto("/products")
    for key in ("j", "x", "j", "x"):
        tab.keyboard.press(key)
    expect(tab.locator("#selected")).to_have_text("2 selected:")
    tab.keyboard.press("3")
    expect(tab.locator("#done [role=status]")).to_have_text("2 products are reviewed: Men's trousers.")
    settled(tab)
    assert categories(database) == ["trousers", "trousers", "jeans"]
    assert len({row.id for row in stream_reviews(database)}) == 2
    tab.keyboard.press("u")
    settled(tab)
    assert categories(database) == ["jeans"] * 3
    expect(tab.locator(".card .verdict").first).to_contain_text("jeans 90%")


@pytest.mark.usefixtures("ids")
def test_a_click_with_shift_selects_up_to_it_and_a_selects_all(tab: Page, database: Database) -> None:
    tab.goto("/products")
    boxes = tab.locator(".pick input")
    boxes.nth(0).click()
    boxes.nth(2).click(modifiers=["Shift"])
    expect(tab.locator("#selected")).to_have_text("3 selected:")
    tab.keyboard.press("a")
    expect(tab.locator(".selection")).to_be_hidden()
    tab.keyboard.press("a")
    tab.get_by_role("button", name="Other").click()
    settled(tab)
    assert rows(database) == [("other", True)] * 3


@pytest.mark.usefixtures("ids")
def test_after_a_filter_the_new_cards_are_selected_all_the_same(tab: Page, database: Database) -> None:
    tab.goto("/products")
    tab.get_by_label("Order").select_option("sure")
    tab.wait_for_url("**order=sure**")
    tab.keyboard.press("j")
    tab.keyboard.press("x")
    tab.keyboard.press("1")
    settled(tab)
    assert rows(database) == [("saree", True)]


@pytest.mark.usefixtures("ids")
def test_nothing_hinders_a_person_who_selects(tab: Page) -> None:
    tab.goto("/products")
    tab.keyboard.press("a")
    assert hindrances_in_every_look(tab) == []
    tab.keyboard.press("2")
    settled(tab)
    assert hindrances_in_every_look(tab) == []


@pytest.mark.usefixtures("ids")
def test_without_javascript_one_selects_and_labels_by_the_form(
    chromium: Browser, page_address: str, database: Database
) -> None:
    context = chromium.new_context(base_url=page_address, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/?token={TOKEN}")
    page.goto("/products?order=sure")
    page.get_by_role("checkbox", name="Select").first.check()
    page.get_by_role("button", name="Sarees").click()
    assert page.locator(".done [role=status]").inner_text() == "1 product is reviewed: Sarees."
    assert rows(database) == [("saree", True)]
    page.get_by_role("button", name="Take it back").click()
    assert rows(database) == [("saree", False)]
    assert "order=sure" in page.url
    context.close()
