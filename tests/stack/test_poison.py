"""A picture within every limit that needs more memory than a classifier has: each attempt kills its worker."""

from dataclasses import replace

import pytest
from PIL import Image as Picture
from sqlalchemy import update

from db.models import Image
from db.pictures.codes import Reason
from db.pictures.decoder import MAX_PIXELS, check_picture
from db.repository.found_products import FoundPicture
from db.session import Database
from tests.factories import encoded, product, save
from tests.stack.invariant import examine
from tests.stack.stack import Stack
from worker.fleet.waiting import wait_until

MEMORY = "400m"
"""Enough for batches of the shop's pictures; those of the largest allowed one take 280 MB more."""

SET_ASIDE_SECONDS = 400
"""Two attempts, each of which is found to be dead after 45 s, and the container's rests in between."""


@pytest.mark.timeout(SET_ASIDE_SECONDS + 300)
def test_an_image_that_kills_its_worker_is_set_aside_and_the_others_are_classified(
    stack: Stack, records: Database
) -> None:
    side = int(MAX_PIXELS**0.5)
    data = encoded(Picture.new("RGBA", (side, side), "navy"), "PNG")
    poison = FoundPicture("https://shop.test/poison.png", 0, check_picture(data), data)
    stack.scale("classifier", 2, CLASSIFIER_MEMORY=MEMORY)
    try:
        products = product("B0POISON00", poison, 1, 2, 3), product("B0BESIDE00", 4, 5, 6)
        images = save(records, *(replace(each, marketplace="amazon.de") for each in products))
        with records.write() as session:  # as if the first attempt, in a batch of 64, were over
            session.execute(update(Image).where(Image.id.in_(images)).values(attempts=1))
        assert wait_until(lambda: is_set_aside(records), SET_ASIDE_SECONDS, every=1), stack.log()
        assert wait_until(lambda: examine(records, stack.broker_url).are_none, 60, every=1), stack.log()
    finally:
        stack.scale("classifier", 2)
    with records.read() as session:
        reasons = [session.get_one(Image, image_id).reason for image_id in images]
    assert sorted(map(str, reasons)) == [*["None"] * 6, Reason.WORKER_DIED]


def is_set_aside(records: Database) -> bool:
    with records.read() as session:
        return session.query(Image).where(Image.reason == Reason.WORKER_DIED).count() > 0
