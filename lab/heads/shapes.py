"""From the controls to a head's own shape: how much of which of MakeHuman's targets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

YOUNGEST, OLDEST = 8.0, 85.0  # years at the ends of the control
TAMED = {"african": 0.65, "asian": 0.85}  # how much of MakeHuman's faces, which overdo it
AGES = {"baby": 1.0, "child": 10.0, "young": 25.0, "old": 90.0}  # years of MakeHuman's targets


@dataclass(frozen=True)
class TargetPair:
    """A pair of opposite targets, or one that is only added; "?" in the name stands for both sides."""

    target: str  # such as "nose/nose-hump"
    strength: float  # how much of a target is taken at the control's ends
    high: str = "incr"
    low: str = "decr"


def _up(target: str, strength: float) -> TargetPair:
    return TargetPair(target, strength, "up", "down")


def _out(target: str, strength: float) -> TargetPair:
    return TargetPair(target, strength, "out", "in")


def _fore(target: str, strength: float) -> TargetPair:
    return TargetPair(target, strength, "forward", "backward")


def _only(target: str, strength: float) -> TargetPair:
    return TargetPair(target, strength, "", "")


SLIDERS: dict[str, tuple[TargetPair, ...]] = {
    "weight": (
        TargetPair("head/head-fat", 0.3),
        TargetPair("neck/neck-double", 0.35),
        TargetPair("cheek/?-cheek-volume", 0.2),
        TargetPair("neck/neck-scale-horiz", 0.15),
    ),
    "masculine": (
        TargetPair("neck/neck-scale-horiz", 0.3),
        _fore("eyebrows/eyebrows-trans", 0.06),
        TargetPair("chin/chin-width", 0.12),
        TargetPair("eyes/?-eye-scale", -0.1),
    ),
    "face_width": (TargetPair("head/head-scale-horiz", 0.45),),
    "face_length": (TargetPair("head/head-scale-vert", 0.4),),
    "forehead": (TargetPair("forehead/forehead-scale-vert", 0.4),),
    "temples": (TargetPair("forehead/forehead-temple", 0.6),),
    "cheekbones": (TargetPair("cheek/?-cheek-bones", 0.7),),
    "cheeks": (TargetPair("cheek/?-cheek-volume", 0.55), TargetPair("cheek/?-cheek-inner", 0.35)),
    "jaw": (TargetPair("chin/chin-bones", 0.6), _out("head/head-angle", 0.25)),
    "chin": (TargetPair("chin/chin-prominent", 0.6),),
    "chin_width": (TargetPair("chin/chin-width", 0.55),),
    "chin_height": (TargetPair("chin/chin-height", 0.5),),
    "nose_size": (TargetPair("nose/nose-scale-depth", 0.45), TargetPair("nose/nose-volume", 0.35)),
    "nose_width": (TargetPair("nose/nose-scale-horiz", 0.45), TargetPair("nose/nose-flaring", 0.25)),
    "nose_length": (TargetPair("nose/nose-scale-vert", 0.4),),
    "nose_bridge": (
        TargetPair("nose/nose-hump", 0.5),
        TargetPair("nose/nose-curve", 0.2, "convex", "concave"),
    ),
    "nose_tip": (_up("nose/nose-point", 0.4), _up("nose/nose-base", 0.25)),
    "eye_size": (TargetPair("eyes/?-eye-scale", 0.5), TargetPair("eyes/?-eye-height2", 0.25)),
    "eye_spacing": (_out("eyes/?-eye-trans", 0.3),),
    "eye_tilt": (_up("eyes/?-eye-corner2", 0.6), _up("eyes/?-eye-corner1", -0.3)),
    "eye_depth": (_out("eyes/?-eye-push1", -0.5), _out("eyes/?-eye-push2", -0.3)),
    "lid_fold": (_out("eyes/?-eye-epicanthus", -0.6), _up("eyes/?-eye-eyefold", -0.4)),
    "brow_height": (_up("eyebrows/eyebrows-trans", 0.55),),
    "brow_ridge": (_fore("eyebrows/eyebrows-trans", 0.35),),
    "mouth_width": (TargetPair("mouth/mouth-scale-horiz", 0.45),),
    "lips": (
        TargetPair("mouth/mouth-upperlip-volume", 0.35),
        TargetPair("mouth/mouth-lowerlip-volume", 0.35),
        TargetPair("mouth/mouth-upperlip-height", 0.2),
        TargetPair("mouth/mouth-lowerlip-height", 0.25),
    ),
    "upper_lip": (
        TargetPair("mouth/mouth-upperlip-height", 0.5),
        TargetPair("mouth/mouth-upperlip-volume", 0.2),
    ),
    "philtrum": (_up("mouth/mouth-trans", -0.2), TargetPair("mouth/mouth-philtrum-volume", 0.4)),
    "ears": (TargetPair("ears/?-ear-scale", 0.45),),
    "ears_out": (TargetPair("ears/?-ear-wing", 0.6),),
    "neck_width": (TargetPair("neck/neck-scale-horiz", 0.4), TargetPair("neck/neck-scale-depth", 0.3)),
}

# what has no name: details choose them, each by its own mixture
EXTRA = (
    TargetPair("head/head-back-scale-depth", 0.4),
    TargetPair("head/head-scale-depth", 0.3),
    _only("head/head-oval", 0.4),
    _only("head/head-round", 0.4),
    _only("head/head-square", 0.3),
    _only("head/head-rectangular", 0.3),
    _only("head/head-triangular", 0.3),
    _only("head/head-invertedtriangular", 0.35),
    _only("head/head-diamond", 0.35),
    TargetPair("forehead/forehead-nubian", 0.35),
    _fore("forehead/forehead-trans", 0.35),
    _up("eyebrows/eyebrows-angle", 0.4),
    TargetPair("eyes/?-eye-bag", 0.35),
    _out("eyes/?-eye-bag", 0.3),
    TargetPair("eyes/?-eye-bag-height", 0.35),
    _up("eyes/?-eye-corner1", 0.3),
    _up("eyes/?-eye-eyefold", 0.35),
    _up("eyes/?-eye-eyefold-angle", 0.4),
    TargetPair("eyes/?-eye-eyefold", 0.4, "convex", "concave"),
    TargetPair("eyes/?-eye-height1", 0.2),
    TargetPair("eyes/?-eye-height3", 0.2),
    _up("eyes/?-eye-trans", 0.15),
    TargetPair("nose/nose-greek", 0.3),
    TargetPair("nose/nose-curve", 0.3, "convex", "concave"),
    TargetPair("nose/nose-width1", 0.4),
    TargetPair("nose/nose-width2", 0.4),
    TargetPair("nose/nose-width3", 0.35),
    _up("nose/nose-nostrils-angle", 0.35),
    TargetPair("nose/nose-nostrils-width", 0.3),
    TargetPair("nose/nose-septumangle", 0.35),
    TargetPair("nose/nose-compression", 0.2, "compress", "uncompress"),
    TargetPair("nose/nose-point-width", 0.45),
    _up("nose/nose-trans", 0.2),
    _up("mouth/mouth-angles", 0.2),
    TargetPair("mouth/mouth-cupidsbow", 0.5),
    TargetPair("mouth/mouth-cupidsbow-width", 0.4),
    _up("mouth/mouth-lowerlip-middle", 0.2),
    TargetPair("mouth/mouth-lowerlip-width", 0.3),
    _up("mouth/mouth-upperlip-middle", 0.2),
    TargetPair("mouth/mouth-upperlip-width", 0.3),
    TargetPair("mouth/mouth-scale-depth", 0.25),
    _out("mouth/mouth-laugh-lines", 0.3),
    TargetPair("chin/chin-cleft", 0.35),
    TargetPair("chin/chin-jaw-drop", 0.35),
    TargetPair("chin/chin-prognathism", 0.2),
    _only("chin/chin-triangle", 0.3),
    _up("cheek/?-cheek-trans", 0.4),
    TargetPair("ears/?-ear-flap", 0.3),
    TargetPair("ears/?-ear-lobe", 0.5),
    _fore("ears/?-ear-rot", 0.3),
    TargetPair("ears/?-ear-scale-depth", 0.35),
    TargetPair("ears/?-ear-scale-vert", 0.35),
    _up("ears/?-ear-trans", 0.2),
    _only("ears/?-ear-shape-square", 0.4),
    _only("ears/?-ear-shape-triangle", 0.4),
    TargetPair("neck/neck-scale-vert", 0.3),
    TargetPair("neck/neck-back-scale-depth", 0.35),
)
LOPSIDED = (  # targets in asym/ that move only one side, or both the same way
    *("brown-1", "brown-2", "cheek-1", "cheek-2", "ear-1", "ear-2", "ear-3", "eye-1", "eye-2", "eye-3"),
    *("eye-4", "eye-5", "jaw-1", "jaw-2", "jaw-3", "mouth-1", "mouth-2", "nose-1", "nose-2", "nose-3"),
    *("nose-4", "temple-1", "temple-2", "top-1", "top-2"),
)
ASYMMETRY = 0.3  # of a lopsided target, at the control's ends
BOUNDS = {  # the length of all of a region's amounts together, softly
    **{"head": 0.55, "forehead": 0.42, "eyebrows": 0.42, "eyes": 1.2, "cheek": 0.9, "nose": 0.8},
    **{"mouth": 0.72, "chin": 0.7, "ears": 1.0, "neck": 0.7, "asym": 0.7},
}
MIXED = 8  # how many of the details choose extra shape


@dataclass(frozen=True)
class Origins:
    """Shares [N] that add up to one."""

    european: Tensor
    african: Tensor
    asian: Tensor


def years_of(controls: dict[str, Tensor]) -> Tensor:
    return YOUNGEST + (OLDEST - YOUNGEST) * controls["age"]


def ages_of(years: Tensor) -> dict[str, Tensor]:
    """The share [N] of each of AGES at these years: neighbours are mixed linearly."""
    names, at = list(AGES), list(AGES.values())
    shares = {}
    for index, name in enumerate(names):
        share = torch.ones_like(years)
        if index > 0:
            share = torch.minimum(share, (years - at[index - 1]) / (at[index] - at[index - 1]))
        if index + 1 < len(at):
            share = torch.minimum(share, (at[index + 1] - years) / (at[index + 1] - at[index]))
        shares[name] = share.clamp(0, 1)
    return shares


def origins_of(controls: dict[str, Tensor]) -> Origins:
    """Most people are of one origin; the controls' thirds are Africa's and Asia's, the rest is Europe's."""
    marks = [9 * (controls[name] - 0.64) for name in ("african", "asian")]
    shares = torch.softmax(torch.stack([torch.zeros_like(marks[0]), *marks], dim=1), dim=1)  # [N, 3]
    return Origins(*shares.unbind(1))


def shape_amounts(controls: dict[str, Tensor], details: Tensor) -> dict[str, Tensor]:
    """How much [N] of each target makes a head's own shape."""
    amounts: dict[str, Tensor] = {}
    for name, sliders in SLIDERS.items():
        for slider in sliders:
            _add(amounts, slider, controls[name])
    mixed = torch.tanh(0.8 * details[:, :MIXED] @ _directions(len(EXTRA), 1).to(details).T)  # [N, EXTRA]
    for slider, value in zip(EXTRA, mixed.unbind(1), strict=True):
        _add(amounts, slider, value)
    sides = torch.tanh(details[:, :MIXED] @ _directions(len(LOPSIDED), 2).to(details).T)  # [N, LOPSIDED]
    signs = _directions(len(LOPSIDED), 3)[:, 0].sign().to(details)
    leaning = 0.4 * sides + controls["asymmetry"][:, None] * signs
    for name, value in zip(LOPSIDED, leaning.unbind(1), strict=True):
        _add(amounts, TargetPair(f"asym/asym-{name}", ASYMMETRY, "l", "r"), value)
    return _macro(controls) | _bounded(amounts, controls)


