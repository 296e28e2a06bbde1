"""Finds the state dicts in a file's content, however deep and under whatever prefixes they lie."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from .unpickle import Foreign, NumpyArray, Refused

MAX_DEPTH = 16
MAX_MODULES = 4096
MAX_TENSORS = 1 << 16
MAX_NETWORKS = 64
MAX_NAME = 120  # characters of a key; what has a longer one is not read
EMA = re.compile(r"(^|[._])ema([._]|$)", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Table:
    """A dictionary with tensors, or a network that was saved whole, and the names that lead to it."""

    path: tuple[str, ...]
    tensors: dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class Root:
    """A network inside a table: its tensors, named without the prefix that they have there."""

    table: Table
    prefix: str  # empty, or ending with "."
    tensors: dict[str, Tensor]

    @property
    def name(self) -> str:
        """All that stands before the tensors' names in the file."""
        return ".".join([*self.table.path, self.prefix])


def tables_in(content: Any) -> list[Table]:
    """Every table of a file, outermost first."""
    return list(_walk(content))


def _walk(content: Any) -> Iterator[Table]:
    seen: set[int] = set()
    count = 0
    waiting: deque[tuple[tuple[str, ...], Any]] = deque([((), content)])
    while waiting:
        path, node = waiting.popleft()
        if id(node) in seen:  # one table under two names, or a content that holds itself
            continue
        seen.add(id(node))
        tensors = _own_tensors(node)
        count += len(tensors)
        if count > MAX_TENSORS:
            raise Refused("holds more tensors than any model")
        if tensors:
            yield Table(path, tensors)
        if len(path) < MAX_DEPTH and not is_module(node):
            entries = node.attributes if isinstance(node, Foreign) else node
            if isinstance(entries, Mapping):
                inner = [(key, value) for key, value in entries.items() if isinstance(value, (dict, Foreign))]
                waiting += [((*path, str(key)), value) for key, value in inner if _short(key)]


def _own_tensors(node: Any) -> dict[str, Tensor]:
    if is_module(node):
        return _tensors_of_module(node)
    entries = node.attributes if isinstance(node, Foreign) else node
    if not isinstance(entries, Mapping):
        return {}
    found = {str(key): tensor_in(value) for key, value in entries.items() if _short(key)}
    return {name: tensor for name, tensor in found.items() if tensor is not None}


def tensor_in(value: Any) -> Tensor | None:
    """The tensor that a value of the content is, if it is one."""
    return value if isinstance(value, Tensor) else value.tensor if isinstance(value, NumpyArray) else None


def _short(key: Any) -> bool:
    return isinstance(key, (str, int)) and len(str(key)) <= MAX_NAME


def is_module(node: Any) -> bool:
    """Whether it is a PyTorch module that was saved whole."""
    return isinstance(node, Foreign) and isinstance(node.state, dict) and "_modules" in node.state


def _tensors_of_module(module: Foreign) -> dict[str, Tensor]:
    """The parameters and buffers of a module and those in it, named as its state dict would name them."""
    found: dict[str, Tensor] = {}
    seen: set[int] = set()
    waiting: list[tuple[str, Any, int]] = [("", module, 0)]
    while waiting:
        prefix, part, depth = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if not is_module(part) or depth > MAX_DEPTH or len(seen) > MAX_MODULES:
            raise Refused("holds a network that is put together wrongly", "get it from its original source")
        for table in ("_parameters", "_buffers"):
            for name, value in _entries(part, table):
                if (tensor := tensor_in(value)) is not None:
                    found[prefix + name] = tensor
        waiting += [(f"{prefix}{name}.", child, depth + 1) for name, child in _entries(part, "_modules")]
    return found


def _entries(module: Foreign, table: str) -> list[tuple[str, Any]]:
    entries = module.state.get(table)
    if not isinstance(entries, dict):
        raise Refused("holds a network that is put together wrongly", "get it from its original source")
    return [(str(key), value) for key, value in entries.items() if value is not None and _short(key)]


def roots_of(tables: list[Table], *marks: str) -> list[Root]:
    """The networks that have all tensors called `marks`; averages (EMA) first, then in the file's order."""
    found = []
    for table in tables:
        prefixes = [name[: -len(marks[0])] for name in table.tensors if name.endswith(marks[0])]
        for prefix in prefixes:
            clean = not prefix or prefix.endswith(".")
            if clean and all(prefix + mark in table.tensors for mark in marks):
                inside = {n[len(prefix) :]: t for n, t in table.tensors.items() if n.startswith(prefix)}
                found.append(Root(table, prefix, inside))
                if len(found) > MAX_NETWORKS:
                    raise Refused("holds more networks than any model", "choose the generator's file")
    return sorted(found, key=lambda root: EMA.search(root.name) is None)


def beside(tables: list[Table], root: Root, name: str) -> Tensor | None:
    """The tensor called `name` in a network, or nearest around it."""
    if name in root.tensors:
        return root.tensors[name]
    around = {table.path: table.tensors for table in tables}
    prefix, path = root.prefix.rstrip("."), root.table.path
    inner = [prefix[:k] for k, character in enumerate(prefix) if character == "."]
    for place in [*reversed(inner), ""]:
        if (found := root.table.tensors.get(f"{place}.{name}" if place else name)) is not None:
            return found
    for depth in range(len(path) - 1, -1, -1):
        if (found := around.get(path[:depth], {}).get(name)) is not None:
            return found
    return None
