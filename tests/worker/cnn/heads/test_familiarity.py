import numpy as np

from tests.worker.cnn.clouds import centred, embedded
from worker.cnn.arrays import KNOWN_NEGATIVE
from worker.cnn.heads.familiarity import FEWEST_NEGATIVES, fit_familiarity, teaches_familiarity
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
    assert np.array_equal(fit_familiarity(examples, 3, by_negatives=False).kernel, expected.kernel)


def test_known_negatives_teach_what_is_none_of_the_categories() -> None:
    examples = embedded(with_negatives(FEWEST_NEGATIVES))
    assert teaches_familiarity(examples)
    scorer = fit_familiarity(examples, 3, by_negatives=True)
    fresh = np.array([0, 1, 2, KNOWN_NEGATIVE] * 10)
    scores = scorer.score(centred(fresh, seed=1).astype(np.float64))
    assert scores[fresh == KNOWN_NEGATIVE].max() < 0 < scores[fresh != KNOWN_NEGATIVE].min()


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
        ).score(embeddings[-1:].astype(np.float64))
        for reviewed in (by_verdict, np.zeros(len(labels), np.bool_))
    )
    assert told < listed
