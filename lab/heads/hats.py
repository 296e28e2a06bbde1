"""Hats fitted to this person's skull."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from ..smooth_step import smooth
from . import headscarves
from .head_wrap import SKULL, SKULL_AND_EARS, Globe, angles_of, centre_of
from .people import People
from .scene_canvas import tint
from .worn_mesh import DETAILS, HAT, Piece, WornMesh, ball, chosen, grid_triangles, pieces_of

AROUND = 96  # columns of a hat, from the front over the viewer's right
SOFT = math.radians(3.0)  # the edge of what a hat hides
DEGREE = math.pi / 180.0


class _Fit:
    """M heads that wear one kind of hat. Points are given across, along the skull's pole and to the front."""

    def __init__(self, wearers: People, kind: HatKind, place: Tensor) -> None:
        self.globe = Globe.of(wearers, SKULL_AND_EARS if kind.over_ears else SKULL)
        self.place = place  # [M] 0..1 within the kind
        self.details = wearers.details[:, DETAILS]
        self.azimuth = torch.arange(AROUND, device=place.device) * (2.0 * math.pi / AROUND)
        self.edge = edge_of(kind, self.details, self.azimuth.expand(len(place), -1))  # [M, A]
        controls = wearers.controls
        saturation = 0.08 + 0.72 * torch.special.ndtr(self.details[:, 4]).square()
        value = 0.012 * (60.0 ** controls["hat_tone"])
        self.colour = tint(controls["hat_hue"], saturation) * value.unsqueeze(1)  # [M, 3]
        self.second = tint(controls["hat_hue"] + 0.35 * self.details[:, 5].tanh(), 0.5) * (
            0.015 * 40.0 ** torch.special.ndtr(self.details[:, 2])
        ).unsqueeze(1)
        self.top = self.globe.radius[:, 0, 0]  # [M] the crown over the middle

    def varied(self, index: int, low: float, high: float) -> Tensor:
        """A number [M] that the details choose."""
        mixed = torch.sin(1.3 * self.details[:, index % 6] + 2.1 * self.place * (1 + index % 3) + 1.7 * index)
        return low + (high - low) * (0.5 + 0.5 * mixed)

    def at(self, polar: Tensor, thick: Tensor | float) -> Tensor:
        """Points [M, R, A, 3] so far above the skin at polar angles [M, R, A]."""
        azimuth = self.azimuth.expand_as(polar)
        radius = self.globe.reach(polar, azimuth) + thick
        flat = radius * polar.sin()
        return torch.stack([flat * azimuth.sin(), radius * polar.cos(), flat * azimuth.cos()], dim=-1)

    def ring(self, thick: float, higher: float = 0.0) -> Tensor:
        """The hat's edge on the head, [M, 1, A, 3]."""
        return self.at((self.edge - higher).unsqueeze(1), thick)

    def cleared(self, points: Tensor, thick: float = 0.02) -> Tensor:
        """Points [M, R, A, 3] pushed out of the head."""
        x, up, front = points.unbind(-1)
        far = points.norm(dim=-1).clamp(min=1e-6)
        polar, azimuth = torch.acos((up / far).clamp(-1.0, 1.0)), torch.atan2(x, front)
        return points * ((self.globe.reach(polar, azimuth) + thick) / far).clamp(min=1.0).unsqueeze(-1)

    def mesh(self, points: Tensor, colour: Tensor, roughness: float = 0.85, closed: bool = True) -> WornMesh:
        """A sheet [M, R, C, 3] of one colour [M, 3], or of colours [M, R, C, 3]."""
        rows, columns = points.shape[1:3]
        flat = self.globe.world_axes(points).flatten(1, 2)
        colour = colour.flatten(1, 2) if colour.ndim == 4 else colour
        return WornMesh(flat, grid_triangles(rows, columns, closed, flat.device), colour, HAT, roughness)


class HatKind(NamedTuple):
    """One kind of hat: how it is made, how often, whether it lies over the ears, its edge in degrees."""

    made: Callable[[_Fit], list[WornMesh]]
    often: float
    over_ears: bool
    front: float
    side: float
    back: float


