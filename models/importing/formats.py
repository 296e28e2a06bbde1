"""Makes a pack from a StyleGAN2 or Anycost generator file that a user has.

Only the tensors tell what a file holds, never its name. docs/packs.md lists the formats and what is refused.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..generator import Generator, fir_kernel, truncate
from ..layer_sizes import layer_count, layer_resolution
from ..macs import macs
from ..manifest import MAX_CHANNELS, MAX_MLP, MAX_RESOLUTION, MAX_STYLE_DIM, PACK_NAME, too_large
from ..pack import Alignment, PackError, file_sha256, list_packs, user_packs_folder, write_pack
from ..widths import BASE_WIDTH, SubGenerator, WidthRule
from .containers import read_checkpoint
from .remap import from_nvidia, tensors_of_network
from .unpickle import Refused

# The FFHQ recipe crops a square whose half side is 1.8 times the distance from the eyes' midpoint to the
# mouth (or 2 times the distance between the eyes, if that is more) around a point 0.1 of it below the eyes.
FFHQ = Alignment(eyes=(0.5, 0.5 - 0.1 / 3.6), mouth=(0.5, 0.5 + 0.9 / 3.6))
LICENCE = "unknown: see where you got the file"
RATIOS = (0.25, 0.5, 0.75, 1.0)
SAMPLES = 2  # pictures on which a rung is compared with the full generator
WORST = 0.25  # squared error of a rung that is kept, at most, as a share of the pictures' variance
STEP = 0.7  # a rung costs at most this share of the next one
BOUNDARY = re.compile(r"\d{1,2}_[A-Za-z0-9_]+")


@dataclass(frozen=True)
class Found:
    """The generator in a file, by its published names."""

    format: str
    state: dict[str, Tensor]
    mean: Tensor | None  # [style_dim], or [n, style_dim] with a row for each style


def import_checkpoint(
    file: str | os.PathLike[str],
    name: str,
    out: str | os.PathLike[str] | None = None,
    *,
    replace: bool = False,
    draws_faces: bool = True,
) -> Path:
    """Makes a pack called `name` from a model file and returns its folder.

    `out` is the pack's folder, which will hold pack.json; without it the pack is installed for the user. A
    generator that draws faces is taken to have them where FFHQ has; for another one, pictures are edited in
    their middle square.
    PackError when the file holds no usable generator, and for what `write_pack` refuses.
    """
    path = Path(os.path.expanduser(file))
    if not PACK_NAME.fullmatch(name):
        raise PackError(f'"{name}" cannot be the name of a pack: use letters, digits, - and _, at most 64.')
    if out is None and not replace and name in list_packs():
        raise PackError(f'There is a pack called "{name}" already: choose another name.')
    try:
        network, mean, kind = load_generator(path)
    except Refused as reason:
        raise PackError(f'"{path}" {reason}.') from None
    rule = width_rule(network.channels)
    ladder = measured_ladder(network, mean, rule)
    provenance = f"Imported from {_printable(path.name)} ({kind} format, SHA-256 {file_sha256(path)})."
    return write_pack(
        user_packs_folder() / name if out is None else out,
        network,
        name=name,
        title=name,
        licence=LICENCE,
        provenance=provenance,
        mean_w=mean.numpy(),
        rule=rule,
        ratios=sorted({rung.ratio for rung in ladder if rung.ratio is not None}),
        resolutions=sorted({rung.resolution for rung in ladder}),
        ladder=ladder,
        alignment=FFHQ if draws_faces else None,
        documents={"MODEL_CARD.md": f"# {name}\n\n{provenance}\n\nLicence: {LICENCE}.\n"},
        replace=replace,
    )


def _printable(text: str) -> str:
    """The text as it can stand in pack.json: control characters and the like become question marks."""
    return "".join(character if character.isprintable() else "?" for character in text)


def load_generator(path: Path) -> tuple[Generator, Tensor, str]:
    """(generator, mean w [style_dim], format) from a model file; PackError or Refused when it holds none."""
    checkpoint = read_checkpoint(path)
    found = recognise(checkpoint.content)
    with torch.device("meta"):
        network = Generator(*_dimensions(found.state))
    # before anything is copied: tensors that share memory could claim many times the size of the file
    if sum(t.numel() * t.element_size() for t in found.state.values()) > checkpoint.file_bytes:
        raise Refused("holds tensors that claim more than the file has", "get it from its original source")
    network.load_state_dict(_complete(network, found.state), assign=True)
    network.eval().requires_grad_(False)
    return network, _mean_w(network, found.mean), found.format


# ---- what a file holds


def recognise(content: Any) -> Found:
    """The generator in a model file's content; Refused says what it is instead."""
    if not isinstance(content, dict):
        raise Refused("holds no generator", "choose a checkpoint of a StyleGAN2 or Anycost generator")
    if content and all(isinstance(name, str) and BOUNDARY.fullmatch(name) for name in content):
        raise Refused("holds edit directions, not a generator", "choose the generator's file")
    if "G_ema" in content:
        return _found_nvidia(tensors_of_network(content["G_ema"]))
    if "class_name" in content and "state" in content:
        return _found_nvidia(tensors_of_network(content))
    if "g_ema" in content:
        kind = "rosinality" if "latent_avg" in content or "args" in content else "Anycost"
        return _found(kind, _tensors(content["g_ema"]), content.get("latent_avg"))
    if isinstance(content.get("state_dict"), dict):
        inner = content["state_dict"]
        decoder = {n[8:]: t for n, t in inner.items() if isinstance(n, str) and n.startswith("decoder.")}
        if decoder:
            return _found("e4e or pSp", _tensors(decoder), content.get("latent_avg"))
        content = inner
    if any(isinstance(name, str) and name.startswith("synthesis.b") for name in content):
        return _found_nvidia(_tensors(content))
    return _found("state dict", _tensors(content), content.get("latent_avg"))


