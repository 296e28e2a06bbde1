"""A pack with directions that others brought, each from a file of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from .bank import STILL, Bank
from .direction_file import DirectionFile
from .generator import Generator
from .pack import Direction, Pack

LAST = 1e9  # where a slider stands that does not say


@dataclass(frozen=True, eq=False)
class ExtendedPack(Pack):
    """`own` is the pack as its maker gave it, and what is written when it is changed; weights are read once
    for both."""

    own: Pack
    added: tuple[DirectionFile, ...]

    @cached_property
    def _weights(self) -> tuple[Generator, np.ndarray]:
        return self.own._weights

    @cached_property
    def bank(self) -> Bank | None:
        """The pack's, with the effects that were measured of what was added."""
        bank = self.own.bank
        if bank is None:
            return None
        effects = {file.direction.name: file.effect or STILL for file in self.added}
        return replace(bank, effects={**bank.effects, **effects})


def extended(pack: Pack, added: Sequence[DirectionFile]) -> Pack:
    """A pack with further directions; one takes the place of the pack's own of the same name.

    A direction whose effect was never measured is drawn by the generator, whatever else it says.
    """
    own = pack.own if isinstance(pack, ExtendedPack) else pack
    if not added:
        return own
    places: dict[str, tuple[float, Direction]] = {
        direction.name: (float(place), direction) for place, direction in enumerate(own.directions, 1)
    }
    for file in added:
        direction = file.direction if file.effect is not None else replace(file.direction, how=())
        usual = places.get(direction.name, (LAST,))[0]
        places[direction.name] = usual if file.order is None else file.order, direction
    ordered = tuple(direction for _, direction in sorted(places.values(), key=lambda place: place[0]))
    values: dict[str, Any] = {part.name: getattr(own, part.name) for part in fields(Pack)} | {
        "directions": ordered
    }
    return ExtendedPack(**values, own=own, added=tuple(added))
