"""How much further an edit has to move a picture, so that the mesh reads the movement that was meant.

A mesh network has a face in mind: of a picture that was moved it reads less than was done, for irises, noses
and brows most. The bank's movements are meant as the network reads them on the pack's portraits, so they are
enlarged until it reads them on moved portraits, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from tqdm import tqdm

from ...core.editing.carry.by_reading import OwnFace
from ...core.editing.carry.carry import plan
from ...core.editing.carry.picture_parts import SIDE, Parts
from ...core.editing.carry.response import Read, Response, responses
from ...core.editing.carry.surface import Surface
from ...core.faces.placement import resized
from ...models.bank import Bank
from ...models.pack import Direction

MOST = 1.6  # times as far
Tried = tuple[Surface, OwnFace, Parts]  # a portrait at SIDE px


def with_gains(
    bank: Bank,
    directions: Sequence[Direction],
    portraits: Sequence[tuple[np.ndarray, OwnFace]],
    read: Read,
) -> Bank:
    """The bank with the gain of each direction, by portraits uint8 [R, R, 3] as they were read."""
    known = {direction.name: direction for direction in directions}
    tried = [_tried(rgb, face) for rgb, face in portraits]
    effects = dict(bank.effects)
    for direction in tqdm(directions, desc="gains", unit="direction"):
        gains = [
            _gain(bank, known, {direction.name: value}, tried, read) if value else [1.0, 1.0]
            for value in (direction.low, direction.high)
        ]
        effects[direction.name] = replace(bank.effects[direction.name], gain=np.array(gains))
    return replace(bank, effects=effects)


def _tried(rgb: np.ndarray, face: OwnFace) -> Tried:
    surface = Surface.of_square(resized(rgb, SIDE))
    return surface, face, Parts(surface.rgb, face.head, None, surface.placement)


def _gain(
    bank: Bank,
    directions: Mapping[str, Direction],
    edits: Mapping[str, float],
    tried: Sequence[Tried],
    read: Read,
) -> list[float]:
    """What is meant over what is read, of points and of irises, in the median; 1 where nothing moves."""
    found: list[Response] = []
    for surface, face, parts in tried:
        made = plan(face.head, parts, edits, bank, directions)
        if made.change.moves:
            found += responses(surface, made, [face], read)
    return [_times([f.points for f in found]), _times([f.irises for f in found])]


def _times(shares: Sequence[float | None]) -> float:
    known = [share for share in shares if share is not None]
    return float(np.clip(1 / max(np.median(known), 1e-3), 1.0, MOST)) if known else 1.0
