"""Everything that people wear or hold, as pieces."""

from __future__ import annotations

from .clothes import clothes_of
from .earrings import earrings_of
from .glasses_worn import glasses_of
from .hands import hands_of
from .hats import hats_of
from .headscarves import headscarves_of
from .people import People
from .worn_mesh import Piece


def worn_of(people: People) -> list[list[Piece]]:
    """The pieces of every picture, in any order."""
    worn: list[list[Piece]] = [[] for _ in people.years]
    makers = (clothes_of, glasses_of, hats_of, headscarves_of, earrings_of, hands_of)
    for make in makers:
        for pieces, more in zip(worn, make(people), strict=True):
            pieces.extend(more)
    return worn
