import json
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from starlette.testclient import TestClient

from db.categories import Category, load_categories
from db.queries.review_history import ReviewRow, stream_reviews
from db.session import Database
from tests.factories import SHOP, get_product, label, likely, model_version, predict, product, save
from tests.web.conftest import TOKEN
from tests.web.looking import hindrances
from tests.worker.embeddings import STRANGE, taught
from web.screens import review_screens

HOSTILE = '</script><script>alert("x")</script>'


def classified(database: Database, *words: str, **listing: Any) -> None:
    """Save a product for each word, which the network takes for it, the first least surely; all listed as sarees."""
    version = model_version(database)
    for number, word in enumerate(words):
        (image,) = save(database, product(f"B00000000{number}", 10 + number, **listing))
        predict(database, version, {image: likely(word, 0.7 + number / 50)})


def given(database: Database) -> list[ReviewRow]:
    return list(stream_reviews(database))


def post(client: TestClient, *verdicts: Any) -> list[dict[str, Any]]:
    answer = client.post("/api/reviews", content=json.dumps({"verdicts": verdicts}))  # ASCII
    assert answer.status_code == 200
    answers: list[dict[str, Any]] = answer.json()["answers"]
    return answers


def verdict(asin: str = "B000000000", category: str = "jeans", **values: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "marketplace": SHOP, "asin": asin, "category": category} | values


def test_each_verdict_is_answered_by_itself(client: TestClient, database: Database) -> None:
    classified(database, "jeans")
    good = verdict(reviewer="asha", why="unsure")
    answers = post(client, verdict("gone"), {"id": 5}, verdict(category="hat"), good, "nonsense", good)
    states = [each["state"] for each in answers]
    assert states == ["unknown product", "malformed", "unknown category", "recorded", "malformed", "recorded"]
    assert post(client, good)[0]["state"] == "known"
    (row,) = given(database)
    assert (row.asin, row.category, row.reviewer, row.why) == ("B000000000", "jeans", "asha", "unsure")


def test_a_verdict_is_taken_back_by_its_name_once_and_for_all(client: TestClient, database: Database) -> None:
    classified(database, "jeans")
    sent = verdict(category="saree")
    back = sent | {"taken_back": True}
    assert [each["state"] for each in post(client, sent)] == ["recorded"]
    assert [each["state"] for each in post(client, back, back, sent)] == ["taken back", "taken back", "known"]
    assert [row.withdrawn_at is None for row in given(database)] == [False]
    assert label(database, "B000000000").category == "jeans"


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "x"},
        {"place": -1},
        {"place": True},
        {"why": "boredom"},
        {"asin": "a\0b"},
        {"asin": "\ud800"},
        {"reviewer": "x" * 101},
        {"category": ["jeans"]},
    ],
)
def test_a_malformed_verdict_is_told_what_is_wrong(client: TestClient, wrong: dict[str, Any]) -> None:
    (answer,) = post(client, verdict(**wrong))
    assert answer["state"] == "malformed"
    assert "got" in answer["error"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[", 400),
        (b"[]", 400),
        (b'{"verdicts": 3}', 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b'{"verdicts": [' + b" " * 300_000 + b"]}", 413),
        (json.dumps({"verdicts": [0] * 201}).encode(), 413),
    ],
)
def test_what_is_no_list_of_verdicts_is_refused(client: TestClient, body: bytes, status: int) -> None:
    assert client.post("/api/reviews", content=body).status_code == status


def test_another_site_can_give_no_verdict(client: TestClient, database: Database) -> None:
    classified(database, "jeans")
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert client.post("/api/reviews", json={"verdicts": [verdict()]}, headers=headers).status_code == 403
    assert given(database) == []


def test_two_reviewers_on_one_product_are_both_kept_and_the_later_counts(
    client: TestClient, database: Database
) -> None:
    classified(database, "jeans")
    post(client, verdict(category="saree", reviewer="asha"))
    post(client, verdict(category="trousers", reviewer="ravi"))
    assert [(row.reviewer, row.counts) for row in given(database)] == [("asha", False), ("ravi", True)]
    assert label(database, "B000000000").category == "trousers"


def test_without_script_the_form_gives_a_verdict_shows_the_next_and_takes_it_back(
    client: TestClient, database: Database
) -> None:
    classified(database, "jeans", "jeans")
    form = {
        "batch": str(uuid4()),
        "marketplace": SHOP,
        "asin": "B000000000",
        "category": "trousers",
        "why": "unsure",
    }
    answer = client.post("/review", data=form | {"order": "unsure", "of": SHOP, "reviewer": "asha"})
    assert answer.url.query.decode().startswith(f"order=unsure&reviewer=asha&marketplace={SHOP}")
    assert "Your verdict is recorded" in answer.text
    assert client.post("/review", data=form).status_code == 200
    assert [(row.category, row.reviewer) for row in given(database)] == [("trousers", "asha")]
    client.post("/review/take-back", data={"batch": form["batch"], "order": "unsure"})
    assert label(database, "B000000000").category == "jeans"


