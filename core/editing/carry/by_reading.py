"""The change of an edit for packs without a bank: from meshes read off the generator's own two portraits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ....bridge.messages import Placement
from ....models.manifest import Alignment
from ...faces.attention_mesh import AttentionMesh, Mesh
from ...faces.mesh_reader import settle
from ...faces.placement import resized
from ...faces.pyramid import Pyramid
from .change import Change, Head, damped, meeting
from .solid_head import pose_of

SIDE = 256  # px at which portraits are read
BELIEVED = 0.5  # flag of a portrait that is read
REACH = 3.2  # side of the first crop over the distance from eyes to mouth
STILL, MOVING = 0.006, 0.014  # of the face's height: one reading is less sure than a bank


@dataclass(frozen=True)
class OwnFace:
    """A face in one of the pack's portraits, and the crop (of SIDE px) in which it was read."""

    head: Head
    crop: Placement


class OwnFaces:
    """Reads the one face in a pack's portraits, which is where the pack's alignment says."""

    def __init__(self, network: AttentionMesh, alignment: Alignment):
        self._network = network
        (x, y), (_, mouth) = alignment.eyes, alignment.mouth
        self._start = Placement(x * SIDE, (y + mouth) / 2 * SIDE, REACH * (mouth - y) * SIDE)

    def read(self, rgb: np.ndarray, like: OwnFace | None = None) -> OwnFace | None:
        """The face in a portrait uint8 [R, R, 3], in the same crop as `like`; None where none is believed."""
        large = np.dstack([resized(rgb, SIDE), np.full((SIDE, SIDE), 255, np.uint8)])
        pyramid = Pyramid(large)
        crop = settle(self._network, pyramid, self._start) if like is None else like.crop
        if crop is None:
            return None
        mesh: Mesh = self._network.look(pyramid, crop)
        if mesh.flag < BELIEVED:
            return None
        return OwnFace(Head(mesh.points / SIDE, mesh.irises / SIDE), crop)


def change_by_reading(head: Head, before: Head, after: Head) -> Change:
    """What moves on a picture's head when the generator's own goes from `before` to `after`.

    Tints are left to what is drawn.
    """
    there, here = pose_of(before.mesh, head.mesh), pose_of(head.mesh, head.mesh)
    moves = (after.mesh - before.mesh) @ there.rotation / there.scale  # on the picture's head
    moved = damped(moves[:, :2], STILL * _height(head), MOVING * _height(head))
    gaze = ((after.irises[:, 0] - before.irises[:, 0]) / there.scale) * here.scale
    lids = np.stack([moved[list(eye)].mean(axis=0) for eye in ((33, 133), (362, 263))])
    return Change(
        meeting(head.mesh[:, :2], moved),
        damped(gaze - lids, STILL * _height(head), MOVING * _height(head)),
        np.zeros(len(moved)),
        np.zeros((6, 3)),
    )


def _height(head: Head) -> float:
    return float(np.linalg.norm(head.mesh[10] - head.mesh[152]))
