"""What a run starts from, if not from nothing: the networks of an earlier run, or of a pack."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ...core.errors import CoreError
from ...models.discriminator import Discriminator
from ..running import checkpoints

OWN = ("width_rule", "noise", "from_")  # not part of a shape; for the first two see `check`
OF_STAGES = ("from_rgb.", ".conditions.")  # what a discriminator has only for some stages


class Start(NamedTuple):
    """State dicts: the generator and its average, and the discriminator if there is one."""

    generator: Mapping[str, Tensor]
    average: Mapping[str, Tensor]
    discriminator: Mapping[str, Tensor] | None


def earlier(folder: Path, shape: Mapping[str, Any]) -> Start:
    """The networks of the run in `folder`, for a generator of this `shape`, the fields of `Shape`.

    CoreError if there is no run, or its generator differs.
    """
    where = f'generator.from: the generator in "{folder}"'
    try:
        kept = checkpoints.load(folder / checkpoints.LAST)["task"]
    except FileNotFoundError:
        raise CoreError("bad-value", f'generator.from: there is no run in "{folder}".') from None
    if "architecture" not in kept:
        raise CoreError("bad-value", f'generator.from: the run in "{folder}" trains no generator.')
    found = kept["architecture"]
    for name, wanted in shape.items():
        if name not in OWN and found[name] != (list(wanted) if isinstance(wanted, tuple) else wanted):
            raise CoreError("bad-value", f"{where} has another shape: its {name} is {found[name]}.")
    check(where, kept["average"], found["width_rule"], shape)
    return Start(kept["generator"], kept["average"], kept["discriminator"])


def check(where: str, weights: Mapping[str, Tensor], rule: str, shape: Mapping[str, Any]) -> None:
    """CoreError if a generator's pictures would change because the `shape` names another width rule, or no
    noise although the generator uses it."""
    if rule != shape["width_rule"]:
        text = f'{where} cuts its widths by another rule: write width_rule = "{rule}" in [generator].'
        raise CoreError("bad-value", text)
    noisy = any(name.endswith(".noise.weight") and value.any() for name, value in weights.items())
    if noisy and shape["noise"] == "none":
        text = f'{where} draws with noise: write noise = "random" in [generator], or "learned" for its maps.'
        raise CoreError("bad-value", text)


@torch.no_grad()
def carry(weights: Mapping[str, Tensor], discriminator: Discriminator) -> None:
    """Loads the weights of an earlier stage's discriminator.

    Resolutions that it did not see enter by fresh layers, and conditions that it was not told start without
    effect. CoreError if it differs otherwise.
    """
    own = discriminator.state_dict()
    for name in own.keys() | weights.keys():
        if name in own and name in weights and own[name].shape == weights[name].shape:
            own[name].copy_(weights[name])
        elif not (name in own) ^ (name in weights) or not any(part in name for part in OF_STAGES):
            text = "The [discriminator] differs from the one to start from: give both the same channels."
            raise CoreError("bad-value", text)
