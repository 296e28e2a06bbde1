"""Keeps known directions from moving other attributes: conditional manipulation (paper, section 4.5;
InterFaceGAN), by right angles and by what pictures show.

Directions at right angles may still move each other's attributes: a head that looks down seems to smile
less. Pictures one step to either side show how much, and that much is taken back along the other attributes'
own directions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from .svm import apart

SURE = 0.5  # deviations: a direction whose step moves its own attribute less corrects no others
REACH = 2.0  # deviations, about as far as sliders go: corrections must be right at their ends

ReadLatents = Callable[[Tensor], Tensor]  # w [N, D] -> standardised attributes [N, A] of its pictures


def at_right_angles(vectors: Mapping[str, Tensor], others: Mapping[str, Sequence[str]]) -> dict[str, Tensor]:
    """Each of `vectors` [D] without its part along those that `others` names for it, as unit vectors."""
    units = {name: vector / vector.norm() for name, vector in vectors.items()}
    return {
        name: apart(unit, [units[other] for other in others.get(name, ())]) for name, unit in units.items()
    }


def compensated(
    vectors: Mapping[str, Tensor], held: Sequence[str], outputs: Sequence[str], read: ReadLatents, w: Tensor
) -> dict[str, Tensor]:
    """Unit vectors [D] along which the `held` attributes read the same, except a vector's own.

    w [N, D] comes from the population, which sets the length of a step. A held attribute that its own
    direction hardly moves is ignored.
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
    """How much one `step` [D] moves the readings [A], on average."""
    return (read(w + step) - read(w - step)).mean(0) / 2
