"""The reader for photographs and paintings: finds faces with BlazeFace, reads them with the attention mesh.

Networks that know nothing of each other must agree: what a detector sees, two meshes have to take for a face,
and both detectors must see it again in upright crops around what was read.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from ...bridge.messages import Placement
from .attention_mesh import FILE as MESH_FILE
from .attention_mesh import AttentionMesh, Mesh
from .blaze_face import FULL_RANGE, SHORT_RANGE, BlazeFace
from .face_parts import FILE as PERSON_FILE
from .face_parts import PersonNetwork
from .looks import search
from .placement import bounds, to_picture
from .plain_mesh import FILE as PLAIN_FILE
from .plain_mesh import PlainMesh
from .pyramid import Pyramid
from .reading import Reading, distinct, of_mesh
from .sighting import Sighting

DAMAGED = (
    "The face networks are damaged: get them again (⋯ in Krita, `anycost weights get faces` in a terminal)."
)
READERS = 2  # sightings that are looked at together
MOST = 64  # faces that are read; a crowd would take minutes
SAME_FACE = 0.8  # of a face's size, between a sighting and a face that was read
MISSES = 14  # clear sightings that prove to be no face, until the fainter ones are left alone
POINTED_REACH = 9.0  # side of what is looked at around a face that somebody points at, over its size
PERSON_REACH = 8.0  # side of the square in which a person is told from the background, over the face's size
CLOSE_SIDE = 128  # px of the crops in which a sighting is checked
FIRST_CLOSE_REACHES = (3.6, 5.0)  # sides of these crops over the face's size, to check a sighting...
CLOSE_REACHES = (3.4, 4.2, 5.2)  # ...and what was read
CLOSE_SCORE, CLEAR = 0.6, 0.7  # of a sighting that is read, and of one that is read from several crops
PLAIN_REACHES = (4.3, 4.9)  # of the crops for the plain mesh
FAR_REACHES = (4.5, 6.0, 8.0)  # the same for the detector of far faces
SEEN = 0.35  # mean score of both detectors, at least
FIRST_REACHES = (3.6, 3.0, 4.4)  # of the crops from which the mesh starts, until it is sure
SURE = 0.6  # score
AROUND = 1.5  # side of the mesh's crop over the box around its points
SETTLED = 0.03  # a crop that moves by less stands still
MOVES = 4
SCALES = (0.9, 1.0, 1.1)  # of the settled crop; the median of their meshes is taken
FLAG = 0.3  # each mesh's own belief, at least
LEAST = 0.12  # score of a face
SPREAD = 0.08  # of the face's size, between the scales' meshes: then the score is halved


class MeshReader:
    """MediaPipe's networks, from the paths of their files by name."""

    def __init__(self, files: Mapping[str, Path]):
        self._short, self._full = (
            BlazeFace(kind, files[kind.file].read_bytes(), DAMAGED) for kind in (SHORT_RANGE, FULL_RANGE)
        )
        self._mesh = AttentionMesh(files[MESH_FILE].read_bytes(), DAMAGED)
        self._plain = PlainMesh(files[PLAIN_FILE].read_bytes(), DAMAGED)
        self._person = PersonNetwork(files[PERSON_FILE].read_bytes(), DAMAGED)

    def read(self, rgba: np.ndarray) -> list[Reading]:
        """Every face in a picture uint8 [H, W, 4]."""
        pyramid = Pyramid(rgba)
        sightings = search(pyramid, (self._short, self._full))
        found: list[Reading] = []
        missed = 0
        with ThreadPoolExecutor(READERS) as pool:  # the networks run outside Python's lock
            while sightings and missed < MISSES and len(found) < MOST:
                looked, sightings = sightings[:READERS], sightings[READERS:]
                faces = [face for face in pool.map(partial(self._read_at, pyramid), looked) if face]
                found += faces
                missed += len(looked) - len(faces)
                sightings = [s for s in sightings if not any(_same(s, face) for face in faces)]
            return list(pool.map(partial(self._with_person, pyramid), distinct(found)))

    def read_at(self, rgba: np.ndarray, there: Sighting) -> Reading | None:
        """The face that somebody points at in a picture uint8 [H, W, 4]; None where the mesh sees none."""
        left, top, right, bottom = _box(_around(there, POINTED_REACH), rgba.shape)
        pyramid = Pyramid(rgba[top:bottom, left:right])
        near = there.moved(-left, -top)
        reading = self._read_from(pyramid, _around(near, FIRST_REACHES[0]))
        if reading is None or not _same(near, reading):
            return None
        return self._with_person(pyramid, reading).moved(left, top)

    @property
    def mesh(self) -> AttentionMesh:
        return self._mesh

    def _with_person(self, pyramid: Pyramid, face: Reading) -> Reading:
        around = replace(_around(face.sighting, PERSON_REACH), angle=0.0)
        return replace(face, person=self._person.look(pyramid, around))

    def _read_at(self, pyramid: Pyramid, sighting: Sighting) -> Reading | None:
        """The face at a sighting; None when it is none."""
        closer = max(_seen(self._short, pyramid, sighting, FIRST_CLOSE_REACHES), key=lambda seen: seen.score)
        if closer.score < CLOSE_SCORE:
            return None
        best = None
        for reach in FIRST_REACHES if closer.score >= CLEAR else FIRST_REACHES[:1]:
            reading = self._read_from(pyramid, _around(closer, reach))
            if reading is not None and (best is None or reading.score > best.score):
                best = reading
            if best is not None and best.score >= SURE:
                break
        return best

    def _read_from(self, pyramid: Pyramid, place: Placement) -> Reading | None:
        """The face in a crop; None unless the detectors see it where the mesh has it."""
        settled = settle(self._mesh, pyramid, place)
        if settled is None:
            return None
        scaled = (replace(settled, size=settled.size * scale) for scale in SCALES)
        looks = [self._mesh.look(pyramid, place) for place in scaled]
        points = np.median([look.points for look in looks], axis=0)  # [468, 3]
        irises = np.median([look.irises for look in looks], axis=0)  # [2, 5, 2]
        reading = of_mesh(points, irises, 0.0)
        apart = np.mean([np.linalg.norm((look.points - points)[:, :2], axis=1) for look in looks])
        steady = 1 / (1 + (float(apart) / reading.sighting.size / SPREAD) ** 2)
        score = steady * self._believed(pyramid, reading.sighting, looks)
        return replace(reading, score=score) if score >= LEAST else None

    def _believed(self, pyramid: Pyramid, sighting: Sighting, looks: Sequence[Mesh]) -> float:
        """How far all four networks believe in a face, 0..1; 0 when one of them does not."""
        plain = [self._plain.belief(pyramid, _around(sighting, reach)) for reach in PLAIN_REACHES]
        flags = float(np.median([look.flag for look in looks])), float(np.mean(plain))
        if min(flags) < FLAG:
            return 0.0
        near = np.mean([seen.score for seen in _seen(self._short, pyramid, sighting, CLOSE_REACHES)])
        far = np.mean([seen.score for seen in _seen(self._full, pyramid, sighting, FAR_REACHES)])
        seen = float(near + far) / 2
        return seen * min(flags) if seen >= SEEN else 0.0


