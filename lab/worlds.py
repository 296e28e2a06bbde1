"""The worlds of pictures that networks learn from: what a training needs to know of each."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import torch
from torch import Tensor

from .cars.cars import LANDMARKS as CAR_LANDMARKS
from .cars.cars import draw_z as draw_cars
from .cars.controls import POPULATION as CARS_DRAWN
from .cars.viewing import SHAPE as CAR_SHAPE
from .controls import Controls
from .heads.controls import POPULATION as PEOPLE
from .painter import LANDMARKS, paint_z
from .painter import POPULATION as PAINTED

SMALLEST = 32  # px: of every world's pictures
# of a face, the points that every world gives; left and right are the viewer's
POINTS = ("left_eye", "right_eye", "mouth", "nose", "left_ear", "right_ear", "chin")
# the painter's points as means of those of a head (`models/head_points.py`)
NAMED = {
    "left_eye": (33, 133, 159, 145),
    "left_eye_top": (159,),
    "left_eye_bottom": (145,),
    "left_brow": (105, 66, 63, 52, 53, 65),
    "right_eye": (362, 263, 386, 374),
    "right_eye_top": (386,),
    "right_eye_bottom": (374,),
    "right_brow": (334, 296, 293, 282, 283, 295),
    "mouth": (13, 14),
    "mouth_left": (61,),
    "mouth_right": (291,),
    "nose": (1, 4),
    "chin": (152,),
}


class Pictures(Protocol):
    """What a world draws of N style vectors."""

    @property
    def rgb(self) -> Tensor: ...  # [N, 3, R, R] in -1..1

    @property
    def landmarks(self) -> Tensor: ...  # [N, K, 2] in the unit square


@dataclass(frozen=True)
class World:
    """`name` is its `data.kind`, `pictures` what sentences call its pictures.

    `draw` gives the pictures of z [N, D] at a resolution, with or without the population's correlations.
    `groups` names the landmarks whose mean each of `POINTS` is; a world without faces says which of its parts
    stand in for them, because a warm start looks there first.
    """

    name: str
    pictures: str
    controls: Controls
    draw: Callable[[Tensor, int, bool], Pictures]
    groups: Mapping[str, tuple[int, ...]]
    shape: tuple[int, int] = (1, 1)  # width to height; others than squares lie in black ones

    def points(self, landmarks: Tensor) -> Tensor:
        """landmarks [N, K, 2] -> `POINTS` [N, 7, 2]."""
        places = _places(tuple(self.groups[name] for name in POINTS), landmarks.device)
        return landmarks[:, places].mean(2)


@lru_cache(maxsize=8)
def _places(groups: tuple[tuple[int, ...], ...], device: torch.device) -> Tensor:
    """Groups of landmarks as places [7, M] on `device`, so that a GPU need not be sent them each time; what a
    small group lacks, it repeats."""
    most = math.lcm(*map(len, groups))
    return torch.tensor([group * (most // len(group)) for group in groups], device=device)


def _render(z: Tensor, resolution: int, correlated: bool) -> Pictures:
    from .heads.heads import render_z  # only now: it needs numba and the heads' shapes

    return render_z(z, resolution, correlated)


PAINTED_POINTS = {name: (place,) for place, name in enumerate(LANDMARKS)}
HEAD_POINTS = {**NAMED, "left_ear": (234,), "right_ear": (454,)}
# Wheels are looked at like eyes, lamps like mouths; below its ears and its chin lie windows and a door.
CAR_POINTS = {
    name: (CAR_LANDMARKS.index(part),)
    for name, part in {
        "left_eye": "front_wheel",
        "right_eye": "rear_wheel",
        "mouth": "headlamp",
        "nose": "door",
        "left_ear": "windscreen_top",
        "right_ear": "rear_window_top",
        "chin": "roof",
    }.items()
}
PORTRAITS = World("portraits", "painted portraits", PAINTED, paint_z, PAINTED_POINTS)
HEADS = World("heads", "rendered heads", PEOPLE, _render, HEAD_POINTS)
CARS = World("cars", "drawn cars", CARS_DRAWN, draw_cars, CAR_POINTS, CAR_SHAPE)
WORLDS = {world.name: world for world in (PORTRAITS, HEADS, CARS)}
