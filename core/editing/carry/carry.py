"""Carries an edit over to a picture: its own pixels moved and tinted, and drawn where it has none.

`plan` finds what an edit does to one face, once; `carry` does it to pixels, at any size. `plain.py` does the
same slowly, for tests and for reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ....models.bank import Bank
from ....models.pack import Direction
from ...faces.reading import FACE_SIDES
from ...rendering.cores import threads
from .change import Change, Head, change_of
from .drawn import Drawing
from .field import sampled
from .glasses_shape import draw_glasses
from .mouth_shape import Surroundings, draw_mouth
from .movement import Movement, movement
from .picture_parts import DARK, Parts
from .seam import draw_seam
from .solid_head import unit_height
from .surface import Box, Surface, mixed
from .tint import Tint, tinted
from .worn_glasses import glasses_on

BAND_ROWS = 128  # carried at a time, so that a large face needs little memory
CRISP = 0.16  # of the finest texture: what resampling between pixels takes of it
SOFT = 0.7  # px: texture finer than this counts as finest
MARGIN = 3  # px around a band that the filter for the finest texture sees
FAINT = 0.004  # a smaller logarithm of a ratio of light changes no level


@dataclass(frozen=True, eq=False)
class Plan:
    """What an edit does to one face, for pixels of any size."""

    head: Head | None  # None, with the parts, where no mesh could be read: then nothing moves
    parts: Parts | None
    change: Change
    moves: Movement | None
    tint: Tint | None
    glasses: float = 0.0  # 0..1: how far they are put on
    drawn: Drawing | None = None  # from the generator

    @property
    def shaped(self) -> bool:
        """Whether a mouth or glasses are drawn as shapes."""
        return bool(self.glasses or (self.moves is not None and self.moves.inside is not None))

    @property
    def empty(self) -> bool:
        return self.moves is None and self.tint is None and self.drawn is None and not self.glasses


@dataclass(frozen=True, eq=False)
class Carried:
    """A carried picture: pixels uint8 [h, w, 3], and which of them differ from before, bool [h, w]."""

    rgb: np.ndarray
    changed: np.ndarray


def plan(
    head: Head, parts: Parts, edits: Mapping[str, float], bank: Bank, directions: Mapping[str, Direction]
) -> Plan:
    """What `edits` do by the pack's bank."""
    change = change_of(head, edits, bank, directions, parts.colour)
    return planned(head, parts, change)


def planned(head: Head, parts: Parts, change: Change) -> Plan:
    """The plan of a change."""
    moves = movement(head, change, glasses_on(head, parts)) if change.moves else None
    return Plan(head, parts, change, moves, Tint(head, change, parts) if change.tints else None)


def carry(surface: Surface, plan: Plan, only: np.ndarray | None = None) -> Carried:
    """The plan on the picture's pixels. Where it does nothing, they are the same to the last bit.

    With `only` uint8 [h, w], the change is as strong as that says: 255 wholly, 0 not at all.
    """
    rgb = surface.rgb.copy()
    changed = np.zeros(rgb.shape[:2], bool)

    def carry_band(band: Box) -> None:
        _part(rgb, band)[:] = _band(surface, band, plan, only)

    def compare_band(band: Box) -> None:
        _part(changed, band)[:] = _compared(surface, _part(rgb, band), band)

    if plan.moves is not None:
        plan.moves.even(round(surface.placement.size))  # once, before all bands want it
    if plan.tint is not None and plan.change.lines:
        _ = plan.tint.lines  # likewise
    list(threads().map(carry_band, _bands(_box(surface, plan))))
    draw_shapes(rgb, surface, plan, only)
    list(threads().map(compare_band, _bands(_box(surface, plan, shapes=True))))
    return Carried(rgb, changed)


def _bands(box: Box) -> list[Box]:
    left, top, right, bottom = box
    return [(left, y, right, min(y + BAND_ROWS, bottom)) for y in range(top, bottom, BAND_ROWS)]


def _part(pixels: np.ndarray, box: Box) -> np.ndarray:
    left, top, right, bottom = box
    return pixels[top:bottom, left:right]


def _box(surface: Surface, plan: Plan, shapes: bool = False) -> Box:
    """The pixels among which moved, tinted and drawn ones lie, and those of `shapes`."""
    if plan.drawn is not None or (shapes and plan.shaped):
        return surface.box(np.zeros(2), np.ones(2))
    reaches = [part.reach for part in (plan.moves, plan.tint) if part is not None and part.reach is not None]
    if not reaches:
        return 0, 0, 0, 0
    lows, highs = zip(*reaches, strict=True)
    return surface.box(np.min(lows, axis=0), np.max(highs, axis=0))


