"""What a face is doing, as a few numbers of its resting head: movements depend on it."""

from __future__ import annotations

import numpy as np

from ...faces.reading import BROWS, LEFT_EYE, LIPS_INSIDE, MOUTH_CORNERS, RIGHT_EYE


def expression_of(resting: np.ndarray) -> np.ndarray:
    """Four numbers of resting heads [..., 468, 3], lengths over the face's height: [..., 4].

    How far the lips are apart, the mouth's corners up, the eyes open, and the brows up.
    """
    upper, lower = (resting[..., lip, :] for lip in LIPS_INSIDE)
    corners = resting[..., list(MOUTH_CORNERS), 1].mean(axis=-1)
    eyes = [_apart(resting, eye[2], eye[3]) for eye in (LEFT_EYE, RIGHT_EYE)]
    brows = [
        resting[..., list(eye[:2]), 1].mean(axis=-1) - resting[..., list(brow), 1].mean(axis=-1)
        for eye, brow in zip((LEFT_EYE, RIGHT_EYE), BROWS, strict=True)
    ]
    return np.stack(
        [
            np.linalg.norm(upper - lower, axis=-1),
            (upper[..., 1] + lower[..., 1]) / 2 - corners,
            np.mean(eyes, axis=0),
            np.mean(brows, axis=0),
        ],
        axis=-1,
    )


def _apart(resting: np.ndarray, a: int, b: int) -> np.ndarray:
    return np.linalg.norm(resting[..., a, :] - resting[..., b, :], axis=-1)
