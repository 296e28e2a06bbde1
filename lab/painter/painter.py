"""Illustrated portraits from named controls: `paint` and its landmarks."""

from dataclasses import dataclass

import torch
from torch import Tensor

from . import backdrop, eyes, hair, head, mouth, wear
from .canvas import Area, blank
from .controls import POPULATION, attributes
from .pose import Pose, Tints

LANDMARKS = (
    "left_eye",
    "left_eye_top",
    "left_eye_bottom",
    "left_brow",
    "right_eye",
    "right_eye_top",
    "right_eye_bottom",
    "right_brow",
    "mouth",
    "mouth_left",
    "mouth_right",
    "nose",
    "chin",
    "left_ear",
    "right_ear",
    "hair_top",
)  # left and right as seen in the picture
# Pixels painted at once on a CPU: few enough that the working tensors stay in the processor's cache.
_CACHED_PIXELS = 16 * 128 * 128


@dataclass(frozen=True)
class Painted:
    """rgb [N, 3, R, R] in -1..1 and landmarks [N, len(LANDMARKS), 2] in unit-square x (right), y (down)."""

    rgb: Tensor
    landmarks: Tensor


def paint_z(z: Tensor, resolution: int, correlated: bool = True) -> Painted:
    """Paint the portraits of style vectors z [N, 64]."""
    return paint(attributes(z, correlated), resolution, z.device)


@torch.no_grad()
def paint(given: "dict[str, Tensor]", resolution: int, device: "torch.device | str | None" = None) -> Painted:
    """Paint portraits from controls [N]; missing controls rest.

    All resolutions (32..1024) have the same composition. Raises ValueError for unknown controls or sizes.
    """
    if not 32 <= resolution <= 1024:
        raise ValueError(f"Portraits are painted at 32 to 1024 pixels, not {resolution}.")
    controls = {name: values.to(device).float() for name, values in POPULATION.complete(given).items()}
    count = next(iter(controls.values())).numel()
    on_cpu = next(iter(controls.values())).device.type == "cpu"
    step = max(1, _CACHED_PIXELS // resolution**2) if on_cpu else max(1, 2**22 // resolution**2)
    parts = []
    for start in range(0, count, step):
        part = {name: values[start : start + step].view(-1, 1, 1) for name, values in controls.items()}
        parts.append(_paint(part, resolution))
    return Painted(torch.cat([part.rgb for part in parts]), torch.cat([part.landmarks for part in parts]))


def _paint(p: "dict[str, Tensor]", resolution: int) -> Painted:
    like = p["turn"]
    canvas = blank(like.shape[0], resolution, like.device)
    pose, tints = Pose(p), Tints(p)
    skin, hair_tone = head.skin_colour(p), hair.hair_colour(p)
    locks = hair.Hair(canvas, pose)
    strands = locks.shaded(tints, hair_tone)
    backdrop.background(canvas, pose)
    hair.back(locks, strands)
    backdrop.neck_and_clothes(canvas, pose, tints, skin)
    head.ears(canvas, pose, tints, skin)
    wear.earrings(canvas, pose, locks)
    _paint_face(canvas, pose, tints, skin, hair_tone, locks)
    hair.front(locks, strands)
    wear.glasses(canvas, pose, locks)
    wear.hat(canvas, pose, tints, locks)
    backdrop.finish(canvas, pose)
    return Painted(canvas.rgb.clamp_(0.0, 1.0).mul_(2.0).sub_(1.0), _landmarks(pose, locks))


def _paint_face(
    canvas: Area, pose: Pose, tints: Tints, skin: Tensor, hair_tone: Tensor, locks: hair.Hair
) -> None:
    head.face(canvas, pose, tints, skin, hair.forehead_shadow(locks))
    head.nose(canvas, pose, tints, skin)
    mouth.mouth(canvas, pose, tints, skin)
    hair.beard(canvas, pose, tints, hair_tone)
    brows = hair_tone * 0.62 + skin * 0.06
    for side in (-1.0, 1.0):
        eyes.eye(canvas, pose, skin, side)
        eyes.brow(canvas, pose, brows, side)


def _landmarks(pose: Pose, locks: hair.Hair) -> Tensor:
    places = {}
    for name, side in (("left", -1.0), ("right", 1.0)):
        for part, place in eyes.eye_landmarks(pose, side).items():
            places[f"{name}_{part}"] = place
        corner = side * torch.ones_like(pose.yaw)
        height = pose.eye_y + mouth.mouth_curve(pose, corner)
        places[f"mouth_{name}"] = (pose.column(side * pose.mouth_half, 0.018), height)
        places[f"{name}_ear"] = head.ear_place(pose, side)
    zero = torch.zeros_like(pose.yaw)
    places["mouth"] = (pose.column(zero, 0.018), pose.eye_y + pose.mouth_b)
    places["nose"] = (pose.column(zero, 0.052), pose.eye_y + pose.nose_b)
    places["chin"] = (pose.x + 0.62 * pose.shift, pose.eye_y + pose.chin_b)
    places["hair_top"] = (locks.middle_x, locks.middle_y - locks.height)
    points = [torch.stack([v.flatten() for v in places[name]], dim=1) for name in LANDMARKS]
    return torch.stack(points, dim=1)  # [N, K, 2]
