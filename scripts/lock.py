"""Writes requirements/locked: every library that the docker installs, with the hashes of its wheels on PyPI.

    python scripts/lock.py        # needs uv: pip install uv

All versions follow from requirements/run.txt, for every system and Python that the core runs on. Run it after
each change there.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKED = ROOT / "requirements" / "locked"
PIP = "pip==26.3"
OF_PYTORCH = re.compile(r"(torch|torchvision|triton|nvidia-|cuda-)")  # other indexes have builds, too
ENTRY = re.compile(r"^\S.*?(?=^\S|\Z)", re.M | re.S)  # a line and those that are indented below it


def compiled(requirements: str) -> list[str]:
    """The entries of a requirements file with all that they need, each with its hashes."""
    command = [*(sys.executable, "-m", "uv", "pip", "compile", "-"), "--universal", "--generate-hashes"]
    command += ["--only-binary", ":all:", "--python-version", "3.10", "--no-config", "--no-header"]
    command += ["--no-annotate", "--quiet", "--default-index", "https://pypi.org/simple"]
    done = subprocess.run(command, input=requirements, capture_output=True, text=True, check=True)
    return ENTRY.findall(done.stdout)


def main() -> None:
    LOCKED.mkdir(exist_ok=True)
    entries = compiled((ROOT / "requirements" / "run.txt").read_text())
    parts = {
        "pip": compiled(PIP),
        "libraries": [entry for entry in entries if not OF_PYTORCH.match(entry)],
        "pytorch": [entry for entry in entries if OF_PYTORCH.match(entry)],
    }
    for name, part in parts.items():
        (LOCKED / f"{name}.txt").write_text("# made by scripts/lock.py\n" + "".join(part))


if __name__ == "__main__":
    main()
