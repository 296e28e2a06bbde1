"""Completes a pack: `anycost packs complete PACK --out DIR`.

A pack that was imported has a generator only. Each step gives it one thing more and leaves a valid pack, so
it can be used after any of them. What is done is kept beside the pack: a killed run goes on where it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ...core.errors import CoreError
from ...models.pack import Pack
from ..running import distributed, loop
from . import alignment, own_directions, own_encoder, own_ladder, own_widths
from .own_bank import MakeBank, bank_step
from .rewriting import rewritten
from .step import Assignment, Step
from .together import say
from .work import Work

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

    `sizes` are the fields of `Amounts` that differ from the defaults. CoreError or PackError when `out` is
    taken, the sizes differ from those that a run began with, or there is nothing to do.
    """
    target = (out or pack.folder).expanduser().resolve()
    work = Work(pack, target, sizes)
    steps = [step for step in _steps(make_bank) if not asked or step.name in asked]
    plan = _Plan(work, steps, frozenset(asked), minutes)
    plan.tell()
    if only_estimate:
        return target
    work.begin()
    for step in plan.pending:
        given = plan.given(step)
        if step.skipped(given):
            continue
        say(f"\n{step.name}")
        try:
            changes = step.run(given)
        except loop.NotANumber as error:
            raise CoreError("bad-value", str(error)) from None
        distributed.by_first(partial(rewritten, given.pack, target, **changes))
        work.finish(step.name)
    return target


def _steps(make_bank: MakeBank) -> list[Step]:
    return [
        alignment.STEP,
        own_directions.STEP,
        own_widths.STEP,
        own_encoder.STEP,
        own_ladder.STEP,
        bank_step(make_bank),
    ]


@dataclass(frozen=True)
class _Plan:
    """The steps of one call and what each works on."""

    work: Work
    steps: Sequence[Step]
    asked: frozenset[str]
    minutes: float

    @property
    def pending(self) -> list[Step]:
        return [step for step in self.steps if step.name not in self.work.done]

    def given(self, step: Step) -> Assignment:
        """With the pack as it is now."""
        original, pending = self.work.original, self.pending
        before = pending[: pending.index(step)]
        return Assignment(
            original,
            Pack.open(self.work.out) if self.work.done else original,
            self.work.folder / step.name,
            self.work.sizes,
            self.minutes,
            frozenset(other.name for other in before),
            self.asked,
        )

    def tell(self) -> None:
        """Prints how long each step takes, measured here. CoreError if there is nothing to do."""
        given = {step.name: self.given(step) for step in self.pending}
        reasons = {step.name: step.skipped(given[step.name]) for step in self.pending}
        if all(reasons.values()):  # or there is none
            done = [f"done: {', '.join(self.work.done)}"] if self.work.done else []
            why = "; ".join([*done, *(f"{name}: {reason}" for name, reason in reasons.items())])
            raise CoreError("bad-value", f"There is nothing to do ({why}): choose other steps.")
        say("step         about      then")
        total = 0.0
        for step in self.steps:
            if step.name in self.work.done:
                say(f"{step.name:12s} done")
            elif reasons[step.name]:
                say(f"{step.name:12s} left out   {reasons[step.name]}")
            else:
                seconds = step.seconds(given[step.name])
                total += seconds
                say(f"{step.name:12s} {spoken(seconds):10s} {step.gives}")
        say(f"All in about {spoken(total)} on this machine. It may be stopped at any time and started again.")


def spoken(seconds: float) -> str:
    """A duration as people say it: "40 s", "12 min", "3.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
