"""A world's own pictures as targets: they show a generator which picture belongs to which z.

Adversarial training needs millions of pictures; supervised, a generator learns the same people from a
hundredth as many. This is the default pack's warm start (stage kind "distil"), and an extra term in the game.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ...models.generator import Generator, Noise
from ...models.layer_sizes import layer_count
from ...models.widths import WidthRule
from ..data.batches import Batch
from ..data.downsample import downsample
from ..networks.perceptual_part import Perceptual
from ..running.draws import Draws
from ..running.layout import sent
from ..worlds import POINTS
from .losses import attention, picture_loss
from .mapping import drawn_in, mapped_freely
from .sampling import draw_widths
from .stages import Stage

# what people look at first: (how far below the landmark, radius, weight), lengths in the unit square
LOOKED_AT = {
    "left_eye": (0.0, 0.05, 4.0),
    "right_eye": (0.0, 0.05, 4.0),
    "mouth": (0.0, 0.06, 5.0),
    "nose": (0.0, 0.12, 1.0),
    "left_ear": (0.09, 0.04, 8.0),  # an ear's lower half and what hangs from it
    "right_ear": (0.09, 0.04, 8.0),
    "chin": (0.19, 0.09, 3.0),  # the neckline, where narrow generators were furthest from the full one
}
CONSISTENCY = 2.0  # weight of a sub-generator's distance to the full one, whose own to the picture weighs 1
PAINTED_SUB = 1.0  # weight of a sub-generator's distance to the picture
SMALLEST = 16  # px: smaller pictures say nothing about a face


def looked_at(landmarks: Tensor) -> tuple[Tensor, Tensor]:
    """What `LOOKED_AT` says of a world's `POINTS` [N, K, 2] -> points [N, K, 2], sizes [K, 2]."""
    wanted = [number for name in POINTS for number in (0.0, *LOOKED_AT[name])]
    down, sizes = sent(wanted, landmarks.device).view(-1, 4).split(2, dim=1)  # [K, 2] each
    return landmarks + down, sizes


class Targets:
    """The world's pictures of a batch and what is looked at in them, at any resolution, each made once."""

    def __init__(self, batch: Batch):
        assert batch.landmarks is not None
        self.pictures = batch.pictures
        self.looked_at = looked_at(batch.landmarks)
        self._weights: dict[int, Tensor] = {}
        self._reduced: dict[int, Tensor] = {}

    def apart(self, output: Tensor, target: Tensor) -> Tensor:
        """How far pictures [N, 3, r, r] are from others of the same people."""
        side = output.shape[-1]
        if side not in self._weights:
            self._weights[side] = attention(*self.looked_at, side)
        return picture_loss(output, target, self._weights[side])

    def painted_loss(self, output: Tensor) -> Tensor:
        """How far drawn pictures [N, 3, r, r] are from the world's of the same z, reduced to r px."""
        side = output.shape[-1]
        if side not in self._reduced:
            self._reduced[side] = downsample(self.pictures, side)
        return self.apart(output, self._reduced[side])


def distillation(
    generator: Generator,
    rule: WidthRule,
    stage: Stage,
    batch: Batch,
    draws: Draws,
    features: Perceptual | None,
    noise: Noise = "none",
) -> dict[str, Tensor]:
    """The losses of one supervised step, by name; training lowers their sum.

    The full generator is compared with the world's picture at every resolution. Two sub-generators, the
    narrowest and a wider one of the stage's `widths`, are compared with the full one (Eq. 5) and with the
    world's picture, at one of the two highest resolutions. If the stage weighs it, `features` compares too.
    """
    assert batch.z is not None
    assert batch.world is not None
    controls = batch.world.controls
    w = drawn_in(mapped_freely(generator.style, batch.z, batch.free, controls), draws, controls)  # [N, D]
    w = w[:, None].expand(-1, generator.n_style, -1)  # [N, n_style, D]
    full = [rgb for rgb in generator.blocks(w, stage.top, noise=noise) if rgb.shape[-1] >= SMALLEST]
    pairs = []
    for ratios in narrowest_and_wider(stage.ratios):
        target = draws.choices.choice(full[-2:]).detach()  # [N, 3, r, r]
        side = target.shape[-1]
        channels = draw_widths(draws.choices, stage.widths, rule, generator.channels, ratios)
        sub = generator(w, side, channels[: layer_count(side)], noise=noise)  # [N, 3, r, r]
        pairs.append((sub, target))
    targets = Targets(batch)
    losses = {
        "painted": torch.stack([targets.painted_loss(rgb) for rgb in full]).sum(),
        "consistency": CONSISTENCY * torch.stack([targets.apart(*pair) for pair in pairs]).sum(),
        "painted_sub": PAINTED_SUB * torch.stack([targets.painted_loss(sub) for sub, _ in pairs]).sum(),
    }
    if stage.perceptual and features is not None:
        seen = [(full[-1], batch.pictures), *pairs]
        losses["perceptual"] = (
            stage.perceptual * torch.stack([features.distance(*pair).mean() for pair in seen]).sum()
        )
    return losses


def narrowest_and_wider(ratios: tuple[float, ...]) -> list[tuple[float, ...]]:
    """The ratios to draw each sub-generator of a step from; one is always the narrowest."""
    least = min(ratios)
    wider = tuple(ratio for ratio in ratios if ratio > least)
    return [(least,), wider] if wider else [(least,)]
