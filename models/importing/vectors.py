"""Reads edit directions from the files of other programs, and from `anycost directions`.

InterFaceGAN's are one array a file, Anycost's boundaries a table of arrays, GANSpace's the components of a
principal component analysis; all say which way, none how far. How far is three deviations of the generator's
w along the direction: almost all its pictures lie within.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..generator import Generator
from ..manifest import DIRECTION_NAME, MAX_MANIFEST_BYTES
from ..pack import Direction
from .kinds import BOUNDARY, FOR_START, ModelFile
from .unpickle import Refused

GROUP = "Imported"
DEVIATIONS = 3.0  # of the generator's w, at either end of a slider
SAMPLES = 4096
COMPONENTS = 20  # of GANSpace's that become sliders; they are in the order of how much they change
NUMBER = re.compile(r"^\d{2}_+")  # before a name: of CelebA's attribute
COMMON_WORDS = frozenset(  # of file names, which say nothing of the edit
    ("stylegan", "stylegan2", "ffhq", "celebahq", "celeba", "w", "wp", "boundary", "boundaries", "direction")
)


@dataclass(frozen=True, eq=False)
class Vector:
    """A direction as a file has it: `rows` [1 or n_style, style_dim], whose length says nothing unless `ends`
    gives what pack.json would say of it."""

    name: str
    rows: Tensor
    ends: Mapping[str, Any] | None = None


def read_directions(file: ModelFile, network: Generator) -> list[Direction]:
    """The directions in a file, for the w+ of a generator; Refused when it holds none that fit."""
    found = list(_vectors(file, network.style_dim))
    if not found:
        raise _no_directions(file)
    with torch.inference_mode():
        z = torch.randn(SAMPLES, network.style_dim, generator=torch.Generator().manual_seed(6))
        w = torch.cat([network.style(batch) for batch in z.split(256)])  # [SAMPLES, style_dim]
    return [_direction(vector, network, w) for vector in found]


def _no_directions(file: ModelFile) -> Refused:
    if file.has_encoder:
        return Refused("is an encoder, which holds no edit directions", FOR_START)
    if file.generator_root is not None:
        return Refused("is a generator, which holds no edit directions", "choose the directions' file")
    advice = "choose a file of vectors: .npy, .npz, .pt or .safetensors"
    return file.other() or Refused("holds no edit directions", advice)


def _vectors(file: ModelFile, style_dim: int) -> Iterator[Vector]:
    if file.lone is not None:
        yield Vector(_name_of_file(file.path), _rows(file.lone, file.path.name, style_dim))
        return
    if file.generator_root or file.psp_root or file.resnet_root:
        return
    for table in file.tables:
        tensors = table.tensors
        if (components := tensors.get("comp", tensors.get("lat_comp"))) is not None:
            yield from _components(components, style_dim)
            continue
        fits = [tensor.ndim > 0 and tensor.shape[-1] == style_dim for tensor in tensors.values()]
        if all(fits) or all(map(BOUNDARY.fullmatch, tensors)):
            said = _said_of(file.path)
            order = {name: place for place, name in enumerate(said)}  # the panel's; a file has the alphabet's
            for name, tensor in sorted(tensors.items(), key=lambda item: order.get(item[0], len(order))):
                yield Vector(_slug(name), _rows(tensor, name, style_dim), said.get(name))


def _components(components: Tensor, style_dim: int) -> Iterator[Vector]:
    if components.ndim < 2 or not 1 <= components.shape[0] <= 1 << 16:
        raise Refused(f"has components {list(components.shape)} that are no directions", "choose another")
    for k, component in enumerate(components[:COMPONENTS], 1):
        yield Vector(f"component {k}", _rows(component, f"component {k}", style_dim))


def _rows(tensor: Tensor, name: str, style_dim: int) -> Tensor:
    """A vector's tensor as float32 [1 or n_style, style_dim]; Refused when it is none for this generator."""
    shape = list(tensor.shape)
    if tensor.ndim == 0 or tensor.shape[-1] != style_dim or tensor.numel() > 64 * style_dim:
        reason = f"has {name[:80]!r} as {shape}, and the generator's latents have {style_dim} values"
        raise Refused(reason, "choose the directions of this generator")
    rows = tensor.reshape(-1, style_dim).to(torch.float32, copy=True)
    if not rows.numel() or not torch.isfinite(rows).all() or not rows.any():
        raise Refused(f"has {name[:80]!r} without a direction", "get the file again")
    return rows


def _direction(vector: Vector, network: Generator, w: Tensor) -> Direction:
    """A slider from -1 to 1. Of a vector with a row for each style, the longest row gives the deviation."""
    rows, shape = vector.rows, (network.n_style, network.style_dim)
    if len(rows) not in (1, shape[0]):
        reason = f"has {vector.name!r} for {len(rows)} styles, and the generator has {shape[0]}"
        raise Refused(reason, "choose the directions of this generator")
    made = Direction(vector.name, _label(vector.name), GROUP, -1.0, 1.0, rows.expand(shape).numpy())
    if vector.ends is not None:
        return replace(made, **vector.ends)
    length = rows.norm(dim=1).max()
    longest = rows[rows.norm(dim=1).argmax()] / length  # [style_dim]
    deviation = float((w @ longest).std())
    if deviation < 1e-6:
        raise Refused(f"has {vector.name!r}, along which the generator's w never varies", "choose another")
    step = DEVIATIONS * deviation * rows / length
    return replace(made, vector=step.expand(shape).contiguous().numpy())


def _said_of(path: Path) -> dict[str, Mapping[str, Any]]:
    """What the JSON file that `anycost directions` writes beside its vectors says of each."""
    beside = path.with_suffix(".json")
    if path.suffix != ".safetensors" or not beside.is_file():
        return {}
    try:
        with beside.open("rb") as file:
            data = file.read(MAX_MANIFEST_BYTES + 1)
        if len(data) > MAX_MANIFEST_BYTES:
            raise ValueError("too long")
        return {entry["name"]: _ends(entry) for entry in json.loads(data)["directions"]}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        raise Refused(f'has a "{beside.name}" beside it that says nothing of it', "get both again") from None


def _ends(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What such an entry says besides the name; pack.json's reader checks the values."""
    said = {key: entry[key] for key in ("label", "group", "low", "high")}
    return said | {key: tuple(map(str, entry.get(key, ()))) for key in ("parts", "how")}


def _name_of_file(path: Path) -> str:
    """A name from a file's: without its numbers and the words that only say what kind of file it is."""
    words = [word for word in re.split(r"[_\W]+", NUMBER.sub("", path.stem)) if word]
    telling = [word for word in words if word.lower() not in COMMON_WORDS]
    return _slug("_".join(telling or words))


def _slug(name: str) -> str:
    """A name as pack.json allows it."""
    plain = re.sub(r"[^A-Za-z0-9 ._-]+", "_", NUMBER.sub("", name)).lstrip(" ._-")[:64]
    return plain if DIRECTION_NAME.fullmatch(plain) else "direction"


def _label(name: str) -> str:
    text = " ".join(name.replace("_", " ").split())
    return text[:1].upper() + text[1:]
