"""Beards and moustaches: a list of styles, where each grows, and their strands.

Roots lie on the posed face, so that a beard moves with the jaw. Short hair is bent by rule; longer hair is
grown by guides, as on the scalp, and kept out of chin, neck and chest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from ...models.head_reader import PARTS
from ..smooth_step import eased, smooth
from .body_field import BodyField
from .combing import scalp_space
from .face_roots import FaceRoots, triangle_roots
from .guides import NO_CUT, NO_ROOF, Guides, Set, grow
from .hair_colour import grey_share, melanin, natural_tone, strand_colours
from .head_mesh import BODY, head_mesh
from .people import People
from .scalp_hair import resting
from .strand_curves import NEAREST, StrandPlan, Texture, curves, mixed
from .strand_set import Strands

BEARD = PARTS.index("beard")
ROOTS = 8_000  # strands at detail 1
GUIDES = 150
LOCKS = 260
WIDTH = 0.0058


@dataclass(frozen=True)
class BeardStyle:
    """Lengths in decimetres; 0 where it is shaved."""

    name: str
    moustache: float = 0.0
    soul: float = 0.0  # under the lower lip
    chin: float = 0.0
    jaw: float = 0.0
    cheeks: float = 0.0
    burns: float = 0.0  # before the ears
    neck: float = 0.0
    corners: float = 0.0  # between moustache and chin
    often: float = 1.0
    curl: float = 0.0
    spread: float = 1.0  # how far a moustache points outwards


# from little to much
BEARDS = (
    BeardStyle("stubble", *[0.022] * 8, often=2.0),
    BeardStyle("pencil moustache", moustache=0.05, often=0.4),
    BeardStyle("soul patch", soul=0.06, chin=0.02, often=0.3),
    BeardStyle("moustache", moustache=0.10, often=1.0),
    BeardStyle("chin strap", jaw=0.045, chin=0.05, burns=0.04, often=0.4),
    BeardStyle("sideburns", burns=0.12, cheeks=0.0, jaw=0.0, often=0.4),
    BeardStyle("goatee", chin=0.14, soul=0.06, often=0.7),
    BeardStyle("circle", moustache=0.08, corners=0.07, chin=0.12, soul=0.06, often=1.2),
    BeardStyle("van dyke", moustache=0.15, chin=0.24, soul=0.08, often=0.6, spread=1.5),
    BeardStyle("short", 0.07, 0.05, 0.08, 0.075, 0.06, 0.06, 0.05, 0.07, often=2.5),
    BeardStyle("mutton chops", burns=0.2, cheeks=0.22, jaw=0.14, moustache=0.12, corners=0.12, often=0.4),
    BeardStyle("handlebar", moustache=0.24, often=0.4, spread=2.2, curl=0.2),
    BeardStyle("boxed", 0.10, 0.07, 0.16, 0.12, 0.09, 0.08, 0.06, 0.10, often=1.5),
    BeardStyle("full", 0.13, 0.10, 0.38, 0.26, 0.16, 0.10, 0.2, 0.16, often=1.5, curl=0.3),
    BeardStyle("bushy", 0.20, 0.16, 0.6, 0.5, 0.36, 0.22, 0.4, 0.25, often=0.8, curl=0.5),
    BeardStyle("without moustache", 0.0, 0.0, 0.5, 0.34, 0.14, 0.10, 0.3, 0.0, often=0.3),
    BeardStyle("long", 0.20, 0.2, 1.3, 0.75, 0.35, 0.16, 0.6, 0.3, often=0.6, curl=0.35),
)  # fmt: skip


def beard_of(people: People) -> list[BeardStyle]:
    """Each person's style: `beard_style` is a place in the list."""
    shares = torch.tensor([style.often for style in BEARDS]).cumsum(0)
    place = people.controls["beard_style"].cpu().clamp(1e-4, 1 - 1e-4) * shares[-1]
    return [BEARDS[index] for index in torch.searchsorted(shares, place).tolist()]


def bearded(people: People) -> Tensor:
    """Whether people have a beard [N] 0..1: the control, for grown men."""
    controls = people.controls
    man = smooth(-0.1, 0.35, controls["masculine"]) * smooth(15.0, 19.0, people.years)
    return smooth(0.3, 0.7, controls["beard"] * man)


