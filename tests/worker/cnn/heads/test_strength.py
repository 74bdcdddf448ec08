from dataclasses import replace

import numpy as np
import pytest

from tests.worker.cnn.clouds import centred, embedded, of_sources
from worker.cnn.arrays import KNOWN_NEGATIVE
from worker.cnn.figures.metrics import softmax
from worker.cnn.heads.embedded_examples import EmbeddedExamples
from worker.cnn.heads.strength import FEWEST_UNSEEN, WEIGHT_DECAYS, judge_held_out

pytestmark = pytest.mark.slow


def test_sources_that_are_held_out_whole_decide_alone_where_they_are_enough() -> None:
    held_out = judge_held_out(of_sources({"a": 8, "b": 8, "c": 8, "large": 30}), 3)
    deciding = held_out.deciding()
    assert held_out.known.all()
    assert (held_out.unseen.sum(), len(deciding.labels)) == (72, 72)
    assert held_out.weight_decay in WEIGHT_DECAYS


def test_known_negatives_of_any_source_help_to_decide() -> None:
    examples = of_sources({"a": 8, "b": 8, "c": 8}, labels=(0, 1, 2, KNOWN_NEGATIVE))
    only_there = examples.select((examples.sources == "a") | examples.shown)
    deciding = judge_held_out(only_there, 3).deciding()
    assert (deciding.labels == KNOWN_NEGATIVE).sum() == 8
    assert (deciding.labels != KNOWN_NEGATIVE).sum() == 72


def test_too_few_of_unseen_sources_do_not_decide_alone() -> None:
    held_out = judge_held_out(of_sources({"a": 5, "b": 5, "large": 20}), 3)
    assert held_out.unseen.sum() == 30 < FEWEST_UNSEEN
    assert len(held_out.deciding().labels) == 90


def test_heads_that_have_not_seen_a_source_judge_it() -> None:
    """Of one source the categories' centres are swapped: a head that had learnt from it would know that."""
    examples = of_sources(dict.fromkeys("abcd", 10) | {"swapped": 10})
    rows = examples.sources == "swapped"
    embeddings = examples.embeddings.copy()
    embeddings[rows] = centred((examples.labels[rows] + 1) % 3)
    judged = judge_held_out(replace(examples, embeddings=embeddings), 3).judged
    right = judged.logits.argmax(axis=1) == judged.labels
    assert right[~rows].mean() > 0.9
    assert not right[rows].any()


def test_a_near_duplicate_in_another_source_does_not_teach_the_head_that_judges_a_picture() -> None:
    examples = of_sources(dict.fromkeys("abc", 10))
    twins = np.array([np.flatnonzero(examples.sources == source)[0] for source in "ab"])
    embeddings, labels = examples.embeddings.copy(), examples.labels.copy()
    embeddings[twins], labels[twins] = centred(np.array([6, 6])), 2  # there is nothing else like them
    copied = replace(examples, embeddings=embeddings, labels=labels)
    groups = copied.groups.copy()
    groups[twins] = "one garment"
    by_chance, by_group = (surety_of(replace(copied, groups=each), twins) for each in (copied.groups, groups))
    assert by_chance > 0.6
    assert by_group < 0.5


def surety_of(examples: EmbeddedExamples, rows: np.ndarray) -> float:
    """The mean probability of these pictures' own labels."""
    judged = judge_held_out(examples, 3).judged
    return float(softmax(judged.logits)[rows, judged.labels[rows]].mean())


def test_pictures_without_which_a_category_is_missing_cannot_be_judged() -> None:
    examples = embedded([0] * 10 + [1] * 10 + [2], sources=np.array(["a", "b"] * 10 + ["a"]))
    held_out = judge_held_out(examples, 3)
    assert not held_out.known[-1]
    assert len(held_out.deciding().labels) == held_out.known.sum() < 21


def test_where_nothing_can_be_judged_all_decides() -> None:
    held_out = judge_held_out(embedded([0, 1, 2]), 3)
    assert not held_out.known.any()
    assert len(held_out.deciding().labels) == 3
    assert held_out.deciding().logits == pytest.approx(np.zeros((3, 3)))
