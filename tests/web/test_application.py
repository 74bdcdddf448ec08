from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from db.image_store import ImageStore
from db.session import Database
from tests.web.conftest import HOSTS, TOKEN
from web.application import make_app
from web.picture_cache import PictureCache
from web.resources import Resources
from web.safety.door import Door
from web.safety.guard import HEADERS


@pytest.fixture
def without_database(tmp_path: Path) -> Iterator[TestClient]:
    """A client that has come in, of a page whose database is away."""
    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=2")
    door = Door(TOKEN, b"secret", once=False, port=80)
    shared = Resources(database, ImageStore("db:"), PictureCache(tmp_path), door)
    with TestClient(make_app(shared, HOSTS)) as client:
        client.get(f"/help?token={TOKEN}")
        yield client
    database.close()


def test_a_database_that_is_away_is_said_and_told_from_a_mistake(without_database: TestClient) -> None:
    for path in ("/", "/products", "/review.json", "/versions"):
        answer = without_database.get(path)
        assert answer.status_code == 503, path
        assert "look whether it is up" in answer.text
        assert answer.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]


def test_a_verdict_that_could_not_be_recorded_is_told_so(without_database: TestClient) -> None:
    verdict = {
        "id": "5f0c1f3e-8a55-4f6f-9a39-0f3f1c9a2b11",
        "marketplace": "shop",
        "asin": "1",
        "category": "jeans",
    }
    answer = without_database.post("/api/reviews", json={"verdicts": [verdict]})
    assert answer.status_code == 503


def test_an_address_that_leads_nowhere_is_a_page_that_says_so(without_database: TestClient) -> None:
    answer = without_database.get("/nothing")
    assert (answer.status_code, "There is nothing here" in answer.text) == (404, True)
