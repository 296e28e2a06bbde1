"""What is known of one face of a picture, and the protocol of all that read faces."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np

from ...bridge.messages import FacePoints, Placement
from .face_parts import Mask, face_parts
from .sighting import Point, Sighting

# Points of the mesh. Left and right are the viewer's, on an upright head.
LEFT_EYE, RIGHT_EYE = (33, 133, 159, 145), (362, 263, 386, 374)  # two corners, upper lid, lower lid
NOSE, CHIN, FOREHEAD = 1, 152, 10
MOUTH_CORNERS, LIPS_INSIDE = (61, 291), (13, 14)
BROWS = ((63, 105, 66), (296, 334, 293))
FACE_SIDES = (234, 454)
# Where nose and chin are on a face of which only eyes and mouth are known: fractions of the way from the eyes
# to the mouth (means over docs/faces.png, 64 of the default pack's portraits, as the mesh reads them)
NOSE_DOWN, CHIN_DOWN = 0.65, 1.70
MOUTH_HALF = 0.37  # of the same portraits: half the mouth's width over the distance between the eyes
MESH_WORTH = 3  # a mesh with a third of the score is as good as points alone
NEIGHBOURS = 8  # points that show how the surface lies at one
NEAR, IN_FRONT = 0.06, 0.12  # of the face's width: a point hides others that are this near, this far behind


class Turn(NamedTuple):
    """How a head is turned, in degrees: to image right, up, and clockwise."""

    yaw: float
    pitch: float
    roll: float


class Openings(NamedTuple):
    """How open a face is, whatever its turn; pairs are image left, image right."""

    eyes: tuple[float, float]  # between the lids, over the eye's width
    mouth: float  # between the lips, over the mouth's width
    brows: tuple[float, float]  # from the eye up to the brow, over the distance between the eyes


@dataclass(frozen=True, eq=False)
class Reading:
    """One face, in the picture's pixels. Pairs are image left, image right, as on the upright head."""

    eyes: tuple[Point, Point]  # the middle of corners and lids, not the iris
    nose: Point
    mouth: tuple[Point, Point]  # corners
    chin: Point
    score: float  # 0..1: below a half, the points are a guess
    mesh: np.ndarray | None = None  # [468, 3]: x, y, depth (smaller nearer); None where no mesh is known
    irises: np.ndarray | None = None  # [2, 5, 2]: centre and four points of the rim
    person: Mask | None = None  # against the background

    @cached_property
    def sighting(self) -> Sighting:
        (lx, ly), (rx, ry) = self.mouth
        return Sighting(self.eyes, ((lx + rx) / 2, (ly + ry) / 2), self.score)

    @property
    def face_points(self) -> FacePoints:
        return FacePoints(self.eyes, self.mouth)

    @cached_property
    def turn(self) -> Turn:
        """From the mesh; without one, a head that looks straight out."""
        if self.mesh is None:
            return Turn(0.0, 0.0, self.sighting.roll)
        across, down, away = _axes(self.mesh)
        yaw = math.asin(min(1.0, max(-1.0, across[2])))
        return Turn(
            math.degrees(yaw),
            math.degrees(math.atan2(-down[2], away[2])),
            math.degrees(math.atan2(across[1], across[0])),
        )

    @cached_property
    def openings(self) -> Openings | None:
        """None without a mesh."""
        if self.mesh is None:
            return None
        mesh = self.mesh
        middles = [mesh[list(eye)].mean(axis=0) for eye in (LEFT_EYE, RIGHT_EYE)]
        between = np.linalg.norm(middles[1] - middles[0])
        left, right = (
            float(np.linalg.norm(mesh[a] - mesh[b]) / np.linalg.norm(mesh[c] - mesh[d]))
            for c, d, a, b in (LEFT_EYE, RIGHT_EYE)
        )
        mouth = np.subtract(*mesh[list(LIPS_INSIDE)]), np.subtract(*mesh[list(MOUTH_CORNERS)])
        brows = [
            float(np.linalg.norm(mesh[list(brow)].mean(axis=0) - middle) / between)
            for brow, middle in zip(BROWS, middles, strict=True)
        ]
        opened = float(np.linalg.norm(mouth[0]) / np.linalg.norm(mouth[1]))
        return Openings((left, right), opened, (brows[0], brows[1]))

    def moved(self, x: float, y: float) -> Reading:
        """The same face in a picture that begins `x` px further left and `y` px further up."""

        def there(point: Point) -> Point:
            return point[0] + x, point[1] + y

        (left, right), (corner, other) = self.eyes, self.mouth
        person = self.person
        if person is not None:
            place = person.placement
            person = Mask(replace(place, x=place.x + x, y=place.y + y), person.values)
        return Reading(
            (there(left), there(right)),
            there(self.nose),
            (there(corner), there(other)),
            there(self.chin),
            self.score,
            None if self.mesh is None else self.mesh + np.array([x, y, 0.0]),
            None if self.irises is None else self.irises + np.array([x, y]),
            person,
        )

    def parts(self, placement: Placement, side: int) -> dict[str, np.ndarray]:
        """The parts that are known, as masks uint8 [side, side] of a square; see `face_parts`."""
        return {} if self.mesh is None else face_parts(self.mesh, placement, side)

    @cached_property
    def hidden(self) -> np.ndarray:
        """bool [468]: points that the head itself hides, because it is turned away. Empty without a mesh."""
        return np.zeros(0, bool) if self.mesh is None else _turned_away(self.mesh) | _behind(self.mesh)