def _compared(surface: Surface, carried: np.ndarray, band: Box) -> np.ndarray:
    """Which pixels of a band differ from before, bool [h, w]. On a gray picture they become gray."""
    before = _part(surface.rgb, band)
    if surface.is_gray:
        carried[:] = cv2.cvtColor(carried, cv2.COLOR_RGB2GRAY)[..., None]
    red, green, blue = (before[..., channel] != carried[..., channel] for channel in range(3))
    return red | green | blue


def _band(surface: Surface, band: Box, plan: Plan, only: np.ndarray | None) -> np.ndarray:
    unit, out = surface.unit(band), _part(surface.rgb, band)
    there, chosen = unit, None if only is None else _part(only, band)[..., None] / np.float32(255)
    if plan.moves is not None:
        out, field = _moved(surface, band, plan.moves, only)
        there = unit if plan.tint is None else unit + field
    if plan.tint is not None:
        ratio = plan.tint.ratio(there, out)
        ratio = ratio if chosen is None else ratio * chosen
        red, green, blue = cv2.split(np.abs(ratio))
        touched = np.maximum(np.maximum(red, green), blue) > FAINT
        out = cv2.copyTo(np.rint(tinted(out, ratio)).astype(np.uint8), touched.astype(np.uint8), out.copy())
    if plan.drawn is not None:
        drawn = plan.drawn.over(out, unit)
        out = drawn if chosen is None else mixed(out, drawn, chosen)
    return out


def _moved(
    surface: Surface, band: Box, moves: Movement, only: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Each pixel from where the field says, and the field [h, w, 2]; those with none keep theirs."""
    wide = surface.grown(band, MARGIN)  # neighbours that the filter for texture sees
    left, top, right, bottom = wide
    field = sampled(moves.even(round(surface.placement.size)), surface.unit(wide), cv2.INTER_LINEAR)
    if only is not None:
        field = field * (_part(only, wide)[..., None] / np.float32(255))
    inner = band[0] - left, band[1] - top, band[2] - left, band[3] - top
    across, down = cv2.split(surface.shifts(field))
    moving = (across != 0) | (down != 0)
    if not moving.any():
        return _part(surface.rgb, band), _part(field, inner)
    x = across + np.arange(left, right, dtype=np.float32)
    y = down + np.arange(top, bottom, dtype=np.float32)[:, None]
    moved = cv2.remap(surface.rgb, x, y, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE)
    moved = _crisp(moved, cv2.magnitude(across, down))
    moved = cv2.copyTo(moved, moving.view(np.uint8), _part(surface.rgb, wide).copy())
    return _part(moved, inner), _part(field, inner)


def _crisp(moved: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Gives back the fine texture that resampling takes, where pixels moved by `length` [h, w] pixels."""
    soft = cv2.GaussianBlur(moved, (0, 0), SOFT)
    share = (CRISP * np.minimum(2 * length, 1))[..., None]
    return np.rint(np.clip(moved + share * (moved.astype(np.float32) - soft), 0, 255)).astype(np.uint8)


def draw_shapes(rgb: np.ndarray, surface: Surface, plan: Plan, only: np.ndarray | None) -> None:
    """Draws shut lids' lines, mouth and glasses over a carried picture."""
    for seam in plan.moves.seams if plan.moves is not None else ():
        draw_seam(rgb, surface, seam, only)
    head, parts = plan.head, plan.parts
    if head is None or parts is None:
        return
    if plan.moves is not None and plan.moves.inside is not None:
        draw_mouth(rgb, surface, plan.moves.inside, _surroundings(head, parts, plan.change.teeth), only)
    if plan.glasses:
        moved = head.mesh.copy()
        moved[:, :2] += plan.change.moved
        draw_glasses(rgb, surface, replace(head, mesh=moved), parts, plan.glasses, only)


def _surroundings(head: Head, parts: Parts, teeth: float) -> Surroundings:
    across = head.mesh[FACE_SIDES[1]] - head.mesh[FACE_SIDES[0]]
    yaw = float(np.arcsin(np.clip(across[2] / np.linalg.norm(across), -1, 1)))
    lips = np.exp(parts.colour("lips")) - DARK
    return Surroundings(lips, parts.white, yaw, unit_height(head.mesh), teeth)
