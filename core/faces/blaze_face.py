"""MediaPipe's face detectors (BlazeFace, arXiv:1907.05047), run on pictures of any size.

Both only convolve, so a larger picture is searched in one run for faces of the size that they know.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .onnx_network import tflite_model, to_input
from .sighting import Sighting

SCORE = 0.35
LEFT_EYE, RIGHT_EYE, MOUTH = 0, 1, 3  # of six points; the others are the tip of the nose and the ears


@dataclass(frozen=True)
class Grid:
    """Cells that each give a number of answers."""

    stride: int  # px of the picture for one cell
    answers: int


@dataclass(frozen=True)
class Kind:
    """How a detector's file lays out its answers."""

    file: str
    points: str  # output [1, cells, 16]: a box, then six points, in px from the cell's middle
    scores: str  # output [1, cells, 1]: logits
    grids: tuple[Grid, ...]  # in the order of the answers
    multiple: int  # px: sides of pictures are multiples of this
    largest: int  # px of the longest side: in a larger picture it sees nothing more


SHORT_RANGE = Kind(
    "face_detection_short_range.tflite", "regressors", "classificators", (Grid(8, 2), Grid(16, 6)), 16, 544
)
FULL_RANGE = Kind(
    "face_detection_full_range_sparse.tflite", "Identity", "Identity_1", (Grid(4, 1),), 32, 1088
)


class BlazeFace:
    """One detector, from the bytes of its file. `damaged` is the sentence for one that cannot be used."""

    def __init__(self, kind: Kind, data: bytes, damaged: str):
        self.kind = kind
        self._network = tflite_model(data, damaged, any_size=True)

    def sightings(self, rgb: np.ndarray) -> list[Sighting]:
        """The faces in uint8 [H, W, 3]; H and W are multiples of the kind's. The same face may come often."""
        kind = self.kind
        points, logits = self._network.run(to_input(rgb), kind.points, kind.scores)  # [n, 16], [n, 1]
        scores = 1 / (1 + np.exp(-np.clip(logits[:, 0], -80, 80)))
        middles = _middles(kind, *rgb.shape[:2])
        seen = []
        for cell in np.nonzero(scores >= SCORE)[0].tolist():
            places = points[cell, 4:].reshape(6, 2) + middles[cell]
            left, right, mouth = places[[LEFT_EYE, RIGHT_EYE, MOUTH]].tolist()
            seen.append(Sighting((tuple(left), tuple(right)), tuple(mouth), float(scores[cell])))
        return seen


def _middles(kind: Kind, height: int, width: int) -> np.ndarray:
    """The middles of all cells in px, [n, 2], as often as they answer."""
    grids = []
    for grid in kind.grids:
        v, u = np.mgrid[: height // grid.stride, : width // grid.stride]
        cells = np.stack([u.ravel(), v.ravel()], axis=-1)  # [cells, 2]
        grids.append(np.repeat((cells + 0.5) * grid.stride, grid.answers, axis=0))
    return np.concatenate(grids)
