"""Scarves, kerchiefs, veils and hoods around the face."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ..smooth_step import smooth
from .head_wrap import FACE, FACE_AND_SHOULDERS, Globe, GlobeShape, angles_of, centre_of, directions
from .people import People
from .scene_canvas import tint
from .worn_mesh import (
    DETAILS,
    HAT,
    Piece,
    WornMesh,
    ball,
    chosen,
    grid_triangles,
    lining,
    neck_and_shoulders,
    pieces_of,
)

AROUND = 112  # columns around the face, from the chin over the viewer's right
ROWS = 44
DEGREE = math.pi / 180.0
SOFT = 3.0 * DEGREE
LONGEST = 1.95  # decimetres from the middle of the head to the hem


class _Fit:
    """M heads that wear one kind of scarf, with the faces that they make."""

    def __init__(self, wearers: People, kind: ScarfKind) -> None:
        self.globe = Globe.of(wearers, kind.shape, wearers.acting)  # a jaw that drops moves the scarf
        self.globe = Globe(kind.shape, self.globe.centre, self.globe.radius.clamp(max=LONGEST))
        self.details = wearers.details[:, DETAILS]
        self.azimuth = torch.arange(AROUND, device=self.details.device) * (2.0 * math.pi / AROUND)
        self.opening = opening_of(kind, self.details, self.azimuth.expand(len(self.details), -1))
        controls = wearers.controls
        saturation = 0.05 + 0.6 * torch.special.ndtr(self.details[:, 4]).square()
        self.colour = tint(controls["hat_hue"], saturation) * (
            0.012 * 60.0 ** controls["hat_tone"]
        ).unsqueeze(1)
        self.second = tint(controls["hat_hue"] + 0.3, saturation) * 0.25
        self.patterned = smooth(0.4, 1.0, self.details[:, 5])

    def at(self, polar: Tensor, thick: Tensor | float) -> Tensor:
        """Points [M, R, A, 3] so far above head, neck and shoulders at polar angles [M, R, A]."""
        azimuth = self.azimuth.expand_as(polar)
        return (self.globe.reach(polar, azimuth) + thick).unsqueeze(-1) * directions(polar, azimuth)

    def sheet(
        self, opening: Tensor, thick: Tensor | float, folds: float, rim: float = 0.03
    ) -> tuple[Tensor, Tensor]:
        """Cloth [M, R, A, 3] from the opening [M, A] to the back of the head, and polar angles [M, R, A].

        Its rows are the same for every opening, so that one sheet can lie on another.
        """
        t = torch.linspace(0.0, 1.0, ROWS, device=opening.device).pow(1.2).view(1, -1, 1)
        polar = self.opening.unsqueeze(1) + t * (0.997 * math.pi - self.opening).unsqueeze(1)
        polar = torch.maximum(polar, opening.unsqueeze(1))
        hem = rim * torch.exp(-((polar - opening.unsqueeze(1)) / 0.05).square())
        points = self.at(polar, thick + hem + folds * self._folds(polar) + self._over_clothes(polar))
        inside = self.at(opening.unsqueeze(1), 0.012)
        return torch.cat([inside, points], dim=1), torch.cat([polar[:, :1], polar], dim=1)

    def _folds(self, polar: Tensor) -> Tensor:
        """Creases that hang around the neck and run back over the head, [M, R, A]."""
        a, d = self.azimuth, self.details
        low = smooth(-0.3, 0.9, a.cos())  # under the chin
        hang = torch.sin(16.0 * polar + 3.0 * torch.sin(a + d[:, 0, None, None]) + 2.0 * a.cos())
        back = torch.sin(11.0 * a + 4.0 * torch.sin(1.7 * polar + d[:, 1, None, None]))
        deep = smooth(0.70, 1.1, polar)
        return (0.045 * hang + 0.03) * low * deep + 0.016 * back * (1.0 - low) * deep

    def _over_clothes(self, polar: Tensor) -> Tensor:
        """What lies on the chest lies over the clothes."""
        return 0.16 * smooth(0.90, 1.25, polar) * smooth(0.2, 0.8, self.azimuth.cos())

    def dyed(self, polar: Tensor, colour: Tensor) -> Tensor:
        """[M, R, A, 3]: plain, or with dots or flowers."""
        u, v = 16.0 * self.azimuth * polar.sin().clamp(min=0.4), 17.0 * polar
        dots = smooth(0.45, 0.7, torch.sin(u + 0.5 * v) * torch.sin(v))
        share = (dots * self.patterned.view(-1, 1, 1)).unsqueeze(-1)
        return torch.lerp(colour[:, None, None], self.second[:, None, None], share)

    def mesh(
        self, points: Tensor, colour: Tensor, part: int = HAT, opacity: Tensor | float = 1.0
    ) -> WornMesh:
        flat = self.globe.world_axes(points).flatten(1, 2)
        triangles = grid_triangles(points.shape[1], AROUND, True, flat.device)
        return WornMesh(flat, triangles, colour.expand_as(points).flatten(1, 2), part, 0.85, 0.0, opacity)


def _lining(fit: _Fit, wearer: People) -> WornMesh:
    """Cloth on the skin of neck and throat."""
    vertices, triangles = neck_and_shoulders(str(fit.azimuth.device))
    away = wearer.acting[:, vertices] - fit.globe.centre.unsqueeze(1)
    polar, azimuth = angles_of(away, fit.globe.shape)  # [1, S]
    column = torch.remainder(azimuth / (2.0 * math.pi) * AROUND, AROUND).long().clamp(max=AROUND - 1)
    hidden = (polar - fit.opening.gather(1, column) > 0.06) & (away[..., 1] > -1.5)
    return lining(wearer, vertices, triangles[hidden[0][triangles].all(1)], fit.colour, HAT)


class ScarfKind(NamedTuple):
    """One kind of scarf: how it is made and how often, what it lies on, its opening in degrees.

    The opening is given at the chin, the cheeks and the forehead, from the straight line to the front.
    """

    made: Callable[[_Fit], list[WornMesh]]
    often: float
    shape: GlobeShape
    chin: float
    cheeks: float
    forehead: float


def opening_of(kind: ScarfKind, details: Tensor, azimuth: Tensor) -> Tensor:
    """The polar angle [M, A] at which the cloth begins."""
    chin, cheeks, top = kind.chin * DEGREE, kind.cheeks * DEGREE, kind.forehead * DEGREE
    level = 0.25 * (chin + top + 2.0 * cheeks)
    back = (3.0 * DEGREE) * torch.tanh(details[:, 0:1])
    upper = (1.0 - azimuth.cos()) * 0.5
    even = 0.5 * (chin - top) * azimuth.cos() + 0.25 * (chin + top - 2.0 * cheeks) * (2.0 * azimuth).cos()
    return level + even + back * upper


def hijab(fit: _Fit) -> list[WornMesh]:
    """Wound around head and neck, with an edge that crosses under the chin."""
    points, polar = fit.sheet(fit.opening, 0.045, 1.0)
    colour = fit.dyed(polar, fit.colour)
    under = fit.at(
        fit.opening.unsqueeze(1) + torch.linspace(-0.05, 0.3, 6, device=polar.device).view(1, -1, 1), 0.02
    )
    cap = fit.mesh(under, torch.lerp(fit.colour, fit.second, 0.5)[:, None, None])
    # the end that is thrown over: thicker beyond a line from one cheek to the other shoulder
    a = fit.azimuth
    side = torch.tanh(3.0 * fit.details[:, 1:2]).unsqueeze(1)
    line = fit.opening.unsqueeze(1) + 0.22 + 0.30 * side * a.sin()
    over = smooth(0.0, 0.03, polar - line) * smooth(-0.5, 0.2, a.cos()).view(1, 1, -1)
    points = points * (1.0 + 0.045 * over / points.norm(dim=-1)).unsqueeze(-1)
    return [cap, fit.mesh(points, colour * (1.0 - 0.12 * over * (1.0 - over) * 4.0).unsqueeze(-1))]


def kerchief(fit: _Fit) -> list[WornMesh]:
    """A square of cloth over the hair, tied under the chin."""
    points, polar = fit.sheet(fit.opening, 0.05, 0.7)
    chin = fit.at((fit.opening + 0.10).unsqueeze(1), 0.05)[:, 0, 0]  # [M, 3]
    knot, triangles = ball(chin, chin.new_tensor((0.10, 0.07, 0.08)).expand_as(chin), 8, 12)
    meshes = [fit.mesh(points, fit.dyed(polar, fit.colour))]
    meshes.append(WornMesh(fit.globe.world_axes(knot), triangles, fit.colour, HAT, 0.85))
    for side in (1.0, -1.0):
        t = torch.linspace(0.0, 1.0, 10, device=chin.device).view(1, -1, 1)
        s = torch.linspace(-1.0, 1.0, 6, device=chin.device).view(1, 1, -1)
        x = side * (0.03 + 0.30 * t) + 0.0 * s
        down = 0.02 + 0.34 * t + (0.05 + 0.10 * t) * s
        out = 0.06 + 0.10 * torch.sin(2.5 * t) + 0.02 * torch.cos(5.0 * s) - 0.08 * t
        # across, to the front (the pole), down (azimuth 0)
        tail = chin[:, None, None] + torch.stack([x, out, down + 0.0 * x], dim=-1)
        flat = fit.globe.world_axes(tail).flatten(1, 2)
        meshes.append(WornMesh(flat, grid_triangles(10, 6, False, flat.device), fit.colour, HAT, 0.85))
    return meshes


def veil(fit: _Fit) -> list[WornMesh]:
    """Laid over the head behind the hairline, falling on the shoulders, open in front of the neck."""
    free = smooth(0.75, 1.0, fit.azimuth.cos())  # in front of the neck the cloth is drawn aside
    opening = fit.opening + 0.9 * free
    sides = smooth(-0.2, 0.7, fit.azimuth.cos()).view(1, 1, -1)
    points, polar = fit.sheet(opening, 0.08, 0.8)
    away = 0.14 * sides * smooth(0.9, 1.5, polar)
    points = points * (1.0 + away / points.norm(dim=-1).clamp(min=0.1)).unsqueeze(-1)
    return [fit.mesh(points, fit.dyed(polar, fit.colour))]


def nuns_veil(fit: _Fit) -> list[WornMesh]:
    """White linen around the face and a dark veil over it."""
    points, _ = fit.sheet(fit.opening, 0.035, 0.6)
    white = fit.colour.new_tensor((0.72, 0.70, 0.66)).expand_as(fit.colour)
    free = smooth(0.55, 0.9, fit.azimuth.cos())
    outer, _ = fit.sheet(fit.opening + 0.12 + 0.9 * free, 0.12, 0.8)
    return [fit.mesh(points, white[:, None, None]), fit.mesh(outer, 0.4 * fit.colour[:, None, None])]


def hood(fit: _Fit) -> list[WornMesh]:
    """A garment's hood, loose around the head."""
    upper = (0.5 - 0.5 * fit.azimuth.cos()).view(1, 1, -1)
    points, polar = fit.sheet(fit.opening, 0.10, 1.2, rim=0.05)
    loose = (0.06 + 0.16 * upper) * smooth(0.3, 1.2, polar - fit.opening.unsqueeze(1)) + 0.05 * upper
    points = points * (1.0 + loose / points.norm(dim=-1).clamp(min=0.1)).unsqueeze(-1)
    return [fit.mesh(points, fit.colour[:, None, None])]