def edge_of(kind: HatKind, details: Tensor, azimuth: Tensor) -> Tensor:
    """The polar angle [M, A] of a hat's edge at azimuths [M, A]; the details [M, 6] tilt it a little."""
    front, side, back = kind.front * DEGREE, kind.side * DEGREE, kind.back * DEGREE
    pushed = (4.0 * DEGREE) * torch.tanh(details[:, 0:1])  # into the face or back
    tilted = (4.0 * DEGREE) * torch.tanh(details[:, 1:2])  # to one side
    level = 0.25 * (front + back + 2.0 * side)
    swing = 0.5 * (front - back) + pushed
    return (
        level
        + swing * azimuth.cos()
        + 0.25 * (front + back - 2.0 * side) * (2.0 * azimuth).cos()
        + tilted * azimuth.sin()
    )


def _steps(count: int, like: Tensor, low: float = 0.0, high: float = 1.0) -> Tensor:
    return torch.linspace(low, high, count, device=like.device).view(1, -1, 1)


def _col(value: Tensor) -> Tensor:
    """[M] -> [M, 1, 1]."""
    return value.view(-1, 1, 1)


def _dome(fit: _Fit, thick: Tensor | float, rows: int = 22, end: float = -0.01) -> Tensor:
    """A shell [M, R, A, 3] from the crown to the edge, whose rim turns in to the skin."""
    t = _steps(rows, fit.edge)
    polar = t * fit.edge.unsqueeze(1)
    points = fit.at(polar, thick)
    return torch.cat([points, fit.ring(end)], dim=1)


def _brim(fit: _Fit, ring: Tensor, wide: Tensor, lift: Tensor, droop: Tensor) -> Tensor:
    """A brim [M, R, A, 3] outside the ring [M, 1, A, 3]: two faces, so that it has an edge.

    wide, lift and droop: [M, 1, A]; lift raises the rim, droop lowers it from where it is fastened.
    """
    r = _steps(7, fit.edge)
    flat = ring[..., (0, 2)]
    out = flat / flat.norm(dim=-1, keepdim=True).clamp(min=1e-6)
    reach = flat + (r * wide).unsqueeze(-1) * out
    up = ring[..., 1] + lift * r.pow(2.5) - droop * r
    upper = torch.stack([reach[..., 0], up, reach[..., 1]], dim=-1)
    lower = upper - upper.new_tensor((0.0, 0.018, 0.0))
    return torch.cat([upper, lower.flip(1)], dim=1)


def _visor(fit: _Fit, ring: Tensor, long: Tensor, droop: Tensor, turned: bool = False) -> Tensor:
    """A visor [M, R, C, 3] before the front of the ring, bent down at its sides; `turned` puts it behind."""
    columns = 25
    a = torch.linspace(-1.0, 1.0, columns, device=ring.device)  # across
    azimuth = a * 1.15 + (math.pi if turned else 0.0)
    at = torch.remainder(azimuth / (2.0 * math.pi), 1.0) * AROUND
    low = at.floor().long()
    share = (at - low).view(1, 1, -1, 1)
    base = torch.lerp(ring[:, :, low % AROUND], ring[:, :, (low + 1) % AROUND], share)  # [M, 1, C, 3]
    r = _steps(7, ring).unsqueeze(-1)  # [1, R, 1, 1]
    forward = -1.0 if turned else 1.0
    bow = (1.0 - a.square()).clamp(min=0.0).pow(0.45).view(1, 1, -1, 1)
    go = r * long.view(-1, 1, 1, 1) * bow
    down = (
        (0.35 * r + 0.65 * r.square())
        * droop.view(-1, 1, 1, 1)
        * (0.35 + 0.65 * a.square().view(1, 1, -1, 1))
    )
    zero = torch.zeros_like(go)
    upper = base + torch.cat([zero, -down * bow - 0.22 * go, forward * go], dim=-1)
    lower = upper - upper.new_tensor((0.0, 0.016, 0.0))
    return torch.cat([upper, lower.flip(1)], dim=1)


def _knit(fit: _Fit, rows: int, ribs: int) -> Tensor:
    """Colour over rows of stitches, [M, R, A, 3], at times striped."""
    t = _steps(rows, fit.edge)
    stitch = 0.86 + 0.14 * torch.cos(ribs * fit.azimuth)
    striped = _col(smooth(0.75, 0.8, fit.varied(3, 0.0, 1.0))) * (torch.sin(t * 26.0) > 0.3).float()
    colour = torch.lerp(fit.colour[:, None, None], fit.second[:, None, None], striped.unsqueeze(-1))
    return colour * stitch.view(1, 1, -1, 1)


