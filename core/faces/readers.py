"""Every reader that is at hand, and the best reading of each face."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence

import numpy as np

from ...bridge.messages import DEFAULT_PACK, FacePoints
from ...models.pack import Pack, list_packs
from ..errors import CoreError
from ..files.weights import installed
from .attention_mesh import AttentionMesh
from .drawings import Heat, drawn_face, find_faces
from .face_parts import Mask
from .head_reader_net import ALIGNMENT, LEAST, HeadNetwork, looks_at, settled
from .mesh_reader import MeshReader
from .onnx_network import OnnxNetwork
from .placement import place
from .pyramid import Pyramid
from .reading import Reader, Reading, distinct
from .sighting import Sighting
from .yunet import FILE as YUNET
from .yunet import YuNet

ADVICE = (
    "Only drawn faces are found so far: for photographs and paintings, get the face networks (⋯ in Krita, "
    "`anycost weights get faces` in a terminal), then try again."
)
ROUGHLY = (
    "Eyes and mouths are read roughly so far: for exact ones, get the face networks (⋯ in Krita, "
    "`anycost weights get faces` in a terminal), then open the face again."
)
CLEAR = 0.6  # score of the pack's own drawings; they have 0.8 and more


class Readers:
    """MediaPipe's networks and YuNet if their files are here; a pack's own for what those do not see.

    `finder` is the pack's, `heads` its reader of heads. `advice` is a sentence for the artist where faces
    could be found or read better, else empty.
    """

    def __init__(self, finder: Heat | None = None, heads: HeadNetwork | None = None):
        self._usual = ADVICE if heads is None or finder is None else ROUGHLY
        self.advice = self._usual
        self._known: list[Reader] = []
        self._finder, self._heads = finder, heads
        self._mesh: MeshReader | None = None
        self._last: tuple[Hashable, list[Reading]] | None = None  # what was read last, and its faces

    def read(self, rgba: np.ndarray) -> list[Reading]:
        """Every face in a picture uint8 [H, W, 4], from image left to image right.

        Those of the picture that was read last are kept: an artist may project the same pixels again.
        """
        if self.advice:
            self._open()
        if (known := self._known_faces(rgba)) is None:
            known = self._read(rgba)
            self._last = _identity(rgba), known
        return list(known)

    def _known_faces(self, rgba: np.ndarray) -> list[Reading] | None:
        """Those of the picture that was read last, if it is this one."""
        return self._last[1] if self._last is not None and self._last[0] == _identity(rgba) else None

    def _read(self, rgba: np.ndarray) -> list[Reading]:
        found = distinct(face for reader in self._known for face in reader.read(rgba))
        if not found and self._finder is not None:
            found = self._by_pack(rgba, self._finder)
        return sorted(found, key=lambda face: face.sighting.centre[0])

    def _by_pack(self, rgba: np.ndarray, finder: Heat) -> list[Reading]:
        """What the pack's own networks see; where another that looked sees nothing, a faint face is none."""
        sightings, least = find_faces(rgba, finder), CLEAR if self._known else 0.0
        if self._heads is not None:
            looks = looks_at(self._heads, Pyramid(rgba), sightings)
            if found := [look.reading for look in looks if look.reading.score >= least]:
                return found
            least = CLEAR
        return [face for face in map(drawn_face, sightings) if face.score >= least]

    def read_at(self, rgba: np.ndarray, face: FacePoints) -> Reading | None:
        """The mesh of the face that somebody points at; None where none is seen there.

        A face of the picture that was read last is not read again if its own points are given.
        """
        if self.advice:
            self._open()
        for known in self._known_faces(rgba) or ():
            if known.mesh is not None and known.face_points == face:
                return known
        (lx, ly), (rx, ry) = face.mouth
        there = Sighting(face.eyes, ((lx + rx) / 2, (ly + ry) / 2), 1.0)
        found = None if self._mesh is None else self._mesh.read_at(rgba, there)
        if found is not None or self._heads is None:
            return found
        look = settled(self._heads, Pyramid(rgba), place(face, ALIGNMENT))
        return look.reading if look is not None and look.reading.sighting.overlaps(there) else None

    def parts(self, rgba: np.ndarray, reading: Reading) -> dict[str, Mask] | None:
        """What each pixel around a face shows, as the pack sees it; None where it sees no head."""
        if self._heads is None:
            return None
        look = self._heads.look_twice(Pyramid(rgba), place(reading.face_points, ALIGNMENT))
        return look.masks if look.belief >= LEAST else None

    @property
    def mesh(self) -> AttentionMesh | None:
        """The network that reads meshes, if its file is here."""
        if self.advice:
            self._open()
        return None if self._mesh is None else self._mesh.mesh

    def _open(self) -> None:
        """Takes what is installed by now; a damaged file is told, and the others still serve."""
        before = [type(reader) for reader in self._known]
        self._known, self._mesh, self.advice = [], None, self._usual
        try:
            if (faces := installed("faces")) is not None:
                self._mesh = MeshReader(faces)
                self._known.append(self._mesh)
                self.advice = ""
            if (yunet := installed("yunet")) is not None:
                self._known.append(YuNet(yunet[YUNET]))
        except CoreError as error:
            self.advice = error.message
        if [type(reader) for reader in self._known] != before:
            self._last = None  # others may see more


def _identity(rgba: np.ndarray) -> Hashable:
    """Equal for equal pictures."""
    return rgba.shape, hashlib.sha256(np.ascontiguousarray(rgba).data).digest()


def readers_of(pack: Pack, threads: int = 0) -> Readers:
    """The readers for pictures that are edited with a pack. PackError or CoreError for damaged files.

    To packs of faces without a finder, the default pack's networks are lent. `threads` run one look at a head
    (0: as onnxruntime chooses); who reads several pictures at once needs no more than one for each.
    """
    lent = None
    if pack.alignment is not None and pack.finder_file is None and DEFAULT_PACK in list_packs():
        lent = Pack.open(DEFAULT_PACK)
    finds = pack if pack.finder_file is not None else lent
    reads = pack if pack.head_reader_file is not None else lent
    finder, heads = finds and finds.finder_file, reads and reads.head_reader_file
    damaged = f'"{heads}" cannot be used: install its pack again.'
    return Readers(
        OnnxNetwork(finds.folder / finder, "heat", finds.files[finder]) if finds and finder else None,
        HeadNetwork(reads.read(heads), damaged, threads) if reads and heads else None,
    )


def in_front(faces: Sequence[Reading]) -> Reading:
    """Whom the artist means when he does not say: the largest of those read well."""
    best = max(face.score for face in faces)
    return max((face for face in faces if face.score >= 0.6 * best), key=lambda face: face.sighting.size)
