"""A generator's run at 32 px that takes seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from anycost.lab.data.batches import Batch
from anycost.lab.data.world_batches import WorldBatches
from anycost.lab.generator.generating import Generating, GeneratorSettings
from anycost.lab.running.config import build

CHANNELS = (16, 16, 16, 16, 16, 16, 12, 12)


def config(*stages: dict[str, Any], **changes: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "network": "generator",
        "batch": 8,
        "precision": "float32",
        "generator": {"resolution": 32, "channels": list(CHANNELS), "noise": "random"},
        "discriminator": {"channels": [16, 16, 12, 12]},
        "optimiser": {"half_life": 0.05},
        "stages": list(stages),
    }
    return {**base, **changes}


def stage(kind: str, pictures: int = 16, resolutions: tuple[int, ...] = (8, 16, 32), **more: Any) -> dict:
    return {"kind": kind, "pictures": pictures, "resolutions": list(resolutions), **more}


DISTIL = stage("distil", resolutions=(16, 32))
SINGLE = stage("single", resolutions=(32,))
MULTI = stage("multi-resolution")
ADAPTIVE = stage("adaptive-channel")


def task_of(table: Mapping[str, Any]) -> Generating:
    rest = {key: value for key, value in table.items() if key != "network"}
    return Generating(build(GeneratorSettings, rest))


def painted(task: Generating, seen: int = 0) -> Batch:
    """One batch, drawn on demand: another process would also draw those after it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WorldBatches, "in_background", WorldBatches.__iter__)
        return next(task.batches(seen))
