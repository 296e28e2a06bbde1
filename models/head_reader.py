"""What the reader of heads tells of a picture. Trained by the lab, run as ONNX by the core."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .head_points import KEYS, POINTS

# What a pixel can show, in the order of the reader's answers. The tongue is "mouth", lashes are "skin", hands
# and earrings "other".
PARTS = (
    "background",
    "skin",
    "brow",
    "eye_white",
    "iris",
    "lips",
    "mouth",
    "teeth",
    "ear",
    "neck",
    "hair",
    "beard",
    "glasses",
    "hat",
    "cloth",
    "other",
)

SIDE = 128  # px of the crop that is read
GRID = 64  # px of the parts and the face map
# names in the ONNX file, see `Answers`
OUTPUTS = ("parts", "face_map", "points", "relief", "spread", "score")

WIDTHS = (32, 64, 128, 192)  # channels at 64, 32, 16 and 8 px
DEPTHS = (2, 2, 3)  # residual blocks at 32, 16 and 8 px
FINE = 96  # channels of the decoder at 32 px, where points are sought
THIN = 48  # channels of the decoder at 64 px
LOOKS = 2  # residual blocks at 64 px, before parts and face map are told
SHAPES = 96  # numbers of the whole face's shape
STEP = 1 / 32  # of the crop: the unit of what the last look moves a point by
START = -5.0  # log-variance of a fresh network's points
BUMP = 0.2  # how much a fresh residual block adds


class Answers(NamedTuple):
    """What one look at crops gives. Coordinates are in the crop's unit square, x right and y down."""

    parts: Tensor  # [N, 16, 64, 64] logits in the order of `PARTS`
    face_map: Tensor  # [N, 3, 64, 64] about -0.5..0.5, of use only on the head
    points: Tensor  # [N, 546, 2]
    relief: Tensor  # [N, 546] depth behind the middle of the eyes, over the crop's side; smaller is nearer
    spread: Tensor  # [N, 546] logarithm of the variance of x and of y, each
    score: Tensor  # [N] logit: there is an upright face