def knitted_cap(fit: _Fit) -> list[WornMesh]:
    """A wool cap with a turned-up cuff, at times slack on top or with a pompon."""
    rows = 22
    t = _steps(rows, fit.edge)
    slack = _col(fit.varied(0, -0.15, 0.45).clamp(min=0.0))
    ribs = 0.006 * torch.cos(24.0 * fit.azimuth) * smooth(0.1, 0.5, t)
    points = _dome(fit, 0.055 + ribs)
    peak = torch.cat([(1.0 - t).pow(1.5), torch.zeros_like(t[:, :1])], dim=1) * slack
    points = points + torch.stack([0.0 * peak, 0.75 * peak, -0.5 * peak], dim=-1)
    whole = _knit(fit, rows + 1, 24)
    s = _steps(9, fit.edge)
    high = _col(fit.varied(1, 14.0, 24.0)) * DEGREE
    polar = fit.edge.unsqueeze(1) + 0.01 - high * (1.0 - s)
    round_ = (s * (1.0 - s) * 4.0).clamp(min=0.0).pow(0.35)
    cuff = fit.at(polar, 0.02 + 0.085 * round_ + 0.007 * torch.cos(24.0 * fit.azimuth) * round_)
    meshes = [fit.mesh(points, whole, 0.95), fit.mesh(cuff, _knit(fit, 9, 24) * 0.95, 0.95)]
    pom = smooth(0.6, 0.65, fit.varied(4, 0.0, 1.0))
    size = (0.02 + 0.20 * pom).unsqueeze(1).expand(-1, 3)
    middle = points[:, 0, 0] + torch.stack([0 * pom, 0.10 * pom - 0.06, -0.05 * pom], dim=-1)
    places, triangles = ball(middle, size, 14, 22)
    lumpy = 1.0 + 0.10 * torch.sin(places * 60.0).prod(-1, keepdim=True)
    places = middle.unsqueeze(1) + (places - middle.unsqueeze(1)) * lumpy
    colour = torch.lerp(fit.second, fit.colour, 0.4)
    meshes.append(WornMesh(fit.globe.world_axes(places), triangles, colour, HAT, 0.95))
    return meshes


def _crown(fit: _Fit, ring: Tensor, high: Tensor, taper: Tensor, round_: Tensor, rows: int = 16) -> Tensor:
    """A hat's crown [M, R, A, 3] that rises from the ring to `high` [M] above the skull.

    taper [M]: how much narrower it is on top; round_ [M]: 0 a flat lid with a sharp edge, 1 a dome.
    """
    s = _steps(rows, fit.edge).unsqueeze(-1)  # 0 at the ring, 1 in the middle of the lid
    wall = _col(0.62 - 0.22 * round_).unsqueeze(-1)
    rise = (s / wall).clamp(max=1.0)
    inward = ((s - wall) / (1.0 - wall)).clamp(min=0.0)
    middle = ring.mean(2, keepdim=True)
    top = fit.top.view(-1, 1, 1, 1) + high.view(-1, 1, 1, 1)
    taper, round_ = taper.view(-1, 1, 1, 1), round_.view(-1, 1, 1, 1)
    angle = 0.5 * math.pi * s
    wide = (1.0 - taper * rise) * (1.0 - inward) * (1.0 - round_) + round_ * angle.cos().clamp(min=0.0).pow(
        0.75
    )
    lift = torch.lerp(rise - 0.03 * (1.0 - inward) * (rise >= 1.0), angle.sin().pow(0.9), round_)
    up = ring[..., 1:2] + (top - ring[..., 1:2]) * lift
    x = middle[..., :1] + (ring[..., :1] - middle[..., :1]) * wide
    front = middle[..., 2:] + (ring[..., 2:] - middle[..., 2:]) * wide
    return torch.cat([x, up, front], dim=-1)


def _ribbon(fit: _Fit, crown: Tensor, share: float, colour: Tensor, roughness: float = 0.5) -> WornMesh:
    """A band around the foot of a crown."""
    rows = max(3, round(share * crown.shape[1]))
    part = crown[:, :rows]
    flat = part * part.new_tensor((1.0, 0.0, 1.0))
    out = flat / flat.norm(dim=-1, keepdim=True).clamp(min=1e-6)
    closed = torch.cat([part[:, :1], part + 0.014 * out, part[:, -1:]], dim=1)
    return fit.mesh(closed, colour, roughness)


