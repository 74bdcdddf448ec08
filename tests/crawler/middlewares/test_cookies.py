import socket

import pytest
from scrapy import Request
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from crawler.middlewares.cookies import PackagedSuffixCookies


def test_a_cookie_makes_nobody_look_up_another_site(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def look_up(host: object, *_args: object, **_options: object) -> list[object]:
        asked.append(host)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    cookies = PackagedSuffixCookies.from_crawler(get_crawler())
    request = Request("https://shop.co.in/dp/1")
    answer = Response(
        request.url, headers={"Set-Cookie": ["session=1; Domain=shop.co.in", "bad=1; Domain=co.in"]}
    )
    cookies.process_response(request, answer)
    following = Request("https://shop.co.in/dp/2")
    cookies.process_request(following)
    assert following.headers["Cookie"] == b"session=1"
    assert asked == []
