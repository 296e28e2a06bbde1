"""A pickle machine that can call only the few functions it is given.

Python's own unpickler imports and calls what a file names. Even if its name look-up is restricted, a file can
make it allocate without bound (a large memo index) or run for ever (nested tuples as dictionary keys).
torch.load with weights_only=True shares the second flaw, believes a tensor about the size of its storage, and
refuses every file with an object of another program in it. This machine reads the operations with the
standard library's `pickletools` and keeps numbers, texts, containers and tensors. Objects of other programs'
classes become `Foreign`: their name and their data, with nothing of theirs imported or called. Names of the
standard library, PyTorch and NumPy that no model needs are refused.
"""

from __future__ import annotations

import math
import pickletools
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
import torch
from torch import Tensor

MAX_OPERATIONS = 500_000  # some seconds; a 1024 px NVIDIA file with three networks has 100,000
MAX_LINE = 1 << 16
MAX_AXES = 8
KEYS = (str, int, float, bytes, type(None))  # quick to hash, which a nested tuple need not be
MAX_KEY = 1 << 63  # of whole numbers: larger ones are slow to hash, or can be made to collide
STORAGE_TYPES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}
NUMPY_TYPES = ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "b1")
TORCH_TYPES = {
    "f8": torch.float64,
    "f4": torch.float32,
    "f2": torch.float16,
    "i8": torch.int64,
    "i4": torch.int32,
    "i2": torch.int16,
    "i1": torch.int8,
    "u1": torch.uint8,
    "b1": torch.bool,
}
# Of the standard library, the types that settings are made of; whatever else of it a file names is refused.
PLAIN_TYPES = {
    "argparse": {"Namespace"},
    "builtins": {"object", "list", "dict", "tuple", "frozenset", "bytearray", "complex", "range", "slice"},
    "collections": {"defaultdict", "Counter", "deque"},
    "datetime": {"date", "datetime", "time", "timedelta", "timezone"},
    "decimal": {"Decimal"},
    "fractions": {"Fraction"},
    "functools": {"partial"},
    "pathlib": {"Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath"},
    "types": {"SimpleNamespace"},
    "uuid": {"UUID"},
}


class Refused(ValueError):
    """A file is read no further. The message completes the sentence "This file ..." and says what to do."""

    def __init__(
        self, reason: str, advice: str = "it was not opened, so get the model from its original source"
    ):
        super().__init__(f"{reason}: {advice}")


def damaged() -> Refused:
    return Refused("is damaged or cut off", "get the file again")


@dataclass(frozen=True)
class Known:
    """A name in the stream that is allowed, and what calling it makes."""

    name: str
    make: Callable[..., Any]


@dataclass(frozen=True)
class Storage:
    """Memory that tensors in the stream are views of; `values` is None when only sizes are checked."""

    elements: int
    dtype: torch.dtype
    values: Tensor | None = None  # [elements]


@dataclass(frozen=True)
class TensorShape:
    """Takes the place of a tensor when only sizes are checked."""

    shape: tuple[int, ...]


@dataclass(eq=False)
class Foreign:
    """An object of another program's class: a module, settings, a path. Only what the file says of it."""

    name: str
    state: Any = None
    items: dict[Any, Any] = field(default_factory=dict)  # of a class that is a dictionary

    def build(self, state: Any) -> None:
        self.state = state  # not copied, or a small file could ask for many copies

    @property
    def attributes(self) -> Mapping[Any, Any]:
        """Its attributes; of a dictionary its items."""
        return self.items or (self.state if isinstance(self.state, dict) else {})


class NumpyType:
    """numpy.dtype in the stream: little-endian numbers only, or else `dtype` is None."""

    dtype: np.dtype | None = None

    def __init__(self, code: str, *_: Any):
        if code in NUMPY_TYPES:
            self.dtype = np.dtype("<" + code)

    def build(self, state: tuple[Any, ...]) -> None:
        if state[1] not in ("<", "|"):
            self.dtype = None


