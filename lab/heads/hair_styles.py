"""The list of hair styles, from short to long, and which one a person wears.

A style is data: lengths and combing of four zones of the scalp, what it is cut to, how it falls, what is tied.
Lengths and heights are decimetres of the mean head.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from .people import People
from .scalp import smoothly


class Comb(NamedTuple):
    """How strongly hair is combed each way along the scalp."""

    down: float = 0.0  # away from the crown
    back: float = 0.0  # away from the face; below zero: forwards
    part: float = 0.0  # away from the parting
    across: float = 0.0  # over the head, away from the parting's side
    nape: float = 0.0  # towards the nape


DOWN = Comb(down=1.0)
BACK = Comb(back=1.0, nape=0.25)
FORWARD = Comb(back=-1.0)
PARTED = Comb(part=1.0, back=0.22)
BEHIND_EARS = Comb(part=0.8, back=0.75)


class Zone(NamedTuple):
    length: float
    comb: Comb = DOWN
    lift: float = 0.35  # 0 flat at the root, 1 upright
    uneven: float = 0.15  # share by which lengths differ


class Fringe(NamedTuple):
    """Hair of the forehead's edge that falls over the forehead."""

    length: float
    comb: Comb = FORWARD
    cut: float = 7.5  # where it ends in the middle ...
    cut_side: float = 0.0  # ... and how much higher at a distance of one from there
    lift: float = 0.35
    wide: float = 0.5  # half
    face: float = 0.0  # the size of the oval that it keeps free
    always: bool = True  # else only with the control `fringe`


class Cut(NamedTuple):
    height: float
    side: float = 0.0  # rise with the distance from the middle
    front: float = 0.0  # rise towards the front


class Tied(NamedTuple):
    """Hair that is gathered at places of the scalp and goes on from there.

    azimuth, elevation: degrees as in scalp.py; a place off the middle is there on both sides.
    """

    kind: str  # "tail", "bun", "braid", "roll" or "none"
    azimuth: float
    elevation: float
    size: float = 0.2  # a bun's radius, a tail's or a braid's thickness
    length: float = 1.5
    both: bool = False
    above: float = -9.0  # radians of elevation: only hair above it is gathered


@dataclass(frozen=True)
class HairStyle:
    name: str
    top: Zone
    sides: Zone
    back: Zone
    fringe: Fringe | None = None
    often: float = 1.0
    suits: tuple[float, float] = (0.0, 1.0)  # the range of `curl` of those who wear it
    years: tuple[float, float] = (0.0, 120.0)
    curl: tuple[float, float] = (0.0, 1.0)  # its own curl where the control is 0 and 1
    cut: Cut | None = None
    parting: tuple[float, float] = (
        0.0,
        0.35,
    )  # in the middle of the control, and how far the control moves it
    volume: float = 0.10
    hold: float = 0.7
    gravity: float = 5.0
    hug: float = 5.0
    stand: float = 0.0
    taper: float = 0.0  # how much shorter it gets towards the hairline at sides and nape
    high: float = 0.25  # radians over which it does
    over_ears: float = 0.0
    face: float = 1.0  # the size of the oval that hair keeps off
    clump: float = 0.5
    rope: float = 0.0  # 1: locks are ropes of their own
    locks: int = 420
    tied: tuple[Tied, ...] = ()
    bald: str = ""  # "", "all", "top" or "crown"
    rows: int = 0  # rows that are braided close to the scalp
    powdered: float = 0.0
    thick: float = 1.0  # width of strands
    flyaway: float = 1.0


def zones(length: float, comb: Comb = DOWN, lift: float = 0.35, uneven: float = 0.15) -> dict[str, Zone]:
    """Three zones alike."""
    zone = Zone(length, comb, lift, uneven)
    return {"top": zone, "sides": zone, "back": zone}


