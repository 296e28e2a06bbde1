"""Makes a pack from a StyleGAN2 or Anycost generator file that a user has.

Only the tensors tell what a file holds, never its name. docs/packs.md lists the formats and what is refused.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ..drawing_cost import too_costly
from ..generator import Generator, fir_kernel, truncate
from ..layer_sizes import layer_count, layer_resolution
from ..macs import macs
from ..manifest import MAX_CHANNELS, MAX_MLP, MAX_RESOLUTION, MAX_STYLE_DIM, PACK_NAME
from ..pack import (
    Alignment,
    Direction,
    PackError,
    check_target,
    file_sha256,
    list_packs,
    user_packs_folder,
    write_pack,
)
from ..widths import BASE_WIDTH, SubGenerator, WidthRule
from .kinds import ModelFile
from .strict import axis, check_memory, checked
from .unpickle import Refused

# The FFHQ recipe crops a square whose half side is 1.8 times the distance from the eyes' midpoint to the
# mouth (or 2 times the distance between the eyes, if that is more) around a point 0.1 of it below the eyes.
FFHQ = Alignment(eyes=(0.5, 0.5 - 0.1 / 3.6), mouth=(0.5, 0.5 + 0.9 / 3.6))
LICENCE = "unknown: see where you got the file"
RATIOS = (1.0, 0.75, 0.5, 0.25)
SAMPLES = 2  # pictures on which a rung is compared with the full generator
WORST = 0.25  # squared error of a rung that is kept, at most, as a share of the pictures' variance
STEP = 0.7  # a rung costs at most this share of the next one


@dataclass(frozen=True, eq=False)
class ImportedGenerator:
    """The generator of a file, ready to draw: its mean of w [style_dim], and where it comes from."""

    network: Generator
    mean: Tensor
    provenance: str


def import_checkpoint(
    file: str | os.PathLike[str],
    name: str,
    out: str | os.PathLike[str] | None = None,
    *,
    replace: bool = False,
    draws_faces: bool = True,
) -> Path:
    """Makes a pack called `name` from a generator's file alone and returns its folder; `write_imported` says
    how. PackError when the file holds no usable generator."""
    check_name(name, out, replace)
    source = read_generator(ModelFile.open(Path(os.path.expanduser(file))))
    return write_imported(source, name, out, replace=replace, draws_faces=draws_faces)


def check_name(name: str, out: str | os.PathLike[str] | None, replace: bool = False) -> None:
    """PackError when a pack of that name cannot be written."""
    if not PACK_NAME.fullmatch(name):
        raise PackError(f'"{name}" cannot be the name of a pack: use letters, digits, - and _, at most 64.')
    if out is not None:
        check_target(out, replace)
    elif not replace and name in list_packs():
        raise PackError(f'There is a pack called "{name}" already: choose another name.')


def read_generator(file: ModelFile) -> ImportedGenerator:
    """The generator in a file; PackError when it holds none that can be used."""
    try:
        network, mean, kind = _load(file)
    except Refused as reason:
        raise PackError(f'"{file.path}" {reason}.') from None
    provenance = f"Imported from {described(file.path, kind)}."
    return ImportedGenerator(network, mean, provenance)


def described(path: Path, kind: str) -> str:
    """A file as a pack's provenance names it."""
    return f"{_printable(path.name)} ({kind} format, SHA-256 {file_sha256(path)})"


def write_imported(
    source: ImportedGenerator,
    name: str,
    out: str | os.PathLike[str] | None = None,
    *,
    encoder: tuple[Path, int] | None = None,
    directions: Sequence[Direction] = (),
    more: str = "",
    replace: bool = False,
    draws_faces: bool = True,
    shape: tuple[int, int] = (1, 1),
) -> Path:
    """Writes a pack with an imported generator and what belongs to it; returns its folder.

    `out` is the pack's folder, which will hold pack.json; without it the pack is installed for the user. A
    generator that draws faces is taken to have them where FFHQ has; for another one, pictures are edited in
    their middle. `shape` is width to height of what it draws, if that is no square. `more` is what provenance
    says beyond the generator. PackError as for `write_pack`.
    """
    network, provenance = source.network, source.provenance + more
    rule = width_rule(network.channels)
    ladder = measured_ladder(network, source.mean, rule)
    return write_pack(
        user_packs_folder() / name if out is None else out,
        network,
        name=name,
        title=name,
        licence=LICENCE,
        provenance=provenance,
        mean_w=source.mean.numpy(),
        rule=rule,
        ratios=sorted({rung.ratio for rung in ladder if rung.ratio is not None}),
        resolutions=sorted({rung.resolution for rung in ladder}),
        ladder=ladder,
        alignment=FFHQ if draws_faces else None,
        shape=shape,
        encoder=encoder,
        directions=directions,
        documents={"MODEL_CARD.md": f"# {name}\n\n{provenance}\n\nLicence: {LICENCE}.\n"},
        replace=replace,
    )


def _printable(text: str) -> str:
    """The text as it can stand in pack.json: control characters and the like become question marks."""
    return "".join(character if character.isprintable() else "?" for character in text)


def load_generator(path: Path) -> tuple[Generator, Tensor, str]:
    """(generator, mean w [style_dim], format) from a model file; PackError or Refused when it holds none."""
    return _load(ModelFile.open(path))