class NumpyArray:
    """A NumPy array in the stream; `tensor` stays None when it holds no plain numbers."""

    tensor: Tensor | None = None

    def build(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, by_columns, data = state
        if isinstance(kind, NumpyType) and isinstance(data, bytes):
            self.tensor = tensor_of(data, kind.dtype, _sizes(shape), bool(by_columns))

    @classmethod
    def of_buffer(cls, data: bytes, kind: Any, shape: Any, order: Any) -> NumpyArray:
        """As protocol 5 writes it."""
        made = cls()
        made.build((1, shape, kind, order == "F", bytes(data)))
        return made


def tensor_of(data: bytes, dtype: np.dtype | None, shape: tuple[int, ...], by_columns: bool) -> Tensor | None:
    """The numbers of a NumPy array; None for types that PyTorch lacks."""
    kind = TORCH_TYPES.get(dtype.str[1:]) if dtype is not None else None
    if dtype is None or kind is None:
        return None
    if len(data) != math.prod(shape) * dtype.itemsize:
        raise Refused("holds a NumPy array that claims more than the file has")
    if not data:
        return torch.empty(shape, dtype=kind)
    flat = torch.frombuffer(bytearray(data), dtype=kind)
    if not by_columns:
        return flat.reshape(shape)
    return flat.reshape(shape[::-1]).permute(*reversed(range(len(shape))))


def rebuild_tensor(storage: Storage, offset: int, size: Any, stride: Any, *_: Any) -> Tensor | TensorShape:
    """torch._utils._rebuild_tensor_v2, if the tensor lies inside its storage and repeats no element."""
    sizes, strides, (offset,) = _sizes(size), _sizes(stride), _sizes((offset,))
    if not isinstance(storage, Storage) or len(sizes) != len(strides):
        raise Refused("holds a tensor that is put together wrongly")
    last = offset + sum((n - 1) * step for n, step in zip(sizes, strides, strict=True))
    count = math.prod(sizes)
    if count > storage.elements or (count and last >= storage.elements):
        raise Refused(f"holds a tensor {list(sizes)} that claims more than the file has")
    if storage.values is None:
        return TensorShape(sizes)
    return storage.values.as_strided(sizes, strides, offset)


def _sizes(value: Any) -> tuple[int, ...]:
    """A tuple of sizes from the stream; Refused when it is not one."""
    if not isinstance(value, tuple) or len(value) > MAX_AXES:
        raise Refused("holds a tensor with too many axes")
    if not all(type(n) is int and 0 <= n < 1 << 48 for n in value):
        raise Refused("holds a tensor with an impossible size")
    return value


def _numpy_scalar(kind: NumpyType, data: bytes) -> Any:
    if kind.dtype is None:
        raise Refused("holds NumPy data that are not plain numbers")
    if len(data) != kind.dtype.itemsize:
        raise Refused("holds a NumPy number of the wrong length")
    return np.frombuffer(data, kind.dtype)[0].item()


def _encode(text: str, encoding: str) -> bytes:
    if encoding not in ("latin1", "latin-1"):  # as protocol 2 writes bytes
        raise Refused("holds a text in an unusual encoding")
    return text.encode("latin-1")


def _no_bytes(*arguments: Any) -> bytes:
    """An empty `bytes`, as protocol 2 writes it; one of any length could be asked for."""
    if arguments:
        raise damaged()
    return b""


def _ordered(pairs: Any = ()) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    for key, value in pairs:
        made[checked_key(key)] = value
    return made


def _set(items: Any = ()) -> set[Any]:
    return {checked_key(item) for item in items}


def checked_key(key: Any) -> Any:
    if not isinstance(key, KEYS):
        raise Refused("holds a dictionary key that is neither a text nor a number")
    if type(key) is int and not -MAX_KEY <= key < MAX_KEY:
        raise Refused("holds a dictionary key that is a number of more than 64 bits")
    return key


def class_of(name: str) -> Known | None:
    """A class of another program, to be read as data; None for a name that no model needs."""
    module, _, member = name.rpartition(".")
    root = "builtins" if module == "__builtin__" else module.partition(".")[0]
    ours = root in sys.stdlib_module_names or root in ("", "torch", "numpy")
    plain = member in PLAIN_TYPES.get(root, ()) or f"{module}.".startswith(("torch.nn.", "torch.optim."))
    return Known(name, lambda *_: Foreign(name)) if plain or not ours else None


def _persistent(meta: Any) -> Foreign:
    """NVIDIA's module, whose source code comes with it and is thrown away."""
    return Foreign(str(meta["class_name"]), meta["state"])


def _reconstructed(kind: Any, *_: Any) -> Foreign:
    """copyreg._reconstructor: an object of a class without arguments."""
    if not isinstance(kind, Known):
        raise damaged()
    return Foreign(kind.name)


def _only_named(*_: Any) -> Any:
    raise Refused("makes an object where only its type should be named")


def known_names() -> dict[str, Known]:
    """The names allowed in any checkpoint. A container adds its own."""
    makers: dict[str, Callable[..., Any]] = {
        "collections.OrderedDict": _ordered,
        "builtins.set": _set,
        "__builtin__.set": _set,
        "builtins.bytes": _no_bytes,
        "__builtin__.bytes": _no_bytes,
        "torch.Size": lambda sizes: _sizes(tuple(sizes)),
        "torch._utils._rebuild_tensor": rebuild_tensor,
        "torch._utils._rebuild_tensor_v2": rebuild_tensor,
        "torch._utils._rebuild_parameter": lambda data, *_: data,
        "torch._utils._rebuild_parameter_with_state": lambda data, *_: data,
        "torch.device": lambda *_: None,
        "torch_utils.persistence._reconstruct_persistent_obj": _persistent,
        "dnnlib.util.EasyDict": lambda *_: {},
        "copyreg._reconstructor": _reconstructed,
        "copy_reg._reconstructor": _reconstructed,
        "numpy.dtype": NumpyType,
        "numpy.ndarray": _only_named,
        "_codecs.encode": _encode,
    }
    for module in ("numpy.core.multiarray", "numpy._core.multiarray"):
        makers[module + ".scalar"] = _numpy_scalar
        makers[module + "._reconstruct"] = lambda *_: NumpyArray()
    for module in ("numpy.core.numeric", "numpy._core.numeric"):
        makers[module + "._frombuffer"] = NumpyArray.of_buffer
    for name in STORAGE_TYPES:
        makers["torch." + name] = makers["torch.cuda." + name] = _only_named
    for dtype in {*STORAGE_TYPES.values()}:
        makers[str(dtype)] = _only_named  # "torch.float32"
    return {name: Known(name, make) for name, make in makers.items()}


def storage_of(reference: Any) -> tuple[str, Storage]:
    """(key, Storage without values) from a persistent id, by which torch.save names a storage."""
    kind, storage_type, key, _, elements = reference[:5]
    if not isinstance(storage_type, Known):
        raise damaged()
    dtype = STORAGE_TYPES.get(storage_type.name.rpartition(".")[2])
    if kind != "storage" or dtype is None or not isinstance(key, str):
        raise Refused("refers to something that is not a tensor's memory")
    if any(part is not None for part in reference[5:]):
        raise Refused("is of a version of PyTorch before 2017", "save it again with a newer one")
    return key, Storage(_sizes((elements,))[0], dtype)


class _Bounded:
    """A file for pickletools that never reads, or allocates for, more than there is."""

    def __init__(self, file: BinaryIO, end: int):
        self.file = file
        self.end = end
        self.tell = file.tell

    def read(self, size: int) -> bytes:
        if size > self.end - self.file.tell():
            raise damaged()
        return self.file.read(size)

    def readline(self) -> bytes:
        return self.file.readline(MAX_LINE)


@dataclass
class Limits:
    """What a file may still cost. Streams inside streams share it."""

    operations: int
    copied: int  # bytes and elements given to calls, which cost a file little to repeat


class Machine:
    """Runs the pickle streams in a file, one after the other; `persistent` answers persistent ids."""

    def __init__(
        self,
        file: BinaryIO,
        end: int,
        names: dict[str, Known],
        persistent: Callable[[Any], Any] | None = None,
        limits: Limits | None = None,
    ):
        self.file = _Bounded(file, end)
        self.names = names
        self.persistent = persistent
        self.limits = limits or Limits(MAX_OPERATIONS, end + (1 << 20))

    def run(self) -> Any:
        """The object that the next stream describes; Refused for anything that is wrong with it."""
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        try:
            return self._run()
        except Refused:
            raise
        except (ArithmeticError, AttributeError, LookupError, MemoryError, TypeError, ValueError):
            raise damaged() from None

    def _run(self) -> Any:
        for operation, argument, _ in pickletools.genops(self.file):  # type: ignore[arg-type]
            self.limits.operations -= 1
            if self.limits.operations < 0:
                raise Refused("has more content than any model")
            name = operation.name
            if name == "STOP":
                break
            if name in _CONSTANTS:
                self.stack.append(argument)
            elif name in _HANDLERS:
                _HANDLERS[name](self, argument)
            else:
                raise Refused(f"uses the pickle operation {name}")
        if len(self.stack) != 1 or self.marks:
            raise damaged()
        return self.stack[0]

    def since_mark(self) -> list[Any]:
        items, self.stack = self.stack, self.marks.pop()
        return items

    def mark(self) -> None:
        self.marks.append(self.stack)
        self.stack = []

    def put(self, index: int) -> None:
        self.memo[index] = self.stack[-1]

    def set_items(self, items: list[Any]) -> None:
        target = self.stack[-1].items if isinstance(self.stack[-1], Foreign) else self.stack[-1]
        if not isinstance(target, dict) or len(items) % 2:
            raise damaged()
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[checked_key(key)] = value

    def append(self, items: list[Any]) -> None:
        if isinstance(self.stack[-1], Foreign):  # of a class that is a list; no model needs its items
            return
        if not isinstance(self.stack[-1], list):
            raise damaged()
        self.stack[-1].extend(items)

    def add(self, items: list[Any]) -> None:
        if isinstance(self.stack[-1], Foreign):
            return
        if not isinstance(self.stack[-1], set):
            raise damaged()
        self.stack[-1].update(_set(items))

    def name(self, name: str) -> None:
        if name.startswith("dnnlib.tflib"):
            raise Refused("is a TensorFlow StyleGAN file", "convert it with NVIDIA's legacy.py")
        known = self.names.get(name) or class_of(name)
        if known is None:
            raise Refused(f"names {name[:100]!r}, which no model needs")
        self.stack.append(known)

    def call(self) -> None:
        arguments = self.stack.pop()
        function = self.stack.pop()
        if not isinstance(function, Known) or not isinstance(arguments, tuple):
            raise damaged()
        self._spend(arguments)
        self.stack.append(function.make(*arguments))

    def call_with_names(self) -> None:
        self.stack.pop()  # the named arguments, which no reader of data looks at
        self.call()

    def _spend(self, arguments: tuple[Any, ...]) -> None:
        """Counts what is given to a call, which may copy it."""
        self.limits.copied -= sum(
            len(a) for a in arguments if isinstance(a, (str, bytes, bytearray, list, dict))
        )
        if self.limits.copied < 0:
            raise Refused("has more content than its size allows")

    def build(self) -> None:
        state = self.stack.pop()
        target = self.stack[-1]
        if isinstance(target, NumpyArray) and isinstance(state, tuple):
            self._spend(state)
        if isinstance(target, (NumpyType, NumpyArray, Foreign)):
            target.build(state)
        elif not isinstance(target, dict):  # a dict's attributes (a state dict's _metadata) are not needed
            raise damaged()

    def refer(self, reference: Any) -> None:
        if self.persistent is None:
            raise Refused("refers to something outside itself")
        self.stack.append(self.persistent(reference))


_CONSTANTS = frozenset(
    (
        "NONE",
        "INT",
        "BININT",
        "BININT1",
        "BININT2",
        "LONG",
        "LONG1",
        "LONG4",
        "FLOAT",
        "BINFLOAT",
        "STRING",
        "BINSTRING",
        "SHORT_BINSTRING",
        "UNICODE",
        "BINUNICODE",
        "SHORT_BINUNICODE",
        "BINUNICODE8",
        "BINBYTES",
        "SHORT_BINBYTES",
        "BINBYTES8",
        "BYTEARRAY8",
    )
)


def _stack_name(machine: Machine) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    if not isinstance(name, str) or not isinstance(module, str):
        raise damaged()
    machine.name(f"{module}.{name}")


def _pop(machine: Machine) -> None:
    if machine.stack:
        machine.stack.pop()
    else:  # pops the mark itself
        machine.since_mark()


def _tuple(count: int) -> Callable[[Machine, Any], None]:
    def make(machine: Machine, _: Any) -> None:
        items = machine.stack[len(machine.stack) - count :]
        if len(items) != count:
            raise damaged()
        machine.stack[len(machine.stack) - count :] = [tuple(items)]

    return make


_HANDLERS: dict[str, Callable[[Machine, Any], None]] = {
    "PROTO": lambda m, a: None,
    "FRAME": lambda m, a: None,
    "NEWTRUE": lambda m, a: m.stack.append(True),
    "NEWFALSE": lambda m, a: m.stack.append(False),
    "MARK": lambda m, a: m.mark(),
    "POP": lambda m, a: _pop(m),
    "POP_MARK": lambda m, a: m.since_mark().clear(),
    "DUP": lambda m, a: m.stack.append(m.stack[-1]),
    "PUT": lambda m, a: m.put(a),
    "BINPUT": lambda m, a: m.put(a),
    "LONG_BINPUT": lambda m, a: m.put(a),
    "MEMOIZE": lambda m, a: m.put(len(m.memo)),
    "GET": lambda m, a: m.stack.append(m.memo[a]),
    "BINGET": lambda m, a: m.stack.append(m.memo[a]),
    "LONG_BINGET": lambda m, a: m.stack.append(m.memo[a]),
    "EMPTY_TUPLE": lambda m, a: m.stack.append(()),
    "EMPTY_LIST": lambda m, a: m.stack.append([]),
    "EMPTY_DICT": lambda m, a: m.stack.append({}),
    "EMPTY_SET": lambda m, a: m.stack.append(set()),
    "TUPLE": lambda m, a: _collect(m, tuple),
    "LIST": lambda m, a: _collect(m, list),
    "DICT": lambda m, a: _collect_dict(m),
    "FROZENSET": lambda m, a: _collect(m, _set),
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "APPEND": lambda m, a: m.append([m.stack.pop()]),
    "APPENDS": lambda m, a: m.append(m.since_mark()),
    "SETITEM": lambda m, a: m.set_items([m.stack.pop(-2), m.stack.pop()]),
    "SETITEMS": lambda m, a: m.set_items(m.since_mark()),
    "ADDITEMS": lambda m, a: m.add(m.since_mark()),
    "GLOBAL": lambda m, a: m.name(a.replace(" ", ".")),
    "STACK_GLOBAL": lambda m, a: _stack_name(m),
    "REDUCE": lambda m, a: m.call(),
    "NEWOBJ": lambda m, a: m.call(),
    "NEWOBJ_EX": lambda m, a: m.call_with_names(),
    "BUILD": lambda m, a: m.build(),
    "PERSID": lambda m, a: m.refer(a),
    "BINPERSID": lambda m, a: m.refer(m.stack.pop()),
}


def _collect(machine: Machine, kind: Callable[[list[Any]], Any]) -> None:
    items = machine.since_mark()
    machine.stack.append(kind(items))


def _collect_dict(machine: Machine) -> None:
    items = machine.since_mark()
    machine.stack.append({})
    machine.set_items(items)
