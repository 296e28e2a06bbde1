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
from .networks.attribute_training import ReadingTraining
from .networks.attributes import names_of
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


def _attributes(task: ReadingTraining[Any], pack: Pack, _seen: int) -> None:
    """The population may have changed since: readings stay the same, in its current units. Attributes that
    the pack's network does not read start afresh."""
    kept, mine = load_features(_file(pack.features_path, pack)), task.network
    theirs = names_of(kept)
    shared = [name for name in mine.names if name in theirs]
    rows, places = [mine.names.index(name) for name in shared], [theirs.index(name) for name in shared]
    weight, bias = mine.attributes.weight.detach().clone(), mine.attributes.bias.detach().clone()
    scale = kept.deviation[places].to(bias) / mine.deviation[rows]
    moved = kept.mean[places].to(bias) - mine.mean[rows]
    weight[rows] = kept.attributes.weight[places].to(bias) * scale[:, None]
    bias[rows] = kept.attributes.bias[places].to(bias) * scale + moved / mine.deviation[rows]
    read = {"attributes.weight": weight, "attributes.bias": bias}
    population = {"mean": mine.mean, "deviation": mine.deviation}
    unfold(mine, {**kept.state_dict(), **read, **population})


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
    ReadingTraining: _attributes,
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
        tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()).float()
        for tensor in graph.initializer
    }
