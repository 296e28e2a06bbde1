"""One direction as one file, which anybody can make for a pack: docs/directions.md has the format.

It is a safetensors file: `vector` [n_style, style_dim] and, where its effect on a head was measured, the
parts of a bank's Effect. Its metadata say in JSON what pack.json says of a pack's own directions.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save

from .bank import LATER, LINES_SHAPE, SHAPES, Effect, effect_of, sound
from .manifest import LINE, MAX_VECTOR, PackError, parse_direction
from .pack import Direction, direction_entry
from .safetensors_file import FLOATS, opened_safetensors

SAYS = "anycost.direction"  # the metadata's key
ENDING = ".safetensors"
MAX_BYTES = 4 << 20  # a vector for 1024 px has 37 KB, an effect 84 KB
MAX_SAID = 1 << 16  # characters of JSON
MAX_ORDER = 1e6


class DirectionError(ValueError):
    """A direction's file cannot be used; the message says why, to be put behind the file's name."""


@dataclass(frozen=True, eq=False)
class DirectionFile:
    """What such a file holds. `order` is its place among the pack's sliders, which count from 1; None: last.
    `author` may be empty. Without an `effect` only the generator knows what the direction does."""

    direction: Direction
    order: float | None = None
    author: str = ""
    effect: Effect | None = None


def author_of(path: Path) -> str:
    """Who made a file, as far as it can still be read; else empty."""
    try:
        said = _said(path)
        return _author(said)
    except (DirectionError, OSError):
        return ""


def is_direction_file(path: Path) -> bool:
    """Whether a file says that it is a direction."""
    try:
        _said(path)
    except (DirectionError, OSError):
        return False
    return True


def read_direction(path: Path, n_style: int, style_dim: int) -> DirectionFile:
    """A direction for w+ of this shape. DirectionError when the file holds another one, or anything in it is
    out of bounds; nothing larger than that is read."""
    said = _said(path)
    try:
        entry = parse_direction(said)
    except ValueError as error:
        raise DirectionError(f"says something that no direction may: {error}") from None
    tensors = _tensors(path, (n_style, style_dim))
    vector = tensors.pop("vector")
    if np.abs(vector).max() > MAX_VECTOR or not vector.any():
        raise DirectionError("has a vector that leads nowhere")
    effect = effect_of(tensors) if tensors else None
    if not all(sound(part, array) for part, array in tensors.items()):
        raise DirectionError("has an effect that fits no head")
    order = said.get("order")
    if order is not None and not (_is_number(order) and abs(order) <= MAX_ORDER):
        raise DirectionError(
            f'says something that no direction may: "order" must be a number to {MAX_ORDER:g}'
        )
    return DirectionFile(Direction.of(entry, vector), order, _author(said), effect)


def direction_bytes(file: DirectionFile) -> bytes:
    """The file's content; ValueError says which value reading would refuse."""
    said: dict[str, Any] = direction_entry(file.direction)
    said |= {
        key: value
        for key, value in (("order", file.order), ("author", file.author))
        if value not in (None, "")
    }
    parse_direction(said)
    tensors = {"vector": file.direction.vector}
    if file.effect is not None:
        tensors |= {part: getattr(file.effect, part) for part in SHAPES}
        if file.effect.lines is not None:
            tensors["lines"] = file.effect.lines
    stored = {name: torch.tensor(np.asarray(array, np.float32)) for name, array in tensors.items()}
    return save(stored, {SAYS: json.dumps(said, ensure_ascii=False)})


def _said(path: Path) -> dict[str, Any]:
    try:
        if not path.is_file():
            raise DirectionError("is not a file")
        if path.stat().st_size > MAX_BYTES:
            raise DirectionError(f"is larger than {MAX_BYTES >> 20} MiB, which no direction needs")
        with opened_safetensors(path) as file:
            text = (file.metadata() or {}).get(SAYS)
    except OSError as error:
        raise DirectionError(f"cannot be read ({error.strerror})") from None
    except PackError:
        raise DirectionError("is damaged or not a safetensors file") from None
    if text is None:
        raise DirectionError("does not say what it is: make it with `anycost directions add`")
    try:
        said = json.loads(text) if len(text) <= MAX_SAID else None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise DirectionError("says nothing that can be read")
    return said


def _tensors(path: Path, shape: tuple[int, int]) -> dict[str, np.ndarray]:
    """The vector and the parts of an effect, float32; the header is checked before any is read."""
    shapes = SHAPES | {"lines": LINES_SHAPE}
    try:
        with opened_safetensors(path) as file:
            names = set(file.keys())
            whole = {"vector", *shapes}
            if names != {"vector"} and not (whole - LATER - {"lines"} <= names <= whole):
                raise DirectionError("holds other tensors than a direction has")
            for name in names:
                found, entry = shapes.get(name, shape), file.get_slice(name)
                if tuple(entry.get_shape()) != found or entry.get_dtype() not in FLOATS:
                    has = f"{list(entry.get_shape())} where {list(found)} is needed"
                    what = (
                        "is for another generator: its vector" if name == "vector" else f"is damaged: {name}"
                    )
                    raise DirectionError(f"{what} has {has}")
            tensors = {name: file.get_tensor(name).to(torch.float32, copy=True).numpy() for name in names}
    except PackError:
        raise DirectionError("is damaged or not a safetensors file") from None
    if not all(np.isfinite(array).all() for array in tensors.values()):
        raise DirectionError("has values that are not numbers")
    return tensors


def _author(said: dict[str, Any]) -> str:
    author = said.get("author", "")
    return author if isinstance(author, str) and len(author) <= 100 and LINE.fullmatch(author) else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
