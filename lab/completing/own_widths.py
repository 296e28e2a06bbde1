"""The step "widths": makes a generator anycost, so that a rough picture comes early."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ...core.editing.perceptual import lpips_at_hand
from ...models.importing.formats import measured_ladder
from ...models.pack import Pack
from ..networks.perceptual_part import LPIPS, Perceptual, perceptual
from ..running import checkpoints, distributed, loop
from ..running.precision import Precision
from .amounts import batch_of
from .distilling import RATIOS, DistilSettings, SelfDistilling
from .nearness import decibels, nearness, shown_cells
from .step import Assignment, Step
from .together import say

TIMED = 4  # steps
SMALL = 256  # px


def _skipped(given: Assignment) -> str:
    known = min(given.original.ratios) < 1 and len(given.original.ladder) > 1 and STEP.name not in given.asked
    return "the generator draws at several widths already" if known else ""


def task_of(given: Assignment, pictures: int) -> SelfDistilling:
    original = given.original
    batch = batch_of(original.resolution)
    settings = DistilSettings(
        -(-pictures // batch) * batch, batch, precision=number_type(original.resolution)
    )
    return SelfDistilling(settings, original.generator(), original.rule, looks_of(original))


def number_type(resolution: int) -> Precision:
    """What training computes in. A GPU's time for a few small pictures is that of starting its kernels, and
    rounding to fewer bits would start a quarter more."""
    return "float32" if distributed.device().type == "cuda" and resolution <= SMALL else "auto"


def looks_of(pack: Pack) -> Perceptual | None:
    """The perceptual part of a loss: the pack's own features, or LPIPS if it is here, or nothing."""
    if pack.features_path is not None:
        return perceptual(str(pack.features_path))
    name = next((name for name, net in LPIPS.items() if lpips_at_hand([net])), None)
    return perceptual(name) if name else None


def seconds_per_step(task: loop.Task, steps: int = TIMED) -> float:
    """The mean time of `steps` steps after one that warms up; on a GPU, which loads kernels at their first
    use, of ten times as many after as many."""
    on_gpu = distributed.device().type == "cuda"
    warming, timed = (10 * steps, 10 * steps) if on_gpu else (1, steps)
    batch = next(iter(task.batches(0)))
    start, losses = 0.0, {}
    for k in range(warming + timed):
        if k == warming:
            _wait_for(losses)
            start = time.perf_counter()
        losses = task.step(batch, k * task.batch)
    _wait_for(losses)
    return (time.perf_counter() - start) / timed


def _wait_for(losses: Mapping[str, Tensor]) -> None:
    """Returns when a GPU has worked out the losses."""
    [float(loss.detach()) for loss in losses.values()]


def _seconds(given: Assignment) -> float:
    large = given.original.resolution > 256
    task = task_of(given, given.sizes.pictures)
    return seconds_per_step(task, 1 if large else TIMED) * task.pictures / task.batch


def _run(given: Assignment) -> Mapping[str, Any]:
    original, task = given.original, task_of(given, given.sizes.pictures)
    cells = shown_cells(original.rule, original.generator().channels, task.sides)
    before = nearness(task.teacher, task.teacher, cells)
    loop.run(task, given.folder, resume=(given.folder / checkpoints.LAST).exists(), minutes=given.minutes)
    network = task.average.network.float()
    after = nearness(network, task.teacher, cells)
    full, *rest = zip(cells, before, after, strict=True)
    say(f"The full picture is {decibels(full[2])} from the original's. Others, before and after:")
    for cell, was, now in rest:
        say(f"  {cell.title:14s} {decibels(was)} -> {decibels(now)}")
    generator = network.cpu().eval().requires_grad_(False)
    mean = torch.from_numpy(original.mean_w)
    return {
        "generator": generator,
        "ratios": RATIOS,
        "resolutions": task.sides,
        "ladder": measured_ladder(generator, mean, original.rule),
    }


STEP = Step(
    "widths",
    "a rough picture comes at once and sharpens: it draws at a half and a quarter of its widths",
    skipped=_skipped,
    seconds=_seconds,
    run=_run,
)
