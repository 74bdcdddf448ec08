"""The shop's pages: a catalogue and a request in, HTML in the site's own markup out."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from demo.seeds import seeded_random
from demo.shop.catalogue import Catalogue, CatalogueProduct, ProductPicture
from demo.shop.misbehaviour import BlockPage, Misbehaviour
from demo.shop.wording import group_digits, rupees

CARDS_A_PAGE = 48
SPONSORED_DUPLICATES = 5
SPONSORED_OTHERS = 2
_SPONSORED_EVERY = 7


@dataclass(frozen=True)
class SearchQuery:
    """What a visitor searches for; prices are whole rupees."""

    term: str
    page: int = 1
    low_price: int | None = None
    high_price: int | None = None

    def address(self, page: int) -> str:
        """Give the address of one page of this search, relative to the shop."""
        parameters: dict[str, str | int] = {"k": self.term, "page": page}
        if self.low_price is not None:
            parameters["low-price"] = self.low_price
        if self.high_price is not None:
            parameters["high-price"] = self.high_price
        return "/s?" + urlencode(parameters)

    def admits(self, product: CatalogueProduct) -> bool:
        """Say whether a product's price lies in the range; one without a price is found without a range only."""
        if self.low_price is None and self.high_price is None:
            return True
        low = 0 if self.low_price is None else self.low_price
        high = math.inf if self.high_price is None else self.high_price
        return product.price is not None and low <= product.price <= high


@dataclass(frozen=True)
class Card:
    """One place in a page of results."""

    product: CatalogueProduct
    sponsored: bool
    position: int

    @property
    def link(self) -> str:
        """The address behind the title; that of a sponsored card counts the click first."""
        plain = f"/{self.product.slug}/dp/{self.product.asin}/ref=sr_1_{self.position}"
        return "/sspa/click?" + urlencode({"ie": "UTF8", "url": plain}) if self.sponsored else plain


class Pages:
    """Renders every page of one shop.

    Args:
        catalogue: what the shop sells.
        base_url: the shop's own address, with which the addresses of images begin.
        misbehaviour: changed layout, empty results and missing alternative texts show here.
        note: the line at the foot of each page that says what the pictures are.
    """

    def __init__(self, catalogue: Catalogue, base_url: str, misbehaviour: Misbehaviour, note: str) -> None:
        self._catalogue = catalogue
        self._misbehaviour = misbehaviour
        self._environment = Environment(
            loader=PackageLoader("demo.shop"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals.update(base_url=base_url, note=note, missing_alt=misbehaviour.missing_alt)
        self._environment.filters.update(rupees=rupees, group_digits=group_digits)

    def home(self) -> str:
        """Render the front page: one link per search term."""
        return self._render("home.html", categories=self._catalogue.categories)

    def search(self, query: SearchQuery) -> str:
        """Render one page of results, or the page that says that there are none."""
        found = self._find(query)
        last_page = math.ceil(len(found) / CARDS_A_PAGE)
        if not 1 <= query.page <= last_page:
            return self._render("no_results.html", query=query)
        organic = found[(query.page - 1) * CARDS_A_PAGE : query.page * CARDS_A_PAGE]
        template = "changed_layout.html" if self._misbehaviour.changed_layout else "search.html"
        return self._render(
            template,
            query=query,
            cards=_place_cards(organic, self._sponsored(query, organic)),
            total=len(found),
            last_page=last_page,
        )

    def product(self, product: CatalogueProduct) -> str:
        """Render a product page."""
        return self._render("product.html", product=product, images_json=self._images_json(product))

    def scripted(self) -> str:
        """Render the page that stays empty until its script has run."""
        return self._render("scripted.html")

    def script(self) -> str:
        """Give the script that fills such a page."""
        return self._render("page.js")

    def not_found(self) -> str:
        """Render the page of an address that the shop does not know."""
        return self._render("not_found.html")

    def unavailable(self) -> str:
        """Render the page that goes with status 503."""
        return self._render("unavailable.html")

    def block(self, page: BlockPage, path: str) -> str:
        """Render a block page in answer to a request for `path`."""
        return self._render(f"blocked/{page}.html", path=path, path_quoted=quote(path, safe="/?=&"))

    def _render(self, template: str, **values: Any) -> str:
        return self._environment.get_template(template).render(**values)

    def _find(self, query: SearchQuery) -> list[CatalogueProduct]:
        category = self._catalogue.match(query.term)
        if category is None or self._misbehaviour.empty_results:
            return []
        return [product for product in self._catalogue.found_by(category) if query.admits(product)]

    def _sponsored(self, query: SearchQuery, organic: Sequence[CatalogueProduct]) -> list[CatalogueProduct]:
        """Choose the sponsored products: some of this page, and some that the search does not find."""
        rng = seeded_random("sponsored", query.term, query.page, organic[0].asin)
        here = {product.asin for product in self._find(query)}
        elsewhere = [product for product in self._catalogue.products if product.asin not in here]
        chosen = rng.sample(organic, min(SPONSORED_DUPLICATES, len(organic)))
        chosen += rng.sample(elsewhere, min(SPONSORED_OTHERS, len(elsewhere)))
        rng.shuffle(chosen)
        return chosen

    def _images_json(self, product: CatalogueProduct) -> Markup:
        """Give the pictures as the product page's script holds them."""
        base_url = self._environment.globals["base_url"]
        entries = [_image_entry(f"{base_url}/images/I/{picture.id}", picture) for picture in product.pictures]
        return Markup(json.dumps(entries).replace("</", "<\\/"))  # noqa: S704 - ids and the base URL only


def _place_cards(organic: Sequence[CatalogueProduct], sponsored: Sequence[CatalogueProduct]) -> list[Card]:
    """Put a sponsored card at the top and after every few organic ones, as the fashion grid does."""
    waiting = list(sponsored)
    placed: list[tuple[CatalogueProduct, bool]] = []
    for number, product in enumerate(organic):
        if number % _SPONSORED_EVERY == 0 and waiting:
            placed.append((waiting.pop(), True))
        placed.append((product, False))
    placed += [(product, True) for product in waiting]
    return [
        Card(product, is_sponsored, position) for position, (product, is_sponsored) in enumerate(placed, 1)
    ]


def _image_entry(address: str, picture: ProductPicture) -> dict[str, Any]:
    return {
        "hiRes": f"{address}._SL1500_.jpg",
        "thumb": f"{address}._SS40_.jpg",
        "large": f"{address}._SX300_.jpg",
        "main": {f"{address}._SY395_.jpg": [395, 301], f"{address}._SY695_.jpg": [695, 530]},
        "variant": "MAIN" if picture.view == 0 else f"PT0{picture.view}",
        "lowRes": None,
    }
