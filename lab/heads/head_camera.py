"""The camera in front of a head: perspective, and the frame that the packs' alignment gives."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

# where the middle of the eyes and that of the mouth's corners lie in the frame, as in the packs
FRAME_EYES, FRAME_MOUTH = (0.5, 0.46), (0.5, 0.66)
NEAREST, FARTHEST = 3.5, 30.0  # dm from the eyes
SHIFT, ZOOM = 0.06, 0.16  # of the frame, at the controls' ends


@dataclass(frozen=True)
class HeadCamera:
    """One camera for each of N heads. It looks along -z; the frame is 0..1, x right and y down."""

    place: Tensor  # [N, 3] world
    scale: Tensor  # [N] frames per unit of x / depth
    shift: Tensor  # [N, 2] of the frame, where the line of sight through `place` meets it

    def project(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """World points [N, K, 3] -> xy [N, K, 2] of the frame, and depth [N, K] along the view."""
        away = points - self.place[:, None]  # [N, K, 3]
        depth = -away[..., 2]
        flat = away[..., :2] * away.new_tensor([1.0, -1.0]) / depth[..., None].clamp(min=1e-3)
        return flat * self.scale[:, None, None] + self.shift[:, None], depth


def frame_camera(controls: dict[str, Tensor], eyes: Tensor, mouth: Tensor, wide: float = 1.0) -> HeadCamera:
    """The camera whose frame puts the middle of the eyes and that of the mouth where faces are aligned.

    eyes, mouth: [N, 3] world. A tilted head stays tilted; `wide` = 1.5 shows half as much again around the
    same centre.
    """
    distance = NEAREST * (FARTHEST / NEAREST) ** controls["distance"]  # [N]
    aim = (eyes + mouth) / 2
    place = torch.cat([aim[:, :2], (eyes[:, 2] + distance)[:, None]], dim=1)
    plain = HeadCamera(place, torch.ones_like(distance), torch.zeros_like(place[:, :2]))
    seen, _ = plain.project(torch.stack([eyes, mouth], dim=1))  # [N, 2, 2]
    apart = (seen[:, 1] - seen[:, 0]).norm(dim=1)
    goal = eyes.new_tensor([FRAME_EYES, FRAME_MOUTH])
    size = torch.exp(ZOOM * controls["frame_size"]) / wide
    scale = math.dist(FRAME_EYES, FRAME_MOUTH) / apart * size
    centre = (goal.mean(0) - 0.5) / wide + 0.5
    moved = SHIFT / wide * torch.stack([controls["frame_x"], controls["frame_y"]], dim=1)
    return HeadCamera(place, scale, centre + moved - seen.mean(1) * scale[:, None])
