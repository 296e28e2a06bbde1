"""Light, sky, hills and ground around a car, and what its paint reflects of them."""

from __future__ import annotations

import torch
from torch import Tensor

from ..smooth_step import smooth
from .car_shape import TRACK, CarShape
from .viewing import Camera, Rays

ROAD = 3.4  # m from the car's middle to the road's edge

Sky = tuple[tuple[float, float, float], ...]
ABOVE: Sky = ((0.004, 0.007, 0.022), (0.05, 0.08, 0.20), (0.09, 0.19, 0.42), (0.13, 0.30, 0.66))
LOW: Sky = ((0.015, 0.018, 0.045), (0.62, 0.30, 0.20), (0.70, 0.62, 0.52), (0.60, 0.72, 0.82))
SUN: Sky = ((0.10, 0.12, 0.20), (0.85, 0.42, 0.20), (1.25, 1.00, 0.72), (1.45, 1.36, 1.18))


def colour(lightness: Tensor, red: Tensor, yellow: Tensor) -> Tensor:
    """A colour [N, 3, 1, 1] in linear light from lightness and two opponent axes, [N, 1, 1] each."""
    r = lightness + 0.52 * red + 0.20 * yellow
    g = lightness - 0.30 * red + 0.16 * yellow
    b = lightness - 0.20 * red - 0.52 * yellow
    return torch.stack([r, g, b], dim=1).clamp(0.03, 0.95).square()


def ramp(place: Tensor, stops: Sky) -> Tensor:
    """The colour [N, 3, 1, 1] at places [N, 1, 1] (0..1) along evenly spaced stops."""
    table = torch.tensor(stops, device=place.device)  # [S, 3]
    knots = torch.arange(len(stops), device=place.device)  # [S]
    weight = (1 - (place.reshape(-1, 1) * (len(stops) - 1) - knots).abs()).clamp(min=0.0)  # [N, S]
    return (weight @ table)[:, :, None, None]


