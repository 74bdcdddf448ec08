from db.queries.embedded import embeddings_of
from db.session import Database
from tests.factories import body, embed, product, save, telling, version_with_body


def test_embeddings_are_found_by_image_and_body(database: Database) -> None:
    one, two, three = save(database, *(product(f"B00000000{n}", n) for n in range(3)))
    version = version_with_body(database, body(database))
    embed(database, version, {one: telling(30), three: telling(0, 30)})
    with database.read() as session:
        assert embeddings_of(session, body(database), [one, two]) == {one: telling(30)}
        assert embeddings_of(session, body(database, 2), [one, two]) == {}
