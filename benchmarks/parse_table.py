"""Print how completely saved pages are parsed: field -> right/all.

    python -m benchmarks.parse_table [FOLDER]

FOLDER holds gzipped pages and a MANIFEST.csv with what a parser must find in each. Search pages are also
compared card by card with a plain reading of their markup. Exits with 1 if any field is not complete.
"""

import csv
import gzip
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from parsel import Selector
from rich.console import Console
from rich.table import Table
from scrapy.http import HtmlResponse

from crawler.pages.amazon.cards import SearchCard
from crawler.pages.amazon.image_addresses import ImageAddress
from crawler.pages.amazon.kinds import PageKind, classify_page
from crawler.pages.amazon.product import ProductPage
from crawler.pages.amazon.search import SearchPage

FOLDER = Path(__file__).parent.parent.parent / "shared" / "amazon"
STATUSES = (200, 403, 404, 503)
BLOCK_KINDS = {
    "captcha": PageKind.CAPTCHA,
    "robot_check": PageKind.CAPTCHA,
    "continue_shopping": PageKind.CONTINUE_SHOPPING,
    "throttle": PageKind.THROTTLE,
    "503": PageKind.THROTTLE,
    "akamai": PageKind.AKAMAI,
    "404": PageKind.NOT_FOUND,
}
CURRENCIES = {"amazon.in": "INR", "amazon.com": "USD"}

Row = dict[str, str]
Check = tuple[str, bool]


def read_manifest(folder: Path) -> list[Row]:
    """Return the manifest's rows about pages."""
    with (folder / "MANIFEST.csv").open(encoding="utf-8", newline="") as manifest:
        return [row for row in csv.DictReader(manifest) if row["path"].endswith(".html.gz")]


def check_page(folder: Path, row: Row) -> Iterator[Check]:
    """Yield each field of one page that the manifest speaks of, and whether it was read right."""
    body = gzip.decompress((folder / row["path"]).read_bytes())
    for status in STATUSES:
        response = HtmlResponse("http://127.0.0.1/page", status=status, body=body, encoding="utf-8")
        yield "page: kind", classify_page(response) == expected_kind(row)
    marketplace = row["marketplace"].split(" ")[0]
    if row["kind"] in ("search", "empty"):
        yield from check_search_page(row, SearchPage(response, marketplace), response)
    if row["kind"] == "product":
        yield from check_product_page(row, ProductPage(response, marketplace))


def expected_kind(row: Row) -> PageKind:
    """Return the kind that a page's row, or for blocks its file name, states."""
    if row["kind"] in ("search", "product", "empty"):
        return PageKind(row["kind"])
    return next(kind for part, kind in BLOCK_KINDS.items() if part in row["path"])


def check_search_page(row: Row, page: SearchPage, response: HtmlResponse) -> Iterator[Check]:
    """Compare a search page with its row, then card by card with a plain reading of its markup."""
    markup: dict[str, list[Selector]] = {}
    for item in response.css('div[data-component-type="s-search-result"]'):
        markup.setdefault(item.attrib["data-asin"], []).append(item)
    yield "search: cards", page.card_count == int(row["n_results"])
    yield "search: unique ASINs", [card.asin for card in page.cards] == list(markup)
    yield "search: unique ASINs", len(page.cards) == int(row["n_unique_asin"])
    yield "search: sponsored", sum(card.sponsored for card in page.cards) == int(row["n_sponsored"])
    yield from check_position_in_results(row, page)
    for card in page.cards:
        yield from check_card(card, markup[card.asin], CURRENCIES[page.marketplace.name])


def check_position_in_results(row: Row, page: SearchPage) -> Iterator[Check]:
    """Compare the query and the paging of a search page with its row."""
    yield "search: query", (page.query or "") == row["query"]
    yield "search: page number", str(page.page_number or "") == row["page_no"]
    yield "search: last page", str(page.last_page or "") == row["last_page_shown"]
    yield "search: has next", str(page.has_next) == row["has_next"]
    if row["result_info"]:
        shown = re.search('"(.+?)"', row["result_info"])
        yield "search: query shown", page.query_shown == (shown.group(1) if shown else None)
        numbers = re.findall(r"[\d,]+", row["result_info"].split('"')[0])
        yield "search: total results", (page.total_results or 0) >= int(numbers[-1].replace(",", ""))


