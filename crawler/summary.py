"""The closing lines of a crawl: what came of it, and what to do next."""

from typing import Final

from crawler.pages.amazon.kinds import PageKind
from db.crawls import DEFAULT_MARKETPLACE, SPIDER, CrawlArguments, Tally
from db.pictures.codes import Reason

_PASSING: Final = (Reason.HTTP_ERROR, Reason.HOST_BUSY, Reason.CONNECTION_FAILED)
"""Reasons that may be gone tomorrow."""


def summarise(tally: Tally, arguments: CrawlArguments, seconds: float) -> list[str]:
    """Write the summary; a crawl that never came to a page has none."""
    if not (tally.products or tally.pages or arguments.retry):
        return []
    refused = sum(tally.images_refused.values())
    reasons = f" ({_listed(tally.images_refused)})" if refused else ""
    lines = [
        f"products  {tally.products_new} new, {tally.products_updated} updated",
        f"images    {tally.images_stored} stored, {tally.images_known} known, {refused} refused{reasons}",
        f"queue     {tally.images_enqueued} enqueued, {tally.images_waiting} waiting for a broker",
        f"pages     {_listed(tally.pages) or 'none'}; {seconds:.1f} s",
    ]
    lines += [f"warning   {warning}" for warning in _warnings(tally)]
    return lines + [f"next      {advice}" for advice in _next(tally, arguments)]


def _warnings(tally: Tally) -> list[str]:
    counted = (
        (tally.searches_empty, f"{tally.searches_empty} searches found nothing"),
        (tally.pages_of_another, f"{tally.pages_of_another} products' pages showed another product"),
        (tally.pages_unreadable, f"{tally.pages_unreadable} pages could not be read"),
        (tally.requests_failed, f"pages that failed: {_listed(tally.requests_failed)}"),
    )
    return [text for count, text in counted if count]


def _next(tally: Tally, arguments: CrawlArguments) -> list[str]:
    advice = []
    if arguments.retry is not None and not _pictures(tally):
        advice.append(
            f"nothing to do: no picture of {arguments.marketplace} waits for reason {arguments.retry}"
        )
    if tally.images_waiting:
        advice.append("python -m worker run     classifies the images that wait")
    if tally.products:
        advice.append("python -m db products    shows what was crawled")
    if tally.products and tally.pages.get(PageKind.SCRIPTED) and not arguments.render:
        advice.append("-a render=true    has a browser run the scripts of the pages that could not be read")
    advice += [
        f"scrapy crawl {SPIDER}{_address(arguments)} -a retry={reason}    fetches those pictures again"
        for reason in _PASSING
        if reason in tally.images_refused and arguments.retry is None
    ]
    return advice


def _address(arguments: CrawlArguments) -> str:
    address = (
        f" -a marketplace={arguments.marketplace}" if arguments.marketplace != DEFAULT_MARKETPLACE else ""
    )
    return address + (f" -a base_url={arguments.base_url}" if arguments.base_url else "")


def _pictures(tally: Tally) -> int:
    return tally.images_stored + tally.images_known + sum(tally.images_refused.values())


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
