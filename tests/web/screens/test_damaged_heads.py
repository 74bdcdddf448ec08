import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from db.models import ModelVersion, Product
from db.session import Database
from tests.factories import body, version_with_body
from tests.worker.embeddings import taught
from web.product_addresses import product_address


def damage(database: Database, version: int) -> None:
    with database.write() as session:
        session.execute(update(ModelVersion).where(ModelVersion.id == version).values(head=b"damaged"))


@pytest.mark.parametrize("twin", ["", ".json"])
def test_no_screen_fails_for_a_head_that_cannot_be_read(
    client: TestClient, database: Database, twin: str
) -> None:
    taught(database)
    with database.write() as session:
        session.execute(update(ModelVersion).values(head=b"damaged"))
        version = session.scalars(select(ModelVersion).where(ModelVersion.active)).one().id
        product = session.scalars(select(Product).limit(1)).one()
    screens = ["/products", "/review", "/versions", "/training", "/set-aside", f"/versions/{version}"]
    for path in (*screens, product_address(product.marketplace, product.asin)):
        assert client.get(path + twin).status_code == 200, path


@pytest.mark.parametrize("twin", ["", ".json"])
def test_two_versions_are_shown_though_the_head_of_one_cannot_be_read(
    client: TestClient, database: Database, twin: str
) -> None:
    first, second = taught(database), version_with_body(database, body(database), active=False)
    damage(database, second)
    for path in (f"/versions/{first}..{second}", f"/versions/{second}..{first}"):
        answer = client.get(path + twin)
        assert answer.status_code == 200
        if not twin:
            assert answer.text.count(f"The head of version {second} cannot be read") == 1
            assert f"/versions/{second}/activate" not in answer.text


def test_what_would_change_is_seen_though_the_active_head_cannot_be_read(
    client: TestClient, database: Database
) -> None:
    first, second = taught(database), version_with_body(database, body(database), active=False)
    damage(database, first)
    told = client.get(f"/versions/{first}..{second}.json").json()
    assert told["comparison"] is None
    assert told["foresight"]["is_end"]
    assert f"/versions/{second}/activate" in client.get(f"/versions/{first}..{second}").text


def test_what_a_damaged_version_got_wrong_is_not_known(client: TestClient, database: Database) -> None:
    damage(database, version := taught(database))
    assert f"The head of version {version} cannot be read" in client.get(f"/versions/{version}/pictures").text
    assert client.get(f"/versions/{version}/pictures.json").json() == {"number": 0, "pictures": []}


def test_a_version_and_a_product_say_what_is_wrong_and_what_to_do(
    client: TestClient, database: Database
) -> None:
    taught(database)
    with database.write() as session:
        session.execute(update(ModelVersion).values(head=b"damaged"))
        version = session.scalars(select(ModelVersion).where(ModelVersion.active)).one().id
        product = session.scalars(select(Product).limit(1)).one()
    for path in (f"/versions/{version}", product_address(product.marketplace, product.asin)):
        assert f"The head of version {version} cannot be read" in client.get(path).text
    assert client.get("/").status_code == 200
