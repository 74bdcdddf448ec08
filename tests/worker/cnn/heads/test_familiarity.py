import numpy as np
import pytest

from tests.worker.cnn.clouds import centred, embedded
from worker.cnn.arrays import KNOWN_NEGATIVE
from worker.cnn.heads.familiarity import (
    FEWEST_NEGATIVES,
    Alignment,
    align,
    fit_familiarity,
    teaches_familiarity,
)
from worker.cnn.heads.in_distribution import fit_scorer
from worker.cnn.pictures.dataset import TEST, TRAIN

LABELS = [0, 1, 2] * 20


def with_negatives(count: int) -> list[int]:
    return [*LABELS, *[KNOWN_NEGATIVE] * count]


def test_the_categories_alone_decide_where_known_negatives_are_few() -> None:
    examples = embedded(with_negatives(FEWEST_NEGATIVES - 1))
    assert not teaches_familiarity(examples)
    taught = examples.select(examples.taught)
    expected = fit_scorer(taught.embeddings.astype(np.float64), taught.labels, 3)
    nearness, leads = fit_familiarity(examples, 3, by_negatives=False).score(examples.embeddings)
    assert np.array_equal(nearness, expected.score(examples.embeddings.astype(np.float64)))
    assert np.array_equal(Alignment().join(nearness, leads), nearness)


def test_known_negatives_teach_what_is_none_of_the_categories() -> None:
    examples = embedded(with_negatives(FEWEST_NEGATIVES))
    assert teaches_familiarity(examples)
    fresh = np.array([0, 1, 2, KNOWN_NEGATIVE] * 10)
    _, leads = fit_familiarity(examples, 3, by_negatives=True).score(centred(fresh, seed=1))
    assert leads[fresh == KNOWN_NEGATIVE].max() < 0 < leads[fresh != KNOWN_NEGATIVE].min()


def test_what_is_like_no_known_negative_is_far_from_the_categories_all_the_same() -> None:
    examples = embedded(with_negatives(FEWEST_NEGATIVES))
    familiarity = fit_familiarity(examples, 3, by_negatives=True)
    novel, usual = centred(np.full(20, 4), seed=1), centred(np.array(LABELS), seed=1)
    alignment = align(*familiarity.score(examples.embeddings), examples.labels)
    lowest = alignment.join(*familiarity.score(usual)).min()
    assert alignment.join(*familiarity.score(novel)).max() < lowest


def test_those_of_the_test_split_teach_nothing() -> None:
    labels = with_negatives(2 * FEWEST_NEGATIVES)
    splits = np.full(len(labels), TRAIN)
    splits[-FEWEST_NEGATIVES - 1 :] = TEST
    assert not teaches_familiarity(embedded(labels, splits=splits))


def test_a_verdict_other_weighs_more_than_a_listed_known_negative() -> None:
    labels = [*with_negatives(FEWEST_NEGATIVES), KNOWN_NEGATIVE]
    embeddings = centred(np.array(labels))
    embeddings[-1] = embeddings[0]  # looks like a category, and is none
    by_verdict = np.arange(len(labels)) == len(labels) - 1
    told, listed = (
        fit_familiarity(
            embedded(labels, embeddings=embeddings, reviewed=reviewed), 3, by_negatives=True
        ).score(embeddings[-1:])[1]
        for reviewed in (by_verdict, np.zeros(len(labels), np.bool_))
    )
    assert told < listed


def test_both_scores_threshold_at_one_number_in_one_unit() -> None:
    nearness = np.linspace(100, 200, 101)
    leads = np.linspace(-1, 1, 101)
    labels = np.zeros(101, np.int64)
    alignment = align(nearness, leads, labels)
    assert alignment.scale == pytest.approx(50)
    assert alignment.join(nearness, leads) == pytest.approx(nearness)
    assert align(nearness, np.zeros(101), labels).scale == 1


def test_an_aligned_map_gives_aligned_leads() -> None:
    examples = embedded(with_negatives(FEWEST_NEGATIVES))
    familiarity, alignment = fit_familiarity(examples, 3, by_negatives=True), Alignment(3.0, -7.0)
    _, leads = familiarity.score(examples.embeddings)
    aligned = alignment.apply(familiarity.leads)(examples.embeddings).max(axis=1)
    assert aligned == pytest.approx(3 * leads - 7)
