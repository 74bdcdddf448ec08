from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from db.models import Split
from db.queries.labelled_images import LabelledImage
from worker.learning.balanced_draw import draw_pictures
from worker.training.examples import SplitImage


def pictures(category: str, count: int, *, reviewed: bool = False) -> list[SplitImage]:
    kind = f"{category} {reviewed}"
    ids = [hash((kind, number)) for number in range(count)]
    return [
        SplitImage(
            LabelledImage(i, f"{i:x}", i, "shop", category, None, "0" * 16, "0" * 48, reviewed), Split.TRAIN
        )
        for i in ids
    ]


def counts(images: list[SplitImage]) -> Counter[tuple[str, bool]]:
    return Counter((each.image.category, each.image.reviewed) for each in images)


def test_as_many_as_allowed_are_all_used() -> None:
    images = pictures("saree", 5) + pictures("jeans", 3)
    assert draw_pictures(images, 8) == images


def test_each_category_gets_the_same_share_and_a_small_one_all_it_has() -> None:
    images = pictures("saree", 100) + pictures("jeans", 50) + pictures("shirt", 4)
    assert counts(draw_pictures(images, 44)) == {
        ("saree", False): 20,
        ("jeans", False): 20,
        ("shirt", False): 4,
    }


def test_reviews_are_kept_and_count_towards_their_categorys_share() -> None:
    images = pictures("saree", 100) + pictures("saree", 12, reviewed=True) + pictures("jeans", 100)
    drawn = counts(draw_pictures(images, 40))
    assert drawn == {("saree", True): 12, ("saree", False): 8, ("jeans", False): 20}
    more = pictures("saree", 100, reviewed=True) + pictures("jeans", 100)
    assert counts(draw_pictures(more, 40)) == {("saree", True): 100, ("jeans", False): 20}


@given(st.integers(1, 30), st.integers(0, 30), st.integers(0, 30), st.integers(1, 60))
def test_a_draw_keeps_the_order_and_is_the_same_again(one: int, two: int, reviewed: int, most: int) -> None:
    images = pictures("saree", one) + pictures("jeans", two) + pictures("jeans", reviewed, reviewed=True)
    drawn = draw_pictures(images, most)
    assert drawn == draw_pictures(images, most)
    assert drawn == [each for each in images if each in drawn]
