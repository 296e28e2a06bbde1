"""What sliders are called in the artist's language: as the pack says, else as known here, else unchanged."""

from __future__ import annotations

from dataclasses import replace

from ..bridge.messages import Slider, SliderWords
from .known_labels import KNOWN_LABELS
from .words import language, tr


def in_language(slider: Slider) -> Slider:
    """The same slider with its label, group and tip in the panel's language."""
    said = _said(slider)
    return replace(
        slider,
        label=said.label or known(slider.label),
        group=said.group or known(slider.group),
        tip=said.tip or slider.tip,
    )


def known(label: str) -> str:
    """The translation of a label that many packs share; any other label stays as it is."""
    return tr(label) if label in KNOWN_LABELS else label


def _said(slider: Slider) -> SliderWords:
    """The slider's own words: those for the very language, else for that of another country."""
    wanted = language().lower()
    fitting = {words.language.replace("-", "_").lower(): words for words in slider.words}
    near = (words for name, words in fitting.items() if name.split("_")[0] == wanted.split("_")[0])
    return fitting.get(wanted) or next(near, None) or SliderWords(wanted)
