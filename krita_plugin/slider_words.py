"""What sliders are called where the pack has no words in the artist's language, but Anycost knows some."""

from __future__ import annotations

from dataclasses import replace

from ..bridge.messages import Slider
from .known_labels import KNOWN_LABELS
from .words import tr


def in_language(slider: Slider) -> Slider:
    """The same slider with its label and heading in the panel's language; others' stay as they are."""
    return replace(slider, label=_known(slider.label), heading=slider.heading or _known(slider.group))


def _known(label: str) -> str:
    return tr(label) if label in KNOWN_LABELS else label
