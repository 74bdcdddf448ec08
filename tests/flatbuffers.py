"""Model versions that run without TensorFlow: real flatbuffers, whose outputs are a picture's mean colours."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from PIL import Image

from db.heads import Head
from db.repository.bodies import record_body
from db.session import Database
from tests.factories import CATEGORIES, encoded, head, model_version
from worker.cnn.config import VIEWS, NetworkName, input_shape
from worker.cnn.serving.inference import Signature

COLOURS: Final = {"saree": (100, 0, 0), "jeans": (0, 100, 0), "trousers": (0, 0, 100)}
"""By category: what a version that runs takes for it."""


def body_that_runs(database: Database) -> int:
    """Record a body whose embeddings are mean colours, three values wide; always the same one."""
    flatbuffer = flatbuffer_of(Signature.body(_picture(VIEWS), 3))
    values = {
        "network": "efficientnet_lite0",
        "views": VIEWS,
        "width": 3,
        "artefact": b"body",
        "sha256": hashlib.sha256(b"body").hexdigest(),
        "flatbuffer": flatbuffer,
        "flatbuffer_sha256": hashlib.sha256(flatbuffer).hexdigest(),
    }
    with database.write() as session:
        return record_body(session, values)


def colour_head(**values: Any) -> Head:
    """A head for the embeddings of `body_that_runs`; `values` are other fields."""
    return head(3, **{"kernel": np.eye(3, dtype=np.float32) / 20, "bias": np.zeros(3, np.float32)} | values)


def version_that_runs(database: Database, **values: Any) -> int:
    """Record an active version of `body_that_runs`; `values` are other columns."""
    made = colour_head()
    columns: dict[str, Any] = {
        "network": "efficientnet_lite0",
        "body_id": body_that_runs(database),
        "artefact": None,
        "head": made.to_bytes(),
        "temperature": made.temperature,
        "threshold": made.threshold,
        "in_distribution_threshold": made.in_distribution_threshold,
    }
    return model_version(database, **columns | values)


def whole_version_that_runs(database: Database) -> int:
    """Record an active version without a body, whose logits are mean colours."""
    flatbuffer = flatbuffer_of(Signature.whole(_picture(None), len(CATEGORIES)))
    return model_version(
        database,
        network="efficientnet_lite0",
        flatbuffer=flatbuffer,
        flatbuffer_sha256=hashlib.sha256(flatbuffer).hexdigest(),
        temperature=50.0,
    )


def coloured(category: str, number: int = 0) -> bytes:
    """A picture of one colour, that of the category; each number gives another shade."""
    shade = tuple(max(0, value - number) for value in COLOURS[category])
    return encoded(Image.new("RGB", (64, 64), shade), "PNG")


def _picture(views: str | None) -> tuple[int, int, int]:
    shape = input_shape(NetworkName.EFFICIENTNET_LITE0, views)
    return shape.height, shape.width, 3


OUTPUTS = {2: (1, 2), 1: (1, 2, 3)}
"""By the dimensions of an output, those of the pictures that it is the mean over."""


def flatbuffer_of(signature: Signature) -> bytes:
    """A network that takes and gives what the signature says, with a value for each colour."""
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.buffers = 3, [schema.BufferT()]
    graph.tensors, graph.operators, graph.outputs = [], [], []
    model.subgraphs, model.operatorCodes = [graph], [_code("CAST"), _code("MEAN")]
    pictures = _tensor(model, signature.picture, schema.TensorType.UINT8)
    values = _tensor(model, signature.picture, schema.TensorType.FLOAT32)
    graph.inputs = [pictures]
    graph.operators.append(_operator(0, [pictures], values))
    for shape in signature.outputs.values():
        axes = _constant(model, OUTPUTS[1 + len(shape)])
        mean = _tensor(model, shape, schema.TensorType.FLOAT32)
        graph.operators.append(_operator(1, [values, axes], mean))
        graph.operators[-1].builtinOptionsType = schema.BuiltinOptions.ReducerOptions
        graph.operators[-1].builtinOptions = schema.ReducerOptionsT()
        graph.outputs.append(mean)
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _code(name: str) -> Any:
    code = schema.OperatorCodeT()
    code.builtinCode = getattr(schema.BuiltinOperator, name)
    code.deprecatedBuiltinCode, code.version = code.builtinCode, 1
    return code


def _operator(code: int, inputs: Sequence[int], output: int) -> Any:
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = code, list(inputs), [output]
    return operator


def _tensor(model: Any, shape: Sequence[int], kind: int) -> int:
    """Add a tensor of so many pictures as there are; its number."""
    tensor = schema.TensorT()
    tensor.shape, tensor.shapeSignature, tensor.type = [1, *shape], [-1, *shape], kind
    tensor.buffer = 0
    model.subgraphs[0].tensors.append(tensor)
    return len(model.subgraphs[0].tensors) - 1


def _constant(model: Any, values: Sequence[int]) -> int:
    buffer, tensor = schema.BufferT(), schema.TensorT()
    buffer.data = np.array(values, np.int32).view(np.uint8)
    tensor.shape, tensor.type, tensor.buffer = [len(values)], schema.TensorType.INT32, len(model.buffers)
    model.buffers.append(buffer)
    model.subgraphs[0].tensors.append(tensor)
    return len(model.subgraphs[0].tensors) - 1
