"""The layers of a sub-generator in their fast form, with the same numbers as models/generator.py.

What does not depend on the latent is done once: weights are cut to the channels that run, scaled, given the
activation's gain and laid out channels last; demodulation becomes a product with summed squares. Each layer
can make any window of its maps, so that large maps are made in strips that fit into the cache.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ....models.generator import ConstantInput, EqualLinear, StyledConv, ToRGB
from .window import Window

GAIN = math.sqrt(2)  # of the activation; leaky ReLU is homogeneous, so the weights can carry it
SLOPE = 0.2


@dataclass(frozen=True)
class Modulated:
    """A layer's weights for one latent, and the scales of its maps if the weights do not carry the styles."""

    weight: Tensor
    before: Tensor | None  # [1, I, 1, 1], multiplies the layer's input
    after: Tensor | None  # [1, O, 1, 1], multiplies its output


def start(constant: ConstantInput, channels: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """The maps [1, C, 4, 4] that every picture starts from."""
    return constant.input[:, :channels].to(device, dtype).contiguous(memory_format=torch.channels_last)


class _Style:
    """The style [1, I] of one layer: an affine map of w [1, D], cut to the channels that run."""

    def __init__(self, layer: EqualLinear, channels: int, device: torch.device):
        self.weight = (layer.weight[:channels] * layer.scale).to(device)
        self.bias = (layer.bias[:channels] * layer.lr_mul).to(device)

    def __call__(self, w: Tensor) -> Tensor:
        return F.linear(w, self.weight, self.bias)


class Conv:
    """Modulated 3x3 convolution, noise, bias, activation; `up` doubles the maps first."""

    def __init__(
        self,
        layer: StyledConv,
        inputs: int,
        outputs: int,
        noise: Tensor,
        dtype: torch.dtype,
        device: torch.device,
    ):
        conv = layer.conv
        weight = (conv.weight[0, :outputs, :inputs] * conv.scale).to(device)  # [O, I, 3, 3]
        self.up, self.side, self.outputs, self.dtype = conv.up, noise.shape[-1], outputs, dtype
        self._style = _Style(conv.modulation, inputs, device)
        self._energy = weight.square().sum(dim=(2, 3)).t().contiguous()  # [I, O]
        self._blur = None
        if conv.up:
            weight = weight.transpose(0, 1)  # a transposed convolution has its inputs first
            self._blur = conv.blur.kernel.to(device, dtype).expand(outputs, 1, 4, 4).contiguous()
        self._bias = (layer.activate.bias[:outputs] * GAIN).to(device, dtype)
        strength = layer.noise.weight * GAIN
        self._noise = (noise * strength).to(device, dtype) if strength.any() else None  # [1, 1, H, W]
        # the styles multiply the maps or the weights, whichever are fewer numbers
        taken = self.side // 2 if conv.up else self.side
        few = 9 * inputs * outputs < (inputs + outputs) * taken * taken
        self.by_weight = few or dtype is torch.float16  # maps with styles would leave its range
        weight = (weight * GAIN).contiguous(memory_format=torch.channels_last)
        self._weight = weight if self.by_weight else weight.to(dtype)

    def modulated(self, w: Tensor) -> Modulated:
        """The weights for w [1, D]."""
        style = self._style(w)  # [1, I]
        factor = torch.rsqrt(style.square() @ self._energy + 1e-8)  # [1, O]
        if not self.by_weight:
            before, after = (s.to(self.dtype)[:, :, None, None] for s in (style, factor))
            return Modulated(self._weight, before, after)
        rows, columns = (style, factor) if self.up else (factor, style)
        weight = self._weight * (rows.t() * columns)[:, :, None, None]
        return Modulated(weight.to(self.dtype), None, None)

    def reads(self, window: Window) -> Window:
        """The part of the layer's input that a window of its output needs."""
        return window.halved().clipped(self.side // 2) if self.up else window.grown(1, 1).clipped(self.side)

    def __call__(self, x: Tensor, modulated: Modulated, window: Window) -> Tensor:
        """x [1, I, h, w], the part `reads(window)` of the input -> the window of the output [1, O, H, W]."""
        bias = self._bias if modulated.after is None else None
        if modulated.before is not None:
            x = x * modulated.before
        if self.up:
            x = self._upsampled(x, modulated.weight, bias, window)
        else:
            x = _convolved(x, modulated.weight, bias, window.grown(1, 1).beyond(self.side))
        if modulated.after is not None:
            x = x.mul_(modulated.after).add_(self._bias[:, None, None])
        if self._noise is not None:
            x.add_(cut(self._noise, window))
        return F.leaky_relu_(x, SLOPE)

    def _upsampled(self, x: Tensor, weight: Tensor, bias: Tensor | None, window: Window) -> Tensor:
        assert self._blur is not None
        x = F.conv_transpose2d(x, weight, stride=2)  # [1, O, 2h + 1, 2w + 1]
        made = self.reads(window).doubled().grown(0, 1)  # of the side + 1 pixels that the whole input gives
        seen = window.grown(1, 2)  # what the filter reads
        x = cut(x, seen.clipped(self.side + 1).within(made))
        return _convolved(x, self._blur, bias, seen.beyond(self.side + 1), groups=self.outputs)


class Rgb:
    """1x1 modulated convolution to RGB in float32, added to the doubled picture of the block before."""

    def __init__(self, layer: ToRGB, inputs: int, device: torch.device):
        self._style = _Style(layer.conv.modulation, inputs, device)
        weight = layer.conv.weight[0, :, :inputs] * layer.conv.scale  # [3, I, 1, 1]
        self._weight = weight.contiguous(memory_format=torch.channels_last).to(device)
        self._bias = layer.bias.flatten().to(device)  # [3]

    def modulated(self, w: Tensor) -> Tensor:
        """The weights [3, I, 1, 1] for w [1, D]."""
        return self._weight * self._style(w)[:, :, None, None]

    def __call__(self, x: Tensor, weight: Tensor) -> Tensor:
        """x [1, I, H, W] -> [1, 3, H, W]."""
        return F.conv2d(x.float(), weight, self._bias)


def doubled(rgb: Tensor, have: Window, side: int, window: Window) -> Tensor:
    """A window of a picture of `side` pixels a side, doubled by the [1, 3, 3, 1] filter.

    `rgb` [1, 3, h, w] is the part `have` of the picture before. Among zeros the filter is bilinear
    interpolation.
    """
    read = window.halved()
    rgb = cut(rgb, read.clipped(side // 2).within(have))
    top, left, bottom, right = read.beyond(side // 2)
    rgb = F.interpolate(F.pad(rgb, (left, right, top, bottom)), scale_factor=2.0, mode="bilinear")
    return cut(rgb, window.within(read.doubled()))


def cut(x: Tensor, window: Window) -> Tensor:
    """The window of maps [..., H, W], as a view."""
    return x[..., window.top : window.bottom, window.left : window.right]


def _convolved(
    x: Tensor, weight: Tensor, bias: Tensor | None, zeros: tuple[int, int, int, int], groups: int = 1
) -> Tensor:
    """The convolution of x with these numbers of `zeros` at its top, left, bottom and right.

    Where opposite sides differ it computes a little too much: copying x with the zeros would cost more.
    """
    top, left, bottom, right = zeros
    rows, columns = max(top, bottom), max(left, right)
    x = F.conv2d(x, weight, bias, padding=(rows, columns), groups=groups)
    surplus = Window(rows - top, columns - left, bottom - rows + x.shape[2], right - columns + x.shape[3])
    return cut(x, surplus)
