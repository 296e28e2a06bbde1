"""Edits: moves a latent along the pack's directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ..errors import CoreError

if TYPE_CHECKING:
    from ...models.pack import Direction, Pack


def edited(w: np.ndarray, edits: Mapping[str, float], pack: Pack) -> np.ndarray:
    """w+ float32 [n_style, style_dim] plus value * vector for each named direction; `w` itself is unchanged.

    CoreError "unknown-direction" for a name the pack does not have, "bad-value" for a value that is not a
    number within the direction's range.
    """
    known = {direction.name: direction for direction in pack.directions}
    moved = w.astype(np.float32, copy=True)
    for name, value in edits.items():
        direction = known.get(name)
        if direction is None:
            have = ", ".join(known) or "none"
            raise CoreError(
                "unknown-direction", f'The pack "{pack.title}" has no edit called "{name}": it has {have}.'
            )
        moved += np.float32(_checked(value, direction)) * direction.vector
    return moved


def _checked(value: object, direction: Direction) -> float:
    low, high = direction.low, direction.high
    # NaN and the infinities fail the comparison
    if isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high:
        return float(value)
    text = f'"{direction.label}" takes a number from {low:g} to {high:g}, not {str(value)[:40]}.'
    raise CoreError("bad-value", text)
