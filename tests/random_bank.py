"""A bank whose values are random but possible, for packs of any directions."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from anycost.models.bank import POINTS, SHAPES, Bank, Effect

LARGEST = {"turn": 1.0, "zones": 2.0, "after": 2.0, "shade": 2.0}  # of values; the others' are 0.9


def random_bank(directions: Iterable[str], style_dim: int, portraits: int = 3, seed: int = 5) -> Bank:
    """Effects of these directions, and that many portraits."""
    rng = np.random.default_rng(seed)

    def effect() -> Effect:
        arrays = {part: rng.uniform(-1, 1, shape) * LARGEST.get(part, 0.9) for part, shape in SHAPES.items()}
        return Effect(**arrays | {part: np.abs(arrays[part]) for part in ("teeth", "gain", "kept")})

    return Bank(
        resting=rng.uniform(-0.5, 0.5, (POINTS, 3)),
        expression=rng.uniform(0.01, 0.1, (2, 4)),
        light=np.stack([rng.uniform(-3, 0, 6), rng.uniform(0.1, 1, 6)]),
        w=rng.normal(size=(portraits, style_dim)),
        meshes=rng.uniform(0, 1, (portraits, POINTS, 3)),
        far=0.1,
        effects={name: effect() for name in directions},
    )
