"""Keeps directions that are known from moving other attributes: conditional manipulation (paper, section 4.5;
InterFaceGAN), by right angles and by what pictures show.

Directions that are at right angles may still move each other's attributes: a head that looks down seems to
smile less. How much is read off pictures a step to either side, and that much is taken back along the other
attributes' own directions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from .svm import apart

SURE = (
    0.5  # deviations that a step along an attribute's own direction must move it, to take others back by it
)
REACH = 2.0  # deviations, about as far as sliders go: what is taken back must be right at their ends

ReadLatents = Callable[
    [Tensor], Tensor
]  # w's [N, D] -> the attributes that their pictures show [N, A], standardised


def at_right_angles(vectors: Mapping[str, Tensor], others: Mapping[str, Sequence[str]]) -> dict[str, Tensor]:
    """Each of `vectors` [D] without what it shares with those that `others` names for it, as unit vectors."""
    units = {name: vector / vector.norm() for name, vector in vectors.items()}
    return {
        name: apart(unit, [units[other] for other in others.get(name, ())]) for name, unit in units.items()
    }


def compensated(
    vectors: Mapping[str, Tensor], held: Sequence[str], outputs: Sequence[str], read: ReadLatents, w: Tensor
) -> dict[str, Tensor]:
    """Unit vectors [D] along which what is read of the `held` attributes stays, but for a vector's own.

    w [N, D] are of the population, which says how long a step is. A held attribute that its own direction
    hardly moves is left alone.
    """
    steps = {name: vector * (w @ vector).std() for name, vector in vectors.items()}
    own = {name: _response(steps[name], read, w) for name in held}  # [A] each
    column = {name: list(outputs).index(name) for name in held}
    sure = [name for name in held if float(own[name][column[name]]) >= SURE]
    found = {}
    for name, step in steps.items():
        others = [other for other in sure if other != name]
        rows = [column[other] for other in others]
        if others:
            moved = _response(REACH * step, read, w) / REACH  # [A]
            mixed = torch.stack([own[other][rows] for other in others], dim=1)  # [K, K]
            amounts = torch.linalg.solve(mixed, moved[rows])  # [K]
            step = step - torch.stack([steps[other] for other in others], dim=1) @ amounts
        found[name] = step / step.norm()
    return found


def _response(step: Tensor, read: ReadLatents, w: Tensor) -> Tensor:
    """How much one `step` [D] moves what is read [A], in the mean."""
    return (read(w + step) - read(w - step)).mean(0) / 2
