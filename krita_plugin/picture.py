"""The picture that is sent, the crop of its face and the layer that comes back: plain data, no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping, Tuple

LONGEST_SIDE = 4096  # of a sent picture, in pixels; larger documents are sent scaled down
SMALLEST_SIDE = 32  # below this no face can be found


class HostError(Exception):
    """The document cannot be read or written; the message is a sentence for the artist."""


@dataclass(frozen=True)
class Picture:
    """A box of a document as straight-alpha sRGB RGBA8, and where it lies there."""

    width: int
    height: int
    rgba: bytes = field(repr=False)  # [height, width, 4]
    left: int = 0  # document pixels
    top: int = 0
    factor: int = 1  # document pixels that one sent pixel covers, a side
    document_size: Tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        if len(self.rgba) != self.width * self.height * 4:
            raise ValueError(f"{len(self.rgba)} bytes are no {self.width} × {self.height} RGBA picture")


@dataclass(frozen=True)
class Placement:
    """Where the face lies in the sent picture: a square round (x, y), turned by `angle` degrees clockwise."""

    x: float
    y: float
    size: float
    angle: float

    @staticmethod
    def of(entry: Mapping[str, Any]) -> Placement:
        return Placement(*(float(entry[key]) for key in ("x", "y", "size", "angle")))


@dataclass(frozen=True)
class Layer:
    """What the core drew for Apply: straight-alpha RGBA8 at (x, y) of the sent picture."""

    x: int
    y: int
    width: int
    height: int
    rgba: bytes = field(repr=False)  # [height, width, 4]

    def __post_init__(self) -> None:
        if len(self.rgba) != self.width * self.height * 4:
            raise ValueError(f"{len(self.rgba)} bytes are no {self.width} × {self.height} RGBA layer")


def check_size(width: int, height: int, what: str) -> None:
    """Raises HostError for a box in which no face can be found; `what` is "selection" or "picture"."""
    if width >= SMALLEST_SIDE and height >= SMALLEST_SIDE:
        return
    if width <= 0 or height <= 0:
        raise HostError(f"The {what} is empty: select the face, or deselect to use the whole picture.")
    advice = "select a larger area" if what == "selection" else "open a larger picture"
    raise HostError(
        f"The {what} is {width} × {height} px, a face needs {SMALLEST_SIDE} at least each way: {advice}."
    )


def reduction(width: int, height: int) -> int:
    """The whole factor that brings the longest side to LONGEST_SIDE or below (1 = sent as it is)."""
    return -(-max(width, height) // LONGEST_SIDE)
