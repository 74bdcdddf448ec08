"""Crawlers that share a broker are as polite as one, and silent together."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis

from crawler.fleet import Fleet
from demo.shop.answer_desk import Answer
from demo.shop.demo_shop import DemoShop, ShopConfig
from demo.shop.misbehaviour import BlockPage, Misbehaviour
from tests.crawler.conftest import Broker, Project, crawl_words
from tests.processes import PATIENCE_SECONDS

DELAY = 0.2
SHOP = "127.0.0.1"


class TimedShop(DemoShop):
    """Notes when each request arrives, in seconds."""

    def __init__(self, config: ShopConfig) -> None:
        self.arrivals: list[float] = []
        super().__init__(config)

    def _answer(self, address: str) -> Answer:
        self.arrivals.append(time.monotonic())
        return super()._answer(address)


@pytest.fixture
def with_fleets(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run a coroutine with so many crawlers that share a broker."""
    monkeypatch.setattr("crawler.fleet.broker_url", lambda: broker.address)

    def run(use: Callable[..., Awaitable[Any]], count: int = 2) -> None:
        async def main() -> None:
            fleets = [Fleet(lambda: False) for _ in range(count)]
            try:
                await use(*fleets)
            finally:
                for fleet in fleets:
                    await fleet.close()

        asyncio.run(main())

    return run


def opened(broker: Broker) -> redis.Redis:
    return redis.Redis.from_url(broker.address.replace("redis+socket", "unix"))


def keys(broker: Broker) -> dict[str, int]:
    """What the crawlers have agreed on: milliseconds left, by key."""
    with opened(broker) as connection:
        found: Any = connection.keys("vastra:*")
        left: Any = [connection.pttl(key) for key in found]
        return {key.decode(): milliseconds for key, milliseconds in zip(found, left, strict=True)}


def test_of_several_crawlers_one_has_its_turn_in_each_delay(with_fleets: Callable[..., None]) -> None:
    turns, delay = 3, 0.05

    async def use(*fleets: Fleet) -> None:
        async def crawl(fleet: Fleet) -> None:
            for _ in range(turns):
                await fleet.take_turn(SHOP, delay)

        began = time.monotonic()
        await asyncio.gather(*map(crawl, fleets))
        assert time.monotonic() - began >= (turns * len(fleets) - 1) * delay * 0.95

    with_fleets(use, 3)


def test_domains_have_turns_of_their_own_and_no_delay_is_no_turn(
    with_fleets: Callable[..., None], broker: Broker
) -> None:
    async def use(first: Fleet, second: Fleet) -> None:
        async with asyncio.timeout(30):
            await first.take_turn("a.test", 60)
            await second.take_turn("b.test", 60)
            await second.take_turn("a.test", 0)
        assert set(keys(broker)) == {"vastra:turn:a.test", "vastra:turn:b.test"}

    with_fleets(use)


