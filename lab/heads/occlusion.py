"""How much of the light from all sides reaches each point of the mean head, known once for all heads."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

from .environments import harmonics
from .head_mesh import BODY, HeadMesh, head_mesh
from .lights import GOLDEN, ShadowMap

DIRECTIONS = 128
MARGIN = 0.02  # decimetres


@lru_cache(maxsize=2)
def transfer(device: torch.device) -> Tensor:
    """[V, 9]: times the harmonics of the light around, what a white matt point of the head gives back.

    Always found on the CPU: on a GPU many small steps would take longer.
    """
    mesh = head_mesh()
    index = torch.arange(DIRECTIONS) + 0.5
    height = 1.0 - 2.0 * index / DIRECTIONS
    ring = (1.0 - height.square()).sqrt()
    towards = torch.stack([ring * (index * GOLDEN).cos(), ring * (index * GOLDEN).sin(), height], 1)
    normals = mesh.normals(mesh.mean[None])[0]
    total = torch.zeros(len(mesh.mean), 9)
    for direction in towards:
        facing = (normals @ direction).clamp(min=0.0)
        seen = _seen(mesh, normals, direction) * facing  # [V]
        total += seen[:, None] * harmonics(direction) * (4.0 * math.pi / DIRECTIONS / math.pi)
    return total.to(device)


def _seen(mesh: HeadMesh, normals: Tensor, direction: Tensor) -> Tensor:
    """[V] 1 where the body alone leaves the way towards a direction [3] free."""
    shadow = ShadowMap.empty(direction[None])
    texel, near = shadow.seen_from(0, mesh.mean[None])
    shadow.buffer.triangles(texel, near, mesh.triangles[mesh.group == BODY], 0)
    lifted = mesh.mean + MARGIN * normals
    nothing = torch.zeros(len(lifted))
    return shadow.lit(nothing.long(), lifted, normals @ direction, nothing, nothing)