SHORT = {"hold": 2.0, "gravity": 0.6, "volume": 0.05}
LONG = {"hold": 0.75, "gravity": 5.0}
WISPY = Fringe(0.62, Comb(back=-1.0, across=0.25), cut=7.5, always=False)
SWEPT = Fringe(0.95, Comb(back=-0.45, across=1.0), cut=7.52, cut_side=-0.25, always=False, wide=0.6)
CURTAIN = Fringe(1.0, Comb(part=1.0, back=-0.25), cut=7.75, cut_side=-1.1, always=False, face=0.55)

STYLES: tuple[HairStyle, ...] = (
    HairStyle("shaved", **zones(0.012, lift=0.8), bald="all", years=(20, 120), often=0.7, volume=0.0, hold=9),
    HairStyle("horseshoe", Zone(0.1), Zone(0.16), Zone(0.2), bald="top", years=(38, 120), often=0.8, **SHORT),
    HairStyle("tonsure", Zone(0.3), Zone(0.3), Zone(0.3), bald="crown", years=(22, 120), often=0.2, **SHORT),
    HairStyle("buzz", **zones(0.07, lift=0.7), often=1.3, volume=0.0, hold=9, gravity=0.0, clump=0.0),
    HairStyle(
        "fade",
        Zone(0.18, Comb(back=-0.7, across=0.4), 0.7),
        Zone(0.10),
        Zone(0.10),
        taper=0.95,
        high=0.55,
        clump=0.15,
        **SHORT,
    ),
    HairStyle(
        "crew",
        Zone(0.27, Comb(back=-0.5, across=0.7), 0.75),
        Zone(0.12),
        Zone(0.13),
        taper=0.6,
        clump=0.25,
        often=1.4,
        **SHORT,
    ),
    HairStyle(
        "flat top",
        Zone(0.42, Comb(back=0.2), 0.97, 0.03),
        Zone(0.10),
        Zone(0.10),
        taper=0.8,
        often=0.3,
        suits=(0.0, 0.9),
        hold=3.0,
        gravity=0.0,
        stand=8.0,
        hug=0.0,
        volume=0.0,
        clump=0.2,
    ),
    HairStyle(
        "close coils",
        **zones(0.16, lift=0.9),
        taper=0.4,
        suits=(0.72, 1.0),
        curl=(0.85, 1.0),
        often=2.5,
        hold=3.0,
        gravity=0.0,
        stand=3.0,
        volume=0.05,
        clump=0.6,
        locks=900,
    ),
    HairStyle(
        "side parting, short",
        Zone(0.55, Comb(part=0.9, across=0.5, back=0.25), 0.45),
        Zone(0.22),
        Zone(0.2),
        taper=0.6,
        parting=(0.4, 0.12),
        often=2.2,
        suits=(0, 0.8),
        hold=1.2,
        gravity=1.2,
        volume=0.10,
    ),
    HairStyle(
        "crop",
        Zone(0.32, FORWARD, 0.5),
        Zone(0.14),
        Zone(0.14),
        Fringe(0.36, FORWARD, cut=7.72, wide=0.6),
        taper=0.6,
        clump=0.6,
        **SHORT,
    ),
    HairStyle(
        "slicked back",
        Zone(0.95, BACK, 0.3),
        Zone(0.5, BACK, 0.1),
        Zone(0.4, DOWN, 0.15),
        taper=0.5,
        suits=(0, 0.75),
        hold=3.0,
        gravity=1.0,
        volume=0.06,
        hug=9.0,
        clump=0.75,
        flyaway=0.3,
    ),
    HairStyle(
        "quiff",
        Zone(0.6, Comb(back=1.0, across=0.2), 0.85),
        Zone(0.14),
        Zone(0.16),
        taper=0.7,
        suits=(0, 0.85),
        hold=0.8,
        gravity=0.4,
        volume=0.30,
        hug=2.5,
        clump=0.6,
        often=1.2,
    ),
    HairStyle(
        "tousled",
        Zone(0.5, Comb(back=-0.35, across=0.6), 0.75, 0.35),
        Zone(0.26),
        Zone(0.26),
        taper=0.5,
        suits=(0, 0.85),
        hold=0.8,
        gravity=1.2,
        volume=0.16,
        clump=0.8,
        often=2.0,
        flyaway=2.0,
    ),
    HairStyle(
        "undercut",
        Zone(1.0, Comb(back=0.8, across=0.6), 0.5),
        Zone(0.07),
        Zone(0.07),
        taper=0.3,
        suits=(0, 0.8),
        hold=1.2,
        gravity=1.5,
        volume=0.12,
        hug=6.0,
        clump=0.65,
        often=0.8,
    ),
    HairStyle(
        "curly top",
        Zone(0.75, Comb(back=-0.3, down=0.6), 0.8, 0.3),
        Zone(0.2),
        Zone(0.2),
        taper=0.7,
        suits=(0.45, 1.0),
        curl=(0.55, 0.95),
        hold=0.6,
        gravity=1.0,
        stand=1.5,
        volume=0.18,
        clump=0.85,
        often=1.5,
    ),
    HairStyle(
        "side parting",
        Zone(0.9, Comb(part=1.0, back=0.45), 0.5),
        Zone(0.5, Comb(down=0.8, back=0.5), 0.2),
        Zone(0.45),
        parting=(0.38, 0.15),
        suits=(0, 0.8),
        hold=0.9,
        gravity=2.5,
        volume=0.12,
        clump=0.6,
        often=1.6,
        taper=0.4,
    ),
    HairStyle(
        "swept back, full",
        Zone(1.1, BACK, 0.6),
        Zone(0.85, BACK, 0.3),
        Zone(0.8, DOWN, 0.3),
        hold=0.9,
        gravity=2.0,
        volume=0.2,
        hug=4.0,
        clump=0.6,
        often=1.0,
        years=(14, 120),
    ),
    HairStyle(
        "curtains",
        Zone(1.05, Comb(part=1.0), 0.45),
        Zone(0.55, DOWN, 0.25),
        Zone(0.5),
        Fringe(0.95, Comb(part=1.0, back=-0.15), cut=7.35, cut_side=-0.5, face=0.8, lift=0.6, wide=0.6),
        parting=(0.0, 0.2),
        suits=(0, 0.6),
        hold=0.6,
        gravity=3.0,
        volume=0.12,
        clump=0.6,
        often=0.7,
        taper=0.4,
    ),
    HairStyle(
        "cornrows",
        **zones(1.5, BACK, 0.1, 0.05),
        suits=(0.8, 1.0),
        curl=(0.0, 0.1),
        rows=9,
        hold=3.0,
        gravity=1.0,
        volume=0.03,
        hug=10.0,
        clump=0.0,
        often=0.9,
        flyaway=0.2,
        locks=900,
    ),
    HairStyle(
        "high top",
        Zone(0.55, Comb(), 0.97, 0.05),
        Zone(0.10),
        Zone(0.10),
        taper=0.7,
        suits=(0.8, 1.0),
        curl=(0.9, 1.0),
        hold=3.0,
        gravity=0.0,
        stand=9.0,
        hug=0.0,
        volume=0.0,
        clump=0.6,
        locks=900,
        often=0.8,
    ),
    HairStyle(
        "thinning",
        Zone(0.55, Comb(back=0.9, across=0.3), 0.25),
        Zone(0.4, Comb(down=0.8, back=0.5), 0.25),
        Zone(0.4),
        years=(45, 120),
        suits=(0, 0.75),
        hold=1.2,
        gravity=1.5,
        volume=0.05,
        clump=0.5,
    ),
    HairStyle(
        "bowl",
        **zones(1.15, DOWN, 0.35, 0.04),
        fringe=Fringe(0.9, FORWARD, cut=7.56, wide=0.75),
        cut=Cut(7.15),
        suits=(0, 0.5),
        hold=0.8,
        gravity=3.0,
        volume=0.12,
        over_ears=1.0,
        clump=0.35,
        often=0.6,
        face=0.95,
    ),
    HairStyle(
        "mop",
        Zone(1.0, DOWN, 0.6, 0.3),
        Zone(0.8, DOWN, 0.4, 0.3),
        Zone(0.8, DOWN, 0.4, 0.3),
        fringe=Fringe(0.75, Comb(back=-1.0, across=0.3), cut=7.5, lift=0.6),
        suits=(0, 0.9),
        hold=0.5,
        gravity=3.0,
        volume=0.18,
        over_ears=0.7,
        clump=0.8,
        often=1.3,
        flyaway=2.0,
    ),
    HairStyle(
        "romantic curls",
        Zone(1.0, Comb(part=1.0), 0.6, 0.3),
        Zone(0.95, DOWN, 0.5, 0.3),
        Zone(0.9, DOWN, 0.5, 0.3),
        suits=(0.2, 1.0),
        curl=(0.5, 0.9),
        parting=(0.25, 0.15),
        hold=0.5,
        gravity=2.5,
        volume=0.22,
        over_ears=0.8,
        clump=0.85,
        often=0.8,
        stand=1.0,
    ),
    HairStyle(
        "knot on top",
        **zones(1.2, BACK, 0.1, 0.02),
        tied=(Tied("bun", -90, 62, 0.20),),
        years=(14, 60),
        often=0.5,
        suits=(0, 0.9),
        volume=0.04,
        flyaway=1.0,
    ),
    HairStyle(
        "mullet",
        Zone(0.6, Comb(back=0.2, down=0.5), 0.7, 0.3),
        Zone(0.3),
        Zone(1.7, DOWN, 0.3, 0.3),
        suits=(0, 0.8),
        hold=0.5,
        gravity=3.0,
        volume=0.15,
        clump=0.7,
        often=0.5,
        years=(10, 70),
    ),
    HairStyle(
        "pageboy",
        **zones(1.9, PARTED, 0.35, 0.06),
        cut=Cut(6.45),
        parting=(0.0, 0.1),
        suits=(0.0, 0.75),
        curl=(0.15, 0.7),
        volume=0.16,
        over_ears=1.0,
        clump=0.6,
        often=0.7,
        **LONG,
    ),
    HairStyle(
        "powdered wig",
        Zone(0.9, BACK, 0.75, 0.03),
        Zone(0.7, BACK, 0.3, 0.03),
        Zone(0.9, BACK, 0.3, 0.03),
        tied=(Tied("roll", 0, -8, 0.16, 0.55, both=True), Tied("tail", -90, -48, 0.10, 0.9, above=9)),
        powdered=1.0,
        hold=2.0,
        gravity=0.6,
        volume=0.30,
        hug=4.0,
        clump=0.5,
        curl=(0.1, 0.5),
        often=0.35,
        years=(16, 120),
        suits=(0, 0.9),
        flyaway=0.2,
    ),
    HairStyle(
        "shoulder length, loose",
        **zones(2.3, PARTED, 0.4, 0.25),
        cut=Cut(5.95),
        parting=(0.1, 0.35),
        suits=(0, 0.85),
        volume=0.14,
        over_ears=0.6,
        clump=0.65,
        often=1.0,
        **LONG,
    ),
    HairStyle(
        "afro",
        **zones(0.75, lift=1.0, uneven=0.12),
        suits=(0.75, 1.0),
        curl=(0.9, 1.0),
        hold=0.1,
        gravity=0.0,
        stand=12.0,
        hug=0.0,
        volume=0.0,
        clump=0.55,
        locks=900,
        often=1.6,
    ),
    HairStyle(
        "locs",
        **zones(2.0, Comb(down=0.7, back=0.4), 0.6, 0.2),
        suits=(0.8, 1.0),
        curl=(0.0, 0.08),
        rope=1.0,
        locks=150,
        volume=0.14,
        hold=0.35,
        gravity=4.0,
        clump=1.0,
        often=0.9,
        over_ears=0.6,
        flyaway=0.4,
        years=(12, 120),
    ),
    HairStyle(
        "pixie",
        Zone(0.55, Comb(down=0.6, across=0.7), 0.5, 0.3),
        Zone(0.38, Comb(down=1.0, back=-0.2), 0.2),
        Zone(0.34),
        fringe=Fringe(0.55, Comb(back=-0.7, across=0.7), cut=7.53, wide=0.6),
        suits=(0, 0.75),
        parting=(0.3, 0.2),
        hold=1.2,
        gravity=1.4,
        volume=0.12,
        clump=0.65,
        taper=0.4,
        often=1.2,
    ),
    HairStyle(
        "feathered",
        Zone(0.95, Comb(part=0.8, back=0.5), 0.7, 0.2),
        Zone(0.7, Comb(down=0.8, back=0.6), 0.4, 0.2),
        Zone(0.75),
        fringe=SWEPT._replace(always=True, length=0.8),
        suits=(0, 0.8),
        curl=(0.2, 0.75),
        parting=(0.25, 0.2),
        hold=0.7,
        gravity=2.0,
        volume=0.24,
        over_ears=0.5,
        clump=0.6,
        often=1.0,
    ),
    HairStyle(
        "short and set",
        Zone(0.75, Comb(down=0.8, back=0.4), 0.8, 0.2),
        Zone(0.6, DOWN, 0.6, 0.2),
        Zone(0.6, DOWN, 0.6, 0.2),
        suits=(0, 1),
        curl=(0.6, 0.92),
        years=(28, 120),
        hold=0.5,
        gravity=1.0,
        stand=2.0,
        volume=0.22,
        clump=0.85,
        often=1.2,
        over_ears=0.3,
    ),
    HairStyle(
        "bob",
        **zones(1.9, PARTED, 0.4, 0.05),
        fringe=WISPY,
        cut=Cut(6.5, 0.0, -0.1),
        parting=(0.2, 0.4),
        suits=(0, 0.75),
        volume=0.15,
        over_ears=1.0,
        clump=0.4,
        often=1.6,
        **LONG,
    ),
    HairStyle(
        "bob with fringe",
        **zones(1.9, DOWN, 0.4, 0.04),
        fringe=Fringe(0.9, FORWARD, cut=7.5, wide=0.62),
        cut=Cut(6.55),
        suits=(0, 0.5),
        volume=0.15,
        over_ears=1.0,
        clump=0.3,
        often=0.9,
        face=0.95,
        **LONG,
    ),
    HairStyle(
        "curly bob",
        **zones(1.7, PARTED, 0.7, 0.2),
        suits=(0.5, 1.0),
        curl=(0.65, 0.95),
        cut=Cut(6.35),
        parting=(0.1, 0.4),
        volume=0.28,
        over_ears=1.0,
        clump=0.85,
        stand=1.0,
        hold=0.5,
        gravity=3.5,
        often=1.4,
    ),
    HairStyle(
        "lob",
        **zones(2.3, PARTED, 0.4, 0.12),
        fringe=CURTAIN,
        cut=Cut(6.05, 0.0, -0.1),
        parting=(0.1, 0.4),
        suits=(0, 0.75),
        volume=0.15,
        over_ears=0.9,
        clump=0.55,
        often=1.4,
        **LONG,
    ),
    HairStyle(
        "box braids",
        **zones(3.0, PARTED, 0.4, 0.1),
        suits=(0.8, 1.0),
        curl=(0.0, 0.08),
        rope=1.0,
        locks=190,
        volume=0.12,
        hold=0.5,
        gravity=5.0,
        clump=1.0,
        often=1.2,
        over_ears=0.4,
        flyaway=0.2,
        parting=(0, 0.4),
    ),
    HairStyle(
        "low bun",
        **zones(1.2, Comb(part=0.6, back=0.6), 0.15, 0.02),
        tied=(Tied("bun", -90, -8, 0.24),),
        parting=(0.0, 0.4),
        volume=0.07,
        suits=(0, 0.9),
        often=1.0,
    ),
    HairStyle(
        "high bun",
        **zones(1.2, BACK, 0.15, 0.02),
        tied=(Tied("bun", -90, 70, 0.27),),
        volume=0.06,
        often=0.7,
        fringe=WISPY,
        years=(4, 70),
    ),
    HairStyle(
        "low ponytail",
        **zones(1.2, Comb(part=0.5, back=0.7), 0.15, 0.02),
        parting=(0.2, 0.4),
        tied=(Tied("tail", -90, -12, 0.13, 2.0),),
        volume=0.06,
        often=1.0,
        fringe=WISPY,
    ),
    HairStyle(
        "high ponytail",
        **zones(1.2, BACK, 0.15, 0.02),
        tied=(Tied("tail", -90, 42, 0.14, 2.2),),
        volume=0.06,
        often=1.0,
        fringe=CURTAIN,
        years=(3, 70),
    ),
    HairStyle(
        "coiled sides",
        **zones(1.2, PARTED, 0.15, 0.02),
        tied=(Tied("bun", -12, -8, 0.25, both=True),),
        parting=(0.0, 0.05),
        volume=0.05,
        suits=(0, 0.85),
        often=0.4,
    ),
    HairStyle(
        "ringlets",
        **zones(2.1, PARTED, 0.25, 0.15),
        suits=(0.2, 1.0),
        curl=(0.78, 0.86),
        parting=(0.0, 0.1),
        cut=Cut(6.2),
        volume=0.12,
        clump=0.95,
        locks=170,
        over_ears=1.0,
        often=0.6,
        **LONG,
    ),
    HairStyle(
        "pigtails",
        **zones(1.2, PARTED, 0.15, 0.02),
        tied=(Tied("tail", -25, -18, 0.12, 1.7, both=True),),
        parting=(0.0, 0.1),
        volume=0.05,
        years=(0, 35),
        often=0.6,
        fringe=WISPY,
    ),
    HairStyle(
        "two braids",
        **zones(1.2, PARTED, 0.15, 0.02),
        tied=(Tied("braid", -30, -30, 0.11, 2.2, both=True),),
        parting=(0.0, 0.1),
        volume=0.05,
        often=0.6,
        fringe=WISPY,
    ),
    HairStyle(
        "braid",
        **zones(1.2, Comb(part=0.4, back=0.8), 0.15, 0.02),
        tied=(Tied("braid", -90, -25, 0.15, 2.3),),
        parting=(0.1, 0.4),
        volume=0.06,
        often=0.6,
    ),
    HairStyle(
        "half up",
        **zones(2.8, Comb(down=0.7, back=0.6), 0.3, 0.2),
        tied=(Tied("tail", -90, 25, 0.10, 2.0, above=0.42),),
        cut=Cut(5.5),
        volume=0.10,
        over_ears=0.3,
        clump=0.5,
        suits=(0, 0.85),
        often=0.9,
        fringe=CURTAIN,
        **LONG,
    ),
    HairStyle(
        "long, layered",
        **zones(2.7, PARTED, 0.5, 0.4),
        fringe=CURTAIN,
        cut=Cut(5.5),
        parting=(0.15, 0.4),
        curl=(0.3, 0.75),
        suits=(0, 0.8),
        volume=0.18,
        over_ears=0.9,
        clump=0.7,
        often=1.5,
        **LONG,
    ),
    HairStyle(
        "long, waves",
        **zones(2.8, PARTED, 0.5, 0.2),
        cut=Cut(5.3),
        parting=(0.15, 0.45),
        curl=(0.42, 0.7),
        suits=(0, 0.85),
        volume=0.18,
        over_ears=0.9,
        clump=0.75,
        often=1.3,
        **LONG,
    ),
    HairStyle(
        "long with fringe",
        **zones(2.8, DOWN, 0.35, 0.12),
        fringe=Fringe(0.9, FORWARD, cut=7.5, wide=0.58),
        cut=Cut(5.3),
        suits=(0, 0.6),
        volume=0.13,
        over_ears=0.9,
        clump=0.4,
        often=1.0,
        **LONG,
    ),
    HairStyle(
        "long, curly",
        **zones(2.8, PARTED, 0.7, 0.25),
        cut=Cut(5.4),
        parting=(0.15, 0.45),
        suits=(0.45, 1.0),
        curl=(0.68, 0.92),
        volume=0.26,
        over_ears=0.9,
        clump=0.85,
        stand=0.6,
        hold=0.5,
        gravity=4.0,
        often=1.5,
    ),
    HairStyle(
        "long, behind the ears",
        **zones(2.8, BEHIND_EARS, 0.3, 0.15),
        cut=Cut(5.3),
        parting=(0.1, 0.4),
        suits=(0, 0.7),
        volume=0.10,
        clump=0.5,
        often=1.2,
        hold=0.95,
        gravity=5.0,
    ),
    HairStyle(
        "long, to one side",
        **zones(2.9, Comb(part=0.9, across=0.25, back=0.2), 0.5, 0.2),
        cut=Cut(5.2),
        parting=(0.5, 0.1),
        curl=(0.2, 0.7),
        suits=(0, 0.8),
        volume=0.2,
        over_ears=0.8,
        clump=0.65,
        often=0.9,
        **LONG,
    ),
    HairStyle(
        "long, straight",
        **zones(3.0, PARTED, 0.3, 0.06),
        fringe=WISPY,
        cut=Cut(5.1),
        parting=(0.05, 0.4),
        curl=(0.0, 0.45),
        suits=(0, 0.65),
        volume=0.12,
        over_ears=0.8,
        clump=0.45,
        often=1.6,
        **LONG,
    ),
)

