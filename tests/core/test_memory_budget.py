"""The core's memory: a bound that fits the machine, and what happens at it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from anycost.core.service import memory_budget, service
from anycost.models import machine_memory

LIMIT = 300.0  # seconds after which a test fails
GiB = 1 << 30
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds a process's memory")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of 64 GiB, whose groups are in this folder."""
    values = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 64 * GiB // 4096}
    monkeypatch.setattr(os, "sysconf", values.__getitem__)
    monkeypatch.setattr(machine_memory, "GROUPS", tmp_path)
    read = Path.read_text
    own = "4:cpu,memory:/old/one\n0::/user/krita.scope\n"
    monkeypatch.setattr(Path, "read_text", lambda p: own if str(p) == "/proc/self/cgroup" else read(p))
    return tmp_path


def limit(machine: Path, group: str, file: str, value: str) -> None:
    folder = machine / group
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(f"{value}\n")


def test_most_of_the_machine_s_memory_is_the_budget(machine: Path):
    limit(machine, "user/krita.scope", "memory.max", "max")
    assert memory_budget.budget() == 48 * GiB


@pytest.mark.parametrize(
    ("group", "file"),
    [
        ("user/krita.scope", "memory.max"),
        ("user", "memory.max"),
        (".", "memory.max"),
        ("memory/old/one", "memory.limit_in_bytes"),
        ("memory", "memory.limit_in_bytes"),
    ],
)
def test_the_smallest_limit_of_a_group_around_counts(machine: Path, group: str, file: str):
    limit(machine, "memory/old/one", "memory.limit_in_bytes", str(1 << 62))
    limit(machine, group, file, str(16 * GiB))
    assert memory_budget.budget() == 12 * GiB


def test_a_small_machine_still_runs_the_largest_model(machine: Path):
    limit(machine, "user", "memory.max", str(GiB))
    assert memory_budget.budget() == 4 * GiB


BOUNDED = """
import sys
from anycost.core.service import memory_budget
memory_budget.GRAPHICS = ()
memory_budget.budget = lambda: int(sys.argv[1])
print(memory_budget.limit_memory())
"""
GOES_WILD = """
import numpy as np, torch, cv2
from anycost.core.service.service import refusal
wild = {
    "numpy": lambda: np.ones(1 << 29),
    "torch": lambda: torch.ones(1 << 29),
    "opencv": lambda: cv2.resize(np.ones((99, 99), np.float32), (1 << 15, 1 << 15)),
}
for name, allocate in wild.items():
    try:
        allocate()
    except Exception as error:
        print(name, refusal(error).message)
"""


def printed(script: str, budget: int) -> list[str]:
    """What a process of this budget prints."""
    command = [sys.executable, "-c", script, str(budget)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=LIMIT)
    return done.stdout.splitlines()


def test_what_runs_wild_becomes_a_sentence_and_the_process_lives():
    first, *rest = printed(BOUNDED + GOES_WILD, 2 * GiB)
    assert first == str(2 * GiB)
    sentence = service.refusal(MemoryError()).message
    assert rest == [f"{name} {sentence}" for name in ("numpy", "torch", "opencv")]


def test_a_limit_that_is_lower_already_stays():
    before = f"import resource; resource.setrlimit(resource.RLIMIT_DATA, ({2 * GiB}, {3 * GiB}))"
    assert printed(before + BOUNDED, 40 * GiB) == [str(2 * GiB)]
