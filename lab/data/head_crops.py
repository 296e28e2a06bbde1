"""Crops of labelled pictures for a reader to learn from: turned, scaled, moved, mirrored, stretched, and bent
as an artist's hand does; and crops without an upright face.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from ...models.head_points import MIRROR, POINTS
from ...models.head_reader import GRID, SIDE
from ..running.draws import Draws
from ..running.layout import sent
from .head_cache import CachedHeads, decoded, signed

EYES, MOUTH = (0.5, 0.46), (0.5, 0.66)  # where a straight crop has them
EYE_LINE = 3.0  # weight of the eye line against the line from eyes to mouth in a head's roll
LEFT_EYE, RIGHT_EYE, LIPS = (33, 133, 159, 145), (362, 263, 386, 374), (61, 291)  # means of points
UNKNOWN = 255  # in place of a part
LEVEL = 20.0  # degrees, deviation of a crop's turn
STEEPEST = 50.0  # degrees: the most
SIZES, LEAST, MOST = 0.2, 0.5, 1.45  # log-deviation, ends of a crop's size over the straight one's
CLOSE, CLOSE_SHARE = 0.66, 0.4  # some crops show little more than the face
AWAY, FARTHEST = 0.08, 0.2  # deviation and end of a crop's middle, over its side
STRETCH, SHEAR = 0.07, 0.05  # log-deviation of width over height; deviation
BEND, CELLS = 0.035, 5  # largest deviation of a bent crop's places, over its side; grid of the bends
STEPS = 5  # in which a point's place in a bent crop is found
NONE_SHARE = 0.2  # of the crops show no upright face
STEEP = 80.0  # degrees from which there is none


@dataclass(frozen=True)
class HeadCrops:
    """What a reader is shown, and what it should answer. Points are in the crop's unit square."""

    pictures: Tensor  # [N, 3, SIDE, SIDE] in -1..1
    points: Tensor  # [N, P, 2]
    relief: Tensor  # [N, P] depth behind the middle of the eyes, over the crop's side
    face: Tensor  # [N] bool: there is an upright face, and the points count
    parts: Tensor  # [N, GRID, GRID] int64, UNKNOWN outside of the picture
    face_map: Tensor  # [N, 3, GRID, GRID]
    on_head: Tensor  # [N, GRID, GRID] bool: where the face map counts


@dataclass(frozen=True)
class Whole:
    """Pictures to crop, and where their eyes' middle, eye line and mouth are."""

    pictures: Tensor  # [N, 3, R, R] in -1..1
    points: Tensor  # [N, P, 2] in the unit square
    eyes: Tensor  # [N, 2, 2] viewer's left, right
    mouth: Tensor  # [N, 2] its middle


def eyes_and_mouth(points: Tensor) -> tuple[Tensor, Tensor]:
    """The middles of both eyes [N, 2, 2] and of the mouth [N, 2] of points [N, 546, 2]."""
    eyes, lips = (LEFT_EYE, RIGHT_EYE), sent(LIPS, points.device)
    middles = [points[:, sent(eye, points.device)].mean(1) for eye in eyes]
    return torch.stack(middles, dim=1), points[:, lips].mean(1)


