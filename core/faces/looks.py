"""Looks for faces of any size, at any angle: the picture is shown to detectors at many sizes, and turned."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .blaze_face import BlazeFace
from .pyramid import Pyramid
from .sighting import Sighting, distinct

# px of the picture's longest side: a detector knows faces from a twentieth to a half of its training pictures
UPRIGHT = (64, 96, 136, 192, 272, 384, 544, 768, 1088)
TURNED = (64, 136, 272, 384, 544, 704)
TILTED = (64, 136, 272)  # such faces are rare
SIDES = {0: UPRIGHT, 90: TURNED, 180: TURNED, -90: TURNED, 45: TILTED, 135: TILTED, -135: TILTED, -45: TILTED}
MOST_PIXELS = 250_000  # shown at once
OVERLAP = 96  # px of two bands: more than the faces that only a large picture shows; a multiple of 32


@dataclass(frozen=True)
class _Look:
    """The picture as a detector sees it: `side` px long and turned by `angle` degrees."""

    side: int
    angle: float

    def shown(self, image: Image.Image, multiple: int) -> tuple[np.ndarray, np.ndarray]:
        """uint8 [h, w, 3] and the matrix [2, 3] from its pixels to those of `image`; black around it."""
        turn = math.radians(self.angle)
        c, s = math.cos(turn), math.sin(turn)
        sides = np.array([[abs(c), abs(s)], [abs(s), abs(c)]]) @ image.size
        width, height = (max(multiple, multiple * math.ceil(side / multiple - 1e-6)) for side in sides)
        rotation = np.array([[c, -s], [s, c]])
        shift = np.array(image.size) / 2 - rotation @ (width / 2, height / 2)
        matrix = np.column_stack([rotation, shift])  # [2, 3]
        if self.angle == 0:
            matrix[:, 2] = 0
            pixels = image.crop((0, 0, width, height))
        else:
            affine = Image.Transform.AFFINE
            pixels = image.transform(
                (width, height), affine, matrix.ravel().tolist(), Image.Resampling.BILINEAR
            )
        return np.asarray(pixels), matrix


def search(pyramid: Pyramid, detectors: Sequence[BlazeFace]) -> list[Sighting]:
    """Every face that a detector sees, once, clearest first."""
    longest = max(pyramid.width, pyramid.height)
    looks = _looks(longest)
    sides = sorted({look.side for look in looks}, reverse=True)
    images: dict[int, Image.Image] = {}

    def seen(look: _Look) -> list[Sighting]:
        found = []
        for detector in detectors:
            if look.side > detector.kind.largest:
                continue
            pixels, matrix = look.shown(images[look.side], detector.kind.multiple)
            back = matrix * (longest / look.side)
            for top, bottom in _bands(*pixels.shape[:2]):
                for sighting in detector.sightings(pixels[top:bottom]):
                    found.append(_moved(sighting, back, top))
        return found

    with ThreadPoolExecutor(2) as pool:  # Pillow and the networks work outside Python's lock
        images.update(zip(sides, pool.map(lambda side: pyramid.reduced(longest / side), sides), strict=True))
        return distinct([sighting for found in pool.map(seen, looks) for sighting in found])


def _looks(longest: int) -> list[_Look]:
    """The largest first, so that no thread waits for one at the end. A picture enlarged more than twice shows
    nothing new."""
    looks = [_Look(side, angle) for angle, sides in SIDES.items() for side in sides]
    return sorted((look for look in looks if look.side <= 2 * longest), key=lambda look: -look.side)


def _bands(height: int, width: int) -> Iterator[tuple[int, int]]:
    """Rows [top, bottom) that are shown at once, so that a large picture needs little memory."""
    rows = max(2 * OVERLAP, MOST_PIXELS // width // 32 * 32)
    top = 0
    while True:
        yield top, min(top + rows, height)
        if top + rows >= height:
            return
        top += rows - OVERLAP


def _moved(sighting: Sighting, matrix: np.ndarray, top: int) -> Sighting:
    points = np.array([*sighting.eyes, sighting.mouth]) + np.array([0, top])  # [3, 2]
    left, right, mouth = (points @ matrix[:, :2].T + matrix[:, 2]).tolist()
    return Sighting((tuple(left), tuple(right)), tuple(mouth), sighting.score)
