"""Procedural illustrated portraits; every control is known exactly. Start with `painter.py`."""

from ..controls import unit
from .controls import CONTROLS, PAPER_ATTRIBUTES, POPULATION, STYLE_DIM, attributes
from .painter import LANDMARKS, Painted, paint, paint_z
from .pose import ALIGNMENT

__all__ = [
    "ALIGNMENT",
    "CONTROLS",
    "LANDMARKS",
    "PAPER_ATTRIBUTES",
    "POPULATION",
    "STYLE_DIM",
    "Painted",
    "attributes",
    "paint",
    "paint_z",
    "unit",
]
