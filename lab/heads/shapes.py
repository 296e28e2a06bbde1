"""From the controls to a head's own shape: how much of which of MakeHuman's targets."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

YOUNGEST, OLDEST = 8.0, 85.0  # years at the ends of the control
AGES = {"baby": 1.0, "child": 10.0, "young": 25.0, "old": 90.0}  # years of MakeHuman's targets


@dataclass(frozen=True)
class Slider:
    """One or more pairs of targets that grow together; `low` and `high` are the names' ends."""

    target: str  # such as "nose/nose-hump"; "?-" stands for both sides
    high: str
    low: str
    strength: float  # of the target at the control's ends


def _pair(target: str, strength: float, high: str = "incr", low: str = "decr") -> Slider:
    return Slider(target, high, low, strength)


SLIDERS: dict[str, tuple[Slider, ...]] = {
    "face_width": (_pair("head/head-scale-horiz", 0.45),),
    "face_length": (_pair("head/head-scale-vert", 0.4),),
    "forehead": (_pair("forehead/forehead-scale-vert", 0.5),),
    "temples": (_pair("forehead/forehead-temple", 0.5),),
    "cheekbones": (_pair("cheek/?-cheek-bones", 0.5),),
    "cheeks": (_pair("cheek/?-cheek-volume", 0.5), _pair("cheek/?-cheek-inner", 0.3)),
    "jaw": (_pair("chin/chin-bones", 0.5), _pair("head/head-angle", 0.3, "out", "in")),
    "chin": (_pair("chin/chin-prominent", 0.5),),
    "chin_width": (_pair("chin/chin-width", 0.5),),
    "chin_height": (_pair("chin/chin-height", 0.4),),
    "nose_size": (_pair("nose/nose-scale-depth", 0.4), _pair("nose/nose-volume", 0.3)),
    "nose_width": (_pair("nose/nose-scale-horiz", 0.4), _pair("nose/nose-flaring", 0.25)),
    "nose_length": (_pair("nose/nose-scale-vert", 0.4),),
    "nose_bridge": (_pair("nose/nose-hump", 0.4),),
    "nose_tip": (_pair("nose/nose-point", 0.4, "up", "down"),),
    "eye_size": (_pair("eyes/?-eye-scale", 0.35),),
    "eye_spacing": (_pair("eyes/?-eye-trans", 0.3, "out", "in"),),
    "eye_tilt": (_pair("eyes/?-eye-corner2", 0.5, "up", "down"),),
    "eye_depth": (_pair("eyes/?-eye-push1", 0.4, "in", "out"),),
    "lid_fold": (_pair("eyes/?-eye-epicanthus", 0.5, "in", "out"),),
    "brow_height": (_pair("eyebrows/eyebrows-trans", 0.5, "up", "down"),),
    "brow_ridge": (_pair("eyebrows/eyebrows-trans", 0.4, "forward", "backward"),),
    "mouth_width": (_pair("mouth/mouth-scale-horiz", 0.4),),
    "lips": (_pair("mouth/mouth-upperlip-volume", 0.4), _pair("mouth/mouth-lowerlip-volume", 0.4)),
    "upper_lip": (_pair("mouth/mouth-upperlip-height", 0.4),),
    "philtrum": (_pair("mouth/mouth-philtrum-volume", 0.5),),
    "ears": (_pair("ears/?-ear-scale", 0.4),),
    "ears_out": (_pair("ears/?-ear-wing", 0.5),),
    "neck_width": (_pair("neck/neck-scale-horiz", 0.4),),
}


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
    amounts = _macro(controls)
    for name, sliders in SLIDERS.items():
        for slider in sliders:
            _add(amounts, slider, slider.strength * controls[name])
    return amounts


def _macro(controls: dict[str, Tensor]) -> dict[str, Tensor]:
    man = (1 + controls["masculine"]) / 2
    origins, ages = origins_of(controls), ages_of(years_of(controls))
    weight = 0.7 * controls["weight"]
    amounts = {}
    for sex, of_sex in (("male", man), ("female", 1 - man)):
        for age, of_age in ages.items():
            both = of_sex * of_age
            for origin in ("caucasian", "african", "asian"):
                share = origins.european if origin == "caucasian" else getattr(origins, origin)
                amounts[f"macro/{origin}-{sex}-{age}"] = both * share
            plain = f"macro/universal-{sex}-{age}-averagemuscle"
            amounts[f"{plain}-maxweight"] = both * weight.clamp(min=0)
            amounts[f"{plain}-minweight"] = both * (-weight).clamp(min=0)
    return amounts


def _add(amounts: dict[str, Tensor], slider: Slider, value: Tensor) -> None:
    sides = ("l", "r") if "?" in slider.target else ("",)
    for side in sides:
        target = slider.target.replace("?", side)
        for end, amount in ((slider.high, value.clamp(min=0)), (slider.low, (-value).clamp(min=0))):
            key = f"{target}-{end}"
            amounts[key] = amounts.get(key, 0) + amount