class Scenery:
    """What lies around the cars and lights them; colours are [N, 3, 1, 1] in linear light."""

    def __init__(self, p: dict[str, Tensor], shape: CarShape, camera: Camera):
        self.p, self.shape = p, shape
        day, cloud = p["daylight"], p["cloud"].square().unsqueeze(1)
        grey = ramp(day, LOW).mean(1, keepdim=True)
        self.above = torch.lerp(ramp(day, ABOVE), 0.75 * grey.expand(-1, 3, -1, -1), 0.9 * cloud)
        self.low = torch.lerp(ramp(day, LOW), grey.expand(-1, 3, -1, -1), 0.8 * cloud)
        self.sun = 1.35 * ramp(day, SUN) * (1 - 0.75 * cloud)
        self.ambient = 0.08 * self.low + 0.48 * self.above + 0.24 * grey * (1 + cloud) + 0.015
        side = p["light_direction"] * (2 * (p["faces_left"] > 0.5) - 1)  # cars are mirrored afterwards
        x = 0.95 * side * camera.right[0] + 0.45 * camera.sin
        y = 0.95 * side * camera.right[1] + 0.45 * camera.cos
        z = 0.55 + 0.45 * day
        scale = torch.rsqrt(x.square() + y.square() + z.square())
        self.light = (x * scale, y * scale, z * scale)
        bright, warm, green = 0.40 + 0.10 * p["ground_lightness"], p["ground_warmth"], p["verge_green"]
        self.road = colour(bright, 0.05 * warm, 0.09 * warm)
        grass = (0.5 + 0.5 * green).unsqueeze(1)
        sand = colour(bright + 0.24, 0.06 + 0.02 * warm, 0.14 + 0.03 * warm)
        self.verge = torch.lerp(sand, colour(bright + 0.02, -0.16 + 0.04 * warm, 0.16 + 0.05 * warm), grass)
        blue = p["hills_blue"]
        self.hills = colour(0.36 + 0.05 * blue, -0.04 - 0.05 * blue, 0.07 - 0.16 * blue)

    def ridge(self, x: Tensor, y: Tensor) -> Tensor:
        """How high the hills stand in directions with these x and y: their slope seen from the car."""
        angle = torch.atan2(x, -y)
        waves = 0.5 + 0.26 * torch.sin(3.0 * angle + 0.7) + 0.16 * torch.sin(7.0 * angle + 2.0)
        waves = waves + 0.07 * torch.sin(17.0 * angle)
        return 0.012 + 0.15 * self.p["hills"] * waves

    def lit_ground(self, tone: Tensor) -> Tensor:
        """A level ground's colour in this light."""
        return tone * (self.ambient + self.sun * self.light[2].unsqueeze(1))

    def distant(self, x: Tensor, y: Tensor, z: Tensor, soft: float) -> Tensor:
        """What is seen far away in unit directions (x, y, z) [N, h, w]: [N, 3, h, w], edges `soft` high."""
        rise = smooth(0.0, 0.62, z).sqrt().unsqueeze(1)
        far = torch.lerp(self.low.expand(-1, -1, *rise.shape[2:]), self.above, rise)
        towards = x * self.light[0] + y * self.light[1] + z * self.light[2]
        far = far + 0.5 * self.sun * smooth(0.75, 1.0, towards).square().unsqueeze(1)
        near = self.lit_ground(self.hills) * 0.55 + 0.25 * self.low
        below = smooth(soft, -soft, z - self.ridge(x, y)).unsqueeze(1)
        far = torch.lerp(far, near.expand_as(far), below)
        ground = self.lit_ground(self.verge) * 0.8
        return torch.lerp(far, ground.expand_as(far), smooth(soft, -soft, z).unsqueeze(1))

    def backdrop(self, rays: Rays) -> Tensor:
        """The picture without its car: [N, 3, h, w]."""
        rgb = self.distant(*rays.along, 0.004)
        x, y, far = rays.on_ground()
        edge = smooth(-0.12, 0.12, y.abs() - ROAD)
        near = torch.lerp(self.road.expand_as(rgb), self.verge, edge.unsqueeze(1))
        fine = (torch.sin(5.1 * x + 2.0 * torch.sin(3.3 * y)) * torch.sin(4.3 * y + 1.0)) / (1 + 0.06 * far)
        line = smooth(0.09, 0.05, (y + 2.6).abs()) * smooth(-0.1, 0.1, torch.sin(1.6 * x + 0.6))
        near = near * (1 + 0.07 * fine.unsqueeze(1)) + 0.35 * line.unsqueeze(1)
        sun = self.sun * (self.light[2] * (1 - 0.94 * self._cast(x, y))).unsqueeze(1)
        lit = near * (self.ambient * (1 - 0.95 * self._under(x, y)).unsqueeze(1) + sun)
        lit = torch.lerp(lit, (0.6 * self.low + 0.4 * self.lit_ground(self.verge)).expand_as(lit),
                         smooth(12.0, 90.0, far).unsqueeze(1) * 0.7)  # fmt: skip
        down = smooth(0.0, -0.004, rays.along[2]).unsqueeze(1)
        return torch.lerp(rgb, lit + self._beams(x, y).unsqueeze(1) * near, down)

    def _under(self, x: Tensor, y: Tensor) -> Tensor:
        """How much of the sky the car hides from the ground, 0..1."""
        return smooth(0.55, -0.25, _box(x, y, self.shape.half - 0.25, TRACK - 0.15, 0.3))

    def _cast(self, x: Tensor, y: Tensor) -> Tensor:
        """The car's shadow on the ground, 0..1: the box of its lower half, then of its cabin."""
        slant = (self.light[0] / self.light[2], self.light[1] / self.light[2])
        found = torch.zeros_like(x)
        for height, half, wide in ((0.55, self.shape.half - 0.15, 0.82), (1.1, self.shape.half - 1.0, 0.62)):
            box = _box(x + height * slant[0], y + height * slant[1], half, wide, 0.25)
            found = torch.maximum(found, smooth(0.10 * height + 0.06, -0.10 * height - 0.06, box))
        return torch.maximum(found, smooth(0.05, -0.05, _box(x, y, self.shape.half - 0.3, TRACK, 0.2)))

    def _beams(self, x: Tensor, y: Tensor) -> Tensor:
        """Light of the headlamps on the road ahead."""
        ahead = x - self.shape.half
        wide = smooth(1.1, 0.3, y.abs() - 0.25 * ahead.clamp(min=0.0))
        return 2.2 * self.p["lamps"] * wide * smooth(0.0, 1.0, ahead) * smooth(7.0, 1.0, ahead)


def _box(x: Tensor, y: Tensor, half: Tensor, wide: float, corner: float) -> Tensor:
    """Signed distance to a rectangle on the ground with rounded corners."""
    dx, dy = x.abs() - half + corner, y.abs() - wide + corner
    outside = (dx.clamp(min=0.0).square() + dy.clamp(min=0.0).square() + 1e-8).sqrt()
    return outside + torch.maximum(dx, dy).clamp(max=0.0) - corner
