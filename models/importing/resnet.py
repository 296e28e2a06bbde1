"""The ResNet of published Anycost files (encoder, attribute predictor), its sizes read off the tensors.

It has torchvision's names: a strided 7x7 convolution, four stages of bottleneck blocks, one linear layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..drawing_cost import MAX_VALUES
from ..manifest import MAX_CHANNELS
from .strict import axis, count
from .unpickle import Refused

MARKS = ("layer1.0.conv3.weight", "conv1.weight", "fc.weight")
SIDE = 256  # px: of the pictures that Anycost's networks read
STAGES, MAX_BLOCKS = 4, 64


@dataclass(frozen=True)
class Block:
    """Sizes of a bottleneck block."""

    inputs: int
    inner: int
    outputs: int
    stride: int
    projected: bool


@dataclass(frozen=True)
class ResNetSizes:
    first: int
    stages: tuple[tuple[Block, ...], ...]
    outputs: int


def sizes_of(state: Mapping[str, Tensor]) -> ResNetSizes:
    """The sizes of a ResNet with these tensors; Refused where they are more than can be run."""
    stages = []
    for stage in range(1, STAGES + 1):
        blocks = range(count(state, f"layer{stage}.{{}}.conv3.weight", MAX_BLOCKS))
        stages.append(tuple(_block(state, stage, k) for k in blocks))
    sizes = ResNetSizes(axis(state, "conv1.weight", 0, 4), tuple(stages), axis(state, "fc.weight", 0, 2))
    if not all(stages):
        raise Refused("has a ResNet without one of its four stages", "get the whole file again")
    widest = max(sizes.first, *(block.outputs for blocks in stages for block in blocks))
    if widest > 4 * MAX_CHANNELS or widest * (SIDE // 4) ** 2 > MAX_VALUES:
        raise Refused("is larger than can be run", "choose a smaller one")
    return sizes


def _block(state: Mapping[str, Tensor], stage: int, k: int) -> Block:
    name = f"layer{stage}.{k}."
    inner, inputs = (axis(state, name + "conv1.weight", which, 4) for which in (0, 1))
    outputs = axis(state, name + "conv3.weight", 0, 4)
    return Block(
        inputs, inner, outputs, 2 if stage > 1 and k == 0 else 1, name + "downsample.0.weight" in state
    )


class ResNet(nn.Module):
    """picture [N, 3, 256, 256] in -1..1 -> what its linear layer says [N, outputs]."""

    def __init__(self, sizes: ResNetSizes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, sizes.first, 7, 2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(sizes.first)
        self.maxpool = nn.MaxPool2d(3, 2, padding=1)
        for number, blocks in enumerate(sizes.stages, 1):
            setattr(self, f"layer{number}", nn.Sequential(*map(Bottleneck, blocks)))
        self.fc = nn.Linear(sizes.stages[-1][-1].outputs, sizes.outputs)

    def maps(self, picture: Tensor) -> list[Tensor]:
        """The four stages' maps [N, C, S, S], S = 64 down to 8."""
        x = self.maxpool(torch.relu(self.bn1(self.conv1(picture))))
        found = []
        for number in range(1, STAGES + 1):
            x = getattr(self, f"layer{number}")(x)
            found.append(x)
        return found

    def read(self, last: Tensor) -> Tensor:
        """The linear layer's answer [N, outputs] to the last stage's map."""
        return self.fc(last.mean((2, 3)))

    def forward(self, picture: Tensor) -> Tensor:
        return self.read(self.maps(picture)[-1])


class Bottleneck(nn.Module):
    """Three convolutions beside a shortcut; the middle one has the stride."""

    def __init__(self, block: Block):
        super().__init__()
        inner, outputs = block.inner, block.outputs
        self.conv1, self.bn1 = nn.Conv2d(block.inputs, inner, 1, bias=False), nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, block.stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3, self.bn3 = nn.Conv2d(inner, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
        self.downsample: nn.Module = nn.Identity()
        if block.projected:
            self.downsample = nn.Sequential(
                nn.Conv2d(block.inputs, outputs, 1, block.stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.bn1(self.conv1(x)))
        y = torch.relu(self.bn2(self.conv2(y)))
        return torch.relu(self.bn3(self.conv3(y)) + self.downsample(x))


class ResNetEncoder(ResNet):
    """picture [N, 3, 256, 256] in -1..1 -> w+ [N, n_style, style_dim]: the linear layer's answer is added to
    `mean_latent` [style_dim]."""

    mean_latent: Tensor

    def __init__(self, sizes: ResNetSizes, style_dim: int):
        super().__init__(sizes)
        self.style_dim = style_dim
        self.register_buffer("mean_latent", torch.zeros(style_dim))

    def forward(self, picture: Tensor) -> Tensor:
        return super().forward(picture).unflatten(1, (-1, self.style_dim)) + self.mean_latent
