import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from db.categories import Category, load_categories
from db.session import Database
from tests.factories import get_product
from tests.web.conftest import TOKEN
from tests.web.looking import hindrances_in_every_look
from tests.web.reviewing import classified, given, settled


def shown(tab: Page) -> str:
    return tab.locator("#product").inner_text()


def test_keys_give_verdicts_and_take_them_back(tab: Page, database: Database) -> None:
    classified(database, "jeans", "trousers", "jeans", "jeans", "jeans")
    tab.goto("/review?order=unsure")
    asked = []
    for key in ("3", "Enter", "q", "0"):
        asked.append(shown(tab).removeprefix("Title of "))
        tab.keyboard.press(key)
    tab.keyboard.press("u")
    assert shown(tab) == f"Title of {asked[3]}"
    settled(tab)
    words = [(row.asin, row.category, row.withdrawn_at is None) for row in given(database)]
    likeliest = get_product(database, asked[1]).likeliest
    assert words == [
        (asked[0], "trousers", True),
        (asked[1], likeliest, True),
        (asked[2], "saree", True),
        (asked[3], "other", False),
    ]
    assert [row.why for row in given(database)] == ["unsure"] * 4


def test_skipping_and_moving_give_no_verdict_and_a_held_key_gives_one(tab: Page, database: Database) -> None:
    classified(database, "jeans", "jeans", "jeans")
    tab.goto("/review?order=unsure")
    first = shown(tab)
    tab.keyboard.press("j")
    assert shown(tab) != first
    tab.keyboard.press("k")
    assert shown(tab) == first
    tab.keyboard.press("s")
    tab.keyboard.down("1")
    tab.keyboard.down("1")
    tab.keyboard.up("1")
    settled(tab)
    assert len(given(database)) == 1
    tab.reload()
    assert shown(tab) != first


def test_a_click_on_the_strip_takes_that_verdict_back(tab: Page, database: Database) -> None:
    classified(database, "jeans", "jeans", "jeans")
    tab.goto("/review?order=unsure")
    first = shown(tab)
    tab.get_by_role("button", name="Men's trousers").click()
    tab.keyboard.press("1")
    settled(tab)
    tab.reload()
    tab.locator("#given button").nth(1).click()
    assert shown(tab) == first
    settled(tab)
    assert [row.withdrawn_at is None for row in given(database)] == [False, True]


def test_a_name_is_kept_beside_verdicts_and_enter_after_it_gives_none(tab: Page, database: Database) -> None:
    classified(database, "jeans", "jeans", "jeans")
    tab.goto("/review")
    tab.get_by_label("Your name").fill("asha")
    tab.keyboard.press("Enter")
    tab.locator("#main").focus()
    tab.keyboard.press("2")
    settled(tab)
    tab.reload()
    expect(tab.get_by_label("Your name")).to_have_value("asha")
    assert [row.reviewer for row in given(database)] == ["asha"]


def test_keys_can_be_changed_and_switched_off(tab: Page, database: Database) -> None:
    classified(database, "jeans", "jeans", "jeans")
    tab.goto("/help")
    tab.get_by_role("button", name="Change the key: Sarees").click()
    tab.keyboard.press("y")
    expect(tab.locator("#keys-said")).to_have_text("y does it now.")
    tab.goto("/review")
    expect(tab.locator("#categories kbd").first).to_have_text("y")
    tab.keyboard.press("1")
    tab.keyboard.press("y")
    settled(tab)
    assert [row.category for row in given(database)] == ["saree"]
    tab.goto("/help")
    tab.get_by_role("checkbox", name="Keys are on").click()
    tab.goto("/review")
    tab.keyboard.press("y")
    settled(tab)


def test_keys_lead_to_screens(tab: Page, database: Database) -> None:
    classified(database, "jeans")
    tab.goto("/review")
    tab.keyboard.press("g")
    tab.keyboard.press("p")
    tab.wait_for_url("**/products")
    tab.keyboard.press("?")
    tab.wait_for_url("**/help")


def test_while_the_server_is_away_verdicts_wait_and_leaving_asks(
    window: BrowserContext, database: Database
) -> None:
    classified(database, "jeans", "jeans", "jeans")
    tab = window.new_page()  # in which a browser may complain of the server
    tab.goto("/review")
    tab.route("**/api/reviews", lambda route: route.fulfill(status=503))
    tab.keyboard.press("1")
    tab.keyboard.press("2")
    expect(tab.locator("#saving")).to_contain_text("2 not saved")
    with tab.expect_event("dialog") as asked:
        tab.once("dialog", lambda dialog: dialog.dismiss())
        tab.evaluate("void setTimeout(() => location.assign('/help'))")
    assert asked.value.type == "beforeunload"
    tab.unroute("**/api/reviews")
    tab.evaluate("dispatchEvent(new Event('online'))")
    settled(tab)
    expect(tab.locator("#saving")).to_have_text("")
    assert [row.category for row in given(database)] == ["saree", "jeans"]


