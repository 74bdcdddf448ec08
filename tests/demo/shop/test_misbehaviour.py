import http.client
import io
import threading
from http.client import IncompleteRead
from urllib.parse import urlsplit

import pytest
from PIL import Image
from protego import Protego

from crawler.pages.amazon.kinds import PageKind, classify_page
from crawler.pages.amazon.search import SearchPage
from db.pictures.codes import Reason
from db.pictures.decoder import PictureError, check_picture
from demo.shop import hostile
from demo.shop.demo_shop import DemoShop, ShopConfig
from demo.shop.misbehaviour import BlockPage, HostileImage, Misbehaviour, RobotsRule, Turns
from tests.demo.conftest import MARKETPLACE, OpenShop, get

SEARCH = "/s?k=jeans+for+men"


def picture_address(shop: DemoShop, modifiers: str = "._AC_UL320_") -> str:
    return f"/images/I/{next(iter(shop.catalogue.pictures))}{modifiers}.jpg"


@pytest.mark.parametrize(
    ("block", "kind"),
    [
        (BlockPage.CAPTCHA, PageKind.CAPTCHA),
        (BlockPage.CONTINUE_SHOPPING, PageKind.CONTINUE_SHOPPING),
        (BlockPage.THROTTLE, PageKind.THROTTLE),
        (BlockPage.AKAMAI, PageKind.AKAMAI),
    ],
)
def test_block_pages_come_with_status_200(open_shop: OpenShop, block: BlockPage, kind: PageKind) -> None:
    shop = open_shop(Misbehaviour(block=block))
    for address in (SEARCH, f"/dp/{next(iter(shop.catalogue.by_asin))}"):
        received = get(shop, address)
        assert received.status == 200
        assert classify_page(received.page) is kind
    assert get(shop, picture_address(shop)).headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("rule", "blocked"),
    [
        (Misbehaviour(block=BlockPage.THROTTLE), "BBBBBB"),
        (Misbehaviour(block=BlockPage.THROTTLE, block_after=2), "..BBBB"),
        (Misbehaviour(block=BlockPage.THROTTLE, block_every=3), "..B..B"),
        (Misbehaviour(block=BlockPage.THROTTLE, block_after=1, block_every=2), "..B.B."),
        (Misbehaviour(block=BlockPage.THROTTLE, block_limit=2), "BB...."),
        (Misbehaviour(), "......"),
    ],
)
def test_block_pages_come_when_told(rule: Misbehaviour, blocked: str) -> None:
    turns = Turns(rule)
    assert "".join("B" if turns.next_page_is_blocked() else "." for _ in blocked) == blocked


def test_every_nth_answer_is_unavailable(open_shop: OpenShop) -> None:
    shop = open_shop(Misbehaviour(unavailable_every=2))
    received = [
        get(shop, address) for address in (SEARCH, SEARCH, picture_address(shop), picture_address(shop))
    ]
    assert [answer.status for answer in received] == [200, 503, 200, 503]
    assert classify_page(received[1].page) is PageKind.THROTTLE
    assert get(shop, "/robots.txt").status == 200


def test_every_nth_body_is_cut_short(open_shop: OpenShop) -> None:
    shop = open_shop(Misbehaviour(truncated_every=2))
    assert get(shop, SEARCH).status == 200
    with pytest.raises(IncompleteRead) as short:
        get(shop, SEARCH)
    assert short.value.expected is not None
    assert len(short.value.partial) > 1000


def test_a_changed_layout_has_cards_that_cannot_be_read(open_shop: OpenShop) -> None:
    page = get(open_shop(Misbehaviour(changed_layout=True)), SEARCH).page
    assert classify_page(page) is PageKind.SEARCH
    assert len(page.css('div[data-component-type="s-search-result"]')) > 2
    assert SearchPage(page, MARKETPLACE).cards == ()


def test_empty_results_find_nothing(open_shop: OpenShop) -> None:
    assert classify_page(get(open_shop(Misbehaviour(empty_results=True)), SEARCH).page) is PageKind.EMPTY


def test_alternative_texts_can_be_missing(open_shop: OpenShop) -> None:
    page = get(open_shop(Misbehaviour(missing_alt=True)), SEARCH).page
    assert page.css("img.s-image")
    assert not page.css("img.s-image[alt]")
    assert all(card.title for card in SearchPage(page, MARKETPLACE).cards)


