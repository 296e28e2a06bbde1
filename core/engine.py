"""The fast form of a sub-generator: the same numbers as models/generator.py, which stays the reference.

What does not depend on the latent is done once: weights are cut to the sub-generator's channels, scaled,
given the activation's gain and laid out channels last; demodulation is reduced to a product with summed
squares.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from ..models.generator import ConstantInput, EqualLinear, Generator, StyledConv, ToRGB
from ..models.manifest import Rung

GAIN = math.sqrt(2)  # of the activation; leaky ReLU is homogeneous, so that weights can carry it


class SubGenerator:
    """G^k_C for one latent at a time, float32, with the generator's stored noise."""

    def __init__(self, generator: Generator, rung: Rung):
        channels = generator.check(_any_latent(generator), rung.resolution, rung.channels)
        convs, rgbs = [generator.conv1, *generator.convs], [generator.to_rgb1, *generator.to_rgbs]
        with torch.inference_mode():
            self._start = _start(generator.input, channels[0])
            self._convs = [
                _Conv(
                    _of(StyledConv, conv),
                    channels[k],
                    channels[k + 1],
                    generator.noises.get_buffer(f"noise_{k}"),
                )
                for k, conv in enumerate(convs[: len(channels) - 1])
            ]
            self._rgbs = [_Rgb(_of(ToRGB, rgbs[k // 2]), channels[k]) for k in range(1, len(channels), 2)]

    def blocks(self, w: Tensor) -> Iterator[Tensor]:
        """w [1, n_style, style_dim] -> the picture [1, 3, r, r] at r = 4, 8, ... R, as Generator.blocks gives
        it.
        """
        x = self._convs[0](self._start, w[:, 0])
        rgb = self._rgbs[0](x, w[:, 1], None)
        yield rgb
        for k in range(1, len(self._rgbs)):
            x = self._convs[2 * k - 1](x, w[:, 2 * k - 1])  # [1, C, 2H, 2W]
            x = self._convs[2 * k](x, w[:, 2 * k])
            rgb = self._rgbs[k](x, w[:, 2 * k + 1], rgb)  # [1, 3, 2H, 2W]
            yield rgb


def _any_latent(generator: Generator) -> Tensor:
    return torch.empty(1, generator.n_style, generator.style_dim, device="meta")


def _of(kind, layer):
    assert isinstance(layer, kind)
    return layer


def _start(constant: ConstantInput, channels: int) -> Tensor:
    return constant.input[:, :channels].contiguous(memory_format=torch.channels_last)


class _Style:
    """The style [1, I] of one layer: an affine map of w, cut to the channels that run."""

    def __init__(self, layer: EqualLinear, channels: int):
        self.weight = layer.weight[:channels] * layer.scale
        self.bias = layer.bias[:channels] * layer.lr_mul

    def __call__(self, w: Tensor) -> Tensor:
        return F.linear(w, self.weight, self.bias)


class _Conv:
    """Modulated 3x3 convolution, noise, bias, activation."""

    def __init__(self, layer: StyledConv, inputs: int, outputs: int, noise: Tensor):
        conv = layer.conv
        weight = conv.weight[0, :outputs, :inputs] * conv.scale  # [O, I, 3, 3]
        self.style = _Style(conv.modulation, inputs)
        self.energy = weight.square().sum(dim=(2, 3)).t().contiguous()  # [I, O]
        self.up = conv.up
        self.blur = conv.blur.kernel.expand(outputs, 1, 4, 4).contiguous() if conv.up else None
        # a transposed convolution has its inputs first
        weight = weight.transpose(0, 1) if conv.up else weight
        self.weight = (weight * GAIN).contiguous(memory_format=torch.channels_last)
        self.bias = layer.activate.bias[:outputs] * GAIN
        strength = layer.noise.weight * GAIN
        self.noise = noise * strength if strength.any() else None  # [1, 1, H, W]
        # Either the maps or the weights take the styles: whichever are fewer numbers
        side = noise.shape[-1] // (2 if conv.up else 1)
        self.by_weight = 9 * inputs * outputs < (inputs + outputs) * side * side

    def __call__(self, x: Tensor, w: Tensor) -> Tensor:
        style = self.style(w)  # [1, I]
        factor = torch.rsqrt(style.square() @ self.energy + 1e-8)  # [1, O]
        x = self._by_weight(x, style, factor) if self.by_weight else self._by_maps(x, style, factor)
        if self.noise is not None:
            x.add_(self.noise)
        return F.leaky_relu_(x, 0.2)

    def _by_weight(self, x: Tensor, style: Tensor, factor: Tensor) -> Tensor:
        rows, columns = (style, factor) if self.up else (factor, style)
        weight = self.weight * (rows.t() * columns)[:, :, None, None]
        if self.blur is None:
            return F.conv2d(x, weight, self.bias, padding=1)
        return F.conv2d(
            F.conv_transpose2d(x, weight, stride=2), self.blur, self.bias, padding=1, groups=len(self.bias)
        )

    def _by_maps(self, x: Tensor, style: Tensor, factor: Tensor) -> Tensor:
        x = x * style[:, :, None, None]
        if self.blur is None:
            x = F.conv2d(x, self.weight, padding=1)
        else:
            x = F.conv_transpose2d(x, self.weight, stride=2)
            x = F.conv2d(x, self.blur, padding=1, groups=len(self.bias))
        return x.mul_(factor[:, :, None, None]).add_(self.bias[:, None, None])


class _Rgb:
    """1x1 modulated convolution to RGB, added to the upsampled picture of the block before."""

    def __init__(self, layer: ToRGB, inputs: int):
        self.style = _Style(layer.conv.modulation, inputs)
        self.weight = (layer.conv.weight[0, :, :inputs, 0, 0] * layer.conv.scale).t().contiguous()  # [I, 3]
        self.bias = layer.bias.flatten()  # [3]

    def __call__(self, x: Tensor, w: Tensor, skip: Tensor | None) -> Tensor:
        height, width = x.shape[2:]
        pixels = x.permute(0, 2, 3, 1).reshape(height * width, -1)  # [H * W, I], a view of channels-last maps
        rgb = torch.addmm(self.bias, pixels, self.weight * self.style(w).t())  # [H * W, 3]
        rgb = rgb.reshape(1, height, width, 3).permute(0, 3, 1, 2)  # [1, 3, H, W]
        return rgb if skip is None else rgb + _doubled(skip)


def _doubled(rgb: Tensor) -> Tensor:
    """[N, 3, H, W] -> [N, 3, 2H, 2W] by the [1, 3, 3, 1] filter, which within a zero border is bilinear."""
    return F.interpolate(F.pad(rgb, (1, 1, 1, 1)), scale_factor=2.0, mode="bilinear")[:, :, 2:-2, 2:-2]
