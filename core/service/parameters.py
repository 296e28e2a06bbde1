"""The parameters of requests: what passes is of the right type, finite and bounded; the rest is refused."""

from __future__ import annotations

import math
from typing import Any

from ...bridge.protocol import INVALID_PARAMS, MAX_NAME, QUALITIES, CallError
from ..rendering.ladder import Region

MAX_EDITS = 256
MAX_STEPS = 10_000
MAX_SECONDS = 3600.0
MAX_FRAME_MS = 10_000.0
MAX_PATH = 4096  # characters of a pack's name or folder

Params = dict[str, Any]


def text(params: Params, name: str, most: int = MAX_NAME) -> str:
    """A text of 1 to `most` characters."""
    value = params.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= most:
        raise _refused(name, f"a text of 1 to {most} characters")
    return value


def edit_state(params: Params) -> dict[str, Any]:
    """Stamp, edits, quality and dragging of an edit, and of region and frame_ms those that are given."""
    stamp, quality, dragging = (params.get(name) for name in ("stamp", "quality", "dragging"))
    if type(stamp) is not int or not 0 <= stamp < 1 << 53:
        raise _refused("stamp", "a whole number that rises with every edit")
    if quality not in QUALITIES:
        raise _refused("quality", "one of " + ", ".join(QUALITIES))
    if not isinstance(dragging, bool):
        raise _refused("dragging", "true or false")
    state = {"stamp": stamp, "edits": edits(params), "quality": quality, "dragging": dragging}
    if params.get("region") is not None:
        state["region"] = _region(params)
    if params.get("frame_ms") is not None:
        state["frame_ms"] = _frame_ms(params)
    return state


def _region(params: Params) -> Region:
    sides = params["region"]
    if isinstance(sides, list) and len(sides) == 4 and all(map(_is_number, sides)):
        left, top, right, bottom = map(float, sides)
        if 0 <= left < right <= 1 and 0 <= top < bottom <= 1:
            return Region(left, top, right, bottom)
    raise _refused("region", "left, top, right and bottom of a part of the face's square, each from 0 to 1")


def _frame_ms(params: Params) -> float:
    ms = params["frame_ms"]
    if not (_is_number(ms) and 1 <= ms <= MAX_FRAME_MS):
        raise _refused("frame_ms", f"a number of milliseconds from 1 to {MAX_FRAME_MS:g}")
    return float(ms)


def edits(params: Params) -> dict[str, float]:
    """Direction -> value; which ones there are and how far they go, the pack knows."""
    value = params.get("edits")
    if not isinstance(value, dict) or len(value) > MAX_EDITS:
        raise _refused("edits", f"an object of at most {MAX_EDITS} names and numbers")
    for name, amount in value.items():
        if len(name) > MAX_NAME or not _is_number(amount):
            raise _refused("edits", "an object that gives each edit's name a number")
    return {name: float(amount) for name, amount in value.items()}


def budget(params: Params) -> dict[str, Any]:
    """A projection's `seconds` and `steps`, those that are given."""
    seconds, steps = params.get("seconds"), params.get("steps")
    if seconds is not None and not (_is_number(seconds) and 0 < seconds <= MAX_SECONDS):
        raise _refused("seconds", f"a number above 0, at most {MAX_SECONDS:g}")
    if steps is not None and not (type(steps) is int and 1 <= steps <= MAX_STEPS):
        raise _refused("steps", f"a whole number from 1 to {MAX_STEPS}")
    return {name: value for name, value in (("seconds", seconds), ("steps", steps)) if value is not None}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _refused(name: str, expected: str) -> CallError:
    return CallError(INVALID_PARAMS, "bad-value", f'"{name}" must be {expected}.')