def felt_hat(fit: _Fit) -> list[WornMesh]:
    """A brimmed hat with a pinched crown and a ribbon."""
    ring = fit.ring(0.035)
    crown = _crown(fit, ring, fit.varied(0, 0.16, 0.34), fit.varied(1, 0.10, 0.22), fit.varied(2, 0.1, 0.5))
    rows = crown.shape[1]
    upper = smooth(0.35, 0.75, _steps(rows, fit.edge))
    pinch = _col(fit.varied(3, 0.0, 0.5)) * upper * smooth(0.0, 0.9, crown[..., 2])
    dent = _col(fit.varied(4, 0.03, 0.14)) * upper * torch.exp(-(crown[..., 0] / 0.22).square())
    crown = torch.stack([crown[..., 0] * (1.0 - pinch), crown[..., 1] - dent, crown[..., 2]], dim=-1)
    crown = fit.cleared(crown)
    wide = _col(fit.varied(5, 0.38, 0.75)).expand(-1, 1, AROUND)
    curl = _col(fit.varied(6, 0.0, 0.22)) * fit.azimuth.sin().square() + _col(fit.varied(7, -0.10, 0.06))
    brim = _brim(fit, ring, wide, curl, torch.full_like(curl, 0.06))
    felt = [fit.mesh(crown, fit.colour, 0.9), fit.mesh(brim, fit.colour, 0.9)]
    return [*felt, _ribbon(fit, crown, 0.25, fit.second)]


def bowler(fit: _Fit) -> list[WornMesh]:
    ring = fit.ring(0.035)
    crown = fit.cleared(
        _crown(fit, ring, fit.varied(0, 0.10, 0.2), fit.varied(1, 0.0, 0.05), fit.varied(2, 0.75, 1.0))
    )
    wide = _col(fit.varied(3, 0.24, 0.34)).expand(-1, 1, AROUND)
    curl = 0.16 * fit.azimuth.sin().square().view(1, 1, -1).expand_as(wide)
    brim = _brim(fit, ring, wide, curl, torch.full_like(wide, 0.03))
    return [
        fit.mesh(crown, fit.colour, 0.8),
        fit.mesh(brim, fit.colour, 0.8),
        _ribbon(fit, crown, 0.2, fit.colour * 0.5),
    ]


def top_hat(fit: _Fit) -> list[WornMesh]:
    ring = fit.ring(0.035)
    crown = _crown(
        fit, ring, fit.varied(0, 0.45, 1.0), fit.varied(1, -0.12, 0.06), torch.zeros_like(fit.top), 20
    )
    crown = fit.cleared(crown)
    wide = _col(fit.varied(2, 0.28, 0.42)).expand(-1, 1, AROUND)
    curl = 0.16 * fit.azimuth.sin().square().view(1, 1, -1).expand_as(wide)
    brim = _brim(fit, ring, wide, curl, torch.full_like(wide, 0.02))
    silk = fit.colour * 0.3
    return [
        fit.mesh(crown, silk, 0.35),
        fit.mesh(brim, silk, 0.4),
        _ribbon(fit, crown, 0.15, fit.second * 0.3),
    ]


def sun_hat(fit: _Fit) -> list[WornMesh]:
    """Straw or cloth with a wide soft brim."""
    ring = fit.ring(0.04)
    crown = fit.cleared(
        _crown(fit, ring, fit.varied(0, 0.10, 0.22), fit.varied(1, 0.04, 0.15), fit.varied(2, 0.4, 1.0))
    )
    wave = torch.sin(3.0 * fit.azimuth + 2.0 * fit.details[:, 3:4]).unsqueeze(1)
    wide = _col(fit.varied(3, 0.7, 1.25)).expand(-1, 1, AROUND)
    droop = _col(fit.varied(4, 0.0, 0.32)) + 0.05 * wave
    brim = _brim(fit, ring, wide, 0.08 * wave.expand_as(wide), droop.expand_as(wide))
    straw = torch.lerp(
        fit.colour,
        fit.colour.new_tensor((0.55, 0.38, 0.17)),
        smooth(0.3, 0.5, fit.varied(5, 0.0, 1.0)).unsqueeze(1),
    )
    plait = [straw[:, None, None] * (0.88 + 0.12 * _woven(part)).unsqueeze(-1) for part in (crown, brim)]
    return [
        fit.mesh(crown, plait[0], 0.9),
        fit.mesh(brim, plait[1], 0.9),
        _ribbon(fit, crown, 0.3, fit.second),
    ]