def beard_places(mean: np.ndarray) -> dict[str, np.ndarray]:
    """How much places [K, 3] of the mean head belong to each part of a beard, [K] 0..1."""
    x, y, z = np.abs(mean[:, 0]), mean[:, 1], mean[:, 2]
    # how far below the line from the sideburn to the corner of the mouth
    line = 6.60 + 0.42 * eased(0.22, 0.72, x) ** 1.3
    below = eased(0.0, 0.07, line - y) * eased(0.40, 0.52, z + 0.5 * (6.9 - y))
    front = eased(1.18, 1.34, z)
    under = eased(6.30, 6.20, y) * eased(1.42, 1.28, z)  # under the jaw
    throat = eased(5.98, 6.12, y + 0.05 * (1.2 - z))
    chin = eased(0.34, 0.22, x) * eased(6.47, 6.42, y) * eased(1.12, 1.24, z)
    moustache = (
        eased(0.30, 0.25, x) * eased(6.665, 6.70, y + 0.16 * x) * eased(6.865, 6.83, y + 0.25 * x) * front
    )
    corners = (
        eased(0.20, 0.25, x) * eased(0.38, 0.32, x) * eased(6.74, 6.68, y) * eased(6.36, 6.44, y) * front
    )
    soul = eased(0.085, 0.045, x) * eased(6.36, 6.40, y) * eased(6.50, 6.47, y) * front
    edge = eased(0.30, 0.14, np.abs(y - (6.30 + 0.85 * eased(0.30, 0.78, x) ** 2.2) - 0.02))
    burns = (
        eased(0.62, 0.66, x)
        * eased(0.62, 0.68, z)
        * eased(0.92, 0.84, z)
        * eased(6.75, 6.9, y)
        * eased(7.3, 7.1, y)
    )
    jaw = below * edge * (1 - under) * eased(0.18, 0.30, x)
    cheeks = below * (1 - under) * eased(0.26, 0.36, x) * (1.0 - 0.7 * edge)
    neck = below * under * throat
    return {
        "moustache": moustache,
        "soul": soul,
        "chin": chin * (1 - under * 0.5),
        "jaw": jaw,
        "cheeks": cheeks,
        "burns": burns,
        "neck": neck,
        "corners": corners,
    }


@dataclass(frozen=True)
class _Fixed:
    roots: FaceRoots
    shares: dict[str, np.ndarray]  # of beard_places
    chance: np.ndarray  # [K, 8]
    guide: np.ndarray  # [K, NEAREST]
    share: np.ndarray  # [K, NEAREST]
    lock: np.ndarray  # [K]


@lru_cache(maxsize=1)
def _region() -> Tensor:
    """The vertices [V] where any beard may grow, 0..1."""
    mesh = head_mesh()
    free = (1 - mesh.masks["lips"] * 4).clamp(0, 1) * (1 - mesh.masks["ears"] * 4).clamp(0, 1)
    free = (
        free * (1 - mesh.masks["mouth_inside"] * 4).clamp(0, 1) * (1 - mesh.masks["nostrils"] * 4).clamp(0, 1)
    )
    places = beard_places(mesh.mean.numpy())
    most = np.maximum.reduce(list(places.values()))
    crowded = 1.0 + 1.6 * places["moustache"] + 1.0 * np.maximum(places["soul"], places["chin"])
    wide = torch.from_numpy(((most > 0.02) * crowded).astype(np.float32))
    return wide * free * (mesh.vertex_group == BODY)


def _fixed(kind: str) -> _Fixed:
    """The fixed roots of "guides", "locks" or "strands"."""
    mesh = head_mesh()
    seed, count = {"guides": (92, 5000), "locks": (93, 5000), "strands": (91, ROOTS)}[kind]
    triangle, weights = (values.numpy() for values in mesh.roots(_region(), count, seed))
    roots = triangle_roots(triangle, weights)
    if kind != "strands":
        chosen = _even(roots.mean, GUIDES if kind == "guides" else LOCKS)
        roots = triangle_roots(triangle[chosen], weights[chosen])
    chance = np.random.default_rng(seed).random((len(roots.mean), 8)).astype(np.float32)
    shares = beard_places(roots.mean)
    if kind == "guides":
        none = np.zeros((len(roots.mean), NEAREST), np.int64)
        return _Fixed(roots, shares, chance, none, none.astype(np.float32), none[:, 0])
    far = torch.cdist(torch.from_numpy(roots.mean), torch.from_numpy(_guides().roots.mean))
    near = far.topk(NEAREST + 1, largest=False)
    share = ((1 - near.values[:, :-1] / near.values[:, -1:]).square() + 1e-4).float().numpy()
    lock = np.zeros(len(roots.mean), np.int64)
    if kind == "strands":
        lock = (
            torch.cdist(torch.from_numpy(roots.mean), torch.from_numpy(_locks().roots.mean)).argmin(1).numpy()
        )
    return _Fixed(roots, shares, chance, near.indices[:, :-1].numpy(), share, lock)


