"""The colours of a car's body: paint, glass, lamps, grille, and the lines between its panels."""

from __future__ import annotations

import torch
from torch import Tensor

from ..smooth_step import smooth
from .car_shape import CarShape
from .scenery import Scenery, colour

Place = tuple[Tensor, Tensor, Tensor]  # x, y, z [N, h, w] each


def within(value: Tensor, low: float | Tensor, high: float | Tensor, soft: float | Tensor) -> Tensor:
    """1 between two bounds, with soft ends."""
    return smooth(-soft, soft, value - low) * smooth(soft, -soft, value - high)


def dot(a: Place, b: Place) -> Tensor:
    """The cosine between two unit directions."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


class Bodywork:
    """Shades the body where rays meet it. `soft` is the width of its finest edges in metres."""

    def __init__(self, p: dict[str, Tensor], shape: CarShape, around: Scenery, soft: float):
        self.p, self.shape, self.around, self.soft = p, shape, around, soft
        light = 0.20 + 0.58 * p["paint_lightness"]
        self.paint = colour(light, 0.70 * p["paint_red"], 0.60 * p["paint_yellow"])
        black = torch.full_like(self.paint, 0.012)
        self.roof = torch.lerp(self.paint, black, p["black_roof"].unsqueeze(1))

    def shaded(self, at: Place, normal: Place, along: Place) -> Tensor:
        """The body's light [N, 3, h, w] at places with these normals, seen along these directions."""
        x, _, z = at
        normal = self._creased(normal, z)
        facing = dot(normal, along).clamp(max=0.0)
        x_m, y_m, z_m = (a - 2 * facing * n for a, n in zip(along, normal, strict=True))
        mirrored = x_m, y_m, z_m
        seen = self.around.distant(*mirrored, 0.05)  # [N, 3, h, w]
        graze = (1 + facing).clamp(0.0, 1.0).pow(4).unsqueeze(1)
        gloss = self._spot(mirrored)
        rgb = self._painted(x, z, normal, seen, graze, gloss)
        rgb = self._dark_parts(rgb, at, normal, graze, seen)
        rgb = self._windows(rgb, at, normal, along, graze, seen, gloss)
        return self._lamps(rgb, at, normal)

    def _creased(self, normal: Place, z: Tensor) -> Place:
        """A crease along the doors and a hollow below it."""
        side = normal[1].abs()
        height = z - self.shape.waist + 0.17
        tilt = side * (0.22 * torch.exp(-((height - 0.03) / 0.035).square())
                       - 0.20 * torch.exp(-((height + 0.22) / 0.13).square()))  # fmt: skip
        z_new = normal[2] + tilt
        scale = torch.rsqrt(normal[0].square() + normal[1].square() + z_new.square())
        return normal[0] * scale, normal[1] * scale, z_new * scale

    def _spot(self, mirrored: Place) -> Tensor:
        """The sun's highlight [N, 1, h, w]."""
        return smooth(0.90, 1.0, dot(mirrored, self.around.light)).pow(3).unsqueeze(1)

    def _painted(
        self, x: Tensor, z: Tensor, normal: Place, seen: Tensor, graze: Tensor, gloss: Tensor
    ) -> Tensor:
        around, shape = self.around, self.shape
        roofed = smooth(-self.soft, self.soft, z - shape.waist - 0.03).unsqueeze(1)
        paint = torch.lerp(self.paint.expand(-1, -1, *z.shape[1:]), self.roof, roofed)
        sun = dot(normal, around.light).clamp(min=0.0)
        sky = 0.5 + 0.5 * normal[2]
        bounce = around.lit_ground(around.road) * (0.30 * (1 - sky) * smooth(0.0, 0.9, z)).unsqueeze(1)
        hidden = (0.35 + 0.65 * smooth(0.05, 0.55, z)).unsqueeze(1)  # near the ground it sees less of the sky
        light = around.ambient * sky.unsqueeze(1) * hidden + bounce + around.sun * sun.unsqueeze(1)
        metal = self.p["metallic"].unsqueeze(1)
        mirror = (0.06 + 0.30 * metal + 0.55 * graze) * (0.4 + 0.6 * hidden)
        rgb = paint * light * (1 - 0.3 * metal) + mirror * seen * torch.lerp(
            torch.ones_like(paint), paint.sqrt(), metal * 0.7
        )
        rgb = rgb + 0.9 * gloss * around.sun
        return rgb * (1 - 0.75 * self._seams(x, z, normal)).unsqueeze(1)

    def _seams(self, x: Tensor, z: Tensor, normal: Place) -> Tensor:
        """The lines between doors, wings and bonnet, 0..1 [N, h, w]."""
        shape, fine = self.shape, max(0.009, 0.6 * self.soft)
        side = smooth(0.5, 0.75, normal[1].abs())
        low = shape.clear + 0.14
        hinge = shape.cowl - 0.16
        lean = 0.10 * (z - 0.6)
        first = (x - hinge - 0.2 * lean).abs()
        middle = (x - shape.pillar + lean).abs()
        # the rear door's edge follows the arch
        last = (x - torch.maximum(shape.rear_axle + 0.06 + 0 * x, shape.tail + 0.3)).abs()
        near = torch.minimum(torch.minimum(first, middle), last)
        strength = min(1.0, 0.012 / fine + 0.25)
        upright = strength * smooth(fine, 0.0, near) * within(z, low, shape.waist, 0.02)
        below = strength * smooth(fine, 0.0, (z - low).abs()) * within(x, shape.rear_axle + 0.3, hinge, 0.03)
        handles = within(z, shape.waist - 0.135, shape.waist - 0.105, 0.012) * (
            within(x, shape.pillar + 0.07, shape.pillar + 0.25, 0.02)
            + within(x, shape.rear_axle + 0.16, shape.rear_axle + 0.34, 0.02)
        )
        return (side * (torch.maximum(upright, below) + 0.7 * handles)).clamp(max=1.0)

    def _dark_parts(self, rgb: Tensor, at: Place, normal: Place, graze: Tensor, seen: Tensor) -> Tensor:
        """Plastic along sills and arches, grille, air intakes and the number plate."""
        x, y, z = at
        shape, soft = self.shape, self.soft
        ahead, behind = smooth(0.35, 0.6, normal[0]), smooth(0.35, 0.6, -normal[0])
        plastic = self.p["cladding"]
        sill = smooth(soft, -soft, z - shape.clear - 0.05 - 0.12 * plastic)
        rho = torch.minimum((x - shape.front_axle).abs(), (x - shape.rear_axle).abs())
        rho = (rho.square() + (z - shape.wheel).square()).sqrt()
        arches = smooth(soft, -soft, rho - shape.arch - 0.075 * plastic) * smooth(0.1, 0.3, plastic)
        nose = shape.nose
        grille = ahead * within(y.abs(), -1.0, 0.42, 0.03) * within(z, nose - 0.20, nose - 0.05, 0.02)
        intake = ahead * within(y.abs(), -1.0, 0.62, 0.05) * within(z, shape.clear + 0.08, nose - 0.33, 0.02)
        slats = 0.65 + 0.35 * torch.sin(150.0 * z)
        dark = torch.maximum(torch.maximum(sill, arches), torch.maximum(grille, intake))
        tone = 0.035 * self.around.ambient + 0.05 * seen * (0.2 + graze)
        tone = tone + (0.10 * grille * slats * self.p["chrome"]).unsqueeze(1) * self.around.low
        rgb = torch.lerp(rgb, tone, dark.unsqueeze(1))
        plate = within(y.abs(), -1.0, 0.25, 0.012) * (
            ahead * within(z, nose - 0.31, nose - 0.21, 0.01)
            + behind * within(z, nose - 0.20, nose - 0.08, 0.01)
        )
        white = 0.75 * self._facing_light(normal)
        return torch.lerp(rgb, white, plate.clamp(max=1.0).unsqueeze(1))

    def _facing_light(self, normal: Place) -> Tensor:
        """Light [N, 3, h, w] on a matt white surface."""
        sun = dot(normal, self.around.light).clamp(min=0.0)
        return self.around.ambient * (0.6 + 0.4 * normal[2]).unsqueeze(1) + self.around.sun * sun.unsqueeze(1)

    def _windows(
        self,
        rgb: Tensor,
        at: Place,
        normal: Place,
        along: Place,
        graze: Tensor,
        seen: Tensor,
        gloss: Tensor,
    ) -> Tensor:
        x, y, z = at
        shape, soft = self.shape, self.soft
        inner = -shape.cabin(x, z)  # m from the cabin's outline
        side = smooth(0.55, 0.75, normal[1].abs())
        up = smooth(-soft, soft, z - shape.waist - 0.035)
        sides = side * up * smooth(-soft, soft, inner - 0.085)
        thin = max(0.032, 0.8 * soft)
        sides = sides * smooth(-soft, soft, (x - shape.pillar).abs() - thin)
        saloon = self.p["boot"]
        rear = shape.rear_axle + 0.05 - 0.05 * saloon  # the pillar behind the rear door
        hatch = smooth(-soft, soft, (x - rear).abs() - 0.05 * (1 - saloon))
        sides = sides * hatch
        roofline = smooth(-soft, soft, shape.top - z - 0.085)
        across = smooth(soft, -soft, y.abs() - 0.73 + 0.22 * (z - shape.waist))
        screens = (1 - side) * up * roofline * across * smooth(0.1, 0.3, normal[0].abs())
        glass = torch.maximum(sides, screens).unsqueeze(1)
        frame = side * up * smooth(-soft, soft, inner - 0.062) * (1 - sides)
        strip = side * within(z, shape.waist + 0.015, shape.waist + 0.04, 0.012) * smooth(-0.02, 0.02, inner)
        bright = self.p["chrome"].unsqueeze(1)
        trim = torch.lerp(0.03 * self.around.ambient, 0.5 * seen + 0.15 * self.around.low, bright)
        rgb = torch.lerp(rgb, 0.03 * self.around.ambient + 0.04 * seen, frame.unsqueeze(1))
        rgb = torch.lerp(rgb, trim, strip.unsqueeze(1))
        return torch.lerp(rgb, self._glass(at, along, graze, seen, gloss), glass)

    def _glass(self, at: Place, along: Place, graze: Tensor, seen: Tensor, gloss: Tensor) -> Tensor:
        """Seats in a dim cabin, the sky through the windows beyond them, and the world reflected."""
        around, shape = self.around, self.shape
        reach = 0.9  # m behind the pane
        x, z = at[0] + reach * along[0], at[2] + reach * along[2]
        clear = (1 - self.p["tint"]).unsqueeze(1)
        through = around.distant(*along, 0.02)
        head = torch.full_like(x, 1.0)
        for place in (shape.pillar + 0.08, shape.pillar - 0.82):
            rest = ((x - place).abs() / 0.13).pow(3) + ((z - shape.waist - 0.08).clamp(min=0.0) / 0.17).pow(3)
            head = torch.minimum(head, smooth(0.8, 1.2, rest))
        beyond = smooth(-0.05, 0.05, z - shape.waist) * head * smooth(0.02, 0.10, -shape.cabin(x, z))
        room = 0.05 * around.ambient + 0.015
        view = torch.lerp(room.expand_as(through), 0.42 * through, (0.8 * beyond).unsqueeze(1) * clear)
        return view * (0.25 + 0.75 * clear) + (0.10 + 0.75 * graze) * seen + 0.6 * gloss * around.sun

    def _lamps(self, rgb: Tensor, at: Place, normal: Place) -> Tensor:
        x, y, z = at
        shape, soft = self.shape, self.soft
        from_front, from_rear = shape.half - x, x + shape.half
        nose = shape.nose
        front = smooth(soft, -soft, from_front - 0.40 + 0.55 * (y.abs() - 0.4).clamp(min=0.0) * 0.3)
        front = (
            front * within(z, nose - 0.165, nose - 0.035, 0.6 * soft) * smooth(-soft, soft, y.abs() - 0.47)
        )
        rear_low = shape.waist - 0.24
        rear_high = shape.waist - 0.07 + 0.12 * (1 - self.p["boot"])
        rear = smooth(soft, -soft, from_rear - 0.20) * within(z, rear_low, rear_high, 0.6 * soft)
        rear = rear * smooth(-soft, soft, y.abs() - 0.42)
        on = self.p["lamps"].unsqueeze(1)
        glint = 0.45 + 0.55 * torch.sin(38.0 * (x + y) + 1.0).square().unsqueeze(1)
        matt = self._facing_light(normal)
        warm = torch.tensor([1.0, 0.92, 0.78], device=x.device).view(1, 3, 1, 1)
        red = torch.tensor([0.80, 0.03, 0.02], device=x.device).view(1, 3, 1, 1)
        rgb = torch.lerp(rgb, (0.22 + 0.5 * glint) * matt + 3.0 * on.square() * warm, front.unsqueeze(1))
        return torch.lerp(rgb, red * ((0.15 + 0.45 * glint) * matt + 1.4 * on.square()), rear.unsqueeze(1))