SCARVES = (
    ScarfKind(hijab, 2.0, FACE_AND_SHOULDERS, 46.0, 44.0, 39.0),
    ScarfKind(kerchief, 1.2, FACE, 46.0, 50.0, 44.0),
    ScarfKind(veil, 1.0, FACE_AND_SHOULDERS, 50.0, 66.0, 60.0),
    ScarfKind(nuns_veil, 0.4, FACE_AND_SHOULDERS, 46.0, 43.0, 38.0),
    ScarfKind(hood, 1.0, FACE_AND_SHOULDERS, 52.0, 60.0, 50.0),
)


def kinds_worn(people: People) -> Tensor:
    """The index into SCARVES [N], -1 without one."""
    share = people.controls["hat_shape"].clamp(0.0, 1.0 - 1e-6)
    often = share.new_tensor([kind.often for kind in SCARVES])
    index = torch.searchsorted((often / often.sum()).cumsum(0), share, right=True).clamp(max=len(SCARVES) - 1)
    return torch.where(people.controls["headscarf"] > 0.5, index, -1)


def headscarves_of(people: People) -> list[list[Piece]]:
    """The scarf of every picture; no pieces where there is none."""
    worn: list[list[Piece]] = [[] for _ in people.years]
    kinds = kinds_worn(people)
    for index, kind in enumerate(SCARVES):
        rows = (kinds == index).nonzero()[:, 0]
        if len(rows) == 0:
            continue
        for row in rows.tolist():
            wearer = chosen(people, torch.tensor([row], device=rows.device))
            fit = _Fit(wearer, kind)
            meshes = kind.made(fit)
            if kind.shape == FACE_AND_SHOULDERS and kind.made is not veil:
                meshes.append(_lining(fit, wearer))
            worn[row] = pieces_of(wearer, meshes)[0]
    return worn


def covered(people: People, points: Tensor) -> Tensor:
    """How far points [N, K, 3] of own rest space are hidden under a scarf: [N, K], 0..1."""
    hidden = torch.zeros_like(points[..., 0])
    kinds = kinds_worn(people)
    for row in (kinds >= 0).nonzero()[:, 0].tolist():
        kind = SCARVES[int(kinds[row])]
        one = chosen(people, torch.tensor([row], device=points.device))
        polar, azimuth = angles_of(points[row : row + 1] - centre_of(one, kind.shape), kind.shape)
        edge = opening_of(kind, people.details[row : row + 1, DETAILS], azimuth)
        hidden[row] = smooth(-SOFT, SOFT, polar - edge)[0]
    return hidden