class Views:
    """One random view of each of N pictures, which crops whatever belongs to them alike."""

    def __init__(self, whole: Whole, draws: Draws, none_share: float = NONE_SHARE):
        count = len(whole.pictures)
        chance = draws.uniform(count * 8).view(count, 8)
        spread = draws.normal(count, 8)
        self.face = chance[:, 0] >= none_share  # [N]
        self.mirrored = chance[:, 1] < 0.5
        self._reflected = self.mirrored.nonzero()[:, 0]
        centre, side, angle = straight(whole.eyes, whole.mouth)
        turn = (spread[:, 0] * LEVEL).clamp(-STEEPEST, STEEPEST)
        size = torch.where(chance[:, 2] < CLOSE_SHARE, CLOSE, 1.0)
        size = (size * torch.exp(spread[:, 1] * SIZES)).clamp(LEAST, MOST)
        move = (spread[:, 2:4] * AWAY).clamp(-FARTHEST, FARTHEST)
        # without a face: turned too far, beside the head, or a small piece of it
        none, kind = ~self.face, chance[:, 3]
        steep, beside = none & (kind < 0.3), none & (kind >= 0.3) & (kind < 0.6)
        too_far = torch.sign(turn) * (STEEP + chance[:, 4] * (180 - STEEP))
        turn = torch.where(steep, too_far, turn)
        way = 2 * math.pi * chance[:, 5]
        aside = torch.stack([way.cos(), way.sin()], dim=1) * (0.5 + 0.35 * chance[:, 6:7])
        move = torch.where(beside[:, None], aside, move)
        size = torch.where(beside, 0.8 * size, size)
        piece = none & (kind >= 0.6)
        move = torch.where(piece[:, None], 1.6 * spread[:, 4:6].clamp(-1, 1) * 0.3 / 0.25, move)
        size = torch.where(piece, 0.12 + 0.2 * chance[:, 7], size)
        self.broken = piece & (kind > 0.85)  # cut into tiles that change places
        angle = angle + torch.deg2rad(turn)
        self.side = side * size  # [N]
        self._matrix = _matrix(angle, self.side, spread[:, 6] * STRETCH, spread[:, 7] * SHEAR)  # [N, 2, 2]
        shift = _rotation(angle) @ (move * self.side[:, None])[:, :, None]  # [N, 2, 1]
        self._centre = centre + shift[:, :, 0]
        self._bends = draws.normal(count, 2, CELLS, CELLS) * (BEND * chance[:, 4, None, None, None] ** 2)
        self._order = sent(draws.choices.sample(range(16), 16), self.side.device)  # the same in every process

    def picture(self, pictures: Tensor) -> Tensor:
        """[N, C, R, R] -> [N, C, SIDE, SIDE]; beyond the border the edge pixels repeat."""
        grid = self._grid(SIDE)
        drawn = F.grid_sample(pictures, grid, mode="bilinear", padding_mode="border", align_corners=False)
        drawn = self._flipped(drawn)
        return torch.where(self.broken[:, None, None, None], self._cut(drawn), drawn)

    def labels(self, maps: Tensor) -> Tensor:
        """[N, C, R, R] of any type -> the nearest values [N, C, GRID, GRID]; outside of the picture they mean
        nothing: see `inside`."""
        side = maps.shape[-1]
        column, row = ((self._grid(GRID) + 1) / 2 * side).floor().long().clamp(0, side - 1).unbind(3)
        place = (row * side + column).flatten(1)[:, None].expand(-1, maps.shape[1], -1)  # [N, C, G * G]
        return self._flipped(maps.flatten(2).gather(2, place).unflatten(2, (GRID, GRID)))

    @cached_property
    def inside(self) -> Tensor:
        """Where the crop shows the picture as it is, bool [N, GRID, GRID]."""
        inside = (self._grid(GRID).abs() < 1).all(-1) & ~self.broken[:, None, None]
        return torch.where(self.mirrored[:, None, None], inside.flip(2), inside)

    def points(self, points: Tensor) -> Tensor:
        """Points [N, P, 2] of the pictures' unit square -> of the crops'. In a mirrored crop they keep their
        numbers: see `mirrored_points`."""
        back = torch.linalg.inv_ex(self._matrix).inverse.transpose(1, 2)  # `inv` would wait for a GPU
        wanted = (points - self._centre[:, None]) @ back + 0.5
        found = wanted
        for _ in range(STEPS):
            found = wanted - self._bent(found)
        across = torch.where(self.mirrored[:, None], 1 - found[..., 0], found[..., 0])
        return torch.stack([across, found[..., 1]], dim=2)

    def _grid(self, side: int) -> Tensor:
        """Where the crop's pixels are in the pictures, [N, side, side, 2] in -1..1."""
        steps = (torch.arange(side, device=self._centre.device) + 0.5) / side
        y, x = torch.meshgrid(steps, steps, indexing="ij")
        along = _cubic(side, self._bends.device)  # [side, CELLS]
        bent = (along @ self._bends @ along.T).permute(0, 2, 3, 1)  # [N, side, side, 2]
        here = torch.stack([x, y], dim=2) + bent - 0.5
        moved = (here.flatten(1, 2) @ self._matrix.transpose(1, 2)) + self._centre[:, None]
        return (2 * moved - 1).view(-1, side, side, 2)

    def _bent(self, points: Tensor) -> Tensor:
        """How far the places [N, K, 2] of the crop are bent away, [N, K, 2]."""
        grid = (2 * points - 1)[:, :, None]
        bends = F.grid_sample(self._bends, grid, mode="bicubic", padding_mode="border", align_corners=True)
        return bends[..., 0].transpose(1, 2)

    def _flipped(self, maps: Tensor) -> Tensor:
        """[N, C, S, S], those of mirrored crops reflected."""
        maps = maps.clone()
        maps[self._reflected] = maps[self._reflected].flip(3)
        return maps

    def _cut(self, drawn: Tensor) -> Tensor:
        """The crops with their 4 x 4 tiles in another order."""
        tiles = F.unfold(drawn, SIDE // 4, stride=SIDE // 4)  # [N, C * S * S, 16]
        return F.fold(tiles[:, :, self._order], SIDE, SIDE // 4, stride=SIDE // 4)


def straight(eyes: Tensor, mouth: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The square in which eyes [N, 2, 2] and mouth [N, 2] are where `EYES` and `MOUTH` say: its middle
    [N, 2], side [N] and angle [N] (radians, clockwise). See `placement.place`, which does the same."""
    across, middle = eyes[:, 1] - eyes[:, 0], eyes.mean(1)
    down = mouth - middle
    side = down.norm(dim=1) / math.dist(EYES, MOUTH)
    heading = F.normalize(torch.stack([down[:, 1], -down[:, 0]], dim=1), dim=1) + 3 * F.normalize(
        across, dim=1
    )
    angle = torch.atan2(heading[:, 1], heading[:, 0])
    offset = sent([0.5 - (EYES[0] + MOUTH[0]) / 2, 0.5 - (EYES[1] + MOUTH[1]) / 2], eyes.device)
    moved = (_rotation(angle) * side[:, None, None]) @ offset  # [N, 2]
    return (middle + mouth) / 2 + moved, side, angle


def mirrored_points(points: Tensor, mirrored: Tensor) -> Tensor:
    """Numbers points [N, 546, ...] of mirrored crops anew: what is at the viewer's left is the left one."""
    order = sent(MIRROR, points.device)
    return torch.where(mirrored.view(-1, *[1] * (points.ndim - 1)), points[:, order], points)


def head_crops(heads: CachedHeads, draws: Draws, none_share: float = NONE_SHARE) -> HeadCrops:
    """Views of rendered heads with all their labels; a share of them shows no upright face."""
    assert heads.landmarks.shape[1] == POINTS
    pictures = signed(heads.rgb)
    views = Views(Whole(pictures, heads.landmarks, *eyes_and_mouth(heads.landmarks)), draws, none_share)
    mapped, head = decoded(views.labels(heads.face_map))
    flip = torch.where(views.mirrored, -1.0, 1.0)[:, None, None, None]
    parts = views.labels(heads.part[:, None])[:, 0].long()
    return HeadCrops(
        views.picture(pictures),
        mirrored_points(views.points(heads.landmarks), views.mirrored),
        mirrored_points(heads.relief / views.side[:, None], views.mirrored),
        views.face,
        torch.where(views.inside, parts, UNKNOWN),
        torch.cat([mapped[:, :1] * flip, mapped[:, 1:]], dim=1),
        head & views.inside,
    )


@lru_cache(maxsize=4)
def _cubic(side: int, device: torch.device) -> Tensor:
    """[side, CELLS]: the share of each of a row's bends at each pixel, as cubic interpolation has it."""
    steps = (torch.arange(side) + 0.5) / side
    grid = torch.stack([2 * steps - 1, torch.zeros(side)], dim=1)[None, None].expand(CELLS, -1, -1, -1)
    rows = torch.eye(CELLS)[:, None, None]  # [CELLS, 1, 1, CELLS]
    return F.grid_sample(rows, grid, mode="bicubic", padding_mode="border", align_corners=True)[:, 0, 0].T.to(
        device
    )


def _rotation(angle: Tensor) -> Tensor:
    """[N] radians -> [N, 2, 2], clockwise where y points down."""
    c, s = torch.cos(angle), torch.sin(angle)
    return torch.stack([torch.stack([c, -s], 1), torch.stack([s, c], 1)], 1)


def _matrix(angle: Tensor, side: Tensor, stretch: Tensor, shear: Tensor) -> Tensor:
    """From a crop's unit square to the picture's: [N, 2, 2]."""
    wide, zero = torch.exp(stretch / 2), torch.zeros_like(shear)
    shape = torch.stack([torch.stack([wide, shear], 1), torch.stack([zero, 1 / wide], 1)], 1)
    return _rotation(angle) @ shape * side[:, None, None]
