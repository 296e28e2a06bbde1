"""Clothes from the neck down: cloth laid over the torso, collars, lapels, ties, scarves, ruffs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from ..smooth_step import smooth
from .head_wrap import TORSO, Globe, angles_of, directions
from .people import People
from .scene_canvas import tint
from .worn_mesh import (
    CLOTH,
    DETAILS,
    Piece,
    WornMesh,
    ball,
    chosen,
    grid_triangles,
    lining,
    neck_and_shoulders,
    pieces_of,
    tube,
)

AROUND = 96  # columns, from the front over the viewer's right, closer together in front
ROWS = 36
HEM = math.radians(112.0)  # where cloth ends, below every frame
DEGREE = math.pi / 180.0
THICK = 0.045  # decimetres between skin and cloth


def _sides(device: torch.device | str) -> Tensor:
    """The azimuths of the columns, [A], in -pi..pi."""
    even = torch.arange(AROUND, device=device) * (2.0 * math.pi / AROUND)
    azimuth = even - 0.55 * torch.sin(even)
    return torch.where(azimuth > math.pi, azimuth - 2.0 * math.pi, azimuth)


class _Fit:
    """M torsos that wear one kind of clothes."""

    def __init__(self, wearers: People, place: Tensor) -> None:
        self.wearers = wearers
        self.globe = Globe.of(wearers, TORSO)
        self.place = place  # [M] 0..1 within the kind
        self.details = wearers.details[:, DETAILS]
        self.azimuth = _sides(place.device)  # [A]
        controls = wearers.controls
        hue, tone = controls["clothing_hue"], controls["clothing_tone"]
        lively = torch.special.ndtr(self.details[:, 3])
        self.colour = tint(hue, 0.05 + 0.75 * lively.square()) * (0.012 * 58.0**tone).unsqueeze(1)  # [M, 3]
        turned = hue + 0.12 + 0.4 * torch.special.ndtr(self.details[:, 4])
        other = 0.02 * 35.0 ** torch.special.ndtr(self.details[:, 5])
        self.second = tint(turned, 0.1 + 0.6 * lively) * other.unsqueeze(1)
        self.pattern = controls["clothing_pattern"]
        self.outer = self.colour  # of what lies on the shoulders
        self.bare = torch.full(
            (len(place), AROUND), HEM, device=place.device
        )  # the skin shows above this angle

    def varied(self, index: int, low: float, high: float) -> Tensor:
        """A number [M] that the details choose."""
        mixed = torch.sin(
            1.3 * self.details[:, (index + 2) % 6] + 2.3 * self.place * (1 + index % 3) + 1.9 * index
        )
        return low + (high - low) * (0.5 + 0.5 * mixed)

    def at(self, polar: Tensor, azimuth: Tensor, thick: Tensor | float) -> Tensor:
        """Points [M, R, C, 3] so far above the skin at angles [M or 1, R, C]."""
        polar, azimuth, _ = torch.broadcast_tensors(polar, azimuth, self.place[:, None, None])
        radius = self.globe.reach(polar, azimuth) + thick
        return radius.unsqueeze(-1) * directions(polar, azimuth)

    def mesh(self, points: Tensor, colour: Tensor, roughness: float = 0.9, closed: bool = True) -> WornMesh:
        rows, columns = points.shape[1:3]
        flat = self.globe.world_axes(points).flatten(1, 2)
        if colour.ndim == 4:
            colour = colour.expand(len(flat), rows, columns, 3).flatten(1, 2)
        return WornMesh(flat, grid_triangles(rows, columns, closed, flat.device), colour, CLOTH, roughness)

    def cloth(
        self, edge: Tensor, thick: float = THICK, folds: float = 1.0, rim: float = 0.0
    ) -> tuple[Tensor, Tensor]:
        """Cloth [M, R, A, 3] from the neckline `edge` [M, A] down, and its polar angles [M, R, A].

        `rim` thickens the neckline, as a hem does.
        """
        t = torch.linspace(0.0, 1.0, ROWS, device=edge.device).pow(1.25).view(1, -1, 1)
        polar = edge.unsqueeze(1) + t * (HEM - edge).unsqueeze(1)
        azimuth = self.azimuth.view(1, 1, -1)
        self.bare = torch.minimum(self.bare, edge)
        hem = rim * torch.exp(-((polar - edge.unsqueeze(1)) / 0.045).square())
        points = self.at(polar, azimuth, thick + hem + folds * self._folds(polar, azimuth))
        inside = self.at((edge - 0.004).unsqueeze(1), azimuth, 0.004)
        return torch.cat([inside, points], dim=1), torch.cat([edge.unsqueeze(1), polar], dim=1)

    def _folds(self, polar: Tensor, azimuth: Tensor) -> Tensor:
        """Soft creases that run from the shoulders down and from the arms across, [M, R, A]."""
        low = smooth(0.75, 1.6, polar)
        d = self.details
        wave = torch.sin(
            7.0 * azimuth + 3.0 * torch.sin(2.0 * polar + d[:, 0, None, None]) + d[:, 1, None, None]
        )
        cross = torch.sin(
            9.0 * polar + 2.5 * azimuth.abs() + 2.0 * torch.sin(3.0 * azimuth + d[:, 2, None, None])
        )
        return (0.035 * wave + 0.022 * cross + 0.03) * low

    def dyed(self, points: Tensor, colour: Tensor, quiet: bool = False) -> Tensor:
        """The colour [M, R, A, 3] of cloth with its pattern: stripes, checks, dots, flowers or knit.

        What is `quiet`, a suit, has no more than thin stripes of a similar colour.
        """
        x, y, front = points.unbind(-1)
        if quiet:
            thin = smooth(0.80, 0.95, torch.sin(46.0 * x)) * smooth(0.5, 0.8, self.pattern).view(-1, 1, 1)
            tweed = 1.0 - 0.06 * torch.sin(31.0 * x + 7.0 * y) * torch.sin(37.0 * y - 5.0 * x)
            return colour[:, None, None] * ((1.0 + 1.5 * thin) * tweed).unsqueeze(-1)
        amount = smooth(0.42, 0.62, self.pattern).view(-1, 1, 1)
        size = self.varied(11, 0.7, 1.7).view(-1, 1, 1)
        u, v = x * 11.0 / size, (y - 0.4 * front) * 11.0 / size
        kind = (torch.special.ndtr(self.details[:, 2] + 0.6 * self.details[:, 0]) * 5.0).view(-1, 1, 1)
        forms = (
            smooth(-0.4, 0.4, torch.sin(1.2 * v)),
            smooth(0.1, 0.8, torch.sin(2.0 * u)),
            0.5 * smooth(-0.1, 0.6, torch.sin(1.3 * u)) + 0.5 * smooth(-0.1, 0.6, torch.sin(1.3 * v)),
            smooth(0.45, 0.7, torch.sin(1.3 * u + 0.65 * v) * torch.sin(1.3 * v)),
            smooth(
                0.2,
                0.7,
                torch.sin(u + 2.0 * torch.sin(0.7 * v)) * torch.sin(0.9 * v + 1.7 * torch.sin(0.8 * u)),
            ),
        )
        ink = sum(
            form * (1.0 - (kind - 0.5 - i).abs() * 1.6 + 0.3).clamp(0.0, 1.0) for i, form in enumerate(forms)
        )
        share = (amount * ink).clamp(0.0, 1.0).unsqueeze(-1)
        base, second = colour[:, None, None], self.second[:, None, None]
        weave = 1.0 - 0.05 * torch.sin(23.0 * x + 5.0 * y) * torch.sin(29.0 * y + 3.0 * x)
        return torch.lerp(base, second, share) * weave.unsqueeze(-1)


def _neckline(fit: _Fit, back: Tensor, side: Tensor, front: Tensor, point: Tensor | float = 0.0) -> Tensor:
    """A neckline [M, A] in radians from polar angles in degrees; `point` draws a V down the middle."""
    a = fit.azimuth
    back, side, front = (value.unsqueeze(1) * DEGREE for value in (back, side, front))
    round_ = (
        0.25 * (front + back + 2 * side)
        + 0.5 * (front - back) * a.cos()
        + 0.25 * (front + back - 2 * side) * (2 * a).cos()
    )
    deep = (
        point.unsqueeze(1) * DEGREE if isinstance(point, Tensor) else torch.full_like(front, point * DEGREE)
    )
    # the tip of a V is lower where straight lines from the sides of the neck meet
    return round_ + deep * torch.exp(-(a / 0.55).abs().pow(1.2))


def _around_neck(fit: _Fit, polar: float) -> Tensor:
    return torch.full_like(fit.place, polar)


def _top(
    fit: _Fit, edge: Tensor, rim: float = 0.02, band: float = 0.0, roughness: float = 0.9, folds: float = 1.0
) -> WornMesh:
    """Plain cloth below a neckline, with a hem of another shade where `band` radians are given."""
    points, polar = fit.cloth(edge, rim=rim, folds=folds)
    colour = fit.dyed(points, fit.colour)
    if band:
        near = smooth(band, band - 0.02, polar - edge.unsqueeze(1)).unsqueeze(-1)
        colour = torch.lerp(colour, 0.82 * fit.colour[:, None, None].expand_as(colour), near)
    return fit.mesh(points, colour, roughness)


def crew_neck(fit: _Fit) -> list[WornMesh]:
    high = fit.varied(0, 28.0, 35.0)
    return [_top(fit, _neckline(fit, high - 1.0, high, high + 3.0), band=0.07)]


def wide_neck(fit: _Fit) -> list[WornMesh]:
    """A scoop or a boat neck."""
    edge = _neckline(fit, fit.varied(0, 30.0, 38.0), fit.varied(1, 33.0, 48.0), fit.varied(2, 40.0, 62.0))
    return [_top(fit, edge, rim=0.012)]


def v_neck(fit: _Fit) -> list[WornMesh]:
    high = fit.varied(0, 28.0, 33.0)
    return [_top(fit, _neckline(fit, high, high, high + 4.0, fit.varied(1, 18.0, 40.0)), band=0.05)]


def straps(fit: _Fit) -> list[WornMesh]:
    """A top that two straps hold, over bare shoulders."""
    a = fit.azimuth
    low = (
        fit.varied(0, 62.0, 76.0).unsqueeze(1) * DEGREE
        + 0.10 * (2.0 * a).cos()
        + 0.12 * torch.exp(-(a / 0.25).square())
    )
    top = fit.cloth(low, rim=0.01, folds=0.5)[0]
    wide = fit.varied(1, 0.035, 0.11).view(-1, 1, 1)
    across = torch.linspace(-1.0, 1.0, 7, device=a.device).view(1, 1, -1)
    s = torch.linspace(0.0, 1.0, 28, device=a.device).view(1, -1, 1)
    meshes = [fit.mesh(top, fit.dyed(top, fit.colour))]
    for side in (1.0, -1.0):
        # from the front over the shoulder to the back
        azimuth = side * (0.50 + (math.pi - 1.05) * s)
        polar = (74.0 - 34.0 * (4.0 * s * (1.0 - s)).pow(0.8)) * DEGREE
        strap = fit.at(
            (polar + wide * across).expand(len(wide), -1, -1), azimuth, 0.02 + 0.012 * (1.0 - across.square())
        )
        meshes.append(fit.mesh(strap, fit.colour, closed=False))
    return meshes


def bare_shoulders(fit: _Fit) -> list[WornMesh]:
    """A dress that leaves the shoulders free, often with a border of lace."""
    edge = _neckline(fit, fit.varied(0, 45.0, 55.0), fit.varied(1, 58.0, 68.0), fit.varied(2, 62.0, 78.0))
    points, polar = fit.cloth(edge, rim=0.03)
    colour = fit.dyed(points, fit.colour)
    lace = smooth(0.5, 0.6, fit.varied(3, 0.0, 1.0)).view(-1, 1, 1, 1)
    border = smooth(0.13, 0.10, polar - edge.unsqueeze(1) + 0.02 * torch.cos(40.0 * fit.azimuth)).unsqueeze(
        -1
    )
    colour = torch.lerp(colour, colour.new_tensor((0.66, 0.63, 0.56)).expand_as(colour), lace * border)
    return [fit.mesh(points, colour, 0.6)]


def turtleneck(fit: _Fit) -> list[WornMesh]:
    edge = _neckline(fit, _around_neck(fit, 29.0), _around_neck(fit, 30.0), _around_neck(fit, 36.0))
    body = _top(fit, edge, rim=0.0)
    return [body, *_roll(fit, fit.varied(0, 0.0, 1.0))]


def _roll(fit: _Fit, folded: Tensor) -> list[WornMesh]:
    """A collar up the neck; `folded` [M] 0..1 says how thick it is turned over."""
    t = torch.linspace(0.0, 1.0, 12, device=fit.place.device).view(1, -1, 1)
    a = fit.azimuth.view(1, 1, -1)
    low = (33.0 + 4.0 * a.cos()) * DEGREE
    high = (20.5 + 7.0 * a.cos().clamp(min=-0.3)) * DEGREE
    fit.bare = (high[0] - 0.015).expand_as(fit.bare)
    polar = low + t * (high - low)
    round_ = (4.0 * t * (1.0 - t)).clamp(min=0.0).sqrt()
    ribs = 0.006 * torch.cos(44.0 * a)
    thick = 0.025 + (0.03 + 0.06 * folded.view(-1, 1, 1)) * round_ + ribs
    points = fit.at(polar.expand(len(folded), -1, -1), a, thick)
    inside = fit.at(polar[:, -1:].expand(len(folded), -1, -1) + 0.01, a, 0.005)
    points = torch.cat([points, inside], dim=1)
    ribbed = 0.92 + 0.08 * torch.cos(44.0 * a)
    return [fit.mesh(points, fit.colour[:, None, None] * ribbed.unsqueeze(-1), 0.95)]


def _collar(fit: _Fit, colour: Tensor, opened: Tensor, long: Tensor, thick: float = 0.03) -> list[WornMesh]:
    """A shirt's collar: a stand around the neck and two flaps that fall from it to their points.

    opened [M] 0..1: buttoned, or spread over an open neck; long [M] degrees: the points' length.
    """
    columns = 61
    u = torch.linspace(0.0, 1.0, columns, device=colour.device).view(1, 1, -1)  # around, from front to front
    opened = opened.view(-1, 1, 1)
    gap = 0.06 + 0.36 * opened
    side = gap + (2.0 * math.pi - 2.0 * gap) * u
    to_front = torch.minimum(side, 2.0 * math.pi - side)
    front = torch.exp(-(to_front - gap) / 0.75)
    low = (33.0 + 3.5 * side.cos() + 5.0 * opened * front) * DEGREE
    stands = (5.5 + 1.5 * side.cos()) * (1.0 - 0.75 * opened * torch.exp(-(to_front - gap) / 0.35))
    fold = low - stands * DEGREE
    t = torch.linspace(0.0, 1.0, 5, device=colour.device).view(1, -1, 1)
    stand = fit.at(low + t * (fold - low), side, 0.02 + 0.03 * t)
    reach = (7.0 + long.view(-1, 1, 1) * front.pow(1.4)) * DEGREE
    r = torch.linspace(0.0, 1.0, 9, device=colour.device).view(1, -1, 1)
    # the points swing outwards, away from the middle
    outwards = torch.where(u < 0.5, 1.0, -1.0) * front.pow(1.5)
    spread = side + outwards * r * (0.16 + 0.22 * opened)
    lift = thick + 0.055 * (1.0 - r) + 0.02 * torch.sin(math.pi * r) + 0.03
    flap = fit.at(fold + r * (reach + low - fold), spread, lift)
    points = torch.cat([stand, flap], dim=1)
    # the seam along the edge
    edge = torch.cat([torch.zeros_like(t), r], dim=1).expand(len(colour), -1, columns)
    shade = 1.0 - 0.10 * smooth(0.80, 0.90, edge) * smooth(1.0, 0.92, edge)
    return [fit.mesh(points, colour[:, None, None] * shade.unsqueeze(-1), 0.85, closed=False)]


def _buttons(
    fit: _Fit, first: float, step: float, count: int, thick: float, colour: Tensor
) -> list[WornMesh]:
    polar = (first + step * torch.arange(count, device=colour.device)).view(1, -1, 1) * DEGREE
    places = fit.at(polar.expand(len(colour), -1, -1), torch.zeros_like(polar), thick)[:, :, 0]  # [M, B, 3]
    meshes = []
    for k in range(count):
        places_k, triangles = ball(
            places[:, k], colour.new_tensor((0.05, 0.05, 0.022)).expand(len(colour), -1), 5, 10
        )
        meshes.append(WornMesh(fit.globe.world_axes(places_k), triangles, colour, CLOTH, 0.4))
    return meshes


def shirt(fit: _Fit) -> list[WornMesh]:
    """A shirt or a polo shirt with a collar, buttoned or open at the neck."""
    opened = fit.varied(0, -0.5, 1.2).clamp(0.0, 1.0)
    edge = _neckline(
        fit, _around_neck(fit, 31.0), _around_neck(fit, 33.0), _around_neck(fit, 36.0), 26.0 * opened
    )
    points, _ = fit.cloth(edge)
    colour = fit.dyed(points, fit.colour)
    placket = (fit.azimuth.abs().view(1, 1, -1) < 0.07).float().unsqueeze(-1)
    colour = colour * (1.0 - 0.12 * placket)
    body = fit.mesh(points, colour)
    pale = torch.lerp(
        fit.colour, torch.full_like(fit.colour, 0.7), smooth(0.8, 0.85, fit.varied(2, 0.0, 1.0)).unsqueeze(1)
    )
    collar = _collar(fit, pale, opened, fit.varied(3, 6.0, 12.0))
    buttons = _buttons(fit, 66.0, 13.0, 3, 0.055, fit.second * 0.5 + 0.1)
    return [body, *collar, *buttons]


def _jacket(
    fit: _Fit, colour: Tensor, deep: Tensor, lapel: Tensor, thick: float = 0.11, quiet: bool = False
) -> list[WornMesh]:
    """An open jacket. deep [M] degrees: how far down it is open; lapel [M] radians: their width."""
    count = len(colour)
    t = torch.linspace(0.0, 1.0, 44, device=colour.device).view(1, -1, 1)
    bottom = (deep * DEGREE).view(-1, 1, 1)
    top = 31.0 * DEGREE
    polar = (top + t.pow(1.2) * (HEM - top)).expand(count, -1, -1)
    # the front edge: from the side of the neck down to the button, then straight
    share = ((bottom - polar) / (bottom - top)).clamp(0.0, 1.0)
    edge = 0.02 + 0.95 * share.pow(1.25)
    # the lapel: widest below its notch, narrow at the button; above the notch it is the collar
    wide = lapel.view(-1, 1, 1) * smooth(0.0, 0.85, share).pow(0.7)
    notch = 0.62 * torch.exp(-((share - 0.70) / 0.022).square()) + 0.30 * smooth(0.70, 0.72, share)
    broad = wide * (1.0 - notch) * smooth(1.03, 0.96, share)
    meshes = []
    for side in (1.0, -1.0):
        s = torch.linspace(0.0, 1.0, 44, device=colour.device).view(1, 1, -1)
        azimuth = edge + (math.pi - edge) * s.pow(1.3)
        over = (0.02 if side > 0 else 0.0) + thick
        cloth = fit.at(polar, side * azimuth, over + fit._folds(polar, side * azimuth) * 0.8)
        # darker where the lapel's edge shades it
        shaded = 1.0 - 0.45 * torch.exp(-((azimuth - edge - broad).clamp(min=0.0) / 0.03)) * smooth(
            0.0, 0.1, share
        )
        meshes.append(
            fit.mesh(cloth, fit.dyed(cloth, colour, quiet) * shaded.unsqueeze(-1), 0.85, closed=False)
        )
        r = torch.linspace(0.0, 1.0, 9, device=colour.device).view(1, 1, -1)
        rise = over + 0.04 + 0.035 * (1.0 - r) - 0.025 * r.pow(4)
        sheet = fit.at(polar, side * (edge - 0.01 + broad * r), rise)
        seam = 1.0 - 0.35 * smooth(0.86, 0.97, r).expand_as(sheet[..., 0])
        meshes.append(fit.mesh(sheet, fit.dyed(sheet, colour, quiet) * seam.unsqueeze(-1), 0.8, closed=False))
    # the collar behind the neck
    a = torch.linspace(-1.0, 1.0, 41, device=colour.device).view(1, 1, -1) * (math.pi - 0.85) + math.pi
    r = torch.linspace(0.0, 1.0, 8, device=colour.device).view(1, -1, 1)
    rounded = 0.06 + thick + 0.03 * torch.sin(math.pi * r)
    collar = fit.at(((27.0 + 12.0 * r) * DEGREE).expand(count, -1, -1), a, rounded)
    meshes.append(fit.mesh(collar, colour[:, None, None] * torch.ones_like(collar), 0.8, closed=False))
    return meshes


def _tie(fit: _Fit, colour: Tensor, wide: Tensor) -> list[WornMesh]:
    """A knot under the collar and the blade below it."""
    count = len(colour)
    t = torch.linspace(0.0, 1.0, 16, device=colour.device).view(1, -1, 1)
    polar = (34.0 + 70.0 * t) * DEGREE
    centre = torch.linspace(-1.0, 1.0, 9, device=colour.device).view(1, 1, -1)
    knot = smooth(0.13, 0.10, t)
    half = wide.view(-1, 1, 1) * (0.55 * knot * (1.15 - 2.2 * t) + (1.0 - knot) * (0.30 + 0.75 * t))
    across = half * centre  # decimetres
    radius = fit.globe.reach(polar.expand(count, -1, 9), torch.zeros_like(across)) * polar.sin()
    round_ = (1.0 - centre.square()).clamp(min=0.0).sqrt()
    points = fit.at(polar, across / radius, THICK + 0.02 + (0.035 + 0.08 * knot) * round_)
    stripes = smooth(-0.2, 0.2, torch.sin(26.0 * (points[..., 0] + points[..., 1])))
    striped = smooth(0.5, 0.55, fit.varied(7, 0.0, 1.0)).view(-1, 1, 1)
    ink = colour[:, None, None] * (1.0 + 1.6 * (stripes * striped).unsqueeze(-1))
    return [fit.mesh(points, ink, 0.45, closed=False)]


def _bow_tie(fit: _Fit, colour: Tensor) -> list[WornMesh]:
    count = len(colour)
    s = torch.linspace(-1.0, 1.0, 41, device=colour.device).view(1, 1, -1)
    v = torch.linspace(-1.0, 1.0, 9, device=colour.device).view(1, -1, 1)
    tall = 5.2 * (0.30 + 0.70 * smooth(0.08, 0.85, s.abs())) * DEGREE
    polar = 36.0 * DEGREE + v * tall
    bow = smooth(0.04, 0.25, s.abs()) * smooth(1.08, 0.6, s.abs())
    knot = smooth(0.15, 0.10, s.abs())
    swell = 0.09 + (0.12 * bow + 0.09 * knot) * (1.0 - 0.8 * v.square())
    return [fit.mesh(fit.at(polar.expand(count, -1, -1), 0.36 * s, swell), colour, 0.4, closed=False)]


def suit(fit: _Fit) -> list[WornMesh]:
    """A dark jacket over a shirt with a tie, a bow tie or an open collar."""
    white = torch.lerp(fit.second, torch.full_like(fit.second, 0.74), 0.85)
    tied = fit.varied(0, 0.0, 1.0)
    opened = smooth(0.75, 0.78, tied)
    edge = _neckline(
        fit, _around_neck(fit, 31.0), _around_neck(fit, 33.0), _around_neck(fit, 36.0), 20.0 * opened
    )
    points, _ = fit.cloth(edge, thick=0.03, folds=0.4)
    meshes = [fit.mesh(points, white), *_collar(fit, white, opened, fit.varied(1, 6.0, 10.0))]
    cloth = fit.outer = fit.colour * 0.55
    meshes += _jacket(fit, cloth, fit.varied(2, 82.0, 108.0), fit.varied(3, 0.24, 0.42), quiet=True)
    if len(tied) == 1:  # one wearer at a time: what is not worn is not made
        if tied[0] < 0.55:
            return meshes + _tie(fit, fit.second * 0.5, fit.varied(4, 0.22, 0.36))
        return meshes + (_bow_tie(fit, cloth * 0.5) if tied[0] < 0.75 else [])
    return meshes


def open_jacket(fit: _Fit) -> list[WornMesh]:
    """A jacket, a coat or a cardigan over a plain top."""
    high = fit.varied(0, 30.0, 36.0)
    points, _ = fit.cloth(_neckline(fit, high, high, high + 5.0), thick=0.03, folds=0.5, rim=0.015)
    inner = fit.mesh(points, fit.second)
    return [inner, *_jacket(fit, fit.colour, fit.varied(2, 90.0, 135.0), fit.varied(3, 0.12, 0.42), 0.12)]


def hooded_top(fit: _Fit) -> list[WornMesh]:
    """A hooded top with the hood down, in folds around the neck, and cords."""
    edge = _neckline(fit, _around_neck(fit, 30.0), _around_neck(fit, 33.0), fit.varied(0, 37.0, 42.0))
    meshes = [_top(fit, edge)]
    a = fit.azimuth.view(1, 1, -1)
    behind = (1.0 - a.cos()) * 0.5
    turn = torch.linspace(0.0, 2.0 * math.pi, 13, device=fit.place.device).view(1, -1, 1)
    fat = 0.09 + (0.10 + 0.16 * fit.varied(1, 0.0, 1.0).view(-1, 1, 1)) * behind
    middle = (37.0 + 3.0 * a.cos() + 4.0 * behind) * DEGREE
    wave = 1.0 + 0.12 * torch.sin(5.0 * a + fit.details[:, 0].view(-1, 1, 1))
    roll = fit.at(middle + 0.09 * turn.sin() * (1.0 + behind), a, 0.05 + fat * wave * (1.0 + turn.cos()))
    meshes.append(fit.mesh(roll, fit.colour[:, None, None] * (0.85 + 0.15 * turn.cos()).unsqueeze(-1), 0.95))
    for side in (1.0, -1.0):
        polar = torch.linspace(40.0, 70.0, 14, device=fit.place.device).view(1, -1, 1) * DEGREE
        cord = fit.at(polar.expand(len(fat), -1, -1), side * (0.16 + 0.03 * torch.sin(5.0 * polar)), 0.09)[
            :, :, 0
        ]
        cord = fit.globe.world_axes(cord)
        thin = torch.full_like(cord[..., 0], 0.016)
        out = torch.zeros_like(cord) + cord.new_tensor((0.0, 0.3, 1.0))
        places, triangles = tube(cord, out, thin, thin, closed=False, square=2.0, around=6)
        meshes.append(WornMesh(places, triangles, torch.full_like(fit.colour, 0.6), CLOTH, 0.8))
    return meshes


def neck_scarf(fit: _Fit) -> list[WornMesh]:
    """A scarf in two turns around the neck over a coat."""
    meshes = [
        _top(fit, _neckline(fit, _around_neck(fit, 34.0), _around_neck(fit, 36.0), _around_neck(fit, 44.0)))
    ]
    a = fit.azimuth.view(1, 1, -1)
    turn = torch.linspace(0.0, 2.0 * math.pi, 15, device=fit.place.device).view(1, -1, 1)
    for k, (middle, fat) in enumerate(((36.0, 0.17), (29.5, 0.14))):
        lean = fit.varied(k, -0.05, 0.05).view(-1, 1, 1)
        polar = (middle + 4.0 * a.cos()) * DEGREE + lean * a.sin()
        crease = 0.10 * torch.sin(
            4.0 * turn + 2.0 * a.cos() + fit.details[:, k].view(-1, 1, 1)
        ) + 0.05 * torch.sin(6.0 * a)
        size = fat * (1.0 + crease)
        roll = fit.at(polar + 0.55 * size * turn.sin(), a, 0.02 + size * (1.0 + turn.cos()))
        shade = 0.8 + 0.2 * torch.sin(4.0 * turn + 2.0 * a.cos() + fit.details[:, k].view(-1, 1, 1))
        meshes.append(fit.mesh(roll, fit.dyed(roll, fit.second) * shade.unsqueeze(-1), 0.95))
    t = torch.linspace(0.0, 1.0, 14, device=fit.place.device).view(1, -1, 1)
    s = torch.linspace(-1.0, 1.0, 9, device=fit.place.device).view(1, 1, -1)
    hang = fit.at(
        (40.0 + 55.0 * t) * DEGREE + 0.0 * s,
        0.25 + 0.16 * s - 0.05 * t,
        0.13 + 0.02 * torch.cos(6.0 * s) + 0.0 * fit.place.view(-1, 1, 1),
    )
    meshes.append(fit.mesh(hang, fit.dyed(hang, fit.second), 0.95, closed=False))
    return meshes


def ruff(fit: _Fit) -> list[WornMesh]:
    """A stiff pleated collar over dark cloth, as around 1600."""
    dark = fit.outer = fit.colour * 0.35
    points, _ = fit.cloth(
        _neckline(fit, _around_neck(fit, 31.0), _around_neck(fit, 33.0), _around_neck(fit, 38.0))
    )
    count = 192
    even = torch.arange(count, device=dark.device) * (2.0 * math.pi / count)
    a = even.view(1, 1, -1)
    r = torch.linspace(0.0, 1.0, 8, device=dark.device).view(1, -1, 1)
    base = fit.at(((30.0 + 5.0 * a.cos()) * DEGREE).expand(len(dark), -1, -1), a, 0.03)
    wide = fit.varied(0, 0.30, 0.95).view(-1, 1, 1)
    wave = torch.sin(32.0 * a)
    out = r * wide
    up = 0.05 * r + (0.035 + 0.055 * r) * wave - 0.18 * r * a.cos().clamp(min=0.0)
    shape = torch.stack([out * a.sin(), up.expand_as(out * a), out * a.cos()], dim=-1)
    pleats = base + shape
    shade = 0.80 + 0.16 * wave + 0.05 * r
    white = dark.new_tensor((0.74, 0.72, 0.67)) * shade.unsqueeze(-1)
    return [fit.mesh(points, dark[:, None, None] * torch.ones_like(points)), fit.mesh(pleats, white, 0.8)]


def lace_collar(fit: _Fit) -> list[WornMesh]:
    """A white collar that falls over the shoulders, with a scalloped edge, over dark cloth."""
    dark = fit.outer = fit.colour * 0.4
    points, _ = fit.cloth(
        _neckline(fit, _around_neck(fit, 30.0), _around_neck(fit, 32.0), _around_neck(fit, 36.0))
    )
    a = fit.azimuth.view(1, 1, -1)
    r = torch.linspace(0.0, 1.0, 14, device=dark.device).view(1, -1, 1)
    parted = torch.exp(-(a / 0.16).square()) * 8.0
    wide = fit.varied(0, 9.0, 30.0).view(-1, 1, 1) + 5.0 * a.cos() - parted
    scallop = 1.4 * torch.sin(26.0 * a).abs()
    polar = (28.5 + 4.5 * a.cos() + r * (wide + scallop)) * DEGREE
    collar = fit.at(polar, a, 0.10 + 0.04 * (1.0 - r) + 0.012 * torch.sin(9.0 * a) * r)
    pierced = smooth(0.62, 0.7, r) * smooth(-0.2, 0.6, torch.sin(52.0 * a) * torch.sin(60.0 * r))
    white = dark.new_tensor((0.72, 0.70, 0.65)) * (1.0 - 0.55 * pierced).unsqueeze(-1)
    return [
        fit.mesh(points, dark[:, None, None] * torch.ones_like(points)),
        fit.mesh(collar, white.expand_as(collar), 0.85),
    ]


def crossed_robe(fit: _Fit) -> list[WornMesh]:
    """A robe whose sides cross in front, over a pale under-robe."""
    meshes = []
    fit.bare = (34.0 + 45.0 * smooth(1.3, 0.1, fit.azimuth.abs())).unsqueeze(0).expand_as(fit.bare) * DEGREE
    for layer, (colour, high) in enumerate(((fit.second, 29.0), (fit.colour, 32.0))):
        for side in (-1.0, 1.0):
            rows = 26
            t = torch.linspace(0.0, 1.0, rows, device=colour.device).view(1, -1, 1)
            polar = high * DEGREE + t * (HEM - high * DEGREE)
            edge = 0.95 * (1.0 - smooth(0.0, 0.55, t)) - 0.55 * smooth(0.25, 0.9, t)
            s = torch.linspace(0.0, 1.0, 44, device=colour.device).view(1, 1, -1)
            azimuth = edge + (math.pi + 0.05 - edge) * s.pow(1.2)
            over = (
                0.04
                + 0.05 * layer
                + (0.025 if side > 0 else 0.0)
                + 0.015 * smooth(0.14, 0.10, azimuth - edge)
            )
            cloth = fit.at(
                polar.expand(len(colour), -1, -1), side * azimuth, over + 0.6 * fit._folds(polar, azimuth)
            )
            border = smooth(0.20, 0.18, azimuth - edge).expand(cloth.shape[:3]).unsqueeze(-1)
            shade = fit.dyed(cloth, colour)
            meshes.append(
                fit.mesh(
                    cloth,
                    torch.lerp(shade, 0.6 * fit.second[:, None, None].expand_as(shade), border * layer),
                    0.7,
                    closed=False,
                )
            )
    return meshes


def fur_collar(fit: _Fit) -> list[WornMesh]:
    """A dark gown or coat with broad fur down both sides of the opening."""
    points, _ = fit.cloth(
        _neckline(fit, _around_neck(fit, 30.0), _around_neck(fit, 32.0), _around_neck(fit, 38.0)),
        thick=0.03,
        folds=0.4,
    )
    meshes = [fit.mesh(points, fit.second[:, None, None] * torch.ones_like(points))]
    count = len(fit.place)
    t = torch.linspace(0.0, 1.0, 40, device=fit.place.device).view(1, -1, 1)
    for side in (1.0, -1.0):
        s = torch.linspace(0.0, 1.0, 40, device=fit.place.device).view(1, 1, -1)
        polar = (33.0 + 78.0 * t) * DEGREE
        edge = 0.12 + 0.70 * (1.0 - t).pow(3)
        cloth = fit.at(
            polar.expand(count, -1, -1),
            side * (edge + (math.pi - edge) * s),
            0.08 + fit._folds(polar, s * 3.0),
        )
        meshes.append(fit.mesh(cloth, fit.dyed(cloth, fit.colour * 0.6), 0.8, closed=False))
        wide = fit.varied(1, 0.30, 0.6).view(-1, 1, 1)
        lump = torch.sin(61.0 * t + 9.0 * torch.sin(21.0 * s)) * torch.sin(
            33.0 * s + 17.0 * torch.sin(13.0 * t)
        )
        fat = 0.10 + 0.16 * (4.0 * s * (1.0 - s)).clamp(min=0.0).sqrt() + 0.02 * lump
        fur = fit.at(polar.expand(count, -1, -1), side * (edge - 0.03 + wide * s), fat)
        brown = torch.lerp(fit.second, fit.second.new_tensor((0.10, 0.055, 0.03)), 0.7)
        meshes.append(
            fit.mesh(fur, brown[:, None, None] * (1.0 + 0.4 * lump).unsqueeze(-1), 1.0, closed=False)
        )
    return meshes


def high_collar(fit: _Fit) -> list[WornMesh]:
    """A dress or a uniform buttoned up to a stand collar, often with a narrow white edge."""
    edge = _neckline(fit, _around_neck(fit, 29.0), _around_neck(fit, 31.0), _around_neck(fit, 36.0))
    points, _ = fit.cloth(edge)
    a = fit.azimuth.view(1, 1, -1)
    t = torch.linspace(0.0, 1.0, 8, device=fit.place.device).view(1, -1, 1)
    low = (33.0 + 4.0 * a.cos()) * DEGREE
    polar = low - t * (8.0 + 2.5 * a.cos()) * DEGREE
    stand = fit.at(polar.expand(len(fit.place), -1, -1), a, 0.035 + 0.02 * (4.0 * t * (1.0 - t)))
    white = smooth(0.45, 0.55, fit.varied(0, 0.0, 1.0)).view(-1, 1, 1, 1) * smooth(0.72, 0.78, t).unsqueeze(
        -1
    )
    dyed = fit.colour[:, None, None] * torch.ones_like(stand)
    collar = torch.lerp(dyed, dyed.new_tensor((0.7, 0.68, 0.63)).expand_as(dyed), white)
    buttons = _buttons(fit, 42.0, 9.0, 6, 0.055, fit.second)
    return [fit.mesh(points, fit.dyed(points, fit.colour), 0.8), fit.mesh(stand, collar, 0.8), *buttons]


def _linings(fit: _Fit) -> list[Piece]:
    """Cloth close to each wearer's skin, where a turned neck would come through what lies over it."""
    vertices, triangles = neck_and_shoulders(str(fit.place.device))
    away = fit.wearers.rest[:, vertices] - fit.globe.centre.unsqueeze(1)
    polar, azimuth = angles_of(away, TORSO)  # [M, S]
    column = (azimuth.unsqueeze(-1) - fit.azimuth).abs().argmin(-1)  # [M, S]
    hidden = polar - fit.bare.gather(1, column) > 0.05
    mesh = lining(fit.wearers, vertices, triangles, fit.outer, CLOTH)
    return [
        replace(piece, triangles=triangles[own[triangles].all(1)])
        for own, (piece,) in zip(hidden, pieces_of(fit.wearers, [mesh]), strict=True)
    ]