def test_originals_can_be_missing_while_smaller_copies_are_there(open_shop: OpenShop) -> None:
    shop = open_shop(Misbehaviour(originals_missing=True))
    assert get(shop, picture_address(shop, "")).status == 404
    assert get(shop, picture_address(shop)).status == 200


@pytest.mark.parametrize(
    ("robots", "status", "allowed"),
    [(RobotsRule.ALLOW, 200, True), (RobotsRule.FORBID, 200, False), (RobotsRule.ERROR, 500, None)],
)
def test_robots_txt_answers_as_told(
    open_shop: OpenShop, robots: RobotsRule, status: int, allowed: bool | None
) -> None:
    received = get(open_shop(Misbehaviour(robots=robots)), "/robots.txt")
    assert received.status == status
    if allowed is not None:
        rules = Protego.parse(received.body.decode())
        assert rules.can_fetch(SEARCH, "vastra") is allowed


def test_robots_txt_can_ask_for_a_delay(open_shop: OpenShop) -> None:
    rules = Protego.parse(get(open_shop(Misbehaviour(crawl_delay_seconds=0.5)), "/robots.txt").body.decode())
    assert rules.crawl_delay("vastra") == 0.5


def test_a_slow_shop_closes_at_once() -> None:
    failures: list[Exception] = []

    def wait_for_an_answer(shop: DemoShop) -> None:
        try:
            get(shop, SEARCH)
        except (http.client.HTTPException, OSError) as error:
            failures.append(error)

    before = set(threading.enumerate())
    with DemoShop(ShopConfig(products=1, misbehaviour=Misbehaviour(slow_seconds=600))) as shop:
        visitor = threading.Thread(target=wait_for_an_answer, args=(shop,))
        visitor.start()
        assert get(shop, "/robots.txt").status == 200
    visitor.join(timeout=20)
    assert len(failures) == 1
    assert set(threading.enumerate()) <= before


def test_a_bomb_is_small_to_send_and_huge_to_decode(open_shop: OpenShop) -> None:
    shop = open_shop(Misbehaviour(hostile_image=HostileImage.BOMB))
    received = get(shop, picture_address(shop))
    assert len(received.body) < 100_000
    assert received.headers["content-type"] == "image/png"
    with pytest.raises(PictureError) as refused:
        check_picture(received.body)
    assert refused.value.reason is Reason.TOO_MANY_PIXELS


def test_a_polyglot_is_a_gif_and_claims_to_be_a_jpeg(open_shop: OpenShop) -> None:
    shop = open_shop(Misbehaviour(hostile_image=HostileImage.POLYGLOT))
    received = get(shop, picture_address(shop))
    assert received.headers["content-type"] == "image/jpeg"
    assert received.body.startswith(b"GIF89a/*")
    assert Image.open(io.BytesIO(received.body)).format == "GIF"
    with pytest.raises(PictureError):
        check_picture(received.body)


@pytest.mark.parametrize("target", ["http://169.254.169.254/latest/meta-data/", "http://127.0.0.1:9/secret"])
def test_images_can_redirect_to_addresses_that_are_none_of_a_visitors_business(
    open_shop: OpenShop, target: str
) -> None:
    shop = open_shop(Misbehaviour(hostile_image=HostileImage.REDIRECT, redirect_to=target))
    received = get(shop, picture_address(shop))
    assert (received.status, received.headers["location"]) == (302, target)


@pytest.mark.parametrize(
    ("image", "announced"), [(HostileImage.HUGE, str(hostile.HUGE_BYTES)), (HostileImage.ENDLESS, None)]
)
def test_bodies_that_hardly_end_are_sent_until_the_visitor_leaves(
    open_shop: OpenShop, image: HostileImage, announced: str | None
) -> None:
    shop = open_shop(Misbehaviour(hostile_image=image))
    connection = http.client.HTTPConnection(urlsplit(shop.base_url).netloc, timeout=20)
    connection.request("GET", picture_address(shop))
    response = connection.getresponse()
    assert response.getheader("Content-Length") == announced
    body = response.read(5_000_000)
    assert len(body) == 5_000_000
    assert body.startswith(b"\xff\xd8\xff")
    response.close()
    connection.close()
    assert get(shop, SEARCH).status == 200