def check_card(card: SearchCard, markup: list[Selector], currency: str) -> Iterator[Check]:
    """Compare a merged card with the first value that its markup states."""
    brand = stated(markup, "[data-cy=title-recipe] > div.a-row.a-color-secondary h2 span::text")
    title = stated(markup, "a > h2 > span::text, h2 > a > span::text")
    price = stated(markup, ".a-price:not(.a-text-price) .a-offscreen::text")
    list_price = stated(markup, ".a-price.a-text-price[data-a-strike=true] .a-offscreen::text")
    rating = stated(markup, ".a-icon-alt::text")
    reviews = stated(
        markup, "a[aria-label$=ratings]::attr(aria-label), a[aria-label='1 rating']::attr(aria-label)"
    )
    reviews = reviews or stated(markup, "a[href*=customerReviews] span::text")
    yield "card: title", card.title == title
    yield "card: title is not the brand", card.title not in (None, "", card.brand)
    yield "card: brand", card.brand == brand
    yield "card: price", card.price == amount(price)
    yield "card: list price", card.list_price == amount(list_price)
    yield "card: currency", card.currency == (currency if price or list_price else None)
    yield "card: rating", card.rating == (float(rating.split(" ")[0]) if rating else None)
    yield "card: review count", card.review_count == (int(amount(reviews) or 0) if reviews else None)
    yield (
        "card: image",
        [image.url for image in card.images] == [original(stated(markup, "img.s-image::attr(srcset)"))],
    )
    yield (
        "card: organic and sponsored",
        flags(card) == {"AdHolder" in item.attrib["class"] for item in markup},
    )


def flags(card: SearchCard) -> set[bool]:
    """Return the ways in which the card says that its product was shown: True for sponsored."""
    return {sponsored for sponsored, shown in ((True, card.sponsored), (False, card.organic)) if shown}


def stated(markup: list[Selector], query: str) -> str | None:
    """Return the first non-blank text that the query finds in the cards of a product."""
    texts = (" ".join(text.split()) for card in markup for text in card.css(query).getall())
    return next(filter(None, texts), None)


def amount(text: str | None) -> Decimal | None:
    """Return the number in a text that groups by commas."""
    digits = re.sub(r"[^\d.]", "", text or "")
    return Decimal(digits) if digits else None


def original(srcset: str | None) -> str:
    """Return the first address of a srcset without its modifiers."""
    return re.sub(r"\._[^/]*_\.", ".", (srcset or "").split(" ")[0])


def check_product_page(row: Row, page: ProductPage) -> Iterator[Check]:
    """Compare a product page with its row; an empty cell says that the page has no such value."""
    yield "product: ASIN", page.asin == row["asin"]
    yield "product: parent ASIN", page.parent_asin == row["canonical_asin"]
    yield "product: title", page.title == row["title"]
    yield "product: brand", page.brand == row["brand"].removesuffix(" (author)")
    yield from check_offer(row, page)
    yield "product: rating", page.rating == (float(row["rating"]) if row["rating"] else None)
    yield "product: review count", str(page.review_count or "") == row["review_count"]
    main = page.images[0] if page.images else ImageAddress("")
    yield "product: main image", main.url in (row["main_image_url"], original(row["main_image_url"]))
    yield "product: number of images", len(page.images) == int(row["n_images"])
    breadcrumb = row["breadcrumb"] if row["breadcrumb"] != "Back to results" else ""
    yield "product: breadcrumb", " > ".join(page.breadcrumb) == breadcrumb
    yield "product: availability", (page.availability or "").startswith(row["availability"])


def check_offer(row: Row, page: ProductPage) -> Iterator[Check]:
    """Compare the price of a product page with its row."""
    if row["price_text"]:
        decimal_point = row["price_text"].replace(".", "").replace(",", ".")
        expected = amount(decimal_point if row["currency"] == "EUR" else row["price_text"])
        yield "product: price", page.price == expected
        yield "product: currency", page.currency == row["currency"]
    else:
        yield "product: no price where there is none", page.price is None


def main(
    folder: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="The folder of pages and their MANIFEST.csv.")
    ] = FOLDER,
) -> None:
    """Print how completely saved pages are parsed; exit with 1 if any field is not complete."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    console = Console()
    for row in read_manifest(folder):
        for field, is_right in check_page(folder, row):
            total[field] += 1
            right[field] += is_right
            if not is_right:
                console.print(f"[red]wrong[/] {field} in {row['path']}")
    table = Table("field", "right", "all", title="Saved pages")
    for field, count in total.items():
        table.add_row(field, str(right[field]), str(count), style=None if right[field] == count else "red")
    console.print(table)
    raise typer.Exit(0 if right == total else 1)


if __name__ == "__main__":
    typer.run(main)
