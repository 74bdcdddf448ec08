import pytest
from playwright.sync_api import Page
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.testclient import TestClient

from db.datasets import embedding_index
from db.models import Image
from db.repository.bodies import record_embeddings
from db.repository.model_versions import activate
from db.session import Database
from tests.factories import body, embed, model_version, product, save, telling, version_with_body
from tests.web.looking import hindrances_in_every_look
from web import alike


@pytest.fixture
def body_id(database: Database) -> int:
    return body(database)


@pytest.fixture
def pictures(database: Database, body_id: int) -> list[str]:
    """The SHA-256 of five pictures; one product shows two of them."""
    products = (product("B000000000", 0, 4), *(product(f"B00000000{n}", n) for n in range(1, 4)))
    save(database, *products)
    version = version_with_body(database, body_id)
    with database.read() as session:
        stored = session.execute(select(Image.id, Image.sha256).order_by(Image.id)).all()
    embed(database, version, {image_id: told for (image_id, _), told in zip(stored, TOLD, strict=True)})
    return [sha256 for _, sha256 in stored]


TOLD = (telling(30, 0), telling(30, 2), telling(30, 5), telling(30, 20), telling(0, 0, 30))


def asins(client: TestClient, sha256: str, query: str = "") -> list[str]:
    return [row["asin"] for row in client.get(f"/similar/{sha256}.json{query}").json()]


def test_the_nearest_come_first_and_its_own_products_are_left_out(
    client: TestClient, pictures: list[str]
) -> None:
    found = client.get(f"/similar/{pictures[0]}.json").json()
    similarities = [row["similarity"] for row in found]
    assert similarities == sorted(similarities, reverse=True)
    assert all(row["image_sha256"] in pictures[1:] for row in found)
    assert len({row["asin"] for row in found}) == len(found)
    own = client.get(f"/similar/{found[0]['image_sha256']}.json").json()
    assert found[0]["asin"] not in {row["asin"] for row in own}
    assert len(asins(client, pictures[0], "?limit=1")) == 1


def test_what_is_embedded_later_is_found(
    client: TestClient, database: Database, pictures: list[str], body_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alike, "_EVERY_SECONDS", 0)
    before = asins(client, pictures[0])
    (image,) = save(database, product("B000000009", 9))
    with database.write() as session:
        record_embeddings(session, body_id, {image: TOLD[0]})
    while asins(client, pictures[0]) == before:  # it is read beside the answers
        pass
    assert asins(client, pictures[0])[0] == "B000000009"


def test_another_body_is_asked_as_soon_as_its_version_is_active(
    client: TestClient, database: Database, pictures: list[str]
) -> None:
    assert asins(client, pictures[0])
    other = version_with_body(database, body(database, 2), active=False)
    with database.write() as session:
        activate(session, other)
    answer = client.get(f"/similar/{pictures[0]}.json")
    assert answer.status_code == 409
    assert "has not seen the picture yet" in answer.text


def test_the_first_values_are_enough_to_find_them(
    client: TestClient, pictures: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = asins(client, pictures[0])
    monkeypatch.setattr(embedding_index, "FIRST_VALUES", 4)
    monkeypatch.setattr(embedding_index, "WHOLE_UP_TO", 0)
    monkeypatch.setattr(alike, "_RENEWED_SECONDS", -1)
    assert asins(client, pictures[0]) == exact


def records_are_away(*_: object) -> None:
    raise SQLAlchemyError("the records are away")


def test_while_the_pictures_are_read_it_says_how_far(
    client: TestClient, pictures: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alike, "PATIENCE_SECONDS", 0)
    monkeypatch.setattr(alike, "keep_up", records_are_away)
    answer = client.get(f"/similar/{pictures[0]}")
    assert answer.status_code == 200
    assert "0% of the pictures are read" in answer.text
    twin = client.get(f"/similar/{pictures[0]}.json")
    assert (twin.status_code, twin.headers["retry-after"]) == (503, "2")


def test_where_there_is_nothing_to_compare_by_it_says_what_to_do(
    client: TestClient, database: Database
) -> None:
    (image,) = save(database, product("B000000001", 1))
    with database.read() as session:
        sha256 = session.get_one(Image, image).sha256
    assert "python -m worker train" in client.get(f"/similar/{sha256}").text
    model_version(database)
    assert "has no body" in client.get(f"/similar/{sha256}").text
    assert client.get(f"/similar/{sha256}.json").status_code == 409


@pytest.mark.parametrize("sha256", ["0" * 64, "x", "%00", "~2E"])
def test_a_picture_that_is_not_stored_is_said_to_be_missing(
    client: TestClient, pictures: list[str], sha256: str
) -> None:
    assert len(pictures) == 5
    assert client.get(f"/similar/{sha256}").status_code == 404


def test_a_limit_that_is_none_is_refused(client: TestClient, pictures: list[str]) -> None:
    assert client.get(f"/similar/{pictures[0]}?limit=x").status_code == 400


def test_nothing_hinders_a_person(tab: Page, pictures: list[str]) -> None:
    tab.goto(f"/similar/{pictures[0]}")
    assert tab.get_by_text("alike", exact=False).count() >= 3
    assert hindrances_in_every_look(tab) == []


def test_a_product_leads_to_more_like_it(tab: Page, pictures: list[str]) -> None:
    tab.goto("/products/amazon.in/B000000001")
    tab.get_by_role("heading", name="More like it").wait_for()
    tab.locator(".more-like .card").first.wait_for()
    assert tab.locator(".more-like .card").count() == 3
    assert len(pictures) == 5
