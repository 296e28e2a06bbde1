"""Sliders of a generator that learned the cars: what changes in w when one control of the world moves.

The world knows every control of every z, so no network has to judge pictures: a direction is the mean step
of w over many cars, and its range that of the cars it learned from.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...models.generator import Generator
from ...models.pack import Direction
from ..directions.sliders import known_step
from .controls import POPULATION


@dataclass(frozen=True)
class CarSlider:
    """A control as a slider, whose end is `reach` deviations from the middle of the population."""

    control: str
    label: str
    group: str
    reach: float = 2.0


SLIDERS = (
    CarSlider("paint_lightness", "Lighter paint", "Colour"),
    CarSlider("paint_red", "Red paint", "Colour"),
    CarSlider("paint_yellow", "Yellow paint", "Colour"),
    CarSlider("black_roof", "Black roof", "Colour", 1.6),
    CarSlider("chrome", "Chrome", "Colour"),
    CarSlider("tint", "Dark windows", "Colour"),
    CarSlider("boot", "Saloon", "Shape"),
    CarSlider("length", "Length", "Shape"),
    CarSlider("roof", "High roof", "Shape"),
    CarSlider("bonnet", "Long bonnet", "Shape"),
    CarSlider("rake", "Slanted windscreen", "Shape"),
    CarSlider("waist", "High doors", "Shape"),
    CarSlider("clearance", "Ground clearance", "Shape"),
    CarSlider("cladding", "Plastic sills", "Shape"),
    CarSlider("wheel_size", "Large wheels", "Wheels"),
    CarSlider("spokes", "Wide spokes", "Wheels"),
    CarSlider("rim_tone", "Bright rims", "Wheels"),
    CarSlider("turn", "Turn", "View"),
    CarSlider("eye_height", "From above", "View"),
    CarSlider("daylight", "Daylight", "Light"),
    CarSlider("light_direction", "Light from the right", "Light"),
    CarSlider("lamps", "Lamps", "Light"),
)


def car_directions(generator: Generator) -> list[Direction]:
    """The sliders of a generator distilled from the cars, from -1 to 1."""
    found = []
    for slider in SLIDERS:
        step = known_step(generator, slider.control, slider.reach, controls=POPULATION).expand(
            generator.n_style, -1
        )
        vector = np.ascontiguousarray(step.numpy().astype(np.float32))  # [n_style, D]
        found.append(Direction(slider.control, slider.label, slider.group, -1.0, 1.0, vector))
    return found
