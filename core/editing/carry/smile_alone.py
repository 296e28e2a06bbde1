"""A smile that leaves the mouth as far open as it is: teeth are drawn only when they are asked for.

The pack's portraits show their teeth when they smile. Those of a picture would have to be invented, or
stretched, and nothing else gives an edit away like teeth that are not the sitter's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ....models.bank import Bank, Effect
from ....models.pack import Direction
from ...faces.reading import LIPS_INSIDE, MOUTH_CORNERS
from .change import lips_together

OPENS = 0.02  # of the face's height: what parts the lips by less opens no mouth
SMILING = 0.25  # how far the mouth's corners go up in a smile at least, of how far it parts the lips
BROADER = 1.5  # times as far: a smile that opens no mouth is told by its corners alone


def with_smiles_alone(bank: Bank, edits: Mapping[str, float], directions: Mapping[str, Direction]) -> Bank:
    """The bank whose smiles, of those among `edits`, open no mouth: they are less what opens one in the pack.

    A pack without a direction that opens a mouth and does nothing else keeps its smiles.
    """
    mouths = [name for name, direction in directions.items() if "mouth" in direction.parts]
    smiles = [name for name in edits if name in mouths]
    opening = _opening([moves for name in mouths for moves in bank.effects[name].moves]) if smiles else None
    if opening is None:
        return bank
    alone = {name: _alone(bank.effects[name], opening) for name in smiles}
    return replace(bank, effects={**bank.effects, **alone})


def _alone(effect: Effect, opening: np.ndarray) -> Effect:
    """An effect whose smile parts no lips; `opening` is [1 + 4, 468, 3]."""
    moves, teeth = effect.moves.copy(), effect.teeth.copy()
    for end in range(len(moves)):
        if _smiles(moves[end, 0]):
            less = moves[end] - _parted(moves[end, 0]) / _parted(opening[0]) * opening
            moves[end] = BROADER * np.stack([lips_together(part) for part in less])
            teeth[end] = 0
    return replace(effect, moves=moves, teeth=teeth)


def _opening(ends: Sequence[np.ndarray]) -> np.ndarray | None:
    """Of movements [1 + 4, 468, 3] the one that parts the lips furthest and is no smile."""
    found = [moves for moves in ends if _parted(moves[0]) > OPENS and not _smiles(moves[0])]
    return max(found, key=lambda moves: _parted(moves[0]), default=None)


def _parted(moves: np.ndarray) -> float:
    """How far movements [468, 3] part the lips, over the face's height."""
    upper, lower = LIPS_INSIDE
    return float(moves[lower, 1] - moves[upper, 1])


def _smiles(moves: np.ndarray) -> bool:
    """Whether movements [468, 3] part the lips, and lift the mouth's corners as a smile does."""
    lifted = -float(moves[list(MOUTH_CORNERS), 1].mean())
    return _parted(moves) > OPENS and lifted > SMILING * _parted(moves)