def _bounded(amounts: dict[str, Tensor], controls: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same directions, but no region of a face much farther from the average than BOUNDS.

    Children are less unlike each other.
    """
    child = ((18 - years_of(controls)) / 10).clamp(0, 1)  # [N]
    factors = {}
    for region, bound in BOUNDS.items():
        sums = torch.stack([value for name, value in amounts.items() if name.startswith(region + "/")])
        far = sums.square().sum(0) / bound**2  # [N]
        factors[region] = (1 - 0.35 * child) * (1 + far.square()) ** -0.25
    return {name: value * factors[name.partition("/")[0]] for name, value in amounts.items()}


@cache
def _directions(count: int, seed: int) -> Tensor:
    """Fixed random unit vectors [count, MIXED]."""
    drawn = torch.from_numpy(np.random.default_rng(seed).standard_normal((count, MIXED))).float()
    return F.normalize(drawn, dim=1)


def _macro(controls: dict[str, Tensor]) -> dict[str, Tensor]:
    man = (1 + controls["masculine"]) / 2
    origins, ages = origins_of(controls), ages_of(years_of(controls))
    african, asian = TAMED["african"] * origins.african, TAMED["asian"] * origins.asian
    shares = {"african": african, "asian": asian, "caucasian": 1 - african - asian}
    weight = 0.6 * controls["weight"]
    amounts = {}
    for sex, of_sex in (("male", man), ("female", 1 - man)):
        for age, of_age in ages.items():
            both = of_sex * of_age
            for origin, share in shares.items():
                amounts[f"macro/{origin}-{sex}-{age}"] = both * share
            plain = f"macro/universal-{sex}-{age}-averagemuscle"
            amounts[f"{plain}-maxweight"] = both * weight.clamp(min=0)
            amounts[f"{plain}-minweight"] = both * (-weight).clamp(min=0)
    return amounts


def _add(amounts: dict[str, Tensor], slider: TargetPair, value: Tensor) -> None:
    """Adds a slider at `value` [N] of -1..1."""
    value = slider.strength * value
    for side in ("l", "r") if "?" in slider.target else ("",):
        target = slider.target.replace("?", side)
        ends = (
            {f"{target}-{slider.high}": value, f"{target}-{slider.low}": -value}
            if slider.high
            else {target: value}
        )
        for name, amount in ends.items():
            amounts[name] = amounts.get(name, 0) + amount.clamp(min=0)
