from collections.abc import Callable

import pytest
from scrapy.http import HtmlResponse, Response, TextResponse

from crawler.pages.amazon.kinds import PageKind, classify_page


@pytest.mark.parametrize("kind", PageKind)
def test_each_kind_is_told_from_its_body(kind: PageKind, read_page: Callable[[str], HtmlResponse]) -> None:
    assert classify_page(read_page(f"kinds/{kind}")) == kind


@pytest.mark.parametrize("kind", PageKind)
@pytest.mark.parametrize("status", [200, 403, 404, 503])
def test_the_status_does_not_matter(
    kind: PageKind, status: int, read_page: Callable[[str], HtmlResponse]
) -> None:
    assert classify_page(read_page(f"kinds/{kind}").replace(status=status)) == kind


def test_refusals_are_blocks_and_answers_are_not() -> None:
    answers = {"search", "product", "empty", "not_found", "scripted", "unknown"}
    assert {str(kind) for kind in PageKind if not kind.is_block} == answers


@pytest.mark.parametrize(
    "response",
    [
        Response("http://127.0.0.1/", body=b"\xff\xd8\xff\xe0binary"),
        HtmlResponse("http://127.0.0.1/", body=b""),
        HtmlResponse("http://127.0.0.1/", body=b"\x00\xff<\x00", encoding="utf-8"),
        TextResponse("http://127.0.0.1/", body=b'{"error": "busy"}', encoding="utf-8"),
        TextResponse("http://127.0.0.1/", body=b"404", encoding="utf-8"),
    ],
)
def test_what_is_no_page_of_the_shop_is_unknown(response: Response) -> None:
    assert classify_page(response) == PageKind.UNKNOWN


def test_a_page_that_only_mentions_result_cards_is_no_search() -> None:
    body = b"<script>var card = '<div data-component-type=\"s-search-result\">';</script>"
    assert classify_page(HtmlResponse("http://127.0.0.1/", body=body)) == PageKind.SCRIPTED


@pytest.mark.parametrize("more", ['<a href="/dp/B0ABCDEFGH">Saree</a>', "many words " * 100])
def test_a_page_that_has_more_than_scripts_is_unknown_and_not_scripted(more: str) -> None:
    body = f"<script src='/page.js'></script><p>{more}</p>".encode()
    assert classify_page(HtmlResponse("http://127.0.0.1/", body=body)) == PageKind.UNKNOWN


def test_an_error_page_in_an_unknown_form_is_a_block() -> None:
    body = b"<!-- To discuss automated access to Amazon data please contact us. --><h1>Hoppla</h1>"
    assert classify_page(HtmlResponse("http://127.0.0.1/", body=body)) == PageKind.THROTTLE


@pytest.mark.parametrize(
    "body",
    [
        """<head><title>Authentication required</title></head><body><script src="/x.js"></script>
        <h4>Solve this puzzle</h4><form id="cvf-widget-form-captcha" action="verify"></form></body>""",
        '<head><title dir="ltr">Robot Check</title><script>var ue_t0</script></head>',
        '<head><title>Amazon.in</title><script>ue_sn = "opfcaptcha.amazon.in"</script></head>',
    ],
)
def test_the_captcha_of_an_account_and_one_that_was_cut_are_blocks_and_no_browser_is_advised(
    body: str,
) -> None:
    assert classify_page(HtmlResponse("http://127.0.0.1/", body=body.encode())) == PageKind.CAPTCHA
