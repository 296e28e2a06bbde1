"""Draws what was read into a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from .face_parts import OUTLINES
from .reading import Reading

LIGHT, DARK = (90, 255, 160), (0, 60, 30)


def marked(rgba: np.ndarray, faces: Sequence[Reading]) -> np.ndarray:
    """The picture uint8 [H, W, 4] with each face's outlines, irises, points and number."""
    image = Image.fromarray(rgba).convert("RGB")
    drawing = ImageDraw.Draw(image)
    for number, face in enumerate(faces, 1):
        _mark(drawing, number, face)
    return np.array(image.convert("RGBA"))


def _mark(drawing: ImageDraw.ImageDraw, number: int, face: Reading) -> None:
    size = face.sighting.size
    width = max(1, round(size / 40))
    for colour, extra in ((DARK, 2), (LIGHT, 0)):
        for line in _lines(face):
            drawing.line([tuple(point) for point in line.tolist()], colour, width + extra, "curve")
    reach = max(2.0, size / 25)
    for x, y in (*face.eyes, face.nose, *face.mouth, face.chin):
        drawing.ellipse((x - reach, y - reach, x + reach, y + reach), LIGHT, DARK)
    x, y = face.sighting.between_eyes
    above = (x, y - 1.6 * size)
    drawing.text(above, str(number), LIGHT, stroke_fill=DARK, stroke_width=2, font_size=max(12, size / 2))


def _lines(face: Reading) -> list[np.ndarray]:
    """Closed lines [n, 2]: outlines of the parts, and the rims of the irises."""
    if face.mesh is None or face.irises is None:
        return []
    outlines = [face.mesh[[*line, line[0]], :2] for line in OUTLINES.values()]
    return outlines + [rim[[1, 2, 3, 4, 1]] for rim in face.irises]