def test_a_pause_holds_the_others_for_as_long_as_the_longest(
    with_fleets: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    async def use(blocked: Fleet, other: Fleet) -> None:
        began = time.monotonic()
        await blocked.pause(SHOP, 0.4)
        await blocked.pause(SHOP, 0.01)
        await blocked.take_turn(SHOP, 0)  # its own silence is kept by itself
        assert "another crawler" not in caplog.text
        turns = [asyncio.ensure_future(other.take_turn(SHOP, 0)) for _ in range(3)]
        await asyncio.wait(turns, return_when=asyncio.FIRST_COMPLETED)
        assert time.monotonic() - began >= 0.38
        await asyncio.gather(*turns)
        assert caplog.text.count("another crawler met a block page") == 1

    with_fleets(use)


@pytest.mark.parametrize("left", [86_400_000, None])
def test_no_turn_of_a_wrong_clock_and_none_without_an_end_holds_a_crawler(
    with_fleets: Callable[..., None], broker: Broker, left: int | None
) -> None:
    """A turn ends by the clock of Redis: where that is set back by a day, a day is left of it."""

    async def use(first: Fleet, second: Fleet) -> None:
        await first.take_turn(SHOP, DELAY)
        with opened(broker) as connection:
            connection.set(f"vastra:turn:{SHOP}", connection.get(f"vastra:turn:{SHOP}"), px=left)
        began = time.monotonic()
        async with asyncio.timeout(30):
            await second.take_turn(SHOP, DELAY)
        assert time.monotonic() - began >= DELAY * 0.9

    with_fleets(use)


def test_no_pause_of_a_wrong_clock_holds_a_crawler(with_fleets: Callable[..., None], broker: Broker) -> None:
    async def use(blocked: Fleet, other: Fleet) -> None:
        await blocked.pause(SHOP, 0.4)
        with opened(broker) as connection:
            connection.expire(f"vastra:pause:{SHOP}", 86_400)
        began = time.monotonic()
        async with asyncio.timeout(30):
            await other.take_turn(SHOP, 0)
        assert time.monotonic() - began >= 0.36

    with_fleets(use)


@pytest.mark.parametrize("said", [b"1", b"\xff", b"0123abcd", b"a 1e9", b"a " + 5000 * b"9", b"a 0"])
def test_a_turn_that_does_not_say_how_long_it_lasts_is_waited_for(
    with_fleets: Callable[..., None], broker: Broker, said: bytes
) -> None:
    """Somebody else wrote it, or an earlier version."""

    async def use(fleet: Fleet, _: Fleet) -> None:
        with opened(broker) as connection:
            connection.set(f"vastra:turn:{SHOP}", said, px=300)
            connection.set(f"vastra:pause:{SHOP}", said, px=300)
        async with asyncio.timeout(30):
            await fleet.take_turn(SHOP, DELAY)
            await fleet.pause(SHOP, 60)
        assert 59_000 < keys(broker)[f"vastra:pause:{SHOP}"] <= 60_000

    with_fleets(use)


@pytest.mark.parametrize(
    "address", [None, "memory://", "redis+socket:///nowhere/v.sock", "redis://127.0.0.1:1/0"]
)
def test_without_a_shared_redis_nobody_waits(
    address: str | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("crawler.fleet.broker_url", lambda: address)

    async def main() -> None:
        fleet = Fleet(lambda: False)
        async with asyncio.timeout(30):
            await fleet.pause(SHOP, 60)
            await fleet.take_turn(SHOP, 60)
            await fleet.take_turn(SHOP, 60)
        await fleet.close()

    asyncio.run(main())
    assert caplog.text.count("the broker does not answer") == (1 if address and "redis" in address else 0)


def test_two_crawls_ask_the_shop_no_more_often_than_one_may(project: Project, broker: Broker) -> None:
    with TimedShop(ShopConfig(products=4, broken_pictures=False)) as shop:
        crawls = [
            project.start(
                *crawl_words(shop.base_url, settings={"DOWNLOAD_DELAY": DELAY}, categories=category, pages=1),
                CELERY_BROKER_URL=broker.address,
            )
            for category in ("saree", "jeans")
        ]
        ended = [crawl.communicate(timeout=PATIENCE_SECONDS) for crawl in crawls]
        assert [crawl.returncode for crawl in crawls] == [0, 0], ended
    assert len(shop.arrivals) >= 12
    assert shop.arrivals[-1] - shop.arrivals[0] >= (len(shop.arrivals) - 1) * DELAY * 0.9


def test_a_block_page_pauses_the_fleet(project: Project, broker: Broker) -> None:
    with DemoShop(ShopConfig(products=2, misbehaviour=Misbehaviour(block=BlockPage.CAPTCHA))) as shop:
        words = crawl_words(shop.base_url, settings={"BLOCK_RETRY_DELAYS": "30"}, categories="saree")
        crawl = project.start(*words, CELERY_BROKER_URL=broker.address)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (left := keys(broker)) and time.monotonic() < deadline:
            time.sleep(0.05)
        crawl.kill()
        crawl.communicate()
    assert left.keys() == {f"vastra:pause:{SHOP}"}
    assert 0 < left[f"vastra:pause:{SHOP}"] <= 30_000
