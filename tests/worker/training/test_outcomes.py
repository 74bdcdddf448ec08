import pytest

from worker.training.outcomes import Outcome, sentence

TESTED = {"test": {"accuracy": 0.93125, "pictures": 120}}


@pytest.mark.parametrize(
    ("metrics", "is_no_worse", "words"),
    [
        (TESTED, True, "trained version 3: 0.931 right on 120 test pictures; it is active"),
        (
            TESTED,
            False,
            "trained version 3: 0.931 right on 120 test pictures; it is worse than the active version, which stays",
        ),
        ({}, True, "trained version 3: not tested; it is active"),
    ],
)
def test_one_sentence_says_what_was_made(
    metrics: dict[str, dict[str, float]], *, is_no_worse: bool, words: str
) -> None:
    made = Outcome(columns={}, dataset_digest="", metrics=metrics, is_no_worse=is_no_worse)
    assert sentence("trained", 3, made) == words
