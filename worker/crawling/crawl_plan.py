"""A crawl before it begins: the time that manners make it take, and its slices written down."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from db.crawls import CrawlArguments
from db.repository.runs import plan_alone
from db.repository.slices import plan_slices

POLITE_SECONDS: Final = 2.0
"""Between two requests to one host, whichever crawlers send them; the crawler waits longer where the shop is slow."""

PRODUCTS_OF_A_PAGE: Final = 48
"""That a page of a search shows, about."""


@dataclass(frozen=True)
class CrawlTime:
    """How long a crawl takes at the least, in seconds: a request to a host comes after a pause.

    Attributes:
        pages: for the pages of the searches, and the products' own where they are visited.
        pictures: for a new picture of each product; they come from another host, meanwhile.
    """

    pages: float
    pictures: float


def polite_time(slices: Sequence[CrawlArguments]) -> CrawlTime:
    """Say how long slices take at the least, if all their pages are there; more workers change nothing."""
    products = [min(each.pages * PRODUCTS_OF_A_PAGE, each.max_products or math.inf) for each in slices]
    visits = sum(found for each, found in zip(slices, products, strict=True) if each.details)
    pages = sum(
        min(each.pages, math.ceil(found / PRODUCTS_OF_A_PAGE))
        for each, found in zip(slices, products, strict=True)
    )
    return CrawlTime((pages + visits) * POLITE_SECONDS, sum(products) * POLITE_SECONDS)


def plan_crawl(session: Session, slices: Sequence[CrawlArguments]) -> list[int]:
    """Write the slices of a crawl down as rows, which the schedule sends; give the ids of their crawl runs.

    A slice that still waits, or is being crawled, is not planned twice.

    Args:
        session: of a write.
        slices: as cut_crawl gives them.
    """
    plan_alone(session)
    return plan_slices(session, slices)