def settle(network: AttentionMesh, pyramid: Pyramid, place: Placement) -> Placement | None:
    """The crop around what was read last, until it stands still; None where the mesh sees no face."""
    mesh = network.look(pyramid, place)
    for _ in range(MOVES):
        there = _around_mesh(mesh)
        look = network.look(pyramid, there)
        if look.flag < mesh.flag / 2:
            break
        still = _moved(place, there) < SETTLED
        mesh, place = look, there
        if still:
            break
    return place if mesh.flag >= FLAG else None


def _seen(
    detector: BlazeFace, pyramid: Pyramid, sighting: Sighting, reaches: Sequence[float]
) -> list[Sighting]:
    """The same face as a detector sees it in upright crops; with a score of 0 where it does not."""
    found = []
    for reach in reaches:
        place = _around(sighting, reach)
        best = replace(sighting, score=0.0)
        for seen in detector.sightings(pyramid.crop(place, CLOSE_SIDE)):
            points = to_picture(place, np.array([*seen.eyes, seen.mouth]) / CLOSE_SIDE)  # [3, 2]
            left, right, mouth = points.tolist()
            moved = Sighting((tuple(left), tuple(right)), tuple(mouth), seen.score)
            if sighting.agrees(moved) and moved.score > best.score:
                best = moved
        found.append(best)
    return found


def _box(place: Placement, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """left, top, right, bottom of the pixels that a square touches in a picture of a shape (H, W, ...)."""
    left, top, right, bottom = bounds(place)
    height, width = shape[:2]
    x0, y0 = min(max(math.floor(left), 0), width - 1), min(max(math.floor(top), 0), height - 1)
    return x0, y0, max(min(math.ceil(right), width), x0 + 1), max(min(math.ceil(bottom), height), y0 + 1)


def _same(sighting: Sighting, face: Reading) -> bool:
    """Whether a sighting is so near to a face that was read that it needs no look of its own."""
    return sighting.overlaps(face.sighting, SAME_FACE)


def _around(sighting: Sighting, reach: float) -> Placement:
    """An upright crop, its side `reach` times the face's size."""
    return Placement(*sighting.centre, max(reach * sighting.size, 1.0), sighting.roll)


def _around_mesh(mesh: Mesh) -> Placement:
    """The upright crop that the mesh network was trained with: around its points, level with the eyes."""
    points = mesh.points[:, :2]
    x, y = points[263] - points[33]
    angle = math.atan2(y, x)
    c, s = math.cos(angle), math.sin(angle)
    turned = points @ np.array([[c, -s], [s, c]])  # [468, 2] along the eye line and down
    low, high = turned.min(axis=0), turned.max(axis=0)
    u, v = (low + high) / 2
    side = AROUND * max(float((high - low).max()), 1.0)
    return Placement(float(c * u - s * v), float(s * u + c * v), side, math.degrees(angle))


def _moved(before: Placement, after: Placement) -> float:
    apart = math.hypot(after.x - before.x, after.y - before.y) / before.size
    turned = abs((after.angle - before.angle + 180) % 360 - 180) / 60
    return apart + abs(math.log(after.size / before.size)) + turned
