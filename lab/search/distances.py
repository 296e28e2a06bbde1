"""How far a sub-generator's pictures look from the full generator's; a search minimises this."""

from __future__ import annotations

from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from ...core.editing.perceptual import Measure, best_measure, from_features
from ...core.errors import CoreError
from ...models.features import load_features
from ...models.pack import Pack
from ...models.widths import SubGenerator
from ..measuring.subject import BATCH, Subject, normals

PSI = 0.7  # truncation of the latents
MAX_BYTES = 3 << 30  # for the full pictures' feature maps


def measure_of(pack: Pack) -> Measure:
    """The pack's own features, trained on its pictures, so that a ladder does not depend on what else a
    machine has; without them, the best measure available."""
    if pack.features_path is None:
        return best_measure(pack)
    try:
        return from_features(load_features(pack.features_path))
    except ValueError as error:
        raise CoreError("pack", f"{error}: install the pack again.") from None


class Distances:
    """Mean distance to the full generator's pictures of the same `samples` latents, truncated to 0.7.

    The first call draws and embeds the full pictures, once. Smaller ones are enlarged to their size, as on
    the screen.
    """

    def __init__(self, subject: Subject, measure: Measure, samples: int, seed: int):
        self._generator, self._measure, self._samples = subject.generator, measure, samples
        z = normals(samples, subject.generator.style_dim, seed)
        with torch.inference_mode():
            self._latents = subject.latents(z, PSI).split(BATCH)  # each [N, n_style, D]

    @torch.inference_mode()
    def __call__(self, rung: SubGenerator) -> float:
        """Distance of one sub-generator; 0 for the full one."""
        total = 0.0
        for w, target in zip(self._latents, self._targets, strict=True):
            total += len(w) * float(self._measure.distance(self._embedded(w, rung), target))
        return total / self._samples

    @cached_property
    def _targets(self) -> list[list[Tensor]]:
        """The full pictures' feature maps, batch by batch; CoreError if they need too much memory."""
        full = SubGenerator(self._generator.resolution, self._generator.channels)
        found = []
        for w in self._latents:
            found.append(self._embedded(w, full))
            one = sum(maps.nbytes for maps in found[0]) / len(found[0][0])
            if one * self._samples > MAX_BYTES:
                most = int(MAX_BYTES / one)
                raise CoreError(
                    "bad-value", f"{self._samples} samples need too much memory: use at most {most}."
                )
        return found

    def _embedded(self, w: Tensor, rung: SubGenerator) -> list[Tensor]:
        side = self._generator.resolution
        picture = self._generator(w, rung.resolution, rung.channels).clamp(-1, 1)  # [N, 3, r, r]
        if rung.resolution < side:
            picture = F.interpolate(picture, (side, side), mode="bilinear", align_corners=False)
        return self._measure.embed(picture.cpu())  # the measure runs on the CPU
