"""The frame of training pictures: a square, with black rows or columns where the pictures are no squares.

A generator draws squares. As in StyleGAN2, pictures of 512 x 384 px lie in the middle of a black square of
512 px: the game sees the square, and what measures or shows pictures cuts the black away (`uncovered`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ...models.manifest import FLATTEST
from ...models.picture_shape import shown_box, shown_size

GREY = (128, 128, 128, 255)  # under transparent parts
SQUARE = (1, 1)
Shape = tuple[int, int]  # width to height, of which only the ratio counts


@dataclass(frozen=True)
class PictureFrame:
    """Pictures whose longer side has `resolution` px; their width is to their height as `shape` says."""

    resolution: int
    shape: Shape = SQUARE

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px, without the black rows or columns."""
        return shown_size(self.resolution, self.shape)

    def __str__(self) -> str:
        width, height = self.size
        return f"{width} px" if width == height else f"{width} x {height} px"

    def box(self, width: int, height: int) -> tuple[int, int, int, int]:
        """The largest part of this shape in the middle of width x height px: left, top, right, bottom."""
        across, down = self.shape
        wide = min(width, max(1, round(height * across / down)))
        high = min(height, max(1, round(width * down / across)))
        left, top = (width - wide) // 2, (height - high) // 2
        return left, top, left + wide, top + high

    def enough(self, width: int, height: int) -> bool:
        """Whether a picture of width x height px need not be enlarged."""
        left, top, right, bottom = self.box(width, height)
        return right - left >= self.size[0] and bottom - top >= self.size[1]


def check_shape(shape: Shape) -> None:
    """ValueError for what is no usable ratio of width to height."""
    if min(shape) < 1 or max(shape) > FLATTEST * min(shape):
        text = f"A shape is width to height, like [4, 3], one at most {FLATTEST} times the other, not"
        raise ValueError(f"{text} {list(shape)}.")


def fitted(image: Image.Image, frame: PictureFrame) -> np.ndarray:
    """The middle of a picture at the frame's size: uint8 [h, w, 3].

    Cut to the frame's shape, resized with antialiasing, never stretched; transparent parts lie on grey.
    """
    image = image.crop(frame.box(*image.size))
    image = image.resize(frame.size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, GREY), image)
    return np.asarray(image.convert("RGB"))


def covered(pictures: Tensor, black: float = -1.0) -> Tensor:
    """Pictures [N, 3, h, w] in the middle of black squares: [N, 3, R, R]."""
    height, width = pictures.shape[-2:]
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    around = (left, side - width - left, top, side - height - top)
    return F.pad(pictures, around, value=black) if side > min(height, width) else pictures


def uncovered(pictures: Tensor, shape: Shape) -> Tensor:
    """Squares [N, C, R, R] without the black rows or columns around pictures of a shape: [N, C, h, w]."""
    left, top, right, bottom = shown_box(pictures.shape[-1], shape)
    return pictures[..., top:bottom, left:right]
