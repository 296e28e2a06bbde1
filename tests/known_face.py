"""Faces whose meshes are known without a network: portraits of the default pack's bank, as pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from PIL import Image

from anycost.bridge.messages import Placement
from anycost.core.editing.carry.carry import Plan
from anycost.core.editing.carrying import Carrying, Portraits
from anycost.core.editing.edits import edited
from anycost.core.editing.opened_face import OpenedFace, opened_face
from anycost.core.faces.face_parts import OUTLINES, Mask
from anycost.core.faces.placement import to_picture, to_unit
from anycost.core.faces.reading import LEFT_EYE, RIGHT_EYE, Reading, of_mesh
from anycost.core.rendering.renderer import Renderer
from anycost.models.bank import Bank
from anycost.models.pack import Pack

RIM = np.array([[0.0, 0], [1, 0], [0, -1], [-1, 0], [0, 1]])  # centre and four points of an iris
IRIS = 0.2  # of the eye's width
MASK_SIDE = 256
GRAIN = 6.0  # levels of texture that no generator draws


@cache
def portraits() -> Pack:
    return Pack.open("portraits")


def bank() -> Bank:
    found = portraits().bank
    assert found is not None
    return found


def carrying(pack: Pack | None = None) -> Carrying:
    return Carrying(pack or portraits(), lambda: None)


@cache
def _renderer() -> Renderer:
    return Renderer(portraits().generator(), portraits().ladder)


def drawn(w: np.ndarray) -> np.ndarray:
    """A latent's portrait, uint8 [R, R, 3]."""
    rgb = _renderer().render(w, portraits().ladder[-1], lambda: False)
    assert rgb is not None
    return rgb


@dataclass(frozen=True, eq=False)
class KnownFace:
    """A picture with one portrait of the bank in it, and how the portrait's latent and mesh are known."""

    rgba: np.ndarray
    placement: Placement
    reading: Reading
    w: np.ndarray

    def opened(self) -> OpenedFace:
        opened = opened_face(self.rgba, self.placement, self.reading, portraits().resolution)
        opened.project(self.w)
        return opened

    def portraits_of(self, edits: Mapping[str, float]) -> Portraits:
        return drawn(self.w), drawn(edited(self.w, edits, portraits()))


def known_face(
    number: int = 3, size: int = 256, angle: float = 0.0, margin: int = 20, gray: bool = False
) -> KnownFace:
    """A portrait of the bank, `size` px a side and turned, with its edge pixels and grain around it."""
    w = np.tile(bank().w[number], (portraits().n_style, 1)).astype(np.float32)
    side = 2 * margin + (size if not angle else round(1.42 * size))
    placement = Placement(side / 2, side / 2, size, angle)
    y, x = np.mgrid[0:side, 0:side] + 0.5
    unit = to_unit(placement, np.stack([x, y], axis=-1))
    rgb = _smooth(drawn(w), unit)
    rgb += np.random.default_rng(number).normal(0, GRAIN, (side, side, 1 if gray else 3))
    if gray:
        rgb = rgb.mean(axis=2, keepdims=True).repeat(3, axis=2)
    rgba = np.full((side, side, 4), 255, np.uint8)
    rgba[..., :3] = np.clip(np.rint(rgb), 0, 255)
    return KnownFace(rgba, placement, reading_at(bank().meshes[number].astype(float), placement), w)


def reading_at(mesh: np.ndarray, placement: Placement) -> Reading:
    """A reading of a mesh [468, 3] that is in the square's coordinates."""
    there = np.concatenate([to_picture(placement, mesh[:, :2]), mesh[:, 2:] * placement.size], axis=1)
    reading = of_mesh(there, to_picture(placement, irises_of(mesh)), 0.9)
    return replace(reading, person=Mask(placement, np.rint(255 * person_of(mesh)).astype(np.uint8)))


def irises_of(mesh: np.ndarray) -> np.ndarray:
    """Irises [2, 5, 2] in the middle of a mesh's eyes."""
    found = []
    for eye in (LEFT_EYE, RIGHT_EYE):
        points = mesh[list(eye), :2]
        found.append(points.mean(axis=0) + IRIS * np.linalg.norm(points[1] - points[0]) * RIM)
    return np.array(found)


def person_of(mesh: np.ndarray) -> np.ndarray:
    """An egg around the head of a mesh and shoulders below it, [MASK_SIDE, MASK_SIDE] 0..1."""
    line = mesh[list(OUTLINES["face"]), :2]
    middle, half = (line.max(axis=0) + line.min(axis=0)) / 2, (line.max(axis=0) - line.min(axis=0)) / 2
    y, x = (np.mgrid[0:MASK_SIDE, 0:MASK_SIDE] + 0.5) / MASK_SIDE
    away = (np.stack([x, y], axis=-1) - middle) / half
    egg = np.linalg.norm(away / 1.5, axis=-1) < 1
    shoulders = (away[..., 1] > 0.8) & (np.abs(away[..., 0]) < 1.6)
    return (egg | shoulders).astype(float)


def planned(opened: OpenedFace, edits: Mapping[str, float], face: KnownFace | None = None) -> Plan:
    """The plan of edits; those that must be drawn are drawn if `face` says of whom."""
    made = carrying()
    needed = made.drawn(opened, edits)
    return made.planned(opened, edits, face.portraits_of(needed) if face and needed else None)


def _smooth(rgb: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """Smoothly enlarged samples [h, w, 3] of a square [R, R, 3]; its edge repeats."""
    side = 4 * len(rgb)
    large = np.asarray(Image.fromarray(rgb).resize((side, side), Image.Resampling.BICUBIC), float)
    at = np.clip(unit * side - 0.5, 0, side - 1)
    low = np.minimum(at.astype(int), side - 2)
    part = (at - low)[..., None]
    x, y = low[..., 0], low[..., 1]
    top = large[y, x] + part[..., 0, :] * (large[y, x + 1] - large[y, x])
    bottom = large[y + 1, x] + part[..., 0, :] * (large[y + 1, x + 1] - large[y + 1, x])
    return top + part[..., 1, :] * (bottom - top)
