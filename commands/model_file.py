"""Opens the model files that a user brings from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..bridge.sandbox import SandboxLimits
from ..core.files.untrusted import run

if TYPE_CHECKING:
    from ..models.importing.kinds import ModelFile

LEAST = 1 << 30  # bytes of memory for reading, with the libraries
TIMES = 3  # that of the file's size beside them
SECONDS, PATIENCE = 60, 600.0  # of a processor, and in all; most of it is for loading torch on a slow machine
SMALL = 64 << 20  # bytes: files up to this size share a sandbox


def open_model_file(path: Path) -> ModelFile:
    """A model file. A process with limits reads it first, so that one which takes too much is a sentence.

    PackError or CoreError when it cannot be read.
    """
    from ..models.importing.kinds import ModelFile

    size = path.stat().st_size if path.is_file() else 0  # what else is there, the reader says
    memory = LEAST + TIMES * (1 << (max(size, SMALL) - 1).bit_length())
    limits = SandboxLimits(memory=memory, seconds=SECONDS, patience=PATIENCE)
    look = "anycost.models.importing.kinds:look_into"
    run(look, path.absolute(), about=f'"{path}"', kind="pack", limits=limits)
    return ModelFile.open(path)
