"""What stands close before a sample and takes its light: lips before teeth, lids over eyeballs."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..smooth_step import smooth
from .head_mesh import LEFT_EYE, RIGHT_EYE
from .lights import GOLDEN
from .visible import Visible

TAPS = 12
AROUND = 0.16  # decimetres around a sample where lips are looked for
# where lids are looked for: right and up in radii of the eyeball, and weight
LIDS = ((0.0, 0.10, 2.0), (0.0, 0.22, 2.0), (0.0, 0.36, 1.5), (0.14, 0.10, 0.7), (-0.14, 0.10, 0.7),
        (0.0, -0.10, 0.7), (0.25, 0.0, 0.4), (-0.25, 0.0, 0.4))  # fmt: skip


def caves(visible: Visible, where: Tensor, mask: Tensor) -> Tensor:
    """[K] 1 in the open, less where something close stands before a sample [K]. Only where mask [K] says."""
    result = torch.ones_like(mask)
    chosen = (mask > 0.3).nonzero()[:, 0]
    if not len(chosen):
        return result
    near, some = visible.buffer.nearness.view(-1), where[chosen]
    here, scale = near[some], _decimetre(visible, some)
    total = torch.zeros_like(here)
    for tap in range(TAPS):
        out = AROUND * math.sqrt((tap + 0.5) / TAPS)
        away = (out * math.cos(tap * GOLDEN) * scale, out * math.sin(tap * GOLDEN) * scale)
        other = near[_moved(visible, some, *away)]
        before = 1.0 / here - 1.0 / other.clamp(min=1e-3)  # decimetres nearer to the camera
        total = total + smooth(0.015, 0.09, before) * smooth(0.9, 0.5, before)
    result[chosen] = (1.0 - 1.1 * total / TAPS).clamp(0.06, 1.0)
    return result


def lid_openness(visible: Visible, where: Tensor, picture: Tensor) -> Tensor:
    """[K] how openly samples of eyeballs lie: 0 under the upper lid's edge, 1 further down."""
    mesh, people = visible.people.mesh, visible.people
    surface = visible.buffer.surface.view(-1)
    unit = _decimetre(visible, where) * people.eye_radius[picture]
    flat = people.turned[:, :2, 1] * torch.tensor([1.0, -1.0], device=where.device)  # up, on the screen
    up = flat[picture] * unit[:, None]
    total = torch.zeros_like(unit)
    for right, above, weight in LIDS:
        x, y = up[:, 0] * above - up[:, 1] * right, up[:, 1] * above + up[:, 0] * right
        seen = surface[_moved(visible, where, x, y)].long()
        group = mesh.group[seen.clamp(0, len(mesh.triangles) - 1)]
        ball = ((group == LEFT_EYE) | (group == RIGHT_EYE)) & (seen >= 0) & (seen < len(mesh.triangles))
        total = total + weight * ball
    return total / sum(weight for _, _, weight in LIDS)


def _decimetre(visible: Visible, where: Tensor) -> Tensor:
    """[K] samples to a decimetre at the depth of samples."""
    scale = visible.people.camera.scale[visible.picture_of(where)]
    return scale * visible.side * visible.buffer.nearness.view(-1)[where]


def _moved(visible: Visible, where: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """The samples [K] that lie x, y [K] samples further right and down."""
    side = visible.side
    point = visible.point_of(where)
    column = (point[:, 0] + x).clamp(0, side - 1).long()
    row = (point[:, 1] + y).clamp(0, side - 1).long()
    return (visible.picture_of(where) * side + row) * side + column