def test_what_is_not_saved_is_told_on_every_screen_and_saved_from_there(
    window: BrowserContext, database: Database
) -> None:
    classified(database, "jeans", "jeans")
    tab = window.new_page()
    tab.goto("/review")
    tab.route("**/api/reviews", lambda route: route.abort())
    tab.keyboard.press("1")
    expect(tab.locator("#saving")).to_contain_text("1 not saved")
    tab.on("dialog", lambda dialog: dialog.accept())
    tab.goto("/crawls")
    expect(tab.locator("#saving")).to_contain_text("1 not saved")
    tab.unroute("**/api/reviews")
    tab.evaluate("dispatchEvent(new Event('online'))")
    settled(tab)
    assert [row.category for row in given(database)] == ["saree"]


def test_other_records_at_the_same_address_never_get_a_verdict(
    window: BrowserContext, database: Database
) -> None:
    classified(database, "jeans")
    tab = window.new_page()
    tab.goto("/review")
    tab.evaluate("document.querySelector('meta[name=records]').content = 'others'")
    with tab.expect_response("**/api/reviews") as answer:
        tab.evaluate("""() => fetch("/api/reviews", {
            method: "POST", body: JSON.stringify({ records: "others", verdicts: [] })
        })""")
    assert answer.value.status == 409
    tab.route("**/api/reviews", lambda route: route.fulfill(status=409))
    tab.keyboard.press("1")
    expect(tab.locator("#saving")).to_contain_text("1 not saved: other records are open here now")


def test_what_was_given_on_other_records_is_told_and_waits_for_theirs(
    window: BrowserContext, database: Database
) -> None:
    classified(database, "jeans")
    tab = window.new_page()
    tab.goto("/crawls")
    name = "vastra.unsaved.others"
    tab.evaluate("name => sessionStorage.setItem(name, JSON.stringify([['a 0', { id: 'a' }]]))", name)
    tab.reload()
    expect(tab.locator("#saving")).to_contain_text("1 not saved: other records are open here now")
    tab.get_by_role("link", name="To the review").click()
    tab.wait_for_url("**/review")
    tab.keyboard.press("1")
    settled(tab)
    expect(tab.locator("#saving")).to_contain_text("1 not saved")
    assert "'a 0'" in str(tab.evaluate("name => JSON.parse(sessionStorage.getItem(name))", name))
    assert len(given(database)) == 1


def test_a_laptop_that_slept_saves_what_was_waiting(window: BrowserContext, database: Database) -> None:
    classified(database, "jeans", "jeans", "jeans")
    tab = window.new_page()
    tab.clock.install()
    tab.goto("/review")
    tab.route("**/api/reviews", lambda route: route.abort())
    tab.keyboard.press("1")
    expect(tab.locator("#saving")).to_contain_text("1 not saved")
    tab.clock.fast_forward("08:00:00")  # as when a lid is opened: what was due comes once
    expect(tab.locator("#saving")).to_contain_text("1 not saved")
    tab.keyboard.press("2")
    tab.unroute("**/api/reviews")
    tab.clock.fast_forward("08:00:00")
    settled(tab)
    expect(tab.locator("#saving")).to_have_text("")
    assert [row.category for row in given(database)] == ["saree", "jeans"]


def test_taking_back_goes_no_further_than_this_visit(
    window: BrowserContext, tab: Page, database: Database
) -> None:
    classified(database, "jeans", "jeans", "jeans")
    tab.goto("/review")
    tab.keyboard.press("1")
    settled(tab)
    other = window.new_page()  # another visit: it sees the verdict in its strip
    other.goto("/review")
    expect(other.locator("#given button")).to_have_count(1)
    other.keyboard.press("u")
    expect(other.locator("#reason")).to_contain_text("Nothing of this visit is left to take back")
    assert [row.withdrawn_at for row in given(database)] == [None]
    other.locator("#given button").click()  # but whoever chooses it may
    settled(other)
    expect(other.locator("#suggestion b")).to_have_text(
        "Men's jeans"
    )  # and the network's word is there again
    assert given(database)[0].withdrawn_at is not None


@pytest.mark.parametrize("width", [1280, 360])
def test_the_keys_on_the_screen_stay_where_they_are(tab: Page, database: Database, width: int) -> None:
    classified(database, "jeans", "trousers", "saree", "jeans", title="A")
    tab.set_viewport_size({"width": width, "height": 800})
    tab.goto("/review")
    places = {str(tab.locator("#categories").bounding_box())}
    for key in ("u", "j", "j", "1", "u", "s", "s"):  # "u" says something else in place of why it is asked
        tab.keyboard.press(key)
        places.add(str(tab.locator("#categories").bounding_box()))
    for place, longest in (("reason", 400), ("gain", 60), ("saving", 140)):
        words = ("What is said. " * 30)[:longest]
        tab.evaluate("([id, words]) => document.getElementById(id).textContent = words", [place, words])
        places.add(str(tab.locator("#categories").bounding_box()))
    assert len(places) == 1


