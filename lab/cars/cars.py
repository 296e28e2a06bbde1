"""Cars from named controls: `draw` and its landmarks.

The pictures are 4:3 within squares: black rows lie above and below, as in StyleGAN2's pictures of cars.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..smooth_step import smooth
from .bodywork import Bodywork
from .car_shape import TRACK, CarShape, Widths
from .controls import POPULATION
from .scenery import Scenery
from .viewing import SHAPE, Camera, Rays, meet
from .wheels import SeenWheel, far_wheels, near_wheels
from .wheels import shaded as wheel_shaded

LANDMARKS = (
    "front_wheel",
    "rear_wheel",
    "headlamp",
    "tail_lamp",
    "door",
    "windscreen_top",
    "rear_window_top",
    "roof",
)  # of the nearer side
# Samples drawn at once on a CPU: few enough that the working tensors stay in the processor's cache.
_CACHED = 8 * 96 * 128
SAMPLES = 2  # of a pixel, along each axis
_GAMMA = 1 / 1.85  # a little more contrast than sRGB


@dataclass(frozen=True)
class DrawnCars:
    """rgb [N, 3, R, R] in -1..1, with black rows, and landmarks [N, len(LANDMARKS), 2] in unit-square
    x (right), y (down)."""

    rgb: Tensor
    landmarks: Tensor


def draw_z(z: Tensor, resolution: int, correlated: bool = True) -> DrawnCars:
    """The cars of style vectors z [N, STYLE_DIM]."""
    return draw(POPULATION.values(z, correlated), resolution)


@torch.no_grad()
def draw(given: dict[str, Tensor], resolution: int) -> DrawnCars:
    """Cars from controls [N]; missing controls rest.

    All resolutions (32..1024, multiples of 8) have the same composition. ValueError for unknown controls or
    sizes.
    """
    if not 32 <= resolution <= 1024 or resolution % 8:
        raise ValueError(f"Cars are drawn at 32 to 1024 pixels, in steps of 8, not {resolution}.")
    controls = {name: values.float() for name, values in POPULATION.complete(given).items()}
    count = len(next(iter(controls.values())))
    most = _CACHED if next(iter(controls.values())).device.type == "cpu" else 64 * _CACHED
    step = max(1, most // (SAMPLES * resolution) ** 2)
    parts = []
    for start in range(0, count, step):
        part = {name: values[start : start + step].view(-1, 1, 1) for name, values in controls.items()}
        parts.append(_draw(part, resolution))
    return DrawnCars(torch.cat([part.rgb for part in parts]), torch.cat([part.landmarks for part in parts]))


def _draw(p: dict[str, Tensor], resolution: int) -> DrawnCars:
    shape = CarShape(p)
    camera = Camera(p, shape)
    columns, rows = SAMPLES * resolution, SAMPLES * resolution * SHAPE[1] // SHAPE[0]
    device = shape.half.device
    u = ((torch.arange(columns, device=device) + 0.5) / columns * 2 - 1).view(1, 1, -1)
    v = (1 - (torch.arange(rows, device=device) + 0.5) / rows * 2).view(1, -1, 1) * SHAPE[1] / SHAPE[0]
    rays = camera.rays(u, v)
    around = Scenery(p, shape, camera)
    light = around.backdrop(rays)  # [N, 3, h, w] of every sample
    where = _covered(camera.bounds(shape), rows, columns)
    part = light[:, :, where[0], where[1]]
    part.copy_(_with_car(part, p, shape, around, rays.part(*where), 5.6 / resolution))
    rgb = F.avg_pool2d(light, SAMPLES)  # [N, 3, rows, R] in linear light
    rgb = (1.42 * rgb / (1 + 0.52 * rgb)).clamp(0.0, 1.0).pow(_GAMMA)
    right = p["faces_left"].view(-1) <= 0.5
    rgb[right] = rgb[right].flip(3)
    margin = (resolution - rgb.shape[2]) // 2
    places = _landmarks(shape, camera)
    places[right, :, 0] = 1 - places[right, :, 0]
    return DrawnCars(F.pad(2 * rgb - 1, (0, 0, margin, margin), value=-1.0), places)


def _covered(bounds: tuple[float, float, float, float], rows: int, columns: int) -> tuple[slice, slice]:
    """The rows and columns of samples within bounds of u and v."""
    left, right, low, high = bounds
    half = 0.5 * columns
    upper, lower = int(0.5 * rows - half * high) - 1, int(0.5 * rows - half * low) + 2
    first, last = int(half + half * left) - 1, int(half + half * right) + 2
    return slice(max(0, upper), min(rows, lower)), slice(max(0, first), min(columns, last))


def _with_car(
    rgb: Tensor, p: dict[str, Tensor], shape: CarShape, around: Scenery, rays: Rays, soft: float
) -> Tensor:
    """The backdrop's light [N, 3, h, w] with the cars before it; `soft` is about a pixel's size in metres."""
    widths = Widths(shape, min(512, max(128, int(12 / soft))))
    dark = (0.02 * around.ambient).expand_as(rgb)
    rgb = torch.where(far_wheels(rays, shape).unsqueeze(1), dark, rgb)
    x, y, z, found = meet(rays, widths)
    body = Bodywork(p, shape, around, soft).shaded((x, y, z), widths.normals(x, y, z), rays.along)
    rgb = torch.where(found.unsqueeze(1), body, rgb)
    for wheel, axle in zip(near_wheels(rays, shape), (shape.front_axle, shape.rear_axle), strict=True):
        rgb = _wheel(rgb, wheel, (x, y, z), found, axle, p, shape, around, soft)
    return _mirror(rgb, rays, shape, around, p)


def _wheel(
    rgb: Tensor,
    wheel: SeenWheel,
    at: tuple[Tensor, Tensor, Tensor],
    found: Tensor,
    axle: Tensor,
    p: dict[str, Tensor],
    shape: CarShape,
    around: Scenery,
    soft: float,
) -> Tensor:
    """Cuts the arch out of the body and puts the wheel into it."""
    x, y, z = at
    from_axle = ((x - axle).square() + (z - shape.wheel).square()).sqrt()
    arch = found & (from_axle < shape.arch) & (y > 0.4)
    rgb = torch.where(arch.unsqueeze(1), 0.015 * around.ambient, rgb)
    seen = wheel.hit & (~found | arch | (y < TRACK - 0.24))
    light = wheel_shaded(wheel, p, around, around.light[1].clamp(min=0.0), soft)
    shade = (1 - 0.55 * smooth(0.6, 1.0, (z - shape.wheel) / shape.wheel) * found.float()).unsqueeze(1)
    return torch.where(seen.unsqueeze(1), light * shade, rgb)


def _mirror(rgb: Tensor, rays: Rays, shape: CarShape, around: Scenery, p: dict[str, Tensor]) -> Tensor:
    """The outside mirror at the foot of the windscreen."""
    x, z = rays.at_side(0.96)
    dx, dz = (x - shape.cowl + 0.42) / 0.115, (z - shape.waist - 0.085) / 0.075
    rho = dx.square() * dx.square() + dz.square()
    paint = Bodywork(p, shape, around, 0.0).paint * (around.ambient + 0.6 * around.sun)
    tone = (0.55 + 0.45 * smooth(-1.0, 1.0, dz)).unsqueeze(1)
    return torch.where((rho < 1).unsqueeze(1), paint * tone, rgb)


def _landmarks(shape: CarShape, camera: Camera) -> Tensor:
    """[N, len(LANDMARKS), 2], for cars that face left."""
    ahead = shape.cowl - shape.front_slope * (shape.top - shape.waist)
    behind = shape.tail + shape.rear_slope * (shape.top - shape.waist)
    side = torch.full_like(shape.half, TRACK)
    places = {
        "front_wheel": (shape.front_axle, side, shape.wheel),
        "rear_wheel": (shape.rear_axle, side, shape.wheel),
        "headlamp": (shape.half - 0.2, 0.75 * side, shape.nose - 0.1),
        "tail_lamp": (0.1 - shape.half, 0.75 * side, shape.waist - 0.15),
        "door": (shape.pillar, side, 0.5 * (shape.waist + shape.clear)),
        "windscreen_top": (ahead, 0.6 * side, shape.top),
        "rear_window_top": (behind, 0.6 * side, shape.top),
        "roof": (0.5 * (ahead + behind), 0.6 * side, shape.top),
    }
    points = [torch.cat(camera.project(*places[name]), dim=1) for name in LANDMARKS]  # [N, 2, 1] each
    uv = torch.stack(points, dim=1)[..., 0]  # [N, K, 2]
    return torch.stack([0.5 + 0.5 * uv[..., 0], 0.5 - 0.5 * uv[..., 1]], dim=-1)