class Reader(Protocol):
    """Anything that reads faces: of a picture uint8 [H, W, 4] (straight alpha, sRGB) all that it sees."""

    def read(self, rgba: np.ndarray) -> Sequence[Reading]: ...


def distinct(readings: Iterable[Reading]) -> list[Reading]:
    """The best reading of each face: the most certain, where a mesh outweighs points alone."""
    kept: list[Reading] = []
    for reading in sorted(readings, key=_worth, reverse=True):
        if not any(reading.sighting.overlaps(other.sighting) for other in kept):
            kept.append(reading)
    return kept


def _worth(reading: Reading) -> float:
    return reading.score * (1 if reading.mesh is None else MESH_WORTH)


def guessed(sighting: Sighting, score: float) -> Reading:
    """A reading of a face of which only a sighting is known: nose, mouth corners and chin by proportion."""
    (lx, ly), (rx, ry) = sighting.eyes
    (ex, ey), (mx, my) = sighting.between_eyes, sighting.mouth
    across = ((rx - lx) * MOUTH_HALF, (ry - ly) * MOUTH_HALF)

    def down(way: float) -> Point:
        return ex + (mx - ex) * way, ey + (my - ey) * way

    mouth = (mx - across[0], my - across[1]), (mx + across[0], my + across[1])
    return Reading(sighting.eyes, down(NOSE_DOWN), mouth, down(CHIN_DOWN), score)


def of_mesh(mesh: np.ndarray, irises: np.ndarray, score: float) -> Reading:
    """A reading from its mesh [468, 3] and irises [2, 5, 2]."""

    def point(*numbers: int) -> Point:
        x, y = mesh[list(numbers), :2].mean(axis=0).tolist()
        return x, y

    corners = point(MOUTH_CORNERS[0]), point(MOUTH_CORNERS[1])
    eyes = point(*LEFT_EYE), point(*RIGHT_EYE)
    return Reading(eyes, point(NOSE), corners, point(CHIN), score, mesh, irises)


def _axes(mesh: np.ndarray) -> np.ndarray:
    """The head's own axes, [3, 3]: to the right side of the face, down, and into the head."""
    across = mesh[FACE_SIDES[1]] - mesh[FACE_SIDES[0]]
    down = mesh[CHIN] - mesh[FOREHEAD]
    away = np.cross(across, down)
    axes = np.stack([across, np.cross(away, across), away])
    return axes / np.maximum(np.linalg.norm(axes, axis=1, keepdims=True), 1e-9)


def _width(mesh: np.ndarray) -> float:
    return float(np.linalg.norm(mesh[FACE_SIDES[1]] - mesh[FACE_SIDES[0]]))


def _turned_away(mesh: np.ndarray) -> np.ndarray:
    """bool [468]: where the surface, as the points around show it, faces away from the viewer."""
    apart = np.linalg.norm(mesh[:, None] - mesh[None], axis=2)  # [468, 468]
    near = mesh[np.argsort(apart, axis=1)[:, : NEIGHBOURS + 1]]  # [468, 9, 3]
    spread = near - near.mean(axis=1, keepdims=True)
    _, directions = np.linalg.eigh(np.einsum("pni,pnj->pij", spread, spread))  # least spread first
    normals = directions[:, :, 0]  # [468, 3]
    middle = mesh.mean(axis=0) + _axes(mesh)[2] * _width(mesh) / 2  # inside the head
    outward = np.sign(np.einsum("pi,pi->p", normals, mesh - middle))[:, None]
    return (normals * outward)[:, 2] > 0.1


def _behind(mesh: np.ndarray) -> np.ndarray:
    """bool [468]: points with others right in front of them."""
    width = _width(mesh)
    near = np.linalg.norm(mesh[:, None, :2] - mesh[None, :, :2], axis=2) < NEAR * width
    return (near & (mesh[:, None, 2] - mesh[None, :, 2] > IN_FRONT * width)).any(axis=1)
