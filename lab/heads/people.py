"""People: their shapes, expressions and poses, as vertices of the heads' mesh."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .acting_heads import acting_heads
from .coarse_head import coarse_head
from .face_units import eye_turns, gaze_of
from .head_camera import HeadCamera, frame_camera
from .head_mesh import HeadMesh, head_mesh
from .head_pose import NeckPose, neck_share, pose_of
from .shapes import ages_of, origins_of, years_of

__all__ = ["People", "neck_share", "people"]


@dataclass(frozen=True)
class People:
    """N people in front of their cameras. Rest space is one person's head without expression or turn."""

    controls: dict[str, Tensor]
    details: Tensor
    mesh: HeadMesh
    rest: Tensor  # [N, V, 3]
    rest_normals: Tensor  # [N, V, 3]
    acting: Tensor  # [N, V, 3] rest space, with the expression
    places: Tensor  # [N, V, 3] world
    normals: Tensor  # [N, V, 3] world
    pose: NeckPose
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
        """Points [N, K, 3] of own rest space in the world: as the head moves them, fading down the neck."""
        return self.pose.moved(points)


def people(controls: dict[str, Tensor], details: Tensor, wide: float = 1.0) -> People:
    """People from complete controls [N] and details [N, UNNAMED]; `wide` widens the frame."""
    device = details.device
    mesh, coarse = head_mesh(device), coarse_head(device)
    face = acting_heads(controls, details, coarse)
    still = torch.eye(3, device=details.device).expand(len(details), 2, 3, 3)
    rest, acting = (
        mesh.with_eyeballs(mesh.refine(places), face.eyes, face.eye_radius, turned)
        for places, turned in ((face.rest, still), (face.acting, eye_turns(controls)))
    )
    pose = pose_of(controls, details, *coarse.neck(face.rest))
    places, turned = pose.moved(acting), pose.rotation
    eyes = pose.moved(face.eyes)
    gaze = (turned[:, None] @ gaze_of(controls)[..., None])[..., 0]
    years = years_of(controls)
    ages = ages_of(years)
    origins = origins_of(controls)
    mouth = pose.moved(rest[:, mesh.masks["lips"] > 0.5]).mean(1)
    front = eyes.mean(1) + face.eye_radius[:, None] * turned[:, :, 2]
    return People(
        controls=controls,
        details=details,
        mesh=mesh,
        rest=rest,
        rest_normals=mesh.normals(rest),
        acting=acting,
        places=places,
        normals=mesh.normals(places),
        pose=pose,
        turned=turned,
        pivot=pose.pivot,
        eyes=eyes,
        eye_radius=face.eye_radius,
        gaze=gaze,
        years=years,
        child=(ages["child"] + ages["baby"]).clamp(0, 1),
        old=ages["old"],
        european=origins.european,
        african=origins.african,
        asian=origins.asian,
        camera=frame_camera(controls, front, mouth, wide),
    )