def _woven(points: Tensor) -> Tensor:
    """The rows of a plait, [M, R, A]."""
    far = (points[..., 0].square() + points[..., 2].square()).sqrt()
    return torch.cos(70.0 * (far - 0.8 * points[..., 1]))


def bucket_hat(fit: _Fit) -> list[WornMesh]:
    ring = fit.ring(0.04)
    crown = fit.cleared(
        _crown(fit, ring, fit.varied(0, 0.06, 0.14), fit.varied(1, 0.10, 0.2), fit.varied(2, 0.15, 0.4))
    )
    wide = _col(fit.varied(3, 0.30, 0.45)).expand(-1, 1, AROUND)
    brim = _brim(fit, ring, wide, torch.zeros_like(wide), wide * _col(fit.varied(4, 0.5, 0.9)))
    return [fit.mesh(crown, fit.colour), fit.mesh(brim, fit.colour)]


def _visored(fit: _Fit, turned: bool) -> list[WornMesh]:
    rows = 22
    t = _steps(rows, fit.edge)
    ahead = fit.azimuth + (math.pi if turned else 0.0)
    panel = torch.exp(-((1.0 - ahead.cos()) / 0.45)) * (t * (1.15 - t) * 4.0).clamp(0.0, 1.0)
    points = _dome(fit, 0.045 + _col(fit.varied(0, 0.03, 0.12)) * panel)
    seam = (torch.cos(3.0 * fit.azimuth).abs() < 0.04).float().view(1, 1, -1, 1) * 0.35
    two = smooth(0.55, 0.6, fit.varied(1, 0.0, 1.0)).view(-1, 1, 1, 1) * (panel > 0.25).float().unsqueeze(-1)
    two = torch.cat([two, two[:, -1:]], dim=1)
    colour = torch.lerp(fit.colour[:, None, None], fit.second[:, None, None], two) * (1.0 - seam)
    visor = _visor(
        fit, fit.ring(0.04, higher=0.02), fit.varied(2, 0.62, 0.8), fit.varied(3, 0.15, 0.5), turned
    )
    shade = torch.lerp(fit.colour, fit.second, smooth(0.5, 0.6, fit.varied(4, 0.0, 1.0)).unsqueeze(1))
    button, triangles = ball(
        points[:, 0, 0], fit.colour.new_tensor((0.06, 0.035, 0.06)).expand(len(points), -1), 6, 10
    )
    return [
        fit.mesh(points, colour.expand(-1, rows + 1, AROUND, 3), 0.85),
        fit.mesh(visor, shade, 0.8, closed=False),
        WornMesh(fit.globe.world_axes(button), triangles, shade, HAT, 0.85),
    ]


def visored_cap(fit: _Fit) -> list[WornMesh]:
    return _visored(fit, turned=False)


def turned_cap(fit: _Fit) -> list[WornMesh]:
    """The same worn with the visor behind."""
    return _visored(fit, turned=True)


def _disc(
    fit: _Fit, ring: Tensor, wide: Tensor, lean: Tensor, profile: tuple[tuple[float, float], ...]
) -> Tensor:
    """A soft disc [M, R, A, 3] over the skull: profile of radius over the ring's and height, 0..1."""
    shape = ring.new_tensor(profile)
    out = 1.0 + (shape[:, :1] - 1.0).view(1, -1, 1, 1) * torch.where(
        shape[:, :1].view(1, -1, 1, 1) > 1.0, wide.view(-1, 1, 1, 1), 1.0
    )
    middle = ring.mean(2, keepdim=True)
    top = (fit.top + 0.05).view(-1, 1, 1, 1)
    high = shape[:, 1].view(1, -1, 1, 1)
    flat = middle + (ring - middle) * out
    up = ring[..., 1:2] + (top - ring[..., 1:2]) * high
    over = (out - 1.0).clamp(min=0.0) + 0.5 * high
    side = lean.view(-1, 1, 1, 1) * over
    sag = lean.view(-1, 1, 1, 1) * flat[..., :1] * (out - 0.9).clamp(min=0.0)
    return fit.cleared(torch.cat([flat[..., :1] + side, up - sag, flat[..., 2:]], dim=-1), 0.03)


