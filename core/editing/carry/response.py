"""How much of a movement a mesh network reads on a picture that was moved.

The network has a face in mind, so it reads less than was done, of irises, noses and brows most, and more or
less so from picture to picture. Artists look at faces in the same way: what is moved a little further looks
as it was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .by_reading import OwnFace
from .carry import Plan, carry
from .change import eyes_of, gaze_of
from .solid_head import unit_height
from .surface import Surface

GLANCE = 0.01  # of the face's height: irises that go less far do not look elsewhere
TOP = 0.2  # share of the points, those that are meant to move most
Read = Callable[[np.ndarray, OwnFace], OwnFace | None]  # of a square [S, S, 3], in the crop of another face


@dataclass(frozen=True)
class Response:
    """What is read over what was meant; None where nothing was to move."""

    points: float | None
    irises: float | None


def responses(surface: Surface, plan: Plan, faces: Sequence[OwnFace], read: Read) -> list[Response]:
    """Of a plan on a whole square, for as many readings of the same face. Those that fail are left out."""
    after = carry(surface, plan).rgb
    pairs = [(face, read(after, face)) for face in faces]
    return [_response(plan, before, now) for before, now in pairs if now is not None]


def _response(plan: Plan, before: OwnFace, after: OwnFace) -> Response:
    was, now, change = before.head, after.head, plan.change
    points = irises = None
    if change.moved.any():
        length = np.linalg.norm(change.moved, axis=1)
        top = length >= np.quantile(length, 1 - TOP)
        points = _along(change.moved[top], (now.mesh - was.mesh)[top, :2])
    if np.linalg.norm(change.gaze, axis=1).min() > GLANCE * unit_height(was.mesh):
        irises = _along(change.gaze, (gaze_of(now) - gaze_of(was)) * eyes_of(was)[1])
    return Response(points, irises)


def _along(meant: np.ndarray, found: np.ndarray) -> float:
    return float((meant * found).sum() / (meant**2).sum())
