"""MediaPipe's face mesh without attention (arXiv:1907.06724): a second opinion on whether a face is there.

Its points are less exact at lips and lids, but it is the harder to deceive: of what the attention mesh takes
for a face, it denies nearly all that is none.
"""

from __future__ import annotations

import numpy as np

from ...bridge.messages import Placement
from .onnx_network import tflite_model, to_unit_input
from .pyramid import Pyramid

FILE = "face_landmark.tflite"
SIDE = 192  # px of the pictures that it reads
OUTPUT = "conv2d_31"  # a logit


class PlainMesh:
    """The network, from the bytes of its file."""

    def __init__(self, data: bytes, damaged: str):
        self._model = tflite_model(data, damaged)

    def belief(self, pyramid: Pyramid, placement: Placement) -> float:
        """How far it believes in a face that fills two thirds of the square, upright: 0..1."""
        picture = to_unit_input(pyramid.crop(placement, SIDE))  # [1, 3, 192, 192]
        (logit,) = self._model.run(picture, OUTPUT)
        return float(1 / (1 + np.exp(-logit.item())))
