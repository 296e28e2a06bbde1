"""The parts of a face that a reading knows: from the mesh's outlines, and a person against the background."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from ...bridge.messages import Placement
from .onnx_network import tflite_model, to_unit_input
from .placement import to_unit
from .pyramid import Pyramid

FILE = "selfie_segmentation.tflite"
SIDE = 256  # px of the pictures that the network reads
OUTPUT = "activation_10"
FINER = 4  # outlines are filled at this many times the size, for soft edges
# Closed lines through points of the mesh
# fmt: off
OUTLINES = {
    "face": (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
             152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
    "left eye": (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    "right eye": (362, 382, 381, 380, 374, 373, 390, 249, 263, 466, 388, 387, 386, 385, 384, 398),
    "lips": (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185),
    "mouth inside": (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308,
                     415, 310, 311, 312, 13, 82, 81, 80, 191),
}
# fmt: on


@dataclass(frozen=True)
class Mask:
    """How far each pixel of a square of the picture belongs to something: uint8 [S, S], 255 wholly."""

    placement: Placement
    values: np.ndarray


class PersonNetwork:
    """MediaPipe's selfie segmentation, from the bytes of its file."""

    def __init__(self, data: bytes, damaged: str):
        self._model = tflite_model(data, damaged)

    def look(self, pyramid: Pyramid, placement: Placement) -> Mask:
        """Where the person in a square is; it should hold head and shoulders."""
        picture = to_unit_input(pyramid.crop(placement, SIDE))  # [1, 3, 256, 256]
        (person,) = self._model.run(picture, OUTPUT)  # [1, 256, 256]
        return Mask(placement, np.rint(255 * person[0]).astype(np.uint8))


def face_parts(mesh: np.ndarray, placement: Placement, side: int) -> dict[str, np.ndarray]:
    """Masks uint8 [side, side] of the square at `placement`, from a mesh [468, 3] in the picture's pixels.

    "skin" (the face without what follows), "lips", "eyes" and "mouth inside". They do not overlap.
    """
    filled = {
        name: _filled(to_unit(placement, mesh[list(line), :2]), side) for name, line in OUTLINES.items()
    }
    inside = filled["mouth inside"]
    lips = np.where(filled["lips"] > inside, filled["lips"] - inside, 0).astype(np.uint8)
    eyes = np.maximum(filled["left eye"], filled["right eye"])
    taken = np.maximum(np.maximum(filled["lips"], inside), eyes)
    skin = np.minimum(filled["face"], 255 - taken)
    return {"skin": skin, "lips": lips, "eyes": eyes, "mouth inside": inside}


def _filled(unit: np.ndarray, side: int) -> np.ndarray:
    """The inside of a closed line [n, 2] in unit coordinates, uint8 [side, side] with soft edges."""
    image = Image.new("L", (side * FINER, side * FINER))
    ImageDraw.Draw(image).polygon([tuple(point) for point in (unit * side * FINER).tolist()], fill=255)
    return np.asarray(image.reduce(FINER))
