from db.queries.active_suspects import active_suspects
from db.repository.suspected_products import SuspectedProduct, record_suspects
from db.session import Database
from tests.factories import get_product, model_version, product, save


def suspect(product_id: int, probability: float) -> SuspectedProduct:
    return SuspectedProduct(product_id, "saree", False, probability, "jeans", 0.9, True)


def test_the_active_versions_suspects_come_most_suspect_first(database: Database) -> None:
    save(database, product("B000000001"), product("B000000002"))
    one, two = (get_product(database, f"B00000000{n}").id for n in (1, 2))
    version = model_version(database)
    for _ in range(2):
        with database.write() as session:
            record_suspects(session, version, [suspect(one, 0.05), suspect(two, 0.01)])
    with database.read() as session:
        found = active_suspects(session)
    assert [(each.asin, each.suggestion, each.left_out) for each in found] == [
        ("B000000002", "jeans", True),
        ("B000000001", "jeans", True),
    ]
    model_version(database)
    with database.read() as session:
        assert active_suspects(session) == []
