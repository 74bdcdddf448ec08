import asyncio
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from crawler.errors import BrokerUnavailableError
from crawler.items import ProductItem, SavedItem
from crawler.pipelines.enqueue import enqueue_images
from crawler.pipelines.image_queue import ImageQueue
from crawler.tally import IMAGES_ENQUEUED, IMAGES_WAITING
from db.messages import BATCH_SIZE, CLASSIFY_IMAGES
from db.repository.found_products import SavedProduct
from tests.crawler.conftest import Broker


class Counts(dict[str, int]):
    """As much of Scrapy's statistics as the pipeline needs."""

    def inc_value(self, name: str, count: int = 1) -> None:
        self[name] = self.get(name, 0) + count


def saved(*image_ids: int) -> SavedItem:
    return SavedItem(ProductItem("amazon.in", "B1"), SavedProduct(is_new=True, new_image_ids=image_ids))


def queue(counts: Counts) -> ImageQueue:
    crawler: Any = SimpleNamespace(stats=counts)
    return ImageQueue(crawler)


def test_ids_arrive_in_batches_for_the_task_named_by_its_string(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", broker.address)
    ids = list(range(1, BATCH_SIZE + 3))
    enqueue_images([])
    enqueue_images(ids)
    assert broker.messages() == [(CLASSIFY_IMAGES, ids[:BATCH_SIZE]), (CLASSIFY_IMAGES, ids[BATCH_SIZE:])]


@pytest.mark.parametrize(
    "address", ["redis://127.0.0.1:1/0", "redis+socket:///nowhere/v.sock", "pigeon://x", "//"]
)
def test_a_broker_that_does_not_answer_is_a_named_error(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", address)
    with pytest.raises(BrokerUnavailableError):
        enqueue_images([1])


def test_without_any_broker_there_is_a_named_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)
    monkeypatch.setenv("VASTRA_FOLDER", str(tmp_path))
    with pytest.raises(BrokerUnavailableError, match="no broker is running"):
        enqueue_images([1])


def test_each_new_image_is_sent_once_and_the_rest_at_the_end(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", broker.address)

    async def crawl() -> None:
        for image_id in range(2, BATCH_SIZE + 1):
            item = await pipeline.process_item(saved(image_id, 1))
            assert isinstance(item, ProductItem)
        assert [len(ids) for _, ids in broker.messages()] == [BATCH_SIZE]
        await pipeline.process_item(saved(1, 1000))
        await pipeline.close_spider()

    counts = Counts()
    pipeline = queue(counts)
    asyncio.run(crawl())
    assert broker.messages()[1:] == [(CLASSIFY_IMAGES, [1000])]
    assert counts == {IMAGES_ENQUEUED: BATCH_SIZE + 1}


def test_a_broker_that_dies_is_warned_of_once_and_counted(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", broker.address)

    async def crawl() -> None:
        await pipeline.process_item(saved(*range(100)))
        broker.stop()
        await pipeline.process_item(saved(*range(100, 200)))
        await pipeline.process_item(saved(*range(200, 300)))
        await pipeline.close_spider()

    counts = Counts()
    pipeline = queue(counts)
    with caplog.at_level(logging.WARNING, logger="crawler"):
        asyncio.run(crawl())
    assert counts == {IMAGES_ENQUEUED: 100, IMAGES_WAITING: 200}
    assert [record.name for record in caplog.records] == ["crawler.pipelines.image_queue"]
