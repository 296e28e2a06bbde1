"""Glasses that sit on this person's nose and ears."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from ..smooth_step import smooth
from .head_mesh import BODY, head_mesh
from .people import People
from .worn_mesh import (
    DETAILS,
    GLASSES,
    Piece,
    WornMesh,
    between,
    chosen,
    joined,
    mirrored,
    outline,
    pieces_of,
    towards_face,
    tube,
)

POINTS = 40  # of a lens's outline
PUPILS = 0.577  # decimetres apart in the mean head
CLEAR = 0.022  # between the frame's middle and the skin
_WIDE, _HIGH, _SQUARE, _SLANT, _LIFT, _DROP, _TOP, _BOTTOM, _DEEP, _DOUBLE, _METAL = range(11)

# half width, half height, squareness, wider on top, outer corner lifted, inner corner dropped,
# half thickness on top, below, half depth, second bridge, made of metal
SHAPES = (
    (0.235, 0.225, 2.0, 0.00, 0.00, 0.00, 0.009, 0.009, 0.010, 0.0, 0.9),  # round, wire
    (0.250, 0.185, 2.2, 0.00, 0.00, 0.00, 0.009, 0.009, 0.010, 0.0, 0.9),  # oval, wire
    (0.245, 0.175, 3.0, 0.00, 0.00, 0.00, 0.002, 0.002, 0.004, 0.0, 0.8),  # rimless
    (0.255, 0.165, 3.4, 0.03, 0.01, 0.00, 0.014, 0.003, 0.012, 0.0, 0.5),  # half rim
    (0.265, 0.165, 4.2, 0.02, 0.00, 0.00, 0.014, 0.012, 0.016, 0.0, 0.1),  # flat rectangle
    (0.250, 0.205, 3.0, 0.06, 0.02, 0.00, 0.030, 0.007, 0.020, 0.0, 0.0),  # browline
    (0.255, 0.205, 3.4, 0.07, 0.03, 0.00, 0.024, 0.018, 0.022, 0.0, 0.0),  # square, horn
    (0.262, 0.230, 3.2, 0.09, 0.03, 0.00, 0.036, 0.030, 0.030, 0.0, 0.0),  # thick
    (0.262, 0.190, 2.8, 0.10, 0.085, 0.00, 0.032, 0.018, 0.024, 0.0, 0.0),  # cat's eye
    (0.245, 0.235, 2.1, 0.00, 0.00, 0.00, 0.020, 0.020, 0.022, 0.0, 0.0),  # round, horn
    (0.275, 0.235, 2.5, 0.10, -0.03, 0.07, 0.010, 0.010, 0.010, 1.0, 0.9),  # aviator
    (0.300, 0.275, 2.6, 0.04, 0.02, 0.00, 0.018, 0.016, 0.020, 0.0, 0.1),  # large
)
# linear colours along the tone: of horn and plastic, and of metal
PLASTIC = (
    (0.010, 0.010, 0.011),
    (0.035, 0.018, 0.010),
    (0.130, 0.055, 0.018),
    (0.050, 0.045, 0.045),
    (0.020, 0.035, 0.085),
    (0.170, 0.015, 0.020),
    (0.400, 0.330, 0.230),
    (0.620, 0.600, 0.580),
)
METAL = ((0.05, 0.05, 0.055), (0.35, 0.35, 0.36), (0.60, 0.60, 0.61), (0.72, 0.53, 0.25), (0.70, 0.45, 0.34))
DARK_LENSES = ((0.012, 0.012, 0.014), (0.035, 0.018, 0.008), (0.012, 0.022, 0.014), (0.015, 0.020, 0.045))


def glasses_of(people: People) -> list[list[Piece]]:
    """The frame, lenses and arms of every picture; none where the control is off."""
    worn: list[list[Piece]] = [[] for _ in people.years]
    rows = (people.controls["glasses"] > 0.5).nonzero()[:, 0]
    if len(rows) == 0:
        return worn
    wearers = chosen(people, rows)
    for row, pieces in zip(rows.tolist(), pieces_of(wearers, _meshes(wearers)), strict=True):
        worn[row] = pieces
    return worn


class _Fit:
    """The measures of M wearers' glasses and of the heads that they must clear."""

    def __init__(self, wearers: People) -> None:
        controls, details = wearers.controls, wearers.details[:, DETAILS]
        front, side = _vertices(str(wearers.rest.device))
        self.front, self.side = wearers.acting[:, front], wearers.acting[:, side]
        eyes = _unposed(wearers, wearers.eyes)  # [M, 2, 3]
        self.apart = (eyes[:, 1, 0] - eyes[:, 0, 0]) / PUPILS
        self.middle = 0.5 * (eyes[:, 0] + eyes[:, 1])
        self.shape = between(eyes.new_tensor(SHAPES), controls["glasses_shape"])  # [M, 11]
        self.size = (0.55 + 0.45 * self.apart) * (1.0 + 0.09 * controls["glasses_size"])  # [M]
        # some wear them low, on the nose; more who are old
        self.slid = 0.05 * torch.tanh(details[:, 0]) + 0.16 * wearers.old * smooth(0.3, 1.4, details[:, 1])
        self.slid = self.slid.clamp(min=-0.01)
        self.tone = controls["glasses_tone"]
        self.ear = _ear_rest(wearers)  # [M, 2, 3] where the viewer's right arm lies on, and its end

    def get(self, column: int) -> Tensor:
        return self.shape[:, column]


