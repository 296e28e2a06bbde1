"""The hair of one person's scalp: guides, strands, colours, widths."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from ...models.head_reader import PARTS
from ..smooth_step import eased
from .body_field import BodyField
from .combing import Combing, Wishes, Zones, scalp_space
from .guides import Guides, ScalpSpace, grow
from .hair_colour import POWDER, strand_colours
from .hair_styles import HairStyle
from .people import People
from .scalp import ScalpPlaces, guide_places, left_by, lock_places, strand_places
from .strand_curves import NEAREST, StrandPlan, Texture, curves, mixed
from .strand_set import Strands
from .tied_hair import bundles

HAIR = PARTS.index("hair")
WIDTH = 0.0062  # of a strand at detail 1


@dataclass(frozen=True)
class Rooted:
    """Fixed places with what never changes about them."""

    places: ScalpPlaces
    zones: Zones
    guide: np.ndarray  # [K, NEAREST] the nearest guides
    share: np.ndarray  # [K, NEAREST]
    chance: np.ndarray  # [K, 8]


@lru_cache(maxsize=3)
def rooted(kind: str) -> Rooted:
    """The fixed places of "guides", "locks" or "strands"."""
    places = {"guides": guide_places, "locks": lock_places, "strands": strand_places}[kind]()
    far = torch.cdist(places.mean, guide_places().mean)
    near = far.topk(NEAREST + 1, largest=False)
    reach = near.values[:, -1:]
    share = (1.0 - near.values[:, :-1] / reach).square() + 1e-4
    chance = np.random.default_rng(len(places.mean)).random((len(places.mean), 8))
    return Rooted(
        places,
        Zones.of(places.mean),
        near.indices[:, :-1].numpy(),
        share.float().numpy(),
        chance.astype(np.float32),
    )


@lru_cache(maxsize=4)
def nearest_locks(count: int) -> np.ndarray:
    """The nearest of the first `count` locks to each strand's place [K]."""
    locks, strands = lock_places().mean[:count], strand_places().mean
    return torch.cdist(strands, locks).argmin(1).numpy()


@lru_cache(maxsize=1)
def _sways() -> np.ndarray:
    """Three smooth patterns of directions at the guides' places, [3, G, 3]."""
    mean = guide_places().mean.numpy()
    source = np.random.default_rng(5)
    waves = source.normal(size=(3, 3, 6, 3)) * 3.2
    phases = source.random((3, 3, 6)) * 2 * math.pi
    values = np.sin(np.einsum("abwx,gx->abwg", waves, mean) + phases[..., None]).mean(2)  # [3, 3, G]
    own = source.normal(size=(3, len(mean), 3)) * 0.12
    return values.transpose(0, 2, 1) * 0.9 + own


@dataclass(frozen=True)
class HairLook:
    """One person's hair as wanted: its style, colour, and for what size of picture."""

    style: HairStyle
    base: Tensor  # [3] the colour
    grey: Tensor  # the share of grey hairs
    detail: float
    pressed: bool  # by a hat


@dataclass(frozen=True)
class _Grown:
    """The guides of person n, and what their strands are made with."""

    people: People
    n: int
    combing: Combing
    space: ScalpSpace
    body: BodyField
    points: np.ndarray  # [G, M, 3]
    side: np.ndarray  # [G]
    group: np.ndarray  # [G]

    def plan(self, kind: str, some: np.ndarray, part_length: np.ndarray, lock: np.ndarray) -> StrandPlan:
        """The plan of some of the fixed places."""
        fixed = rooted(kind)
        zones = fixed.zones.pick(some)
        roots = fixed.places.at(self.people.places[self.n], torch.from_numpy(some)).numpy()
        return StrandPlan(
            roots,
            fixed.guide[some],
            fixed.share[some],
            self.combing.side(zones.mean),
            self.combing.groups(zones),
            part_length.astype(np.float32),
            lock,
            fixed.chance[some],
        )

    def lock_middles(self, count: int) -> np.ndarray:
        """The curves [count, M, 3] that strands of a lock gather to."""
        some = np.arange(count)
        plan = self.plan("locks", some, np.ones(count), np.full(count, -1))
        return mixed(self.points, self.side, self.group, plan)

    def strands(self, plan: StrandPlan, texture: Texture) -> np.ndarray:
        locks = self.lock_middles(self.combing.style.locks)
        return curves(self.points, self.side, self.group, plan, locks, texture, self.body)


def scalp_hair(people: People, n: int, body: BodyField, density: Tensor, look: HairLook) -> list[Strands]:
    """The strands of person n. density: [K] at the strands' places, whatever the style."""
    style, fixed = look.style, rooted("strands")
    if style.bald == "all":
        return []  # the skin's colour shows it
    density = density * left_by(style.bald, fixed.places.mean)
    some = _having_hair(fixed, density, look.detail)
    if not len(some):
        return []
    wishes = Wishes.of(people, n)
    if look.pressed:
        wishes = replace(wishes, volume=wishes.volume - 1.0)
    grown = _grown(people, n, Combing.of(style, wishes), body)
    texture = _texture(grown.combing, grown.points, look.detail)
    close = texture
    if style.gathered:  # what is pulled tight has no curls
        close = replace(texture, points=min(texture.points, 16), radius=0.25 * texture.radius)
    plan = grown.plan("strands", some, _part_lengths(fixed, some, density, grown), _locks(grown, some))
    early = (fixed.zones.sides * eased(0.2, 0.9, fixed.zones.azimuth))[some]
    made = [_drawn(grown, look, grown.strands(plan, close), fixed.places.mean[some], plan.chance, early)]
    for points, roots in bundles(grown.combing, grown.space, body, texture, look.detail):
        chance = np.random.default_rng(71).random((len(points), 8)).astype(np.float32)
        made.append(_drawn(grown, look, points, torch.from_numpy(roots).float(), chance, 0.0 * chance[:, 0]))
    return made


