"""Hair beyond a tie: tails, braids, buns, rolls; and rows that are braided close to the scalp."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np

from .body_field import BodyField, distance
from .combing import Combing
from .guides import NO_CUT, NO_ROOF, SKULL, Guides, ScalpSpace, Set, grow
from .hair_styles import Tied
from .strand_curves import NEAREST, StrandPlan, Texture, curves

STRANDS = 2600  # of one tail, braid or bun at detail 1
GUIDES = 40  # of a tail
ROW_STRANDS = 150


def bundles(
    combing: Combing, space: ScalpSpace, body: BodyField, texture: Texture, detail: float
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Points [S, K, 3] in the world and roots [S, 3] on the mean head of each bundle of a style."""
    made, number = [], 0
    for tied in combing.style.tied:
        for side in (-1, 1) if tied.both else (0,):
            made.append(_bundle(combing, tied, side, combing.ties[number], space, body, texture, detail))
            number += 1
    if combing.style.rows:
        made.append(_rows(combing, space, body, detail))
    return made


def _bundle(
    combing: Combing,
    tied: Tied,
    side: int,
    towards: np.ndarray,
    space: ScalpSpace,
    body: BodyField,
    texture: Texture,
    detail: float,
) -> tuple[np.ndarray, np.ndarray]:
    both = 0.7 if tied.both else 1.0
    count = max(24, int(STRANDS * detail * both))
    chance = _chance(count, 31 + side)
    mean = np.array(SKULL) + 0.85 * towards
    middle, outward = _on_skin(space.world(mean), body, 0.03)
    size = tied.size * math.exp(0.18 * combing.wishes.volume) / float(space.scale[0])
    roots = np.repeat(mean[None], count, 0)
    if tied.kind == "bun":
        return _bun(middle, outward, size, chance, detail), roots
    if tied.kind == "roll":
        return _roll(middle, space, size, tied.length, chance), roots
    guides = _tail_guides(combing, tied, middle, outward, size, towards, space, body)
    plan = StrandPlan(
        np.repeat(middle[None], count, 0).astype(np.float32) + _disc(chance, outward, 0.35 * size),
        (chance[:, :NEAREST] * len(guides)).astype(np.int64).clip(0, len(guides) - 1),
        np.ones((count, NEAREST), np.float32) * np.array([1.0, 0.5, 0.25, 1e-4, 1e-4, 1e-4], np.float32),
        np.zeros(count),
        np.zeros(count),
        (1.0 - 0.3 * chance[:, 6] ** 2).astype(np.float32),
        np.zeros(count, np.int64) if tied.kind == "braid" else (chance[:, 0] * len(guides)).astype(np.int64),
        chance,
    )
    none = np.zeros(len(guides))
    length = float(np.linalg.norm(np.diff(guides[0], axis=0), axis=1).sum())
    points = max(texture.points, int((14 + 7 * length) * (0.6 + 0.4 * detail)))
    texture = replace(texture, points=points, rope=0.0, depth=0.3 * size, clump=0.3)
    if tied.kind == "braid":
        points = int(np.clip(length / (7.0 * size) * 12, 16, 60))
        texture = replace(texture, points=points, rope=size, plait=1.0, radius=0.0, depth=0.0, frizz=0.006)
        plan = replace(plan, part_length=(1.0 - 0.1 * chance[:, 6]).astype(np.float32))
        guides = np.repeat(guides[:1], len(guides), 0)
    return curves(guides, none, none, plan, guides.copy(), texture, body), roots


@lru_cache(maxsize=32)
def _chance(count: int, seed: int) -> np.ndarray:
    """Fixed numbers [count, 8] whose first rows are those of a smaller count."""
    return np.random.default_rng(seed).random((count, 8)).astype(np.float32)


def _on_skin(place: np.ndarray, body: BodyField, height: float) -> tuple[np.ndarray, np.ndarray]:
    """The point at a height above the skin that is nearest to a place, and the way outwards."""
    outward = np.array([0.0, 1.0, 0.0])
    for _ in range(6):
        far, *slope = distance(body.values, body.origin, *place)
        outward = np.array(slope) / (np.linalg.norm(slope) + 1e-6)
        place = place + outward * (height - far)
    return place, outward


