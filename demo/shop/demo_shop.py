"""The demo shop: an offline shop in the site's own markup, for demonstrations and for tests of the crawler."""

import logging
import threading
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from db.categories import Category, load_categories
from demo.shop.answer_desk import Answer, AnswerDesk
from demo.shop.listings import CataloguePlan, build_catalogue
from demo.shop.misbehaviour import Misbehaviour, Turns
from demo.shop.pages import Pages
from demo.shop.picture_shelf import PictureShelf
from demo.shop.requests import RequestCounts, RequestKind
from demo.shop.server import LOOPBACK, ShopServer

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ShopConfig:
    """How a demo shop is set up.

    Attributes:
        products: products a category; None means 120 drawn ones, or one for each photo.
        photos: a folder of photos in folders named after categories; None has garments drawn.
        seed: decides every product and every drawing.
        broken_pictures: a few in a hundred drawn products have a picture that cannot be used.
        misbehaviour: what goes wrong on purpose.
        scripted: cards and products exist only after a browser has run the page's script.
        port: where to listen; 0 takes any free port.
        host: the interface to listen on; any but 127.0.0.1 lets other machines in.
        base_url: the address by which visitors know the shop; None: that of host and port.
        categories: what is sold; None reads categories.toml.
    """

    products: int | None = None
    photos: Path | None = None
    seed: int = 0
    broken_pictures: bool = True
    misbehaviour: Misbehaviour = field(default_factory=Misbehaviour)
    scripted: bool = False
    port: int = 0
    host: str = LOOPBACK
    base_url: str | None = None
    categories: tuple[Category, ...] | None = None


class DemoShop:
    """A shop that is open inside a `with` block.

    Raises, when made:
        PhotosError: the folder of photos holds no picture of any category.
        OSError: the port is taken.
    """

    def __init__(self, config: ShopConfig | None = None) -> None:
        self.config = config = config or ShopConfig()
        plan = CataloguePlan(
            categories=config.categories or load_categories(),
            products=config.products,
            photos=config.photos,
            seed=config.seed,
            broken_pictures=config.broken_pictures,
        )
        self.catalogue = build_catalogue(plan)
        self._counts = RequestCounts()
        self._server = ShopServer(config.host, config.port, self._answer, config.misbehaviour.slow_seconds)
        self.base_url = (config.base_url or f"http://{config.host}:{self._server.server_port}").rstrip("/")
        self._desk = AnswerDesk(
            catalogue=self.catalogue,
            pages=Pages(self.catalogue, self.base_url, config.misbehaviour, self.note),
            shelf=PictureShelf(config.seed),
            misbehaviour=config.misbehaviour,
            turns=Turns(config.misbehaviour),
            scripted=config.scripted,
        )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="demo-shop")

    @property
    def note(self) -> str:
        """One sentence that says what the pictures are."""
        if self.config.photos is None:
            return "The pictures are drawings made by this program."
        return f"The pictures are the photos in {self.config.photos}."

    @property
    def requests(self) -> Counter[str]:
        """How often each address, such as `/s?k=saree&page=2`, was asked for so far."""
        return self._counts.by_address()

    @property
    def requests_by_kind(self) -> Counter[RequestKind]:
        """How many requests of each kind there were so far."""
        return self._counts.by_kind()

    def __enter__(self) -> Self:
        self._thread.start()
        _logger.info(
            "demo shop at %s: %d products. %s", self.base_url, len(self.catalogue.products), self.note
        )
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.stop()
        self._thread.join()

    def _answer(self, address: str) -> Answer:
        self._counts.add(address)
        return self._desk.answer(address)
