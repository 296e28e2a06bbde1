"""Finds faces in photographs with YuNet, a detector that the user may put into the data folder."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ...bridge.messages import Placement
from ...bridge.posix import user_folder
from ...models.pack import file_sha256
from ..errors import CoreError
from .find import MARGIN, Face
from .placement import crop, to_picture

FILE = "face_detection_yunet_2023mar.onnx"
SHA256 = "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
SIDE = 640  # px: the only size that the network takes
STRIDES = (8, 16, 32)
SCORE = 0.6


def yunet_path() -> Path | None:
    """The user's copy of YuNet, (XDG_DATA_HOME or ~/.local/share)/anycost/`FILE`; None without one.

    CoreError "pack" when the file of that name is another one.
    """
    path = user_folder("data") / "anycost" / FILE
    if not path.is_file():
        return None
    if file_sha256(path) != SHA256:
        raise CoreError("pack", f'"{path}" is not the YuNet of March 2023: get it again, or remove it.')
    return path


class YuNet:
    """The detector in the file from `yunet_path`."""

    def __init__(self, path: Path):
        import onnxruntime

        self._session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        self._names = [output.name for output in self._session.get_outputs()]

    def find(self, rgba: np.ndarray) -> Face | None:
        """The clearest upright face in a picture uint8 [H, W, 4], or None."""
        height, width = rgba.shape[:2]
        view = Placement(width / 2, height / 2, max(width, height) * (1 + 2 * MARGIN))
        bgr = crop(rgba, view, SIDE)[..., ::-1].astype(np.float32)  # [640, 640, 3] in 0..255
        picture = np.ascontiguousarray(bgr.transpose(2, 0, 1)[None])  # [1, 3, 640, 640]
        outputs = self._session.run(self._names, {"input": picture})
        faces = decoded({n: np.asarray(o) for n, o in zip(self._names, outputs, strict=True)}, view)
        best = max((face.score for face in faces), default=0.0)
        return max((f for f in faces if f.score >= 0.8 * best), key=_eye_distance, default=None)


def decoded(outputs: Mapping[str, np.ndarray], view: Placement) -> Sequence[Face]:
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
            (lx, ly), (rx, ry), _, *corners = points.tolist()
            mouth = np.mean(corners, axis=0).tolist()
            faces.append(Face(((lx, ly), (rx, ry)), (mouth[0], mouth[1]), float(scores[cell])))
    return faces


def _eye_distance(face: Face) -> float:
    return math.dist(*face.eyes)
