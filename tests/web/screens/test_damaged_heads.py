import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from db.models import ModelVersion, Product
from db.session import Database
from tests.worker.embeddings import taught
from web.product_addresses import product_address


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
