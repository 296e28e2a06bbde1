"""`anycost train`: trains the network that a TOML file describes, on one process or under torchrun."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from ..errors import CoreError
from . import distributed, loop
from .config import build, read

NETWORKS = {  # its module, and the task in it
    "generator": ("generating", "Generating"),
    "attributes": ("attributes", "AttributeTraining"),
    "finder": ("finding", "FinderTraining"),
    "encoder": ("encoding", "EncoderTraining"),
}


def train_file(path: Path, out: Path | None, resume: bool) -> None:
    """Trains what the TOML file at `path` describes, in the folder `out` (default: runs/ and its name)."""
    train(read(path), out or Path("runs") / path.stem, resume)


def train(config: Mapping[str, Any], out: Path, resume: bool = False) -> None:
    """Trains to the end what `config`, a TOML file's content, describes; CoreError for mistakes in it."""
    rest = dict(config)
    network = rest.pop("network", None)
    if network not in NETWORKS:
        raise CoreError("bad-value", f'The setting "network" is one of {", ".join(NETWORKS)}.')
    name, task = NETWORKS[network]
    module = import_module(f".{name}", __package__)
    settings = build(module.Settings, rest)
    with distributed.processes():
        if settings.batch % distributed.world():
            raise CoreError(
                "bad-value",
                f"A batch of {settings.batch} cannot be shared by {distributed.world()} processes.",
            )
        try:
            loop.run(getattr(module, task)(settings), out, resume=resume)
        except (loop.NotANumber, loop.NothingToResume) as error:
            raise CoreError("bad-value", str(error)) from None
        finish = getattr(module, "finish", None)
        if finish is not None and distributed.rank() == 0:
            finish(out)
