"""Which engine draws each rung of a pack fastest on this machine: measured once and kept in the cache.

The result holds for the weights, the ladder, the machine and the library versions it was measured with. When
one of them changes, the pack counts as not calibrated.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...bridge.version import VERSION
from ...models.macs import macs
from ...models.pack import Pack
from ...models.prior import seeded
from ...models.widths import SubGenerator
from ..files.folders import cache_folder
from ..files.whole_file import write_bytes
from .cores import usable_cores
from .engines.engine import Engine, Stopped
from .engines.registry import ALWAYS, Choice, available, open_engine

SECONDS = 6.0  # of drawing in all; a large rung takes as long as its two pictures
MOST_DRAWS = 9  # of one rung by one engine
HOPELESS = 3.0  # an engine this many times slower than the best is not timed again
LEAST_DB = 42.0  # PSNR of an engine's pictures against those of `ALWAYS`, in -1..1
WORST_ERROR = 2.0**2 * 10 ** (-LEAST_DB / 10)  # as a mean squared error
FOLDER = "calibrations"
MAX_FILE_BYTES = 1 << 20
LIBRARIES = ("torch", "onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "openvino")

ShowProgress = Callable[[str, float], None]  # what is measured now, and the share that is done, 0..1


@dataclass(frozen=True)
class Timed:
    """How long one picture took by an engine."""

    choice: Choice
    ms: float


Measured = dict[tuple[int, ...], tuple[Timed, ...]]  # the engines of each rung, fastest first, by channels


class Calibration:
    """The engines of each rung, fastest first, by the rung's channels."""

    def __init__(self, rungs: Measured):
        self.rungs = rungs

    def choice(self, rung: SubGenerator, part: bool = False) -> Choice:
        """The fastest engine; with `part`, the fastest one that can draw part of a picture.

        For a rung that was not measured, the choice of the rung closest in work.
        """
        nearest = min(self.rungs, key=lambda channels: abs(macs(channels) - rung.macs))
        return self._first(nearest, part).choice

    def ms(self, rung: SubGenerator, part: bool = False) -> float | None:
        """How long a whole picture takes by that choice; None for a rung that was not measured."""
        return self._first(rung.channels, part).ms if rung.channels in self.rungs else None

    def _first(self, channels: tuple[int, ...], part: bool) -> Timed:
        return next(timed for timed in self.rungs[channels] if timed.choice.draws_parts or not part)


def calibrate(
    pack: Pack, progress: ShowProgress, stopped: Stopped, measured: Measured | None = None
) -> Calibration | None:
    """Measures every rung of the pack's ladder by every engine of this machine, and keeps the result.

    Takes seconds; a minute for a 1024 px generator. Returns None and writes no file once `stopped()`, which
    it asks before and during every picture. The rungs done by then are in `measured`, and another call
    continues from there. CoreError when the result cannot be written.
    """
    made_for = _made_for(pack)
    path = _path(made_for)  # before measuring, because it fails if there is no cache
    rungs, choices = {rung.channels: rung for rung in pack.ladder}, available()
    latents = [seeded(pack, seed)[0] for seed in (0, 1)]  # [n_style, style_dim] each
    steps = len(rungs) * (len(choices) + 1)
    measured = {} if measured is None else measured
    try:
        for number, rung in enumerate(rungs.values()):
            if rung.channels in measured:
                continue
            title, done = rung.title, number * (len(choices) + 1)
            race = _Race(pack, rung, latents, stopped)
            for entered, choice in enumerate(choices):
                progress(f"{title}, {choice.engine} {choice.precision}", (done + entered) / steps)
                race.enter(choice)
            progress(f"{title}, the fastest in turns", (done + len(choices)) / steps)
            measured[rung.channels] = race.finish(SECONDS / len(rungs))
    except _Stopped:
        return None
    progress("done", 1.0)
    calibration = Calibration(measured)
    write_bytes(path, _text(made_for, calibration).encode())
    return calibration


def load(pack: Pack) -> Calibration | None:
    """The result of an earlier calibration; None without one for this pack, machine and libraries."""
    made_for = _made_for(pack)
    try:
        path = _path(made_for)
        if not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
            return None
        document = json.loads(path.read_bytes())
        return _parsed(document["rungs"], pack) if document["made_for"] == made_for else None
    except Exception:  # whatever is wrong with a cached file, measuring again puts it right
        return None


class _Stopped(Exception):
    """Measuring was stopped."""


@dataclass(frozen=True)
class _Runner:
    choice: Choice
    engine: Engine
    times: list[float]  # ms


