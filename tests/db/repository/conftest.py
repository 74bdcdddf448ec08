import pytest

from db.session import Database
from tests.db.relabelling import ASINS
from tests.factories import product, save


@pytest.fixture
def image_ids(database: Database) -> list[int]:
    """Five products with a picture each; the ids of their images."""
    return save(database, *(product(asin, n) for n, asin in enumerate(ASINS)))
