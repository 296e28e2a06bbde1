"""Reading YuNet's outputs, and recognising its file. The project does not contain the network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from anycost.bridge.messages import Placement
from anycost.core.errors import CoreError
from anycost.core.faces.photographs import FILE, SIDE, STRIDES, decoded, yunet_path

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
    assert np.allclose(face.mouth, [640, 162], atol=0.01)
    assert face.score == pytest.approx(0.9)


def test_a_faint_answer_is_not_a_face():
    assert decoded(outputs(8, 0, 0, np.zeros((5, 2)), 0.5), VIEW) == []


def test_only_the_right_file_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert yunet_path() is None
    (tmp_path / "anycost").mkdir()
    (tmp_path / "anycost" / FILE).write_bytes(b"something else")
    with pytest.raises(CoreError) as error:
        yunet_path()
    assert error.value.kind == "pack"
