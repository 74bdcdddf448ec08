"""Amazon's pages: saved response in, values out; no network, no database.

The one import for users of this package.
"""

from crawler.pages.amazon.cards import SearchCard
from crawler.pages.amazon.image_addresses import ImageAddress
from crawler.pages.amazon.kinds import PageKind, classify_page
from crawler.pages.amazon.product import ProductPage
from crawler.pages.amazon.search import SearchPage
from crawler.pages.marketplaces import Marketplace, find_marketplace

__all__ = [
    "ImageAddress",
    "Marketplace",
    "PageKind",
    "ProductPage",
    "SearchCard",
    "SearchPage",
    "classify_page",
    "find_marketplace",
]
