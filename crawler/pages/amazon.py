"""Amazon's pages: saved response in, values out; no network, no database.

The one import for users of this package.
"""

from crawler.pages.cards import SearchCard
from crawler.pages.image_addresses import ImageAddress
from crawler.pages.kinds import PageKind, classify_page
from crawler.pages.marketplaces import Marketplace, find_marketplace
from crawler.pages.product import ProductPage
from crawler.pages.search import SearchPage

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
