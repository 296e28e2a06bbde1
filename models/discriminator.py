"""The discriminator: StyleGAN2's, for several resolutions (paper, section 3.1), and conditioned on the
sub-generator that drew the picture (section 3.2).

Each resolution has its own fromRGB and enters where the network has that size. The last two blocks scale and
shift their channels by a linear map of g_arch, which says what share of its channels each layer of the
generator ran with.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .generator import EqualLinear, FusedLeakyReLU, fir_kernel
from .layer_sizes import layer_count

CONDITIONED_BLOCKS = 2  # the last two, at 8 and 16 px
GROUP = 4  # pictures over which the deviation feature is taken
RATIOS = (0.25, 0.5, 0.75, 1.0)  # g_arch has one of them hot for each layer


def architecture(channels: Sequence[int], full: Sequence[int]) -> Tensor:
    """g_arch [len(RATIOS) * len(full)]: for each layer, one hot at the share of its channels that ran.

    `channels` are the counts that ran, `full` the generator's; a share is coded as the nearest of `RATIOS`.
    Layers beyond the resolution that ran are all zero, so g_arch tells the resolution too.
    """
    code = torch.zeros(len(full), len(RATIOS))
    for layer, (ran, have) in enumerate(zip(channels, full, strict=False)):
        nearest = min(range(len(RATIOS)), key=lambda k: abs(RATIOS[k] - ran / have))
        code[layer, nearest] = 1
    return code.flatten()


class EqualConv2d(nn.Module):
    """Convolution with equalised learning rate, without bias, on the first channels of both sides."""

    def __init__(self, inputs: int, outputs: int, size: int, stride: int = 1, padding: int = 0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, size, size))
        self.scale = 1 / math.sqrt(inputs * size * size)
        self.stride, self.padding = stride, padding

    def forward(self, x: Tensor, outputs: int) -> Tensor:
        weight = self.weight[:outputs, : x.shape[1]] * self.scale
        return F.conv2d(x, weight, stride=self.stride, padding=self.padding)


class Down(nn.Module):
    """The FIR low-pass before a strided convolution. `stride` 2 keeps only what a strided 1x1 one reads."""

    kernel: Tensor

    def __init__(self, padding: int, stride: int = 1):
        super().__init__()
        self.register_buffer("kernel", fir_kernel(gain=1), persistent=False)
        self.padding, self.stride = padding, stride

    def forward(self, x: Tensor) -> Tensor:
        channels = x.shape[1]
        kernel = self.kernel.to(x.dtype).expand(channels, 1, 4, 4)
        return F.conv2d(x, kernel, stride=self.stride, padding=self.padding, groups=channels)


class Condition(nn.Module):
    """Scales (around 1) and shifts channels by linear maps of g_arch; changes nothing until trained."""

    def __init__(self, codes: int, channels: int):
        super().__init__()
        self.mapping = nn.Linear(codes, 2 * channels)
        nn.init.zeros_(self.mapping.weight)
        nn.init.zeros_(self.mapping.bias)

    def forward(self, x: Tensor, g_arch: Tensor) -> Tensor:
        scale, shift = self.mapping(g_arch).chunk(2, dim=1)  # [N, C] each
        count = x.shape[1]
        return x * (1 + scale[:, :count, None, None]) + shift[:, :count, None, None]


class ResBlock(nn.Module):
    """Two convolutions, the second halving the side, and a skip: [N, C, H, W] -> [N, C', H/2, W/2]."""

    def __init__(self, inputs: int, outputs: int, codes: int = 0):
        super().__init__()
        self.outputs = outputs
        self.conv1 = EqualConv2d(inputs, inputs, 3, padding=1)
        self.activate1 = FusedLeakyReLU(inputs)
        self.blur = Down(padding=2)
        self.conv2 = EqualConv2d(inputs, outputs, 3, stride=2)
        self.activate2 = FusedLeakyReLU(outputs)
        self.skip_blur = Down(padding=1, stride=2)
        self.skip = EqualConv2d(inputs, outputs, 1)
        counts = (inputs, outputs, outputs) if codes else ()
        self.conditions = nn.ModuleList(Condition(codes, count) for count in counts)

    def forward(self, x: Tensor, ratio: float, g_arch: Tensor | None) -> Tensor:
        outputs = _cut(self.outputs, ratio)
        skip = self.skip(self.skip_blur(x), outputs)  # [N, C', H/2, W/2]
        x = self.activate1(self._told(0, self.conv1(x, x.shape[1]), g_arch))
        x = self._told(1, self.conv2(self.blur(x), outputs), g_arch)
        return (self.activate2(x) + self._told(2, skip, g_arch)) / math.sqrt(2)

    def _told(self, place: int, x: Tensor, g_arch: Tensor | None) -> Tensor:
        return x if not self.conditions or g_arch is None else self.conditions[place](x, g_arch)


class FromRGB(nn.Module):
    """1x1 convolution from a picture to the features of its resolution."""

    def __init__(self, outputs: int):
        super().__init__()
        self.outputs = outputs
        self.conv = EqualConv2d(3, outputs, 1)
        self.activate = FusedLeakyReLU(outputs)

    def forward(self, picture: Tensor, ratio: float) -> Tensor:
        return self.activate(self.conv(picture, _cut(self.outputs, ratio)))


class Discriminator(nn.Module):
    """D: picture of any of its resolutions -> one logit.

    `channels` has a count for each of 4, 8, ..., R px; `resolutions` are those of the pictures it sees.
    `conditioned` makes it take g_arch, with len(RATIOS) numbers for each layer of a generator of R px.
    """

    def __init__(self, channels: Sequence[int], resolutions: Sequence[int], *, conditioned: bool = False):
        super().__init__()
        self.resolution = 2 << len(channels)
        self.conditioned = conditioned
        codes = len(RATIOS) * layer_count(self.resolution) if conditioned else 0
        sides = [4 << k for k in range(len(channels))]
        for side in resolutions:
            if side not in sides:
                raise ValueError(f"This discriminator sees {sides} px, not {side}.")
        self.from_rgb = nn.ModuleDict(
            {str(side): FromRGB(channels[sides.index(side)]) for side in sorted(resolutions)}
        )
        self.blocks = nn.ModuleDict(
            {
                str(side): ResBlock(channels[k], channels[k - 1], codes if k <= CONDITIONED_BLOCKS else 0)
                for k, side in enumerate(sides)
                if k
            }
        )
        self.last = channels[0]
        self.final_conv = EqualConv2d(self.last + 1, self.last, 3, padding=1)
        self.final_activate = FusedLeakyReLU(self.last)
        self.final_linear = nn.Sequential(
            EqualLinear(self.last * 16, self.last, activate=True), EqualLinear(self.last, 1)
        )

    def forward(self, picture: Tensor, g_arch: Tensor | None = None, ratio: float = 1.0) -> Tensor:
        """picture [N, 3, R, R], g_arch [N, codes] if conditioned -> logits [N].

        `ratio` below 1 runs only the first channels of every layer: the reduced-channel discriminator that
        the paper compares with (Table 2). KeyError for a resolution it was not made for.
        """
        return self.judge({picture.shape[-1]: picture}, g_arch, ratio)

    def judge(
        self, pictures: Mapping[int, Tensor], g_arch: Tensor | None = None, ratio: float = 1.0
    ) -> Tensor:
        """One logit [N] for all resolutions of a portrait at once, side -> picture: as MSG-GAN does it, but
        with sums for its concatenations."""
        side = max(pictures)
        x = self.from_rgb[str(side)](pictures[side], ratio)  # [N, C, R, R]
        while side > 4:
            x = self.blocks[str(side)](x, ratio, g_arch)  # [N, C, side/2, side/2]
            side //= 2
            if side in pictures:
                x = (x + self.from_rgb[str(side)](pictures[side], ratio)) / math.sqrt(2)
        with torch.autocast(x.device.type, enabled=False):  # a logit in bfloat16 has two digits
            return self._final(x.float())

    def _final(self, x: Tensor) -> Tensor:
        count = x.shape[1]
        x = torch.cat([x, _deviation(x)], dim=1)  # [N, C + 1, 4, 4]
        weight = self.final_conv.weight
        kept = torch.cat([weight[:count, :count], weight[:count, -1:]], dim=1)  # the deviation's are last
        x = self.final_activate(F.conv2d(x, kept * self.final_conv.scale, padding=1))
        first, second = self.final_linear
        x = F.leaky_relu(F.linear(x.flatten(1), *_cut_linear(first, count * 16, count)), 0.2) * math.sqrt(2)
        return F.linear(x, *_cut_linear(second, count, 1)).squeeze(1)


def _cut(count: int, ratio: float) -> int:
    return max(1, round(count * ratio))


def _cut_linear(layer: nn.Module, inputs: int, outputs: int) -> tuple[Tensor, Tensor]:
    assert isinstance(layer, EqualLinear)
    return layer.weight[:outputs, :inputs] * layer.scale, layer.bias[:outputs] * layer.lr_mul


def _deviation(x: Tensor) -> Tensor:
    """[N, C, H, W] -> [N, 1, H, W]: how much a group of pictures differs, so that D can judge variety.

    Groups are neighbours in the batch, so that a batch shared by several processes has the same groups as in
    one process.
    """
    count = len(x)
    size = next(size for size in range(min(GROUP, count), 0, -1) if count % size == 0)
    groups = x.view(count // size, size, *x.shape[1:])  # [G, M, C, H, W]
    spread = (groups.var(dim=1, correction=0) + 1e-8).sqrt().mean(dim=(1, 2, 3))  # [G]
    return spread.repeat_interleave(size)[:, None, None, None].expand(-1, 1, *x.shape[2:])
