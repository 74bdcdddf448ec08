from db.session import Database
from tests.db.conftest import Command
from tests.factories import get_product, model_version, predict, product, save
from tests.screens import plain


def test_products_keep_answering_to_a_label_that_is_no_category_any_more(
    command: Command, sqlite: Database
) -> None:
    (image,) = save(sqlite, product("B1", 1))
    predict(
        sqlite, model_version(sqlite, categories=["saree", "kurta"]), {image: {"saree": 0.1, "kurta": 0.9}}
    )
    assert "B1" in command("products", "--category", "kurta", "--format", "csv").stdout
    refused = command("products", "--category", "skirt")
    assert "categories are saree, jeans, trousers, and no product is labelled" in plain(refused.stderr)


def test_statistics_say_how_categories_and_the_active_version_differ(
    command: Command, sqlite: Database
) -> None:
    model_version(sqlite, categories=["saree", "kurta"])
    told = command("stats").stdout
    assert "not learnt yet (python -m worker learn)" in told
    assert "jeans, trousers" in told
    assert "no more in categories.toml" in told


def test_a_category_is_renamed_once_it_has_its_new_name(command: Command, sqlite: Database) -> None:
    save(sqlite, product("B1", 1, found_in="pants"))
    assert "first" in plain(command("rename-category", "jeans", "trousers").stderr)
    assert command("rename-category", "pants", "skirts").exit_code == 2
    renamed = command("rename-category", "pants", "trousers")
    assert "Renamed on 1 products" in renamed.stderr
    assert get_product(sqlite, "B1").listed_category == "trousers"
