import json
from typing import Any
from uuid import uuid4

import pytest
from starlette.testclient import TestClient

from db.session import Database
from tests.factories import SHOP, label
from tests.web.reviewing import classified, given
from tests.worker.embeddings import STRANGE, taught
from web.screens import review_screens

HOSTILE = '</script><script>alert("x")</script>'


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


def test_verdicts_of_other_records_are_refused_and_none_is_recorded(
    client: TestClient, database: Database
) -> None:
    classified(database, "jeans")
    sent = {"records": "others", "verdicts": [verdict()]}
    assert client.post("/api/reviews", json=sent).status_code == 409
    assert given(database) == []
    here = client.get("/review").text.partition('name="records" content="')[2][:16]
    assert client.post("/api/reviews", json=sent | {"records": here}).status_code == 200
    assert len(given(database)) == 1


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
