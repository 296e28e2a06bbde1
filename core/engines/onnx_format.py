"""Writes ONNX files: the few protobuf messages that a static graph is made of.

torch's exporter draws a picture to find out what its network does, and needs the package `onnx`. The layers
of a sub-generator are known, so that naming them is enough, and takes no longer than writing their weights.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

IR_VERSION, OPSET = 8, 17
MAX_BYTES = (2 << 30) - (1 << 20)  # protobuf's limit, less what is not weights

Pieces = list[bytes | memoryview]  # of a message; joined once, for weights are large
TYPES = {torch.float32: 1, torch.int64: 7}  # TensorProto.DataType


class GraphWriter:
    """A graph of one float32 input and one float32 output, node by node in the order in which they run.

    Values are named by strings: what a method returns is the input of later nodes.
    """

    def __init__(self):
        self._nodes: Pieces = []
        self._constants: Pieces = []
        self._names = 0

    def constant(self, value: Tensor) -> str:
        """A float32 or int64 tensor that the graph holds."""
        name, value = self._name(), value.detach().cpu().contiguous()
        tensor: Pieces = []
        for side in value.shape:
            tensor += _number(1, side)
        tensor += _number(2, TYPES[value.dtype]) + _text(8, name)
        tensor += _message(9, [value.reshape(-1).view(torch.uint8).numpy().data])
        self._constants += _message(5, tensor)
        return name

    def node(self, kind: str, *inputs: str, **attributes: int | float | Sequence[int]) -> str:
        """The first output of an ONNX operator; whole numbers, numbers and lists are its attributes."""
        name = self._name()
        node: Pieces = [piece for value in inputs for piece in _text(1, value)]
        node += _text(2, name) + _text(4, kind)
        for key, value in attributes.items():
            node += _message(5, _attribute(key, value))
        self._nodes += _message(1, node)
        return name

    def finish(
        self, input_name: str, input_shape: Iterable[int], output: str, output_shape: Iterable[int]
    ) -> bytes:
        """The file; its output is called like the value. ValueError for more weights than a file can have."""
        graph = self._nodes + _text(2, "anycost") + self._constants
        graph += _message(11, _float_value(input_name, input_shape))
        graph += _message(12, _float_value(output, output_shape))
        if _length(graph) > MAX_BYTES:
            raise ValueError("This sub-generator is too large for one ONNX file.")
        opset = _text(1, "") + _number(2, OPSET)
        return b"".join(_number(1, IR_VERSION) + _message(7, graph) + _message(8, opset))

    def _name(self) -> str:
        self._names += 1
        return f"v{self._names}"


def _attribute(name: str, value: int | float | Sequence[int]) -> Pieces:
    pieces = _text(1, name)
    if isinstance(value, float):
        return [*pieces, _tag(2, 5), struct.pack("<f", value), *_number(20, 1)]
    if isinstance(value, int):
        return pieces + _number(3, value) + _number(20, 2)
    for item in value:
        pieces += _number(8, item)
    return pieces + _number(20, 7)


def _float_value(name: str, shape: Iterable[int]) -> Pieces:
    sides = [piece for side in shape for piece in _message(1, _number(1, side))]
    return _text(1, name) + _message(2, _message(1, _number(1, 1) + _message(2, sides)))


# protobuf: a field is its number and kind, then a number, or a length and so many bytes


def _tag(field: int, kind: int) -> bytes:
    return _varint(field << 3 | kind)


def _number(field: int, value: int) -> Pieces:
    return [_tag(field, 0), _varint(value)]


def _text(field: int, value: str) -> Pieces:
    return _message(field, [value.encode()])


def _message(field: int, pieces: Pieces) -> Pieces:
    return [_tag(field, 2), _varint(_length(pieces)), *pieces]


def _length(pieces: Pieces) -> int:
    return sum(len(piece) for piece in pieces)


def _varint(value: int) -> bytes:
    """A whole number, 7 bits a byte, lowest first; the high bit says that more follow."""
    digits = bytearray()
    while value > 127:
        digits.append(value & 127 | 128)
        value >>= 7
    digits.append(value)
    return bytes(digits)
