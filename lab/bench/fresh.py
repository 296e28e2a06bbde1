"""What only a fresh process can measure: the memory that drawing takes, and the time to the first frame.

`python -m anycost.lab.bench.fresh TASK` is that process; TASK and its output are JSON. Imports of libraries
are inside functions, so that their time can be measured.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import CoreError

if TYPE_CHECKING:
    from ...core.rendering.engines.registry import Choice
    from .benched import Benched

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")  # Linux
RESET_HIGH_WATER = "5"


@dataclass(frozen=True)
class ColdStart:
    """Seconds to import torch, and then seconds from opening the pack to the first rung's pixels."""

    torch_s: float
    first_frame_s: float


def peak_bytes(network: Benched, place: int, choice: Choice) -> int | None:
    """The most memory that a first picture of the rung at `place` takes on top of the generator's weights,
    including what the engine has packed; None where the system does not tell."""
    return _asked(_task("memory", network, place, choice))["peak_bytes"]


def cold_start(network: Benched, choice: Choice) -> ColdStart:
    """The time a pack takes to show its first rung."""
    return ColdStart(**_asked(_task("start", network, 0, choice)))


def _task(what: str, network: Benched, place: int, choice: Choice) -> dict[str, Any]:
    folder = None if network.folder is None else str(network.folder)
    return {"what": what, "folder": folder, "rung": place, "choice": list(choice)}


def _asked(task: dict[str, Any]) -> dict[str, Any]:
    line = [sys.executable, "-m", __name__, json.dumps(task)]
    # cwd: files in the user's folder must not pass for libraries
    done = subprocess.run(line, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        why = (done.stderr.strip().splitlines() or ["it was killed"])[-1]
        raise CoreError("internal", f"A measuring process failed ({why}): close other programs and retry.")
    return json.loads(done.stdout)


def _memory(task: dict[str, Any]) -> dict[str, int | None]:
    from ...core.rendering.engines.registry import open_engine

    if not os.access(CLEAR, os.W_OK):
        return {"peak_bytes": None}
    network, rung, choice = _opened(task)
    w = network.latents(1)[0]
    _code_is_loaded()
    before = resident("VmRSS")
    engine = open_engine(choice, network.generator, rung, network.key)
    CLEAR.write_text(RESET_HIGH_WATER)  # leave out what exporting or compiling took
    engine.draw(w)
    return {"peak_bytes": max(0, resident("VmHWM") - before)}


def _start(task: dict[str, Any]) -> dict[str, float]:
    began = time.perf_counter()
    import torch  # noqa: F401

    imported = time.perf_counter()
    from ...core.rendering.engines.registry import open_engine
    from ...core.rendering.renderer import to_pixels

    network, rung, choice = _opened(task)
    engine = open_engine(choice, network.generator, rung, network.key)
    picture = engine.draw(network.latents(1)[0])
    assert picture is not None
    to_pixels(picture[None])
    return {"torch_s": imported - began, "first_frame_s": time.perf_counter() - imported}


def _opened(task: dict[str, Any]):
    from ...core.rendering.cores import use_available_cores
    from ...core.rendering.engines.registry import Choice
    from ...models.pack import Pack
    from .benched import config_f, of_pack

    use_available_cores()
    network = config_f() if task["folder"] is None else of_pack(Pack.open(task["folder"]))
    return network, network.rungs[task["rung"]], Choice(*task["choice"])


def _code_is_loaded() -> None:
    """Make torch load and start what every convolution needs, so that the picture's memory leaves it out."""
    import torch

    x = torch.zeros(1, 64, 64, 64).contiguous(memory_format=torch.channels_last)  # [1, C, H, W]
    torch.nn.functional.conv2d(x, torch.zeros(64, 64, 3, 3), padding=1)


def resident(name: str) -> int:
    """Bytes in memory: now ("VmRSS") or the peak so far ("VmHWM")."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(name + ":"))
    return 1024 * int(line.split()[1])


def main() -> None:
    task = json.loads(sys.argv[1])
    print(json.dumps({"memory": _memory, "start": _start}[task["what"]](task)))


if __name__ == "__main__":
    main()
