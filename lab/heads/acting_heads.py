"""A person's coarse head at rest and with its expression, before the head is turned."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .coarse_head import CoarseHead
from .face_units import gaze_of, lids_wanted, mouth_opened, unit_amounts
from .head_mesh import EYES
from .shapes import shape_amounts


@dataclass(frozen=True)
class ActingHeads:
    """N heads of n coarse vertices, in their own rest spaces."""

    rest: Tensor  # [N, n, 3]
    acting: Tensor  # [N, n, 3] with the expression
    eyes: Tensor  # [N, 2, 3] the eyeballs' centres, viewer's left and right
    eye_radius: Tensor  # [N]


def acting_heads(controls: dict[str, Tensor], details: Tensor, coarse: CoarseHead) -> ActingHeads:
    """The heads that complete controls [N] and details [N, UNNAMED] describe."""
    shape = coarse.base + coarse.moved(shape_amounts(controls, details))
    shape = shape + shape.new_tensor(EYES) - coarse.eye_centres(shape).mean(1, keepdim=True)
    centres = coarse.eye_centres(shape)
    radius = torch.stack(
        [
            (shape[:, eye] - centres[:, side, None]).norm(dim=-1).mean(1)
            for side, eye in enumerate(coarse.eyes)
        ]
    ).mean(0)
    shape[:, coarse.mouth.teeth] += coarse.mouth.set
    flat = coarse.mouth.flat_tongue(shape)
    shape = coarse.mouth.closed(shape)
    still = {name: torch.zeros_like(value) for name, value in controls.items()}
    shape = shape + flat
    own = _eyes_opened(shape, shape, centres, radius, {**still, "age": controls["age"]}, details, coarse)
    acting = own + coarse.moved(unit_amounts(controls, details))
    acting = acting - flat * controls["tongue"][:, None, None]
    acting = coarse.mouth.closed_like(acting, own, 1 - mouth_opened(controls))
    acting = _eyes_opened(acting, shape, centres, radius, controls, details, coarse)
    return ActingHeads(own, acting, centres, radius)


def _eyes_opened(
    places: Tensor,
    shape: Tensor,
    centres: Tensor,
    radius: Tensor,
    controls: dict[str, Tensor],
    details: Tensor,
    coarse: CoarseHead,
) -> Tensor:
    """places [N, n, 3] with lids as the controls want them, and the eyeballs as they look."""
    gaze = gaze_of(controls)
    for side, lids in enumerate(coarse.lids):
        high, low = lids.angles(shape, centres[:, side])
        eye = low.amin(1), high.amax(1)
        opening = lids_wanted(controls, details, side, gaze[:, side], eye)
        places = lids.opened(places, shape, centres[:, side], radius, opening)
    return places
