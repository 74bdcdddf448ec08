"""The one place where LiteRT is imported: it runs a network's flatbuffer without TensorFlow."""

import os
from typing import Any, Final

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from worker.cnn.arrays import Pictures
from worker.cnn.errors import ArtefactFormatError
from worker.cnn.native_messages import without_native_messages
from worker.cnn.serving.inference import Outputs

BATCH_SIZE: Final = 8
"""Pictures at a time. Larger batches are slower, as their layers outgrow the processor's cache."""


class LiteRTEngine:
    """Runs a flatbuffer, with XNNPACK on every processor that the process may use.

    Args:
        flatbuffer: the bytes of a LiteRT model; check their SHA-256 before.
        shape: of a picture: height, width, 3.
        classes: number of the network's classes.
        batch_size: pictures at a time.

    Raises:
        ArtefactFormatError: the bytes are no network, or one with other inputs or outputs.
    """

    def __init__(
        self, flatbuffer: bytes, shape: tuple[int, int, int], classes: int, batch_size: int = BATCH_SIZE
    ) -> None:
        self._shape, self._classes, self._batch_size, self._allocated = shape, classes, batch_size, 0
        with without_native_messages():  # It greets on standard error.
            self._interpreter = _open(flatbuffer)
        _require_fit(self._interpreter, shape, classes)
        # The converter does not keep the names of the outputs, but one has two dimensions and one has one.
        self._input = self._interpreter.get_input_details()[0]["index"]
        by_rank = sorted(
            self._interpreter.get_output_details(), key=lambda each: len(each["shape_signature"])
        )
        self._in_distribution, self._logits = (each["index"] for each in by_rank)

    def __call__(self, pictures: Pictures) -> Outputs:
        """Give the network's outputs for fitted pictures, uint8 (n, height, width, 3), n from 0."""
        logits = np.empty((len(pictures), self._classes), np.float32)
        scores = np.empty(len(pictures), np.float32)
        for start in range(0, len(pictures), self._batch_size):
            rows = slice(start, start + self._batch_size)
            self._run(pictures[rows])
            logits[rows] = self._interpreter.get_tensor(self._logits)
            scores[rows] = self._interpreter.get_tensor(self._in_distribution)
        return Outputs(logits, scores)

    def _run(self, batch: Pictures) -> None:
        if len(batch) != self._allocated:  # A smaller last batch costs no more than its own pictures.
            self._interpreter.resize_tensor_input(self._input, (len(batch), *self._shape))
            self._interpreter.allocate_tensors()
            self._allocated = len(batch)
        self._interpreter.set_tensor(self._input, batch)
        self._interpreter.invoke()


def _open(flatbuffer: bytes) -> Any:
    try:
        interpreter = Interpreter(model_content=flatbuffer, num_threads=_processors())
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ArtefactFormatError(f"the flatbuffer cannot be read as a network: {error}") from error
    return interpreter


def _processors() -> int:
    """Count the processors that this process may use, which in a container are not all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _require_fit(interpreter: Any, shape: tuple[int, int, int], classes: int) -> None:
    expected = [[((-1, *shape), "uint8")], [((-1,), "float32"), ((-1, classes), "float32")]]
    details = (interpreter.get_input_details(), interpreter.get_output_details())
    got = [
        sorted((tuple(each["shape_signature"].tolist()), each["dtype"].__name__) for each in side)
        for side in details
    ]
    if got != expected:
        raise ArtefactFormatError(f"a flatbuffer must take and give {expected}, got {got}")
