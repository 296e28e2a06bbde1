"""From a style and a person's controls to the settings of guides.

What is worked out here belongs to a root on the scalp: which zone it lies in, how long its hair is, how it is
combed. Arrays are numpy's, since each person's hair is grown by itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from ..smooth_step import eased
from .guides import EAR_REACH, EARS, NO_CUT, NO_ROOF, SKULL, ScalpSpace, Set
from .hair_styles import Fringe, HairStyle, Tied
from .head_mesh import BODY, EYES, head_mesh
from .people import People
from .scalp import azimuth_and_elevation, inside_hairline

# hair is combed away from or towards these, seen from SKULL: crown, face, right side, nape, top
POLES = ((0.06, 0.86, -0.5), (0.0, -0.25, 1.0), (1.0, 0.12, 0.15), (0.0, -0.75, -0.66), (0.0, 1.0, 0.0))
CROWN = (0.0, 8.2, 0.05)  # on the mean head: hair there lies flat
BALL = (0.0, 7.55, 0.35)  # the middle of the ball that hair may be cut to
PARTING_ENDS = ((0.62, 0.80), (0.86, -0.5))  # height and depth of its front and back end on the unit sphere


@dataclass(frozen=True)
class Wishes:
    """One person's controls of the hair, as numbers."""

    length: float
    volume: float
    curl: float
    curl_size: float
    fringe: float
    parting: float
    mess: float
    side: float  # of the parting where the style alone says: -1 or 1
    child: float
    sway: tuple[float, float, float]  # turns the pattern of disorder

    @classmethod
    def of(cls, people: People, n: int) -> Wishes:
        value = {name: float(values[n]) for name, values in people.controls.items()}
        detail = people.details[n].tolist()
        size = math.sqrt(sum(x * x for x in detail[17:20]) + 1e-6)
        return cls(
            length=value["hair_length"],
            volume=value["hair_volume"],
            curl=value["curl"],
            curl_size=value["curl_size"],
            fringe=value["fringe"],
            parting=value["parting"],
            mess=value["mess"],
            side=math.tanh(4.0 * value["parting"] + 2.0 * detail[16] + 1.0),
            child=float(people.child[n]),
            sway=(detail[17] / size, detail[18] / size, detail[19] / size),
        )


@dataclass(frozen=True)
class Zones:
    """Where roots [K] lie on the scalp; top, sides and back add up to one."""

    mean: np.ndarray  # [K, 3]
    azimuth: np.ndarray
    elevation: np.ndarray
    inside: np.ndarray  # radians inside the usual hairline
    top: np.ndarray
    sides: np.ndarray
    back: np.ndarray

    @classmethod
    def of(cls, mean: Tensor) -> Zones:
        azimuth, elevation = (values.numpy() for values in azimuth_and_elevation(mean))
        front = eased(0.6, 1.15, azimuth)
        top = eased(0.52, 0.82, elevation + 0.32 * front)
        back = (1.0 - top) * eased(-0.15, -0.75, azimuth)
        inside = inside_hairline(mean).numpy()
        return cls(mean.numpy(), azimuth, elevation, inside, top, 1.0 - top - back, back)

    def pick(self, some: np.ndarray) -> Zones:
        """The zones of some of the roots."""
        return Zones(*(getattr(self, field.name)[some] for field in fields(self)))

    def mixed(self, style: HairStyle, name: str) -> np.ndarray:
        """A zone's number at the roots [K]."""
        parts = ((self.top, style.top), (self.sides, style.sides), (self.back, style.back))
        return sum(share * getattr(zone, name) for share, zone in parts)  # type: ignore[return-value]

    def combed(self, style: HairStyle) -> np.ndarray:
        """The zones' combing at the roots, [fields of Comb, K]."""
        parts = ((self.top, style.top), (self.sides, style.sides), (self.back, style.back))
        return sum(np.array(zone.comb)[:, None] * share for share, zone in parts)  # type: ignore[return-value]


