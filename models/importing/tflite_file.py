"""Reads a TensorFlow Lite model as data: its operators, the shapes of its tensors and its constants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tflite
from flatbuffers import flexbuffers

TYPES = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
}
OPERATORS = {code: name for name, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)}


@dataclass(frozen=True)
class Operator:
    """One step. Tensors are named by their number; `options` reads its settings."""

    name: str  # as the format spells it, e.g. "CONV_2D"; custom operators have their own names
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Any  # of the `tflite` package for built-in operators; for custom ones, their raw bytes


@dataclass
class TfliteModel:
    """The one graph of a model. Pictures are [N, H, W, C], as the format has them."""

    operators: list[Operator]
    shapes: list[tuple[int, ...]]  # by tensor
    names: list[str]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    constants: dict[int, np.ndarray] = field(default_factory=dict)  # what has values already


def read_tflite(data: bytes) -> TfliteModel:
    """The model in a file's bytes. ValueError for types that no model read here uses.

    Only for files whose hash is known: the flatbuffer itself is not checked.
    """
    model: Any = tflite.Model.GetRootAsModel(data, 0)  # the generated getters may all return None
    graph = model.Subgraphs(0)
    tensors = [graph.Tensors(i) for i in range(graph.TensorsLength())]
    read = TfliteModel(
        operators=[_operator(model, graph.Operators(i)) for i in range(graph.OperatorsLength())],
        shapes=[_integers(tensor.ShapeLength(), tensor.Shape) for tensor in tensors],
        names=[tensor.Name().decode() for tensor in tensors],
        inputs=_integers(graph.InputsLength(), graph.Inputs),
        outputs=_integers(graph.OutputsLength(), graph.Outputs),
    )
    for number, tensor in enumerate(tensors):
        stored = model.Buffers(tensor.Buffer())
        if stored.DataLength():
            read.constants[number] = _values(tensor, stored.DataAsNumpy())
    return read


def flexible(options: bytes) -> Any:
    """A custom operator's settings, where they are a FlexBuffer of names and values."""
    return flexbuffers.Loads(options)


def _operator(model: Any, stored: Any) -> Operator:
    code = model.OperatorCodes(stored.OpcodeIndex())
    name = OPERATORS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
    inputs = _integers(stored.InputsLength(), stored.Inputs)
    outputs = _integers(stored.OutputsLength(), stored.Outputs)
    if name == "CUSTOM":
        size = stored.CustomOptionsLength()
        settings = stored.CustomOptionsAsNumpy().tobytes() if size else b""
        return Operator(code.CustomCode().decode(), inputs, outputs, settings)
    return Operator(name, inputs, outputs, stored.BuiltinOptions())


def _integers(count: int, entry: Callable[[int], int]) -> tuple[int, ...]:
    return tuple(int(entry(i)) for i in range(count))


def _values(tensor: Any, stored: np.ndarray) -> np.ndarray:
    kind = TYPES.get(tensor.Type())
    if kind is None:
        raise ValueError(f"a tensor of type {tensor.Type()}, which is not read here")
    values = stored.view(kind)
    shape = _integers(tensor.ShapeLength(), tensor.Shape)
    sparsity = tensor.Sparsity()
    return values.reshape(shape) if sparsity is None else _dense(sparsity, values, shape)


def _dense(sparsity: Any, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A sparse tensor with its zeros.

    The format lists the tensor's axes, and after them the axes within blocks, in the order of traversal. A
    dense axis visits every index; a sparse one stores which it visits, by segments.
    """
    order = _integers(sparsity.TraversalOrderLength(), sparsity.TraversalOrder)
    blocks = _integers(sparsity.BlockMapLength(), sparsity.BlockMap)
    found: dict[int, np.ndarray] = {}  # axis -> index of every value
    count = 1  # places that the axes so far visit
    for level, axis in enumerate(order):
        metadata = sparsity.DimMetadata(level)
        if metadata.Format() == tflite.DimensionType.DENSE:
            size = metadata.DenseSize()
            repeats, index = np.full(count, size), np.tile(np.arange(size), count)
        else:
            segments = _stored(metadata.ArraySegmentsType(), metadata.ArraySegments())
            repeats, index = np.diff(segments), _stored(metadata.ArrayIndicesType(), metadata.ArrayIndices())
        found = {other: np.repeat(known, repeats) for other, known in found.items()}
        found[axis] = index
        count = len(index)
    sizes = {len(shape) + i: int(found[len(shape) + i].max()) + 1 for i in range(len(blocks))}
    for i, axis in enumerate(blocks):
        within = len(shape) + i
        found[axis] = found[axis] * sizes[within] + found[within]
    dense = np.zeros(shape, values.dtype)
    dense[tuple(found[axis] for axis in range(len(shape)))] = values
    return dense


def _stored(kind: int, table: Any) -> np.ndarray:
    """The indices of a sparse axis, stored in one of three widths."""
    vectors = {
        tflite.SparseIndexVector.Int32Vector: tflite.Int32Vector,
        tflite.SparseIndexVector.Uint16Vector: tflite.Uint16Vector,
        tflite.SparseIndexVector.Uint8Vector: tflite.Uint8Vector,
    }
    vector = vectors[kind]()
    vector.Init(table.Bytes, table.Pos)
    return vector.ValuesAsNumpy().astype(np.int64)
