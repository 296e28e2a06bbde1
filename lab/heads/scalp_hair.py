"""The hair of one person's scalp: guides, strands, colours, widths."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from ...models.head_reader import PARTS
from .body_field import BodyField
from .combing import Combing, Wishes, Zones, eased, scalp_space
from .guides import Guides, ScalpSpace, grow
from .hair_colour import POWDER, strand_colours
from .hair_styles import HairStyle
from .head_mesh import head_mesh
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


def scalp_hair(
    people: People,
    n: int,
    style: HairStyle,
    body: BodyField,
    grown: Tensor,
    base: Tensor,
    grey: Tensor,
    detail: float,
    pressed: bool = False,
) -> list[Strands]:
    """The strands of person n. base: [3] the colour."""
    wishes = Wishes.of(people, n)
    if pressed:  # by a hat
        wishes = replace(wishes, volume=wishes.volume - 1.0)
    combing = Combing.of(style, wishes)
    space = scalp_space(people, n)
    guides = _grown_guides(people, n, combing, space, body)
    fixed = rooted("strands")
    count = max(1, int(len(fixed.places.mean) * detail))
    grown = grown * left_by(style.bald, fixed.places.mean)
    if style.bald == "all":
        return []  # the skin's colour shows it
    kept = _kept(fixed, grown, count)
    if not kept.any():
        return []
    some = np.flatnonzero(kept)
    roots = _at(people.places[n], fixed.places, some).numpy()
    zones = fixed.zones
    side, group = combing.side(zones.mean[some]), combing.groups(_some(zones, some))
    guide_zones = rooted("guides").zones
    guide_side = combing.side(guide_zones.mean)
    guide_group = combing.groups(guide_zones)
    plan = StrandPlan(
        roots,
        fixed.guide[some],
        fixed.share[some],
        side,
        group,
        _part_lengths(fixed, some, grown, group),
        _locks(style, combing, some, side),
        fixed.chance[some],
    )
    texture = _texture(combing, guides, detail)
    lock_bases = _lock_curves(people, n, combing, guides, guide_side, guide_group, style)
    smooth = texture
    if style.gathered:  # what is pulled tight has no curls
        smooth = replace(texture, points=min(texture.points, 16), radius=0.25 * texture.radius)
    points = curves(guides, guide_side, guide_group, plan, lock_bases, smooth, body)
    look = _Look(base, grey, style, detail)
    early = zones.sides * eased(0.2, 0.9, zones.azimuth)
    made = [_drawn(people, n, look, points, fixed.places.mean[some], fixed.chance[some], early[some])]
    for points, roots in bundles(combing, space, body, texture, detail):
        chance = np.random.default_rng(71).random((len(points), 8)).astype(np.float32)
        made.append(
            _drawn(people, n, look, points, torch.from_numpy(roots).float(), chance, 0.0 * chance[:, 0])
        )
    return made


@dataclass(frozen=True)
class _Look:
    base: Tensor  # [3]
    grey: Tensor
    style: HairStyle
    detail: float


def _at(values: Tensor, places: ScalpPlaces, some: np.ndarray) -> Tensor:
    """Values [V, C] at some of the places, [k, C]."""
    return head_mesh().sample(values[None], places.triangle[some], places.weights[some])[0]


def _some(zones: Zones, some: np.ndarray) -> Zones:
    return Zones(**{name: getattr(zones, name)[some] for name in zones.__dataclass_fields__})


def _grown_guides(people: People, n: int, combing: Combing, space: ScalpSpace, body: BodyField) -> np.ndarray:
    fixed = rooted("guides")
    every = np.arange(len(fixed.places.mean))
    settings = combing.settings(fixed.zones, fixed.chance[:, :2])
    mess = 0.10 + 0.28 * max(0.0, combing.wishes.mess + 0.6) ** 1.5
    sway = np.einsum("a,agx->gx", np.array(combing.wishes.sway), _sways()) * mess
    guides = Guides(
        _at(people.places[n], fixed.places, every).numpy(),
        _at(people.normals[n], fixed.places, every).numpy(),
        sway.astype(np.float32),
        settings,
        combing.poles,
        combing.parting,
        combing.ties,
        space,
        body,
    )
    return grow(guides)


def _kept(fixed: Rooted, grown: Tensor, count: int) -> np.ndarray:
    """Which places have hair: those whose chance lies below the density there."""
    chance = fixed.places.chance.numpy()
    kept = chance < grown.numpy()
    kept[count:] = False
    return kept


def _part_lengths(fixed: Rooted, some: np.ndarray, grown: Tensor, group: np.ndarray) -> np.ndarray:
    """Hair that has only just room in the density is shorter, so that it comes and goes smoothly."""
    spare = grown.numpy()[some] - fixed.places.chance.numpy()[some]
    own = fixed.chance[some, 2]
    short = np.where(group > 0, 0.9, 0.35)
    return ((short + (1.0 - short) * eased(0.0, 0.12, spare)) * (1.0 - 0.12 * own * own)).astype(np.float32)


def _locks(style: HairStyle, combing: Combing, some: np.ndarray, side: np.ndarray) -> np.ndarray:
    """The lock of each strand; none where it lies on the other side of the parting."""
    lock = nearest_locks(style.locks)[some].copy()
    other = combing.side(rooted("locks").zones.mean)[lock]
    lock[other * side < 0] = -1
    return lock


def _lock_curves(
    people: People,
    n: int,
    combing: Combing,
    guides: np.ndarray,
    guide_side: np.ndarray,
    guide_group: np.ndarray,
    style: HairStyle,
) -> np.ndarray:
    fixed = rooted("locks")
    some = np.arange(style.locks)
    zones = _some(fixed.zones, some)
    plan = StrandPlan(
        _at(people.places[n], fixed.places, some).numpy(),
        fixed.guide[some],
        fixed.share[some],
        combing.side(zones.mean),
        combing.groups(zones),
        np.ones(len(some), np.float32),
        np.full(len(some), -1),
        fixed.chance[some],
    )
    return mixed(guides, guide_side, guide_group, plan)


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
    people: People,
    n: int,
    look: _Look,
    points: np.ndarray,
    roots: Tensor,
    chance: np.ndarray,
    early: np.ndarray,
) -> Strands:
    world, own = torch.from_numpy(points), torch.from_numpy(chance)
    along = torch.linspace(0.0, 1.0, points.shape[1])
    sooner = torch.from_numpy(early.astype(np.float32))
    colour = strand_colours(look.base, look.grey, own[:, [3, 6]], along, sooner)
    colour = torch.lerp(colour, colour.new_tensor(POWDER).expand_as(colour), look.style.powdered)
    taper = 1.0 - 0.65 * along.square()
    width = WIDTH * look.style.thick / math.sqrt(look.detail) * (0.8 + 0.4 * own[:, 4:5]) * taper
    return Strands(world, width, colour, HAIR, resting(people, n, world), roots)


def resting(people: People, n: int, world: Tensor) -> Tensor:
    """Points [..., 3] of the world in person n's rest space, where they turn with the head."""
    turn, pivot = people.turned[n], people.pivot[n]
    flat = torch.addmm(pivot - pivot @ turn, world.reshape(-1, 3), turn)
    return flat.view(world.shape)
