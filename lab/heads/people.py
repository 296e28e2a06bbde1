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
        return _turned(directions, self.controls, neck_share(points))


def people(controls: dict[str, Tensor], details: Tensor, wide: float = 1.0) -> People:
    """People from complete controls [N] and details [N, UNNAMED]; `wide` widens the frame."""
    device = details.device
    mesh, coarse = head_mesh(device), coarse_head(device)
    own, acting, centres, radius = faces(controls, details, coarse)
    rest = mesh.refine(own)
    pivot = own.new_tensor(PIVOT).expand(len(own), 3)
    places = _posed(mesh.refine(acting), controls, pivot)
    eyes = _posed(centres, controls, pivot)
    axes = torch.eye(3, device=device).expand(len(own), 3, 3)
    turned = _turned(axes, controls, torch.ones_like(axes[..., 0])).mT  # [N, 3, 3]
    gaze = (turned[:, None] @ gaze_of(controls)[..., None])[..., 0]
    years = years_of(controls)
    ages = ages_of(years)
    origins = origins_of(controls)
    mouth = _posed(rest[:, mesh.masks["lips"] > 0.5], controls, pivot).mean(1)
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
    away = _turned(points - pivot[:, None], controls, neck_share(points))
    return away + pivot[:, None]


def _turned(away: Tensor, controls: dict[str, Tensor], share: Tensor) -> Tensor:
    """Directions [N, K, 3] turned as far as `share` [N, K] of the head's nod, then turn, then tilt."""
    x, y, z = away.unbind(-1)
    y, z = _swung(y, z, NOD * controls["nod"][:, None] * share)
    z, x = _swung(z, x, TURN * controls["turn"][:, None] * share)
    x, y = _swung(x, y, -TILT * controls["tilt"][:, None] * share)
    return torch.stack([x, y, z], dim=-1)


def _swung(first: Tensor, second: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
    """Two coordinates turned from the first towards the second."""
    c, s = torch.cos(angle), torch.sin(angle)
    return c * first - s * second, s * first + c * second
