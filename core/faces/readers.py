"""Every reader that is at hand, and the best reading of each face."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...bridge.messages import FacePoints
from ..errors import CoreError
from ..files.weights import installed
from .attention_mesh import AttentionMesh
from .drawings import DrawingReader, Heat
from .mesh_reader import MeshReader
from .reading import Reader, Reading, distinct
from .sighting import Sighting
from .yunet import FILE as YUNET
from .yunet import YuNet

ADVICE = (
    "Only drawn faces are found so far: for photographs and paintings, run `anycost weights get faces` in a"
    " terminal, then try again."
)
CLEAR = 0.6  # score of the pack's own drawings; they have 0.8 and more


class Readers:
    """MediaPipe's networks and YuNet if their files are here; a pack's finder for what those do not see.

    `advice` is a sentence for the artist where faces could be found better, else empty.
    """

    def __init__(self, finder: Heat | None = None):
        self.advice = ADVICE
        self._known: list[Reader] = []
        self._finder = finder
        self._mesh: MeshReader | None = None

    def read(self, rgba: np.ndarray) -> list[Reading]:
        """Every face in a picture uint8 [H, W, 4], from image left to image right."""
        if self.advice:
            self._open()
        found = distinct(face for reader in self._known for face in reader.read(rgba))
        if not found and self._finder is not None:  # where the others see nothing, a faint face is none
            found = DrawingReader(self._finder, CLEAR if self._known else 0.0).read(rgba)
        return sorted(found, key=lambda face: face.sighting.centre[0])

    def read_at(self, rgba: np.ndarray, face: FacePoints) -> Reading | None:
        """The mesh of the face that somebody points at; None where none is seen there."""
        if self.advice:
            self._open()
        (lx, ly), (rx, ry) = face.mouth
        there = Sighting(face.eyes, ((lx + rx) / 2, (ly + ry) / 2), 1.0)
        return None if self._mesh is None else self._mesh.read_at(rgba, there)

    @property
    def mesh(self) -> AttentionMesh | None:
        """The network that reads meshes, if its file is here."""
        if self.advice:
            self._open()
        return None if self._mesh is None else self._mesh.mesh

    def _open(self) -> None:
        """Takes what is installed by now; a damaged file is told, and the others still serve."""
        self._known, self._mesh, self.advice = [], None, ADVICE
        try:
            if (faces := installed("faces")) is not None:
                self._mesh = MeshReader(faces)
                self._known.append(self._mesh)
                self.advice = ""
            if (yunet := installed("yunet")) is not None:
                self._known.append(YuNet(yunet[YUNET]))
        except CoreError as error:
            self.advice = error.message


def in_front(faces: Sequence[Reading]) -> Reading:
    """Whom the artist means when he does not say: the largest of those read well."""
    best = max(face.score for face in faces)
    return max((face for face in faces if face.score >= 0.6 * best), key=lambda face: face.sighting.size)
