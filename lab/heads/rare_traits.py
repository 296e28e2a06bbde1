"""Heads that lean towards what few people have and many pictures show: white hair, beards, hats, profiles.

A network that rarely met white curls takes them for a hat.
"""

from __future__ import annotations

from torch import Tensor

from .controls import POPULATION

# sets of controls that go together: how many standard deviations they are pushed
TRAITS: tuple[dict[str, float], ...] = (
    {"grey": 2.4, "age": 1.6, "hat": -1.5},
    {"grey": 2.4, "age": 1.6, "hat": -1.5, "curl": 1.4, "hair_volume": 1.6, "hair_length": 1.0},
    {"beard": 1.6, "masculine": 1.4, "beard_length": -1.4, "age": 0.6},
    {"beard": 1.6, "masculine": 1.4, "grey": 2.4, "age": 1.6},
    {"hat": 2.0},
    {"headscarf": 2.4},
    {"turn": 2.6},
    {"turn": -2.6},
    {"skin_tone": 1.9, "exposure": -1.2, "glasses": -1.0},
    {"glasses": 1.6},
)


def lean(z: Tensor) -> Tensor:
    """Style vectors [N, D] whose k-th has the k-th set of traits, over and over; all else stays as it is."""
    leant = z.clone()
    for row in range(len(z)):
        for name, push in TRAITS[row % len(TRAITS)].items():
            leant[row, POPULATION.index[name]] = push
    return leant