_SOFT = (
    (1.0, -0.02),
    (1.12, 0.03),
    (1.32, 0.16),
    (1.44, 0.34),
    (1.40, 0.52),
    (1.15, 0.80),
    (0.80, 0.96),
    (0.4, 1.0),
    (0.0, 1.0),
)
_STIFF = (
    (1.0, 0.0),
    (1.02, 0.25),
    (1.25, 0.52),
    (1.45, 0.80),
    (1.48, 0.86),
    (1.30, 0.98),
    (0.8, 1.03),
    (0.4, 1.04),
    (0.0, 1.04),
)
_FLAT = (
    (1.0, -0.02),
    (1.08, 0.05),
    (1.18, 0.25),
    (1.20, 0.45),
    (1.05, 0.75),
    (0.8, 0.93),
    (0.4, 1.0),
    (0.0, 1.0),
)


def _finer(rows: Tensor) -> Tensor:
    """A sheet [M, R, A, 3] with a row added between every two, rounded."""
    early, late = torch.cat([rows[:, :1], rows[:, :-2]], 1), torch.cat([rows[:, 2:], rows[:, -1:]], 1)
    middle = 0.5625 * (rows[:, :-1] + rows[:, 1:]) - 0.0625 * (early + late)
    return torch.cat([torch.stack([rows[:, :-1], middle], 2).flatten(1, 2), rows[:, -1:]], dim=1)


def beret(fit: _Fit) -> list[WornMesh]:
    ring = fit.ring(0.03)
    disc = _finer(_disc(fit, ring, fit.varied(0, 0.7, 1.25), fit.varied(1, -0.5, 0.5), _SOFT))
    folds = 1.0 + 0.02 * torch.sin(7.0 * fit.azimuth + 3.0 * fit.details[:, 2:3]).view(len(disc), 1, -1, 1)
    disc = torch.cat([disc[:, :2], fit.cleared(disc[:, 2:] * folds, 0.03)], dim=1)
    stalk, triangles = ball(disc[:, -1, 0], disc.new_tensor((0.02, 0.06, 0.02)).expand(len(disc), -1), 6, 8)
    return [
        fit.mesh(disc, fit.colour, 0.95),
        WornMesh(fit.globe.world_axes(stalk), triangles, fit.colour, HAT, 0.95),
    ]


def flat_cap(fit: _Fit) -> list[WornMesh]:
    """A cloth cap whose front lies over a short visor."""
    ring = fit.ring(0.03)
    disc = _finer(_disc(fit, ring, fit.varied(0, 0.8, 1.2), fit.varied(1, -0.15, 0.15), _FLAT))
    front = fit.azimuth.cos().clamp(min=0.0).view(1, 1, -1)
    rows = disc.shape[1]
    s = _steps(rows, fit.edge)
    bulge = front * torch.exp(-((s - 0.4) / 0.25).square())
    disc = disc + torch.stack([0.0 * bulge, -0.10 * bulge, 0.26 * bulge], dim=-1).expand_as(disc)
    tweed = 0.85 + 0.15 * torch.sin(disc[..., 0] * 60.0) * torch.sin(disc[..., 2] * 60.0)
    colour = fit.colour[:, None, None] * tweed.unsqueeze(-1)
    visor = _visor(fit, fit.ring(0.03), fit.varied(2, 0.38, 0.5), fit.varied(3, 0.10, 0.2))
    return [fit.mesh(disc, colour, 0.95), fit.mesh(visor, fit.colour, 0.9, closed=False)]