def test_with_no_picture_left_and_no_server_it_waits(window: BrowserContext, database: Database) -> None:
    classified(database, "jeans")
    tab = window.new_page()
    tab.route("**/review.json*", lambda route: route.abort())
    tab.goto("/review")
    tab.keyboard.press("1")
    expect(tab.locator("#picture")).to_have_text("waiting for the server")
    tab.unroute("**/review.json*")
    expect(tab.locator("#nothing")).to_be_visible()
    expect(tab.locator("#main")).to_be_visible()


def test_a_product_that_vanished_is_told_and_the_others_are_recorded(tab: Page, database: Database) -> None:
    classified(database, "jeans", "jeans", "jeans")
    tab.goto("/review?order=unsure")
    with database.write() as session:
        session.delete(session.merge(get_product(database, "B000000000")))
    tab.keyboard.press("1")
    expect(tab.locator("#reason")).to_contain_text("unknown product")
    tab.keyboard.press("2")
    settled(tab)
    assert [row.category for row in given(database)] == ["jeans"]


def test_a_category_that_is_added_while_one_reviews_gets_its_key(
    tab: Page, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    classified(database, "jeans", "jeans", "jeans")
    tab.goto("/review")
    more = (*load_categories(), Category("shirt", "Shirts", ("shirt",)))
    monkeypatch.setattr("web.screens.review_screens.load_categories", lambda: more)
    tab.keyboard.press("1")
    expect(tab.locator("#categories button").nth(3)).to_contain_text("Shirts")
    tab.keyboard.press("4")
    settled(tab)
    assert [row.category for row in given(database)] == ["saree", "shirt"]


def test_a_category_that_is_taken_away_while_one_reviews_is_told_and_its_key_goes(
    tab: Page, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    classified(database, "jeans", "jeans", "jeans")
    tab.goto("/review?order=unsure")
    fewer = tuple(each for each in load_categories() if each.name != "jeans")
    monkeypatch.setattr("web.screens.review_screens.load_categories", lambda: fewer)
    tab.keyboard.press("Enter")  # for what the network suggests
    expect(tab.locator("#reason")).to_contain_text("Not recorded, unknown category")
    expect(tab.locator("#categories button")).to_have_count(len(fewer) + 1)
    expect(tab.locator("#suggestion")).to_be_disabled()
    tab.keyboard.press("Enter")
    expect(tab.locator("#reason")).to_contain_text("Jeans is no category any more")
    tab.keyboard.press("1")
    settled(tab)
    assert [row.category for row in given(database)] == ["saree"]


def test_two_tabs_do_not_ask_the_same_for_long(window: BrowserContext, tab: Page, database: Database) -> None:
    classified(database, "jeans", "jeans", "jeans")
    other = window.new_page()
    for page in (tab, other):
        page.goto("/review?order=unsure")
    tab.keyboard.press("1")
    tab.keyboard.press("1")
    settled(tab)
    with other.expect_response("**/review.json*"):
        other.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    other.keyboard.press("j")
    expect(other.locator("#product")).to_have_text(shown(tab))
    other.keyboard.press("2")
    settled(other)
    assert [(row.category, row.counts) for row in given(database)] == [("saree", True)] * 2 + [
        ("jeans", True)
    ]


def test_nothing_hinders_a_person(tab: Page, database: Database) -> None:
    classified(database, "jeans", "trousers", "saree", title="A long title " * 30)
    for path in ("/review", "/help", "/review?marketplace=nowhere"):
        tab.goto(path)
        tab.wait_for_load_state("networkidle")
        assert hindrances_in_every_look(tab) == []
    tab.goto("/review")
    tab.keyboard.press("1")
    settled(tab)
    assert hindrances_in_every_look(tab) == []


def test_without_javascript_one_reviews_by_buttons(
    chromium: Browser, page_address: str, database: Database
) -> None:
    classified(database, "jeans", "jeans")
    context = chromium.new_context(base_url=page_address, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/?token={TOKEN}")
    page.goto("/review?order=unsure")
    first = page.locator("#product").inner_text()
    page.get_by_role("button", name="Men's trousers").click()
    assert page.locator("#product").inner_text() != first
    page.get_by_role("button", name="Take it back").click()
    assert page.locator("#product").inner_text() == first
    assert [row.withdrawn_at is None for row in given(database)] == [False]
    context.close()
