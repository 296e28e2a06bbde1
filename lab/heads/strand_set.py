"""Strands of one kind on one head: what the z-buffer draws as lines."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Strands:
    """S strands of K points each of one picture: scalp hair, brows, lashes or a beard."""

    points: Tensor  # [S, K, 3] world, root first
    width: Tensor  # [S, K] decimetres, the full width at each point
    colour: Tensor  # [S, K, 3] linear albedo
    part: int  # index into models.head_reader.PARTS
    rest: Tensor  # [S, K, 3] the points in own rest space
    root: Tensor  # [S, 3] the root on the mean head
