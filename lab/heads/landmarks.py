"""The points of a head that readers of faces find: MediaPipe's 468, ten of the irises, and the usual 68."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ...models.head_points import POINTS
from .people import People

TABLE = Path(__file__).with_name("landmark_table.json")  # landmark_fitting.py makes it
MESH = 468
IRIS = 0.42  # the iris's radius over the eyeball's
RIM = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))  # of an iris: image right, up, left, down
BEHIND = 0.06  # dm: what lies so little behind the surface in the depth picture counts as seen


def landmarks_of(people: People) -> Tensor:
    """World points [N, 546, 3]: 468 of the face mesh, centre and rim of both irises, and the usual 68."""
    device = people.places.device
    triangle, weights = (values.to(device) for values in _table())
    mesh = people.mesh.sample(people.places, triangle, weights)  # [N, 536, 3]
    return torch.cat([mesh[:, :MESH], irises_of(people).flatten(1, 2), mesh[:, MESH:]], dim=1)


def irises_of(people: People) -> Tensor:
    """Centre and four points of the rim of both irises, world [N, 2, 5, 3]; viewer's left first."""
    up = people.turned[:, None, :, 1]
    right = F.normalize(torch.linalg.cross(up.expand_as(people.gaze), people.gaze), dim=-1)
    up = torch.linalg.cross(people.gaze, right)
    radius = people.eye_radius[:, None, None]
    centre = people.eyes + (1 - IRIS**2) ** 0.5 * radius * people.gaze  # [N, 2, 3]
    rim = [centre + IRIS * radius * (x * right + y * up) for x, y in RIM]
    return torch.stack([centre, *rim], dim=2)


def seen(people: People, depth: Tensor) -> tuple[Tensor, Tensor]:
    """Landmarks in the frame [N, 546, 2] and which of them are not hidden, bool [N, 546].

    depth: [N, R, R] distance along the view of what each pixel shows, 0 where nothing is.
    """
    points = landmarks_of(people)
    xy, far = people.camera.project(points)
    return xy, visible_at(xy, far, depth)


def visible_at(xy: Tensor, far: Tensor, depth: Tensor) -> Tensor:
    """Which of the points xy [N, K, 2], far [N, K] away, are in the frame and not behind the depth picture.

    A point at the edge of the head counts as seen beside the edge too.
    """
    side = depth.shape[-1]
    filled = torch.where(depth > 0, depth, torch.inf)
    farthest = F.max_pool2d(filled[:, None].clamp(max=1e6), 3, 1, 1)  # [N, 1, R, R]
    cell = (xy * side).floor().long()
    inside = ((cell >= 0) & (cell < side)).all(-1)
    cell = cell.clamp(0, side - 1)
    flat = cell[..., 1] * side + cell[..., 0]  # [N, K]
    return inside & (far < farthest.flatten(1).gather(1, flat) + BEHIND)


@lru_cache(maxsize=1)
def _table() -> tuple[Tensor, Tensor]:
    """Triangles [536] and weights [536, 3] of the points that lie on the mesh."""
    rows = torch.tensor(json.loads(TABLE.read_text()))
    assert len(rows) == POINTS - 10
    weights = torch.stack([1 - rows[:, 1] - rows[:, 2], rows[:, 1], rows[:, 2]], dim=1)
    return rows[:, 0].long(), weights
