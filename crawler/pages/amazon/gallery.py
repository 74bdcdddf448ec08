"""The pictures of a product page."""

from collections.abc import Iterator

from parsel import Selector
from scrapy.http import TextResponse

from crawler.pages.amazon.image_addresses import ImageAddress, image_address, largest_size
from crawler.pages.inline_json import inline_value
from crawler.pages.text import attribute_of

_MOST_PICTURES = 50
"""Of one product; shops show a dozen at most, and each is a request."""
_MAIN_PICTURE = "#landingImage, #ebooksImgBlkFront, #imgBlkFront, #main-image, #imgTagWrapperId img"


def find_images(markup: Selector, response: TextResponse) -> tuple[ImageAddress, ...]:
    """Give the product's pictures, the main one first, each once and at its highest resolution.

    The scripts list them all; a page without the list still shows the main one. Thumbnails are no
    source: their id differs from that of the picture in high resolution.
    """
    for found in (_listed(response), _shown(markup)):
        addresses = (image_address(address, response.url) for address in found)
        if images := tuple(dict.fromkeys(address for address in addresses if address)):
            return images[:_MOST_PICTURES]
    return ()


def _listed(response: TextResponse) -> Iterator[str | None]:
    for keys in (("colorImages", "initial"), ("imageGalleryData",)):
        pictures = inline_value(response.text, *keys)
        for picture in pictures if isinstance(pictures, list) else ():
            if isinstance(picture, dict):
                yield _highest_resolution(picture)


def _highest_resolution(picture: dict[str, object]) -> str | None:
    candidates = (
        picture.get("hiRes"),
        largest_size(picture.get("main")),
        picture.get("large"),
        picture.get("mainUrl"),
    )
    return next((address for address in candidates if isinstance(address, str) and address), None)


def _shown(markup: Selector) -> Iterator[str | None]:
    for picture in markup.css(_MAIN_PICTURE):
        sizes = largest_size(attribute_of(picture, "data-a-dynamic-image"))
        yield attribute_of(picture, "data-old-hires") or sizes or attribute_of(picture, "src")
