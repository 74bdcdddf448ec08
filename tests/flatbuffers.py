"""LiteRT networks without TensorFlow: real flatbuffers, whose outputs are a picture's mean colours."""

from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from worker.cnn.serving.inference import Signature

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
