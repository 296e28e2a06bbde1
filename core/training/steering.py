"""The directions of a distilled generator: where w goes when one control of the painter is moved.

The painter knows every attribute of every z, so a direction needs no classifier: it is the mean change of w
when one coordinate of z goes from one end to the other and the rest stay, over many portraits. Its unit is
then what an artist expects: from 0, value 1 is a clear change and -1 the opposite one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ...models.generator import Generator
from ...models.pack import Direction
from .attributes import NAMES

VISIBLE = 20.0  # levels of 255: below this a slider seems dead


@dataclass(frozen=True)
class Slider:
    """A control of the painter as a slider: `reach` is how far z's coordinate goes for value 1 (in
    deviations)."""

    control: str
    label: str
    group: str
    reach: float = 2.0


SLIDERS = (
    Slider("smile", "Smile", "Expression"),
    Slider("mouth_open", "Open mouth", "Expression", 2.5),
    Slider("eye_open", "Open eyes", "Expression"),
    Slider("brow_raise", "Raise brows", "Expression"),
    Slider("brow_frown", "Frown", "Expression"),
    Slider("turn", "Turn head", "Pose"),
    Slider("nod", "Nod", "Pose"),
    Slider("gaze_x", "Look sideways", "Pose"),
    Slider("age", "Age", "Person"),
    Slider("masculine", "Masculine", "Person"),
    Slider("skin_tone", "Skin tone", "Person"),
    Slider("face_width", "Face width", "Shape"),
    Slider("jaw", "Square jaw", "Shape"),
    Slider("nose_size", "Nose size", "Shape"),
    Slider("eye_size", "Eye size", "Shape"),
    Slider("hair_length", "Hair length", "Hair"),
    Slider("straight_hair", "Straight hair", "Hair"),
    Slider("hair_lightness", "Light hair", "Hair"),
    Slider("black_hair", "Black hair", "Hair", 1.6),
    Slider("bangs", "Bangs", "Hair", 1.6),
    Slider("beard", "Beard", "Hair", 2.2),
    Slider("glasses", "Glasses", "Extras", 1.8),
    Slider("earrings", "Earrings", "Extras", 1.8),
    Slider("light_direction", "Light from the side", "Light"),
    Slider("light_warmth", "Warm light", "Light"),
)


def direction(generator: Generator, slider: Slider, samples: int = 4096) -> Direction:
    """The mean step of w for the slider's control, the same for every style."""
    index = NAMES.index(slider.control)
    z = torch.randn(samples, generator.style_dim, generator=torch.Generator().manual_seed(4))
    above, below = z.clone(), z.clone()
    above[:, index] = slider.reach
    below[:, index] = -slider.reach
    with torch.inference_mode():
        step = (generator.style(above) - generator.style(below)).mean(0) / 2  # [D]
    vector = step.expand(generator.n_style, -1).numpy().astype(np.float32)  # [n_style, D]
    return Direction(slider.control, slider.label, slider.group, -1.0, 1.0, np.ascontiguousarray(vector))


def effect(generator: Generator, found: Direction, samples: int = 16) -> float:
    """How much the direction changes what one sees, in levels of 255: from one end to the other, the mean
    over the fiftieth of the pixels that change most.
    """
    z = torch.randn(samples, generator.style_dim, generator=torch.Generator().manual_seed(8))
    side = min(64, generator.resolution)
    vector = torch.from_numpy(found.vector)  # [n_style, D]
    with torch.inference_mode():
        w = generator.style(z)[:, None].expand(-1, generator.n_style, -1)  # [N, n_style, D]
        ends = generator(w + vector, side), generator(w - vector, side)
        change = (ends[0] - ends[1]).abs().amax(1).flatten(1) * 127.5  # [N, side * side]
    return float(change.topk(change.shape[1] // 50, dim=1).values.mean())


def directions(generator: Generator) -> list[Direction]:
    """The sliders' directions in the docker's order, without those that this generator has hardly learned
    to draw."""
    every = (direction(generator, slider) for slider in SLIDERS)
    return [found for found in every if effect(generator, found) >= VISIBLE]
