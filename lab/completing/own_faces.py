"""A pack's own pictures, and the faces in them as the readers at hand see them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from ...core.editing.carry.by_reading import OwnFace, OwnFaces
from ...core.editing.carry.change import Head
from ...core.faces.placement import resized
from ...core.faces.readers import Readers, readers_of
from ...core.faces.reading import Reading, guessed
from ...core.faces.sighting import Sighting
from ...core.rendering.renderer import to_pixels
from ...models.generator import truncate
from ...models.manifest import Alignment
from ...models.pack import Pack
from ..directions.svm import PSI, Artist
from ..measuring.subject import SEED, normals

SIDE = 256  # px at which pictures are read, if not by the mesh network alone
EYES_APART = 0.9  # of the way from the eyes to the mouth, on a head seen straight on


def artist_of(pack: Pack) -> Artist:
    """Draws the pack's pictures."""
    return Artist(pack.generator(), torch.from_numpy(pack.mean_w))


def drawn_w(draw: Artist, position: int, count: int, psi: float = PSI) -> Tensor:
    """`count` latents w [N, D], the same for a position in every process and on every machine."""
    z = normals(count, draw.style_dim, SEED + position)
    with torch.inference_mode():
        return truncate(draw.style(z), draw.mean, psi)


def rgba_of(rgb: np.ndarray) -> np.ndarray:
    """A picture uint8 [R, R, 3] as the readers take it: [SIDE, SIDE, 4]."""
    large = resized(rgb, SIDE)
    return np.dstack([large, np.full((SIDE, SIDE), 255, np.uint8)])


@dataclass(frozen=True, eq=False)
class SeenHead:
    """A face in one of the pack's pictures, in the unit square, and how the mesh network looked at it, if it
    did."""

    head: Head
    own: OwnFace | None = None


# a picture uint8 [R, R, 3], and the same face before an edit if it is known -> the face in it
ReadHead = Callable[[np.ndarray, SeenHead | None], SeenHead | None]


@dataclass
class FaceReader:
    """Reads the one face of a picture, which is where `alignment` says."""

    readers: Readers
    alignment: Alignment
    by_mesh: OwnFaces | None  # with the mesh network, if it is here

    @classmethod
    def of(cls, pack: Pack) -> FaceReader:
        """With the readers for this pack of faces; several threads may use it at once."""
        assert pack.alignment is not None
        readers = readers_of(pack, threads=1)
        mesh = readers.mesh
        return cls(readers, pack.alignment, OwnFaces(mesh, pack.alignment) if mesh else None)

    def __call__(self, rgb: np.ndarray, like: SeenHead | None = None) -> SeenHead | None:
        """See `ReadHead`; None where no face is believed."""
        if self.by_mesh is not None:
            found = self.by_mesh.read(rgb, like.own if like else None)
            return SeenHead(found.head, found) if found else None
        reading = self.readers.read_at(rgba_of(rgb), self._usual.face_points)
        if reading is None or reading.mesh is None or reading.irises is None:
            return None
        return SeenHead(Head(reading.mesh / SIDE, reading.irises / SIDE))

    @cached_property
    def _usual(self) -> Reading:
        """A face seen straight on, in px of a picture of SIDE."""
        (x, y), (mx, my) = ((SIDE * a, SIDE * b) for a, b in (self.alignment.eyes, self.alignment.mouth))
        half = EYES_APART * math.dist((x, y), (mx, my)) / 2
        return guessed(Sighting(((x - half, y), (x + half, y)), (mx, my), 1.0), 1.0)


def pictures(draw: Artist, w: Tensor) -> np.ndarray:
    """w [N, D] -> uint8 [N, R, R, 3]."""
    with torch.inference_mode():
        return to_pixels(draw(w))
