"""The anycost generator: one StyleGAN2 network that runs at several resolutions and channel widths.

This plain module is the reference for every faster engine. Its state dict has the names and shapes of the
published checkpoints. A sub-generator takes the first channels of every layer (paper, section 3.2), so it is
a slice and nothing is copied.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layer_sizes import layer_count, layer_resolution

FIR = (1.0, 3.0, 3.0, 1.0)
Noise = Literal["constant", "random", "none"] | Sequence[Tensor]


def fir_kernel(gain: float) -> Tensor:
    """The separable [1, 3, 3, 1] low-pass filter as a [4, 4] kernel that sums to `gain`."""
    taps = torch.tensor(FIR, device="cpu")  # even for a network built on "meta" (see `_normal`)
    kernel = torch.outer(taps, taps)  # [4, 4]
    return kernel * (gain / kernel.sum())


def _normal(*shape: int, over: float = 1.0) -> Tensor:
    """Normal numbers divided by `over`; on "meta" only a shape, because numbers there would load torch's
    compiler, which takes longer than opening a pack."""
    values = torch.empty(shape)
    return values if values.is_meta else values.normal_().div_(over)


def modulated_conv2d(x: Tensor, weight: Tensor, style: Tensor, *, demodulate: bool, up: bool) -> Tensor:
    """StyleGAN2's modulated convolution, without its blur.

    x [N, I, H, W], weight [O, I, k, k] (equalised), style [N, I] -> [N, O, H, W], or [N, O, 2H+1, 2W+1]
    with `up`. Scaling the input by the style and the output by the demodulation factor equals scaling each
    sample's weights, but needs no grouped convolution.
    """
    x = x * style[:, :, None, None]
    if up:
        x = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
    else:
        x = F.conv2d(x, weight, padding=weight.shape[-1] // 2)
    if demodulate:
        energy = weight.square().sum(dim=(2, 3))  # [O, I]
        factor = torch.rsqrt(style.square() @ energy.t() + 1e-8)  # [N, O]
        x = x * factor[:, :, None, None].to(x.dtype)
    return x


class PixelNorm(nn.Module):
    """z [N, D] -> z divided by its root mean square."""

    def forward(self, z: Tensor) -> Tensor:
        return z * torch.rsqrt(z.square().mean(dim=1, keepdim=True) + 1e-8)


class EqualLinear(nn.Module):
    """Linear layer with equalised learning rate; `activate` adds the leaky ReLU with its gain of sqrt(2)."""

    def __init__(
        self, inputs: int, outputs: int, *, bias: float = 0.0, lr_mul: float = 1.0, activate: bool = False
    ):
        super().__init__()
        self.weight = nn.Parameter(_normal(outputs, inputs, over=lr_mul))
        self.bias = nn.Parameter(torch.full((outputs,), bias))
        self.scale = lr_mul / math.sqrt(inputs)
        self.lr_mul = lr_mul
        self.activate = activate

    def forward(self, x: Tensor) -> Tensor:
        x = F.linear(x, self.weight * self.scale, self.bias * self.lr_mul)
        return F.leaky_relu(x, 0.2) * math.sqrt(2) if self.activate else x


class Blur(nn.Module):
    """The FIR low-pass after an upsampling convolution: [N, C, 2H+1, 2W+1] -> [N, C, 2H, 2W]."""

    kernel: Tensor

    def __init__(self):
        super().__init__()
        self.register_buffer("kernel", fir_kernel(gain=4))

    def forward(self, x: Tensor) -> Tensor:
        channels = x.shape[1]
        kernel = self.kernel.to(x.dtype).expand(channels, 1, 4, 4)
        return F.conv2d(x, kernel, padding=1, groups=channels)


class Upsample(nn.Module):
    """Doubles an RGB picture with the FIR filter: [N, 3, H, W] -> [N, 3, 2H, 2W]."""

    kernel: Tensor

    def __init__(self):
        super().__init__()
        self.register_buffer("kernel", fir_kernel(gain=4))

    def forward(self, x: Tensor) -> Tensor:
        channels = x.shape[1]
        return F.conv_transpose2d(
            x, self.kernel.expand(channels, 1, 4, 4), stride=2, padding=1, groups=channels
        )


class ModulatedConv2d(nn.Module):
    """Weight and style input of a modulated convolution; runs with the first channels of both sides."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        size: int,
        style_dim: int,
        *,
        demodulate: bool = True,
        up: bool = False,
    ):
        super().__init__()
        self.weight = nn.Parameter(_normal(1, outputs, inputs, size, size))
        self.modulation = EqualLinear(style_dim, inputs, bias=1.0)
        self.scale = 1 / math.sqrt(inputs * size * size)
        self.demodulate = demodulate
        self.up = up
        if up:
            self.blur = Blur()

    def forward(self, x: Tensor, w: Tensor, outputs: int) -> Tensor:
        inputs = x.shape[1]
        weight = self.weight[0, :outputs, :inputs] * self.scale  # [O, I, k, k]
        style = self.modulation(w)[:, :inputs]  # [N, I]
        x = modulated_conv2d(x, weight, style, demodulate=self.demodulate, up=self.up)
        return self.blur(x) if self.up else x


