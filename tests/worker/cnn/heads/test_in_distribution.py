import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.cnn.heads.in_distribution import SHRINKAGE, fit_scorer


def clouds(seed: int, classes: int, features: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    labels = np.arange(20 * classes) % classes
    return generator.normal(size=(classes, features))[labels] * 2 + generator.normal(
        size=(len(labels), features)
    ), labels


def mahalanobis(difference: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    distances: np.ndarray = np.einsum("ij,jk,ik->i", difference, np.linalg.inv(covariance), difference)
    return distances


@given(seed=st.integers(0, 20), classes=st.integers(2, 5), features=st.integers(3, 12))
def test_the_score_is_the_difference_of_two_distances(seed: int, classes: int, features: int) -> None:
    known, labels = clouds(seed, classes, features)
    other = np.random.default_rng(seed + 1).normal(size=(7, features)) * 3
    means = np.stack([known[labels == label].mean(axis=0) for label in range(classes)])
    centre = means.mean(axis=0)
    residuals = known - means[labels]
    within = residuals.T @ residuals / len(residuals)
    even = (SHRINKAGE * np.trace(within) / features + 1e-6) * np.eye(features)
    shrunk = (1 - SHRINKAGE) * within + even
    between = (means - centre).T @ (means - centre) / classes
    whole = shrunk + (1 - SHRINKAGE) * between
    nearest = np.min([mahalanobis(other - mean, shrunk) for mean in means], axis=0)
    expected = mahalanobis(other - centre, whole) - nearest
    assert fit_scorer(known, labels, classes).score(other) == pytest.approx(expected, rel=1e-3, abs=1e-3)


def test_what_lies_elsewhere_scores_lower() -> None:
    known, labels = clouds(0, 3, 30)
    scorer = fit_scorer(known, labels, 3)
    beyond = known.mean(axis=0) + (known - known.mean(axis=0)) * -3
    assert np.median(scorer.score(beyond)) < np.quantile(scorer.score(known), 0.01)


def test_identical_pictures_give_finite_scores() -> None:
    known = np.repeat(np.eye(3, 10), 5, axis=0)
    labels = np.repeat(np.arange(3), 5)
    assert np.isfinite(fit_scorer(known, labels, 3).score(known)).all()
