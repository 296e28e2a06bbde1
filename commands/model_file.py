"""Opens the model files that a user brings from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..core.files.untrusted import limits_for_model, run

if TYPE_CHECKING:
    from ..models.importing.kinds import ModelFile


def open_model_file(path: Path) -> ModelFile:
    """A model file. A process with limits reads it first, so that one which takes too much is a sentence.

    PackError or CoreError when it cannot be read.
    """
    from ..models.importing.kinds import ModelFile

    size = path.stat().st_size if path.is_file() else 0  # what else is there, the reader says
    look = "anycost.models.importing.kinds:look_into"
    run(look, path.absolute(), about=f'"{path}"', kind="pack", limits=limits_for_model(size))
    return ModelFile.open(path)