@dataclass(frozen=True)
class Combing:
    """How one person's hair is combed, for any roots."""

    style: HairStyle
    wishes: Wishes
    poles: np.ndarray  # [P, 3]
    parting: np.ndarray  # [2, 3]
    ties: np.ndarray  # [T, 3]

    @classmethod
    def of(cls, style: HairStyle, wishes: Wishes) -> Combing:
        poles = np.array(POLES) / np.linalg.norm(POLES, axis=1, keepdims=True)
        at = _parting_at(style, wishes)
        ends = np.array([[at * share, *end] for share, end in zip((1.0, 0.5), PARTING_ENDS, strict=True)])
        parting = ends / np.linalg.norm(ends, axis=1, keepdims=True)
        ties = [tie_direction(tied, side) for tied in style.tied for side in ((-1, 1) if tied.both else (0,))]
        return cls(style, wishes, poles, parting, np.array(ties or [(0.0, 1.0, 0.0)]))

    def across(self, mean: np.ndarray) -> np.ndarray:
        """How far to the right of the parting's plane roots [K, 3] lie."""
        across = np.cross(self.parting[1], self.parting[0])
        return (mean - np.array(SKULL)) @ (across / np.linalg.norm(across))

    def side(self, mean: np.ndarray) -> np.ndarray:
        """On which side of the parting roots [K, 3] lie: -1 left, 1 right, 0 behind it."""
        if self.style.top.comb.part == 0.0:
            return np.zeros(len(mean))
        return np.where(mean[:, 2] > SKULL[2] - 0.45, np.sign(self.across(mean)), 0.0)

    def disorder(self, mean: np.ndarray) -> np.ndarray:
        """How far roots [K, 3] may be out of order: a parting is neat."""
        mess = 0.10 + 0.28 * max(0.0, self.wishes.mess + 0.6) ** 1.5
        if self.style.top.comb.part == 0.0:
            return np.full(len(mean), mess)
        return mess * (0.15 + 0.85 * eased(0.03, 0.3, np.abs(self.across(mean))))

    def tied(self, zones: Zones) -> np.ndarray:
        """Which tie gathers each root [K]: from 1; 0 hangs freely."""
        number, first = np.zeros(len(zones.mean)), 1
        for tied in self.style.tied:
            here = zones.elevation > tied.above
            if tied.both:
                number[here] = np.where(
                    zones.mean[here, 0] < _middle_line(self, zones.mean[here]), first, first + 1
                )
            else:
                number[here] = first
            first += 2 if tied.both else 1
        return number

    def groups(self, zones: Zones) -> np.ndarray:
        """Roots [K] of one number may share guides: what a tie gathers, the fringe, the rest."""
        fringe = self._fringe(zones) > 0.5
        return np.where(fringe, -1.0, self.tied(zones))

    def settings(self, zones: Zones, uneven: np.ndarray) -> np.ndarray:
        """Guides' settings [K, C]. uneven: [K, 2] fixed numbers 0..1 of the roots."""
        style, wishes = self.style, self.wishes
        out = np.zeros((len(zones.mean), Set.POLES + len(self.poles)), np.float32)
        fringe = self._fringe(zones)
        length = self.lengths(zones, fringe)
        self._body(out, zones, length, uneven)
        out[:, Set.LENGTH] = length * (1.0 - zones.mixed(style, "uneven") * uneven[:, 1])
        out[:, Set.CUT], out[:, Set.ROOF] = NO_CUT, NO_ROOF
        if style.cut:
            out[:, Set.CUT] = style.cut.height - 0.22 * wishes.length + 0.06 * (uneven[:, 1] - 0.5)
            out[:, Set.CUT_SIDE], out[:, Set.CUT_FRONT] = style.cut.side, style.cut.front
        if style.roof:
            out[:, Set.ROOF] = style.roof + 0.15 * wishes.length + 0.02 * uneven[:, 1]
        out[:, Set.FACE] = style.face
        out[:, Set.EAR] = style.over_ears * _clear_of_ears(zones.mean)
        out[:, Set.SLIDE] = np.tanh((zones.mean[:, 2] - style.before) / 0.12)
        self._comb(out, zones, fringe)
        out[:, Set.SIDE] = self.side(zones.mean)
        out[:, Set.TIED] = self.tied(zones) * (fringe < 0.5)
        return out

    def _body(self, out: np.ndarray, zones: Zones, length: np.ndarray, uneven: np.ndarray) -> None:
        """How far hair stands off the head, and how it hangs."""
        style, wishes = self.style, self.wishes
        coils = float(eased(0.55, 1.0, self.curl()))
        over = eased(-0.2, 1.2, zones.elevation)  # hair from above lies over what grows below
        volume = style.volume * math.exp(0.55 * wishes.volume + 0.25 * wishes.mess) * (1.0 + 0.5 * coils)
        layer = 0.018 + volume * (0.25 + 0.75 * over) * (0.55 + 0.6 * uneven[:, 0])
        out[:, Set.LAYER] = np.minimum(layer, 0.5 * length)
        lift = zones.mixed(style, "lift") * (1.0 + 0.25 * wishes.volume)
        lift = lift + (1.0 - lift) * 0.5 * coils
        crown = np.exp(-((np.linalg.norm(zones.mean - np.array(CROWN), axis=1) / 0.35) ** 2))
        out[:, Set.LIFT] = np.clip(lift * (1.0 - 0.6 * crown * (style.stand == 0.0)), 0.02, 0.99)
        out[:, Set.HOLD] = style.hold * (1.0 - 0.4 * coils)
        out[:, Set.COMB] = 7.0
        out[:, Set.GRAVITY] = style.gravity * (1.0 - 0.55 * coils)
        stands = zones.top if style.upright else zones.mixed(style, "lift")
        out[:, Set.STAND] = style.stand * stands + 0.6 * coils * (style.gravity > 0)
        out[:, Set.UPRIGHT] = style.upright
        out[:, Set.HUG] = style.hug * (1.0 - 0.5 * coils)

    def _comb(self, out: np.ndarray, zones: Zones, fringe: np.ndarray) -> None:
        """The directions in which hair is combed."""
        comb = zones.combed(self.style)
        edge = np.exp(-((zones.inside / 0.16) ** 2)) * eased(0.8, 1.1, zones.azimuth)
        edge *= 1.6 - 1.0 * self.style.over_ears  # the forehead's edge is combed off the face
        comb[1] += edge * (comb[1] >= 0.0) * (comb[0] < 0.9)
        if self.style.fringe is not None:
            self._let_fall(out, comb, self.style.fringe, fringe)
        down, back, part, across, nape = comb
        # around the ears and at the nape hair falls straight
        low = eased(0.05, -0.30, zones.elevation)
        out[:, Set.ARC] = part * (1.0 - low)
        out[:, Set.POLES] = down * (1.0 - low)
        out[:, Set.POLES + 1] = back * (1.0 - 0.8 * low)
        out[:, Set.POLES + 2] = across * self.wishes.side
        out[:, Set.POLES + 3] = -nape
        out[:, Set.POLES + 4] = low * (np.abs(down) + np.abs(part))

    def _fringe(self, zones: Zones) -> np.ndarray:
        """1 for the roots [K] of the fringe, 0 for others."""
        fringe = self.style.fringe
        if fringe is None:
            return np.zeros(len(zones.mean))
        on = 1.0 if fringe.always else float(self.wishes.fringe > 0.62)
        forehead = (zones.azimuth > 0.92) & (zones.elevation < fringe.deep)
        return on * (forehead & (np.abs(zones.mean[:, 0]) < fringe.wide))

    def _let_fall(self, out: np.ndarray, comb: np.ndarray, fringe: Fringe, share: np.ndarray) -> None:
        kept = 1.0 - share
        comb *= kept
        comb += share * np.array(fringe.comb)[:, None]
        out[:, Set.CUT] = np.where(share > 0, fringe.cut - 3.0 * kept, out[:, Set.CUT])
        out[:, Set.CUT_SIDE] = np.where(share > 0, fringe.cut_side, out[:, Set.CUT_SIDE])
        out[:, Set.CUT_FRONT] *= kept
        out[:, Set.FACE] = out[:, Set.FACE] * kept + fringe.face * share
        out[:, Set.LIFT] = out[:, Set.LIFT] * kept + fringe.lift * share
        out[:, Set.HOLD] = out[:, Set.HOLD] * kept + 0.35 * share
        out[:, Set.GRAVITY] = out[:, Set.GRAVITY] * kept + 4.0 * share

    def lengths(self, zones: Zones, fringe: np.ndarray) -> np.ndarray:
        """The length of hair [K] before it is cut or made uneven."""
        style, wishes = self.style, self.wishes
        length = zones.mixed(style, "length")
        length = length * math.exp(0.4 * wishes.length) if style.cut is None else length + 0.3 * wishes.length
        if style.rope == 0.0:
            length = length * (1.0 - 0.35 * float(eased(0.5, 1.0, self.curl())))
        edge = (1.0 - zones.top) * style.taper * (1.0 - eased(0.0, style.high, zones.inside))
        length = length * (1.0 - edge)
        if style.over_ears < 0.5:
            length = np.minimum(length, 0.16 + 9.0 * (1.0 - _sideburns(zones)))
        if style.upright:
            length = np.where(zones.top > 0.9, style.top.length, np.minimum(length, style.sides.length))
        if style.ball:
            reach = style.ball * math.exp(0.16 * wishes.length + 0.12 * wishes.volume)
            length = np.maximum(reach - np.linalg.norm(zones.mean - np.array(BALL), axis=1), 0.12)
        if style.cut:
            length = length * (0.06 + 0.94 * eased(0.0, 0.3, zones.mean[:, 1] - style.cut.height))
        if style.fringe is not None:
            length = np.where(fringe > 0, style.fringe.length, length)
        return np.maximum(length, 0.008)

    def curl(self) -> float:
        low, high = self.style.curl
        return low + (high - low) * self.wishes.curl


