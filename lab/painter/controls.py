"""The named controls of a drawn portrait, and how a style vector sets them.

Each control is one coordinate of the normalized style vector passed through a smooth monotone map, so a
generator that starts with the same normalization can learn the painter exactly.
"""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import torch
from torch import Tensor

STYLE_DIM = 64


@dataclass(frozen=True)
class Control:
    """One control: its range, its resting value and how it maps a standard normal to a value.

    kind is "swing" (-1..1), "level" (0..1) or "gate" (nearly always 0 or 1; `middle` is how often it is on).
    For swings and levels, `middle` moves the population's mean; the steeper the `slope`, the fewer values
    lie in between.
    """

    name: str
    kind: Literal["swing", "level", "gate"]
    middle: float
    rest: float
    slope: float

    @property
    def low(self) -> float:
        return -1.0 if self.kind == "swing" else 0.0

    @property
    def high(self) -> float:
        return 1.0

    def value(self, normal: Tensor) -> Tensor:
        """Map standard normals [N] to values [N]."""
        if self.kind == "swing":
            return torch.tanh(self.slope * normal + self.middle)
        if self.kind == "level":
            return torch.sigmoid(self.slope * normal + self.middle)
        threshold = NormalDist().inv_cdf(1.0 - self.middle)
        return torch.sigmoid(self.slope * (normal - threshold))


def _swing(name: str, middle: float = 0.0, rest: float = 0.0, slope: float = 0.75) -> Control:
    return Control(name, "swing", middle, rest, slope)


def _level(name: str, middle: float = 0.0, rest: float = 0.5, slope: float = 1.6) -> Control:
    return Control(name, "level", middle, rest, slope)


def _gate(name: str, frequency: float) -> Control:
    return Control(name, "gate", frequency, rest=0.0, slope=30.0)


# In the order of the style vector's coordinates: append, never insert.
CONTROLS = (
    _swing("masculine"),
    _level("age", -0.3, 0.3),
    _swing("turn"),  # head yaw, +1 looks to the image's right
    _swing("nod"),  # +1 looks down
    _swing("smile", 0.95, 0.3, slope=1.2),  # steep: people smile or they do not
    _level("mouth_open", -1.8, 0.0),
    _swing("eye_open"),
    _swing("gaze_x"),
    _swing("gaze_y"),
    _swing("brow_raise"),
    _swing("brow_frown", -0.5),
    _swing("face_width"),
    _swing("jaw"),  # -1 pointed, +1 square
    _swing("chin"),
    _swing("cheeks"),
    _swing("nose_size"),
    _swing("nose_width"),
    _swing("eye_size"),
    _swing("eye_spacing"),
    _swing("eye_tilt", 0.2),
    _level("eye_colour", -0.2, 0.4),  # dark brown, hazel, green, blue
    _swing("brow_thickness"),
    _swing("brow_arch"),
    _swing("lips"),
    _swing("mouth_width"),
    _swing("ears"),
    _level("skin_tone", -0.25, 0.3),  # 0 porcelain, 1 deep brown
    _swing("skin_undertone"),
    _level("blush", -0.3, 0.4),
    _gate("freckles", 0.16),
    _gate("lipstick", 0.34),
    _level("lip_colour"),
    _gate("eyeshadow", 0.25),
    _level("hair_length", 0.0, 0.4),
    _swing("hair_volume"),
    _level("straight_hair", 1.5, 0.7, slope=3.4),
    _swing("curl_size"),
    _gate("bangs", 0.3),
    _swing("parting"),
    _swing("sweep"),
    _gate("tucked", 0.4),
    _level("hair_lightness", -0.2, 0.4),
    _swing("hair_red"),
    _gate("black_hair", 0.26),
    _gate("grey", 0.16),
    _gate("bald", 0.07),
    _gate("beard", 0.12),
    _gate("moustache", 0.11),
    _gate("glasses", 0.25),
    _swing("glasses_shape"),  # -1 round, +1 square
    _level("glasses_tone"),
    _gate("earrings", 0.20),
    _gate("hat", 0.08),
    _swing("hat_shape"),  # -1 knitted cap, +1 brimmed
    _swing("light_direction"),  # -1 from the image's left
    _swing("light_warmth", 0.3, 0.3),
    _level("light_contrast"),
    _swing("background_red"),
    _swing("background_yellow"),
    _swing("background_lightness"),
    _level("bokeh"),
    _swing("clothing_red"),
    _swing("clothing_yellow"),
    _swing("collar"),  # -1 crew neck, 0 open neck, +1 shirt collar
)

