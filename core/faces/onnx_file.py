"""Reads what an ONNX file says of its network, without the large weights.

onnxruntime would read weights that a model says lie in other files, wherever they are. It cannot where it is
given bytes. A large model is given as a file, since bytes of it would be held twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from google.protobuf.message import DecodeError, Message
from onnx import ModelProto, TensorProto

GRAPH, INITIALIZER = 7, 5  # fields of a model and of its graph
VALUES = (4, 5, 6, 7, 9, 10, 11)  # fields of a tensor that hold its values
LARGE_VALUES = 8 << 10  # bytes: smaller ones are read; sizes may follow from them
MOST_BESIDE = 64 << 20  # bytes of a model beside its weights


def read_outline(path: Path) -> ModelProto:
    """A model whose large weights lack their values. ValueError where it is none, or some lie elsewhere."""
    with path.open("rb") as file:
        return outline(file, path.stat().st_size)


def outline(file: BinaryIO, size: int) -> ModelProto:
    """The same for `size` bytes that a file gives."""
    try:
        model = ModelProto.FromString(_outline(file, size, (GRAPH, INITIALIZER)))
    except DecodeError:
        raise ValueError from None
    if not model.graph.node or _elsewhere(model):
        raise ValueError
    return model


def _elsewhere(message: Message) -> bool:
    """Whether a tensor anywhere in a message lies in another file."""
    if isinstance(message, TensorProto):
        return message.data_location == TensorProto.EXTERNAL or bool(message.external_data)
    return any(_elsewhere(part) for part in _parts(message))


def _parts(message: Message) -> Iterator[Message]:
    for field, value in message.ListFields():
        if field.message_type is not None:
            values: Iterable[Message] = [value] if isinstance(value, Message) else value
            yield from values


def _outline(file: BinaryIO, end: int, path: tuple[int, ...]) -> bytes:
    """A message from here to `end`; of the tensors under the fields `path` of it, without large values.

    ValueError where it is no message, or too large.
    """
    kept = bytearray()
    while file.tell() < end:
        key = _varint(file)
        number, wire = key >> 3, key & 7
        if wire != 2:  # a number
            kept += _encoded(key) + _number(file, wire)
            continue
        length = _varint(file)
        stop = file.tell() + length
        if stop > end:
            raise ValueError
        if path and number == path[0]:
            inner = _outline(file, stop, path[1:])
        elif not path and number in VALUES and length > LARGE_VALUES:
            inner = b""
        else:
            inner = _read(file, length)
        file.seek(stop)
        kept += _encoded(key) + _encoded(len(inner)) + inner
        if len(kept) > MOST_BESIDE:
            raise ValueError
    return bytes(kept)


def _number(file: BinaryIO, wire: int) -> bytes:
    if wire == 0:
        return _encoded(_varint(file))
    if wire not in (1, 5):
        raise ValueError
    return _read(file, 8 if wire == 1 else 4)


def _read(file: BinaryIO, length: int) -> bytes:
    if length > MOST_BESIDE:
        raise ValueError
    found = file.read(length)
    if len(found) < length:
        raise ValueError
    return found


def _varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        (byte,) = _read(file, 1)
        value |= (byte & 127) << shift
        if byte < 128:
            return value
    raise ValueError


def _encoded(value: int) -> bytes:
    """A varint."""
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])