def guides_of(people: People, n: int, combing: Combing, body: BodyField) -> Guides:
    """What the guides of person n grow from."""
    fixed = rooted("guides")
    sway = np.einsum("a,agx->gx", np.array(combing.wishes.sway), _sways())
    sway = sway * combing.disorder(fixed.zones.mean)[:, None]
    return Guides(
        fixed.places.at(people.places[n]).numpy(),
        fixed.places.at(people.normals[n]).numpy(),
        sway.astype(np.float32),
        combing.settings(fixed.zones, fixed.chance[:, :2]),
        combing.poles,
        combing.parting,
        combing.ties,
        scalp_space(people, n),
        body,
    )


def _grown(people: People, n: int, combing: Combing, body: BodyField) -> _Grown:
    zones, guides = rooted("guides").zones, guides_of(people, n, combing, body)
    points = grow(guides)
    return _Grown(
        people, n, combing, guides.space, body, points, combing.side(zones.mean), combing.groups(zones)
    )


def _having_hair(fixed: Rooted, density: Tensor, detail: float) -> np.ndarray:
    """The first places' indices, as many as the detail asks for, that have hair at this density."""
    count = max(1, int(len(fixed.places.mean) * detail))
    return np.flatnonzero((fixed.places.chance < density)[:count].numpy())


def _part_lengths(fixed: Rooted, some: np.ndarray, density: Tensor, grown: _Grown) -> np.ndarray:
    """Hair that has only just room in the density is shorter, so that it comes and goes smoothly."""
    spare = (density - fixed.places.chance).numpy()[some]
    short = np.where(grown.combing.groups(fixed.zones.pick(some)) > 0, 0.9, 0.35)
    return (short + (1.0 - short) * eased(0.0, 0.12, spare)) * (1.0 - 0.12 * fixed.chance[some, 2] ** 2)


def _locks(grown: _Grown, some: np.ndarray) -> np.ndarray:
    """The lock of each strand; none where it lies on the other side of the parting."""
    lock = nearest_locks(grown.combing.style.locks)[some].copy()
    other = grown.combing.side(rooted("locks").zones.mean)[lock]
    lock[other * grown.combing.side(rooted("strands").zones.mean[some]) < 0] = -1
    return lock


def _texture(combing: Combing, guides: np.ndarray, detail: float) -> Texture:
    style, wishes, curl = combing.style, combing.wishes, combing.curl()
    length = float(np.linalg.norm(np.diff(guides, axis=1), axis=-1).sum(1).max())
    large = math.exp(0.45 * wishes.curl_size)
    waves, curls, coils = (float(eased(*ends, curl)) for ends in ((0.18, 0.55), (0.5, 0.78), (0.78, 1.0)))
    radius = large * (0.045 * waves + 0.02 * curls - 0.045 * coils)
    pitch = large * math.exp(math.log(0.75) + math.log(0.45) * curls + math.log(0.4) * coils - 0.1 * waves)
    rope = 0.0
    if style.rope:
        rope = 0.30 / math.sqrt(style.locks)
    bends = length / pitch * (6.0 if radius > 0.012 else 0.0)
    points = int(np.clip(max(8 + 6 * length, bends) * (0.6 + 0.4 * detail), 6, 56))
    return Texture(
        points=points,
        clump=min(style.clump * (0.8 + 0.25 * wishes.mess), 0.98),
        depth=0.35 * style.volume * (1.0 + 0.5 * curls) * (1.0 - style.clump**6),
        radius=radius,
        pitch=pitch,
        flat=1.0 - curls,
        unlike=0.12 + 0.25 * coils,
        frizz=(0.006 + 0.014 * curls + 0.012 * max(wishes.mess + 0.3, 0.0)) * min(length, 1.0),
        flyaway=style.flyaway * (0.8 + 0.5 * wishes.mess) * (0.3 + 0.7 * min(detail, 1.0)),
        rope=rope,
        start=style.curl_from,
        plait=1.0 if style.name == "box braids" else 0.0,
    )


def _drawn(
    grown: _Grown, look: HairLook, points: np.ndarray, roots: Tensor, chance: np.ndarray, early: np.ndarray
) -> Strands:
    """Strands with colours and widths. points: [S, K, 3]; roots: [S, 3] mean; chance: [S, 8]; early: [S]."""
    world, own = torch.from_numpy(points), torch.from_numpy(chance)
    along = torch.linspace(0.0, 1.0, points.shape[1])
    sooner = torch.from_numpy(early.astype(np.float32))
    colour = strand_colours(look.base, look.grey, own[:, [3, 6]], along, sooner)
    if look.style.powdered:
        colour = torch.lerp(colour, colour.new_tensor(POWDER).expand_as(colour), look.style.powdered)
    taper = 1.0 - 0.65 * along.square()
    width = WIDTH * look.style.thick / math.sqrt(look.detail) * (0.8 + 0.4 * own[:, 4:5]) * taper
    return Strands(world, width, colour, HAIR, resting(grown.people, grown.n, world), roots)


def resting(people: People, n: int, world: Tensor) -> Tensor:
    """Points [..., 3] of the world in person n's rest space, where they turn with the head."""
    turn, pivot = people.turned[n], people.pivot[n]
    flat = torch.addmm(pivot - pivot @ turn, world.reshape(-1, 3), turn)
    return flat.view(world.shape)
