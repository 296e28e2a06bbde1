"""The lines that age and expressions draw into a face, from rendered heads: with them beside without.

Our painter's portraits are too small to show wrinkles, but a rendered head can be as large as one likes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from ...core.editing.carry.change import MEETING
from ...core.editing.carry.field import sampled, smooth, smooth_field
from ...core.editing.carry.lines import PLACES, SURE, front_of
from ...core.editing.carry.picture_parts import DARK, GAMMA
from ...models.bank import LINES, LINES_SPAN, Bank
from ...models.head_reader import PARTS
from ..directions.head_sliders import HALVED, SIDES, SOFT
from .controls import POPULATION, UNNAMED
from .heads import Rendered, render

PAIRS = 24
SIDE = 512  # px of the heads
VARIED = ("masculine", "weight", "african", "asian", "face_width", "jaw", "cheeks", "nose_size", "skin_tone",
          "light_direction", "light_height", "light_softness", "light_contrast")  # fmt: skip
BROAD = 0.09  # of the face's height: what is broader than this is the shape of the head, no line
SEEN = 0.85  # of the pairs that show skin at a place, or nothing is known of it
EDGE = LINES // 32  # texels: towards hair, lips and eyes lines end
LASHES = (0.03, 0.06)  # of the face's height from the upper lids' edge
DEEPEST, LIGHTEST = 1.0, 0.15  # logarithms of light: folds swell a little beside their depth
SKIN = PARTS.index("skin")


@dataclass(frozen=True)
class Lined:
    """A direction that draws lines: the heads' controls without them, and at its high end."""

    name: str
    after: Mapping[str, float]
    before: Mapping[str, float] = field(default_factory=dict)
    creases: tuple[float, float] = (0.0, 0.0)  # how much deeper a picture's own become at its ends


LINED = (
    # towards youth the picture's own creases go
    Lined("age", {"age": 1.0, "wrinkles": 1.0}, {"age": 0.35, "wrinkles": 0.0}, (-0.7, 0.6)),
    Lined("smile", {"smile": 1.0, "squint": 0.35}, creases=(0.0, 0.25)),
    Lined("brow_raise", {"brow_left": 1.0, "brow_right": 1.0}, creases=(0.0, 0.4)),
    Lined("brow_frown", {"brow_frown": 1.0}, creases=(0.0, 0.5)),
    Lined("squint", {"squint": 1.0}, creases=(0.0, 0.25)),
)
YEARS = (0.3, 0.7)  # of heads whose age is not what draws the lines


def with_lines(bank: Bank, pairs: int = PAIRS, side: int = SIDE) -> Bank:
    """A bank whose directions towards their high end draw these lines and deepen a picture's own creases, as
    far as it has the directions; those for one side of a face draw half of them."""
    effects = dict(bank.effects)
    for lined in (lined for lined in LINED if lined.name in effects):
        drawn = skin_lines(bank.resting, lined, pairs, side)
        for name, lines in {lined.name: drawn, **_halves(lined.name, drawn)}.items():
            if name in effects:
                ends = np.stack([np.zeros_like(lines), lines])
                effects[name] = replace(effects[name], lines=ends, creases=np.array(lined.creases))
    return replace(bank, effects=effects)


def skin_lines(
    resting: np.ndarray, lined: Lined, pairs: int = PAIRS, side: int = SIDE, seed: int = 17
) -> np.ndarray:
    """The logarithm of the ratio of light, with lines over without, on a resting face [468, 3] seen from the
    front: float32 [LINES, LINES], 0 where it is not known."""
    drawn = torch.Generator().manual_seed(seed)
    shown = tqdm(range(pairs), desc=f"lines of {lined.name}", unit="head")
    found = [_pair(resting, lined, side, drawn) for _ in shown]
    ratios, skin = (np.stack(arrays) for arrays in zip(*found, strict=True))  # [pairs, LINES, LINES] each
    known = (skin.mean(axis=0) >= SEEN).astype(np.uint8)
    ratio = np.ma.median(np.ma.masked_array(ratios, ~skin), axis=0).filled(0.0)
    away = np.clip(cv2.distanceTransform(known, cv2.DIST_L2, 3) / EDGE, 0, 1)
    return (np.clip(ratio, -DEEPEST, LIGHTEST) * away * _beside_lashes(resting)).astype(np.float32)


def _beside_lashes(resting: np.ndarray) -> np.ndarray:
    """0 where the upper lids' lashes may lie, 1 away from them, [LINES, LINES]: lashes are no lines."""
    lids = [point for upper, _, _ in MEETING[:2] for point in upper]
    along = (np.arange(LINES) + 0.5) / LINES
    places = np.stack(np.meshgrid(along, along), axis=-1)[..., None, :]  # [LINES, LINES, 1, 2]
    away = np.linalg.norm(places - front_of(resting)[lids], axis=-1).min(axis=-1) * LINES_SPAN
    return smooth(away, *LASHES)


def _halves(name: str, lines: np.ndarray) -> dict[str, np.ndarray]:
    """What of a direction's lines [LINES, LINES] lies on each side of the face, by the sides' directions."""
    across = ((np.arange(LINES, dtype=np.float32) + 0.5) / LINES - 0.5) * LINES_SPAN
    ways = zip(SIDES, (-1, 1), strict=True)  # the viewer's left and right
    stem = next((halved.name for halved in HALVED if halved.of == name), "")
    return {f"{stem}_{side}": lines * smooth(way * across, -SOFT, SOFT) for side, way in ways}


def _pair(
    resting: np.ndarray, lined: Lined, side: int, drawn: torch.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """How much finer light differs between one head with lines and without, and where both show skin:
    [LINES, LINES] each."""
    z = torch.randn(1, POPULATION.style_dim, generator=drawn)
    values = {name: value for name, value in POPULATION.values(z).items() if name in VARIED}
    values["age"] = YEARS[0] + (YEARS[1] - YEARS[0]) * torch.rand(1, generator=drawn)
    details = torch.randn(1, UNNAMED, generator=drawn)
    before, after = (
        _at_front(_head(values, details, given, side), resting) for given in (lined.before, lined.after)
    )
    return _fine(after[0]) - _fine(before[0]), before[1] & after[1]


def _head(values: dict[str, Tensor], details: Tensor, given: Mapping[str, float], side: int) -> Rendered:
    chosen = {name: torch.tensor([value]) for name, value in given.items()}
    return render(values | chosen | {"frame_size": torch.tensor([1.0])}, side, details)


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