def _load(file: ModelFile) -> tuple[Generator, Tensor, str]:
    found = file.generator()
    with torch.device("meta"):
        network = Generator(*_dimensions(found.state))
    check_memory(found.state, file.checkpoint.file_bytes)
    network.load_state_dict(_complete(network, found.state), assign=True)
    network.eval().requires_grad_(False)
    return network, _mean_w(network, found.mean), found.format


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
    _check_pictures(state)
    layers = ["conv1", *(f"convs.{i}" for i in range(layer_count(resolution) - 2))]
    channels = [axis(state, "input.input", 1, 4)]
    channels += [axis(state, f"{layer}.conv.weight", 1, 5) for layer in layers]
    style_dim = axis(state, "style.1.weight", 0, 2)
    if not 1 <= style_dim <= MAX_STYLE_DIM or not 1 <= min(channels) <= max(channels) <= MAX_CHANNELS:
        raise Refused("is larger than any generator that can be drawn", "choose a smaller one")
    if why := too_costly(channels):
        raise Refused(*why.split(": "))
    return resolution, channels, style_dim, n_mlp


def _check_pictures(state: Mapping[str, Tensor]) -> None:
    """Refuses generators of pictures that are not square or not RGB."""
    high, wide = (axis(state, "input.input", which, 4) for which in (2, 3))
    if high != wide:
        shape = f"{wide} x {high} at its smallest"
        raise Refused(f"draws pictures that are not square ({shape})", "choose a generator of square ones")
    if high != 4:
        raise Refused(f"begins at {high} px instead of 4", "choose a StyleGAN2 or Anycost generator")
    colours = axis(state, "to_rgb1.conv.weight", 1, 5)
    if colours != 3:
        what = {1: "grey pictures", 4: "pictures with an alpha channel"}.get(colours, f"{colours} channels")
        raise Refused(f"draws {what}, not RGB ones", "choose a generator of colour pictures")


def _complete(network: Generator, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A float32 copy of `state` with exactly the tensors of `network`; Refused names the first wrong one."""
    expected = network.state_dict()
    for name in state:
        if name not in expected:
            raise Refused(f"has a tensor {name[:80]!r}, which no StyleGAN2 generator has", "choose another")
    complete: dict[str, Tensor] = {}
    for name, like in expected.items():
        if name.endswith(".kernel"):
            complete[name] = _kernel(name, state.get(name))
        elif name.startswith("noises.") and name not in state:
            complete[name] = _noise_map(name, like.shape)
        else:
            complete[name] = checked(name, state.get(name), like)
    return complete


def _kernel(name: str, tensor: Tensor | None) -> Tensor:
    """The FIR filter, made anew; Refused when the file has another one."""
    kernel = fir_kernel(4)  # [4, 4]
    if tensor is not None and (
        tensor.shape != kernel.shape or not torch.allclose(tensor.float(), kernel, atol=1e-4)
    ):
        raise Refused(f"has other filter taps than 1, 3, 3, 1 ({name})", "choose another generator")
    return kernel


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
        reason = f"has a mean latent {list(mean.shape)} for styles of {network.style_dim} values"
        raise Refused(reason, "choose another")
    mean = rows.double().mean(0).float()
    if not torch.isfinite(mean).all():
        raise Refused("has values in its mean latent that are not numbers", "get the file again")
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
    rated = _rated(network, rule, w, full)
    ladder = [SubGenerator(network.resolution, network.channels, 1.0)]
    for error, rung in sorted(rated, key=lambda entry: (-entry[1].macs, entry[1].ratio)):
        beaten = any(other_rung.macs <= rung.macs and other < error for other, other_rung in rated)
        if error <= WORST and not beaten and rung.macs <= STEP * ladder[0].macs:
            ladder.insert(0, rung)
    return ladder


def _rated(network: Generator, rule: WidthRule, w: Tensor, full: Tensor) -> list[tuple[float, SubGenerator]]:
    """The candidates with their errors, from the lowest resolution up. A ratio whose width alone costs too
    much at one resolution is not tried at a higher one, where pictures take the longest."""
    variance = max(float((full - full.mean((0, 2, 3), keepdim=True)).square().mean()), 1e-12)
    rated: list[tuple[float, SubGenerator]] = []
    useless: set[float] = set()
    for side in _sides(network):
        blur = 0.0  # the error of the full width at this resolution
        for ratio in RATIOS:
            rung = rule.sub_generator(network.channels, side, ratio)
            if ratio in useless or rung.macs > STEP * macs(network.channels):
                continue
            error = 0.0
            for latent, picture in zip(w, full, strict=True):
                if error <= WORST:  # out after one picture: no need to draw another
                    error += _distance(network, latent, rung, picture) / variance / SAMPLES
            rated.append((error, rung))
            if ratio == 1.0:
                blur = error
            elif error > blur + WORST:
                useless.add(ratio)
    return rated


def _sides(network: Generator) -> list[int]:
    return [network.resolution >> k for k in range(3, -1, -1) if network.resolution >> k >= 16]


def _distance(network: Generator, latent: Tensor, rung: SubGenerator, whole: Tensor) -> float:
    """Mean squared difference of a rung's picture, enlarged as it is shown, and the full one [3, R, R]."""
    picture = network(latent[None], rung.resolution, rung.channels).clamp(-1, 1)  # [1, 3, r, r]
    picture = F.interpolate(picture, size=whole.shape[-1], mode="bilinear", align_corners=False)
    return float((picture[0] - whole).square().mean())
