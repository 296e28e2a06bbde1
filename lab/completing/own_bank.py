"""The step "bank": what each direction does to a head, so that edits are carried over to any picture."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ...core.files.weights import installed
from ...models.pack import Pack
from .amounts import Name
from .own_faces import FaceReader, artist_of, drawn_w
from .own_samples import looked_at
from .step import Assignment, Step

PORTRAITS, JUDGED = 128, 48
NAME: Name = "bank"
GAINED = 12  # portraits on which gains are measured, at both ends too

MakeBank = Callable[[Pack, Path, int, int], Path]  # pack, folder, portraits, judged -> the folder written


def _skipped(given: Assignment) -> str:
    if given.original.alignment is None:
        return "the pack draws no faces"
    if installed("faces") is None:
        return "it needs the networks that read faces: run `anycost weights get faces`"
    if not given.pack.directions and "directions" not in given.before:
        return "the pack has no directions: do that step first"
    if given.pack.bank_file and "directions" not in given.before and NAME not in given.asked:
        return "the pack has a bank"
    return ""


def _seconds(given: Assignment) -> float:
    draw, read = artist_of(given.pack), FaceReader.of(given.pack)
    w = drawn_w(draw, 8_000_000, 2)
    looked_at(draw, read, w)  # the networks are read by now
    start = time.perf_counter()
    looked_at(draw, read, w)
    each = (time.perf_counter() - start) / 2
    directions = len(given.pack.directions) or 20
    return each * (PORTRAITS + 2 * directions * (JUDGED + 2 * GAINED))


def _run(make: MakeBank, given: Assignment) -> Mapping[str, Any]:
    made = given.folder / "pack"
    pack = Pack.open(make(given.pack, made, PORTRAITS, JUDGED))
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
