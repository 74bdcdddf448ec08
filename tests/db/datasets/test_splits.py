from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.datasets.splits import assign_splits, near_duplicate_groups
from db.models import Split
from db.queries.labelled_images import LabelledImage


def image(
    number: int, product: int | None = None, split: Split | None = None, bits: int | None = None
) -> LabelledImage:
    """An image that looks like no other, unless `bits` (its perceptual hash) says so."""
    shape = (
        int.from_bytes(number.to_bytes(4, "big") * 2, "big") * 0x9E3779B97F4A7C15 % 2**64
        if bits is None
        else bits
    )
    return LabelledImage(
        image_id=number,
        sha256=f"{number:064x}",
        product_id=number if product is None else product,
        source="shop",
        category="saree",
        split=split,
        perceptual_hash=f"{shape:016x}",
        colour_signature="8" * 48,
    )


def test_shares_are_about_seventy_fifteen_fifteen() -> None:
    counts = Counter(assign_splits([image(n) for n in range(2000)]).values())
    assert counts[Split.TRAIN] == pytest.approx(1400, rel=0.1)
    assert counts[Split.VALIDATION] == pytest.approx(300, rel=0.25)
    assert counts[Split.TEST] == pytest.approx(300, rel=0.25)


@given(st.permutations(range(30)))
def test_the_order_of_the_images_means_nothing(order: list[int]) -> None:
    images = [image(n, product=n // 2) for n in range(30)]
    assert assign_splits([images[n] for n in order]) == assign_splits(images)


@given(st.lists(st.integers(0, 7), min_size=1, max_size=40))
def test_every_product_has_one_split_and_its_images_one_group(products: list[int]) -> None:
    images = [image(n, product) for n, product in enumerate(products)]
    groups = near_duplicate_groups(images)
    assert len(set(zip(products, groups, strict=True))) == len(set(products))
    assert set(assign_splits(images)) == set(products)


def test_pictures_that_differ_by_four_bits_are_alike_and_by_five_are_not() -> None:
    one, alike, other = image(1, bits=0), image(2, bits=0b1111), image(3, bits=0b11111 << 40)
    assert near_duplicate_groups([one, alike]) == [0, 0]
    assert len(set(near_duplicate_groups([one, other]))) == 2


def test_pictures_of_one_pose_in_two_colours_are_not_alike() -> None:
    red, blue = image(1, bits=0), replace(image(2, bits=0), colour_signature="f08" * 16)
    assert len(set(near_duplicate_groups([red, blue]))) == 2


def test_a_stored_split_stays_and_newcomers_follow_their_group() -> None:
    for split in Split:
        stored, new = image(1, split=split, bits=0), image(2, bits=1)
        assert assign_splits([stored, new]) == {1: split, 2: split}


def test_a_group_that_comes_to_join_splits_keeps_its_test_members_and_drops_the_others() -> None:
    train, test = image(1, split=Split.TRAIN, bits=0), image(2, split=Split.TEST, bits=0b11111100)
    assert assign_splits([train, test]) == {1: Split.TRAIN, 2: Split.TEST}
    between = image(3, bits=0b00011100)
    assert assign_splits([train, test, between]) == {2: Split.TEST, 3: Split.TEST}


@given(numbers=st.lists(st.integers(0, 10**6), min_size=3, max_size=12, unique=True), cut=st.integers(0, 12))
def test_a_category_of_three_groups_has_a_picture_in_every_split(numbers: list[int], cut: int) -> None:
    jeans = [replace(image(number), category="jeans") for number in numbers]
    sarees = [image(number + 10**7) for number in numbers[:cut]]
    splits = assign_splits([*jeans, *sarees])
    assert {splits[each.product_id] for each in jeans} == set(Split)
    assert cut < 3 or {splits[each.product_id] for each in sarees} == set(Split)


def test_a_category_of_two_groups_and_known_negatives_lie_where_their_hash_says() -> None:
    others = [replace(image(number), category="other") for number in range(4)]
    few = [image(number + 100) for number in range(2)]
    together = assign_splits([*others, *few])
    assert together == {each.product_id: assign_splits([each])[each.product_id] for each in [*others, *few]}


def test_what_is_stored_stays_however_the_splits_lie() -> None:
    stored = [image(number, split=Split.TRAIN) for number in range(5)]
    assert set(assign_splits(stored).values()) == {Split.TRAIN}
    new = image(99)
    assert assign_splits([*stored, new])[99] == Split.TEST
    assert assign_splits([*stored, replace(new, split=Split.TEST), image(77)])[77] == Split.VALIDATION


def test_a_group_of_two_categories_is_not_taken_from_the_one_that_has_no_other() -> None:
    shared = [image(1, bits=0), replace(image(2, bits=1), category="jeans")]
    sarees = [image(number, split=Split.TRAIN) for number in range(3, 6)]
    splits = assign_splits([*shared, *sarees])
    assert splits[1] == splits[2]


def test_nothing_has_no_splits() -> None:
    assert assign_splits([]) == {}


def test_a_verdict_joins_train_and_one_that_was_asked_at_random_joins_test() -> None:
    stored = [replace(image(n), split=split) for n, split in enumerate(Split)]
    hard = [replace(image(n), reviewed=True, why="unsure" if n % 2 else None) for n in range(10, 40)]
    fair = [replace(image(n), reviewed=True, why="random") for n in range(40, 70)]
    splits = assign_splits([*stored, *hard, *fair])
    assert {splits[each.product_id] for each in hard} == {Split.TRAIN}
    assert {splits[each.product_id] for each in fair} == {Split.TEST}


def test_a_verdict_on_a_near_duplicate_of_a_test_picture_is_not_learnt_from() -> None:
    stored = [replace(image(n), split=split) for n, split in enumerate(Split)]
    copy = replace(image(10, bits=int(stored[2].perceptual_hash, 16)), reviewed=True)
    assert assign_splits([*stored, copy])[10] == Split.TEST


def test_at_the_first_training_verdicts_are_split_as_everything_is() -> None:
    images = [image(n) for n in range(200)]
    assert assign_splits([replace(each, reviewed=True) for each in images]) == assign_splits(images)
