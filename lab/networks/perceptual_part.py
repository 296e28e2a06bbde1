"""What compares pictures in training and in a search: an attribute network, or LPIPS as in the paper."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from safetensors import SafetensorError
from torch import Tensor

from ...core.editing.perceptual import BACKBONES, Measure, lpips_at_hand
from ...core.errors import CoreError
from ...models.features import load_features
from ..running import distributed
from ..running.layout import placed

LPIPS = {"lpips-alex": "alex", "lpips-vgg": "vgg"}  # name in settings -> lpips' name of the backbone


class Perceptual(Protocol):
    """A fixed network that says how different two pictures look."""

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        """The distance [N] of each pair of pictures [N, 3, R, R] in -1..1; gradients reach both."""
        ...


def perceptual(name: str) -> Perceptual:
    """The perceptual part of Eq. 5 and 6, on this process's device: LPIPS ("lpips-alex", the paper's, or
    "lpips-vgg"), or the attribute network of a file.

    An attribute network's distances are about ten times as large. CoreError if there is no such network here.
    """
    if name in LPIPS:
        return _Lpips(lpips(name))
    try:
        return placed(load_features(Path(name)))
    except (OSError, ValueError, SafetensorError) as error:
        text = f'"{name}" cannot be read as an attribute network ({error}): name another file, or {_names()}.'
        raise CoreError("bad-value", text) from None


def lpips(name: str) -> Measure:
    """LPIPS by its name in settings, on this process's device. CoreError if its weights are not here."""
    if name not in LPIPS:
        raise CoreError("bad-value", f'There is no perceptual distance "{name}": choose {_names()}.')
    net = LPIPS[name]
    found = lpips_at_hand([net])
    if found is None:
        backbone = BACKBONES[net]
        text = f"{name} needs the weights of {backbone.title}: run `anycost weights get {backbone.weights}`."
        raise CoreError("bad-value", text)
    return found.to(distributed.device())


class _Lpips:
    def __init__(self, measure: Measure):
        self.measure = measure

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        return self.measure.apart(a, b)


def _names() -> str:
    return " or ".join(LPIPS)
