"""How good a generator in training is: FID against real pictures that it does not learn from.

A run's snapshots are compared by it (`running/best.py`). A user's folder has no pictures set apart, so there,
as in the paper, they are those it learns from.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ...core.files.torch_cache import at_hand
from ...models.features import load_features
from ...models.generator import Generator
from ...models.widths import WidthRule
from ..data.batches import DataSettings, unseen
from ..measuring.frechet import Extractor, Inception, Pooled, frechet_distances
from ..measuring.reals import Reals, of_folder, of_world
from ..measuring.subject import Subject
from ..networks.perceptual_part import LPIPS
from ..running.best import Score
from ..worlds import HEADS, PORTRAITS

if TYPE_CHECKING:
    from .generating import GeneratorSettings

# of a state: what says which pictures a run draws
DRAWN = ("architecture", "stage", "stages", "data", "average")
MAX_BYTES = 1 << 30  # of cached pictures, which are read at once


@dataclass(frozen=True)
class SnapshotSettings:
    """[snapshots]: after `every` so many pictures the FID over `samples` says whether the run is at its best,
    which is kept apart. 0 keeps only the last state."""

    every: int = 100_000
    samples: int = 2_500

    def __post_init__(self):
        if self.every < 0 or self.samples < 2:
            raise ValueError("snapshots.every must be at least 0 and snapshots.samples at least 2.")


def score(average: Generator, settings: GeneratorSettings, index: int, samples: int) -> Score | None:
    """FID over `samples` pictures of the averaged generator at the top resolution of the stage with this
    index; with adapted channels the mean over the full and the narrowest width.

    By Inception if its weights are here, else by the run's attribute network (losses.features). None without
    either, without torchmetrics, or with too few pictures for the features.
    """
    stage, data = settings.stages[index], settings.data
    reals = _reals(data, stage.top, samples)
    extractor = _extractor(settings.losses.features, min(samples, sum(found.count for found in reals)))
    if extractor is None:
        return None
    adapted = stage.adaptive or stage.kind == "distil"
    subject = Subject(
        average,
        WidthRule(settings.generator.width_rule),
        torch.zeros(average.style_dim, device=next(average.parameters()).device),  # nothing is truncated
        (stage.top,),
        tuple(sorted({min(stage.ratios), 1.0})) if adapted else (1.0,),
    )
    found = frechet_distances(subject, extractor, _pictures(reals), samples, reals[0].shape)
    return Score(sum(found.values()) / len(found), f"FID ({extractor.name}), stage {index + 1}")


def snapshot(state: Mapping[str, Any]) -> dict[str, Any]:
    """What `checkpoints.trained` needs of a generator's state."""
    return {name: state[name] for name in DRAWN}


def _extractor(features: str, pictures: int) -> Extractor | None:
    """The first network that so many pictures are enough for."""
    if importlib.util.find_spec("torchmetrics") is None:
        return None
    weights = at_hand("inception")
    if weights is not None and pictures > Inception.num_features:
        return Extractor("Inception", Inception(weights))
    if not features or features in LPIPS or not Path(features).is_file():
        return None  # a run whose stages do not compare yet need not have the file
    own = Pooled(load_features(Path(features)))
    return Extractor("the attribute network", own) if pictures > own.num_features else None


def _pictures(reals: list[Reals]) -> Iterator[Tensor]:
    """This process's, all at one resolution."""
    for found in reals:
        for _, picture in found.batches("real pictures"):
            yield picture


def _reals(data: DataSettings, side: int, count: int) -> list[Reals]:
    """About `count` pictures; fewer if there are no more, or no room for more cached ones."""
    if data.kind == "folder":
        return [of_folder(Path(data.folder), side, count, data.shape)]
    if data.world is not None and not data.caches:
        return [of_world(data.world, side, count)]
    painted = round(data.painted * count)
    portraits = [of_world(PORTRAITS, side, painted)] if painted else []
    if not data.caches:
        return [*portraits, of_world(HEADS, side, count - painted)]
    _, heads = unseen(data, HEADS, side, min(count - painted, MAX_BYTES // (12 * side * side)))
    return [*portraits, Reals(HEADS.pictures, len(heads), lambda places: heads[places.to(heads.device)])]