@lru_cache(maxsize=1)
def _guides() -> _Fixed:
    return _fixed("guides")


@lru_cache(maxsize=1)
def _locks() -> _Fixed:
    return _fixed("locks")


@lru_cache(maxsize=1)
def _strands() -> _Fixed:
    return _fixed("strands")


def _even(places: np.ndarray, count: int) -> np.ndarray:
    """Indices of `count` places, each as far as can be from those before it."""
    far = np.full(len(places), np.inf)
    chosen = np.zeros(count, np.int64)
    for n in range(1, count):
        far = np.minimum(far, np.linalg.norm(places - places[chosen[n - 1]], axis=1))
        chosen[n] = far.argmax()
    return chosen


def beard_colour(people: People) -> Tensor:
    """A beard [N, 3] is a little lighter and redder than the hair, and not dyed."""
    return melanin(natural_tone(people) * 0.95 + 0.03, people.controls["hair_red"] + 0.1)


def beard_shade(people: People) -> Tensor:
    """How much of the skin's colour the roots of a beard take, [N, V] 0..1."""
    mesh = head_mesh()
    shares = beard_places(mesh.mean.numpy())
    free = (_region() > 0).numpy()
    rows = [_wanted(style, shares, people, n)[0] * free for n, style in enumerate(beard_of(people))]
    return 0.45 * bearded(people)[:, None] * torch.from_numpy(np.stack(rows)).float()


def beard(people: People, n: int, style: BeardStyle, body: BodyField, detail: float) -> list[Strands]:
    """The beard of person n; none where there is none."""
    on = float(bearded(people)[n])
    fixed = _strands()
    count = max(1, int(ROOTS * detail))
    density, length = _wanted(style, {name: share[:count] for name, share in fixed.shares.items()}, people, n)
    spare = density * min(1.0, 4.0 * on) - fixed.chance[:count, 7]
    some = np.flatnonzero(spare > 0)
    if not len(some):
        return []
    length, places = length[some], people.places[n].numpy()
    guides = _grown(people, n, style, body)
    none = np.zeros(GUIDES)
    locks = mixed(guides, none, none, _plan(_locks(), np.arange(LOCKS), places, np.ones(LOCKS)))
    # guides of longer hair beside a place make its hair no longer
    of_guides = _wanted(style, _guides().shares, people, n)[1][fixed.guide[some]]
    around = (fixed.share[some] * of_guides).sum(1) / fixed.share[some].sum(1)
    part = np.clip(length / np.maximum(around, 1e-3), 0.2, 1.0) * (0.4 + 0.6 * eased(0.0, 0.2, spare[some]))
    part = part * (1.0 - 0.3 * fixed.chance[some, 2]) * (0.3 + 0.7 * on)
    plan = _plan(fixed, some, places, part)
    longest = float(length.max())
    points = curves(guides, none, none, plan, locks, _texture(people, n, style, longest, detail), body)
    return [_drawn(people, n, points, fixed, some, longest, detail, on)]


