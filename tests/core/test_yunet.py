"""Reading YuNet's outputs. The project does not contain the network."""

from __future__ import annotations

import numpy as np
import pytest

from anycost.bridge.messages import Placement
from anycost.core.faces.yunet import SIDE, STRIDES, TRUST, decoded

VIEW = Placement(640, 320, 1280)  # a crop at half size


def outputs(stride: int, row: int, column: int, points: np.ndarray, score: float) -> dict[str, np.ndarray]:
    """The network's outputs if one cell sees a face; `points` [5, 2] in px of its 640 x 640 input."""
    found: dict[str, np.ndarray] = {}
    for s in STRIDES:
        cells = (SIDE // s) ** 2
        found[f"cls_{s}"], found[f"obj_{s}"] = np.zeros((2, 1, cells, 1), np.float32)
        found[f"kps_{s}"] = np.zeros((1, cells, 10), np.float32)
    cell = row * (SIDE // stride) + column
    found[f"cls_{stride}"][0, cell] = found[f"obj_{stride}"][0, cell] = score
    found[f"kps_{stride}"][0, cell] = (points / stride - np.array([column, row])).ravel()
    return found


@pytest.mark.parametrize("stride", STRIDES)
def test_a_cells_points_become_a_face_in_the_picture(stride: int):
    points = np.array([[300, 200], [340, 204], [320, 220], [308, 240], [332, 242]])
    (face,) = decoded(outputs(stride, 7, 9, points, 0.9), VIEW)
    assert np.allclose(face.eyes, [[600, 80], [680, 88]], atol=0.01)
    assert np.allclose(face.nose, [640, 120], atol=0.01)
    assert np.allclose(face.mouth, [[616, 160], [664, 164]], atol=0.01)
    assert face.chin[1] > 164  # guessed, below the mouth
    assert face.score == pytest.approx(0.9 * TRUST)


def test_a_faint_answer_is_not_a_face():
    assert decoded(outputs(8, 0, 0, np.zeros((5, 2)), 0.5), VIEW) == []