def _unposed(people: People, world: Tensor) -> Tensor:
    """World points [N, K, 3] of the head back in rest space."""
    return (world - people.pivot.unsqueeze(1)) @ people.turned + people.pivot.unsqueeze(1)


@lru_cache(maxsize=4)
def _vertices(device: str) -> tuple[Tensor, Tensor]:
    """Indices of the face's front and of the head's side (viewer's right, no ear) on the mesh."""
    mesh = head_mesh(device)
    x, y, z = mesh.mean.unbind(1)
    body = mesh.vertex_group == BODY
    front = body & (z > 0.85) & (y > 6.8) & (y < 7.65) & (x.abs() < 0.75)
    side = body & (x > 0.3) & (y > 7.05) & (y < 7.6) & (z > 0.2) & (z < 1.3) & (mesh.masks["ears"] < 0.15)
    return front.nonzero()[::2, 0], side.nonzero()[:, 0]


@lru_cache(maxsize=4)
def _ear_vertices(device: str) -> Tensor:
    """Where an ear grows out of the head (viewer's right), on top and behind: [2, 6] vertices."""
    mesh = head_mesh(device)
    places = mesh.mean.new_tensor([[0.715, 7.275, 0.50], [0.70, 7.10, 0.41]])
    return torch.cdist(places, mesh.mean).topk(6, largest=False).indices


def _ear_rest(wearers: People) -> Tensor:
    return wearers.rest[:, _ear_vertices(str(wearers.rest.device))].mean(2)  # [M, 2, 3]


def _meshes(wearers: People) -> list[WornMesh]:
    fit = _Fit(wearers)
    rim = _rim_path(fit)  # [M, P, 3] the viewer's right lens, not yet pushed forward
    rim = _cleared(fit, rim)
    frame, lens = _rim(fit, rim), _lens(rim)
    arm, hinge = _arm(fit, rim)
    right = [frame, arm, hinge]
    solid = joined([*right, *(mirrored(*part) for part in right), *_bridges(fit, rim)])
    lenses = joined([lens, mirrored(*lens)])
    metal = smooth(0.35, 0.6, fit.get(_METAL))
    tone = fit.tone.unsqueeze(1)
    colour = torch.lerp(
        between(rim.new_tensor(PLASTIC), fit.tone),
        between(rim.new_tensor(METAL), fit.tone),
        metal.unsqueeze(1),
    )
    mottled = _mottled(
        solid[0], smooth(0.05, 0.2, tone) * smooth(0.5, 0.35, tone) * (1.0 - metal.unsqueeze(1))
    )
    return [
        WornMesh(solid[0], solid[1], colour.unsqueeze(1) * mottled, GLASSES, 0.25 - 0.05 * metal, metal),
        _lens_mesh(wearers, fit, *lenses),
    ]


def _mottled(places: Tensor, amount: Tensor) -> Tensor:
    """Tortoiseshell: dark clouds in brown horn, [M, V, 1]; amount [M, 1]."""
    x, y, z = (places * 17.0).unbind(-1)
    clouds = torch.sin(x + 2.0 * torch.sin(y + 0.7 * z)) + torch.sin(1.7 * y - x + 1.3 * z)
    return (1.0 - amount * smooth(-0.4, 0.9, clouds) * 0.85).unsqueeze(-1)


def _lens_mesh(wearers: People, fit: _Fit, places: Tensor, triangles: Tensor) -> WornMesh:
    """Nearly clear, or dark, at times darker on top."""
    dark = wearers.controls["sunglasses"].unsqueeze(1)  # [M, 1]
    details = wearers.details[:, DETAILS]
    top = smooth(-0.2, 0.2, (places[..., 1] - fit.middle[:, 1:2]) / fit.size.unsqueeze(1))
    fading = smooth(0.3, 0.8, details[:, 2:3])
    opacity = torch.lerp(torch.full_like(top, 0.05), 0.93 - 0.5 * fading * (1.0 - top), dark)
    tinted = between(places.new_tensor(DARK_LENSES), torch.special.ndtr(details[:, 3]))
    clear = places.new_tensor((0.55, 0.60, 0.60)).expand_as(tinted)
    return WornMesh(places, triangles, torch.lerp(clear, tinted, dark), GLASSES, 0.05, 0.0, opacity)


