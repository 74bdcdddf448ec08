import gzip
import hashlib
import re

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


def test_scripts_of_a_screen_are_small() -> None:
    scripts = (ROOT / "web/static").glob("*.js")
    assert sum(len(gzip.compress(path.read_bytes())) for path in scripts) < 24_000


def test_templates_hold_no_inline_script_or_style() -> None:
    for path in (ROOT / "web/templates").glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*\ssrc=)|hx-on", text), path.name