def peaked_cap(fit: _Fit) -> list[WornMesh]:
    """An officer's or a sailor's cap: a band, a stiff lid, a shiny visor."""
    ring = fit.ring(0.035)
    disc = _finer(_disc(fit, ring, fit.varied(0, 0.7, 1.1), torch.zeros_like(fit.top), _STIFF))
    front = fit.azimuth.cos().view(1, 1, -1) * smooth(0.2, 0.6, _steps(disc.shape[1], fit.edge))
    disc = disc + torch.stack([0.0 * front, 0.10 * front, 0.0 * front], dim=-1)
    s = _steps(disc.shape[1], fit.edge).unsqueeze(-1)
    band = (s < 0.18).float() * torch.ones_like(disc[..., :1])
    colour = torch.lerp(fit.colour[:, None, None], fit.second[:, None, None] * 0.6, band)
    visor = _visor(fit, fit.ring(0.03), fit.varied(2, 0.42, 0.55), fit.varied(3, 0.3, 0.5))
    black = torch.full_like(fit.colour, 0.012)
    return [fit.mesh(disc, colour, 0.85), fit.mesh(visor, black, 0.15, closed=False)]


def turban(fit: _Fit) -> list[WornMesh]:
    """Cloth wound around the head, crossing in front."""
    rows = 40
    t = _steps(rows, fit.edge)
    cross = fit.azimuth.cos().view(1, 1, -1)
    phase = (
        2.0
        * math.pi
        * (_col(fit.varied(0, 3.0, 5.0)) * t + _col(fit.varied(1, 0.4, 0.9)) * torch.sqrt(1.05 - cross))
    )
    roll = (0.5 + 0.5 * torch.cos(phase + 0.4 * torch.sin(2.0 * phase))).pow(0.6)
    full = (t * (1.12 - t) * 4.0).clamp(0.0, 1.0).pow(0.7)
    thick = 0.05 + full * (_col(fit.varied(2, 0.10, 0.30)) + 0.075 * roll)
    points = _dome(fit, thick, rows)
    shade = torch.cat([0.72 + 0.28 * roll, 0.8 * torch.ones_like(roll[:, :1])], dim=1).unsqueeze(-1)
    return [fit.mesh(points, fit.colour[:, None, None] * shade, 0.8)]


def fur_hat(fit: _Fit) -> list[WornMesh]:
    ring = fit.ring(0.03)
    crown = _crown(
        fit, ring, fit.varied(0, 0.15, 0.5), fit.varied(1, -0.12, 0.1), fit.varied(2, 0.1, 0.6), 26
    )
    rows = crown.shape[1]
    s = _steps(rows, fit.edge)
    lump = torch.sin(37.0 * fit.azimuth + 23.0 * s) * torch.sin(
        41.0 * s + 17.0 * torch.sin(5.0 * fit.azimuth)
    )
    thick = 1.0 + (s * (1.0 - s) * 4.0).clamp(0.0, 1.0).pow(0.25) * (0.12 + 0.03 * lump) * (s < 0.98)
    crown = fit.cleared(crown * torch.stack([thick, torch.ones_like(thick), thick], dim=-1), 0.04)
    brown = torch.lerp(fit.colour, fit.colour.new_tensor((0.10, 0.06, 0.035)), 0.6)
    colour = brown[:, None, None] * (1.0 + 0.45 * lump).unsqueeze(-1)
    return [fit.mesh(crown, colour.expand(len(crown), -1, -1, -1), 1.0)]


def helmet(fit: _Fit) -> list[WornMesh]:
    """A hard shell that stands off the head, with a ridge and a small peak."""
    rows = 22
    t = _steps(rows, fit.edge)
    ridge = 0.05 * torch.exp(-(fit.azimuth.sin() * t / 0.12).square()) * _col(fit.varied(0, 0.0, 1.0))
    points = _dome(fit, _col(fit.varied(1, 0.12, 0.22)) + ridge, rows, end=0.02)
    ring = fit.ring(0.15)
    wide = _col(fit.varied(2, 0.05, 0.3)) * fit.azimuth.cos().clamp(min=0.0).view(1, 1, -1) + 0.05
    brim = _brim(fit, ring, wide, torch.zeros_like(wide), 0.25 * wide)
    bright = fit.colour * 0.9 + 0.02
    return [fit.mesh(points, bright, 0.2), fit.mesh(brim, bright, 0.25)]


