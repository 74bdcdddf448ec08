"""Labelled embeddings for tests, without a network: each category's pictures lie about a centre of its own."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from worker.cnn.heads.embedded_examples import EmbeddedExamples
from worker.cnn.pictures.dataset import TRAIN

CATEGORIES = ("saree", "jeans", "trousers")


def centred(labels: np.ndarray, *, seed: int = 0, width: int = 8, noise: float = 6.0) -> np.ndarray:
    """Embeddings int8 (n, width): 60 in the label's own direction, known negatives in the last one, and noise."""
    values = np.random.default_rng(seed).normal(0, noise, (len(labels), width))
    values[np.arange(len(labels)), labels] += 60
    return np.clip(np.rint(values), -127, 127).astype(np.int8)


def embedded(labels: Sequence[int] | np.ndarray, **arrays: Any) -> EmbeddedExamples:
    """Examples about their centres: each a product and a group of its own, all of one source, to train on."""
    theirs = np.asarray(labels, dtype=np.int64)
    names = np.array([f"{row:04}" for row in range(len(theirs))], dtype=np.str_)
    defaults: dict[str, Any] = {
        "embeddings": centred(theirs),
        "splits": np.full(len(theirs), TRAIN),
        "products": names,
        "sources": np.full(len(theirs), "shop"),
        "groups": names,
        "reviewed": np.zeros(len(theirs), np.bool_),
    }
    return EmbeddedExamples(labels=theirs, **defaults | arrays)


def of_sources(
    pictures: dict[str, int], labels: Sequence[int] = (0, 1, 2), **arrays: Any
) -> EmbeddedExamples:
    """Examples of several sources, so many pictures of each label in each."""
    rows = [(source, label) for source, count in pictures.items() for label in labels for _ in range(count)]
    sources = np.array([source for source, _ in rows])
    return embedded([label for _, label in rows], sources=sources, **arrays)