def _rim_path(fit: _Fit) -> Tensor:
    """The viewer's right lens, [M, P, 3], in its place across and up, bent around the face."""
    ring = outline(POINTS, fit.get(_SQUARE), fit.shape)  # [M, P, 2], from the outer side, over the top
    u, v = ring.unbind(-1)
    slant, lift, drop = (fit.get(column).unsqueeze(1) for column in (_SLANT, _LIFT, _DROP))
    x = u * (1.0 + slant * v)
    y = (
        v
        + lift / 0.2 * (0.5 + 0.5 * u).pow(3) * (0.6 + 0.4 * v)
        - drop / 0.2 * smooth(0.4, -0.8, v) * smooth(0.6, -0.6, -u)
    )
    half = fit.get(_WIDE) * fit.size
    gap = (0.088 + 0.012 * fit.get(_METAL)) * fit.size  # half the width of the bridge
    across = (gap + half + 0.02 * fit.get(_DROP)).unsqueeze(1) + x * half.unsqueeze(1)
    up = (fit.middle[:, 1] - 0.025 * fit.size - fit.slid).unsqueeze(1) + y * (
        fit.get(_HIGH) * fit.size
    ).unsqueeze(1)
    depth = -0.13 * across.square() - 0.14 * (fit.middle[:, 1:2] - up)  # bent around, the lower edge nearer
    return torch.stack([across, up, depth], dim=-1)


def _cleared(fit: _Fit, rim: Tensor) -> Tensor:
    """Moved forward until it rests on the nose and stands clear of brows and cheeks."""
    low = towards_face(rim, fit.front, 2) + CLEAR + fit.get(_DEEP).unsqueeze(1)
    bridge = _bridge_points(fit, rim)
    nose = towards_face(bridge, fit.front, 2) + 0.5 * CLEAR - bridge[..., 2]
    # the lens also keeps off the lashes
    lashes = fit.middle[:, 2:] + 0.25 * fit.apart.unsqueeze(1) - rim[..., 2].mean(1, keepdim=True)
    forward = torch.cat([low - rim[..., 2], nose - 0.10 * fit.size.unsqueeze(1), lashes], dim=1).amax(1)
    return rim + torch.stack([torch.zeros_like(forward)] * 2 + [forward], dim=-1).unsqueeze(1)


def _bridge_points(fit: _Fit, rim: Tensor, height: float = 0.30, count: int = 9) -> Tensor:
    """A bow from the viewer's left lens to the right one, [M, C, 3], before it is cleared."""
    angle = torch.pi - torch.asin(rim.new_tensor(height))
    index = int(angle / (2.0 * torch.pi) * POINTS)
    inner = rim[:, index]  # [M, 3]
    t = torch.linspace(-1.0, 1.0, count, device=rim.device)
    bow = (1.0 - t.square()).unsqueeze(0)
    size = fit.size.unsqueeze(1)
    x = t * inner[:, :1]
    y = inner[:, 1:2] + 0.035 * size * bow
    z = inner[:, 2:] + 0.02 * size * bow
    return torch.stack([x, y, z], dim=-1)


def _rim(fit: _Fit, rim: Tensor) -> tuple[Tensor, Tensor]:
    upper = smooth(
        -0.35,
        0.5,
        (rim[..., 1] - rim[..., 1].mean(1, keepdim=True)) / (fit.get(_HIGH) * fit.size).unsqueeze(1),
    )
    wide = torch.lerp(fit.get(_BOTTOM).unsqueeze(1), fit.get(_TOP).unsqueeze(1), upper) * fit.size.unsqueeze(
        1
    )
    deep = fit.get(_DEEP).unsqueeze(1) * (0.4 + 0.6 * smooth(0.002, 0.010, wide))
    return tube(rim, _facing(rim), wide, deep, closed=True, square=3.5, around=6)


def _facing(path: Tensor) -> Tensor:
    """Forwards, and outwards where the frame bends around the face."""
    x = path[..., 0]
    return functional.normalize(
        torch.stack([0.26 * x, torch.full_like(x, -0.1), torch.ones_like(x)], dim=-1), dim=-1
    )


