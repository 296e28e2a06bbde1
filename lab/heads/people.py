"""People: their shapes, expressions and poses, as vertices of the heads' mesh."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .coarse_head import coarse_head
from .face_units import gaze_of
from .faces import faces
from .head_camera import HeadCamera, frame_camera
from .head_mesh import HeadMesh, head_mesh
from .shapes import ages_of, origins_of, years_of

TURN, NOD, TILT = (math.radians(angle) for angle in (60, 35, 30))  # at the controls' ends
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
    device = details.device
    mesh, coarse = head_mesh(device), coarse_head(device)
    own, acting, centres, radius = faces(controls, details, coarse)
    rest = mesh.refine(own)
    pivot = own.new_tensor(PIVOT).expand(len(own), 3)
    places = _posed(mesh.refine(acting), controls, pivot)
    eyes = _posed(centres, controls, pivot)
    turned = _rotation(controls, torch.ones_like(details[:, :1]))[:, 0]
    gaze = (turned[:, None] @ gaze_of(controls)[..., None])[..., 0]
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
