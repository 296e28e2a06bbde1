"""A head as a solid: its turn, size and place in the picture, and its shape without them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...faces.reading import CHIN, FOREHEAD

# Points of the mesh that no expression moves: forehead, bridge of the nose, corners of the eyes, temples
# fmt: off
SOLID = (10, 151, 9, 8, 168, 6, 197, 33, 133, 362, 263, 130, 359, 127, 356, 234, 454, 162, 389,
         21, 251, 54, 284, 103, 332, 67, 297, 109, 338)
# fmt: on


# An egg around the resting head, one face's height high: its middle and its radii
MIDDLE, RADII = np.array([0.0, 0.0, 0.3]), np.array([0.42, 0.62, 0.5])


@dataclass(frozen=True, eq=False)
class HeadPose:
    """How a resting head lies in a picture: point = scale * (rotation @ resting) + shift."""

    rotation: np.ndarray  # [3, 3]
    scale: float
    shift: np.ndarray  # [3]

    def placed(self, resting: np.ndarray) -> np.ndarray:
        """Points of the resting head [..., 3] -> points of the picture [..., 3]."""
        return self.scale * self.turned(resting) + self.shift

    def turned(self, vectors: np.ndarray) -> np.ndarray:
        return vectors @ self.rotation.T

    def resting(self, points: np.ndarray) -> np.ndarray:
        """The way back."""
        return (points - self.shift) @ self.rotation / self.scale


def pose_of(mesh: np.ndarray, resting: np.ndarray, points: tuple[int, ...] = SOLID) -> HeadPose:
    """The similarity that brings a resting head [468, 3] onto a mesh [468, 3] best (Umeyama 1991)."""
    a, b = resting[list(points)], mesh[list(points)]
    a0, b0 = a.mean(axis=0), b.mean(axis=0)
    u, spread, vt = np.linalg.svd((b - b0).T @ (a - a0))
    sign = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = u @ sign @ vt
    scale = float((spread * np.diag(sign)).sum() / ((a - a0) ** 2).sum())
    return HeadPose(rotation, scale, b0 - scale * rotation @ a0)


def frontal_pose(mesh: np.ndarray) -> HeadPose:
    """The pose of a mesh [468, 3] without a resting head to compare it with: from its own axes."""
    upright = _upright(mesh)
    resting = (upright - upright[list(SOLID)].mean(axis=0)) / unit_height(mesh)
    return pose_of(mesh, resting)


def rotation_vector(rotation: np.ndarray) -> np.ndarray:
    """The axis of a rotation [3, 3] times its angle in radians, [3]."""
    angle = np.arccos(np.clip((np.trace(rotation) - 1) / 2, -1.0, 1.0))
    axis = np.array(
        [
            rotation[2, 1] - rotation[1, 2],
            rotation[0, 2] - rotation[2, 0],
            rotation[1, 0] - rotation[0, 1],
        ]
    )
    length = np.linalg.norm(axis)
    return np.zeros(3) if length < 1e-9 else axis / length * angle


def rotation_of(vector: np.ndarray) -> np.ndarray:
    """The rotation [3, 3] about a vector by its length in radians (Rodrigues)."""
    angle = float(np.linalg.norm(vector))
    if angle < 1e-9:
        return np.eye(3)
    x, y, z = vector / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def unit_height(mesh: np.ndarray) -> float:
    """The face's height, from the top of the forehead to the chin."""
    return float(np.linalg.norm(mesh[FOREHEAD] - mesh[CHIN]))


def facing(resting: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """How far a turned head faces the viewer at its points [468, 3]: 1 straight, 0 at its outline, [468].

    That of an egg around the head: a nose has sides, but the head's outline is not there.
    """
    normals = (resting - MIDDLE) / RADII**2
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return -normals @ rotation[2]


def mean_head(meshes: np.ndarray, rounds: int = 5) -> np.ndarray:
    """The mean shape of meshes [K, 468, 3] without their turns, one face's height high, [468, 3]."""
    mean = np.median(meshes - meshes.mean(axis=1, keepdims=True), axis=0)
    for _ in range(rounds):
        mean = np.mean([pose_of(mesh, mean).resting(mesh) for mesh in meshes], axis=0)
        mean = _upright(mean - mean.mean(axis=0))
        mean /= unit_height(mean)
    return mean


def _upright(mesh: np.ndarray) -> np.ndarray:
    """A mesh turned so that it looks straight out: mirrored, it lies on itself."""
    across = mesh[454] - mesh[234]
    down = mesh[CHIN] - mesh[FOREHEAD]
    x = across / np.linalg.norm(across)
    down = down - x * (x @ down)
    y = down / np.linalg.norm(down)
    return mesh @ np.stack([x, y, np.cross(x, y)]).T
