import logging
import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.web.conftest import TOKEN
from web.safety.door import LIFETIME_SECONDS, Door, open_door
from web.safety.guard import HEADERS


def test_a_stranger_is_asked_for_the_token(stranger: TestClient) -> None:
    page = stranger.get("/products?category=jeans", headers={"accept": "text/html"})
    assert (page.status_code, "Who is there?" in page.text) == (401, True)
    assert stranger.get("/products.json").status_code == 401
    assert stranger.get("/products?token=guessed").status_code == 401


def test_the_token_becomes_a_cookie_and_leaves_the_address(stranger: TestClient) -> None:
    answer = stranger.get(f"/products?category=jeans&token={TOKEN}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/products?category=jeans")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert stranger.get("/products").status_code == 200


def test_a_token_can_be_typed(stranger: TestClient) -> None:
    wrong = stranger.post("/enter", data={"token": "guessed", "going": "/products"})
    assert wrong.status_code == 401
    right = stranger.post("/enter", data={"token": TOKEN, "going": "/products"})
    assert (right.status_code, right.headers["location"]) == (303, "/products")


def test_whoever_types_a_token_comes_to_where_they_were_going(stranger: TestClient) -> None:
    asked = stranger.get("/products?category=jeans&token=guessed", headers={"accept": "text/html"})
    assert 'name="going" value="/products?category=jeans"' in asked.text


@pytest.mark.parametrize("going", ["//evil.example", "https://evil.example", "/\\evil.example", "/enter"])
def test_the_door_leads_to_no_other_site(stranger: TestClient, going: str) -> None:
    answer = stranger.post("/enter", data={"token": TOKEN, "going": going})
    assert answer.headers["location"].startswith("/")
    assert answer.headers["location"][1:2] not in {"/", "\\"}
    redirected = stranger.get(f"//evil.example/?token={TOKEN}")
    assert not redirected.headers.get("location", "/").startswith("//")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "[::1", ""])
def test_a_foreign_name_is_refused(client: TestClient, host: str) -> None:
    assert client.get("/products", headers={"host": host}).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
def test_another_sites_form_changes_nothing(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/enter", data={"token": TOKEN}, headers=headers).status_code == 403


@pytest.mark.parametrize("path", ["/health", "/products", "/nothing", "/static/page.css", "/images/0/1.webp"])
def test_every_answer_is_kept_from_running_what_is_not_ours(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert {name: answer.headers.get(name) for name in HEADERS} == dict(HEADERS)


def test_the_page_is_up_for_whoever_asks(stranger: TestClient) -> None:
    assert stranger.get("/health").text == "ok\n"


def test_the_token_is_in_no_log_line(stranger: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        stranger.get(f"/?token={TOKEN}")
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("http")]
    assert not [line for line in ours if TOKEN in line]


def test_a_printed_token_is_good_once_and_its_cookie_outlives_a_restart(tmp_path: Path) -> None:
    door, token = open_door(None, tmp_path, 8080)
    cookie = door.admit(token)
    assert cookie is not None
    assert door.admit(token) is None
    again, other_token = open_door(None, tmp_path, 8080)
    assert again.knows(cookie)
    assert other_token != token
    assert (tmp_path / "web-secret").stat().st_mode & 0o077 == 0


def test_a_secret_that_others_could_read_is_made_anew(tmp_path: Path) -> None:
    door, token = open_door(None, tmp_path, 8080)
    cookie = door.admit(token)
    (tmp_path / "web-secret").chmod(0o644)
    assert cookie is not None
    assert not open_door(None, tmp_path, 8080)[0].knows(cookie)


def test_an_operators_token_is_good_for_every_browser(tmp_path: Path) -> None:
    door, token = open_door("correct horse battery", tmp_path, 8080)
    assert door.admit(token)
    assert door.admit(token)
    assert not list(tmp_path.iterdir())  # a folder that cannot be written is as good


@pytest.mark.parametrize("cookie", ["", "1.2", "x", "9" * 40 + ".0", "99999999999.", "\N{SUPERSCRIPT TWO}.x"])
def test_a_cookie_of_somebody_elses_is_unknown(cookie: str) -> None:
    assert not Door(TOKEN, b"secret", once=False, port=80).knows(cookie)


def test_a_cookie_ends() -> None:
    now = time.time()
    given = Door(TOKEN, b"secret", once=False, port=80, clock=lambda: now).admit(TOKEN)
    assert given is not None
    later = Door(TOKEN, b"secret", once=False, port=80, clock=lambda: now + LIFETIME_SECONDS + 1)
    assert not later.knows(given)