class NoiseInjection(nn.Module):
    """Adds a noise map scaled by a learned strength."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor, noise: Tensor | None) -> Tensor:
        return x if noise is None else x + (self.weight * noise).to(x.dtype)


class FusedLeakyReLU(nn.Module):
    """Bias and leaky ReLU with a gain of sqrt(2), on the first channels of its bias."""

    def __init__(self, channels: int):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        bias = self.bias[: x.shape[1], None, None].to(x.dtype)
        return F.leaky_relu(x + bias, 0.2) * math.sqrt(2)


class StyledConv(nn.Module):
    """Modulated 3x3 convolution, noise, bias, activation."""

    def __init__(self, inputs: int, outputs: int, style_dim: int, *, up: bool = False):
        super().__init__()
        self.conv = ModulatedConv2d(inputs, outputs, 3, style_dim, up=up)
        self.noise = NoiseInjection()
        self.activate = FusedLeakyReLU(outputs)

    def forward(self, x: Tensor, w: Tensor, outputs: int, noise: Tensor | None) -> Tensor:
        return self.activate(self.noise(self.conv(x, w, outputs), noise))


class ToRGB(nn.Module):
    """1x1 modulated convolution to RGB, added to the upsampled picture of the block before."""

    def __init__(self, inputs: int, style_dim: int, *, up: bool = True):
        super().__init__()
        self.conv = ModulatedConv2d(inputs, 3, 1, style_dim, demodulate=False)
        self.bias = nn.Parameter(torch.zeros(1, 3, 1, 1))
        if up:
            self.upsample = Upsample()

    def forward(self, x: Tensor, w: Tensor, skip: Tensor | None) -> Tensor:
        rgb = self.conv(x, w, 3).float() + self.bias  # [N, 3, H, W]
        return rgb if skip is None else rgb + self.upsample(skip)


class ConstantInput(nn.Module):
    """The learned 4 x 4 input that every picture starts from."""

    def __init__(self, channels: int):
        super().__init__()
        self.input = nn.Parameter(_normal(1, channels, 4, 4))


class Generator(nn.Module):
    """G: z -> w -> picture, at any resolution up to its own and any channel counts up to its own.

    `channels` has a count for each of the `layer_count(resolution)` layers, in the order const, conv1,
    convs...
    """

    def __init__(self, resolution: int, channels: Sequence[int], style_dim: int = 512, n_mlp: int = 8):
        super().__init__()
        self.n_style = layer_count(resolution)
        if len(channels) != self.n_style:
            raise ValueError(f"{resolution} px needs {self.n_style} channel counts, got {len(channels)}.")
        self.resolution = resolution
        self.channels = tuple(channels)
        self.style_dim = style_dim
        layers = [EqualLinear(style_dim, style_dim, lr_mul=0.01, activate=True) for _ in range(n_mlp)]
        self.style = nn.Sequential(PixelNorm(), *layers)
        self.input = ConstantInput(channels[0])
        self.conv1 = StyledConv(channels[0], channels[1], style_dim)
        self.to_rgb1 = ToRGB(channels[1], style_dim, up=False)
        self.convs = nn.ModuleList(
            StyledConv(channels[i - 1], channels[i], style_dim, up=i % 2 == 0) for i in range(2, self.n_style)
        )
        self.to_rgbs = nn.ModuleList(ToRGB(channels[i], style_dim) for i in range(3, self.n_style, 2))
        self.noises = nn.Module()
        for k in range(self.n_style - 1):
            side = layer_resolution(k + 1)
            self.noises.register_buffer(f"noise_{k}", _normal(1, 1, side, side))

    def forward(
        self,
        w: Tensor,
        resolution: int | None = None,
        channels: Sequence[int] | None = None,
        noise: Noise = "constant",
    ) -> Tensor:
        """w [N, n_style, style_dim] -> picture [N, 3, R, R], about -1..1, not clamped.

        `noise` is "constant" (the stored maps), "random", "none", or one [N or 1, 1, r, r] map for each
        convolution. Styles beyond those that `resolution` uses are ignored. ValueError for a resolution,
        counts or shapes that this network does not have.
        """
        *_, rgb = self.blocks(w, resolution, channels, noise)
        return rgb

    def blocks(
        self,
        w: Tensor,
        resolution: int | None = None,
        channels: Sequence[int] | None = None,
        noise: Noise = "constant",
    ) -> Iterator[Tensor]:
        """Yields the picture at 4, 8, ... R px, each as soon as it is known; see `forward`."""
        resolution = resolution or self.resolution
        channels = self.check(w, resolution, channels)
        maps = self._noise_maps(noise, w, len(channels) - 1)
        x = self.input.input[:, : channels[0]].expand(len(w), -1, -1, -1)  # [N, C, 4, 4]
        x = self.conv1(x, w[:, 0], channels[1], maps[0])
        rgb = self.to_rgb1(x, w[:, 1], None)  # [N, 3, 4, 4]
        yield rgb
        for i in range(2, len(channels), 2):
            x = self.convs[i - 2](x, w[:, i - 1], channels[i], maps[i - 1])  # [N, C, 2H, 2W]
            x = self.convs[i - 1](x, w[:, i], channels[i + 1], maps[i])
            rgb = self.to_rgbs[i // 2 - 1](x, w[:, i + 1], rgb)  # [N, 3, 2H, 2W]
            yield rgb

    def check(self, w: Tensor, resolution: int, channels: Sequence[int] | None) -> tuple[int, ...]:
        """The channel counts to run with; ValueError when the network cannot run like this."""
        if not 4 <= resolution <= self.resolution:
            raise ValueError(f"This generator draws 4 to {self.resolution} px, not {resolution}.")
        needed = layer_count(resolution)
        if w.ndim != 3 or w.shape[1] < needed or w.shape[2] != self.style_dim:
            raise ValueError(f"Latents must be [N, {self.n_style}, {self.style_dim}], not {list(w.shape)}.")
        full = self.channels[:needed]
        counts = full if channels is None else tuple(channels)
        if len(counts) != needed or not all(1 <= c <= f for c, f in zip(counts, full, strict=True)):
            raise ValueError(
                f"{resolution} px takes {needed} channel counts of at most {list(full)}, not {list(counts)}."
            )
        return counts

    def _noise_maps(self, noise: Noise, w: Tensor, count: int) -> Sequence[Tensor | None]:
        if not isinstance(noise, str):
            return noise
        if noise == "none":
            return [None] * count
        stored = [self.noises.get_buffer(f"noise_{k}") for k in range(count)]
        if noise == "constant":
            return stored
        if noise == "random":
            return [torch.randn(len(w), 1, *m.shape[2:], dtype=m.dtype, device=m.device) for m in stored]
        raise ValueError(f'Noise is "constant", "random" or "none", not "{noise}".')


def truncate(w: Tensor, mean: Tensor, psi: float) -> Tensor:
    """The truncation trick: w [..., D] drawn toward `mean` [D]; psi 1 leaves it, 0 gives the mean."""
    return mean + psi * (w - mean)


def mix(w1: Tensor, w2: Tensor, crossover: int) -> Tensor:
    """Style mixing: w+ [N, n_style, D] with the first `crossover` styles of `w1` and the rest of `w2`."""
    return torch.cat([w1[:, :crossover], w2[:, crossover:]], dim=1)