class _Race:
    """The engines of one rung. Those close in time draw in turns, so that a machine that slows down slows all
    of them; those far behind are closed at once."""

    def __init__(self, pack: Pack, rung: SubGenerator, latents: list[Tensor], stopped: Stopped):
        self._pack, self._rung, self._latents, self._stopped = pack, rung, latents, stopped
        self._expected: list[Tensor] = []  # pictures [3, R, R] of the latents, by `ALWAYS`
        self._runners: list[_Runner] = []
        self._behind: list[Timed] = []

    def enter(self, choice: Choice) -> None:
        """Opens an engine, `ALWAYS` first, and times its second picture; the first one warms it up.

        Leaves out an engine that cannot be opened, does not draw, or draws other pictures than `ALWAYS`.
        """
        try:
            key = self._pack.files[self._pack.generator_file]
            engine = open_engine(choice, self._pack.generator(), self._rung, key)
            (_, first), (ms, second) = (self._draw(engine, w) for w in self._latents)
        except _Stopped:
            raise
        except Exception:  # libraries and drivers raise their own exceptions, without a common base
            if choice == ALWAYS:
                raise
            return
        self._expected = self._expected or [first, second]
        if _near(first, self._expected[0]) and _near(second, self._expected[1]):
            self._runners.append(_Runner(choice, engine, [ms]))
            self._leave_behind()

    def finish(self, seconds: float) -> tuple[Timed, ...]:
        """The median times of all, fastest first, after the runners have drawn for that long."""
        begun = time.perf_counter()
        for turn in range(1, MOST_DRAWS):
            if time.perf_counter() - begun > seconds:
                break
            for runner in self._runners:
                ms, _ = self._draw(runner.engine, self._latents[(turn + 1) % 2])
                runner.times.append(ms)
        ran = [Timed(runner.choice, statistics.median(runner.times)) for runner in self._runners]
        return tuple(sorted(ran + self._behind, key=lambda timed: timed.ms))

    def _leave_behind(self) -> None:
        best = min(runner.times[0] for runner in self._runners)
        far = [runner for runner in self._runners if runner.times[0] > HOPELESS * best]
        self._behind += [Timed(runner.choice, runner.times[0]) for runner in far]
        self._runners = [runner for runner in self._runners if runner not in far]

    def _draw(self, engine: Engine, w: Tensor) -> tuple[float, Tensor]:
        if self._stopped():
            raise _Stopped
        begun = time.perf_counter()
        picture = engine.draw(w, stopped=self._stopped)
        if picture is None:
            raise _Stopped
        picture = picture.cpu()
        return 1000 * (time.perf_counter() - begun), picture


def _near(picture: Tensor, expected: Tensor) -> bool:
    error = picture.clamp(-1, 1) - expected.clamp(-1, 1)
    return error.square().mean().item() <= WORST_ERROR


def _made_for(pack: Pack) -> dict[str, Any]:
    """Everything that a calibration depends on, as JSON gives it back."""
    known = getattr(torch.cpu, "get_capabilities", dict)()
    return {
        "generator": pack.files[pack.generator_file],
        "ladder": [list(rung.channels) for rung in pack.ladder],
        "cpu": known.get("cpu_name") or platform.processor() or platform.machine(),
        "cores": usable_cores(),
        "gpus": [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())],
        "engines": [list(choice) for choice in available()],
        "versions": {"anycost": VERSION, **{name: _version(name) for name in LIBRARIES}},
    }


def _version(library: str) -> str | None:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


def _path(made_for: dict[str, Any]) -> Path:
    name = hashlib.sha256(json.dumps(made_for, sort_keys=True).encode()).hexdigest()
    return cache_folder(FOLDER) / f"{name}.json"


def _text(made_for: dict[str, Any], calibration: Calibration) -> str:
    rungs = [
        {"channels": channels, "engines": [[*t.choice, t.ms] for t in timed]}
        for channels, timed in calibration.rungs.items()
    ]
    return json.dumps({"made_for": made_for, "rungs": rungs}, indent=1)


def _parsed(rungs: Any, pack: Pack) -> Calibration | None:
    """The calibration in a file; None unless every rung of the ladder has engines of this machine."""
    have = available()
    read = {
        tuple(rung["channels"]): tuple(Timed(Choice(name, kind), ms) for name, kind, ms in rung["engines"])
        for rung in rungs
    }
    entries = [timed for row in read.values() for timed in row]
    sound = all(t.choice in have and 0 < t.ms < math.inf for t in entries)
    sound = sound and all(ALWAYS in (t.choice for t in row) for row in read.values())
    whole = read.keys() == {rung.channels for rung in pack.ladder}
    return Calibration(read) if sound and whole else None
