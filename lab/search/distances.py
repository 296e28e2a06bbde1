"""How far a sub-generator's pictures look from the full generator's; a search minimises this."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
from ..networks.perceptual_part import lpips
from ..running import distributed
from .kept_pictures import KeptPictures

PSI = 0.7  # truncation of the latents
MAX_BYTES = 3 << 30  # of feature maps that are kept


def measure_of(pack: Pack, perceptual: str = "") -> Measure:
    """What a search in `pack` measures by, on this process's device.

    By default the pack's own features, trained on its pictures, so that a ladder does not depend on what else
    a machine has; without them, the best measure available. `perceptual` "lpips-alex" or "lpips-vgg" asks for
    LPIPS. CoreError if that is not here, or the features cannot be read.
    """
    if perceptual:
        return lpips(perceptual)
    if pack.features_path is None:
        return best_measure(pack).to(distributed.device())
    try:
        return from_features(load_features(pack.features_path)).to(distributed.device())
    except ValueError as error:
        raise CoreError("pack", f"{error}: install the pack again.") from None


class Distances:
    """Mean distance to the full generator's pictures of the same `samples` latents, truncated to 0.7.

    The first call draws the full pictures, once. Their feature maps are kept; where these are too many, the
    pictures are kept instead and embedded again in every call. Smaller pictures are enlarged to the full
    size, as on the screen.
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
            drawn = self._measure.embed(self._drawn(w, rung))
            total += len(w) * float(self._measure.distance(drawn, target))
        return total / self._samples

    @cached_property
    def _targets(self) -> Iterable[list[Tensor]]:
        """The full pictures' feature maps, batch by batch; CoreError if there is no room for the pictures."""
        full = SubGenerator(self._generator.resolution, self._generator.channels)
        maps = self._measure.embed(self._drawn(self._latents[0][:1], full))
        pictures = (self._drawn(w, full) for w in self._latents)
        if sum(m.nbytes for m in maps) * self._samples <= MAX_BYTES:
            return [self._measure.embed(picture) for picture in pictures]
        return _Embedded(KeptPictures(pictures, self._samples), self._measure)

    def _drawn(self, w: Tensor, rung: SubGenerator) -> Tensor:
        """Pictures [N, 3, r, r] as the measure sees them, in the precision in which they are kept."""
        side = self._generator.resolution
        picture = self._generator(w, rung.resolution, rung.channels).clamp(-1, 1)  # [N, 3, r, r]
        if rung.resolution < side:
            picture = F.interpolate(picture, (side, side), mode="bilinear", align_corners=False)
        seen = self._measure.side
        if seen is not None and seen < side:
            picture = F.interpolate(picture, (seen, seen), mode="bilinear", antialias=True)
        return picture.half().float()


class _Embedded:
    """The feature maps of kept pictures, made anew whenever they are asked for."""

    def __init__(self, pictures: KeptPictures, measure: Measure):
        self._pictures, self._measure = pictures, measure

    def __iter__(self) -> Iterator[list[Tensor]]:
        for picture in self._pictures:
            yield self._measure.embed(picture.to(distributed.device()))
