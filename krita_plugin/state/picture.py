"""The picture that is sent to the core, and its limits: plain data, no Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Optional, Tuple

from ...bridge.messages import Placement, Region
from ...bridge.protocol import MAX_ATTACHMENT, MAX_SIDE
from ..words import tr

MOST_PIXELS = MAX_ATTACHMENT // 4  # of a sent picture; larger documents are sent scaled down
SMALLEST_SIDE = 32  # below this no face can be found

Box = Tuple[int, int, int, int]  # left, top, width, height in document pixels


@dataclass(frozen=True)
class Edge:
    """How the edge of a selection is changed, in document pixels."""

    grow: int = 0  # below 0 it shrinks
    feather: int = 0


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
    selection: Optional[Box] = None  # whose faces the artist wants; the picture also shows what is around it

    def wants(self, x: float, y: float) -> bool:
        """Whether a point of the picture, in its own pixels, lies in the selection's box."""
        if self.selection is None:
            return True
        left, top, width, height = self.selection
        x, y = self.left + x * self.factor, self.top + y * self.factor
        return left <= x <= left + width and top <= y <= top + height

    @property
    def box(self) -> Box:
        """Where it lies in the document."""
        return self.in_document((0, 0, self.width, self.height))

    def in_document(self, box: Box) -> Box:
        """A box of the picture's own pixels, in the document's."""
        left, top, width, height = box
        factor = self.factor
        return self.left + left * factor, self.top + top * factor, width * factor, height * factor

    @property
    def whole(self) -> bool:
        """Whether it is all of the document, but for what is left over where it was scaled down."""
        (width, height), factor = self.document_size, self.factor
        left_over = width - self.width * factor < factor and height - self.height * factor < factor
        return self.left == self.top == 0 and width > 0 and left_over

    def __post_init__(self) -> None:
        if len(self.rgba) != self.width * self.height * 4:
            raise ValueError(
                f"{len(self.rgba)} bytes do not make a {self.width} × {self.height} RGBA picture"
            )


def region_of(box: Box, picture: Picture, placement: Placement) -> Optional[Region]:
    """Which part of the face's square a box of the document covers.

    For a turned face, the box around the box; None where the two do not overlap.
    """
    left, top = (box[0] - picture.left) / picture.factor, (box[1] - picture.top) / picture.factor
    right, bottom = left + box[2] / picture.factor, top + box[3] / picture.factor
    corners = [placement.to_unit(x, y) for x in (left, right) for y in (top, bottom)]
    starts = [max(0.0, min(along)) for along in zip(*corners)]
    ends = [min(1.0, max(along)) for along in zip(*corners)]
    return Region(*starts, *ends) if starts[0] < ends[0] and starts[1] < ends[1] else None


def square_box(picture: Picture, placement: Placement) -> Box:
    """The smallest box of the picture's own pixels around a face's square, which may be turned."""
    corners = [placement.to_picture(u, v) for u in (0.0, 1.0) for v in (0.0, 1.0)]
    xs, ys = zip(*corners)
    left, top = max(0, math.floor(min(xs))), max(0, math.floor(min(ys)))
    right, bottom = min(picture.width, math.ceil(max(xs))), min(picture.height, math.ceil(max(ys)))
    return left, top, max(0, right - left), max(0, bottom - top)


def check_size(width: int, height: int, what: str) -> None:
    """HostError for a box that is too small to find a face in; `what` is "selection" or "picture"."""
    if width >= SMALLEST_SIDE and height >= SMALLEST_SIDE:
        return
    selected = what == "selection"
    if width <= 0 or height <= 0:
        raise HostError(
            tr("The selection is empty or beside the picture: select a part of the picture, or deselect.")
            if selected
            else tr("The picture is empty: open another one.")
        )
    sizes = {"width": width, "height": height, "least": SMALLEST_SIDE}
    raise HostError(
        tr("The selection is {width} × {height} px, a face needs {least}: select a larger area.", **sizes)
        if selected
        else tr("The picture is {width} × {height} px, a face needs {least}: open a larger picture.", **sizes)
    )


def reduction(width: int, height: int) -> int:
    """The smallest whole factor that brings a picture to a size that can be sent; 1 leaves it as it is."""
    factor = 1
    while max(width, height) // factor > MAX_SIDE or (width // factor) * (height // factor) > MOST_PIXELS:
        factor += 1
    return factor


def with_surroundings(box: Box, width: int, height: int) -> Box:
    """A box with half its size more on each side, within a document: the edit's edge needs room to fade."""
    left, top = max(0, box[0] - box[2] // 2), max(0, box[1] - box[3] // 2)
    right = min(width, box[0] + box[2] + box[2] // 2)
    bottom = min(height, box[1] + box[3] + box[3] // 2)
    return left, top, right - left, bottom - top