def _sideburns(zones: Zones) -> np.ndarray:
    ahead = eased(0.28, 0.33, zones.azimuth) * eased(0.55, 0.45, zones.azimuth)
    return ahead * eased(0.1, -0.1, zones.elevation)


def _clear_of_ears(mean: np.ndarray) -> np.ndarray:
    """Which roots [K] lie above the ears and so far from them that their hair may lie over them, 0..1."""
    away = (np.stack([np.abs(mean[:, 0]), mean[:, 1], mean[:, 2]], 1) - np.array(EARS)) / np.array(EAR_REACH)
    return eased(1.1, 1.7, (away**2).sum(1)) * eased(7.2, 7.35, mean[:, 1])


def _parting_at(style: HairStyle, wishes: Wishes) -> float:
    """Where the parting begins, as x on the unit sphere around SKULL."""
    middle, reach = style.parting
    return middle * wishes.side + reach * wishes.parting * (1.0 if middle == 0 else abs(wishes.side))


def _middle_line(combing: Combing, mean: np.ndarray) -> np.ndarray:
    """x of the line between the hair of a left and a right tie at roots [K, 3]."""
    front = eased(-0.2, 0.6, mean[:, 2])
    return combing.parting[0, 0] * 0.9 * front


def tie_direction(tied: Tied, side: int) -> tuple[float, float, float]:
    azimuth, elevation = math.radians(tied.azimuth), math.radians(tied.elevation)
    level = math.cos(elevation)
    across = level * math.cos(azimuth) * (side if tied.both else 0.0)
    depth = level * math.sin(azimuth)
    size = math.sqrt(across**2 + depth**2 + math.sin(elevation) ** 2)
    return across / size, math.sin(elevation) / size, depth / size


@lru_cache(maxsize=1)
def _measured() -> tuple[Tensor, Tensor]:
    """The vertices of the skull [n], and the mean head's extents from EYES [3]."""
    mesh = head_mesh()
    skull = (mesh.vertex_group == BODY) & (mesh.mean[:, 1] > 7.45) & (mesh.masks["ears"] < 0.2)
    index = skull.nonzero()[:, 0]
    return index, _extents(mesh.mean[index])


def _extents(places: Tensor) -> Tensor:
    """Half the width, height above the eyes and depth behind them [3] of a skull's vertices [n, 3]."""
    eyes = places.new_tensor(EYES)
    return torch.stack(
        [places[:, 0].abs().amax(), places[:, 1].amax() - eyes[1], eyes[2] - places[:, 2].amin()]
    )


def scalp_space(people: People, n: int) -> ScalpSpace:
    index, mean = _measured()
    scale = (mean / _extents(people.rest[n, index])).numpy().astype(np.float64)
    pivot, eyes = people.pivot[n].numpy().astype(np.float64), np.array(EYES)
    turn = people.turned[n].numpy().astype(np.float64)
    return ScalpSpace(turn, pivot, scale, (pivot - eyes) * scale + eyes)
