"""Completes a pack: `anycost packs complete PACK --out DIR`.

A pack that was imported has a generator only. Each step gives it one thing more and leaves a valid pack, so
it can be used after any of them. What is done is kept beside the pack: a killed run goes on where it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ...core.errors import CoreError
from ...models.manifest import PackError
from ...models.pack import Pack
from ..running import distributed, loop
from . import alignment, directions, own_encoder, own_ladder, widths
from .job import Job, Step
from .own_bank import MakeBank, bank_step
from .rewriting import rewritten
from .together import wait
from .work import Work

NAMES = ("align", "directions", "widths", "encoder", "ladder", "bank")  # of the steps, in their order
MINUTES = 4.0  # of training that a kill loses at most


def complete(
    pack: Pack,
    out: Path | None,
    sizes: Mapping[str, int],
    asked: Sequence[str],
    make_bank: MakeBank,
    *,
    only_estimate: bool = False,
    minutes: float = MINUTES,
) -> Path:
    """Does the steps that are `asked` for (none: all), prints how long each takes before and what it brought
    after, and returns the pack's folder: `out`, or else the pack's own.

    `sizes` are the fields of `Sizes` that differ from the defaults. CoreError or PackError when `out` is
    taken, the sizes differ from those that a run began with, or there is nothing to do.
    """
    target = (out or pack.folder).expanduser().resolve()
    work = Work(pack, target, sizes)
    steps = [step for step in _steps(make_bank) if not asked or step.name in asked]
    pending = [step for step in steps if step.name not in work.done]
    _tell(work, steps, frozenset(asked))
    if only_estimate:
        return target
    work.begin()
    for step in pending:
        job = _job(work, step, pending, frozenset(asked), minutes)
        if step.skipped(job):
            continue
        _say(f"\n{step.name}")
        try:
            changes = step.run(job)
        except loop.NotANumber as error:
            raise CoreError("bad-value", str(error)) from None
        if distributed.rank() == 0:
            rewritten(job.pack, target, **changes)
        wait()
        work.finish(step.name)
    return target


def _steps(make_bank: MakeBank) -> list[Step]:
    return [
        alignment.STEP,
        directions.STEP,
        widths.STEP,
        own_encoder.STEP,
        own_ladder.STEP,
        bank_step(make_bank),
    ]


def _job(
    work: Work, step: Step, pending: Sequence[Step], asked: frozenset[str], minutes: float = MINUTES
) -> Job:
    original = work.original
    before = pending[: pending.index(step)]
    started = [other for other in before if other.name not in work.done]
    return Job(
        original,
        _current(work, original),
        work.folder / step.name,
        work.sizes,
        minutes,
        frozenset(other.name for other in started),
        asked,
    )


def _current(work: Work, original: Pack) -> Pack:
    """The pack in its place; the original, as long as nothing is there."""
    try:
        return Pack.open(work.out)
    except PackError:
        if work.done:
            raise
        return original


def _tell(work: Work, steps: Sequence[Step], asked: frozenset[str]) -> None:
    """Prints the plan, with times measured here. CoreError if there is nothing to do."""
    pending = [step for step in steps if step.name not in work.done]
    jobs = {step.name: _job(work, step, pending, asked) for step in pending}
    reasons = {step.name: step.skipped(jobs[step.name]) for step in pending}
    if all(reasons.values()):  # or there is none
        why = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
        done = f"done: {', '.join(work.done)}" if work.done else ""
        text = f"There is nothing to do ({'; '.join(filter(None, (done, why)))}): choose other steps."
        raise CoreError("bad-value", text)
    _say("step         about      then")
    total = 0.0
    for step in steps:
        if step.name in work.done:
            _say(f"{step.name:12s} done")
        elif reasons[step.name]:
            _say(f"{step.name:12s} left out   {reasons[step.name]}")
        else:
            seconds = step.seconds(jobs[step.name])
            total += seconds
            _say(f"{step.name:12s} {spoken(seconds):10s} {step.gives}")
    _say(f"All in about {spoken(total)} on this machine. It may be stopped at any time and started again.")


def spoken(seconds: float) -> str:
    """A duration as people say it: "40 s", "12 min", "3.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _say(text: str) -> None:
    if distributed.rank() == 0:
        print(text, flush=True)
