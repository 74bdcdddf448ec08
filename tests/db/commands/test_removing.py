from pathlib import Path

import pytest

from db.queries.products import ProductFilter, product_page
from db.session import Database
from tests.db.conftest import Command


@pytest.fixture
def imported(command: Command, photos: Path) -> Command:
    command("import", photos, "--source", "wardrobe")
    return command


def asins(records: Database) -> list[str]:
    with records.read() as session:
        return [row.asin for row in product_page(session, ProductFilter())]


def test_a_photo_is_removed_once_that_is_confirmed(imported: Command, sqlite: Database) -> None:
    words = ("remove", "--source", "wardrobe", "--asin", "jeans/1.jpg")
    refused = imported(*words)
    assert (refused.exit_code, len(asins(sqlite))) == (1, 4)
    assert "Remove 1 products, 1 pictures and 0 reviews?" in refused.stderr
    assert imported(*words, "--yes").exit_code == 0
    assert "jeans/1.jpg" not in asins(sqlite)


def test_a_file_or_a_folder_names_what_was_imported_from_it(
    imported: Command, sqlite: Database, photos: Path
) -> None:
    (photos / "shop" / "saree" / "3.webp").unlink()  # it need not be there any more
    assert imported("remove", "--file", photos / "shop" / "saree" / "3.webp", "--yes").exit_code == 0
    assert len(asins(sqlite)) == 3
    assert imported("remove", "--file", photos / "jeans", "--yes").exit_code == 0
    assert asins(sqlite) == ["other/shirts/4.jpg"]


def test_a_whole_source_is_removed(imported: Command, sqlite: Database) -> None:
    assert imported("remove", "--source", "wardrobe", "--yes").exit_code == 0
    assert asins(sqlite) == []


def test_nothing_to_remove_is_said(command: Command) -> None:
    result = command("remove", "--marketplace", "amazon.in", "--yes")
    assert (result.exit_code, "no such product" in result.stderr) == (1, True)


@pytest.mark.parametrize("words", ["", "--asin x", "--marketplace a --file b"])
def test_all_products_are_never_meant(command: Command, words: str) -> None:
    assert command("remove", *words.split()).exit_code == 2
