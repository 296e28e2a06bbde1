"""Fréchet distances between drawn and real pictures (FID), in the features of several networks.

torchmetrics computes them in float64 and joins the sums over processes. The choice of features is ours: the
pack's attribute network, trained on the pictures that the pack draws, and Inception if its weights are
available. Distances in different features cannot be compared.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ...core.editing.torchvision_import import import_torchvision
from ...core.errors import CoreError
from ...models.features import Features
from ..data.downsample import downsample
from ..data.frame import SQUARE, Shape, uncovered
from ..running import distributed
from .subject import SEED, Cell, Subject, normals, shares


class Pooled(nn.Module):
    """Each channel of each stage of an attribute network, averaged over places: pictures [N, 3, R, R] in
    -1..1 -> [N, F]."""

    def __init__(self, network: Features):
        super().__init__()
        self.network = network
        self.num_features = sum(map_.shape[1] for map_ in network.maps(network.mean.new_zeros(1, 3, 8, 8)))

    def forward(self, picture: Tensor) -> Tensor:
        return torch.cat([found.mean(dim=(2, 3)) for found in self.network.maps(picture.clamp(-1, 1))], dim=1)


class Inception(nn.Module):
    """The Inception network of published FIDs: pictures [N, 3, R, R] in -1..1 -> [N, 2048]."""

    num_features = 2048

    def __init__(self, weights: Path):
        super().__init__()
        try:  # the library's reader would run code in the file; a file that this one accepts has none
            torch.load(weights, map_location="cpu", weights_only=True)
            self.network = _torchmetrics().NoTrainInceptionV3(
                "inception-v3-compat", ["2048"], feature_extractor_weights_path=str(weights), antialias=False
            )
        except Exception:  # a damaged file can raise anything
            raise CoreError(
                "bad-value", f'"{weights}" does not hold the weights of FID\'s Inception network: remove it.'
            ) from None

    def forward(self, picture: Tensor) -> Tensor:
        return self.network(((picture.clamp(-1, 1) + 1) * 127.5).round().byte())


Seen = dict[int, Any]  # torchmetrics' metric that has seen the real pictures of a resolution


@dataclass(frozen=True)
class Extractor:
    """Features for a Fréchet distance; `name` is their label in tables, like "own features"."""

    name: str
    network: Pooled | Inception


def check_samples(extractor: Extractor, samples: int) -> None:
    """CoreError unless there are more samples than features: with fewer, the distance is too high."""
    needed = extractor.network.num_features
    if samples <= needed:
        raise CoreError(
            "bad-value",
            f"FID of {needed} features ({extractor.name}) needs more than {needed} pictures, not {samples}: "
            "raise the number of samples.",
        )


def frechet_distances(
    subject: Subject, extractor: Extractor, reals: Iterable[Tensor], samples: int, shape: Shape = SQUARE
) -> dict[Cell, float]:
    """FID of every sub-generator over `samples` untruncated latents.

    `reals` are this process's real pictures [N, 3, R, R] in -1..1 at the subject's highest resolution; they
    are reduced for lower ones.
    """
    seen = seen_reals(subject.resolutions, extractor, reals, shape)
    return distances_to(seen, subject, samples, shape)


@torch.no_grad()
def seen_reals(
    resolutions: Iterable[int], extractor: Extractor, reals: Iterable[Tensor], shape: Shape = SQUARE
) -> Seen:
    """What `distances_to` has to know of real pictures, by resolution; good for any number of subjects."""
    network = extractor.network.to(distributed.device())
    seen = {side: _metric(network) for side in resolutions}
    for picture in reals:
        for side, metric in seen.items():
            metric.update(uncovered(downsample(picture, side), shape), real=True)
    return seen


@torch.no_grad()
def distances_to(seen: Seen, subject: Subject, samples: int, shape: Shape = SQUARE) -> dict[Cell, float]:
    """`frechet_distances` to real pictures that were seen before, at all of the subject's resolutions."""
    metrics = {side: seen[side] for side in subject.resolutions}
    z = normals(samples, subject.generator.style_dim, SEED)
    found: dict[Cell, float] = {}
    for ratio in subject.ratios:
        for places in shares(samples, f"FID x{ratio:g}"):
            for side, picture in subject.pictures(subject.latents(z[places]), ratio).items():
                metrics[side].update(uncovered(picture, shape), real=False)
        for side, metric in metrics.items():
            found[side, ratio] = _distance(metric)
            metric.reset()  # drops the drawn ones, keeps the real ones
    return found


def _distance(metric: Any) -> float:
    if not metric.fake_features_sum.isfinite().all():  # the library's eigenvalues would kill the process
        raise CoreError("bad-value", "This generator draws NaN or infinite values: its training went wrong.")
    return max(0.0, float(metric.compute()))  # rounding can make it negative for equal sets


def _metric(network: nn.Module) -> Any:
    metric = _torchmetrics().FrechetInceptionDistance(network, reset_real_features=False, normalize=True)
    return metric.to(distributed.device())


def _torchmetrics() -> Any:
    """torchmetrics' FID module, imported on demand: with torchvision it takes seconds."""
    try:
        import_torchvision()  # torchmetrics imports all of it, though FID uses none
        return importlib.import_module("torchmetrics.image.fid")
    except ImportError:
        raise CoreError("bad-value", "FID needs torchmetrics: pip install 'anycost-krita[train]'.") from None
