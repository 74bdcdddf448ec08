"""The one place where LiteRT is imported: it runs a network's flatbuffer without TensorFlow."""

import os
from typing import Any, Final

from ai_edge_litert.interpreter import Interpreter

from worker.cnn.arrays import Pictures
from worker.cnn.errors import ArtefactFormatError
from worker.cnn.native_messages import without_native_messages
from worker.cnn.serving.inference import Outputs, Signature

ROWS: Final = 2080
"""Of pixels at a time, in whole pictures: eight squares of 260. More are slower, as layers outgrow the processor's
cache."""


class LiteRTEngine:
    """Runs a flatbuffer, with XNNPACK on every processor that the process may use.

    Args:
        flatbuffer: the bytes of a LiteRT model; check their SHA-256 before.
        signature: what it must take and give.
        batch_size: pictures at a time; None chooses what is fast.

    Raises:
        ArtefactFormatError: the bytes are no network, or one with other inputs or outputs.
    """

    def __init__(self, flatbuffer: bytes, signature: Signature, batch_size: int | None = None) -> None:
        self._signature, self._allocated = signature, 0
        self._batch_size = batch_size or max(1, ROWS // signature.picture[0])
        with without_native_messages():  # It greets on standard error.
            self._interpreter = _open(flatbuffer)
        _require_fit(self._interpreter, signature)
        self._input = self._interpreter.get_input_details()[0]["index"]
        # The converter does not keep the names of the outputs, but no two have as many dimensions.
        places = {
            len(each["shape_signature"]): each["index"] for each in self._interpreter.get_output_details()
        }
        self._places = {name: places[1 + len(shape)] for name, shape in signature.outputs.items()}

    def __call__(self, pictures: Pictures) -> Outputs:
        """Give the network's outputs for fitted pictures, uint8 (n, height, width, 3), n from 0."""
        outputs = self._signature.empty(len(pictures))
        for start in range(0, len(pictures), self._batch_size):
            rows = slice(start, start + self._batch_size)
            self._run(pictures[rows])
            for name, place in self._places.items():
                outputs[name][rows] = self._interpreter.get_tensor(place)
        return outputs

    def _run(self, batch: Pictures) -> None:
        if len(batch) != self._allocated:  # A smaller last batch costs no more than its own pictures.
            self._interpreter.resize_tensor_input(self._input, batch.shape)
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


def _require_fit(interpreter: Any, signature: Signature) -> None:
    outputs = sorted(((-1, *shape), "float32") for shape in signature.outputs.values())
    expected = [[((-1, *signature.picture), "uint8")], outputs]
    details = (interpreter.get_input_details(), interpreter.get_output_details())
    got = [
        sorted((tuple(each["shape_signature"].tolist()), each["dtype"].__name__) for each in side)
        for side in details
    ]
    if got != expected:
        raise ArtefactFormatError(f"a flatbuffer must take and give {expected}, got {got}")