_BY_NAME = {control.name: control for control in CONTROLS}
_INDEX = {control.name: index for index, control in enumerate(CONTROLS)}

# Correlations in the drawn population, target: {source: weight}. The target's own coordinate brings the
# variance up to one, so every frequency above stays as written.
CORRELATIONS: dict[str, dict[str, float]] = {
    "grey": {"age": 0.8},
    "bald": {"masculine": 0.75, "age": 0.35},
    "beard": {"masculine": 0.9, "age": 0.1},
    "moustache": {"masculine": 0.88, "beard": 0.3},
    "jaw": {"masculine": 0.55},
    "brow_thickness": {"masculine": 0.6},
    "lips": {"masculine": -0.5, "skin_tone": 0.25},
    "lipstick": {"masculine": -0.8},
    "eyeshadow": {"masculine": -0.6, "lipstick": 0.3},
    "earrings": {"masculine": -0.6},
    "hair_length": {"masculine": -0.82},
    "bangs": {"masculine": -0.5},
    "tucked": {"earrings": 0.4},
    "eye_size": {"masculine": -0.3, "age": -0.3},
    "nose_size": {"masculine": 0.35, "age": 0.2},
    "eye_colour": {"skin_tone": -0.7},
    "black_hair": {"skin_tone": 0.55},
    "hair_lightness": {"skin_tone": -0.5},
    "straight_hair": {"skin_tone": -0.35},
    "freckles": {"skin_tone": -0.4},
    "glasses": {"age": 0.2},
    "mouth_open": {"smile": 0.65},
    "brow_frown": {"smile": -0.35, "masculine": 0.3},
    "cheeks": {"age": -0.2},
    "hat": {"bald": 0.2},
}


# The paper's editing attributes: a portrait has one if this control is at least this value.
PAPER_ATTRIBUTES = {
    "Smiling": ("smile", 0.5),
    "Black_Hair": ("black_hair", 0.5),
    "Eyeglasses": ("glasses", 0.5),
    "Straight_Hair": ("straight_hair", 0.65),
    "Earrings": ("earrings", 0.5),
}


def unit(z: Tensor) -> Tensor:
    """Normalize style vectors [N, 64] to a root mean square of one."""
    return z * torch.rsqrt(z.square().mean(dim=1, keepdim=True) + 1e-8)  # [N, 64]


def attributes(z: Tensor, correlated: bool = True) -> dict[str, Tensor]:
    """Every control's value [N] for style vectors z [N, 64].

    correlated=False ignores the population's correlations, so each coordinate sets one control.
    """
    if z.ndim != 2 or z.shape[1] != STYLE_DIM:
        raise ValueError(f"Style vectors must have the shape [N, {STYLE_DIM}]; these have {list(z.shape)}.")
    normals = unit(z)  # [N, 64]
    return {control.name: control.value(_normal(normals, control.name, correlated)) for control in CONTROLS}


def _normal(normals: Tensor, name: str, correlated: bool) -> Tensor:
    own = normals[:, _INDEX[name]]  # [N]
    sources = CORRELATIONS.get(name, {}) if correlated else {}
    if not sources:
        return own
    left = 1.0 - sum(weight * weight for weight in sources.values())
    mixed = own * left**0.5
    for source, weight in sources.items():
        mixed = mixed + weight * normals[:, _INDEX[source]]
    return mixed


def complete(given: dict[str, Tensor]) -> dict[str, Tensor]:
    """Give every missing control its resting value.

    Clamps values to each control's range. Raises ValueError for an unknown name.
    """
    unknown = sorted(set(given) - set(_BY_NAME))
    if unknown:
        raise ValueError(f"There is no control called {unknown[0]!r}; see CONTROLS for the names.")
    if not given:
        raise ValueError("Give at least one control, so that the number of portraits is known.")
    like = next(iter(given.values()))
    filled = {}
    for control in CONTROLS:
        values = given.get(control.name)
        values = torch.full_like(like, control.rest) if values is None else values
        filled[control.name] = torch.nan_to_num(values, nan=control.rest).clamp(control.low, control.high)
    return filled