def bonnet(fit: _Fit) -> list[WornMesh]:
    """Linen over the hair and the ears, as women wear on old paintings, at times with a frill."""
    rows = 26
    t = _steps(rows, fit.edge)
    behind = (-fit.azimuth.cos()).clamp(min=0.0).view(1, 1, -1) * smooth(0.25, 0.7, t)
    puff = (t * (1.05 - t) * 4.0).clamp(0.0, 1.0)
    gathers = 0.012 * torch.cos(30.0 * fit.azimuth).view(1, 1, -1) * behind
    points = _dome(fit, 0.04 + _col(fit.varied(0, 0.02, 0.14)) * puff + 0.10 * behind * puff + gathers, rows)
    white = torch.lerp(fit.colour, fit.colour.new_tensor((0.72, 0.70, 0.65)), 0.85)
    frilled = smooth(0.4, 0.5, fit.varied(1, 0.0, 1.0)).view(-1, 1, 1)
    s = _steps(5, fit.edge)
    wave = torch.cos(34.0 * fit.azimuth).view(1, 1, -1)
    polar = fit.edge.unsqueeze(1) + frilled * s * 0.10
    frill = fit.at(polar, 0.035 + frilled * s * (0.11 + 0.05 * wave))
    return [fit.mesh(points, white, 0.8), fit.mesh(frill, white * 0.95, 0.8)]


HATS = (
    HatKind(knitted_cap, 2.2, True, 80.0, 104.0, 108.0),
    HatKind(visored_cap, 2.2, False, 82.0, 89.0, 95.0),
    HatKind(turned_cap, 0.5, False, 78.0, 89.0, 94.0),
    HatKind(flat_cap, 0.9, False, 80.0, 89.0, 98.0),
    HatKind(peaked_cap, 0.5, False, 82.0, 88.0, 94.0),
    HatKind(helmet, 0.5, False, 77.0, 90.0, 98.0),
    HatKind(top_hat, 0.4, False, 77.0, 87.0, 92.0),
    HatKind(bowler, 0.5, False, 80.0, 88.0, 93.0),
    HatKind(felt_hat, 1.6, False, 80.0, 88.0, 94.0),
    HatKind(bucket_hat, 0.7, False, 76.0, 90.0, 97.0),
    HatKind(sun_hat, 1.2, False, 74.0, 89.0, 98.0),
    HatKind(fur_hat, 0.5, True, 78.0, 93.0, 104.0),
    HatKind(turban, 0.7, True, 76.0, 99.0, 110.0),
    HatKind(beret, 1.0, False, 72.0, 87.0, 98.0),
    HatKind(bonnet, 0.8, True, 68.0, 122.0, 116.0),
)


@lru_cache(maxsize=4)
def _bounds(device: str) -> Tensor:
    often = torch.tensor([0.0] + [kind.often for kind in HATS], device=device)
    return (often / often.sum()).cumsum(0)


def kinds_worn(people: People) -> tuple[Tensor, Tensor]:
    """The index into HATS [N], -1 without one, and the place within the kind [N]; a headscarf replaces it."""
    share = people.controls["hat_shape"].clamp(0.0, 1.0 - 1e-6)
    bounds = _bounds(str(share.device))
    index = torch.searchsorted(bounds, share, right=True) - 1
    place = (share - bounds[index]) / (bounds[index + 1] - bounds[index])
    worn = (people.controls["hat"] > 0.5) & (people.controls["headscarf"] <= 0.5)
    return torch.where(worn, index, -1), place


def hats_of(people: People) -> list[list[Piece]]:
    """The hat of every picture; no pieces where there is none."""
    worn: list[list[Piece]] = [[] for _ in people.years]
    kinds, places = kinds_worn(people)
    for index, kind in enumerate(HATS):
        rows = (kinds == index).nonzero()[:, 0]
        if len(rows) == 0:
            continue
        wearers = chosen(people, rows)
        meshes = kind.made(_Fit(wearers, kind, places[rows]))
        for row, pieces in zip(rows.tolist(), pieces_of(wearers, meshes), strict=True):
            worn[row] = pieces
    return worn


def covered(people: People, points: Tensor) -> Tensor:
    """How far points [N, K, 3] of own rest space are hidden under a hat or a scarf: [N, K], 0..1."""
    hidden = headscarves.covered(people, points)
    kinds, _ = kinds_worn(people)
    centre = centre_of(people, SKULL)
    for row in (kinds >= 0).nonzero()[:, 0].tolist():
        polar, azimuth = angles_of(points[row : row + 1] - centre[row], SKULL)
        edge = edge_of(HATS[int(kinds[row])], people.details[row : row + 1, DETAILS], azimuth)
        hidden[row] = smooth(SOFT, -SOFT, polar - edge)[0]
    return hidden
