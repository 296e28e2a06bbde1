"""MediaPipe's face mesh with attention (arXiv:2006.10962): 468 points, best at lips and lids, and irises."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...bridge.messages import Placement
from .onnx_network import tflite_model, to_unit_input
from .placement import to_picture
from .pyramid import Pyramid

FILE = "face_landmark_with_attention.tflite"
SIDE = 192  # px of the pictures that it reads
POINTS = 468
OUTPUTS = (
    "output_mesh_identity",
    "output_lips",
    "output_left_eye",
    "output_right_eye",
    "output_left_iris",
    "output_right_iris",
    "conv_faceflag",
)
# which points of the mesh the second look at the lips and the eyes gives, in its order
# fmt: off
LIPS = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409,
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415,
    76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306, 184, 74, 73, 72, 11, 302, 303, 304, 408,
    62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12, 268, 271, 272, 407,
)
LEFT_EYE = (
    33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173,
    130, 25, 110, 24, 23, 22, 26, 112, 243, 247, 30, 29, 27, 28, 56, 190,
    226, 31, 228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221, 189, 35, 124, 46, 53, 52, 65,
    143, 111, 117, 118, 119, 120, 121, 128, 245, 156, 70, 63, 105, 66, 107, 55, 193,
)
RIGHT_EYE = (
    263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398,
    359, 255, 339, 254, 253, 252, 256, 341, 463, 467, 260, 259, 257, 258, 286, 414,
    446, 261, 448, 449, 450, 451, 452, 453, 464, 342, 445, 444, 443, 442, 441, 413,
    265, 353, 276, 283, 282, 295, 372, 340, 346, 347, 348, 349, 350, 357, 465,
    383, 300, 293, 334, 296, 336, 285, 417,
)
# fmt: on


@dataclass(frozen=True)
class Mesh:
    """What one look at a face gives, in the picture's pixels."""

    points: np.ndarray  # [468, 3]: x, y and depth, smaller nearer, about 0 at the middle of the head
    irises: np.ndarray  # [2, 5, 2]: centre and four points of the rim; image left, image right
    flag: float  # 0..1: the network's own belief that this is a face


class AttentionMesh:
    """The network, from the bytes of its file."""

    def __init__(self, data: bytes, damaged: str):
        self._model = tflite_model(data, damaged)

    def look(self, pyramid: Pyramid, placement: Placement) -> Mesh:
        """Reads the face that fills two thirds of the square at `placement`, upright."""
        picture = to_unit_input(pyramid.crop(placement, SIDE))  # [1, 3, 192, 192]
        mesh, lips, left, right, *irises, flag = self._model.run(picture, *OUTPUTS)
        points = mesh.reshape(POINTS, 3).astype(np.float64) / SIDE
        for places, found in ((LIPS, lips), (LEFT_EYE, left), (RIGHT_EYE, right)):
            points[list(places), :2] = found.reshape(-1, 2) / SIDE
        points[:, :2] = to_picture(placement, points[:, :2])
        points[:, 2] *= placement.size
        rims = to_picture(placement, np.reshape(irises, (2, 5, 2)).astype(np.float64) / SIDE)
        return Mesh(points, rims, float(1 / (1 + np.exp(-flag.item()))))
