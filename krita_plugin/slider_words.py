"""What sliders are called where the pack has no words in the artist's language, but Anycost knows some."""

from __future__ import annotations

from dataclasses import replace

from ..bridge.messages import Slider
from .known_labels import KNOWN_LABELS
from .words import tr


def in_language(slider: Slider) -> Slider:
    """The same slider with its label, heading and tip in the panel's language; others' stay as they are."""
    heading = slider.heading or _known(slider.group)
    return replace(slider, label=_known(slider.label), heading=heading, tip=_known(slider.tip))


def _known(words: str) -> str:
    return tr(words) if words in KNOWN_LABELS else words
