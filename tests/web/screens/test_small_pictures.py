import hashlib
import io
import zlib

import pytest
from PIL import Image as Picture
from sqlalchemy import delete, select
from starlette.testclient import TestClient

from db.models import Image, ProductImage
from db.session import Database
from tests.factories import encoded, picture_bytes, product, save

SCRIPT = b"<script>alert(1)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def keep(database: Database, data: bytes) -> str:
    """Have a picture's bytes be these, whatever the gate would have said; give its SHA-256."""
    save(database, product("B000000001", 1))
    sha256 = hashlib.sha256(data).hexdigest()
    with database.write() as session:
        image = session.scalars(select(Image)).one()
        image.data, image.sha256 = data, sha256
    return sha256


def polyglots() -> dict[str, bytes]:
    jpeg, png = picture_bytes(1, "JPEG"), picture_bytes(1, "PNG")
    chunk = b"tEXtComment\0" + SCRIPT
    text = (len(chunk) - 4).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    return {
        "a page after a picture": jpeg + SCRIPT,
        "a page in a comment": picture_bytes(1, "JPEG", comment=SCRIPT),
        "a page in the metadata": picture_bytes(1, "JPEG", exif=b"Exif\0\0" + SCRIPT),
        "a page in a colour profile": picture_bytes(1, "JPEG", icc_profile=SCRIPT * 10),
        "a page in a chunk": png[:33] + text + png[33:],
        "an archive after a picture": png + b"PK\x03\x04" + SCRIPT,
    }


@pytest.mark.parametrize("kind", polyglots())
def test_of_a_picture_a_browser_gets_what_it_shows_and_nothing_else(
    client: TestClient, database: Database, kind: str
) -> None:
    sha256 = keep(database, polyglots()[kind])
    for side in (160, 320, 640):
        answer = client.get(f"/images/{sha256}/{side}.webp")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/webp"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert b"script" not in answer.content
        assert Picture.open(io.BytesIO(answer.content)).format == "WEBP"


@pytest.mark.parametrize("data", [SVG, b"<html>" + SCRIPT, b"", b"GIF89a" + SCRIPT, picture_bytes(1)[:400]])
def test_what_is_no_picture_never_reaches_a_browser(
    client: TestClient, database: Database, data: bytes
) -> None:
    answer = client.get(f"/images/{keep(database, data)}/320.webp")
    assert answer.status_code == 404
    assert b"alert(1)" not in answer.content


def test_a_picture_of_twenty_megabytes_is_a_few_kilobytes(client: TestClient, database: Database) -> None:
    noise = encoded(Picture.effect_noise((3000, 2500), 100).convert("RGB"), "PNG", compress_level=0)
    padded = picture_bytes(1) + bytes(20 * 2**20 - len(picture_bytes(1)))
    assert len(noise) > 20 * 2**20
    assert client.get(f"/images/{keep(database, noise)}/320.webp").status_code == 404
    with database.write() as session:
        session.execute(delete(ProductImage))
        session.execute(delete(Image))
    answer = client.get(f"/images/{keep(database, padded)}/320.webp")
    assert (answer.status_code, len(answer.content) < 50_000) == (200, True)


@pytest.mark.parametrize(
    "path", ["x/320.webp", f"{'0' * 64}/321.webp", f"{'0' * 64}/320.webp", f"{'0' * 64}/320.svg"]
)
def test_an_address_that_names_no_picture_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(f"/images/{path}").status_code == 404


def test_a_browser_asks_for_a_picture_once(client: TestClient, database: Database) -> None:
    address = f"/images/{keep(database, picture_bytes(1))}/160.webp"
    first = client.get(address)
    assert "immutable" in first.headers["cache-control"]
    again = client.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