def _frame(outward: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two directions across `outward`; the second points as far up as can be."""
    across = np.cross(np.array([0.0, 1.0, 0.05]), outward)
    across = across / np.linalg.norm(across)
    return across, np.cross(outward, across)


def _disc(chance: np.ndarray, outward: np.ndarray, radius: float) -> np.ndarray:
    across, up = _frame(outward)
    around, far = 2 * math.pi * chance[:, :1], radius * np.sqrt(chance[:, 1:2])
    return (far * (np.cos(around) * across + np.sin(around) * up)).astype(np.float32)


def _bun(
    middle: np.ndarray, outward: np.ndarray, size: float, chance: np.ndarray, detail: float
) -> np.ndarray:
    """Hair wound around the bun's axis, [S, K, 3]."""
    points = int(12 + 10 * detail)
    across, up = _frame(outward)
    t = np.linspace(0.0, 1.0, points)[None]
    around = 2 * math.pi * (chance[:, :1] + (0.8 + 0.5 * chance[:, 1:2]) * t)
    slant = np.arccos(1.0 - 1.75 * chance[:, 2:3] ** 0.8) + 0.35 * (t - 0.5) * (chance[:, 3:4] - 0.3)
    bumpy = 1.0 + 0.07 * np.sin(3.0 * around + 4.0 * slant) + 0.05 * (chance[:, 4:5] - 0.5)
    level, height = size * bumpy * np.sin(slant), 0.72 * size * bumpy * np.cos(slant)
    level = level + 0.02 * size * np.sin(9.0 * around + 6.0 * chance[:, 5:6])
    centre = middle + 0.45 * size * outward
    wound = level[..., None] * (np.cos(around)[..., None] * across + np.sin(around)[..., None] * up)
    return (centre + wound + height[..., None] * outward).astype(np.float32)


def _roll(
    middle: np.ndarray, space: ScalpSpace, size: float, length: float, chance: np.ndarray
) -> np.ndarray:
    """Two rolls of curled hair above each other, whose axes run from front to back."""
    front, up = space.turn[:, 2], space.turn[:, 1]
    side = np.cross(up, front)
    t = np.linspace(0.0, 1.0, 14)[None]
    around = 2 * math.pi * (chance[:, :1] + 0.9 * t)
    radius = size * (0.2 + 0.8 * np.sqrt(chance[:, 1:2])) * (1.0 + 0.04 * np.sin(5 * around))
    place = length * (chance[:, 2:3] - 0.5 + 0.04 * np.sin(around + 6 * chance[:, 3:4]))
    radius = radius * np.sqrt(1.0 - 0.55 * (2 * place / length).clip(-1, 1) ** 6)
    lower = (chance[:, 4:5] > 0.5) * -1.75 * size
    wound = radius[..., None] * (np.cos(around)[..., None] * side + np.sin(around)[..., None] * up)
    out = np.sign(float((middle - space.pivot) @ side)) * 0.55 * size * side
    return (middle + out + wound + place[..., None] * front + lower[..., None] * up).astype(np.float32)


def _tail_guides(
    combing: Combing,
    tied: Tied,
    middle: np.ndarray,
    outward: np.ndarray,
    size: float,
    towards: np.ndarray,
    space: ScalpSpace,
    body: BodyField,
) -> np.ndarray:
    """Guides [G, M, 3] of a tail: the first runs along its middle."""
    chance = _chance(GUIDES, 41)
    away = _disc(chance, outward, 0.12)
    away[0] = 0.0
    normals = outward + away
    settings = np.zeros((GUIDES, Set.POLES + len(combing.poles)), np.float32)
    settings[:, Set.LENGTH] = (
        tied.length * math.exp(0.35 * combing.wishes.length) * (0.85 + 0.3 * chance[:, 2])
    )
    settings[0, Set.LENGTH] = tied.length * math.exp(0.35 * combing.wishes.length)
    settings[:, Set.LIFT] = 0.95
    settings[:, Set.LAYER] = size * (0.8 + 0.3 * chance[:, 3])
    settings[:, Set.GRAVITY] = 4.5
    if not tied.both:  # it hangs at the back of a head that looks down, too
        settings[:, Set.POLES + 3], settings[:, Set.POLES + 1] = -1.0, 1.0
        settings[:, Set.COMB], settings[:, Set.HOLD] = 4.0, 0.7
    settings[:, Set.CUT], settings[:, Set.ROOF] = NO_CUT, NO_ROOF
    settings[:, Set.FACE] = 1.1
    settings[:, Set.SLIDE] = 1.0 if tied.both else -1.0
    guides = Guides(
        np.repeat(middle[None], GUIDES, 0).astype(np.float32),
        (normals / np.linalg.norm(normals, axis=1, keepdims=True)).astype(np.float32),
        np.zeros((GUIDES, 3), np.float32),
        settings,
        combing.poles,
        combing.parting,
        combing.ties,
        space,
        body,
    )
    return _spread(grow(guides), chance, size)


def _spread(guides: np.ndarray, chance: np.ndarray, size: float) -> np.ndarray:
    """A tail's guides moved apart: narrow at the tie, full below it, thin at the tips."""
    t = np.linspace(0.0, 1.0, guides.shape[1])
    swell = np.clip(t / 0.18, 0.0, 1.0) ** 0.7 * (1.0 - 0.6 * t**2)
    along = np.gradient(guides[0], axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.cross(along, np.array([0.17, 0.05, 1.0]))
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    other = np.cross(along, across)
    around, far = 2 * math.pi * chance[:, 4], size * chance[:, 5] ** 0.7
    far[0] = 0.0
    moved = np.cos(around)[:, None, None] * across + np.sin(around)[:, None, None] * other
    return (guides + far[:, None, None] * swell[None, :, None] * moved).astype(np.float32)


def _rows(
    combing: Combing, space: ScalpSpace, body: BodyField, detail: float
) -> tuple[np.ndarray, np.ndarray]:
    """Braids that run from the forehead's edge over the scalp and hang at the nape."""
    style = combing.style
    count = style.rows
    slant = np.linspace(-1.0, 1.0, count) * 1.28  # radians from the middle
    front = np.array([_row_start(angle) for angle in slant])
    starts = np.array([_on_skin(space.world(place), body, 0.02)[0] for place in front]).astype(np.float32)
    settings = np.zeros((count, Set.POLES + len(combing.poles)), np.float32)
    settings[:, Set.LENGTH] = 2.6 + 0.9 * combing.wishes.length - 0.5 * np.abs(slant)
    settings[:, Set.LIFT], settings[:, Set.LAYER] = 0.02, 0.03
    settings[:, Set.HOLD], settings[:, Set.COMB], settings[:, Set.HUG] = 1.7, 12.0, 14.0
    settings[:, Set.GRAVITY], settings[:, Set.CUT], settings[:, Set.ROOF] = 6.0, NO_CUT, NO_ROOF
    settings[:, Set.POLES + 1], settings[:, Set.POLES + 3] = 0.5, -1.0
    settings[:, Set.SLIDE] = -1.0
    guides = grow(
        Guides(
            starts,
            np.array([_on_skin(place, body, 0.02)[1] for place in starts]).astype(np.float32),
            np.zeros((count, 3), np.float32),
            settings,
            combing.poles,
            combing.parting,
            combing.ties,
            space,
            body,
        )
    )
    each = max(12, int(ROW_STRANDS * detail))
    row = np.repeat(np.arange(count), each)
    chance = np.tile(_chance(each, 51), (count, 1))
    plan = StrandPlan(
        starts[row],
        np.repeat(row[:, None], NEAREST, 1),
        np.tile(np.array([1.0] + [1e-6] * (NEAREST - 1), np.float32), (len(row), 1)),
        np.zeros(len(row)),
        np.zeros(len(row)),
        (1.0 - 0.15 * chance[:, 6] ** 2).astype(np.float32),
        row,
        chance,
    )
    texture = Texture(72, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.003, 0.0, rope=0.042, plait=1.0)
    none = np.zeros(count)
    return curves(guides, none, none, plan, guides, texture, body), front[row]


def _row_start(angle: float) -> np.ndarray:
    """Where a row begins on the mean head: on the hairline, `angle` from the middle of the forehead."""
    x, y = math.sin(angle), math.cos(angle)
    height = 0.27 + 0.28 * y
    depth = 0.95 * math.sqrt(max(1.0 - 0.72 * x * x, 0.0)) - 0.15 * y
    return np.array(SKULL) + np.array([0.78 * x * 0.85, height, depth * 0.95])
