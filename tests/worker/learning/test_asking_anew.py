from db.queries.review_order import Candidate, NewSource, Offers
from worker.learning.asking_anew import candidates_of, judge_anew


def candidate(number: int, listed: str | None = "saree", likeliest: str = "jeans") -> Candidate:
    return Candidate(number, "shop", f"B{number}", None, listed, likeliest, 0.5, 0.1, None)


def shares(saree: float, jeans: float) -> dict[str, float]:
    return {"saree": saree, "jeans": jeans}


def test_what_contradicts_the_shop_no_more_is_not_offered_as_such() -> None:
    offers = Offers(contradicted=[candidate(1), candidate(2), candidate(3)])
    anew = judge_anew(offers, {1: shares(0.9, 0.1), 2: shares(0.4, 0.6), 3: shares(0.1, 0.9)})
    assert [each.id for each in anew.contradicted] == [3, 2]


def test_the_least_sure_comes_first_with_the_new_word() -> None:
    offers = Offers(unsure=[candidate(1), candidate(2)])
    first, second = judge_anew(offers, {1: shares(0.9, 0.1), 2: shares(0.55, 0.45)}).unsure
    assert (first.id, first.likeliest, first.confidence) == (2, "saree", 0.55)
    assert round(first.margin, 6) == 0.1
    assert second.id == 1


def test_a_product_without_probabilities_stays_as_it_is_and_comes_last() -> None:
    offers = Offers(contradicted=[candidate(1), candidate(2)], unsure=[candidate(1), candidate(2)])
    anew = judge_anew(offers, {2: shares(0.2, 0.8)})
    assert [each.id for each in anew.contradicted] == [2, 1]
    assert list(anew.unsure)[1] == candidate(1)


def test_a_listed_category_that_the_head_does_not_know_is_not_contradicted() -> None:
    anew = judge_anew(Offers(contradicted=[candidate(1, listed="hat")]), {1: shares(0.2, 0.8)})
    assert anew.contradicted == []


def test_new_sources_and_random_ones_keep_their_turn() -> None:
    offers = Offers(
        new_sources=[NewSource([candidate(1), candidate(2)], 3)],
        random=[candidate(5), candidate(4)],
        verdicts=7,
    )
    anew = judge_anew(offers, {4: shares(0.2, 0.8)})
    assert [each.id for each in anew.random] == [5, 4]
    assert ([each.verdicts for each in anew.new_sources], anew.verdicts) == ([3], 7)
    assert candidates_of(offers) == [1, 2, 4, 5]
