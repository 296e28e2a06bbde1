"""The painter's own pictures as targets: a generator is shown which picture belongs to which z.

Adversarial training needs millions of pictures; supervised, a generator learns the same portraits from a
hundredth of them. It is the warm start of the default pack (stage kind "distil"), and a term beside the game.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ...models.features import Features
from ...models.generator import Generator
from ...models.widths import WidthRule, layer_count
from .data import Batch
from .draws import Draws
from .losses import attention, downsample, picture_loss
from .mapping import mapped
from .portraits import LANDMARKS
from .sampling import draw_widths
from .stages import Stage

# what a person looks at first: (radius in the unit square, weight)
LOOKED_AT = {
    "left_eye": (0.06, 10.0),
    "right_eye": (0.06, 10.0),
    "mouth": (0.07, 8.0),
    "nose": (0.12, 3.0),
    "left_ear": (0.06, 3.0),  # and what hangs from it
    "right_ear": (0.06, 3.0),
}
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
    generator: Generator, rule: WidthRule, stage: Stage, batch: Batch, draws: Draws, features: Features | None
) -> dict[str, Tensor]:
    """The losses of one supervised step, by name; their sum is what falls.

    The full generator is held to the painted picture at every resolution, and one sub-generator of a drawn
    ratio and resolution to the full one (Eq. 5) and to the painted picture; where the stage weighs it, both
    also in the eyes of `features`.
    """
    assert batch.z is not None
    w = mapped(generator.style, batch.z)[:, None].expand(-1, generator.n_style, -1)  # [N, n_style, D]
    full = [rgb for rgb in generator.blocks(w, stage.top, noise="none") if rgb.shape[-1] >= SMALLEST]
    painted = torch.stack([painted_loss(rgb, batch) for rgb in full]).sum()
    target = draws.choices.choice(full[-2:]).detach()  # [N, 3, r, r]
    side = target.shape[-1]
    channels = draw_widths(draws.choices, "uniform", rule, generator.channels, stage.ratios)
    sub = generator(w, side, channels[: layer_count(side)], noise="none")  # [N, 3, r, r]
    losses = {
        "painted": painted,
        "consistency": _distance(sub, target, batch),
        "painted_sub": 0.5 * painted_loss(sub, batch),
    }
    if stage.perceptual and features is not None:
        seen = features.distance(full[-1], batch.pictures).mean() + features.distance(sub, target).mean()
        losses["perceptual"] = stage.perceptual * seen
    return losses
