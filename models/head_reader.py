"""What the reader of heads tells of a picture. Trained by the lab, run as ONNX by the core."""

from __future__ import annotations

# What a pixel can show, in the order of the reader's answers. The tongue is "mouth", lashes are "skin", hands
# and earrings "other".
PARTS = (
    "background",
    "skin",
    "brow",
    "eye_white",
    "iris",
    "lips",
    "mouth",
    "teeth",
    "ear",
    "neck",
    "hair",
    "beard",
    "glasses",
    "hat",
    "cloth",
    "other",
)
