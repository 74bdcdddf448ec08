import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.worker.cnn.clouds import centred, embedded
from worker.cnn.figures.metrics import softmax
from worker.cnn.heads.logistic import fit_logistic, fit_weighted


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_separable_clouds_are_told_apart(classes: int) -> None:
    labels = np.repeat(np.arange(classes), 12)
    logits = fit_logistic(embedded(labels), weight_decay=1e-4)
    assert logits.kernel.shape == (8, classes)
    assert logits.bias.shape == (classes,)
    unseen = np.repeat(np.arange(classes), 20)
    assert (logits(centred(unseen, seed=1)).argmax(axis=1) == unseen).all()


def test_logits_of_two_categories_are_as_sure_as_those_of_one_that_is_never_likely() -> None:
    """Scikit-learn gives one logit for two classes: halved and doubled again, it must say the same."""
    labels = np.repeat([0, 1], 30)
    embeddings = centred(labels, noise=40.0)
    two = fit_weighted(embeddings, labels, np.ones(60), 1e-3)
    assert two.kernel[:, 0] == pytest.approx(-two.kernel[:, 1])
    probabilities = softmax(two(embeddings))
    # Of the maximum of a likelihood with a free bias: the mean probability is the share of the category.
    assert probabilities.mean(axis=0) == pytest.approx([0.5, 0.5], abs=1e-3)
    assert probabilities[np.arange(60), labels].mean() > 0.75


@settings(max_examples=5)
@given(st.integers(1, 1000), st.floats(0.01, 100))
def test_the_scale_of_the_inputs_does_not_matter(seed: int, scale: float) -> None:
    labels = np.repeat([0, 1, 2], 8)
    values = centred(labels, seed=seed, noise=30.0).astype(np.float64)
    one, other = (fit_weighted(inputs, labels, np.ones(24), 1e-3) for inputs in (values, values * scale))
    assert (values * scale) @ other.kernel + other.bias == pytest.approx(
        values @ one.kernel + one.bias, rel=1e-3, abs=1e-3
    )


def test_a_stronger_decay_makes_less_sure() -> None:
    labels = np.repeat([0, 1, 2], 12)
    surest = [
        softmax(fit_logistic(embedded(labels), decay)(centred(labels))).max() for decay in (1e-4, 1e-2, 1)
    ]
    assert surest == sorted(surest, reverse=True)


def contradicted(listed: int, reviewed: int) -> float:
    """The probability of the reviews' category where so many pictures are listed as another one's."""
    labels = np.array([0] * 20 + [1] * 20 + [1] * listed + [0] * reviewed)
    embeddings = centred(labels)
    embeddings[40:] = centred(np.full(listed + reviewed, 5))
    is_review = np.arange(len(labels)) >= 40 + listed
    logits = fit_logistic(embedded(labels, embeddings=embeddings, reviewed=is_review), weight_decay=1e-4)
    return float(softmax(logits(centred(np.full(20, 5), seed=2)))[:, 0].mean())


def test_a_review_outweighs_listed_labels() -> None:
    assert contradicted(listed=2, reviewed=1) > 0.5
    assert contradicted(listed=12, reviewed=1) < 0.5


def test_inputs_without_any_length_leave_the_categories_as_likely() -> None:
    logits = fit_weighted(np.zeros((6, 4)), np.array([0, 1, 2] * 2), np.ones(6), 1e-3)
    assert softmax(logits(np.zeros((1, 4), np.int8))) == pytest.approx(np.full((1, 3), 1 / 3))
