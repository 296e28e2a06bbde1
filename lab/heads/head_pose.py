"""How a head is turned, nodded and tilted on its neck, and how far the body comes along."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ..smooth_step import smooth

NOD, TURN, TILT = (math.radians(angle) for angle in (35, 60, 30))  # at the controls' ends
LEAN = 0.45  # how much higher a place in front is cut by the neck's sloping slices than one behind
SLICES = 5.58, 6.38  # where the neck begins and ends on the mean head


@dataclass(frozen=True)
class NeckPose:
    """N poses. The neck's slices follow the head the more the higher they lie; the rest follows the body."""

    head: Tensor  # [N, 3] radians: nod down, turn to the image's right, tilt clockwise
    body: Tensor  # [N, 3] the same of the shoulders
    pivot: Tensor  # [N, 3] rest space: between skull and spine
    slices: Tensor  # [N, 2] where the neck begins and ends, as `neck_share` takes them

    def moved(self, points: Tensor) -> Tensor:
        """Points [N, K, 3] of rest space in the world."""
        pivot = self.pivot[:, None]
        return self.turned(points - pivot, points) + pivot

    def turned(self, directions: Tensor, points: Tensor) -> Tensor:
        """Directions [N, K, 3] at points [N, K, 3], both of rest space, in the world."""
        share = neck_share(points, self.slices[:, None])[..., None]
        return _swung(directions, torch.lerp(self.body[:, None], self.head[:, None], share))

    @property
    def rotation(self) -> Tensor:
        """The head's rotation [N, 3, 3]: world = rotation @ rest."""
        axes = torch.eye(3).to(self.head).expand(len(self.head), 3, 3)
        return _swung(axes, self.head[:, None]).mT


def pose_of(controls: dict[str, Tensor], details: Tensor, pivot: Tensor, slices: Tensor) -> NeckPose:
    """The controls' pose; details choose how far the shoulders come along."""
    still = torch.zeros_like(controls["turn"])
    turn, tilt = controls["turn"], controls["tilt"]
    comes = 0.3 + 0.25 * torch.tanh(details[:, 3])
    body = torch.stack([still, TURN * (comes * turn + 0.15 * torch.tanh(details[:, 4])), still], dim=1)
    head = torch.stack([NOD * controls["nod"], TURN * turn, TILT * tilt], dim=1)
    return NeckPose(head, body, pivot, slices)


def neck_height(points: Tensor) -> Tensor:
    """How high points [.., 3] of rest space lie, measured along the leaning neck."""
    return points[..., 1] + LEAN * (points[..., 2].clamp(-0.2, 1.2) - 0.4)


def neck_share(points: Tensor, slices: Tensor | tuple[float, float] = SLICES) -> Tensor:
    """How much of the head's turn points [.., K, 3] of rest space follow: 1 at the head, 0 at the shoulders.

    slices: [.., 2] where the neck begins and ends.
    """
    low, high = torch.as_tensor(slices).to(points).unbind(-1)
    return smooth(low, high, neck_height(points))


def _swung(directions: Tensor, angles: Tensor) -> Tensor:
    """Directions [N, K, 3] nodded, then turned, then tilted by angles [N, K, 3]."""
    x, y, z = directions.unbind(-1)
    nod, turn, tilt = angles.unbind(-1)
    y, z = _about(y, z, nod)
    z, x = _about(z, x, turn)
    y, x = _about(y, x, tilt)
    return torch.stack([x, y, z], dim=-1)


def _about(first: Tensor, second: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
    """Two coordinates turned from the first towards the second."""
    c, s = torch.cos(angle), torch.sin(angle)
    return c * first - s * second, s * first + c * second
