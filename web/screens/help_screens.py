"""Help: every key, which can be changed, and what the words of the page mean."""

from dataclasses import asdict
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from db.categories import load_categories
from web.page_keys import CATEGORIES, DIGITS, EVERYWHERE, LISTING, REVIEWING, PageKey
from web.templating import screen

WORDS: Final = (
    ("label", "What a product is taken for: by the latest verdict on it, else by the network."),
    (
        "listed category",
        "What the shop says: the category whose search found the product. It is often wrong.",
    ),
    ("suggestion", "What the network finds likeliest. Of answers with 90%, about nine in ten are right."),
    (
        "uncertain",
        "The network claims nothing: it is too unsure, or the picture is like none that it has seen.",
    ),
    (
        "verdict",
        "What a person says that a product is. It wins over network and shop; the latest one counts.",
    ),
    (
        "taken back",
        "A verdict that counts no more. It is kept, and the label is what it would be without it.",
    ),
    (
        "other",
        "A garment that is none of the categories. Such verdicts teach the network what to leave alone.",
    ),
    (
        "new source",
        "A shop with fewer than sixteen verdicts that the network has not learnt from. These teach most.",
    ),
    ("at random", "Every twentieth picture is drawn by chance: these alone tell how right the labels are."),
    (
        "learning",
        "Fitting the network's last part to the verdicts: seconds, then every product is labelled anew.",
    ),
    ("training", "Making a network from all labelled pictures: minutes to hours."),
    (
        "version",
        "What learning or training has made. One is active and labels; an earlier one can come back.",
    ),
    ("alike", "Pictures that the network sees as the same kind of thing, of whatever shop."),
)


def help_screen(request: Request) -> Response:
    """Show the keys and the words."""
    return screen(request, "help.html", groups=_groups(), words=WORDS)


def help_rows(_request: Request) -> Response:
    """Answer with the keys and the words, for programs."""
    keys = [asdict(key) | {"where": where} for where, keys in _groups() for key in keys]
    return JSONResponse({"keys": keys, "words": [{"word": word, "means": means} for word, means in WORDS]})


def _groups() -> list[tuple[str, list[PageKey]]]:
    """Give the keys by where they work; those of categories with their titles."""
    titles = [category.title for category in load_categories()][:DIGITS]
    of_categories = [
        PageKey(key.action, key.keys, title) for key, title in zip(CATEGORIES, titles, strict=False)
    ]
    return [
        ("Everywhere", list(EVERYWHERE)),
        ("A verdict, while reviewing or on what is selected", [*of_categories, CATEGORIES[-1]]),
        ("Reviewing", list(REVIEWING)),
        ("In lists of pictures", list(LISTING)),
    ]


ROUTES: Final = (Route("/help", help_screen), Route("/help.json", help_rows))
