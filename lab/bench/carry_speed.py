"""How fast edits are carried over to a large photograph, and what Apply takes.

python -m anycost.lab.bench.carry_speed [--pack NAME]

It takes matplotlib's photograph, enlarged, and the weights of `anycost weights get faces`. Apply is measured
in a fresh process for each edit: `--apply` is that process, and prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ...core.editing.carry.solid_head import unit_height
from ...core.editing.session import EditState, Session
from ...core.errors import CoreError
from ...models.pack import Pack, PackError
from ..measuring.faces_sheet import photograph
from ..measuring.markdown import table
from .fresh import CLEAR, RESET_HIGH_WATER, resident

EDITS = {
    "moved": {"smile": 1.0},
    "tinted": {"skin_tone": 0.6},
    "drawn": {"glasses": 1.0},
    "all three": {"smile": 1.0, "skin_tone": 0.6, "glasses": 1.0},
}
SQUARE = 1024  # px a side of the face's square while sliders move
VALUES = 100  # of a slider
WARM_UP = 3  # values that are not timed
STEPS = 30  # of a projection, should the picture be near to the pack's world
LARGE, FACE = (6000, 4000), 1500  # px: a photograph for Apply, and its face from forehead to chin
NAME = "photograph"


@dataclass(frozen=True)
class FrameTimes:
    """Milliseconds from an edit state to a frame: to the first one after the picture was opened; [VALUES] to
    the first one of auto while the artist drags, and to the last one of full."""

    touch: float
    first: np.ndarray
    last: np.ndarray


@dataclass(frozen=True)
class Applied:
    """What Apply took: seconds, and bytes above those before it; None where the system does not tell."""

    seconds: float
    peak_bytes: int | None


def enlarged(session: Session, factor: float, size: tuple[int, int] | None = None) -> None:
    """Opens and projects the photograph at `factor` times its size, within (width, height) if given."""
    image = photograph()
    large = image.resize(
        (round(factor * image.width), round(factor * image.height)), Image.Resampling.BICUBIC
    )
    if size is not None:
        around = Image.new("RGBA", size, "#8090a0")
        around.paste(large, ((size[0] - large.width) // 2, (size[1] - large.height) // 2))
        large = around
    session.open(NAME, np.array(large))
    for _ in session.project(NAME, steps=STEPS):
        pass


def frame_times(session: Session, edits: Mapping[str, float], values: int = VALUES) -> FrameTimes:
    """Of a picture just opened, for as many values of all sliders in `edits`, each unlike the last."""
    times = ([], [])
    for number in range(WARM_UP + values):
        share = 1 - 0.5 * (number * 0.618 % 1)
        for taken, quality, dragging in zip(times, ("auto", "full"), (True, False), strict=True):
            scaled = {name: share * value for name, value in edits.items()}
            state = EditState(NAME, 2 * number + dragging, scaled, quality, dragging)
            taken.append(_milliseconds(session, state, first=dragging))
    first, last = (np.array(taken[WARM_UP:]) for taken in times)
    return FrameTimes(times[0][0], first, last)


def _milliseconds(session: Session, state: EditState, first: bool) -> float:
    begun = time.perf_counter()
    for _ in session.render(state, lambda: False):
        if first:
            break
    return 1000 * (time.perf_counter() - begun)


def applied(session: Session, edits: Mapping[str, float]) -> Applied:
    """Applies edits to an open picture. The memory is right only in a process that does nothing else."""
    known = os.access(CLEAR, os.W_OK)
    if known:
        CLEAR.write_text(RESET_HIGH_WATER)
    before, begun = resident("VmRSS") if known else 0, time.perf_counter()
    session.apply(NAME, edits, lambda: False)
    seconds = time.perf_counter() - begun
    return Applied(seconds, max(0, resident("VmHWM") - before) if known else None)


def applied_afresh(pack: str, kind: str) -> Applied:
    """The same in a fresh process."""
    line = [sys.executable, "-m", f"{__package__}.carry_speed", "--pack", pack, "--apply", kind]
    # cwd: files in the user's folder must not pass for libraries
    done = subprocess.run(line, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        why = (done.stderr.strip().splitlines() or ["it was killed"])[-1]
        raise CoreError("internal", f"A measuring process failed ({why}): close other programs and retry.")
    return Applied(**json.loads(done.stdout))


def carry_speed(pack: str) -> str:
    """A Markdown table: a row for each kind of edit."""
    session = Session(Pack.open(pack))
    factor = SQUARE / _square(session)
    rows = []
    for kind, edits in EDITS.items():
        enlarged(session, factor)
        times, apply = frame_times(session, edits), applied_afresh(pack, kind)
        rows.append([f"{kind}: {', '.join(edits)}", f"{times.touch:.0f}"])
        rows[-1] += [*_quantiles(times.first), *_quantiles(times.last)]
        memory = "" if apply.peak_bytes is None else f"{apply.peak_bytes / 1e6:.0f}"
        rows[-1] += [f"{apply.seconds:.2f}", memory]
    frames = ["first frame, ms: p50", "p95", "full, ms: p50", "p95"]
    return table(["edit", "first touch, ms", *frames, "Apply, s", "its peak, MB"], rows)


def _quantiles(milliseconds: np.ndarray) -> list[str]:
    return [f"{value:.0f}" for value in np.percentile(milliseconds, (50, 95))]


def _square(session: Session) -> float:
    """Side of the face's square in the photograph as it is, in px."""
    enlarged(session, 1)
    return session.pictures[NAME].placement.size


def _apply_only(pack: str, kind: str) -> None:
    session = Session(Pack.open(pack))
    square, head = _square(session), session.pictures[NAME].head
    if head is None:
        raise CoreError("bad-value", "Carrying is timed with a mesh: run `anycost weights get faces`.")
    enlarged(session, FACE / (square * unit_height(head.mesh)), LARGE)
    print(json.dumps(vars(applied(session, EDITS[kind]))))


def main() -> None:
    parser = argparse.ArgumentParser(description="How fast edits are carried over to a large photograph.")
    parser.add_argument("--pack", default="portraits")
    parser.add_argument("--apply", choices=EDITS, help="only measure Apply, in this process")
    chosen = parser.parse_args()
    try:
        if chosen.apply:
            _apply_only(chosen.pack, chosen.apply)
        else:
            print(carry_speed(chosen.pack))
    except (CoreError, PackError) as error:
        sys.exit(f"anycost: {error}")


if __name__ == "__main__":
    main()
