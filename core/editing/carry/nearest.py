"""Which portraits of a pack's bank are nearest to a face: the start for a picture from another world."""

from __future__ import annotations

import numpy as np

from ....models.bank import Bank
from .change import Head
from .expression import expression_of
from .solid_head import pose_of, rotation_vector

COUNT = 5  # portraits, whose mean is quieter than any of them
TURN_WORTH = 0.15  # radians of turn weigh as much as one deviation of expression
SHAPE_WORTH = 0.04  # of the face's height, the same for the mean distance between the points


def nearest_latent(head: Head, bank: Bank) -> np.ndarray:
    """The mean latent [style_dim] of the portraits nearest in turn, expression and shape."""
    order = np.argsort(_distances(head, bank))[:COUNT]
    return bank.w[order].mean(axis=0)


def _distances(head: Head, bank: Bank) -> np.ndarray:
    described = [_described(mesh, bank) for mesh in (head.mesh, *bank.meshes)]
    turns, expressions, shapes = (np.stack(numbers) for numbers in zip(*described, strict=True))
    apart = np.linalg.norm(turns[1:] - turns[0], axis=1) / TURN_WORTH
    unlike = np.linalg.norm((expressions[1:] - expressions[0]) / bank.expression[1], axis=1)
    shape = np.linalg.norm(shapes[1:] - shapes[0], axis=2).mean(axis=1) / SHAPE_WORTH
    return np.hypot(np.hypot(apart, unlike), shape)


def _described(mesh: np.ndarray, bank: Bank) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    pose = pose_of(mesh, bank.resting)
    resting = pose.resting(mesh)
    return rotation_vector(pose.rotation), expression_of(resting), resting
