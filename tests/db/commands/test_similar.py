import json

from db.models import Image
from db.session import Database
from tests.db.conftest import Command
from tests.factories import body, embed, product, save, telling, version_with_body


def test_pictures_that_look_alike_are_listed_for_people_and_programs(
    sqlite: Database, command: Command
) -> None:
    one, two = save(sqlite, product("B000000001", 1), product("B000000002", 2))
    version = version_with_body(sqlite, body(sqlite))
    embed(sqlite, version, {one: telling(30), two: telling(30, 1)})
    with sqlite.read() as session:
        first, second = (session.get_one(Image, image_id).sha256 for image_id in (one, two))
    (row,) = json.loads(command("similar", first, "--format", "json").stdout)
    assert list(row) == ["sha256", "similarity", "marketplace", "asin", "title", "category"]
    assert (row["sha256"], row["asin"], row["category"]) == (second, "B000000002", "saree")
    shown = command("similar", first, "--limit", "3").stdout.splitlines()
    assert shown[0].split() == ["similarity", "sha256", "marketplace", "asin", "category", "title"]
    assert shown[1].split()[:2] == ["1.000", second]
    assert command("similar", "jeans.jpg").exit_code == 2
