"""The presets that come with the plugin, for the directions of the default packs. Others leave out what they
do not have."""

from __future__ import annotations

from typing import List

from ..words import tr
from .presets import Preset


def built_in_presets() -> List[Preset]:
    """In the artist's language."""
    return [
        _preset(tr("Warm smile"), smile=0.8, mouth_open=0.15, eye_open=-0.2, brow_raise=0.15),
        _preset(tr("Laughing"), smile=1.0, mouth_open=0.7, eye_open=-0.45, brow_raise=0.25),
        _preset(tr("Surprised"), mouth_open=0.75, eye_open=0.8, brow_raise=0.9, smile=-0.1),
        _preset(tr("Angry"), brow_frown=0.9, smile=-0.6, eye_open=-0.15, nod=-0.2, sneer=0.3),
        _preset(tr("Sad"), smile=-0.8, worry=0.7, eye_open=-0.35, gaze_x=0.1),
        _preset(tr("Sleepy"), eye_open=-0.85, brow_raise=-0.25, smile=-0.1, nod=-0.25),
        _preset(tr("Smirk"), smile_left=0.9, brow_right=0.5, squint=0.2),
        _preset(tr("Wink"), eye_left=-1.0, smile_left=0.5, brow_right=0.2),
        _preset(tr("Eyes shut"), eye_left=-1.0, eye_right=-1.0),
        _preset(tr("Kiss"), pucker=0.9, eye_open=-0.5),
        _preset(tr("Worried"), worry=0.9, smile=-0.35, eye_open=0.2),
        _preset(tr("Disgusted"), sneer=1.0, smile=-0.5, squint=0.4, brow_frown=0.3),
        _preset(tr("Older"), age=0.85, grey=0.7, lips=-0.35, face_width=0.1),
        _preset(tr("Younger"), age=-0.6, eye_size=0.3, nose_size=-0.2, jaw=-0.3),
        _preset(tr("Doll"), eye_size=0.8, lips=0.4, nose_size=-0.5, jaw=-0.6),
        _preset(tr("Hero"), jaw=0.7, masculine=0.4, brow_frown=0.3, eye_size=-0.15),
        _preset(tr("Evening make-up"), lipstick=0.8, lips=0.3, eye_open=0.2, skin_tone=-0.1),
        _preset(tr("Golden hour"), light_warmth=0.8, light_direction=0.6),
        _preset(tr("Moonlight"), light_warmth=-0.8, light_direction=-0.5, skin_tone=-0.3),
    ]


def _preset(name: str, **edits: float) -> Preset:
    return Preset(name, edits, built_in=True)
