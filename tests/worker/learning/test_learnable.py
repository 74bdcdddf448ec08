from worker.learning.learnable import Learnable, find_learnable

KNOWN = ("saree", "jeans")


def test_what_the_active_version_knows_needs_no_verdict() -> None:
    assert find_learnable(["jeans", "saree"], KNOWN, {}) == Learnable(("jeans", "saree"), {})


def test_a_new_category_is_learnt_from_ten_reviewed_products_on() -> None:
    wanted = ["saree", "shirt", "jeans", "kurta"]
    assert find_learnable(wanted, KNOWN, {"shirt": 10, "kurta": 3}) == Learnable(
        ("saree", "shirt", "jeans"), {"kurta": 7}
    )
    assert (
        find_learnable(wanted, KNOWN, {}).wanted == "10 more verdicts for shirt, 10 more verdicts for kurta"
    )


def test_a_category_that_is_taken_away_is_dropped() -> None:
    assert find_learnable(["saree", "kurta"], KNOWN, {"kurta": 11}).categories == ("saree", "kurta")
