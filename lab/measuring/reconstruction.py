"""How well the encoder reconstructs real pictures, and whether sub-generators draw the same from its latents
(paper, Table 6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ...core.editing.perceptual import Measure
from ...core.faces.onnx_network import OnnxNetwork
from .consistency import Embedded, differences
from .reals import Reals
from .subject import Collected, Subject

Encode = Callable[[Tensor], Tensor]  # pictures [N, 3, R, R] in -1..1 -> w+ [N, n_style, D]


@dataclass(frozen=True)
class Reconstruction:
    """(perceptual distance, mean squared error) from the encoded picture to the full generator's and a
    sub-generator's drawing, and between these two; `ratio` is the sub-generator's."""

    ratio: float
    full: tuple[float, float]
    sub: tuple[float, float]
    between: tuple[float, float]


def of_file(path: Path, size: int, subject: Subject) -> Encode:
    """A pack's encoder.onnx, which reads pictures of `size` px."""
    network, shape = (
        OnnxNetwork(path, "latents"),
        (-1, subject.generator.n_style, subject.generator.style_dim),
    )

    def encode(picture: Tensor) -> Tensor:
        small = F.interpolate(picture, (size, size), mode="bilinear", antialias=True).cpu().numpy()
        read = torch.stack([torch.from_numpy(network(one[None])) for one in small])
        return read.reshape(shape).to(picture.device)

    return encode


@torch.no_grad()
def reconstructions(subject: Subject, encode: Encode, measure: Measure, reals: Reals) -> list[Reconstruction]:
    """Over all of `reals`, at the highest resolution: one row per ratio below 1, narrowest first."""
    ratios = [ratio for ratio in subject.ratios if ratio < 1]
    rows = {ratio: Collected(reals.count, 6) for ratio in ratios}
    for places, picture in reals.batches("reconstruction"):
        w = encode(picture)
        real = Embedded.of(measure, picture)
        full = Embedded.of(measure, subject.pictures(w)[subject.resolutions[-1]])
        of_full = differences(measure, full, real)  # [N, 2]
        for ratio in ratios:
            sub = Embedded.of(measure, subject.pictures(w, ratio)[subject.resolutions[-1]])
            parts = [of_full, differences(measure, sub, real), differences(measure, full, sub)]
            rows[ratio].put(places, torch.cat(parts, dim=1))
    means = {ratio: row.joint().mean(dim=0).tolist() for ratio, row in rows.items()}
    return [Reconstruction(ratio, (a, b), (c, d), (e, f)) for ratio, (a, b, c, d, e, f) in means.items()]
