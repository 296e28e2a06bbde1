"""The noise maps of a generator that learns from a world: they start as the painter's textures, or as zeros.

Curls and strands are too fine to grow from a 4 x 4 start in a few convolutions: trained from scratch, none
appeared in tens of thousands of pictures. The painter's fields are known, so they are written into the maps,
like the controls into w (`mapping.py`). Kernels then learn where and how much of them to use. Hair lies
differently on every rendered head, so maps that learn from heads start as zeros.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...models.generator import Generator
from ..painter.hair import Fields, fields

STRENGTH = 0.1  # of a noise map, beside feature maps of deviation about 1
COARSEST = 32  # px: below it curls disappear
FINER = 4  # fields are painted at this many times the side, then reduced
FINEST = 1024  # px of a painted field: memory grows with the square


@torch.no_grad()
def hold_fields(generator: Generator, painted: bool) -> None:
    """Gives each layer that ignored its noise map one of the painter's fields, or zeros if the map is too
    coarse or the pictures are not `painted`, and the strength to use it."""
    for index, (strength, found) in enumerate(
        zip(strengths(generator), generator.noises.buffers(), strict=True)
    ):
        if not strength.any():
            strength.fill_(STRENGTH)
            found.copy_(_field(found.shape[-1], index % 2 == 1) if painted else torch.zeros_like(found))


def strengths(generator: Generator) -> list[nn.Parameter]:
    """How much each layer's noise map counts, [1] each, in the order of the maps."""
    return [parameter for name, parameter in generator.named_parameters() if name.endswith(".noise.weight")]


def _field(side: int, first: bool) -> Tensor:
    """[1, 1, side, side] with mean 0 and deviation 1, for the first or second layer at that side. Coarse
    fields shape outlines; fine ones are textures."""
    if side < COARSEST:
        return torch.zeros(1, 1, side, side)
    finer = max(1, min(FINER, FINEST // side))
    found = _chosen(fields(finer * side, "cpu"), side, first)
    reduced = F.avg_pool2d(found[None], finer)  # [1, 1, side, side]
    return (reduced - reduced.mean()) / reduced.std()


def _chosen(found: Fields, side: int, first: bool) -> Tensor:
    large, small = 0, 1
    if side == COARSEST:
        return found.curls[large] if first else found.ringlets[large]
    if side == 2 * COARSEST:
        return found.curls[small] if first else found.ringlets[large]
    return found.ringlets[small] if first else sum(found.straight, torch.zeros(1))
