"""Procedural illustrated portraits whose every control is known exactly."""

from .controls import CONTROLS, STYLE_DIM, attributes, unit
from .painter import LANDMARKS, Picture, paint, paint_z
from .pose import ALIGNMENT

__all__ = [
    "ALIGNMENT",
    "CONTROLS",
    "LANDMARKS",
    "STYLE_DIM",
    "Picture",
    "attributes",
    "paint",
    "paint_z",
    "unit",
]