@pytest.mark.parametrize("wrong", [{"asin": "gone"}, {"category": "hat"}, {"batch": "x"}])
def test_a_form_that_cannot_be_recorded_says_so(
    client: TestClient, database: Database, wrong: dict[str, str]
) -> None:
    classified(database, "jeans")
    form = {"batch": str(uuid4()), "marketplace": SHOP, "asin": "B000000000", "category": "jeans"}
    assert client.post("/review", data=form | wrong).status_code == 400
    assert given(database) == []


def test_the_twin_says_what_is_asked_and_why(client: TestClient, database: Database) -> None:
    classified(database, "jeans", "saree")
    state = client.get("/review.json?order=contradicted&limit=2").json()
    first = state["products"][0]
    assert (first["asin"], first["why"], first["likeliest"]) == ("B000000000", "contradicted", "jeans")
    assert first["reason"] == "The shop lists Sarees, the network sees Men's jeans."
    assert first["shares"] == {"saree": 0.15, "jeans": 0.7, "trousers": 0.15}
    assert state["gain"] == {"asked": 0, "wrong": 0, "random": 0, "wrong_random": 0, "by_chance": None}
    assert state["to_learn"] is None
    assert client.get("/review.csv?limit=1").text.splitlines()[1].startswith(f"{SHOP},B000000000,")


def test_an_order_that_is_none_is_refused(client: TestClient) -> None:
    assert client.get("/review?order=backwards").status_code == 400


def test_after_ten_verdicts_what_is_asked_next_has_learnt_from_them(
    client: TestClient, database: Database
) -> None:
    taught(database)
    sent = [verdict(f"strange{seed}", "trousers", why="unsure") for seed in STRANGE[:10]]
    before = client.get("/review.json").json()
    post(client, *sent)
    after = client.get("/review.json").json()
    assert (before["taught_by"], after["taught_by"], after["to_learn"]) == (None, 10, 10)
    named = {each["asin"]: each for each in after["products"]}
    assert {named[f"strange{seed}"]["likeliest"] for seed in STRANGE[10:]} == {"trousers"}


def test_learning_is_planned_once_and_says_when_there_is_nothing_to_learn(
    client: TestClient, database: Database
) -> None:
    refused = client.post("/training/learn")
    assert refused.status_code == 409
    assert "nothing is trained yet" in refused.text
    taught(database)
    post(client, verdict("strange400", "trousers"))
    client.follow_redirects = False
    first, second = (client.post("/training/learn") for _ in range(2))
    assert first.status_code == 303
    assert first.headers["location"] == second.headers["location"]
    assert client.get(first.headers["location"]).status_code == 200


def test_nothing_to_review_says_what_to_do(client: TestClient) -> None:
    assert "Nothing is left to review here" in client.get("/review").text


def test_the_screen_itself_holds_few_questions(client: TestClient, database: Database) -> None:
    taught(database)
    assert client.get("/review").text.count('"reason":') == review_screens.FIRST
    assert len(client.get("/review.json?limit=40").json()["products"]) == 40


def test_a_hostile_title_is_text(client: TestClient, database: Database) -> None:
    classified(database, "jeans", title=HOSTILE)
    assert "<script>alert" not in client.get("/review").text


# In a real browser ------------------------------------------------------------------------------------------------


def shown(tab: Page) -> str:
    return tab.locator("#product").inner_text()


def settled(tab: Page) -> None:
    tab.wait_for_function("() => sessionStorage.getItem('vastra.unsaved') === '[]'")


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
    assert tab.evaluate("sessionStorage.getItem('vastra.unsaved')") in {None, "[]"}


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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 360])
def test_nothing_hinders_a_person(tab: Page, database: Database, scheme: Any, width: int) -> None:
    classified(database, "jeans", "trousers", "saree", title="A long title " * 30)
    tab.set_viewport_size({"width": width, "height": 800})
    tab.emulate_media(color_scheme=scheme)
    for path in ("/review", "/help", "/review?marketplace=nowhere"):
        tab.goto(path)
        tab.wait_for_load_state("networkidle")
        assert hindrances(tab) == []
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    tab.goto("/review")
    tab.keyboard.press("1")
    settled(tab)
    assert hindrances(tab) == []


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
