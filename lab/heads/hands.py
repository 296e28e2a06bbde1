"""A hand, or a thing, in front of part of the face at times."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from ..smooth_step import smooth
from .head_mesh import BODY, head_mesh
from .people import People
from .scene_canvas import tint
from .skin import toned
from .worn_mesh import (
    DETAILS,
    OTHER,
    Piece,
    WornMesh,
    chosen,
    grid_triangles,
    joined,
    outline,
    pieces_of,
    towards_face,
    tube,
    turned,
)

GAP = 0.03  # decimetres that a thing keeps from the face
# a hand with its palm to -z, fingers up: where fingers begin on the palm, their lengths and half widths
KNUCKLES = ((-0.33, 0.92), (-0.115, 1.00), (0.10, 0.98), (0.30, 0.88))  # index to little finger
LENGTHS = (0.74, 0.84, 0.76, 0.58)
WIDTHS = (0.082, 0.086, 0.080, 0.068)


class _Holder:
    """One person who holds something. Places are in rest space, with the face's expression."""

    def __init__(self, wearer: People) -> None:
        self.details = wearer.details[:, DETAILS]
        self.face = wearer.acting[:, _front(str(wearer.rest.device))]  # [1, F, 3]
        controls = wearer.controls
        self.skin = toned(controls["skin_tone"]) * self.face.new_tensor((0.92, 0.80, 0.78))  # [1, 3]
        self.size = 0.93 + 0.05 * controls["masculine"] - 0.25 * wearer.child  # [1]
        self.side = torch.where(self.details[:, 0] > 0.0, 1.0, -1.0)  # the viewer's right, left
        self.colour = tint(controls["clothing_hue"] + 0.4, 0.6 * torch.special.ndtr(self.details[:, 3])) * (
            0.02 * 35.0 ** torch.special.ndtr(self.details[:, 4])
        ).unsqueeze(1)
        self.sleeve = tint(controls["clothing_hue"], 0.3) * (
            0.03 * 16.0 ** controls["clothing_tone"]
        ).unsqueeze(1)

    def varied(self, index: int, low: float, high: float) -> Tensor:
        """A number [1] that the details choose."""
        return low + (high - low) * torch.special.ndtr(
            self.details[:, 1 + index % 5] * (1.0 if index < 5 else -1.0)
        )

    def place(self, x: float, y: float, z: float) -> Tensor:
        """A point of rest space on the person's held side, [1, 3]."""
        return self.face.new_tensor([[x, y, z]]) * torch.stack(
            [self.side, 0 * self.side + 1, 0 * self.side + 1], dim=-1
        )

    def against(self, points: Tensor, towards: Tensor, touches: bool = True) -> Tensor:
        """Points [1, V, 3] moved along `towards` [1, 3], away from the face, until they just clear it.

        Those that clear it already are brought to it when it `touches`.
        """
        axes = _axes(towards)
        held, face = points @ axes.transpose(1, 2), self.face @ axes.transpose(1, 2)
        probe = held[:, :: max(1, held.shape[1] // 400)]
        lift = (towards_face(probe, face, 2) + GAP - probe[..., 2]).amax(1)
        lift = lift if touches else lift.clamp(min=0.0)
        return points + lift.view(-1, 1, 1) * towards.unsqueeze(1)


@lru_cache(maxsize=4)
def _front(device: str) -> Tensor:
    mesh = head_mesh(device)
    _, y, z = mesh.mean.unbind(1)
    return ((mesh.vertex_group == BODY) & (z > 0.3) & (y > 5.9)).nonzero()[::3, 0]


def _axes(towards: Tensor) -> Tensor:
    """Rows of a frame [M, 3, 3] whose last axis is `towards`."""
    up = towards.new_tensor([[0.0, 1.0, 0.05]]).expand_as(towards)
    across = functional.normalize(torch.linalg.cross(up, towards), dim=-1)
    return torch.stack([across, torch.linalg.cross(towards, across), towards], dim=1)


def _limb(points: Tensor, width: Tensor, depth: Tensor, normal: Tensor) -> tuple[Tensor, Tensor]:
    """A rounded limb through points [1, K, 3], half width and depth [1, K]; normal [1, 3]: the depth's."""
    path = torch.cat([points, width.unsqueeze(-1), depth.unsqueeze(-1)], dim=-1)  # [1, K, 5]
    for _ in range(2):  # rounded joints
        steps = [torch.lerp(path[:, :-1], path[:, 1:], share) for share in (0.25, 0.75)]
        path = torch.cat([path[:, :1], torch.stack(steps, dim=2).flatten(1, 2), path[:, -1:]], dim=1)
    points = path[..., :3]
    facing = normal.unsqueeze(1).expand_as(points)
    return tube(points, facing, path[..., 3], path[..., 4], closed=False, square=2.2, around=12)


def _hand(
    holder: _Holder, curl: tuple[float, ...], spread: float, thumb: tuple[float, float]
) -> tuple[Tensor, Tensor, Tensor]:
    """A hand with a forearm: vertices [1, V, 3], triangles and which are nails [V], before it is placed.

    curl: how far each finger is bent, 0..1; thumb: how far it stands out, and is bent.
    """
    device = holder.face.device

    def point(*values: float) -> Tensor:
        return torch.tensor(values, device=device)

    parts = []
    nails = []
    for (x, y), long, wide, bent in zip(KNUCKLES, LENGTHS, WIDTHS, curl, strict=True):
        fan = spread * x * 0.9
        at, angle = point(x, y, 0.0), 0.12
        joints = [point(x * 0.9, y - 0.25, 0.01), at]
        for share, turn in ((0.46, 1.25), (0.30, 1.5), (0.24, 1.0)):
            angle = angle + turn * bent
            step = long * share
            at = at + step * point(
                math.cos(angle) * math.sin(fan), math.cos(angle) * math.cos(fan), -math.sin(angle)
            )
            joints.append(at)
        path = torch.stack(joints)[None]
        width = wide * point(1.05, 1.10, 1.02, 0.92, 0.74)[None]
        normal = point(0.0, 0.3, 1.0)[None]
        finger = _limb(path, width, 0.92 * width, normal)
        parts.append(finger)
        back = functional.normalize(point(0.0, math.sin(angle), math.cos(angle)), dim=0)
        middle = torch.lerp(joints[-2], joints[-1], 0.72) + 0.055 * back
        nails.append(
            ((finger[0][0] - middle).norm(dim=1) < 0.062) & (((finger[0][0] - middle) @ back) > -0.03)
        )
    out, bent = thumb
    joints = [point(-0.20, 0.25, -0.02), point(-0.36 - 0.12 * out, 0.52, -0.06 - 0.10 * bent)]
    joints.append(joints[-1] + 0.34 * functional.normalize(point(-0.55 * out + 0.1, 1.0, -0.5 * bent), dim=0))
    joints.append(
        joints[-1] + 0.28 * functional.normalize(point(-0.25 * out + 0.35 * bent, 1.0, -0.4 * bent), dim=0)
    )
    width = 0.10 * point(1.6, 1.2, 0.95, 0.72)[None]
    finger = _limb(torch.stack(joints)[None], width, 0.9 * width, point(-0.5, 0.0, 0.8)[None])
    parts.append(finger)
    nails.append(torch.zeros(finger[0].shape[1], dtype=torch.bool, device=device))
    heights = point(-0.42, 0.0, 0.30, 0.62, 0.86, 0.98, 1.05)
    palm = torch.stack([-0.01 + 0 * heights, heights, 0 * heights], dim=-1)[None]
    width = point(0.255, 0.265, 0.375, 0.425, 0.415, 0.36, 0.24)[None]
    depth = point(0.19, 0.17, 0.155, 0.140, 0.115, 0.09, 0.05)[None]
    solid = _limb(palm, width, depth, point(0.0, 0.0, 1.0)[None])
    parts.append(solid)
    nails.append(torch.zeros(solid[0].shape[1], dtype=torch.bool, device=device))
    places, triangles = joined(parts)
    return places, triangles, torch.cat(nails)


def _arm(holder: _Holder) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """The wrist, and the sleeve below it, before they are placed."""
    back = holder.face.new_tensor([[0.0, 0.0, 1.0]])
    path = holder.face.new_tensor([[[0, 0.40, 0], [0, 0.02, 0.0], [0, -0.5, 0.0], [0, -1.6, 0.05]]])
    width = holder.face.new_tensor([[0.20, 0.262, 0.27, 0.36]])
    wrist = _limb(path, width, 0.75 * width, back)
    path = holder.face.new_tensor(
        [[[0, -0.62, 0], [0, -0.66, 0.0], [0, -1.2, 0.04], [0, -2.2, 0.05], [0, -3.4, 0.05]]]
    )
    width = holder.face.new_tensor([[0.40, 0.43, 0.47, 0.52, 0.56]])
    sleeve = _limb(path, width, 0.85 * width, back)
    return wrist, sleeve


def _placed_hand(
    holder: _Holder,
    curl: tuple[float, ...],
    spread: float,
    thumb: tuple[float, float],
    at: Tensor,
    fingers: Tensor,
    palm: Tensor,
    towards: Tensor,
    grip: float = 0.75,
    touches: bool = True,
) -> list[WornMesh]:
    """A hand with the point `grip` up its palm at `at`, fingers along `fingers`, the palm facing `palm`.

    It touches the face, or with `touches` off keeps its place unless the face is in the way.
    """
    places, triangles, nails = _hand(holder, curl, spread, thumb)
    wrist, sleeve = _arm(holder)
    up = functional.normalize(fingers, dim=-1)
    back = functional.normalize(-palm + (palm * up).sum(-1, keepdim=True) * up, dim=-1)
    mirror = holder.side.unsqueeze(-1)  # a right hand on the right: the thumb lies towards the middle
    across = torch.linalg.cross(up, back) * mirror
    axes = torch.stack([across, up, back], dim=1)  # [1, 3, 3]

    def into(local: Tensor) -> Tensor:
        scaled = (local - local.new_tensor((0.0, grip, 0.0))) * holder.size.view(-1, 1, 1)
        return scaled @ axes + at.unsqueeze(1)

    hand = into(places)
    moved = holder.against(hand, towards, touches) - hand
    shift = moved[:, :1]
    skin = holder.skin.unsqueeze(1).expand(-1, hand.shape[1], -1)
    pale = holder.skin.unsqueeze(1) * hand.new_tensor((1.08, 0.98, 1.0)) + 0.03
    skin = torch.where(nails.view(1, -1, 1), pale, skin)
    # knuckles and the hollows between the fingers
    y = places[..., 1:2]
    skin = skin * (1.0 - 0.10 * torch.exp(-((y - 0.97) / 0.06).square()))
    meshes = [WornMesh(hand + shift, triangles, skin, OTHER, 0.45)]
    meshes.append(WornMesh(into(wrist[0]) + shift, wrist[1], holder.skin, OTHER, 0.5))
    meshes.append(WornMesh(into(sleeve[0]) + shift, sleeve[1], holder.sleeve, OTHER, 0.9))
    return meshes


def on_cheek(holder: _Holder) -> list[WornMesh]:
    """The cheek leans on an open hand."""
    d = holder.varied(0, 0.0, 0.25).item()
    return _placed_hand(
        holder,
        (0.10 + d, 0.14 + d, 0.2 + d, 0.3 + d),
        0.25,
        (0.4, 0.3),
        holder.place(0.62, 6.72, 0.95),
        holder.place(0.10, 1.0, -0.12),
        -holder.place(0.8, 0.0, 0.6),
        holder.place(0.83, 0.0, 0.55),
    )


def under_chin(holder: _Holder) -> list[WornMesh]:
    """The chin rests on a loose fist."""
    return _placed_hand(
        holder,
        (0.85, 0.9, 0.95, 1.0),
        0.05,
        (0.1, 0.8),
        holder.place(0.10, 6.05, 1.52),
        holder.place(-0.25, 1.0, 0.15),
        -holder.place(0.0, -0.25, 1.0),
        holder.place(0.0, -0.35, 0.94),
        grip=1.0,
    )


def on_lips(holder: _Holder) -> list[WornMesh]:
    """A finger on the lips."""
    return _placed_hand(
        holder,
        (0.06, 0.95, 1.0, 1.0),
        0.0,
        (0.05, 0.9),
        holder.place(0.24, 6.15, 1.75),
        holder.place(0.03, 1.0, -0.05),
        -holder.place(0.15, 0.0, 1.0),
        holder.place(0.1, 0.0, 1.0),
        grip=0.95,
    )


def over_mouth(holder: _Holder) -> list[WornMesh]:
    """A hand held over the mouth."""
    return _placed_hand(
        holder,
        (0.2, 0.16, 0.17, 0.22),
        0.05,
        (0.3, 0.3),
        holder.place(0.25, 6.52, 1.70),
        holder.place(-1.0, 0.55, 0.05),
        -holder.place(0.1, 0.0, 1.0),
        holder.place(0.1, 0.0, 1.0),
    )


def at_temple(holder: _Holder) -> list[WornMesh]:
    """Fingers at the temple and in the hair."""
    return _placed_hand(
        holder,
        (0.25, 0.3, 0.35, 0.4),
        0.3,
        (0.6, 0.2),
        holder.place(0.72, 7.25, 0.95),
        holder.place(-0.15, 1.0, -0.25),
        -holder.place(0.85, 0.0, 0.5),
        holder.place(0.8, 0.1, 0.6),
    )


def raised(holder: _Holder) -> list[WornMesh]:
    """An open hand raised beside or before the face."""
    x = holder.varied(1, 0.35, 1.15).item()
    d = holder.varied(2, 0.0, 0.2).item()
    return _placed_hand(
        holder,
        (d, d, d, 1.2 * d),
        0.8,
        (0.9, 0.0),
        holder.place(x, 6.6, 2.1),
        holder.place(0.15, 1.0, 0.1),
        holder.place(0.0, 0.1, 1.0),
        holder.place(0.0, 0.0, 1.0),
        touches=False,
    )


def cup(holder: _Holder) -> list[WornMesh]:
    """A cup before the mouth, with the hand that holds it."""
    profile = holder.face.new_tensor(
        [
            [
                [0.0, -0.45],
                [0.24, -0.45],
                [0.27, -0.40],
                [0.33, 0.40],
                [0.34, 0.43],
                [0.32, 0.41],
                [0.26, -0.36],
                [0.0, -0.38],
            ]
        ]
    )
    places, triangles = turned(profile, 28)
    lean = _tilted(-0.15 - 0.6 * holder.varied(0, 0.0, 1.0).item(), places)
    at = holder.place(0.02, 6.38, 2.05)
    body = holder.against(places @ lean + at.unsqueeze(1), holder.place(0.0, -0.2, 1.0))
    centre = body.mean(1)
    meshes = [WornMesh(body, triangles, holder.colour * 0.8 + 0.05, OTHER, 0.25)]
    meshes += _placed_hand(
        holder,
        (0.40, 0.38, 0.38, 0.40),
        0.0,
        (0.5, 0.8),
        centre + holder.place(0.45, -0.05, 0.25),
        holder.place(-0.48, 0.25, 0.75),
        -holder.place(0.85, 0.0, 0.5),
        holder.place(0.4, 0.0, 1.0),
        touches=False,
    )
    return meshes


def _tilted(angle: float, like: Tensor) -> Tensor:
    """Rotation about x as rows times matrix."""
    c, s = math.cos(angle), math.sin(angle)
    return like.new_tensor([[1.0, 0.0, 0.0], [0.0, c, s], [0.0, -s, c]])


def telephone(holder: _Holder) -> list[WornMesh]:
    """A telephone at the ear, with the hand around it."""
    ring = outline(24, 7.0, holder.face) * holder.face.new_tensor((0.36, 0.74))
    rows = [
        torch.cat([ring * size, torch.full_like(ring[:, :1], z)], dim=-1)
        for size, z in ((0.0, -0.04), (0.94, -0.04), (1.0, -0.025), (1.0, 0.025), (0.94, 0.04), (0.0, 0.04))
    ]
    flat = torch.stack(rows).flatten(0, 1)[None]
    out = functional.normalize(holder.place(0.92, 0.05, 0.38), dim=-1)
    up = functional.normalize(holder.place(0.05, 0.85, -0.5), dim=-1)
    across = functional.normalize(torch.linalg.cross(up, out), dim=-1)
    up = torch.linalg.cross(out, across)
    placed = flat @ torch.stack([across, up, out], dim=1) + holder.place(0.86, 6.90, 0.75).unsqueeze(1)
    placed = holder.against(placed, out)
    meshes = [
        WornMesh(placed, grid_triangles(6, 24, True, flat.device), holder.colour * 0.3 + 0.008, OTHER, 0.12)
    ]
    meshes += _placed_hand(
        holder,
        (0.28, 0.32, 0.36, 0.40),
        0.05,
        (0.7, 0.4),
        placed.mean(1) + 0.14 * out - 0.15 * up,
        up + 0.15 * across,
        -out,
        out,
        touches=False,
    )
    return meshes


def microphone(holder: _Holder) -> list[WornMesh]:
    """A microphone before chin and mouth, in a fist."""
    profile = holder.face.new_tensor(
        [
            [
                [0.0, 0.27],
                [0.14, 0.23],
                [0.22, 0.12],
                [0.24, 0.0],
                [0.21, -0.12],
                [0.135, -0.20],
                [0.12, -0.24],
                [0.10, -0.9],
                [0.085, -1.7],
                [0.0, -1.7],
            ]
        ]
    )
    places, triangles = turned(profile, 22)
    lean = _tilted(-0.55 - 0.5 * holder.varied(0, 0.0, 1.0).item(), places)
    at = holder.place(0.06, 6.42, 2.05)
    body = holder.against(places @ lean + at.unsqueeze(1), holder.place(0.0, -0.1, 1.0))
    head = (profile[..., 1] > -0.15).float()[..., None].repeat(1, 1, 22).flatten(1).unsqueeze(-1)
    colour = torch.lerp(
        body.new_tensor([[[0.02, 0.02, 0.022]]]), body.new_tensor([[[0.28, 0.28, 0.29]]]), head
    )
    meshes = [WornMesh(body, triangles, colour, OTHER, 0.35, 0.3)]
    low = (
        torch.tensor([[0.0, -1.15, 0.0]], device=body.device) @ lean
        + at
        + (body - places @ lean - at.unsqueeze(1))[:, 0]
    )
    meshes += _placed_hand(
        holder,
        (0.85, 0.88, 0.9, 0.92),
        0.0,
        (0.1, 0.9),
        low + holder.place(0.12, 0.0, 0.16),
        holder.place(-0.75, 0.62, 0.3),
        -holder.place(0.35, 0.1, 0.9),
        holder.place(0.2, 0.0, 1.0),
        grip=0.85,
        touches=False,
    )
    return meshes


def book(holder: _Holder) -> list[WornMesh]:
    """A book held open before the lower face, seen from its covers."""
    u = torch.linspace(-1.0, 1.0, 21, device=holder.face.device)
    v = torch.linspace(-1.0, 1.0, 9, device=holder.face.device)
    x = u.view(1, -1) * 0.95
    fold = 0.28 * u.abs().view(1, -1).pow(0.8) - 0.05 * (u.abs() < 0.06).float().view(1, -1)
    sheet = torch.stack(
        [x.expand(9, -1), (0.68 * v).view(-1, 1).expand(-1, 21), (-fold).expand(9, -1)], dim=-1
    )
    pages = sheet * sheet.new_tensor((0.96, 0.96, 1.0)) - sheet.new_tensor((0.0, 0.0, 0.06))
    lean = _tilted(-0.15, sheet)
    high = holder.varied(0, 5.95, 6.55).item()
    at = holder.place(0.0, high, 2.2)
    both, triangles = joined(
        [(part.flatten(0, 1)[None], grid_triangles(9, 21, False, sheet.device)) for part in (sheet, pages)]
    )
    body = holder.against(both @ lean + at.unsqueeze(1), holder.place(0.0, 0.0, 1.0))
    cover = holder.colour.unsqueeze(1).expand(-1, 189, -1)
    band = (v.abs() > 0.55).float().view(-1, 1).expand(-1, 21).flatten().view(1, -1, 1)
    cover = cover * (1.0 - 0.25 * band)
    colour = torch.cat([cover, body.new_tensor((0.62, 0.58, 0.48)).expand(1, 189, 3)], dim=1)
    meshes = [WornMesh(body, triangles, colour, OTHER, 0.6)]
    meshes += _placed_hand(
        holder,
        (0.35, 0.35, 0.38, 0.4),
        0.05,
        (0.6, 0.2),
        body.mean(1) + holder.place(0.62, -0.55, 0.20),
        holder.place(-0.35, 1.0, 0.05),
        -holder.place(0.0, 0.0, 1.0),
        holder.place(0.0, 0.0, 1.0),
        touches=False,
    )
    return meshes


def fan(holder: _Holder) -> list[WornMesh]:
    """A folding fan spread before the lower face."""
    count = 57
    angle = torch.linspace(-1.15, 1.15, count, device=holder.face.device)
    radius = holder.face.new_tensor([0.12, 0.5, 0.9, 1.35, 1.40])
    fold = 0.03 * holder.face.new_tensor([1.0, -1.0] * 29)[:count]
    x = radius[:, None] * torch.sin(angle)
    y = radius[:, None] * torch.cos(angle)
    z = fold * (radius[:, None] > 0.45)
    sheet = torch.stack([x, y, z], dim=-1).flatten(0, 1)[None]
    roll = 0.5 * math.tanh(float(holder.details[0, 2]))
    c, s = math.cos(roll), math.sin(roll)
    turn = holder.face.new_tensor([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
    at = holder.place(0.25, 5.45 + holder.varied(0, 0.0, 0.35).item(), 1.95)
    body = holder.against(sheet @ turn + at.unsqueeze(1), holder.place(0.0, 0.0, 1.0))
    stick = (radius[:, None] < 0.45).float().expand(-1, count).flatten().view(1, -1, 1)
    stripe = 0.85 + 0.15 * torch.sign(fold).repeat(5).view(1, -1, 1)
    rim = (radius[:, None] > 1.3).float().expand(-1, count).flatten().view(1, -1, 1)
    colour = holder.colour.unsqueeze(1) * stripe * (1.0 - 0.3 * rim)
    colour = torch.lerp(colour, body.new_tensor((0.30, 0.18, 0.08)).expand_as(colour), stick)
    meshes = [WornMesh(body, grid_triangles(5, count, False, body.device), colour, OTHER, 0.6)]
    foot = body[:, count // 2 : count // 2 + 1].mean(1) - holder.place(0.0, 0.1, 0.0)
    meshes += _placed_hand(
        holder,
        (0.75, 0.78, 0.8, 0.82),
        0.0,
        (0.1, 0.8),
        foot + holder.place(0.10, 0.0, 0.14),
        holder.place(-0.6, 0.8, 0.2),
        -holder.place(0.2, 0.0, 1.0),
        holder.place(0.0, 0.0, 1.0),
        grip=0.9,
        touches=False,
    )
    return meshes


def leaves(holder: _Holder) -> list[WornMesh]:
    """A twig with leaves across a corner of the picture, nearer than the face and out of focus."""
    parts, shades = [], []
    source = torch.Generator().manual_seed(41)
    draws = torch.rand(12, 5, generator=source, device="cpu").tolist()
    side = holder.side.item()
    for k in range(12):
        t = k / 11.0
        along = holder.face.new_tensor(
            [
                side * (1.5 - 1.35 * t),
                5.9 + 0.5 * t + 0.35 * math.tanh(float(holder.details[0, 2])),
                2.5 + 0.3 * t,
            ]
        )
        turn = (draws[k][0] - 0.5) * 2.2 + (0.9 if k % 2 else -0.9) + 0.4 * float(holder.details[0, 1])
        out = holder.face.new_tensor([-side * math.cos(turn), math.sin(turn), 0.25])
        across = functional.normalize(torch.linalg.cross(out, out.new_tensor([0.0, 0.2, 1.0])), dim=0)
        long, wide = 0.40 + 0.25 * draws[k][1], 0.13 + 0.06 * draws[k][2]
        u = torch.linspace(0.0, 1.0, 9, device=holder.face.device)
        v = torch.linspace(-1.0, 1.0, 7, device=holder.face.device)
        half = wide * torch.sin(math.pi * u.pow(0.8)).clamp(min=0.0)
        leaf = along + long * u.view(-1, 1, 1) * out + (half.view(-1, 1) * v).unsqueeze(-1) * across
        parts.append((leaf.flatten(0, 1)[None], grid_triangles(9, 7, False, leaf.device)))
        # soft at the outline, as what is out of focus is
        soft = smooth(1.0, 0.35, v.abs()).expand(9, -1) * torch.sin(math.pi * u.clamp(0.04, 0.96)).pow(
            0.5
        ).view(-1, 1)
        shades.append((soft.flatten(), 0.6 + 0.6 * draws[k][3]))
    places, triangles = joined(parts)
    places = holder.against(places.to(holder.face), holder.place(0.0, 0.0, 1.0), touches=False)
    opacity = torch.cat([soft for soft, _ in shades]).to(places)[None] * 0.97
    green = places.new_tensor((0.06, 0.13, 0.025)) * (0.7 + holder.varied(3, 0.0, 1.5))
    shade = torch.cat([torch.full_like(soft, light) for soft, light in shades]).to(places)
    return [WornMesh(places, triangles, green * shade.view(1, -1, 1), OTHER, 0.6, 0.0, opacity)]


class HeldKind(NamedTuple):
    """One thing in front of the face and how often it is."""

    made: Callable[[_Holder], list[WornMesh]]
    often: float


HELD = (
    HeldKind(on_cheek, 1.5),
    HeldKind(under_chin, 1.3),
    HeldKind(over_mouth, 1.2),
    HeldKind(on_lips, 0.8),
    HeldKind(at_temple, 1.0),
    HeldKind(raised, 1.2),
    HeldKind(telephone, 0.8),
    HeldKind(cup, 0.8),
    HeldKind(microphone, 0.8),
    HeldKind(book, 0.6),
    HeldKind(fan, 0.6),
    HeldKind(leaves, 0.6),
)


def kinds_held(people: People) -> Tensor:
    """The index into HELD [N], -1 where nothing is held."""
    share = people.controls["hand_place"]
    often = share.new_tensor([kind.often for kind in HELD])
    index = torch.searchsorted((often / often.sum()).cumsum(0), share, right=True).clamp(max=len(HELD) - 1)
    return torch.where(people.controls["hand"] > 0.5, index, -1)


def hands_of(people: People) -> list[list[Piece]]:
    """What every picture has in front of the face; no pieces for most."""
    held: list[list[Piece]] = [[] for _ in people.years]
    kinds = kinds_held(people)
    for row in (kinds >= 0).nonzero()[:, 0].tolist():
        wearer = chosen(people, torch.tensor([row], device=kinds.device))
        meshes = HELD[int(kinds[row])].made(_Holder(wearer))
        # what is held turns with the head as one body
        stiff = [dataclasses.replace(mesh, world=_with_head(wearer, mesh.rest)) for mesh in meshes]
        held[row] = pieces_of(wearer, stiff)[0]
    return held


def _with_head(wearer: People, points: Tensor) -> Tensor:
    """Points [1, V, 3] of rest space as the head's turn moves them."""
    pivot = wearer.pivot.unsqueeze(1)
    return (points - pivot) @ wearer.turned.transpose(1, 2) + pivot
