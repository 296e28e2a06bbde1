"""Model files as other programs write them, built from the published names and shapes."""

from __future__ import annotations

import contextlib
import io
import math
import pickle
import sys
import types
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor


def published_state(
    channels: Sequence[int], style_dim: int = 16, n_mlp: int = 2, *, seed: int = 0, noise: bool = True
) -> dict[str, Tensor]:
    """A random generator state dict with the names of Anycost and rosinality/stylegan2-pytorch."""
    rng = torch.Generator().manual_seed(seed)

    def values(*shape: int) -> Tensor:
        return torch.randn(shape, generator=rng)

    kernel = torch.tensor([[1.0, 3, 3, 1], [3, 9, 9, 3], [3, 9, 9, 3], [1, 3, 3, 1]]) / 16
    state: dict[str, Tensor] = {}
    for n in range(1, n_mlp + 1):
        state[f"style.{n}.weight"] = values(style_dim, style_dim) * 100
        state[f"style.{n}.bias"] = values(style_dim) * 10
    state["input.input"] = values(1, channels[0], 4, 4)

    def layer(prefix: str, inputs: int, outputs: int, up: bool) -> None:
        state[prefix + "conv.weight"] = values(1, outputs, inputs, 3, 3)
        if up:
            state[prefix + "conv.blur.kernel"] = kernel.clone()
        state[prefix + "conv.modulation.weight"] = values(inputs, style_dim)
        state[prefix + "conv.modulation.bias"] = 1 + 0.1 * values(inputs)
        state[prefix + "noise.weight"] = 0.3 * values(1)
        state[prefix + "activate.bias"] = 0.3 * values(outputs)

    def to_rgb(prefix: str, inputs: int, up: bool) -> None:
        state[prefix + "bias"] = 0.1 * values(1, 3, 1, 1)
        if up:
            state[prefix + "upsample.kernel"] = kernel.clone()
        state[prefix + "conv.weight"] = values(1, 3, inputs, 1, 1)
        state[prefix + "conv.modulation.weight"] = values(inputs, style_dim)
        state[prefix + "conv.modulation.bias"] = 1 + 0.1 * values(inputs)

    layer("conv1.", channels[0], channels[1], up=False)
    to_rgb("to_rgb1.", channels[1], up=False)
    for i in range(2, len(channels)):
        layer(f"convs.{i - 2}.", channels[i - 1], channels[i], up=i % 2 == 0)
    for i in range(3, len(channels), 2):
        to_rgb(f"to_rgbs.{(i - 3) // 2}.", channels[i], up=True)
    if noise:
        for k in range(len(channels) - 1):
            side = 2 ** ((k + 5) // 2)
            state[f"noises.noise_{k}"] = values(1, 1, side, side)
    return state


def nvidia_state(
    channels: Sequence[int], w_dim: int = 16, n_mlp: int = 2, *, seed: int = 0
) -> dict[str, Tensor]:
    """A random generator state dict with the names of NVIDIA's stylegan2-ada-pytorch."""
    rng = torch.Generator().manual_seed(seed)

    def values(*shape: int) -> Tensor:
        return torch.randn(shape, generator=rng)

    taps = torch.tensor([[1.0, 3, 3, 1], [3, 9, 9, 3], [3, 9, 9, 3], [1, 3, 3, 1]]) / 64
    state: dict[str, Tensor] = {}
    for index in range(len(channels) // 2):
        side = 4 << index
        block = f"synthesis.b{side}."
        state[block + "resample_filter"] = taps.clone()
        wide, narrow = channels[2 * index], channels[2 * index + 1]
        if side == 4:
            state[block + "const"] = values(wide, 4, 4)
            layers = [("conv1", wide, narrow)]
        else:
            layers = [("conv0", channels[2 * index - 1], wide), ("conv1", wide, narrow)]
        for name, inputs, outputs in layers:
            prefix = f"{block}{name}."
            state[prefix + "weight"] = values(outputs, inputs, 3, 3)
            state[prefix + "noise_strength"] = 0.3 * values()
            state[prefix + "bias"] = 0.3 * values(outputs)
            state[prefix + "resample_filter"] = taps.clone()
            state[prefix + "noise_const"] = values(side, side)
            state[prefix + "affine.weight"] = values(inputs, w_dim)
            state[prefix + "affine.bias"] = 1 + 0.1 * values(inputs)
        state[block + "torgb.weight"] = values(3, narrow, 1, 1)
        state[block + "torgb.bias"] = 0.1 * values(3)
        state[block + "torgb.affine.weight"] = values(narrow, w_dim)
        state[block + "torgb.affine.bias"] = 1 + 0.1 * values(narrow)
    for n in range(n_mlp):
        state[f"mapping.fc{n}.weight"] = values(w_dim, w_dim) * 100
        state[f"mapping.fc{n}.bias"] = values(w_dim) * 10
    state["mapping.w_avg"] = 0.1 * values(w_dim)
    return state


# ---- NVIDIA's pickles

MODULE_SOURCE = "raise SystemExit('the source code in this file was run')"


class EasyDict(dict):
    """Replaces dnnlib.util.EasyDict while a file is written."""


class Persistent:
    """Replaces a module of NVIDIA's code while a file is written; pickles as NVIDIA's decorator does."""

    def __init__(self, class_name: str, state: dict[str, Any]):
        self.class_name = class_name
        self.state = state

    def __reduce__(self) -> tuple[Any, ...]:
        rebuild = sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj
        meta = {"type": "class", "version": 6, "module_src": MODULE_SOURCE, "class_name": self.class_name}
        return rebuild, (meta | {"state": self.state},), None


@contextlib.contextmanager
def nvidia_modules() -> Iterator[None]:
    """The modules that the pickle names; they exist only while it is written."""
    persistence, util = types.ModuleType("torch_utils.persistence"), types.ModuleType("dnnlib.util")

    def _reconstruct_persistent_obj(meta: Any) -> None:
        raise AssertionError("a reader called NVIDIA's constructor")

    _reconstruct_persistent_obj.__module__ = "torch_utils.persistence"
    _reconstruct_persistent_obj.__qualname__ = "_reconstruct_persistent_obj"
    persistence.__dict__["_reconstruct_persistent_obj"] = _reconstruct_persistent_obj
    util.__dict__["EasyDict"] = EasyDict
    names = ("torch_utils", "dnnlib", "torch_utils.persistence", "dnnlib.util")
    made = (types.ModuleType("torch_utils"), types.ModuleType("dnnlib"), persistence, util)
    EasyDict.__module__ = "dnnlib.util"
    sys.modules.update(zip(names, made, strict=True))
    try:
        yield
    finally:
        EasyDict.__module__ = __name__
        for name in names:
            del sys.modules[name]


def module_tree(state: dict[str, Tensor], class_name: str = "Generator") -> Persistent:
    """The module tree with this state dict, and the attributes that NVIDIA's modules carry."""
    own = {name: value for name, value in state.items() if "." not in name}
    is_buffer = {"resample_filter", "noise_const", "w_avg"}
    children: dict[str, dict[str, Tensor]] = {}
    for name, value in state.items():
        head, _, rest = name.partition(".")
        if rest:
            children.setdefault(head, {})[rest] = value
    return Persistent(
        class_name,
        {
            "training": False,
            "_parameters": OrderedDict(
                (n, torch.nn.Parameter(v)) for n, v in own.items() if n not in is_buffer
            ),
            "_buffers": OrderedDict((n, v) for n, v in own.items() if n in is_buffer),
            "_non_persistent_buffers_set": set(),
            "_backward_hooks": OrderedDict(),
            "_is_full_backward_hook": None,
            "_modules": OrderedDict((n, module_tree(child, n)) for n, child in children.items()),
            "_init_args": (),
            "_init_kwargs": EasyDict(lr_multiplier=0.01, block=EasyDict(architecture="skip")),
            "weight_gain": np.float64(math.sqrt(2)),
            "block_resolutions": [4, 8],
        },
    )


def write_nvidia(path: Path, networks: dict[str, Persistent | None], protocol: int = 4) -> Path:
    with nvidia_modules(), path.open("wb") as file:
        pickle.dump(
            dict(networks, training_set_kwargs=EasyDict(path="faces", use_labels=False)), file, protocol
        )
    return path


# ---- hostile files


class Runs:
    """Creates the file `marker` when an ordinary reader unpickles it."""

    def __init__(self, marker: Path):
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        import os

        return os.system, (f"touch {self.marker}",)


class StorageName:
    """Refers to memory that torch.save keeps beside the pickle: its key and its claimed size."""

    def __init__(self, key: str, elements: Any):
        self.key = key
        self.elements = elements


class ClaimedTensor:
    """A tensor that claims what a hostile file wants it to claim."""

    def __init__(self, storage: StorageName, size: Any, stride: Any, offset: Any = 0):
        self.arguments = (storage, offset, size, stride, False, OrderedDict())

    def __reduce__(self) -> tuple[Any, ...]:
        return torch._utils._rebuild_tensor_v2, self.arguments  # type: ignore[attr-defined]


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj: Any) -> Any:
        if isinstance(obj, StorageName):
            return ("storage", torch.FloatStorage, obj.key, "cpu", obj.elements)
        return None


def pickled(content: Any) -> bytes:
    buffer = io.BytesIO()
    _Pickler(buffer, 2).dump(content)
    return buffer.getvalue()


def write_torch_zip(
    path: Path, data: bytes, entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED
) -> Path:
    """Write a file like torch.save's, with this pickle and these entries ("data/0"...)."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("archive/data.pkl", data)
        archive.writestr("archive/byteorder", "little")
        for name, memory in entries.items():
            archive.writestr(f"archive/{name}", memory)
        archive.writestr("archive/version", "3\n")
    return path


# ---- encoders


def psp_state(style_dim: int, halvings: Sequence[int], *, seed: int = 0) -> dict[str, Tensor]:
    """A random encoder with the names of e4e and pSp: four stages, of which the first has two units."""
    rng = torch.Generator().manual_seed(seed)
    depths, width = ((6, 6), (6, 6), (6, 8), (8, 10), (10, 12)), 14
    state: dict[str, Tensor] = {}

    def weight(name: str, *shape: int) -> None:
        state[name] = torch.randn(shape, generator=rng) / math.sqrt(math.prod(shape[1:]))

    def normalisation(name: str, channels: int) -> None:
        state[name + ".weight"] = 1 + 0.2 * torch.randn(channels, generator=rng)
        state[name + ".bias"] = 0.2 * torch.randn(channels, generator=rng)
        state[name + ".running_mean"] = 0.2 * torch.randn(channels, generator=rng)
        state[name + ".running_var"] = 0.5 + torch.rand(channels, generator=rng)
        state[name + ".num_batches_tracked"] = torch.tensor(7)

    weight("input_layer.0.weight", 6, 3, 3, 3)
    normalisation("input_layer.1", 6)
    state["input_layer.2.weight"] = torch.rand(6, generator=rng)
    for k, (inputs, outputs) in enumerate(depths):
        unit = f"body.{k}."
        if inputs != outputs:
            weight(unit + "shortcut_layer.0.weight", outputs, inputs, 1, 1)
            normalisation(unit + "shortcut_layer.1", outputs)
        normalisation(unit + "res_layer.0", inputs)
        weight(unit + "res_layer.1.weight", outputs, inputs, 3, 3)
        state[unit + "res_layer.2.weight"] = torch.rand(outputs, generator=rng)
        weight(unit + "res_layer.3.weight", outputs, outputs, 3, 3)
        normalisation(unit + "res_layer.4", outputs)
        weight(unit + "res_layer.5.fc1.weight", 2, outputs, 1, 1)
        weight(unit + "res_layer.5.fc2.weight", outputs, 2, 1, 1)
    for k, count in enumerate(halvings):
        for n in range(count):
            weight(f"styles.{k}.convs.{2 * n}.weight", width, 12 if n == 0 else width, 3, 3)
            state[f"styles.{k}.convs.{2 * n}.bias"] = 0.1 * torch.randn(width, generator=rng)
        state[f"styles.{k}.linear.weight"] = torch.randn(style_dim, width, generator=rng)
        state[f"styles.{k}.linear.bias"] = 0.1 * torch.randn(style_dim, generator=rng)
    for name, inputs in (("latlayer1", 10), ("latlayer2", 8)):
        weight(name + ".weight", 12, inputs, 1, 1)
        state[name + ".bias"] = 0.1 * torch.randn(12, generator=rng)
    return state


def resnet_state(outputs: int, *, seed: int = 0) -> dict[str, Tensor]:
    """A random bottleneck ResNet with torchvision's names: two blocks in the first stage, then one each."""
    rng = torch.Generator().manual_seed(seed)
    state: dict[str, Tensor] = {}

    def convolution(name: str, norm: str, outputs: int, inputs: int, size: int) -> None:
        state[name + ".weight"] = torch.randn(outputs, inputs, size, size, generator=rng) / math.sqrt(
            inputs * size * size
        )
        state[norm + ".weight"] = 1 + 0.2 * torch.randn(outputs, generator=rng)
        state[norm + ".bias"] = 0.2 * torch.randn(outputs, generator=rng)
        state[norm + ".running_mean"] = 0.2 * torch.randn(outputs, generator=rng)
        state[norm + ".running_var"] = 0.5 + torch.rand(outputs, generator=rng)
        state[norm + ".num_batches_tracked"] = torch.tensor(7)

    convolution("conv1", "bn1", 4, 3, 7)
    inputs = 4
    for stage, blocks in enumerate((2, 1, 1, 1), 1):
        inner, wide = 2 + stage, 4 * (2 + stage)
        for k in range(blocks):
            name = f"layer{stage}.{k}."
            for number, (o, i, size) in enumerate(
                ((inner, inputs, 1), (inner, inner, 3), (wide, inner, 1)), 1
            ):
                convolution(f"{name}conv{number}", f"{name}bn{number}", o, i, size)
            if k == 0:
                convolution(name + "downsample.0", name + "downsample.1", wide, inputs, 1)
            inputs = wide
    state["fc.weight"] = torch.randn(outputs, inputs, generator=rng)
    state["fc.bias"] = torch.randn(outputs, generator=rng)
    return state
