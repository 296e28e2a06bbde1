"""Everything that people wear or hold, as pieces."""

from __future__ import annotations

from .clothes import clothes_of
from .glasses_worn import glasses_of
from .hats import hats_of
from .people import People
from .worn_mesh import Piece


def worn_of(people: People) -> list[list[Piece]]:
    """The pieces of every picture, in any order."""
    worn: list[list[Piece]] = [[] for _ in people.years]
    for made in (clothes_of(people), glasses_of(people), hats_of(people)):
        for pieces, more in zip(worn, made, strict=True):
            pieces.extend(more)
    return worn