NAMES = tuple(style.name for style in STYLES)


def _frequencies(people: People) -> Tensor:
    """How frequent each style is [N, S] among people of each one's curl and age."""
    curl, years = people.controls["curl"], people.years
    columns = []
    for style in STYLES:
        fits = smoothly(style.suits[0] - 0.05, style.suits[0] + 0.03, curl)
        fits = fits * smoothly(style.suits[1] + 0.05, style.suits[1] - 0.03, curl)
        fits = fits * smoothly(style.years[0] - 3.0, style.years[0] + 2.0, years)
        fits = fits * smoothly(style.years[1] + 5.0, style.years[1] - 5.0, years)
        columns.append(style.often * fits)
    return torch.stack(columns, 1)


def styles_of(people: People) -> list[HairStyle]:
    """Each person's style: `hair_style` is a place in the list of those that suit."""
    shares = _frequencies(people).cumsum(1)
    place = people.controls["hair_style"].clamp(1e-4, 1 - 1e-4)[:, None] * shares[:, -1:]
    return [STYLES[index] for index in (shares < place).sum(1).tolist()]


def place_of(name: str, people: People) -> Tensor:
    """The values [N] of `hair_style` that give people a style; 0.5 where it does not suit them.

    ValueError for an unknown name.
    """
    index = NAMES.index(name)
    shares = _frequencies(people).cumsum(1)
    before = shares[:, index - 1] if index else torch.zeros_like(shares[:, 0])
    middle = (before + shares[:, index]) / 2 / shares[:, -1]
    return torch.where(shares[:, index] - before > 1e-3 * shares[:, -1], middle, 0.5)
