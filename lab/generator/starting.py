"""What a run starts from, if not from nothing: the networks of an earlier run, or of a pack."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ...core.errors import CoreError
from ...models.discriminator import Discriminator
from ...models.generator import Generator
from ...models.importing.discriminator_keys import read_discriminator
from ..running import checkpoints
from .pruning import pruned

SHAPE = ("resolution", "style_dim", "n_mlp")  # what cannot differ
OF_STAGES = ("from_rgb.", ".conditions.")  # what a discriminator has only for some stages


class Start(NamedTuple):
    """State dicts: the generator and its average, and the discriminator if there is one."""

    generator: Mapping[str, Tensor]
    average: Mapping[str, Tensor]
    discriminator: Mapping[str, Tensor] | None


def earlier(folder: Path, shape: Mapping[str, Any]) -> Start:
    """The networks of the run in `folder`, for a generator of this `shape`, the fields of `Shape`.

    A generator with fewer channels keeps the most important ones. CoreError if there is no run, or its
    generator differs.
    """
    where = f'generator.from: the generator in "{folder}"'
    kept = _run(folder, "generator.from")
    found = kept["architecture"]
    for name in SHAPE:
        if found[name] != shape[name]:
            raise CoreError("bad-value", f"{where} has another shape: its {name} is {found[name]}.")
    if any(have < wanted for have, wanted in zip(found["channels"], shape["channels"], strict=True)):
        raise CoreError("bad-value", f"{where} is narrower: its channels are {found['channels']}.")
    check(where, kept["average"], found["width_rule"], shape)
    generator, average = kept["generator"], kept["average"]
    if found["channels"] != list(shape["channels"]):
        wide = Generator(*(found[name] for name in ("resolution", "channels", "style_dim", "n_mlp")))
        wide.load_state_dict(generator)
        generator, average = pruned(wide, shape["channels"], average)
    return Start(generator, average, kept["discriminator"])


def judge(place: Path) -> Mapping[str, Tensor]:
    """The discriminator of the run in a folder, or of a file. CoreError if there is none."""
    if place.is_dir():
        found = _run(place, "discriminator.from")["discriminator"]
        if found is None:
            raise CoreError("bad-value", f'discriminator.from: the run in "{place}" trains no discriminator.')
        return found
    return read_discriminator(place)


def taught(folder: Path, resolution: int, style_dim: int) -> Generator:
    """The averaged generator of the run in `folder`, as a teacher for another. CoreError if there is none, or
    it draws smaller pictures or from another z."""
    _run(folder, "generator.teacher")
    teacher = checkpoints.trained(folder).generator
    if teacher.resolution < resolution:
        text = f'generator.teacher: the generator in "{folder}" ends at {teacher.resolution} px.'
        raise CoreError("bad-value", text)
    if teacher.style_dim != style_dim:
        text = f'generator.teacher: the generator in "{folder}" has style_dim = {teacher.style_dim}.'
        raise CoreError("bad-value", text)
    return teacher


def _run(folder: Path, setting: str) -> dict[str, Any]:
    """The state of the generator's run in `folder`, which a `setting` names."""
    try:
        kept = checkpoints.load(folder / checkpoints.LAST)["task"]
    except FileNotFoundError:
        raise CoreError("bad-value", f'{setting}: there is no run in "{folder}".') from None
    if "architecture" not in kept:
        raise CoreError("bad-value", f'{setting}: the run in "{folder}" trains no generator.')
    return kept


def check(where: str, weights: Mapping[str, Tensor], rule: str, shape: Mapping[str, Any]) -> None:
    """CoreError if a generator's pictures would change because the `shape` names another width rule, or no
    noise although the generator uses it."""
    if rule != shape["width_rule"]:
        text = f'{where} cuts its widths by another rule: write width_rule = "{rule}" in [generator].'
        raise CoreError("bad-value", text)
    if draws_noise(weights) and shape["noise"] == "none":
        text = f'{where} draws with noise: write noise = "random" in [generator], or "learned" for its maps.'
        raise CoreError("bad-value", text)


def draws_noise(weights: Mapping[str, Tensor]) -> bool:
    """Whether a generator with these weights uses its noise maps."""
    return any(name.endswith(".noise.weight") and bool(value.any()) for name, value in weights.items())


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
