"""The noise maps of a generator that learns from the painter: they begin as the textures that it paints.

Curls and strands are finer than what a 4 x 4 start becomes by few convolutions; learned from nothing, tens of
thousands of pictures brought none of them. The painter's own fields are known and can be written down, as the
controls in w are (`mapping.py`); kernels then learn where and how much of them there is.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...models.generator import Generator
from ..painter.hair import Fields, fields

STRENGTH = 0.1  # of a map beside maps whose deviation is about 1
COARSEST = 32  # px: below it nothing of a curl is left
FINER = 4  # times the side at which fields are painted, before they are reduced
FINEST = 1024  # px of such a field: its memory grows with the square


@torch.no_grad()
def hold_fields(generator: Generator) -> None:
    """Gives each layer that took no notice of its noise map one of the painter's fields, or zeros where the
    map is too coarse, and the strength to see it."""
    for index, (strength, found) in enumerate(
        zip(strengths(generator), generator.noises.buffers(), strict=True)
    ):
        if not strength.any():
            strength.fill_(STRENGTH)
            found.copy_(_field(found.shape[-1], index % 2 == 1))


def strengths(generator: Generator) -> list[nn.Parameter]:
    """How much each layer's noise map counts, [1] each, in the order of the maps."""
    return [parameter for name, parameter in generator.named_parameters() if name.endswith(".noise.weight")]


def _field(side: int, first: bool) -> Tensor:
    """[1, 1, side, side] of mean 0 and deviation 1, for the first or the second layer at that side; the
    coarser ones shape outlines, the finer ones are textures."""
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
