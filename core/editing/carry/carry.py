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
from .change import Change, Head, change_of
from .drawn import Drawing
from .glasses_shape import draw_glasses
from .mouth_shape import Surroundings, draw_mouth
from .movement import LATTICE, Movement, movement
from .picture_parts import DARK, Parts
from .solid_head import unit_height
from .surface import Surface
from .tint import Tint, tinted

BAND_ROWS = 64  # carried at a time, so that a large face needs little memory
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
    moves = movement(head, change) if change.moves else None
    return Plan(head, parts, change, moves, Tint(head, change, parts) if change.tints else None)


def carry(surface: Surface, plan: Plan, only: np.ndarray | None = None) -> Carried:
    """The plan on the picture's pixels. Where it does nothing, they are the same to the last bit.

    With `only` uint8 [h, w], the change is as strong as that says: 255 wholly, 0 not at all.
    """
    rgb = surface.rgb.copy()
    if not plan.empty:
        first, last = _rows(surface, plan)
        for top in range(first - first % BAND_ROWS, last, BAND_ROWS):
            band = rgb[top : top + BAND_ROWS]
            chosen = None if only is None else only[top : top + BAND_ROWS, :, None].astype(np.float32) / 255
            band[:] = _band(surface, top, band, plan, chosen)
        _draw_shapes(rgb, surface, plan, only)
    if _is_gray(surface.rgb):
        rgb = np.repeat(np.rint(rgb @ GRAY).astype(np.uint8)[..., None], 3, axis=2)
    return Carried(rgb, (rgb != surface.rgb).any(axis=2))


def _rows(surface: Surface, plan: Plan) -> tuple[int, int]:
    """The rows of pixels between which moved, tinted and drawn pixels lie."""
    if plan.tint is not None or plan.drawn is not None or surface.placement.angle:
        return 0, len(surface.rgb)
    if plan.moves is None:
        return 0, 0
    moving = np.flatnonzero(plan.moves.field.any(axis=(1, 2)))
    if not len(moving):
        return 0, 0
    ends = LATTICE.y[max(moving[0] - 1, 0)], LATTICE.y[min(moving[-1] + 1, len(LATTICE.y) - 1)]
    first, last = (surface.pixels(np.array([0.5, end]))[1] for end in ends)
    return max(int(first) - 1, 0), min(int(last) + 2, len(surface.rgb))


GRAY = np.array([0.299, 0.587, 0.114], np.float32)


def _is_gray(rgb: np.ndarray) -> bool:
    return bool((rgb[..., 0] == rgb[..., 1]).all() and (rgb[..., 1] == rgb[..., 2]).all())


def _band(surface: Surface, top: int, band: np.ndarray, plan: Plan, chosen: np.ndarray | None) -> np.ndarray:
    unit = surface.unit(top, top + len(band))
    out = band
    if plan.moves is not None:
        field = LATTICE.at(plan.moves.field, surface.lattice_places(top, top + len(band)))  # [h, w, 2]
        field = field if chosen is None else field * chosen
        out = _moved(surface, top, band, field)
        unit = unit + field
    if plan.tint is not None:
        ratio = plan.tint.ratio(unit, out)
        ratio = ratio if chosen is None else ratio * chosen
        touched = (np.abs(ratio) > FAINT).any(axis=2)
        out = np.where(touched[..., None], np.rint(tinted(out, ratio)).astype(np.uint8), out)
    if plan.drawn is not None:
        drawn = plan.drawn.over(out, surface.unit(top, top + len(band)))
        out = drawn if chosen is None else _mixed(out, drawn, chosen)
    return out


def _moved(surface: Surface, top: int, band: np.ndarray, field: np.ndarray) -> np.ndarray:
    """Each pixel from where the field says; those with none keep theirs."""
    still = np.logical_not(field.any(axis=2))
    if still.all():
        return band
    height, width = band.shape[:2]
    shift = surface.shifts(field)
    x = shift[..., 0] + np.arange(width, dtype=np.float32)
    y = shift[..., 1] + np.arange(top, top + height, dtype=np.float32)[:, None]
    moved = cv2.remap(surface.rgb, x, y, cv2.INTER_LANCZOS4, borderMode=cv2.BORDER_REPLICATE)
    moved[still] = band[still]
    return moved


def _mixed(before: np.ndarray, after: np.ndarray, share: np.ndarray) -> np.ndarray:
    return np.rint(before + share * (after.astype(np.float32) - before)).astype(np.uint8)


def _draw_shapes(rgb: np.ndarray, surface: Surface, plan: Plan, only: np.ndarray | None) -> None:
    """Draws mouth and glasses over a carried picture."""
    before = rgb.copy() if only is not None else rgb
    inside = plan.moves.inside if plan.moves is not None else None
    if inside is not None and plan.head is not None and plan.parts is not None:
        draw_mouth(rgb, surface, inside, _surroundings(plan.head, plan.parts, plan.change.teeth))
    if plan.glasses and plan.head is not None and plan.parts is not None:
        moved = plan.head.mesh.copy()
        moved[:, :2] += plan.change.moved
        draw_glasses(rgb, surface, replace(plan.head, mesh=moved), plan.parts, plan.glasses)
    if only is not None:
        rgb[:] = _mixed(before, rgb, only[..., None].astype(np.float32) / 255)


def _surroundings(head: Head, parts: Parts, teeth: float) -> Surroundings:
    across = head.mesh[FACE_SIDES[1]] - head.mesh[FACE_SIDES[0]]
    yaw = float(np.arcsin(np.clip(across[2] / np.linalg.norm(across), -1, 1)))
    lips = np.exp(parts.colour("lips")) - DARK
    return Surroundings(lips, parts.white, yaw, unit_height(head.mesh), teeth)
