"""Gives the tensors of NVIDIA's StyleGAN2 generators the published names and shapes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from ..generator import fir_kernel
from .unpickle import Refused

BLOCK = re.compile(r"synthesis\.b(\d{1,4})\.(.+)")
MAPPING = re.compile(r"mapping\.fc(\d{1,2})\.(weight|bias)")
Place = Callable[[Tensor], Tensor]

# the tensors of a convolution and of a to-RGB layer: NVIDIA's name -> (our name, change of shape)
CONVOLUTION: dict[str, tuple[str, Place]] = {
    "weight": ("conv.weight", lambda t: t[None]),  # [O, I, 3, 3] -> [1, O, I, 3, 3]
    "affine.weight": ("conv.modulation.weight", lambda t: t),
    "affine.bias": ("conv.modulation.bias", lambda t: t),
    "bias": ("activate.bias", lambda t: t),
    "noise_strength": ("noise.weight", lambda t: t.reshape(1)),
}
TO_RGB: dict[str, tuple[str, Place]] = {
    "weight": ("conv.weight", lambda t: t[None]),  # [3, I, 1, 1] -> [1, 3, I, 1, 1]
    "affine.weight": ("conv.modulation.weight", lambda t: t),
    "affine.bias": ("conv.modulation.bias", lambda t: t),
    "bias": ("bias", lambda t: t.reshape(1, -1, 1, 1)),
}


def from_nvidia(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], Tensor | None]:
    """(state dict with the published names, w_avg) from NVIDIA's; Refused for another architecture."""
    _check_architecture(tensors)
    state: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if name.endswith("resample_filter"):
            if tensor.shape != (4, 4) or not torch.allclose(tensor.float(), fir_kernel(1), atol=1e-5):
                raise Refused(f"has other filter taps than 1, 3, 3, 1 ({name})", "choose another generator")
        elif name != "mapping.w_avg":
            ours, place = _place(name)
            try:
                state[ours] = place(tensor)
            except RuntimeError:
                shape = list(tensor.shape)
                raise Refused(
                    f"has {name} with a shape that does not fit, {shape}", "choose another"
                ) from None
    for name in list(state):
        if name.endswith("activate.bias"):  # a generator trained without noise has no strengths
            state.setdefault(name.replace("activate.bias", "noise.weight"), torch.zeros(1))
    return state, tensors.get("mapping.w_avg")


def _check_architecture(tensors: Mapping[str, Tensor]) -> None:
    if "mapping.embed.weight" in tensors:
        raise Refused("is a class-conditional generator, which cannot be used", "choose an unconditional one")
    blocks = {match[1] for name in tensors if (match := BLOCK.fullmatch(name))}
    for side in sorted(blocks, key=int):
        if f"synthesis.b{side}.skip.weight" in tensors:
            raise Refused("is of the residual architecture", "choose a generator of the skip architecture")
        if f"synthesis.b{side}.torgb.weight" not in tensors:
            raise Refused("is a generator without RGB skips", "choose one that has them")


def _place(name: str) -> tuple[str, Place]:
    """Where a tensor of NVIDIA's network goes: (our name, change of shape)."""
    if match := MAPPING.fullmatch(name):
        return f"style.{int(match[1]) + 1}.{match[2]}", lambda t: t
    match = BLOCK.fullmatch(name)
    side = int(match[1]) if match else 0
    if match is None or side < 4 or side & (side - 1):
        raise Refused(f"has a tensor {name[:80]!r}, which no StyleGAN2 generator has", "choose another")
    layer, _, tensor = match[2].partition(".")
    level = side.bit_length() - 1  # i = log2(r)
    if side == 4 and match[2] == "const":
        return "input.input", lambda t: t[None]  # [C, 4, 4] -> [1, C, 4, 4]
    if layer == "torgb" and tensor in TO_RGB:
        ours, place = TO_RGB[tensor]
        return ("to_rgb1." if side == 4 else f"to_rgbs.{level - 3}.") + ours, place
    if layer == "conv1" or (layer == "conv0" and side > 4):
        if tensor == "noise_const":
            return f"noises.noise_{2 * level - (5 if layer == 'conv0' else 4)}", lambda t: t[None, None]
        if tensor in CONVOLUTION:
            ours, place = CONVOLUTION[tensor]
            index = 2 * (level - 3) + (layer == "conv1")
            return ("conv1." if side == 4 else f"convs.{index}.") + ours, place
    raise Refused(f"has a tensor {name[:80]!r}, which no StyleGAN2 generator has", "choose another")
