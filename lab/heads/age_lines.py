"""The lines that age draws into a face, from rendered heads: old ones beside the same heads when young.

Our painter's portraits are too small to show wrinkles, but a rendered head can be as large as one likes.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from ...core.editing.carry.field import sampled, smooth_field
from ...core.editing.carry.lines import PLACES, SURE, front_of
from ...core.editing.carry.picture_parts import DARK, GAMMA
from ...models.bank import LINES, LINES_SPAN, Bank
from ...models.head_reader import PARTS
from .controls import POPULATION, UNNAMED
from .heads import Rendered, render

PAIRS = 40
SIDE = 512  # px of the heads
YOUNG, OLD = (0.35, 0.0), (1.0, 1.0)  # age and wrinkles
VARIED = ("masculine", "weight", "african", "asian", "face_width", "jaw", "cheeks", "nose_size", "skin_tone",
          "light_direction", "light_height", "light_softness", "light_contrast")  # fmt: skip
CREASES = (-0.7, 0.6)  # how much deeper a picture's own creases become towards youth and old age
BROAD = 0.09  # of the face's height: what is broader than this is the shape of the head, no line
SEEN = 0.85  # of the pairs that show skin at a place, or nothing is known of it
EDGE = LINES // 32  # texels: towards hair, lips and eyes lines end
DEEPEST, LIGHTEST = 1.0, 0.15  # logarithms of light: folds swell a little beside their depth
SKIN = PARTS.index("skin")


def with_age_lines(bank: Bank, direction: str = "age", pairs: int = PAIRS, side: int = SIDE) -> Bank:
    """A bank whose direction towards old age draws these lines and deepens a picture's own creases; its other
    end, towards youth, takes those."""
    effect = bank.effects[direction]
    drawn = age_lines(bank.resting, pairs, side)
    lined = replace(effect, lines=np.stack([np.zeros_like(drawn), drawn]), creases=np.array(CREASES))
    return replace(bank, effects={**bank.effects, direction: lined})


def age_lines(resting: np.ndarray, pairs: int = PAIRS, side: int = SIDE, seed: int = 17) -> np.ndarray:
    """The logarithm of the ratio of light, old over young, on a resting face [468, 3] seen from the front:
    float32 [LINES, LINES], 0 where it is not known."""
    drawn = torch.Generator().manual_seed(seed)
    found = [_pair(resting, side, drawn) for _ in tqdm(range(pairs), desc="wrinkles", unit="head")]
    ratios, skin = (np.stack(arrays) for arrays in zip(*found, strict=True))  # [pairs, LINES, LINES] each
    known = (skin.mean(axis=0) >= SEEN).astype(np.uint8)
    ratio = np.ma.median(np.ma.masked_array(ratios, ~skin), axis=0).filled(0.0)
    away = cv2.distanceTransform(known, cv2.DIST_L2, 3)
    return (np.clip(ratio, -DEEPEST, LIGHTEST) * np.clip(away / EDGE, 0, 1)).astype(np.float32)


def _pair(resting: np.ndarray, side: int, drawn: torch.Generator) -> tuple[np.ndarray, np.ndarray]:
    """How much finer light differs between one head when old and when young, and where both show skin:
    [LINES, LINES] each."""
    z = torch.randn(1, POPULATION.style_dim, generator=drawn)
    values = {name: value for name, value in POPULATION.values(z).items() if name in VARIED}
    details = torch.randn(1, UNNAMED, generator=drawn)
    young, old = (_at_front(_head(values, details, age, side), resting) for age in (YOUNG, OLD))
    return _fine(old[0]) - _fine(young[0]), young[1] & old[1]


def _head(values: dict[str, Tensor], details: Tensor, age: tuple[float, float], side: int) -> Rendered:
    years, wrinkles = (torch.tensor([value]) for value in age)
    frame = torch.tensor([1.0])
    return render(values | {"age": years, "wrinkles": wrinkles, "frame_size": frame}, side, details)


def _at_front(head: Rendered, resting: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A head's picture as lines are stored: logarithms of light, and whether it is skin, [LINES, LINES]."""
    along = (np.arange(PLACES) + 0.5) / PLACES
    at = head.landmarks[0, SURE].double().numpy()
    places = smooth_field(front_of(resting)[SURE], at, along, along).astype(np.float32)  # [PLACES, PLACES, 2]
    places = cv2.resize(places, (LINES, LINES), interpolation=cv2.INTER_CUBIC)
    light = ((head.rgb[0].mean(dim=0).numpy() + 1) / 2) ** GAMMA
    skin = (head.part[0] == SKIN).float().numpy()
    logarithms = np.log(sampled(light.astype(np.float32), places).clip(0) + DARK)
    return logarithms, sampled(skin, places, cv2.INTER_LINEAR) > 0.9


def _fine(logarithms: np.ndarray) -> np.ndarray:
    broad = cv2.GaussianBlur(logarithms, (0, 0), BROAD * LINES / LINES_SPAN)
    return logarithms - broad
