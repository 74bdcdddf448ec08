from collections import Counter

from playwright.sync_api import Page, expect
from starlette.testclient import TestClient

from web.page_keys import CATEGORIES, EVERYWHERE, LISTING, REVIEWING, defaults


def test_no_key_does_two_things_on_one_screen() -> None:
    for there in (REVIEWING, LISTING):
        keys = Counter(key for each in (*EVERYWHERE, *CATEGORIES, *there) for key in each.keys)
        assert keys.most_common(1)[0][1] == 1


def test_help_names_every_key_of_a_category_that_there_is(client: TestClient) -> None:
    help_ = client.get("/help.json").json()
    digits = [each["does"] for each in help_["keys"] if each["action"].startswith("category-")]
    assert digits == ["Sarees", "Men's jeans", "Men's trousers"]
    others = {action for action in defaults() if not action.startswith("category-")}
    assert others <= {each["action"] for each in help_["keys"]}
    assert "verdict" in {each["word"] for each in help_["words"]}


def test_a_key_goes_to_one_action_alone_and_the_usual_ones_come_back(tab: Page) -> None:
    tab.goto("/help")
    tab.get_by_role("button", name="Change the key: see it larger").click()
    tab.keyboard.press("s")
    expect(tab.locator("#keys-said")).to_contain_text("which has it no more")
    expect(tab.locator('[data-action="zoom"] kbd')).to_have_text("s")
    expect(tab.locator('[data-action="skip"] kbd')).to_have_text("Space")
    tab.get_by_role("button", name="The usual keys").click()
    expect(tab.locator('[data-action="zoom"] kbd')).to_have_text("z")


def test_escape_changes_nothing(tab: Page) -> None:
    tab.goto("/help")
    tab.get_by_role("button", name="Change the key: see it larger").click()
    tab.keyboard.press("Escape")
    expect(tab.locator("#keys-said")).to_have_text("Nothing is changed.")
    tab.keyboard.press("z")
    expect(tab.locator('[data-action="zoom"] kbd')).to_have_text("z")