def _found_nvidia(tensors: dict[str, Tensor]) -> Found:
    _refuse_other_networks(tensors)
    return Found("NVIDIA", *from_nvidia(tensors))


def _found(kind: str, state: dict[str, Tensor], mean: Any) -> Found:
    state.pop("latent_avg", None)
    if "conv1.conv.weight" not in state:
        _refuse_other_networks(state)
        raise Refused("holds no generator", "choose a checkpoint of a StyleGAN2 or Anycost generator")
    return Found(kind, state, mean if isinstance(mean, Tensor) else None)


def _tensors(content: Any) -> dict[str, Tensor]:
    """The tensors of a state dict, or of the state dicts in it (so that other networks can be told)."""
    if not isinstance(content, dict):
        raise Refused("holds no generator", "choose a checkpoint of a StyleGAN2 or Anycost generator")
    found = {name: value for name, value in content.items() if isinstance(value, Tensor)}
    if not found:
        inner = [item for table in content.values() if isinstance(table, dict) for item in table.items()]
        found = {name: value for name, value in inner if isinstance(value, Tensor)}
    return {str(name): value for name, value in found.items()}


def _refuse_other_networks(tensors: Mapping[str, Tensor]) -> None:
    """Raises Refused for the tensors of a known network that is not a generator, or not one we can run."""
    if any(name.startswith("synthesis.L") for name in tensors):
        raise Refused("is an alias-free (StyleGAN3) generator", "choose a StyleGAN2 one")
    if "fc.weight" in tensors and "layer1.0.conv1.weight" in tensors:
        if len(tensors["fc.weight"]) == 80:
            raise Refused("is an attribute predictor, not a generator", "choose the generator's file")
        raise Refused("is an encoder, not a generator", "choose the generator's file")
    if any(name.startswith("encoder.") for name in tensors):
        raise Refused("is an encoder, not a generator", "choose the generator's file")
    if tensors.keys() & {"final_linear.0.weight", "final_conv.0.weight", "b4.fc.weight", "b4.out.weight"}:
        raise Refused("is a discriminator, not a generator", "choose the generator's file")


# ---- what its tensors say


