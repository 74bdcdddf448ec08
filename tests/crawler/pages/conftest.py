from collections.abc import Callable
from pathlib import Path

import pytest
from scrapy.http import HtmlResponse

FIXTURES = Path(__file__).parent / "fixtures"

ReadPage = Callable[[str], HtmlResponse]


@pytest.fixture
def read_page() -> ReadPage:
    """Read a hand-made page as if the shop, at an address of this machine, had answered with it."""

    def read(name: str) -> HtmlResponse:
        body = (FIXTURES / f"{name}.html").read_bytes()
        return HtmlResponse("http://127.0.0.1:8000/page", body=body, encoding="utf-8")

    return read
