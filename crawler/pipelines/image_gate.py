"""The image gate: every address of a picture is fetched at most once and checked before anything is stored.

A refused picture is a value with a reason code. Scrapy's media pipelines are not used here: they make logged
tracebacks of refusals, and they keep every result, bytes and all, until the end of the crawl.
"""

import asyncio
import logging
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http import HTTPStatus
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from sqlalchemy import select

from crawler.errors import CrawlEndsError
from crawler.failures import FETCH_ERRORS, reason_of
from crawler.items import CrawledItem, FetchedPicture, GatedItem, PictureRetry
from crawler.pages.amazon.image_addresses import ImageAddress
from crawler.pipelines.saving import DATABASE_ERRORS, database_failure
from crawler.silences import IS_PICTURE, SAY_SLOWER
from crawler.stopping import is_stopping, stop_crawl
from crawler.tally import IMAGES_KNOWN, IMAGES_REFUSED
from db.logs import identified
from db.models import ProductImage
from db.pictures.codes import Reason
from db.pictures.decoder import MAX_BYTES, PictureError, check_picture
from db.session import open_database

_logger = logging.getLogger(__name__)

_DECODERS = 2
"""Threads that decode; Pillow lets go of the interpreter while it does."""
_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_REQUEST_META = {IS_PICTURE: True, "download_maxsize": MAX_BYTES, "download_timeout": 30.0}
_FINAL = frozenset({Reason.FORBIDDEN_ADDRESS, Reason.FORBIDDEN_BY_ROBOTS, Reason.HOST_BUSY})
"""Refusals that are no matter of the one address."""
_REFUSED_IN_A_ROW = 3
"""After so many originals of a host that were refused where the page's own address was not, that comes first."""
_HEADERS = {"Accept": "image/avif,image/webp,image/png,image/jpeg;q=0.9"}


class ImageGate:
    """Fetches the pictures of an item and lets those through that db.pictures.decoder accepts."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._fetches: dict[str, asyncio.Task[FetchedPicture | None]] = {}
        self._places = asyncio.Semaphore(crawler.settings.getint("CONCURRENT_REQUESTS"))
        self._refused_originals: Counter[str] = Counter()
        self._threads = ThreadPoolExecutor(_DECODERS, thread_name_prefix="image-gate")

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the pipeline; Scrapy calls this."""
        return cls(crawler)

    async def process_item(self, item: CrawledItem) -> GatedItem:
        """Wait for all pictures of the item; those that an interrupted crawl did not come to are left out."""
        positions = item.positions if isinstance(item, PictureRetry) else range(len(item.images))
        try:
            with identified(product=f"{item.marketplace} {item.asin}"):
                fetches = list(map(self._fetch_once, item.images))
            fetched = await asyncio.gather(*fetches)
        except DATABASE_ERRORS as error:
            stop_crawl(self._crawler, database_failure(error))
            raise DropItem("not saved", log_level="DEBUG") from error
        pictures = zip(positions, fetched, strict=True)
        return GatedItem(item, tuple((place, picture) for place, picture in pictures if picture is not None))

    def close_spider(self) -> None:
        """Give the threads back."""
        self._threads.shutdown()

    def _fetch_once(self, address: ImageAddress) -> asyncio.Task[FetchedPicture | None]:
        """Start to fetch the address, or join whoever did: products share pictures."""
        if address.url not in self._fetches:
            self._fetches[address.url] = asyncio.get_running_loop().create_task(self._fetch(address))
        return self._fetches[address.url]

    async def _fetch(self, address: ImageAddress) -> FetchedPicture | None:
        async with self._places:
            if is_stopping(self._crawler):
                return None
            loop = asyncio.get_running_loop()
            image_id = await loop.run_in_executor(self._threads, _stored_image, address.url)
            if image_id is not None:
                self._crawler.stats.inc_value(IMAGES_KNOWN)
                return FetchedPicture(address.url, image_id=image_id)
            picture = await self._download_likeliest(address)
        if picture is not None and picture.reason is not None:
            picture = replace(picture, fallback=address.fallback)
            self._crawler.stats.inc_value(f"{IMAGES_REFUSED}{picture.reason}")
        return picture and replace(picture, url=address.url)

    async def _download_likeliest(self, address: ImageAddress) -> FetchedPicture | None:
        """Ask for the picture at its addresses, until one is not refused or it is no matter of the address."""
        urls = [address.url, address.fallback] if address.fallback else [address.url]
        host = urlsplit(address.url).netloc
        if self._refused_originals[host] >= _REFUSED_IN_A_ROW:
            urls.reverse()
        picture: FetchedPicture | None = None
        for url in urls:
            picture = await self._download(url)
            if picture is None or picture.reason in _FINAL:
                return picture
            if picture.reason is None:
                self._count_original(host, is_refused=url != address.url)
                return picture
        return picture

    def _count_original(self, host: str, *, is_refused: bool) -> None:
        """Learn whether a host gives originals: some only give the sizes that pages ask for."""
        self._refused_originals[host] = self._refused_originals[host] + 1 if is_refused else 0

    async def _download(self, url: str) -> FetchedPicture | None:
        """Fetch and check a picture; None where the crawl ends before there is an answer."""
        try:
            _check_scheme(url)
            request = Request(url, callback=NO_CALLBACK, headers=_HEADERS, meta=dict(_REQUEST_META))
            response = await self._crawler.engine.download_async(request)
            _check_status(response)
            loop = asyncio.get_running_loop()
            checked = await loop.run_in_executor(self._threads, check_picture, response.body)
        except PictureError as error:
            return _refused(url, error.reason, error.detail)
        except CrawlEndsError:
            return None
        except FETCH_ERRORS as error:
            return _refused(url, reason_of(error), str(error))
        return FetchedPicture(url, picture=checked, data=response.body)


def _check_scheme(url: str) -> None:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise PictureError(Reason.FORBIDDEN_ADDRESS, "not an http or https address")


def _check_status(response: Response) -> None:
    if response.status in _GONE:
        raise PictureError(Reason.NOT_FOUND, f"status {response.status}")
    if response.status in SAY_SLOWER:
        raise PictureError(Reason.HOST_BUSY, f"status {response.status}")
    if response.status != HTTPStatus.OK:
        raise PictureError(Reason.HTTP_ERROR, f"status {response.status}")


def _refused(url: str, reason: Reason, detail: str) -> FetchedPicture:
    _logger.debug("picture refused (%s): %s; %s", reason, url, detail)
    return FetchedPicture(url, reason=reason)


def _stored_image(url: str) -> int | None:
    """Find the image that an earlier crawl stored from this address."""
    with open_database().read() as session:
        return session.scalar(
            select(ProductImage.image_id)
            .where(ProductImage.url == url, ProductImage.image_id.is_not(None))
            .limit(1)
        )