def _wanted(
    style: BeardStyle, shares: dict[str, np.ndarray], people: People, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """Density [K] 0..1 and length [K] of a beard at roots of these parts."""
    factor = math.exp(0.55 * float(people.controls["beard_length"][n]))
    density, length, weight = 0.0, 0.0, 1e-6
    for name, share in shares.items():
        own = getattr(style, name) * factor
        if own > 0:
            density = np.maximum(density, share)
            length = length + share**2 * own
        weight = weight + share**2 * (own > 0)
    density = density + np.zeros_like(shares["chin"])
    return density, np.maximum(length / weight, 0.012)


def _plan(fixed: _Fixed, some: np.ndarray, places: np.ndarray, part: np.ndarray) -> StrandPlan:
    return StrandPlan(
        fixed.roots.at(places)[some],
        fixed.guide[some],
        fixed.share[some],
        np.zeros(len(some)),
        np.zeros(len(some)),
        part.astype(np.float32),
        fixed.lock[some],
        fixed.chance[some],
    )


def _grown(people: People, n: int, style: BeardStyle, body: BodyField) -> np.ndarray:
    """The guides' points [G, M, 3]."""
    fixed, space = _guides(), scalp_space(people, n)
    places, normals = people.places[n].numpy(), people.normals[n].numpy()
    shares, chance = fixed.shares, fixed.chance
    _, length = _wanted(style, shares, people, n)
    outward = fixed.roots.at(normals)
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    settings = np.zeros((GUIDES, Set.POLES + 1), np.float32)
    lip = np.maximum(shares["moustache"], 0.7 * shares["corners"])
    settings[:, Set.LENGTH] = length * (0.9 + 0.2 * chance[:, 0])
    settings[:, Set.LIFT] = np.where(length < 0.04, 0.55, 0.42) * (1.0 - 0.3 * lip)
    settings[:, Set.LAYER] = np.minimum(0.012 + 0.12 * length, 0.08) * (0.6 + 0.6 * chance[:, 1])
    settings[:, Set.HOLD] = 0.12 + 0.5 * lip
    settings[:, Set.COMB] = 6.0
    settings[:, Set.GRAVITY] = 3.5
    settings[:, Set.HUG] = 2.0
    settings[:, Set.CUT], settings[:, Set.ROOF] = NO_CUT, NO_ROOF
    ways = _ways(fixed.roots.mean, shares, style)
    carried = fixed.roots.carried(places, ways) @ space.turn  # in the head's own frame
    disorder = 0.25 * (chance[:, 3:6] - 0.5)
    return grow(
        Guides(
            fixed.roots.at(places),
            outward.astype(np.float32),
            (carried + disorder).astype(np.float32),
            settings,
            np.array([[0.0, 1.0, 0.0]]),
            np.array([[0.0, 1.0, 0.1], [0.0, 1.0, -0.1]]),
            np.array([[0.0, 1.0, 0.0]]),
            space,
            body,
        )
    )


def _ways(mean: np.ndarray, shares: dict[str, np.ndarray], style: BeardStyle) -> np.ndarray:
    """Directions [K, 3] on the mean face: outwards on the lip, down elsewhere, forwards under the chin."""
    x = mean[:, 0]
    side = np.tanh(x / 0.04)
    lip = shares["moustache"][:, None]
    out = np.stack([side * style.spread, -0.75 + 0.0 * x, 0.0 * x], axis=1)
    corner = shares["corners"][:, None] * (1 - lip)
    down = np.stack([0.25 * x, -1.0 + 0.0 * x, 0.15 + 0.0 * x], axis=1)
    under = shares["neck"][:, None]
    forward = np.stack([0.1 * x, -0.5 + 0.0 * x, 0.8 + 0.0 * x], axis=1)
    ways = down * (1 - lip) * (1 - under) + out * lip + forward * under * (1 - lip)
    return ways + corner * np.stack([0.2 * side, 0.0 * x, 0.0 * x], axis=1)


def _texture(people: People, n: int, style: BeardStyle, longest: float, detail: float) -> Texture:
    curl = min(1.0, 0.55 * float(people.controls["curl"][n]) + style.curl + 0.35 * float(people.african[n]))
    bent = float(eased(0.3, 1.0, curl)) * min(1.0, longest / 0.15)
    pitch = 0.34 - 0.2 * float(eased(0.5, 1.0, curl))
    points = int(np.clip((5 + 14 * longest + 5.0 * bent * longest / pitch) * (0.6 + 0.4 * detail), 4, 30))
    return Texture(
        points=points,
        clump=0.55 * min(1.0, longest / 0.3),
        depth=0.1 * min(longest, 0.4),
        radius=0.022 * bent,
        pitch=pitch,
        flat=0.3,
        unlike=0.5,
        frizz=0.05 * min(longest, 0.35),
        flyaway=0.5 * min(1.0, longest / 0.3),
    )


def _drawn(
    people: People,
    n: int,
    points: np.ndarray,
    fixed: _Fixed,
    some: np.ndarray,
    longest: float,
    detail: float,
    on: float,
) -> Strands:
    world, own = torch.from_numpy(points), torch.from_numpy(fixed.chance[some])
    along = torch.linspace(0.0, 1.0, points.shape[1])
    early = torch.from_numpy((0.8 * fixed.shares["chin"])[some]).float()
    base, grey = beard_colour(people)[n], (1.1 * grey_share(people)[n]).clamp(max=1.0)
    colour = strand_colours(base, grey, own[:, [3, 6]], along, early)
    size = on * WIDTH * (0.75 + 0.25 * min(1.0, longest / 0.1)) / math.sqrt(detail)
    width = size * (0.75 + 0.5 * own[:, 4:5]) * (1.0 - 0.7 * along.square())
    mean = torch.from_numpy(fixed.roots.mean[some]).float()
    return Strands(world, width, colour, BEARD, resting(people, n, world), mean)
