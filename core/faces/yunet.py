"""The reader for photographs where MediaPipe's files are missing: YuNet, which gives five points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...bridge.messages import Placement
from .drawings import MARGIN
from .placement import crop, to_picture
from .reading import Reading, distinct, guessed

FILE = "face_detection_yunet_2023mar.onnx"
SIDE = 640  # px: the only size that the network takes
STRIDES = (8, 16, 32)
SCORE = 0.7
TRUST = 0.8  # of the detector's score: only five points are known


class YuNet:
    """The detector, from the path of its file."""

    def __init__(self, path: Path):
        import onnxruntime

        self._session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        self._names = [output.name for output in self._session.get_outputs()]

    def read(self, rgba: np.ndarray) -> list[Reading]:
        """The upright faces in a picture uint8 [H, W, 4]; the chin is guessed."""
        height, width = rgba.shape[:2]
        view = Placement(width / 2, height / 2, max(width, height) * (1 + 2 * MARGIN))
        bgr = crop(rgba, view, SIDE)[..., ::-1].astype(np.float32)  # [640, 640, 3] in 0..255
        picture = np.ascontiguousarray(bgr.transpose(2, 0, 1)[None])  # [1, 3, 640, 640]
        outputs = self._session.run(self._names, {"input": picture})
        return distinct(decoded({n: np.asarray(o) for n, o in zip(self._names, outputs, strict=True)}, view))


def decoded(outputs: Mapping[str, np.ndarray], view: Placement) -> list[Reading]:
    """The faces that the network's outputs show in the crop at `view`.

    For each stride s: cls_s, obj_s [1, n, 1] and kps_s [1, n, 10], n = (640 / s)^2 cells. A cell's points are
    offsets from its corner, in cells: eyes, nose, mouth corners, each pair from image left to image right.
    """
    faces = []
    for stride in STRIDES:
        scores = np.sqrt(np.clip(outputs[f"cls_{stride}"] * outputs[f"obj_{stride}"], 0, 1))[0, :, 0]  # [n]
        for cell in np.nonzero(scores >= SCORE)[0].tolist():
            row, column = divmod(cell, SIDE // stride)
            offsets = outputs[f"kps_{stride}"][0, cell].reshape(5, 2)
            points = to_picture(view, (offsets + np.array([column, row])) * stride / SIDE)  # [5, 2]
            left, right, nose, *corners = map(tuple, points.tolist())
            score = TRUST * float(scores[cell])
            known = Reading((left, right), nose, (corners[0], corners[1]), (0.0, 0.0), score)
            faces.append(replace(known, chin=guessed(known.sighting, score).chin))
    return faces
