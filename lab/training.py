"""Which file trains which network, and how to run one: on one process, or on many under torchrun."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import CoreError
from ..models.pack import Pack
from .from_pack import fill
from .generator import generating
from .networks import attributes, encoding, finding, head_reading, labelled_attributes
from .running import distributed, loop
from .running.config import build


@dataclass(frozen=True)
class Trainer:
    """How one kind of network is trained.

    `settings` is the dataclass of its TOML file, `task` makes what `loop.run` drives, `finish` writes what
    a pack needs into the run's folder.
    """

    settings: type[Any]
    task: Callable[[Any], loop.Task]
    finish: Callable[[Path], Path] | None = None


TRAINERS = {
    "generator": Trainer(generating.GeneratorSettings, generating.Generating),
    "attributes": Trainer(attributes.AttributeSettings, attributes.AttributeTraining, attributes.finish),
    "labelled_attributes": Trainer(
        labelled_attributes.LabelledAttributeSettings,
        labelled_attributes.LabelledAttributeTraining,
        labelled_attributes.finish,
    ),
    "finder": Trainer(finding.FinderSettings, finding.FinderTraining, finding.finish),
    "head_reader": Trainer(
        head_reading.HeadReaderSettings, head_reading.HeadReaderTraining, head_reading.finish
    ),
    "encoder": Trainer(encoding.EncoderSettings, encoding.EncoderTraining, encoding.finish),
}


def train(
    config: Mapping[str, Any], out: Path, *, resume: bool = False, pack: str = "", seen: int = 0
) -> None:
    """Trains what `config`, a TOML file's content, describes; CoreError for mistakes in it.

    With `resume`, continues from the last checkpoint; with a `pack`, starts from the pack's network, as if it
    had `seen` that many pictures.
    """
    rest = dict(config)
    network = rest.pop("network", None)
    if network not in TRAINERS:
        raise CoreError("bad-value", f'The setting "network" is one of {", ".join(TRAINERS)}.')
    trainer = TRAINERS[network]
    settings = build(trainer.settings, rest)
    if seen < 0 or seen % settings.batch or (seen and not pack):
        text = f"--seen needs --from-pack and must be a multiple of the batch, {settings.batch} pictures."
        raise CoreError("bad-value", text)
    with distributed.processes():
        if settings.batch % distributed.world():
            text = f"A batch of {settings.batch} cannot be shared by {distributed.world()} processes."
            raise CoreError("bad-value", text)
        try:
            task = trainer.task(settings)
            if pack:
                fill(task, Pack.open(pack), seen)
            loop.run(task, out, resume=resume, seen=seen)
        except (loop.NotANumber, loop.NothingToResume) as error:
            raise CoreError("bad-value", str(error)) from None
        if trainer.finish is not None and distributed.rank() == 0:
            trainer.finish(out)
