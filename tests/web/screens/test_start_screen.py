import pytest
from playwright.sync_api import Page, expect
from starlette.testclient import TestClient

from db.repository.found_products import save_products
from db.session import Database
from tests.factories import STORE, product
from tests.web.looking import hindrances_in_every_look


@pytest.fixture(autouse=True)
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker of this machine is this test's."""
    monkeypatch.setenv("CELERY_BROKER_URL", "memory://")


def test_an_empty_start_teaches(client: TestClient) -> None:
    page = client.get("/").text
    assert "There are no products yet" in page
    assert "python -m worker run" in page


def test_programs_get_the_figures(client: TestClient, database: Database) -> None:
    with database.write() as session:
        save_products(session, [product("B000000001", 1)], STORE)
    figures = client.get("/start.json").json()
    assert figures["statistics"]["products"] == 1
    assert figures["next"]["where"] == "/training"
    assert figures["workers"] == []
    assert figures["problem"]


def test_what_changes_is_shown_without_being_asked_for(tab: Page, database: Database) -> None:
    tab.goto("/")
    expect(tab.get_by_text("There are no products yet")).to_be_visible()
    with database.write() as session:
        save_products(session, [product("B000000001", 1)], STORE)
    expect(tab.get_by_text("No network has been trained")).to_be_visible(timeout=10_000)


def test_nothing_hinders_a_person_at_the_start(tab: Page, database: Database) -> None:
    with database.write() as session:
        save_products(session, [product("B000000001", 1)], STORE)
    tab.goto("/")
    assert hindrances_in_every_look(tab) == []
