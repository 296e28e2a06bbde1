"""The list of hair styles, from short to long, and which one a person wears.

A style is data: lengths and combing of the scalp's zones, what it is cut to, how it falls, what is tied.
Lengths and heights are decimetres of the mean head.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..smooth_step import smooth
from .people import People


class Comb(NamedTuple):
    """How strongly hair is combed each way along the scalp."""

    down: float = 0.0  # away from the crown
    back: float = 0.0  # away from the face; below zero: forwards
    part: float = 0.0  # away from the parting
    across: float = 0.0  # over the head, away from the parting's side
    nape: float = 0.0  # towards the nape


DOWN = Comb(down=1.0)
BACK = Comb(back=0.5, nape=1.0)
FORWARD = Comb(back=-1.0)
PARTED = Comb(part=1.0, back=0.5)
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
    deep: float = 1.0  # radians of elevation up to which hair belongs to it
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
    parting: tuple[float, float] = (0.0, 0.35)  # where it is, and how far the control moves it
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
    locks: int = 640
    tied: tuple[Tied, ...] = ()
    bald: str = ""  # "", "all", "top" or "crown"
    upright: float = 0.0  # 1: hair that stands, stands straight up
    roof: float = 0.0  # a height at which it is cut level; 0 none
    ball: float = 0.0  # the radius of the ball that it is cut to; 0 none
    before: float = 0.62  # roots further to the front than this fall before the shoulders
    curl_from: float = 0.0  # the length of hair that stays straight
    rows: int = 0  # rows that are braided close to the scalp
    powdered: float = 0.0
    thick: float = 1.0  # width of strands
    flyaway: float = 1.0

    @property
    def gathered(self) -> bool:
        """Whether all hair is tied."""
        return any(tied.above < -1.0 for tied in self.tied)


def zones(length: float, comb: Comb = DOWN, lift: float = 0.35, uneven: float = 0.15) -> dict[str, Any]:
    """Three zones alike."""
    zone = Zone(length, comb, lift, uneven)
    return {"top": zone, "sides": zone, "back": zone}


SHORT: dict[str, Any] = {"hold": 2.0, "gravity": 0.6, "volume": 0.05}
LONG: dict[str, Any] = {"hold": 0.6, "gravity": 9.0}
GATHERED: dict[str, Any] = {"volume": 0.05, "clump": 0.25, "flyaway": 0.6}
WISPY = Fringe(0.75, Comb(back=-1.0, across=0.25), cut=7.5, always=False)
SWEPT = Fringe(0.9, Comb(back=-0.5, across=1.0), cut=7.55, cut_side=-0.3, always=False, wide=0.6, lift=0.45)
CURTAIN = Fringe(1.0, Comb(part=1.0, back=-0.15), cut=7.7, cut_side=-1.0, always=False, face=0.7, lift=0.55)
BLUNT = Fringe(1.7, DOWN, cut=7.5, wide=0.6, deep=1.35, lift=0.3)

STYLES: tuple[HairStyle, ...] = (
    HairStyle("shaved", **zones(0.02, lift=0.8), bald="all", years=(20, 120), often=0.7),
    HairStyle("horseshoe", Zone(0.1), Zone(0.16), Zone(0.2), bald="top", years=(38, 120), often=0.8, **SHORT),
    HairStyle("tonsure", Zone(0.4), Zone(0.35), Zone(0.3), bald="crown", years=(22, 120), often=0.2, **SHORT),
    HairStyle("buzz", **zones(0.07, lift=0.7), often=1.3, volume=0.0, hold=9, gravity=0.0, clump=0.0),
    HairStyle(
        "fade",
        Zone(0.18, Comb(back=-0.7, across=0.4), 0.6),
        Zone(0.10),
        Zone(0.10),
        taper=0.95,
        high=0.55,
        clump=0.15,
        **SHORT,
    ),
    HairStyle(
        "crew",
        Zone(0.27, Comb(back=-0.5, across=0.7), 0.65),
        Zone(0.12),
        Zone(0.13),
        taper=0.6,
        clump=0.25,
        often=1.4,
        **SHORT,
    ),
    HairStyle(
        "flat top",
        Zone(0.6, Comb(back=0.2), 0.97, 0.03),
        Zone(0.12, lift=0.8),
        Zone(0.12, lift=0.8),
        taper=0.8,
        often=0.3,
        suits=(0.0, 0.9),
        hold=3.0,
        gravity=0.0,
        stand=12.0,
        hug=0.0,
        volume=0.0,
        clump=0.2,
        upright=1.0,
        roof=8.52,
    ),
    HairStyle(
        "close coils",
        **zones(0.18, lift=0.9),
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
        Zone(0.55, Comb(part=1.0, back=0.45), 0.4),
        Zone(0.22),
        Zone(0.2),
        taper=0.6,
        parting=(0.42, 0.10),
        often=2.2,
        suits=(0, 0.8),
        hold=1.2,
        gravity=1.2,
        volume=0.08,
    ),
    HairStyle(
        "crop",
        Zone(0.32, FORWARD, 0.4),
        Zone(0.14),
        Zone(0.14),
        Fringe(0.42, FORWARD, cut=7.72, wide=0.6),
        taper=0.6,
        clump=0.5,
        **SHORT,
    ),
    HairStyle(
        "slicked back",
        Zone(0.95, BACK, 0.2),
        Zone(0.5, BACK, 0.1),
        Zone(0.4, BACK, 0.15),
        taper=0.5,
        suits=(0, 0.75),
        hold=3.0,
        gravity=1.0,
        volume=0.05,
        hug=9.0,
        clump=0.6,
        flyaway=0.3,
    ),
    HairStyle(
        "quiff",
        Zone(0.62, Comb(back=1.0, across=0.2), 0.8),
        Zone(0.14),
        Zone(0.16),
        taper=0.7,
        suits=(0, 0.85),
        hold=0.8,
        gravity=0.4,
        volume=0.22,
        hug=2.5,
        clump=0.6,
        often=1.2,
    ),
    HairStyle(
        "tousled",
        Zone(0.5, Comb(back=-0.35, across=0.6), 0.7, 0.35),
        Zone(0.26),
        Zone(0.26),
        taper=0.5,
        suits=(0, 0.85),
        hold=0.8,
        gravity=1.2,
        volume=0.14,
        clump=0.75,
        often=2.0,
        flyaway=1.6,
    ),
    HairStyle(
        "undercut",
        Zone(1.0, Comb(back=0.8, across=0.8), 0.5),
        Zone(0.07),
        Zone(0.07),
        taper=0.3,
        suits=(0, 0.8),
        hold=1.4,
        gravity=1.5,
        volume=0.10,
        hug=6.0,
        clump=0.55,
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
        gravity=1.5,
        stand=0.8,
        volume=0.14,
        clump=0.85,
        often=1.5,
    ),
    HairStyle(
        "side parting",
        Zone(0.9, Comb(part=1.0, back=0.6), 0.45),
        Zone(0.5, Comb(down=0.8, back=0.5), 0.2),
        Zone(0.45),
        parting=(0.40, 0.12),
        suits=(0, 0.8),
        hold=1.0,
        gravity=2.5,
        volume=0.10,
        clump=0.5,
        often=1.6,
        taper=0.4,
    ),
    HairStyle(
        "swept back, full",
        Zone(1.1, BACK, 0.55),
        Zone(0.85, BACK, 0.3),
        Zone(0.8, DOWN, 0.3),
        hold=1.0,
        gravity=3.0,
        volume=0.15,
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
        CURTAIN._replace(always=True, cut=7.5),
        parting=(0.0, 0.2),
        suits=(0, 0.6),
        hold=0.7,
        gravity=4.0,
        volume=0.10,
        clump=0.4,
        often=0.7,
        taper=0.4,
    ),
    HairStyle(
        "cornrows",
        **zones(0.014, DOWN, 0.8),
        suits=(0.8, 1.0),
        curl=(0.0, 0.1),
        rows=11,
        clump=0.0,
        often=0.9,
    ),
    HairStyle(
        "high top",
        Zone(0.9, Comb(), 0.97, 0.03),
        Zone(0.12, lift=0.8),
        Zone(0.12, lift=0.8),
        taper=0.7,
        suits=(0.8, 1.0),
        curl=(0.9, 1.0),
        hold=3.0,
        gravity=0.0,
        stand=14.0,
        hug=0.0,
        volume=0.0,
        clump=0.6,
        locks=900,
        often=0.8,
        upright=0.9,
        roof=8.72,
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
        **zones(1.5, DOWN, 0.3, 0.04),
        fringe=BLUNT._replace(cut=7.55, wide=0.75),
        cut=Cut(7.1),
        suits=(0, 0.5),
        hold=0.9,
        gravity=5.0,
        volume=0.10,
        over_ears=0.6,
        clump=0.25,
        often=0.6,
    ),
    HairStyle(
        "mop",
        Zone(1.2, DOWN, 0.55, 0.3),
        Zone(0.8, DOWN, 0.4, 0.3),
        Zone(0.8, DOWN, 0.4, 0.3),
        fringe=BLUNT._replace(comb=Comb(down=1.0, across=0.35), cut=7.48, lift=0.5),
        suits=(0, 0.9),
        hold=0.6,
        gravity=4.0,
        volume=0.15,
        over_ears=0.7,
        clump=0.75,
        often=1.3,
        flyaway=1.6,
    ),
    HairStyle(
        "romantic curls",
        Zone(1.0, PARTED, 0.6, 0.3),
        Zone(0.95, DOWN, 0.5, 0.3),
        Zone(0.9, DOWN, 0.5, 0.3),
        suits=(0.2, 1.0),
        curl=(0.5, 0.9),
        parting=(0.25, 0.15),
        hold=0.6,
        gravity=3.0,
        volume=0.18,
        over_ears=0.8,
        clump=0.85,
        often=0.8,
        stand=0.4,
    ),
    HairStyle(
        "knot on top",
        **zones(1.2, BACK, 0.1, 0.02),
        tied=(Tied("bun", -90, 62, 0.24),),
        years=(14, 60),
        often=0.5,
        suits=(0, 0.9),
        **GATHERED,
    ),
    HairStyle(
        "mullet",
        Zone(0.6, Comb(back=0.2, down=0.5), 0.6, 0.3),
        Zone(0.3),
        Zone(1.7, DOWN, 0.3, 0.3),
        suits=(0, 0.8),
        hold=0.6,
        gravity=4.0,
        volume=0.12,
        clump=0.6,
        often=0.5,
        years=(10, 70),
    ),
    HairStyle(
        "pageboy",
        **zones(1.9, PARTED, 0.3, 0.06),
        cut=Cut(6.4),
        parting=(0.0, 0.1),
        suits=(0.0, 0.75),
        curl=(0.15, 0.6),
        volume=0.11,
        over_ears=1.0,
        clump=0.5,
        often=0.7,
        **LONG,
    ),
    HairStyle(
        "powdered wig",
        Zone(0.9, BACK, 0.6, 0.03),
        Zone(0.7, BACK, 0.3, 0.03),
        Zone(0.9, BACK, 0.3, 0.03),
        tied=(Tied("roll", -4, -10, 0.15, 0.5, both=True, above=9), Tied("tail", -90, -40, 0.12, 1.0)),
        powdered=1.0,
        volume=0.22,
        clump=0.3,
        curl=(0.1, 0.4),
        often=0.35,
        years=(16, 120),
        suits=(0, 0.9),
        flyaway=0.2,
    ),
    HairStyle(
        "shoulder length, loose",
        **zones(2.3, PARTED, 0.35, 0.25),
        cut=Cut(5.95),
        parting=(0.1, 0.35),
        suits=(0, 0.85),
        volume=0.10,
        over_ears=0.6,
        clump=0.5,
        often=1.0,
        **LONG,
    ),
    HairStyle(
        "afro",
        **zones(0.75, lift=1.0, uneven=0.06),
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
        ball=1.36,
    ),
    HairStyle(
        "locs",
        **zones(2.0, Comb(down=0.7, back=0.6), 0.5, 0.2),
        suits=(0.8, 1.0),
        curl=(0.0, 0.08),
        rope=1.0,
        locks=170,
        volume=0.10,
        hold=0.6,
        gravity=6.0,
        clump=1.0,
        often=0.9,
        over_ears=0.6,
        flyaway=0.4,
        years=(12, 120),
    ),
    HairStyle(
        "pixie",
        Zone(0.6, Comb(down=0.6, across=0.7), 0.45, 0.3),
        Zone(0.38, Comb(down=1.0, back=-0.2), 0.2),
        Zone(0.34),
        fringe=Fringe(0.7, Comb(back=-0.7, across=0.8), cut=7.53, wide=0.6),
        suits=(0, 0.75),
        parting=(0.3, 0.2),
        hold=1.2,
        gravity=1.6,
        volume=0.10,
        clump=0.6,
        taper=0.4,
        often=1.2,
    ),
    HairStyle(
        "feathered",
        Zone(0.95, Comb(part=0.8, back=0.7), 0.6, 0.2),
        Zone(0.7, Comb(down=0.8, back=0.6), 0.4, 0.2),
        Zone(0.75),
        fringe=SWEPT._replace(always=True),
        suits=(0, 0.8),
        curl=(0.2, 0.65),
        parting=(0.25, 0.2),
        hold=0.8,
        gravity=2.5,
        volume=0.18,
        over_ears=0.5,
        clump=0.55,
        often=1.0,
    ),
    HairStyle(
        "short and set",
        Zone(0.75, Comb(down=0.8, back=0.4), 0.8, 0.2),
        Zone(0.6, DOWN, 0.6, 0.2),
        Zone(0.6, DOWN, 0.6, 0.2),
        suits=(0, 1),
        curl=(0.6, 0.85),
        years=(28, 120),
        hold=0.5,
        gravity=1.6,
        stand=1.0,
        volume=0.18,
        clump=0.85,
        often=1.2,
        over_ears=0.3,
    ),
    HairStyle(
        "bob",
        **zones(1.9, PARTED, 0.35, 0.05),
        fringe=SWEPT,
        cut=Cut(6.5, 0.0, -0.1),
        parting=(0.2, 0.4),
        suits=(0, 0.75),
        volume=0.10,
        over_ears=1.0,
        clump=0.3,
        often=1.6,
        **LONG,
    ),
    HairStyle(
        "bob with fringe",
        **zones(1.9, DOWN, 0.35, 0.04),
        fringe=BLUNT,
        cut=Cut(6.55),
        suits=(0, 0.5),
        volume=0.10,
        over_ears=1.0,
        clump=0.25,
        often=0.9,
        **LONG,
    ),
    HairStyle(
        "curly bob",
        **zones(1.5, PARTED, 0.6, 0.2),
        suits=(0.5, 1.0),
        curl=(0.62, 0.95),
        cut=Cut(6.35),
        parting=(0.1, 0.4),
        volume=0.16,
        over_ears=1.0,
        clump=0.85,
        hold=0.6,
        gravity=5.0,
        often=1.4,
    ),
    HairStyle(
        "lob",
        **zones(2.3, PARTED, 0.35, 0.12),
        fringe=CURTAIN,
        cut=Cut(6.05, 0.0, -0.1),
        parting=(0.1, 0.4),
        suits=(0, 0.75),
        volume=0.10,
        over_ears=0.9,
        clump=0.4,
        often=1.4,
        **LONG,
    ),
    HairStyle(
        "box braids",
        **zones(3.0, PARTED, 0.3, 0.1),
        suits=(0.8, 1.0),
        curl=(0.0, 0.08),
        rope=1.0,
        locks=200,
        volume=0.09,
        hold=0.6,
        gravity=7.0,
        clump=1.0,
        often=1.2,
        over_ears=0.4,
        flyaway=0.2,
        parting=(0, 0.4),
    ),
    HairStyle(
        "low bun",
        **zones(1.2, Comb(part=0.6, back=0.6), 0.15, 0.02),
        tied=(Tied("bun", -90, -12, 0.30),),
        parting=(0.0, 0.4),
        suits=(0, 0.9),
        often=1.0,
        **GATHERED,
    ),
    HairStyle(
        "high bun",
        **zones(1.2, BACK, 0.15, 0.02),
        tied=(Tied("bun", -90, 68, 0.32),),
        often=0.7,
        fringe=WISPY,
        years=(4, 70),
        **GATHERED,
    ),
    HairStyle(
        "low ponytail",
        **zones(1.2, Comb(part=0.5, back=0.7), 0.15, 0.02),
        parting=(0.2, 0.4),
        tied=(Tied("tail", -90, -16, 0.20, 2.2),),
        often=1.0,
        fringe=SWEPT,
        **GATHERED,
    ),
    HairStyle(
        "high ponytail",
        **zones(1.2, BACK, 0.15, 0.02),
        tied=(Tied("tail", -90, 42, 0.22, 2.4),),
        often=1.0,
        fringe=CURTAIN,
        years=(3, 70),
        **GATHERED,
    ),
    HairStyle(
        "coiled sides",
        **zones(1.2, PARTED, 0.15, 0.02),
        tied=(Tied("bun", -12, -8, 0.26, both=True),),
        parting=(0.0, 0.05),
        suits=(0, 0.85),
        often=0.4,
        **GATHERED,
    ),
    HairStyle(
        "ringlets",
        **zones(2.0, PARTED, 0.2, 0.12),
        suits=(0.2, 1.0),
        curl=(0.78, 0.84),
        parting=(0.0, 0.1),
        cut=Cut(6.25),
        volume=0.07,
        clump=0.97,
        locks=46,
        over_ears=1.0,
        often=0.6,
        curl_from=0.75,
        flyaway=0.3,
        **LONG,
    ),
    HairStyle(
        "pigtails",
        **zones(1.2, PARTED, 0.15, 0.02),
        tied=(Tied("tail", -25, -18, 0.17, 1.7, both=True),),
        parting=(0.0, 0.1),
        years=(0, 35),
        often=0.6,
        fringe=WISPY,
        **GATHERED,
    ),
    HairStyle(
        "two braids",
        **zones(1.2, PARTED, 0.15, 0.02),
        tied=(Tied("braid", -25, -28, 0.12, 2.2, both=True),),
        parting=(0.0, 0.1),
        often=0.6,
        fringe=WISPY,
        **GATHERED,
    ),
    HairStyle(
        "braid",
        **zones(1.2, Comb(part=0.4, back=0.8), 0.15, 0.02),
        tied=(Tied("braid", -90, -30, 0.17, 2.3),),
        parting=(0.1, 0.4),
        often=0.6,
        **GATHERED,
    ),
    HairStyle(
        "half up",
        **zones(2.6, Comb(down=0.7, back=0.6), 0.25, 0.2),
        tied=(Tied("tail", -90, 25, 0.14, 2.0, above=0.42),),
        cut=Cut(5.5),
        volume=0.08,
        over_ears=0.3,
        clump=0.4,
        suits=(0, 0.85),
        often=0.9,
        fringe=CURTAIN,
        **LONG,
    ),
    HairStyle(
        "long, layered",
        **zones(2.6, PARTED, 0.45, 0.4),
        fringe=CURTAIN,
        cut=Cut(5.5),
        parting=(0.15, 0.4),
        curl=(0.3, 0.7),
        suits=(0, 0.8),
        volume=0.13,
        over_ears=0.9,
        clump=0.6,
        often=1.5,
        **LONG,
    ),
    HairStyle(
        "long, waves",
        **zones(2.8, PARTED, 0.45, 0.2),
        cut=Cut(5.3),
        parting=(0.15, 0.45),
        curl=(0.42, 0.66),
        suits=(0, 0.85),
        volume=0.13,
        over_ears=0.9,
        clump=0.7,
        often=1.3,
        **LONG,
    ),
    HairStyle(
        "long with fringe",
        **zones(2.8, DOWN, 0.3, 0.12),
        fringe=BLUNT,
        cut=Cut(5.3),
        suits=(0, 0.6),
        volume=0.09,
        over_ears=0.9,
        clump=0.3,
        often=1.0,
        **LONG,
    ),
    HairStyle(
        "long, curly",
        **zones(2.6, PARTED, 0.55, 0.25),
        cut=Cut(5.4),
        parting=(0.15, 0.45),
        suits=(0.45, 1.0),
        curl=(0.66, 0.92),
        volume=0.16,
        over_ears=0.9,
        clump=0.85,
        hold=0.6,
        gravity=6.0,
        often=1.5,
    ),
    HairStyle(
        "long, behind the ears",
        **zones(2.8, BEHIND_EARS, 0.25, 0.15),
        cut=Cut(5.3),
        parting=(0.1, 0.4),
        suits=(0, 0.7),
        volume=0.07,
        clump=0.4,
        often=1.2,
        hold=0.95,
        gravity=8.0,
        before=0.9,
    ),
    HairStyle(
        "long, to one side",
        **zones(2.8, Comb(part=1.0, back=0.4), 0.45, 0.2),
        cut=Cut(5.2),
        parting=(0.5, 0.1),
        curl=(0.2, 0.65),
        suits=(0, 0.8),
        volume=0.14,
        over_ears=0.8,
        clump=0.55,
        often=0.9,
        **LONG,
    ),
    HairStyle(
        "long, straight",
        **zones(3.3, PARTED, 0.25, 0.06),
        fringe=SWEPT,
        cut=Cut(5.1),
        parting=(0.05, 0.4),
        curl=(0.0, 0.4),
        suits=(0, 0.65),
        volume=0.08,
        over_ears=0.8,
        clump=0.3,
        often=1.6,
        **LONG,
    ),
)

NAMES = tuple(style.name for style in STYLES)
_LIMITS = [(style.often, *style.suits, *style.years) for style in STYLES]


def _frequencies(people: People) -> Tensor:
    """How frequent each style is [N, S] among people of each one's curl and age."""
    curl, years = people.controls["curl"][:, None], people.years[:, None]
    often, straight, curly, young, old = curl.new_tensor(_LIMITS).unbind(1)
    fits = smooth(straight - 0.05, straight + 0.03, curl) * smooth(curly + 0.05, curly - 0.03, curl)
    return often * fits * smooth(young - 3.0, young + 2.0, years) * smooth(old + 5.0, old - 5.0, years)


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
