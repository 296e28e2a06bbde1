"""The step "bank": what each direction does to a head, so that edits are carried over to any picture."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ...core.files.weights import installed
from ...models.pack import Pack
from .job import Job, Step
from .own_faces import FaceReader, artist_of, drawn_w
from .own_samples import looked_at
from .sizes import Name

PORTRAITS, JUDGED = 128, 48
NAME: Name = "bank"
GAINED = 12  # portraits on which gains are measured, at both ends too

MakeBank = Callable[[Pack, Path, int, int], Path]  # pack, folder, portraits, judged -> the folder written


def _skipped(job: Job) -> str:
    if job.original.alignment is None:
        return "the pack draws no faces"
    if installed("faces") is None:
        return "it needs the networks that read faces: run `anycost weights get faces`"
    if not job.pack.directions and "directions" not in job.before:
        return "the pack has no directions: do that step first"
    if job.pack.bank_file and "directions" not in job.before and NAME not in job.asked:
        return "the pack has a bank"
    return ""


def _seconds(job: Job) -> float:
    draw, read = artist_of(job.pack), FaceReader.of(job.pack)
    w = drawn_w(draw, 8_000_000, 2)
    looked_at(draw, read, w)  # the networks are read by now
    start = time.perf_counter()
    looked_at(draw, read, w)
    each = (time.perf_counter() - start) / 2
    directions = len(job.pack.directions) or 20
    return each * (PORTRAITS + 2 * directions * (JUDGED + 2 * GAINED))


def _run(make: MakeBank, job: Job) -> Mapping[str, Any]:
    made = job.folder / "pack"
    pack = Pack.open(make(job.pack, made, PORTRAITS, JUDGED))
    return {"directions": pack.directions, "bank": pack.bank}


def bank_step(make: MakeBank) -> Step:
    """The step, with what makes a bank."""
    return Step(
        NAME,
        "edits are carried over to the picture as it is dragged",
        skipped=_skipped,
        seconds=_seconds,
        run=partial(_run, make),
    )
