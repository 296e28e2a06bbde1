"""Starts a run from a pack's network: `anycost train CONFIG --from-pack PACK --seen PICTURES`.

A pack holds only a run's results, and of the generator only the average, in half precision: discriminator
and optimisers start afresh, and the trained generator starts from the average.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..core.errors import CoreError
from ..models.features import load_features
from ..models.pack import Pack
from .generator.generating import Generating
from .generator.starting import Start, check
from .generator.widening import widened
from .networks.attributes import AttributeTraining
from .networks.encoding import EncoderTraining
from .networks.finding import FinderTraining
from .networks.head_reading import HeadReaderTraining
from .networks.standardised import unfold


def fill(task: Any, pack: Pack, seen: int) -> None:
    """Gives a task's network (see `loop.Task`) its weights from `pack`, at position `seen` of the run.
    CoreError if the pack has none or they differ in size; the task's generator may be wider."""
    how = next(how for kind, how in _FILL.items() if isinstance(task, kind))
    try:
        how(task, pack, seen)
    except (KeyError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        text = f"The network in the pack {pack.name} differs in size from the TOML file's ({reason})."
        raise CoreError("bad-value", text) from None


def _generator(task: Generating, pack: Pack, seen: int) -> None:
    generator = pack.generator()
    weights = widened(generator.state_dict(), generator.channels, task.generator, task.rule)
    where, shape = f"The generator in the pack {pack.name}", asdict(task.settings.generator)
    check(where, weights, pack.rule.kind, shape)
    task.start_from(Start(weights, weights, None), seen)


def _attributes(task: AttributeTraining, pack: Pack, _seen: int) -> None:
    """The population may have changed since: readings stay the same, in its current units."""
    kept = load_features(_file(pack.features_path, pack))
    mean, deviation = task.network.mean.clone(), task.network.deviation.clone()
    with torch.no_grad():
        kept.attributes.weight.mul_((kept.deviation / deviation)[:, None])
        kept.attributes.bias.mul_(kept.deviation).add_(kept.mean - mean).div_(deviation)
    kept.mean, kept.deviation = mean, deviation
    unfold(task.network, kept.state_dict())


def _finder(task: FinderTraining, pack: Pack, _seen: int) -> None:
    unfold(task.network, _weights(_file(pack.finder_path, pack)))


def _head_reader(task: HeadReaderTraining, pack: Pack, _seen: int) -> None:
    weights = _weights(_file(pack.head_reader_path, pack))
    for network in (task.network, task.average.network):
        unfold(network, weights)


def _encoder(task: EncoderTraining, pack: Pack, _seen: int) -> None:
    task.encoder.load_state_dict(_weights(_file(pack.encoder_path, pack)))
    task.fitted = True


_FILL: dict[type, Callable[[Any, Pack, int], None]] = {
    Generating: _generator,
    AttributeTraining: _attributes,
    FinderTraining: _finder,
    HeadReaderTraining: _head_reader,
    EncoderTraining: _encoder,
}


def _file(path: Path | None, pack: Pack) -> Path:
    if path is None:
        raise CoreError("bad-value", f"The pack {pack.name} has no network of this kind to start from.")
    return path


def _weights(path: Path) -> dict[str, Tensor]:
    """The named weights of a network that `export.py` wrote."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(path, load_external_data=False).graph  # and read no file beside it
    return {
        tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in graph.initializer
    }
