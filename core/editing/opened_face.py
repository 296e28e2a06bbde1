"""What is kept of an open picture: the pixels around one face, at their own size, and what was read of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import cv2
import numpy as np

from ...bridge.messages import Placement
from ...models.widths import SubGenerator
from ..faces.face_parts import Mask
from ..faces.placement import blackened, crop, layer_box, resized, to_picture, to_unit
from ..faces.reading import Reading
from .carry.by_reading import OwnFace
from .carry.change import Head, uncrossed
from .carry.field import smooth
from .carry.picture_parts import Parts
from .carry.surface import Box, Surface

MAX_FACE = 1024  # px: the square that a projection looks at is no larger
FRAME, LEAST_FRAME = 512, 128  # px a side of a frame
BORDER = 0.03  # of the square's side: over this length a change ends at the picture's border


@dataclass(eq=False)
class OpenedFace:
    """One face of a picture."""

    width: int
    height: int
    placement: Placement
    surface: Surface  # the picture's own pixels in the box around what is shown of the square
    alpha: np.ndarray | None  # uint8 [h, w] of the same box; None where all is opaque
    square: np.ndarray  # uint8 [S, S, 3], upright
    head: Head | None  # None where no mesh could be read
    person: Mask | None
    told: Mapping[str, Mask] | None  # by a reader of heads, for each of its parts
    ends: Box  # where a change ends softly, in the picture's pixels
    far: bool = False  # from what the pack draws
    w: np.ndarray | None = None  # float32 [n_style, style_dim], once projected or restored
    unedited: dict[SubGenerator, np.ndarray] = field(default_factory=dict)  # the rungs' portraits of w
    readings: tuple[OwnFace, ...] = ()  # of the square, in several crops
    # by direction and end: how many times the bank's gain points and irises need, [2]
    gains: dict[tuple[str, int], np.ndarray] = field(default_factory=dict)
    looked_ahead: bool = False  # all that first touches of sliders would wait for is known

    def project(self, w: np.ndarray) -> None:
        self.w = w
        self.forget_portraits()

    def forget_portraits(self) -> None:
        """The next ones are of another latent, or another engine's."""
        self.unedited.clear()
        self.looked_ahead = False

    @cached_property
    def face(self) -> np.ndarray:
        """The square as the generator draws it, uint8 [S, S, 3]: black beside a shape that is no square."""
        return blackened(self.square, self.placement.shape)

    @cached_property
    def parts(self) -> Parts | None:
        if self.head is None:
            return None
        return Parts(self.face, self.head, self.person, self.placement, self.told, not self.far)

    @cached_property
    def frame(self) -> Surface:
        """The square upright, at a frame's size."""
        side = min(FRAME, max(LEAST_FRAME, round(self.placement.size)))
        return Surface.of_square(resized(self.square, side))

    @cached_property
    def rough_frame(self) -> Surface:
        """The same square as `frame` at half its size, for drafts."""
        return Surface.of_square(resized(self.frame.rgb, max(LEAST_FRAME, len(self.frame.rgb) // 2)))

    @cached_property
    def shown(self) -> np.ndarray | None:
        """How far a change may show in each pixel of a frame, uint8 [S, S]; None for all of it.

        Not where the picture is transparent or ends, as in a layer.
        """
        side = len(self.frame.rgb)
        along = (np.arange(side) + 0.5) / side
        at = to_picture(self.placement, np.stack(np.meshgrid(along, along), axis=-1))  # [S, S, 2]
        left, top, right, bottom = self.ends
        share = self._faded(at[..., 0], left, right) * self._faded(at[..., 1], top, bottom)
        if self.alpha is not None:
            x, y = cv2.split((at - 0.5 - (self.surface.x, self.surface.y)).astype(np.float32))
            share = share * cv2.remap(self.alpha, x, y, cv2.INTER_LINEAR) / 255
        shown = np.rint(255 * share).astype(np.uint8)
        return None if shown.min() == 255 else shown

    def _faded(self, along: np.ndarray, start: int, end: int) -> np.ndarray:
        """How much of a change reaches these pixels of one axis: it ends softly at both ends."""
        return smooth(np.minimum(along - start, end - along), 0.0, max(1.0, BORDER * self.placement.size))

    def border(self) -> np.ndarray | None:
        """How much of a change reaches each pixel of the surface, uint8 [h, w]; None for all of it.

        A change ends softly at the picture's border, which may be that of a selection.
        """
        left, top, right, bottom = self.ends
        height, width = self.surface.rgb.shape[:2]
        x, y = np.arange(width) + self.surface.x + 0.5, np.arange(height) + self.surface.y + 0.5
        across, down = (
            np.rint(255 * self._faded(along, start, end)).astype(np.uint8)
            for along, start, end in ((x, left, right), (y, top, bottom))
        )
        if across.min() == down.min() == 255:
            return None
        return np.minimum(across, down[:, None])


def opened_face(
    rgba: np.ndarray,
    placement: Placement,
    reading: Reading | None,
    resolution: int,
    told: Mapping[str, Mask] | None = None,
    ends: Box | None = None,
) -> OpenedFace:
    """From a picture uint8 [H, W, 4], for a generator of a resolution. A change ends at the picture's border,
    unless `ends` says where.
    """
    height, width = rgba.shape[:2]
    x0, y0, x1, y1 = layer_box(placement, (width, height))
    box = rgba[y0:y1, x0:x1]
    side = max(resolution, min(round(placement.size), MAX_FACE))
    return OpenedFace(
        width,
        height,
        placement,
        Surface(filled(box), placement, x0, y0),
        None if box[..., 3].min() == 255 else box[..., 3].copy(),
        crop(rgba, placement, side),
        None if reading is None else head_of(reading, placement),
        None if reading is None else reading.person,
        told,
        ends or (0, 0, width, height),
    )


def ends_of(placement: Placement, width: int, height: int, whole: bool) -> Box:
    """Where a change ends that may reach all that is shown of the square: at the border of that, but not at
    the border of a `whole` picture, which goes no further.
    """
    left, top, right, bottom = layer_box(placement, (width, height))
    if not whole:
        return left, top, right, bottom
    far = math.ceil(placement.size)
    return left or -far, top or -far, right + far * (right == width), bottom + far * (bottom == height)


def head_of(reading: Reading, placement: Placement) -> Head | None:
    """What a reading knows of a head, in the square's own coordinates; None without a mesh."""
    if reading.mesh is None or reading.irises is None:
        return None
    flat = to_unit(placement, reading.mesh[:, :2])
    mesh = np.concatenate([flat, reading.mesh[:, 2:] / placement.size], axis=1)
    return Head(uncrossed(mesh), to_unit(placement, reading.irises))


def filled(rgba: np.ndarray) -> np.ndarray:
    """Colours uint8 [h, w, 3] of pixels [h, w, 4]; transparent ones get those of opaque ones nearby."""
    rgb = np.ascontiguousarray(rgba[..., :3])
    empty = rgba[..., 3] == 0
    if not empty.any() or empty.all():
        return rgb
    reach = max(3, min(rgb.shape[:2]) // 16)
    weight = cv2.blur((~empty).astype(np.float32), (2 * reach + 1,) * 2)[..., None]
    near = cv2.blur(np.where(empty[..., None], 0, rgb).astype(np.float32), (2 * reach + 1,) * 2)
    return np.where(empty[..., None], np.rint(near / np.maximum(weight, 1e-3)).clip(0, 255), rgb).astype(
        np.uint8
    )
