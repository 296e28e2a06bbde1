"""`anycost train`: trains the network that a TOML file describes, on one process or under torchrun."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from ...models.pack import Pack
from ..errors import CoreError
from . import distributed, loop
from .config import build, read

NETWORKS = {  # its module, and the task in it
    "generator": ("generating", "Generating"),
    "attributes": ("attributes", "AttributeTraining"),
    "finder": ("finding", "FinderTraining"),
    "encoder": ("encoding", "EncoderTraining"),
}


def train_file(path: Path, out: Path | None, **how: Any) -> None:
    """`train` of the TOML file at `path`, in the folder `out` (default: runs/ and its name)."""
    train(read(path), out or Path("runs") / path.stem, **how)


def train(
    config: Mapping[str, Any], out: Path, *, resume: bool = False, pack: str = "", seen: int = 0
) -> None:
    """Trains to the end what `config`, a TOML file's content, describes; CoreError for mistakes in it.

    With `resume` from the run's last checkpoint, with a `pack` from its network, as if it had `seen` so many
    pictures of the run.
    """
    rest = dict(config)
    network = rest.pop("network", None)
    if network not in NETWORKS:
        raise CoreError("bad-value", f'The setting "network" is one of {", ".join(NETWORKS)}.')
    name, task = NETWORKS[network]
    module = import_module(f".{name}", __package__)
    settings = build(module.Settings, rest)
    if seen < 0 or seen % settings.batch or (seen and not pack):
        text = f"--seen goes with --from-pack and is a multiple of the batch, {settings.batch} pictures."
        raise CoreError("bad-value", text)
    with distributed.processes():
        if settings.batch % distributed.world():
            raise CoreError(
                "bad-value",
                f"A batch of {settings.batch} cannot be shared by {distributed.world()} processes.",
            )
        try:
            begun = getattr(module, task)(settings)
            if pack:
                from .from_pack import fill  # it knows every kind of network

                fill(begun, Pack.open(pack), seen)
            loop.run(begun, out, resume=resume, seen=seen)
        except (loop.NotANumber, loop.NothingToResume) as error:
            raise CoreError("bad-value", str(error)) from None
        finish = getattr(module, "finish", None)
        if finish is not None and distributed.rank() == 0:
            finish(out)
