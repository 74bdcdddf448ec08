"""Say of a request whose host the resolver withheld that its address is forbidden."""

from typing import Any, Self

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError

from crawler.arguments import origin_of
from crawler.errors import ForbiddenAddressError
from crawler.resolver import GuardedResolver


class AddressGuard:
    """Turns the resolver's silence into ForbiddenAddressError, and tells the resolver what is exempt."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build the middleware; Scrapy calls this."""
        guard = cls(crawler)
        crawler.signals.connect(guard.spider_opened, signal=signals.spider_opened)
        return guard

    def spider_opened(self, spider: Spider) -> None:
        """Exempt base_url's exact host and port; for `scrapy shell`, those of the setting BASE_URL."""
        arguments = getattr(spider, "arguments", None)
        address = arguments.base_url if arguments else self._crawler.settings.get("BASE_URL")
        resolver = _resolver()
        if resolver is not None:
            resolver.exempt(origin_of(address) if address else None)

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Raise ForbiddenAddressError for a host that was not unknown but withheld."""
        resolver = _resolver()
        if not isinstance(exception, CannotResolveHostError) or resolver is None:
            return
        address = resolver.refused_address(origin_of(request.url))
        if address is not None:
            raise ForbiddenAddressError(f"{request.url} leads to {address}") from exception


def _resolver() -> GuardedResolver | None:
    # The reactor is chosen when the crawl starts: importing it earlier would choose for the user.
    from twisted.internet import reactor  # noqa: PLC0415

    resolver: Any = reactor.nameResolver
    return resolver if isinstance(resolver, GuardedResolver) else None