class ClothesKind(NamedTuple):
    """One kind of clothes and how often it is worn by women and by men."""

    made: Callable[[_Fit], list[WornMesh]]
    women: float
    men: float


CLOTHES = (
    ClothesKind(bare_shoulders, 1.0, 0.02),
    ClothesKind(straps, 1.2, 0.3),
    ClothesKind(wide_neck, 1.6, 0.3),
    ClothesKind(v_neck, 1.2, 0.8),
    ClothesKind(crew_neck, 1.8, 2.2),
    ClothesKind(hooded_top, 0.7, 1.0),
    ClothesKind(turtleneck, 0.8, 0.6),
    ClothesKind(neck_scarf, 0.5, 0.4),
    ClothesKind(shirt, 0.9, 1.8),
    ClothesKind(open_jacket, 0.9, 0.9),
    ClothesKind(suit, 0.4, 2.2),
    ClothesKind(high_collar, 0.5, 0.4),
    ClothesKind(fur_collar, 0.2, 0.4),
    ClothesKind(lace_collar, 0.35, 0.35),
    ClothesKind(ruff, 0.3, 0.3),
    ClothesKind(crossed_robe, 0.35, 0.2),
)


def kinds_worn(people: People) -> tuple[Tensor, Tensor]:
    """The index into CLOTHES [N], and the place within the kind [N]."""
    share = people.controls["clothing"].clamp(0.0, 1.0 - 1e-6)
    man = (0.5 + 0.5 * people.controls["masculine"]).unsqueeze(1)
    often = share.new_tensor([[kind.women, kind.men] for kind in CLOTHES])  # [K, 2]
    often = (1.0 - man) * often[:, 0] + man * often[:, 1]  # [N, K]
    ends = (often / often.sum(1, keepdim=True)).cumsum(1)
    index = (share.unsqueeze(1) >= ends).sum(1).clamp(max=len(CLOTHES) - 1)
    low = (ends - often / often.sum(1, keepdim=True)).gather(1, index[:, None])[:, 0]
    wide = ends.gather(1, index[:, None])[:, 0] - low
    return index, (share - low) / wide


def clothes_of(people: People) -> list[list[Piece]]:
    """The clothes of every picture."""
    worn: list[list[Piece]] = [[] for _ in people.years]
    kinds, places = kinds_worn(people)
    for index in kinds.unique().tolist():
        rows, made = (kinds == index).nonzero()[:, 0], CLOTHES[index].made
        for some in rows.split(1 if made is suit else len(rows)):  # each suit has its tie
            wearers = chosen(people, some)
            fit = _Fit(wearers, places[some])
            dressed = pieces_of(wearers, made(fit))
            for row, pieces, under in zip(some.tolist(), dressed, _linings(fit), strict=True):
                worn[row] = [*pieces, under]
    return worn
