"""Embeds the examples of a training run, with the engine that will serve the body."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from worker.cnn.arrays import Pictures
from worker.cnn.heads.embedded_examples import EmbeddedExamples
from worker.cnn.pictures.dataset import Examples
from worker.cnn.progress import Progress, Report
from worker.cnn.serving.inference import Engine, quantise

_PICTURES_AT_ONCE: Final = 32


def embed_pictures(engine: Engine, pictures: Pictures, report: Report) -> NDArray[np.int8]:
    """Give the embeddings, int8 (n, width), of pictures (n, height, width, 3), n from 1."""
    embeddings = []
    for start in range(0, len(pictures), _PICTURES_AT_ONCE):
        batch = np.asarray(pictures[start : start + _PICTURES_AT_ONCE])
        embeddings.append(quantise(engine(batch)))
        report(Progress("embedding", start + len(batch), len(pictures)))
    return np.concatenate(embeddings)


def embedded_examples(examples: Examples, embeddings: NDArray[np.int8]) -> EmbeddedExamples:
    """Give what a head is fitted to."""
    return EmbeddedExamples(
        embeddings=embeddings,
        labels=examples.labels,
        splits=examples.splits,
        products=examples.products,
        sources=examples.sources,
        groups=examples.groups,
        reviewed=examples.reviewed,
    )
