"""Takes something of another face.

Where the generator draws the edit, that is its layers of w+; elsewhere its shape and its colours, by how both
faces are read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from ...bridge.messages import Mix
from ...models.bank import Bank
from .carry.change import DEEP, MOVING, PALE, STILL, Change, Head, damped, lips_together, meeting
from .carry.picture_parts import Parts
from .carry.solid_head import pose_of, unit_height
from .carry.zones import ZONES

COARSE, MIDDLE = 4, 8  # the first layers after those of 4 to 8 px, and after those of 16 to 32 px
BROAD = 0.1  # of the face's height: a difference that is broader is the shape, the rest the features
# by zone, the one whose colour it takes
TAKEN = {"skin": "skin", "lips": "lips", "hair": "hair", "iris": "iris", "neck": "skin"}
FURTHEST = 0.08  # of the face's height: no point moves further
BRIGHTEST, HUE = 0.8, 0.35  # logarithms of light: what is not the light in the room


@dataclass(frozen=True, eq=False)
class Other:
    """The face that an edit takes from: its `w` where the generator draws it, or else what was read of it."""

    mix: Mix
    w: np.ndarray | None = None  # float32 [n_style, style_dim]
    head: Head | None = None
    parts: Parts | None = None


def mixed(w: np.ndarray, other: np.ndarray, mix: Mix) -> np.ndarray:
    """w+ [n_style, style_dim] moved toward another's, layer by layer as far as `mix` says."""
    share = np.empty((len(w), 1), np.float32)
    share[:COARSE], share[COARSE:MIDDLE], share[MIDDLE:] = mix.coarse, mix.middle, mix.fine
    return w + share * (other - w)


def with_other(change: Change, head: Head, parts: Parts, bank: Bank, other: Other) -> Change:
    """A change that also brings a head nearer to another's shape and colours.

    It does not turn: of what lies behind a head, a picture shows nothing.
    """
    assert other.head is not None
    assert other.parts is not None
    pose, away = pose_of(head.mesh, bank.resting), pose_of(other.head.mesh, bank.resting)
    resting = pose.resting(head.mesh)
    wanted = _towards(away.resting(other.head.mesh) - resting, bank, other.mix)
    moved = (pose.placed(resting + wanted) - pose.placed(resting))[:, :2]
    height = unit_height(head.mesh)
    moved = change.moved + damped(moved, STILL * height, MOVING * height)
    tints = damped(other.mix.fine * _recoloured(parts, other.parts), PALE, DEEP)
    return replace(change, moved=meeting(head.mesh[:, :2], moved), zones=change.zones + tints)


def _towards(apart: np.ndarray, bank: Bank, mix: Mix) -> np.ndarray:
    """How far the points [468, 3] of a resting head go, of those by which it differs from another."""
    apart = lips_together(apart)
    broad = _smoothing(bank) @ apart
    wanted = mix.coarse * broad + mix.middle * (apart - broad)
    length = np.maximum(np.linalg.norm(wanted, axis=1, keepdims=True), 1e-9)
    return wanted * FURTHEST * np.tanh(length / FURTHEST) / length


@lru_cache(2)
def _smoothing(bank: Bank) -> np.ndarray:
    """Which share [468, 468] each point has in the mean around another, on the bank's resting head."""
    apart = bank.resting[:, None] - bank.resting[None]
    near = np.exp(-((apart / BROAD) ** 2).sum(axis=2) / 2)
    return near / near.sum(axis=1, keepdims=True)


def _recoloured(parts: Parts, other: Parts) -> np.ndarray:
    """Logarithms of the ratio of light [6, 3] between two faces' colours; 0 where one shows none."""
    tints = np.zeros((len(ZONES), 3))
    for z, zone in enumerate(ZONES):
        like = TAKEN.get(zone)
        if like is None or not (parts.shows(like) and other.shows(like)):
            continue
        apart = other.colour(like) - parts.colour(like)
        light = np.clip(apart.mean(), -BRIGHTEST, BRIGHTEST)
        tints[z] = light + np.clip(apart - apart.mean(), -HUE, HUE)
    return tints
