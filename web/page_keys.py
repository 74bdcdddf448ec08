"""The keys of the page: what each does, where, and by which name a person's browser keeps another one for it."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class PageKey:
    """Something that keys do.

    Attributes:
        action: its name in scripts and in what a browser keeps.
        keys: as browsers name them (KeyboardEvent.key), letters small, with `Ctrl+` before where it is held.
        does: in words.
    """

    action: str
    keys: tuple[str, ...]
    does: str


EVERYWHERE: Final = (
    PageKey("help", ("?",), "this help"),
    PageKey("search", ("/",), "to the field for searching or filtering"),
    PageKey("go", ("g",), "then p, r, c, t or v: to products, review, crawls, training, versions"),
)

REVIEWING: Final = (
    PageKey("suggestion", ("Enter", "w"), "take what the network suggests"),
    PageKey("listed", ("q",), "keep what the shop lists"),
    PageKey("skip", ("s", " "), "skip: no verdict, and not asked again in this tab"),
    PageKey(
        "take-back", ("u", "Backspace", "Ctrl+z"), "take the last verdict back, and see its picture again"
    ),
    PageKey("next", ("ArrowRight", "ArrowDown", "j"), "to the next picture"),
    PageKey("previous", ("ArrowLeft", "ArrowUp", "k"), "to the previous picture"),
    PageKey("alike", ("f",), "pictures like this one"),
    PageKey("zoom", ("z",), "see it larger"),
    PageKey("learn", ("l",), "have the verdicts learnt that are not yet"),
)

LISTING: Final = (
    PageKey(
        "select", ("x",), "select the picture that has the focus; with the mouse, Shift selects up to it"
    ),
    PageKey("select-all", ("a",), "select all pictures of the page, or none"),
)

DIGITS: Final = 9
"""Categories that have a key: the first ones of categories.toml."""

CATEGORIES: Final = (
    *(PageKey(f"category-{digit}", (str(digit),), f"category {digit}") for digit in range(1, DIGITS + 1)),
    PageKey("other", ("0",), "other: none of the categories"),
)


def defaults() -> dict[str, list[str]]:
    """Give the keys of every action, as scripts take them."""
    return {each.action: list(each.keys) for each in (*EVERYWHERE, *REVIEWING, *LISTING, *CATEGORIES)}
