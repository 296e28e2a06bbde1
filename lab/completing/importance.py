"""Which channels of a trained generator matter most: those that its sub-generators should keep.

The paper sorts channels by the weights that read them (`generator/sorting.py`), between stages of training. A
finished network may hold a channel's size anywhere, in the channel itself, in its style or in the weights:
what counts is their product.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from ...models.generator import Generator, ModulatedConv2d, Noise
from ..generator import sorting
from ..running import distributed

LATENTS, BATCH, SEED = 8, 2, 61


def order(generator: Generator, noise: Noise = "constant") -> list[Tensor]:
    """For each layer, the old places [C] of its channels in their new order, most important first; the same
    in every process."""
    found = distributed.by_first(partial(importance, generator, noise))
    return [sizes.argsort(descending=True, stable=True) for sizes in found]


@torch.no_grad()
def importance(generator: Generator, noise: Noise = "constant") -> list[Tensor]:
    """The importance of each channel of each layer, [C] on the CPU: over those that read it, the sum of its
    mean size there (the root of its mean square, times the style's size) times the L1 norm of their weights.
    """
    sizes: dict[ModulatedConv2d, Tensor] = {}

    def add(conv: ModulatedConv2d, args: tuple[Tensor, Tensor, int], _) -> None:
        x, w, _ = args  # [N, I, H, W], [N, D]
        size = x.square().mean((2, 3)).sqrt() * conv.modulation(w).abs()  # [N, I]
        sizes[conv] = sizes.get(conv, 0) + size.sum(0) / LATENTS

    convs = [module for module in generator.modules() if isinstance(module, ModulatedConv2d)]
    hooks = [conv.register_forward_hook(add) for conv in convs]  # type: ignore[arg-type]
    z = torch.randn(LATENTS, generator.style_dim, generator=torch.Generator().manual_seed(SEED))
    for part in z.to(generator.input.input.device).split(BATCH):
        generator(generator.style(part)[:, None].expand(-1, generator.n_style, -1), noise=noise)
    for hook in hooks:
        hook.remove()
    return [
        torch.stack(
            [
                sizes[conv] * conv.weight[0].abs().sum((0, 2, 3)) * conv.scale
                for conv in sorting.readers(generator, layer)
            ]
        )
        .sum(0)
        .cpu()
        for layer in range(generator.n_style)
    ]
