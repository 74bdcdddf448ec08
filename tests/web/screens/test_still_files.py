import gzip
import hashlib
import re

import pytest
from starlette.testclient import TestClient

from tests.conftest import ROOT
from web.templating import static_address, still_content


def test_scripts_that_are_not_ours_are_what_the_notice_says() -> None:
    notice = (ROOT / "web/static/NOTICE.md").read_text(encoding="utf-8")
    named = dict(re.findall(r"^\| (\S+\.js) \|.*\| ([0-9a-f]{64}) \|$", notice, flags=re.MULTILINE))
    assert named
    for name, sha256 in named.items():
        assert hashlib.sha256(still_content(name)).hexdigest() == sha256
    assert "Zero-Clause BSD" in notice


def test_a_browser_may_keep_what_its_address_names_by_content(client: TestClient) -> None:
    named = client.get(static_address("page.css"))
    assert "immutable" in named.headers["cache-control"]
    assert named.headers["content-type"].startswith("text/css")
    assert client.get("/static/page.css").headers["cache-control"] == "no-cache"


def test_a_file_that_is_not_there_is_not_found(client: TestClient) -> None:
    for name in ("nothing.css", "../templates/base.html", "..%2fsettings.py", "base.html"):
        assert client.get(f"/static/{name}").status_code == 404


def test_a_script_that_is_asked_for_again_is_sent_only_where_it_changed(client: TestClient) -> None:
    tag = client.get("/static/keys.js").headers["etag"]
    assert client.get("/static/keys.js", headers={"if-none-match": tag}).status_code == 304


@pytest.mark.parametrize("path", ["/", "/products", "/review", "/versions", "/crawls/new", "/help"])
def test_scripts_and_styles_of_a_screen_are_small(client: TestClient, path: str) -> None:
    scripts, wanted = set[str](), set(re.findall(r"/static/(\w[\w.-]*\.js)", client.get(path).text))
    while wanted:
        scripts |= wanted
        imported = (
            re.findall(r'"(?:\./|/static/)([\w-]+\.js)"', still_content(each).decode()) for each in wanted
        )
        wanted = {name for names in imported for name in names} - scripts
    assert scripts
    assert sum(len(gzip.compress(still_content(each))) for each in scripts) < 20_000
    styles = len(still_content("tokens.css")) + len(still_content("page.css"))
    assert styles + len(client.get(path).content) < 60_000


def test_templates_hold_no_inline_script_or_style() -> None:
    for path in (ROOT / "web/templates").glob("*.html"):
        text = path.read_text(encoding="utf-8").replace('<script type="application/json"', "")
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*\ssrc=)|hx-on", text), path.name
