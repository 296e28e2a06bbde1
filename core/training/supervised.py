"""The painter's own pictures as targets: a generator is shown which picture belongs to which z.

Adversarial training needs millions of pictures; supervised, a generator learns the same portraits from a
hundredth of them. It is the warm start of the default pack (stage kind "distil"), and a term beside the game.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ...models.generator import Generator
from ...models.widths import WidthRule, layer_count
from .data import Batch
from .draws import Draws
from .losses import attention, downsample, picture_loss
from .mapping import mapped
from .portraits import LANDMARKS
from .sampling import draw_widths

# what a person looks at first: (radius in the unit square, weight)
LOOKED_AT = {"left_eye": (0.06, 10.0), "right_eye": (0.06, 10.0), "mouth": (0.07, 8.0), "nose": (0.12, 3.0)}
SMALLEST = 16  # px: below it a picture says nothing about a face


def looked_at(landmarks: Tensor) -> tuple[Tensor, Tensor]:
    """The points of `LOOKED_AT` among landmarks [N, L, 2] -> points [N, K, 2], sizes [K, 2]."""
    order = [LANDMARKS.index(name) for name in LOOKED_AT]
    return landmarks[:, order], torch.tensor(list(LOOKED_AT.values()), device=landmarks.device)


def painted_loss(output: Tensor, batch: Batch) -> Tensor:
    """How far drawn pictures [N, 3, r, r] are from the painted ones of the same z, reduced to r px."""
    assert batch.landmarks is not None
    return _distance(output, downsample(batch.pictures, output.shape[-1]), batch)


def _distance(output: Tensor, target: Tensor, batch: Batch) -> Tensor:
    assert batch.landmarks is not None
    return picture_loss(output, target, attention(*looked_at(batch.landmarks), output.shape[-1]))


def distillation(
    generator: Generator, rule: WidthRule, ratios: tuple[float, ...], batch: Batch, draws: Draws
) -> dict[str, Tensor]:
    """The losses of one supervised step, by name; their sum is what falls.

    The full generator is held to the painted picture at every resolution, and one sub-generator of a drawn
    ratio and resolution to the full one (Eq. 5) and to the painted picture.
    """
    assert batch.z is not None
    w = mapped(generator.style, batch.z)[:, None].expand(-1, generator.n_style, -1)  # [N, n_style, D]
    top = batch.pictures.shape[-1]
    full = [rgb for rgb in generator.blocks(w, top, noise="none") if rgb.shape[-1] >= SMALLEST]
    painted = torch.stack([painted_loss(rgb, batch) for rgb in full]).sum()
    target = draws.choices.choice(full[-2:])  # [N, 3, r, r]
    side = target.shape[-1]
    channels = draw_widths(draws.choices, "uniform", rule, generator.channels, ratios)[: layer_count(side)]
    sub = generator(w, side, channels, noise="none")  # [N, 3, r, r]
    consistency = _distance(sub, target.detach(), batch)
    return {
        "painted": painted,
        "consistency": consistency,
        "painted_sub": 0.5 * painted_loss(sub, batch),
    }