class HeadReader(nn.Module):
    """Reads a crop around a head: an encoder, a decoder for the maps, and points that are first mixed from
    places in heat maps and then moved by what the decoder shows there."""

    def __init__(self):
        super().__init__()
        first, low, middle, deep = WIDTHS
        self.stem = _conv(3, first, 2)  # 64 px
        self.to_low = _stage(first, low, DEPTHS[0])  # 32 px
        self.to_middle = _stage(low, middle, DEPTHS[1])  # 16 px
        self.to_deep = _stage(middle, deep, DEPTHS[2])  # 8 px
        self.up_middle = _Up(deep, middle, middle)
        self.up_low = _Up(middle, low, FINE)
        self.up_first = _Up(FINE, first, THIN)
        self.refine = nn.Sequential(*(_Residual(THIN) for _ in range(LOOKS)))
        self.maps = _mix(THIN, len(PARTS) + 3)
        self.heat = _mix(FINE, len(KEYS))
        self.points = _Points(deep)
        self.score = nn.Linear(deep, 1)

    def looked(self, picture: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """picture [N, 3, 128, 128] -> what it shows at 64 px [N, 32, 64, 64], at 32 px [N, 96, 32, 32], and
        as a whole [N, 192, 8, 8]."""
        first = self.stem(picture)
        low = self.to_low(F.relu(first))
        middle = self.to_middle(F.relu(low))
        deep = self.to_deep(F.relu(middle))
        return first, self.up_low(self.up_middle(deep, middle), low), deep

    def forward(self, picture: Tensor) -> Answers:
        """picture [N, 3, 128, 128] in -1..1."""
        return self.answers(picture)[0]

    def answers(self, picture: Tensor) -> tuple[Answers, Tensor]:
        """What `forward` gives, and logits [N, K, 32, 32] of where the points `KEYS` are."""
        first, fine, deep = self.looked(picture)
        thin = self.refine(self.up_first(fine, first))  # [N, 48, 64, 64]
        maps = self.maps(F.relu(thin))  # [N, 19, 64, 64]
        whole = F.relu(deep).mean(dim=(2, 3))  # [N, 192]
        heat = self.heat(F.relu(fine))
        points, relief, spread = self.points(fine, whole, heat)
        parts, face_map = maps.split([len(PARTS), 3], dim=1)
        return Answers(parts, face_map, points, relief, spread, self.score(whole)[:, 0]), heat


class _Points(nn.Module):
    """Where the points are: [N, 546, 2] in the unit square, their relief [N, 546] and their log-variance
    [N, 546]."""

    def __init__(self, deep: int):
        super().__init__()
        self.blend = nn.Linear(len(KEYS), POINTS)  # of places, alike for x and y
        self.shape = nn.Linear(deep + 2 * len(KEYS), SHAPES)
        self.bend = nn.Linear(SHAPES, 3 * POINTS)
        self.near = nn.Linear(FINE, FINE)
        self.own = nn.Parameter(torch.randn(POINTS, FINE) * 0.5)  # what each point looks for
        self.move = nn.Parameter(torch.zeros(POINTS, FINE, 3))
        self.rest = nn.Parameter(torch.zeros(POINTS, 3))
        with torch.no_grad():
            self.blend.weight.fill_(1 / len(KEYS))
            self.blend.weight[list(KEYS)] = torch.eye(len(KEYS))
            self.blend.bias.zero_()
            self.bend.weight.mul_(0.1)
            self.bend.bias.zero_()
            self.rest[:, 2] = START

    def forward(self, fine: Tensor, whole: Tensor, heat: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """fine [N, 96, 32, 32], whole [N, 192], heat [N, K, 32, 32]."""
        with torch.autocast(fine.device.type, enabled=False):  # bfloat16 would round places by 0.1 px
            return self._found(F.relu(fine).float(), whole.float(), heat.float())

    def _found(self, fine: Tensor, whole: Tensor, heat: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        places = _middles(heat)  # [N, K, 2]
        shape = F.relu(self.shape(torch.cat([whole, (places - 0.5).flatten(1)], dim=1)))
        bend = self.bend(shape).view(-1, POINTS, 3)
        points = self.blend((places - 0.5).transpose(1, 2)).transpose(1, 2) + 0.5 + bend[..., :2]
        there = _sampled(fine, points.detach())  # [N, POINTS, 96]
        looked = F.relu(self.near(there) + self.own)
        moved = torch.einsum("npc,pco->npo", looked, self.move) + self.rest
        return points + moved[..., :2] * STEP, bend[..., 2], moved[..., 2]


class _Residual(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.one, self.two = _conv(width, width), _conv(width, width)
        self.gain = nn.Parameter(torch.full((width, 1, 1), BUMP))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.gain * self.two(F.relu(self.one(F.relu(x))))


class _Narrow(nn.Module):
    """A residual block that convolves half the channels: for many channels at few px."""

    def __init__(self, width: int):
        super().__init__()
        self.inward, self.conv = _mix(width, width // 2), _conv(width // 2, width // 2)
        self.outward = _mix(width // 2, width)
        self.gain = nn.Parameter(torch.full((width, 1, 1), BUMP))

    def forward(self, x: Tensor) -> Tensor:
        inside = F.relu(self.conv(F.relu(self.inward(F.relu(x)))))
        return x + self.gain * self.outward(inside)


class _Up(nn.Module):
    """Doubles the side of a map [N, A, S, S] and joins it with the encoder's [N, B, 2S, 2S]."""

    def __init__(self, below: int, beside: int, width: int):
        super().__init__()
        self.below, self.beside = _mix(below, width), _mix(beside, width)
        self.conv = _conv(width, width)

    def forward(self, below: Tensor, beside: Tensor) -> Tensor:
        coarse = F.interpolate(self.below(F.relu(below)), scale_factor=2.0, mode="nearest")
        return self.conv(F.relu(coarse + self.beside(F.relu(beside))))


def _stage(inputs: int, width: int, depth: int) -> nn.Sequential:
    """Halves the side, then adds `depth` blocks."""
    block = _Narrow if width > WIDTHS[2] else _Residual
    return nn.Sequential(_conv(inputs, width, 2), *(block(width) for _ in range(depth)))


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)


def _mix(inputs: int, outputs: int) -> nn.Conv2d:
    """Mixes channels; keeps the size of a rectified signal."""
    conv = nn.Conv2d(inputs, outputs, 1)
    nn.init.kaiming_normal_(conv.weight)
    nn.init.zeros_(conv.bias)  # type: ignore[arg-type]
    return conv


def _middles(heat: Tensor) -> Tensor:
    """The mean place [N, K, 2] in the unit square of maps of logits [N, K, S, S]."""
    side = heat.shape[-1]
    chance = torch.softmax(heat.flatten(2), dim=2).view(heat.shape)  # [N, K, S, S]
    steps = (torch.arange(side, device=heat.device, dtype=heat.dtype) + 0.5) / side
    return torch.stack([(chance.sum(2) * steps).sum(2), (chance.sum(3) * steps).sum(2)], dim=2)


def _sampled(maps: Tensor, points: Tensor) -> Tensor:
    """maps [N, C, S, S] at points [N, K, 2] of the unit square -> [N, K, C]."""
    grid = (points * 2 - 1)[:, :, None]  # [N, K, 1, 2]
    return F.grid_sample(maps, grid, align_corners=False, padding_mode="border")[..., 0].transpose(1, 2)
