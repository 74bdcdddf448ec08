from collections.abc import Mapping

import pytest
from playwright.sync_api import Page
from sqlalchemy import select
from starlette.testclient import TestClient

from db.models import Image
from db.pictures.codes import QualityCode, Reason
from db.repository.predictions import set_aside
from db.session import Database
from tests.factories import model_version, product, refused, save
from tests.web.looking import hindrances_in_every_look
from web.reason_words import QUALITIES, REASONS, SHOWN

HOSTILE = '<script>alert("x")</script>'


@pytest.fixture
def image_ids(database: Database) -> list[int]:
    """Four pictures, of which one is corrupt and two killed their worker; and two refused addresses."""
    model_version(database)
    gone = refused(url="javascript:alert(1)")
    small = refused(Reason.TOO_SMALL, "https://shop.test/spacer.gif")
    ids = save(database, product("B000000001", 1, 2, gone, small), product("B000000002", 3, 4, title=HOSTILE))
    put_aside(database, {ids[0]: Reason.CORRUPT, ids[1]: Reason.WORKER_DIED, ids[2]: Reason.WORKER_DIED})
    return ids


def put_aside(database: Database, reasons: Mapping[int, Reason]) -> None:
    with database.write() as session:
        set_aside(session, reasons)


def aside(database: Database) -> list[int]:
    with database.read() as session:
        return list(session.scalars(select(Image.id).where(Image.reason.is_not(None)).order_by(Image.id)))


def test_reasons_are_counted_and_say_what_to_do(client: TestClient, image_ids: list[int]) -> None:
    assert len(image_ids) == 4
    counts = client.get("/set-aside.json").json()
    assert [(count["kind"], count["reason"], count["pictures"]) for count in counts] == [
        ("set aside", "corrupt", 1), ("set aside", "worker_died", 2),
        ("refused", "not_found", 1), ("refused", "too_small", 1),
    ]  # fmt: skip
    assert client.get("/set-aside.csv").text.startswith("kind,reason,pictures,estimated\n")
    page = client.get("/set-aside").text
    assert REASONS[Reason.CORRUPT].meaning in page
    assert "retry=too_small" in page


def test_every_code_has_its_words() -> None:
    assert set(REASONS) == set(Reason)
    assert set(QUALITIES) == set(QualityCode)
    assert set(REASONS) >= SHOWN


def test_the_pictures_of_a_reason_are_listed_a_page_at_a_time(
    client: TestClient, image_ids: list[int]
) -> None:
    first, *_ = client.get("/set-aside.json?reason=worker_died&limit=1").json()
    second, *_ = client.get(f"/set-aside.json?reason=worker_died&after={first['id']}").json()
    assert [first["id"], second["id"]] == image_ids[1:3]
    assert (first["asin"], second["title"]) == ("B000000001", HOSTILE)
    page = client.get("/set-aside?reason=worker_died&limit=1").text
    assert f"/images/{first['sha256']}/320.webp" in page
    assert f"after={first['id']}" in page
    assert "<script>alert" not in client.get("/set-aside?reason=worker_died").text


def test_what_cannot_be_decoded_is_not_asked_for(client: TestClient, image_ids: list[int]) -> None:
    page = client.get("/set-aside?reason=corrupt").text
    assert f'name="image" value="{image_ids[0]}"' in page
    assert "/images/" not in page


def test_refused_addresses_are_listed_with_their_product(client: TestClient, image_ids: list[int]) -> None:
    assert image_ids
    (row,) = client.get("/set-aside.json?refused=not_found").json()
    assert (row["url"], row["asin"], row["sha256"]) == ("javascript:alert(1)", "B000000001", None)
    assert 'href="javascript:' not in client.get("/set-aside?refused=not_found").text


def test_a_reason_is_put_back_whole_and_a_picture_alone(
    client: TestClient, database: Database, image_ids: list[int]
) -> None:
    page = client.post("/set-aside/put-back", data={"reason": "worker_died", "image": str(image_ids[1])}).text
    assert "1 picture is pending again" in page
    assert aside(database) == [image_ids[0], image_ids[2]]
    assert "1 picture is" in client.post("/set-aside/put-back", data={"reason": "worker_died"}).text
    assert aside(database) == [image_ids[0]]
    assert (
        "Nothing had to be put back"
        in client.post("/set-aside/put-back", data={"reason": "worker_died"}).text
    )


def test_two_who_put_one_picture_back_put_it_back_once(
    client: TestClient, database: Database, image_ids: list[int]
) -> None:
    form = {"reason": "corrupt", "image": str(image_ids[0])}
    client.post("/set-aside/put-back", data=form)
    assert "Nothing had to be put back" in client.post("/set-aside/put-back", data=form).text
    assert aside(database) == image_ids[1:3]


@pytest.mark.parametrize("form", [{}, {"reason": "ugly"}, {"reason": "corrupt", "image": "x"}])
def test_what_cannot_be_put_back_is_refused(client: TestClient, form: dict[str, str]) -> None:
    assert client.post("/set-aside/put-back", data=form).status_code == 400


@pytest.mark.parametrize(
    "query", ["reason=ugly", "refused=x", "after=x", "limit=-1", "reason=corrupt&after=%00"]
)
def test_an_address_that_says_what_cannot_be_is_refused(client: TestClient, query: str) -> None:
    for ending in ("", ".json", ".csv"):
        assert client.get(f"/set-aside{ending}?{query}").status_code == 400


def test_where_nothing_is_set_aside_it_says_what_would_be(client: TestClient) -> None:
    assert "Nothing is set aside" in client.get("/set-aside?again=x").text


def test_nothing_hinders_a_person(tab: Page, image_ids: list[int]) -> None:
    assert image_ids
    for query in ("", "?reason=worker_died", "?reason=corrupt", "?refused=too_small"):
        tab.goto(f"/set-aside{query}")
        assert hindrances_in_every_look(tab) == []
    tab.goto("/set-aside?reason=worker_died")
    tab.get_by_role("button", name="Put back").first.click()
    tab.get_by_text("1 picture is pending again").wait_for()
