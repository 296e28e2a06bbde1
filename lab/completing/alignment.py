"""The step "align": where a generator draws its faces, read from its own pictures."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from ...core.faces.drawn_alignment import PICTURES, drawn_alignment, drawn_places
from ...core.faces.readers import readers_of
from .step import Assignment, Step
from .together import say


def _skipped(given: Assignment) -> str:
    return "" if given.original.alignment else "the pack draws no faces"


def _seconds(given: Assignment) -> float:
    generator, mean, readers = (
        given.pack.generator(),
        torch.from_numpy(given.pack.mean_w),
        readers_of(given.pack),
    )
    drawn_places(generator, mean, readers, 1)  # the networks are read by now
    start = time.perf_counter()
    drawn_places(generator, mean, readers, 1)
    return PICTURES * (time.perf_counter() - start)


def _run(given: Assignment) -> Mapping[str, Any]:
    pack, before = given.pack, given.pack.alignment
    assert before is not None
    found = drawn_alignment(pack.generator(), torch.from_numpy(pack.mean_w), readers_of(pack))
    if found is None:
        say("Faces are seen in too few of its pictures, or not in one place: the alignment stays as it is.")
        return {}
    away = np.abs(np.array([found.eyes, found.mouth]) - (before.eyes, before.mouth)).max()
    say(f"Its faces lie {away:.1%} of a picture from where the pack had them.")
    return {"alignment": found}


STEP = Step(
    "align", "faces of your pictures are cropped as its own lie", skipped=_skipped, seconds=_seconds, run=_run
)
