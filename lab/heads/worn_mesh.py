"""Meshes that people wear: what a piece is, and how tubes, sheets and turned bodies are made.

Everything is built in the wearer's own rest space for M wearers at once, then posed and taken apart.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ...models.head_reader import PARTS
from .head_camera import HeadCamera
from .head_mesh import BODY, head_mesh
from .head_pose import NeckPose
from .people import People

GLASSES, HAT, CLOTH, OTHER = (PARTS.index(name) for name in ("glasses", "hat", "cloth", "other"))
DETAILS = slice(20, 26)  # of the unnamed coordinates: what is worn


@dataclass(frozen=True)
class Piece:
    """A mesh of one picture, seen from both sides."""

    places: Tensor  # [V, 3] world
    triangles: Tensor  # [T, 3] int64
    colour: Tensor  # [V, 3] linear albedo
    roughness: Tensor  # [V]
    metal: float
    opacity: Tensor  # [V] below one for lenses and veils
    part: int  # index into PARTS
    rest: Tensor  # [V, 3] the wearer's own rest space


@dataclass(frozen=True)
class WornMesh:
    """The same mesh for M wearers, in their rest spaces; `world` where it is not simply posed."""

    rest: Tensor  # [M, V, 3]
    triangles: Tensor  # [T, 3]
    colour: Tensor  # [M, V, 3], or [M, 3] for all vertices
    part: int
    roughness: Tensor | float = 0.8  # or [M], [M, V]
    metal: Tensor | float = 0.0  # or [M]
    opacity: Tensor | float = 1.0  # or [M], [M, V]
    world: Tensor | None = None  # [M, V, 3]


def chosen(people: People, rows: Tensor) -> People:
    """Only these of the people, [M] rising indices."""
    return people if len(rows) == len(people.years) else _only(people, rows)


def _only(of_all: Any, rows: Tensor) -> Any:
    """A dataclass whose tensors have a row for each picture, with the rows chosen."""
    changed = {}
    for field in dataclasses.fields(of_all):
        value = getattr(of_all, field.name)
        if isinstance(value, Tensor):
            changed[field.name] = value[rows]
        elif isinstance(value, dict):
            together = torch.stack([*value.values()])[:, rows]  # a single step for all: there are many
            changed[field.name] = dict(zip(value, together, strict=True))
        elif isinstance(value, (HeadCamera, NeckPose)):
            changed[field.name] = _only(value, rows)
    return dataclasses.replace(of_all, **changed)


@lru_cache(maxsize=4)
def neck_and_shoulders(device: str) -> tuple[Tensor, Tensor]:
    """Vertices [S] of the body's mesh from the chin to the shoulders, and triangles [T, 3] between them."""
    mesh = head_mesh(device)
    near = (mesh.mean[:, 1] > 5.1) & (mesh.masks["neck"] > 0.5) & (mesh.mean[:, 0].abs() < 1.9)
    kept = near[mesh.triangles].all(1) & (mesh.group == BODY)
    vertices, triangles = mesh.triangles[kept].unique(return_inverse=True)
    return vertices, triangles


def lining(wearer: People, vertices: Tensor, triangles: Tensor, colour: Tensor, part: int) -> WornMesh:
    """Cloth on the wearers' very skin: vertices [S] of the body's mesh, triangles [T, 3] between them.

    What is laid over the resting head is posed a little otherwise than the skin below it, so that a neck
    which turns or nods far would come through.
    """
    world = wearer.places[:, vertices] + 0.008 * wearer.normals[:, vertices]
    return WornMesh(wearer.rest[:, vertices], triangles, colour, part, 0.9, world=world)


def pieces_of(wearers: People, meshes: Sequence[WornMesh]) -> list[list[Piece]]:
    """The meshes of M wearers, posed: a list for each wearer."""
    worn: list[list[Piece]] = [[] for _ in wearers.years]
    for mesh in meshes:
        count, vertices = mesh.rest.shape[:2]
        world = wearers.posed(mesh.rest) if mesh.world is None else mesh.world
        colour = mesh.colour if mesh.colour.ndim == 3 else mesh.colour.unsqueeze(1).expand(-1, vertices, -1)
        roughness = _everywhere(mesh.roughness, count, vertices, world)
        opacity = _everywhere(mesh.opacity, count, vertices, world)
        metal = mesh.metal.tolist() if isinstance(mesh.metal, Tensor) else [mesh.metal] * count
        for row in range(count):
            worn[row].append(
                Piece(
                    places=world[row],
                    triangles=mesh.triangles,
                    colour=colour[row],
                    roughness=roughness[row],
                    metal=metal[row],
                    opacity=opacity[row],
                    part=mesh.part,
                    rest=mesh.rest[row],
                )
            )
    return worn


def _everywhere(value: Tensor | float, count: int, vertices: int, like: Tensor) -> Tensor:
    if not isinstance(value, Tensor):
        return torch.full((count, vertices), float(value), device=like.device)
    return value.expand(count, vertices) if value.ndim == 2 else value.unsqueeze(1).expand(-1, vertices)


def grid_triangles(rows: int, columns: int, closed: bool, device: torch.device | str = "cpu") -> Tensor:
    """Triangles [T, 3] of a grid of vertices in rows; `closed` joins the last column to the first."""
    across = torch.arange(columns if closed else columns - 1, device=device)
    down = torch.arange(rows - 1, device=device)[:, None] * columns
    here, right = down + across, down + (across + 1) % columns  # [rows - 1, C]
    below, across_below = here + columns, right + columns
    first = torch.stack([here, below, right], dim=-1).reshape(-1, 3)
    return torch.cat([first, torch.stack([right, below, across_below], dim=-1).reshape(-1, 3)])