def _dimensions(state: Mapping[str, Tensor]) -> tuple[int, list[int], int, int]:
    """(resolution, channels, style width, MLP layers) of a state dict with the published names."""
    convs = 0
    while f"convs.{convs}.conv.weight" in state:
        convs += 1
    resolution = 4 << (convs // 2) if convs < 64 else 1 << 32
    if resolution > MAX_RESOLUTION:
        raise Refused("is larger than any generator that can be drawn", "choose a smaller one")
    n_mlp = 0
    while f"style.{n_mlp + 1}.weight" in state:
        n_mlp += 1
    if not 1 <= n_mlp <= MAX_MLP:
        raise Refused(f"has a mapping network of {n_mlp} layers", f"choose a generator with 1 to {MAX_MLP}")
    layers = ["conv1", *(f"convs.{i}" for i in range(layer_count(resolution) - 2))]
    channels = [_axis(state, "input.input", 1, 4)]
    channels += [_axis(state, f"{layer}.conv.weight", 1, 5) for layer in layers]
    style_dim = _axis(state, "style.1.weight", 0, 2)
    if not 1 <= style_dim <= MAX_STYLE_DIM or min(channels) < 1 or too_large(channels):
        raise Refused("is larger than any generator that can be drawn", "choose a smaller one")
    return resolution, channels, style_dim, n_mlp


def _axis(state: Mapping[str, Tensor], name: str, axis: int, axes: int) -> int:
    if name not in state:
        raise Refused(f"lacks the tensor {name}", "get the whole file again")
    if state[name].ndim != axes:
        raise Refused(f"has {name} with a wrong shape, {list(state[name].shape)}", "get another copy")
    return state[name].shape[axis]


def _complete(network: Generator, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A float32 copy of `state` with exactly the tensors of `network`; Refused names the first wrong one."""
    expected = network.state_dict()
    for name in state:
        if name not in expected:
            raise Refused(f"has a tensor {name[:80]!r}, which no StyleGAN2 generator has", "choose another")
    complete: dict[str, Tensor] = {}
    for name, like in expected.items():
        tensor = state.get(name)
        if tensor is not None and (tensor.shape != like.shape or not tensor.is_floating_point()):
            raise Refused(
                f"has {name} as {str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)} where float "
                f"{list(like.shape)} belongs",
                "get another copy",
            )
        if name.endswith(".kernel"):
            complete[name] = fir_kernel(4)  # [4, 4]
            if tensor is not None and not torch.allclose(tensor.float(), complete[name], atol=1e-4):
                raise Refused(f"has other filter taps than 1, 3, 3, 1 ({name})", "choose another generator")
        elif tensor is not None:
            complete[name] = tensor.to(torch.float32, copy=True).contiguous()
        elif name.startswith("noises."):
            complete[name] = _noise_map(name, like.shape)
        else:
            raise Refused(f"lacks the tensor {name}", "get the whole file again")
        if not torch.isfinite(complete[name]).all():
            raise Refused(f"has values in {name} that are not numbers", "get another copy")
    return complete


def _noise_map(name: str, shape: torch.Size) -> Tensor:
    """The map for a file without one (as the earliest were), the same at every import."""
    seed = int(name.rpartition("_")[2])
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))  # [1, 1, r, r]


def _mean_w(network: Generator, mean: Tensor | None) -> Tensor:
    """The mean of w [style_dim]: the file's, or the mean of 4096 samples."""
    if mean is None:
        seeded = torch.Generator().manual_seed(0)
        z = torch.randn(4096, network.style_dim, generator=seeded)  # [4096, style_dim]
        return torch.cat([network.style(batch) for batch in z.split(256)]).double().mean(0).float()
    rows = mean if mean.ndim == 2 else mean[None]  # [1 or n_style, style_dim]
    if rows.ndim != 2 or rows.shape[1] != network.style_dim or not 1 <= len(rows) <= 64:
        raise Refused(f"has a mean latent of a wrong shape, {list(mean.shape)}", "get another copy")
    mean = rows.double().mean(0).float()
    if not torch.isfinite(mean).all():
        raise Refused("has values in its mean latent that are not numbers", "get another copy")
    return mean


def width_rule(channels: tuple[int, ...]) -> WidthRule:
    """The rule that made the full widths: capped if min(cap, base * multiplier) gives them."""
    last = channels[-1] * layer_resolution(len(channels) - 1) / BASE_WIDTH
    unlimited = [MAX_CHANNELS] * len(channels)
    # the published multiplier is 2; in a small network the cap may decide all widths, and then any will do
    for multiplier in (max(2.0, last), last):
        rule = WidthRule("capped", cap=max(channels), multiplier=multiplier)
        if rule.expand(unlimited, 1.0) == tuple(channels):
            return rule
    return WidthRule("proportional")


# ---- the ladder


@torch.inference_mode()
def measured_ladder(network: Generator, mean: Tensor, rule: WidthRule) -> list[SubGenerator]:
    """The sub-generators worth showing before the full one, cheapest first.

    A generator not trained the anycost way draws noise at other widths. So each candidate (four resolutions,
    four ratios) is compared with the full generator, and those stay that agree and are best at their cost.
    """
    z = torch.randn(SAMPLES, network.style_dim, generator=torch.Generator().manual_seed(1))  # [S, style_dim]
    w = truncate(network.style(z), mean, 0.7)  # [S, style_dim]
    w = w[:, None].repeat(1, network.n_style, 1)  # [S, n_style, style_dim]
    full = torch.cat([network(latent[None]).clamp(-1, 1) for latent in w])  # [S, 3, R, R]
    variance = max(float((full - full.mean((0, 2, 3), keepdim=True)).square().mean()), 1e-12)
    rated: list[tuple[int, float, SubGenerator]] = []
    for rung in _candidates(network, rule):
        error = 0.0
        for latent, picture in zip(w, full, strict=True):
            if error <= WORST:  # out after one picture: no need to draw another
                error += _distance(network, latent, rung, picture) / variance / SAMPLES
        rated.append((rung.macs, error, rung))
    ladder = [SubGenerator(network.resolution, network.channels, 1.0)]
    for cost, error, rung in sorted(rated, key=lambda entry: entry[0], reverse=True):
        beaten = any(other_cost <= cost and other < error for other_cost, other, _ in rated)
        if error <= WORST and not beaten and cost <= STEP * ladder[0].macs:
            ladder.insert(0, rung)
    return ladder


def _candidates(network: Generator, rule: WidthRule) -> list[SubGenerator]:
    sides = [network.resolution >> k for k in range(4) if network.resolution >> k >= 16]
    rungs = [rule.sub_generator(network.channels, side, ratio) for side in sides for ratio in RATIOS]
    dearest = STEP * macs(network.channels)
    return [rung for rung in rungs if rung.macs <= dearest]


def _distance(network: Generator, latent: Tensor, rung: SubGenerator, whole: Tensor) -> float:
    """Mean squared difference of a rung's picture, enlarged as it is shown, and the full one [3, R, R]."""
    picture = network(latent[None], rung.resolution, rung.channels).clamp(-1, 1)  # [1, 3, r, r]
    picture = F.interpolate(picture, size=whole.shape[-1], mode="bilinear", align_corners=False)
    return float((picture[0] - whole).square().mean())
