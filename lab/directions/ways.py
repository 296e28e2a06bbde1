"""What a direction may touch on a picture and in which ways, measured on the pack's own portraits.

For directions whose makers do not say: `parts` and `how` of pack.json.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from tqdm import tqdm

from ...core.editing.carry.carry import carry, plan
from ...core.editing.carry.drawn import NEW
from ...core.editing.carry.picture_parts import SIDE, Parts
from ...core.editing.carry.surface import Surface
from ...core.editing.carry.zones import ZONES
from ...core.editing.edits import edited
from ...core.faces.face_parts import PersonNetwork
from ...core.faces.placement import resized
from ...core.faces.pyramid import Pyramid
from ...core.faces.reading import LEFT_EYE
from ...models.bank import Bank, Effect
from ...models.pack import Direction
from .bank_making import Maker, ReadPortrait

MOVED = 0.012  # of the face's height: a direction that moves no point further moves nothing
TINTED, OF_THE_MOST = 0.08, 0.4  # logarithm of light of a zone that is tinted, and its share of the largest
UNEXPLAINED = 0.5  # of a visible change: what moving and tinting leave more of has to be drawn
PORTRAITS = 16
BLUR = 1 / 128  # of the square's side: a shift by less is not seen as a difference


@dataclass(frozen=True)
class Tried:
    """A portrait on which directions are tried: its square uint8 [SIDE, SIDE, 3] and the parts of that."""

    portrait: ReadPortrait
    square: np.ndarray
    parts: Parts


def described(maker: Maker, bank: Bank, network: PersonNetwork) -> tuple[Direction, ...]:
    """The pack's directions; those that did not say their parts or ways now do."""
    directions = maker.pack.directions
    if all(direction.parts and direction.how for direction in directions):
        return directions
    tried = [_tried(portrait, network) for portrait in maker.portraits(min(PORTRAITS, len(bank.w)))]
    shown = tqdm(directions, desc="ways", unit="direction")
    return tuple(_described(maker, bank, tried, direction) for direction in shown)


def _tried(portrait: ReadPortrait, network: PersonNetwork) -> Tried:
    square = resized(portrait.rgb, SIDE)
    placement = Surface.of_square(square).placement
    opaque = np.dstack([square, np.full((SIDE, SIDE), 255, np.uint8)])
    person = network.look(Pyramid(opaque), placement)
    return Tried(portrait, square, Parts(square, portrait.face.head, person, placement))


def _described(maker: Maker, bank: Bank, tried: Sequence[Tried], direction: Direction) -> Direction:
    if direction.parts and direction.how:
        return direction
    effect = bank.effects[direction.name]
    zones = _tinted_zones(effect)
    how = (("moved",) if _moves(effect, bank) else ()) + (("tinted",) if zones else ())
    meant = replace(direction, parts=zones, how=how)
    if not how or _unexplained(maker, bank, tried, meant) > UNEXPLAINED:
        how += ("drawn",)
    parts = zones if how == ("tinted",) else (*zones, "head")
    return replace(direction, parts=direction.parts or parts, how=direction.how or how)


def _moves(effect: Effect, bank: Bank) -> bool:
    """Whether the head turns, or any point of it or an iris goes far enough at either end."""
    left, right = bank.resting[list(LEFT_EYE[:2])]
    irises = np.linalg.norm(effect.gaze, axis=-1) * np.linalg.norm(right - left)  # [2, 2]
    points = np.linalg.norm(effect.moves[:, 0, :, :2], axis=-1)  # [2, 468]
    return bool(effect.turn.any() or max(points.max(), irises.max()) > MOVED)


def _tinted_zones(effect: Effect) -> tuple[str, ...]:
    """Those of ZONES whose light changes, and not much less than that of the most changed one."""
    change = np.abs(effect.zones[:, :, 0]).max(axis=(0, 2))  # [6] of the colour that changes most
    least = max(TINTED, OF_THE_MOST * change.max())
    return tuple(zone for zone, changed in zip(ZONES, change, strict=True) if changed >= least)


def _unexplained(maker: Maker, bank: Bank, tried: Sequence[Tried], direction: Direction) -> float:
    """How much of a direction's change of the portraits is left when it is carried over: 1 for all of it."""
    whole = left = 0.0
    for portrait, square, parts in ((t.portrait, t.square, t.parts) for t in tried):
        for value in filter(None, (direction.low, direction.high)):
            edits = {direction.name: value}
            drawn = resized(maker.draw(edited(portrait.w, edits, maker.pack)), SIDE)
            made = plan(portrait.face.head, parts, edits, bank, {direction.name: direction})
            whole += _visible(drawn, square)
            left += _visible(drawn, carry(Surface.of_square(square), made).rgb)
    return left / whole if whole else 0.0


def _visible(a: np.ndarray, b: np.ndarray) -> float:
    """The mean difference of two pictures in levels, as far as it is more than chance."""
    difference = cv2.GaussianBlur(a.astype(np.float32) - b, (0, 0), BLUR * len(a))
    return float(np.maximum(np.abs(difference).max(axis=2) - NEW, 0).mean())
