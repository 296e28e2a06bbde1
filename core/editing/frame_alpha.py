"""The alpha of frames: how far an edit has changed each pixel, so that a frame can lie over the picture.

The picture's own pixels then show wherever the edit leaves them alone, as with the layer that Apply adds.
"""

from __future__ import annotations

import cv2
import numpy as np

SOFT = 5  # px of a frame: a hard edge would show, since a frame has fewer pixels than the picture


def frame_alpha(changed: np.ndarray, shown: np.ndarray | None) -> np.ndarray:
    """From what changed, bool [S, S], and `OpenedFace.shown` of any size: uint8 [S, S]."""
    alpha = cv2.blur(changed.astype(np.uint8) * 255, (SOFT, SOFT))
    if shown is None:
        return alpha
    if len(shown) != len(alpha):
        shown = cv2.resize(shown, alpha.shape, interpolation=cv2.INTER_AREA)
    return cv2.multiply(alpha, shown, scale=1 / 255)
