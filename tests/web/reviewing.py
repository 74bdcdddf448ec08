"""What tests of reviewing ask of the records."""

from typing import Any

from playwright.sync_api import Page

from db.queries.review_history import ReviewRow, stream_reviews
from db.session import Database
from tests.factories import likely, model_version, predict, product, save


def classified(database: Database, *words: str, **listing: Any) -> None:
    """Save a product for each word, which the network takes for it, the first least surely; all listed as sarees."""
    version = model_version(database)
    for number, word in enumerate(words):
        (image,) = save(database, product(f"B00000000{number}", 10 + number, **listing))
        predict(database, version, {image: likely(word, 0.7 + number / 50)})


def given(database: Database) -> list[ReviewRow]:
    return list(stream_reviews(database))


def settled(page: Page, timeout: float = 30_000) -> None:
    """Wait until every verdict that was given in this tab is saved."""
    page.wait_for_function(
        """() => {
            const { content } = document.querySelector("meta[name=records]");
            return (sessionStorage.getItem(`vastra.unsaved.${content}`) ?? "[]") === "[]";
        }""",
        timeout=timeout,
    )
