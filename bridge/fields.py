"""Reads the values of a message: of the right type, finite and bounded, or ProtocolError names the value."""

from __future__ import annotations

import math
import re
from typing import Any, Dict, List, Mapping, Optional, Pattern, Sequence, Tuple

from .protocol import INVALID_PARAMS, MAX_NAME, ProtocolError

XY = Tuple[float, float]
MAX_WHOLE = (1 << 53) - 1  # JSON readers disagree about larger ones
NO_TEXT = re.compile("[\0\ud800-\udfff]")  # half characters, and what ends a text for the system
NO_PATH = re.compile("[\0\ud800-\udc7f\udd00-\udfff]")  # other bytes than UTF-8's are \udc80 to \udcff


def refused(name: str, expected: str) -> ProtocolError:
    return ProtocolError(f'"{name}" must be {expected}.', INVALID_PARAMS)


def text(
    data: Mapping[str, Any], name: str, most: int = MAX_NAME, least: int = 1, without: Pattern[str] = NO_TEXT
) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not least <= len(value) <= most:
        raise refused(name, f"a text of {least} to {most} characters")
    if without.search(value):
        raise refused(name, "a text of whole characters, none of them NUL")
    return value


def path(data: Mapping[str, Any], name: str, most: int) -> str:
    """A file's name, as Python has it where its bytes are no UTF-8."""
    return text(data, name, most, without=NO_PATH)


def choice(data: Mapping[str, Any], name: str, words: Sequence[str]) -> Any:
    """One of `words`; typed Any so that it can be assigned to a Literal."""
    value = data.get(name)
    if value not in words:
        raise refused(name, "one of " + ", ".join(words))
    return value


def flag(data: Mapping[str, Any], name: str, default: Optional[bool] = None) -> bool:
    value = data.get(name, default)
    if not isinstance(value, bool):
        raise refused(name, "true or false")
    return value


def whole(data: Mapping[str, Any], name: str, low: int = 0, high: int = MAX_WHOLE) -> int:
    value = data.get(name)
    if type(value) is not int or not low <= value <= high:
        raise refused(name, f"a whole number from {low} to {high}")
    return value


def number(data: Mapping[str, Any], name: str, low: float = -math.inf, high: float = math.inf) -> float:
    value: Any = data.get(name)
    if not is_number(value) or not low <= value <= high:
        span = "" if math.isinf(low) and math.isinf(high) else f" from {low:g} to {high:g}"
        raise refused(name, f"a number{span}")
    return float(value)


def numbers(data: Mapping[str, Any], name: str, most: int) -> Dict[str, float]:
    """An object of names and numbers."""
    value = data.get(name)
    if not isinstance(value, dict) or len(value) > most:
        raise refused(name, f"an object of at most {most} names and numbers")
    for key, amount in value.items():
        if len(key) > MAX_NAME or NO_TEXT.search(key) or not is_number(amount):
            raise refused(name, "an object that gives each name a number")
    return {key: float(amount) for key, amount in value.items()}


def entries(data: Mapping[str, Any], name: str, most: int) -> List[Any]:
    """A list; the caller checks its entries."""
    value = data.get(name)
    if not isinstance(value, list) or len(value) > most:
        raise refused(name, f"a list of at most {most} entries")
    return value


def texts(data: Mapping[str, Any], name: str, most: int) -> List[str]:
    found = entries(data, name, most)
    if not all(isinstance(entry, str) for entry in found):
        raise refused(name, "a list of texts")
    return found


def point(value: Any, name: str) -> XY:
    """[x, y], in pixels."""
    x, y = _finite(value, name, 2)
    return x, y


def pair(data: Mapping[str, Any], name: str) -> Tuple[XY, XY]:
    """Two points."""
    value = data.get(name)
    if not isinstance(value, (list, tuple)) or len(value) != 2:
        raise refused(name, "a list of two points")
    return point(value[0], name), point(value[1], name)


def triple(data: Mapping[str, Any], name: str) -> Tuple[float, float, float]:
    a, b, c = _finite(data.get(name), name, 3)
    return a, b, c


def side_lengths(data: Mapping[str, Any], name: str, most: int) -> Tuple[int, int]:
    """Width and height, whole numbers from 1."""
    found = entries(data, name, 2)
    if len(found) != 2 or not all(type(side) is int and 1 <= side <= most for side in found):
        raise refused(name, f"a width and a height from 1 to {most}")
    return found[0], found[1]


def _finite(value: Any, name: str, count: int) -> List[float]:
    if not isinstance(value, (list, tuple)) or len(value) != count or not all(map(is_number, value)):
        raise refused(name, f"a list of {count} numbers")
    return [float(entry) for entry in value]


def table(value: Any, name: str) -> Dict[str, Any]:
    """An object inside another."""
    if not isinstance(value, dict):
        raise refused(name, "an object")
    return value


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
