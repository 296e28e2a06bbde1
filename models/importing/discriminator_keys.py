"""Reads the discriminator beside other programs' StyleGAN2 generators, for training to go on with.

Its tensors get the names of `models/discriminator.py`. Packs hold none: only training needs it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from ..manifest import PackError
from .kinds import ModelFile
from .tables import roots_of
from .unpickle import Refused

# what a name is called here: a block's parts, then the rest; {side} is the block's resolution in px
NVIDIA_BLOCK = {
    "fromrgb.weight": "from_rgb.{side}.conv.weight",
    "fromrgb.bias": "from_rgb.{side}.activate.bias",
    "conv0.weight": "blocks.{side}.conv1.weight",
    "conv0.bias": "blocks.{side}.activate1.bias",
    "conv1.weight": "blocks.{side}.conv2.weight",
    "conv1.bias": "blocks.{side}.activate2.bias",
    "skip.weight": "blocks.{side}.skip.weight",
}
NVIDIA_END = {
    "conv.weight": "final_conv.weight",
    "conv.bias": "final_activate.bias",
    "fc.weight": "final_linear.0.weight",
    "fc.bias": "final_linear.0.bias",
    "out.weight": "final_linear.1.weight",
    "out.bias": "final_linear.1.bias",
}
PYTORCH_BLOCK = {
    "conv1.0.weight": "blocks.{side}.conv1.weight",
    "conv1.1.bias": "blocks.{side}.activate1.bias",
    "conv2.1.weight": "blocks.{side}.conv2.weight",
    "conv2.2.bias": "blocks.{side}.activate2.bias",
    "skip.1.weight": "blocks.{side}.skip.weight",
}
PYTORCH_ENDS = {
    "convs.0.0.weight": "from_rgb.{side}.conv.weight",
    "convs.0.1.bias": "from_rgb.{side}.activate.bias",
    "final_conv.0.weight": "final_conv.weight",
    "final_conv.1.bias": "final_activate.bias",
    "final_linear.0.weight": "final_linear.0.weight",
    "final_linear.0.bias": "final_linear.0.bias",
    "final_linear.1.weight": "final_linear.1.weight",
    "final_linear.1.bias": "final_linear.1.bias",
}
BLOCK = re.compile(r"b(\d{1,4})\.(.+)")
RESIDUAL = re.compile(r"convs\.(\d{1,2})\.(.+)")
FILTERS = ("resample_filter", ".kernel")  # regenerated here
NVIDIA, PYTORCH = ("b4.fc.weight", "b4.out.weight"), ("final_linear.0.weight", "convs.0.0.weight")


def read_discriminator(path: Path) -> dict[str, Tensor]:
    """The state dict of the discriminator in a model file. PackError if it holds none that can be used."""
    tables = ModelFile.open(path).tables
    try:
        if found := roots_of(tables, *NVIDIA):
            return from_nvidia(found[0].tensors)
        if found := roots_of(tables, *PYTORCH):
            return from_pytorch(found[0].tensors)
    except Refused as reason:
        raise PackError(f'"{path}" {reason}.') from None
    raise PackError(f'"{path}" holds no discriminator: choose a file of the whole training.')


def from_nvidia(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of an unconditional discriminator of the residual architecture; Refused for others."""
    if any(name.startswith("mapping.") for name in tensors):
        raise Refused("has a class-conditional discriminator", "choose an unconditional one")
    found = {}
    for name, tensor in _weights(tensors):
        match = BLOCK.fullmatch(name)
        side, part = (match[1], match[2]) if match else ("", name)
        ours = (NVIDIA_END if side == "4" else NVIDIA_BLOCK).get(part)
        found[_known(ours, name).format(side=side)] = tensor
    return found


def from_pytorch(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of a discriminator with rosinality's names; Refused for others."""
    blocks = {int(match[1]) for name in tensors if (match := RESIDUAL.fullmatch(name))} - {0}
    top = 4 << len(blocks)  # px
    found = {}
    for name, tensor in _weights(tensors):
        match = RESIDUAL.fullmatch(name)
        place = int(match[1]) if match else 0
        ours = PYTORCH_BLOCK.get(match[2]) if match and place else PYTORCH_ENDS.get(name)
        found[_known(ours, name).format(side=top >> max(place - 1, 0))] = tensor
    return found


def _weights(tensors: Mapping[str, Tensor]) -> list[tuple[str, Tensor]]:
    return [(name, tensor.float()) for name, tensor in tensors.items() if not name.endswith(FILTERS)]


def _known(ours: str | None, name: str) -> str:
    if ours is None:
        raise Refused(f"has {name[:80]!r}, which no StyleGAN2 discriminator has", "choose another")
    return ours
