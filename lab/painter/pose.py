"""Where the parts of a head are: its size, turn and nod, and the light on it."""

import torch
from torch import Tensor

from ..smooth_step import smooth
from .canvas import Area
from .shapes import bump

ALIGNMENT = {"eyes": (0.5, 0.46), "mouth": (0.5, 0.66)}
_MAX_TURN = 0.42  # radians


class Pose:
    """The geometry that all painting shares; every tensor is [N, 1, 1].

    `a` is the distance from the face's midline seen from the front, `b` the distance below the eye line, both
    in picture widths.
    """

    def __init__(self, p: "dict[str, Tensor]") -> None:
        self.p = p
        turn, nod = p["turn"], p["nod"]
        self.yaw = turn * _MAX_TURN
        self.sin, self.cos = torch.sin(self.yaw), torch.cos(self.yaw)
        self.width = 0.212 * (1.0 + 0.075 * p["face_width"] + 0.04 * p["masculine"])
        self.radius = self.width * 1.05
        self.shift = self.radius * self.sin  # from the head's centre to the face's midline
        self.x = 0.5 + 0.012 * turn - self.shift
        self.eye_y = ALIGNMENT["eyes"][1] + 0.006 * nod
        self.mouth_b = 0.2 - 0.006 * nod + 0.006 * p["chin"]
        self.chin_b = 0.332 - 0.016 * nod + 0.022 * p["chin"] + 0.016 * p["masculine"]
        self.middle_b = -0.045 - 0.02 * nod  # widest height of the skull
        self.skull_height = 0.262 + 0.02 * nod
        self.eye_a = 0.109 * (1.0 + 0.06 * p["eye_spacing"] + 0.03 * p["face_width"])
        self.eye_half = 0.063 * (1.0 + 0.13 * p["eye_size"] - 0.035 * p["masculine"])
        self.mouth_half = 0.07 * (1.0 + 0.14 * p["mouth_width"] + 0.15 * p["smile"])
        self.nose_b = 0.112 + 0.012 * p["nose_size"] + 0.012 * nod
        self.brow_b = -0.083 - 0.024 * p["brow_raise"] - 0.006 * p["eye_size"] + 0.006 * p["masculine"]
        # key light from above, in front
        raw = torch.stack(
            [0.85 * p["light_direction"], torch.full_like(turn, -0.5), torch.full_like(turn, 0.72)]
        )
        self.light = raw / raw.square().sum(0, keepdim=True).sqrt()  # [3, N, 1, 1]

    def angle(self, x: Tensor) -> Tensor:
        """Longitude on the head at picture columns x, 0 at the face's midline; grows past the silhouette."""
        side = (x - self.x) / self.radius
        return torch.asin(side.clamp(-0.999, 0.999)) + (side - side.clamp(-0.999, 0.999)) - self.yaw

    def across(self, x: Tensor, protrusion: "float | Tensor" = 0.0) -> Tensor:
        """Face coordinate a at picture columns x; protrusion is the height above the head's surface."""
        angle = self.angle(x - self.sin * protrusion)
        return self.radius * torch.sin(angle.clamp(-1.5, 1.5)) + 0.4 * (angle - angle.clamp(-1.5, 1.5))

    def down(self, y: Tensor) -> Tensor:
        return y - self.eye_y

    def column(self, a: Tensor, protrusion: "float | Tensor" = 0.0) -> Tensor:
        """Picture x of face coordinate a; the inverse of `across`."""
        longitude = torch.asin((a / self.radius).clamp(-0.98, 0.98)) + self.yaw
        return self.x + self.radius * torch.sin(longitude) + self.sin * protrusion

    def outline(self, area: Area) -> "tuple[Tensor, Tensor, Tensor]":
        """The head without hair: the surface normal's x and y, and the signed distance.

        The normal's z follows from its unit length.
        """
        b = self.down(area.y) - self.middle_b  # [N, h, 1]
        length = self.chin_b - self.middle_b
        above = (-b / self.skull_height).clamp_(min=0.0)
        below = (b / length).clamp_(min=0.0)
        power = 2.12 + 0.36 * self.p["jaw"] + 0.12 * self.p["cheeks"] + 0.14 * self.p["masculine"]
        fall = below.clamp(min=1e-4).pow(power)  # [N, h, 1]
        lean = 0.62 * self.shift * smooth(0.1, 1.0, below)  # the chin turns with the face
        hollow = 1.0 - 0.035 * torch.exp(-((below - 0.52) / 0.2).square()) * (0.6 - self.p["cheeks"])
        side = area.x - self.x - lean
        side = side / (self.width * (hollow + self._profile(side, self.down(area.y))))  # [N, h, w]
        rows = above.square() + fall
        value = side.square() + rows
        slope = (power * fall / below.clamp(min=0.05) / length * 0.5) + above / self.skull_height
        gradient = ((side / self.width).square() + slope.square()).sqrt_().clamp_(min=1.2)
        distance = (value - 1.0) / (2.0 * gradient)  # [N, h, w]
        vertical = below.pow(power - 1.0) * 0.9 - above
        return side, vertical, distance

    def _profile(self, side: Tensor, b: Tensor) -> Tensor:
        """Relief [N, h, w] of a turned head's far contour: the socket sinks between brow and cheekbone."""
        away = (torch.sign(side) * self.yaw).clamp_(min=0.0) * (1.0 / _MAX_TURN)
        relief = 0.05 * bump(b - 0.085, 0.055) - 0.045 * bump(b - 0.002, 0.05) + 0.02 * bump(b + 0.085, 0.04)
        return away * relief

    def lit(self, nx: Tensor, ny: Tensor) -> Tensor:
        """Cosine between the key light and a normal whose x and y are given."""
        flat = (nx.square() + ny.square()).clamp_(max=0.97)
        return self.light[0] * nx + self.light[1] * ny + self.light[2] * (1.0 - flat).sqrt_()


class Tints:
    """Key and shadow colours of a portrait, each [N, 3, 1, 1]; the shadow is the key's complement."""

    def __init__(self, p: "dict[str, Tensor]") -> None:
        warm = p["light_warmth"].unsqueeze(1)  # [N, 1, 1, 1]
        deep = p["light_contrast"].unsqueeze(1)
        ones = torch.ones_like(warm)
        self.key = torch.cat([1.03 + 0.04 * warm, 1.0 + 0.005 * warm, 0.96 - 0.09 * warm], dim=1)
        base = torch.cat([0.60 - 0.02 * warm, 0.50 * ones, 0.54 + 0.06 * warm], dim=1)
        self.shadow = base * (1.12 - 0.28 * deep)
        self.rim = torch.cat([0.75 - 0.2 * warm, 0.85 * ones, 0.95 + 0.1 * warm], dim=1)

    def shade(self, colour: Tensor, cosine: Tensor) -> Tensor:
        """Light colour [N, 3, 1, 1] at cosines [N, h, w]: [N, 3, h, w]."""
        k = smooth(-0.35, 0.95, cosine).unsqueeze(1)
        return torch.addcmul(
            (colour * self.shadow).expand(-1, -1, *k.shape[2:]), colour * (self.key - self.shadow), k
        )