def outline(count: int, square: Tensor | float, like: Tensor) -> Tensor:
    """A closed curve [..., count, 2] from round (square 2) to nearly square (6), within -1..1."""
    angle = torch.arange(count, device=like.device) * (2.0 * math.pi / count)
    power = 2.0 / (square.unsqueeze(-1) if isinstance(square, Tensor) else square)
    cos, sin = torch.cos(angle), torch.sin(angle)
    x = cos.sign() * cos.abs().clamp(min=1e-6) ** power
    y = sin.sign() * sin.abs().clamp(min=1e-6) ** power
    return torch.stack([x, y], dim=-1)


def along(path: Tensor, closed: bool) -> Tensor:
    """Unit tangents [M, K, 3] of paths [M, K, 3]."""
    if closed:
        step = path.roll(-1, 1) - path.roll(1, 1)
    else:
        step = torch.cat(
            [path[:, 1:2] - path[:, :1], path[:, 2:] - path[:, :-2], path[:, -1:] - path[:, -2:-1]], dim=1
        )
    return functional.normalize(step, dim=-1, eps=1e-8)


def tube(
    path: Tensor,
    normal: Tensor,
    wide: Tensor,
    deep: Tensor,
    closed: bool,
    square: float = 2.6,
    around: int = 8,
) -> tuple[Tensor, Tensor]:
    """Vertices [M, V, 3] and triangles [T, 3] of tubes along paths [M, K, 3].

    normal [M, K, 3]: the direction of the section's depth; wide, deep [M, K]: its half sizes.
    """
    tangent = along(path, closed)
    across = functional.normalize(torch.linalg.cross(tangent, normal), dim=-1, eps=1e-8)
    up = torch.linalg.cross(across, tangent)
    ring = outline(around, square, path)  # [A, 2]
    places = (
        path.unsqueeze(2)
        + (wide.unsqueeze(-1) * ring[:, 0]).unsqueeze(-1) * across.unsqueeze(2)
        + (deep.unsqueeze(-1) * ring[:, 1]).unsqueeze(-1) * up.unsqueeze(2)
    )  # [M, K, A, 3]
    if closed:
        places = torch.cat([places, places[:, :1]], dim=1)
    elif around:  # the ends are closed by a point
        places = torch.cat([path[:, :1].unsqueeze(2).expand_as(places[:, :1]), places], dim=1)
        places = torch.cat([places, path[:, -1:].unsqueeze(2).expand_as(places[:, :1])], dim=1)
    rows = places.shape[1]
    return places.flatten(1, 2), grid_triangles(rows, around, True, path.device)


def turned(profile: Tensor, columns: int) -> tuple[Tensor, Tensor]:
    """Bodies turned about y: profile [M, K, 2] of radius and height -> vertices [M, V, 3], triangles."""
    angle = torch.arange(columns, device=profile.device) * (2.0 * math.pi / columns)
    circle = torch.stack([torch.sin(angle), torch.cos(angle)], dim=-1)  # [C, 2]
    flat = profile[..., :1, None] * circle  # [M, K, C, 2]
    high = profile[..., 1:, None].expand(-1, -1, columns, -1)
    places = torch.cat([flat[..., :1], high, flat[..., 1:]], dim=-1)
    return places.flatten(1, 2), grid_triangles(profile.shape[1], columns, True, profile.device)


def ball(centre: Tensor, size: Tensor, rows: int = 9, columns: int = 12) -> tuple[Tensor, Tensor]:
    """Ellipsoids at centres [M, 3] with half axes [M, 3]."""
    angle = torch.linspace(0.0, math.pi, rows, device=centre.device)
    profile = torch.stack([torch.sin(angle), torch.cos(angle)], dim=-1)
    places, triangles = turned(profile.expand(len(centre), -1, -1), columns)
    return centre.unsqueeze(1) + size.unsqueeze(1) * places, triangles


def joined(parts: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Several meshes, each vertices [M, V, 3] and triangles [T, 3], as one."""
    first, triangles = 0, []
    for places, faces in parts:
        triangles.append(faces + first)
        first += places.shape[1]
    return torch.cat([places for places, _ in parts], dim=1), torch.cat(triangles)


def mirrored(places: Tensor, triangles: Tensor) -> tuple[Tensor, Tensor]:
    """The same on the other side of the face."""
    return places * places.new_tensor((-1.0, 1.0, 1.0)), triangles.flip(1)


def between(table: Tensor, place: Tensor) -> Tensor:
    """Rows of a table [K, ...] at places 0..1 [M] of its length, mixed between neighbours: [M, ...]."""
    at = place.clamp(0.0, 1.0) * (len(table) - 1)
    low = at.floor().long().clamp(max=len(table) - 2)
    share = (at - low).view(-1, *[1] * (table.ndim - 1))
    return torch.lerp(table[low], table[low + 1], share)


def towards_face(points: Tensor, surface: Tensor, axis: int) -> Tensor:
    """How far a surface's vertices [M, V, 3] reach along an axis at points [M, K, 3], seen along it: [M, K].

    Every vertex counts as a blunt cone, so that the answer is continuous and never far below the surface.
    """
    other = [index for index in range(3) if index != axis]
    away = torch.cdist(points[..., other], surface[..., other])  # [M, K, V]
    reach = surface[..., axis].unsqueeze(1) - 20.0 * (away - 0.02).clamp(min=0.0).square()
    return reach.amax(-1)
