from db.repository.renamed_categories import rename_category
from db.repository.reviews import Verdict, record_reviews
from db.session import Database
from tests.factories import CATEGORIES, SHOP, get_product, label, product, save


def test_what_shops_and_people_said_is_renamed(database: Database) -> None:
    save(database, product("B1", 1, found_in="trousers"), product("B2", 2, found_in="trousers"))
    save(database, product("B2", 2, found_in="jeans"), product("B3", 3, found_in="jeans"))
    with database.write() as session:
        record_reviews(session, [Verdict(SHOP, "B3", "trousers")], CATEGORIES)
    assert rename_category(database, "trousers", "formal_trousers") == 3
    assert get_product(database, "B1").listed_category == "formal_trousers"
    two = get_product(database, "B2")
    assert (two.listed_category, two.found_in) == (None, ["formal_trousers", "jeans"])
    assert label(database, "B3").category == "formal_trousers"
    assert get_product(database, "B3").listed_category == "jeans"
    assert rename_category(database, "trousers", "formal_trousers") == 0


def test_two_categories_can_become_one(database: Database) -> None:
    save(database, product("B1", 1, found_in="trousers"))
    save(database, product("B1", 1, found_in="jeans"))
    rename_category(database, "trousers", "jeans")
    assert get_product(database, "B1").listed_category == "jeans"


def test_a_part_of_another_name_is_not_meant(database: Database) -> None:
    save(database, product("B1", 1, found_in="formal_trousers"))
    assert rename_category(database, "trousers", "jeans") == 0
    assert get_product(database, "B1").listed_category == "formal_trousers"