def _lens(rim: Tensor) -> tuple[Tensor, Tensor]:
    """A bulging sheet within the rim."""
    middle = rim.mean(1, keepdim=True)
    rings = rim.new_tensor((1.0, 0.75, 0.45, 0.0)).view(1, -1, 1, 1)
    places = middle.unsqueeze(1) + rings * (rim - middle).unsqueeze(1)
    bulge = 0.03 * (1.0 - rings[..., 0].square())
    places = places + torch.stack([0 * bulge, 0 * bulge, bulge], dim=-1)
    ring = torch.arange(POINTS, device=rim.device)
    triangles = []
    for k in range(3):
        here, there = ring + k * POINTS, ring + (k + 1) * POINTS
        triangles += [
            torch.stack([here, here.roll(-1), there], -1),
            torch.stack([here.roll(-1), there.roll(-1), there], -1),
        ]
    return places.flatten(1, 2), torch.cat(triangles)


def _bridges(fit: _Fit, rim: Tensor) -> list[tuple[Tensor, Tensor]]:
    """The bow over the nose, and the second one of an aviator's glasses."""
    parts = []
    for height, thick, shown in (
        (0.30, 1.0, torch.ones_like(fit.size)),
        (0.85, 0.9, smooth(0.4, 0.6, fit.get(_DOUBLE))),
    ):
        points = _bridge_points(fit, rim, height)
        skin = towards_face(points, fit.front, 2) + 0.6 * CLEAR
        points = torch.stack([points[..., 0], points[..., 1], torch.maximum(points[..., 2], skin)], dim=-1)
        half = (0.4 * fit.get(_TOP).clamp(min=0.010) + 0.008).unsqueeze(1) * fit.size.unsqueeze(1) * thick
        half = (half * shown.unsqueeze(1)).expand(points.shape[:2])
        parts.append(tube(points, _facing(points), half, half * 0.8, closed=False, around=6))
    return parts


def _arm(fit: _Fit, rim: Tensor) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """The viewer's right arm from the hinge over the ear, and the end piece that holds it."""
    corner = rim[:, round(0.07 * POINTS)]  # a little above the outer side
    out = torch.stack([0.045 * fit.size, 0.01 * fit.size, -0.015 * fit.size], dim=-1)
    hinge = corner + out
    # the front must be as wide as the head, or the arms spread
    side = towards_face(torch.stack([hinge], 1), fit.side, 0)[:, 0]
    hinge = torch.stack([torch.maximum(hinge[:, 0], side + 0.03), hinge[:, 1], hinge[:, 2]], dim=-1)
    over, behind = fit.ear[:, 0] + hinge.new_tensor((0.012, 0.012, 0.0)), fit.ear[:, 1]
    t = torch.linspace(0.0, 1.0, 14, device=rim.device).view(1, -1, 1)
    line = hinge.unsqueeze(1) + t * (over - hinge).unsqueeze(1)
    bent = torch.linspace(0.0, 1.0, 6, device=rim.device)[1:].view(1, -1, 1)
    # level at first, then down behind the ear
    down = torch.lerp(
        over.unsqueeze(1), behind.unsqueeze(1), torch.cat([bent, bent.square(), bent.sqrt()], dim=-1)
    )
    path = torch.cat([line, down], dim=1)
    skin = towards_face(path, fit.side, 0) + 0.022
    for _ in range(3):  # pushed off the head, then straightened
        x = torch.maximum(path[..., 0], skin)
        x = torch.cat([x[:, :1], 0.25 * x[:, :-2] + 0.5 * x[:, 1:-1] + 0.25 * x[:, 2:], x[:, -1:]], dim=1)
        path = torch.cat([x.unsqueeze(-1), path[..., 1:]], dim=-1)
    path = torch.cat([torch.maximum(path[..., :1], skin.unsqueeze(-1) - 0.004), path[..., 1:]], dim=-1)
    outwards = torch.zeros_like(path) + path.new_tensor((1.0, 0.0, 0.0))
    high = (0.013 + 0.55 * fit.get(_TOP)).unsqueeze(1) * fit.size.unsqueeze(1)
    high = high * torch.linspace(1.15, 0.75, path.shape[1], device=rim.device)
    arm = tube(path, outwards, high, torch.full_like(high, 0.010), closed=False, square=3.0, around=6)
    t = torch.linspace(0.0, 1.0, 4, device=rim.device).view(1, -1, 1)
    piece = corner.unsqueeze(1) + t * (hinge - corner).unsqueeze(1)
    half = (0.014 + 0.5 * fit.get(_TOP)).unsqueeze(1).expand(-1, 4) * fit.size.unsqueeze(1)
    return arm, tube(piece, _facing(piece), half, half * 0.7, closed=False, around=6)
