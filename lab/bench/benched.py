"""What a bench measures: a generator and its sub-generators, from a pack or of the paper's size."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ...core.errors import CoreError
from ...models.generator import Generator, StyledConv, truncate
from ...models.layer_sizes import layer_count, layer_resolution
from ...models.pack import Pack
from ...models.widths import SubGenerator, WidthRule

RESOLUTIONS = (128, 256, 512, 1024)  # px, as in the paper
RATIOS = (1.0, 0.75, 0.5, 0.25)
CONFIG_F = 32768  # a layer has this number over its side channels, at most 512
SOME_OF_CONFIG_F = "1024@1,1024@0.5,1024@0.25,256@0.5,128@0.5"  # a few minutes on a slow CPU
NOISE_STRENGTH = 0.1  # not zero, which would skip the work
PSI = 0.7  # truncation of the latents
SEED = 1


@dataclass(frozen=True, eq=False)
class Benched:
    """A generator with its rungs, cheapest first; the last is the full generator.

    `mean_w` is [style_dim]; `folder` is the pack's, and `key` identifies the weights. config-F has neither,
    because its weights are not stored.
    """

    title: str
    generator: Generator
    mean_w: Tensor
    rungs: tuple[SubGenerator, ...]
    folder: Path | None = None
    key: str | None = None

    @torch.inference_mode()
    def latents(self, count: int) -> Tensor:
        """w+ [count, n_style, style_dim] of random faces, equal in every process."""
        z = torch.randn(count, self.generator.style_dim, generator=torch.Generator().manual_seed(SEED))
        w = truncate(self.generator.style(z), self.mean_w, PSI)  # [N, D]
        return w[:, None].repeat(1, self.generator.n_style, 1)


def of_pack(pack: Pack) -> Benched:
    """A pack's generator and ladder."""
    return Benched(
        pack.title,
        pack.generator(),
        torch.from_numpy(pack.mean_w),
        pack.ladder,
        pack.folder.resolve(),
        pack.files[pack.generator_file],
    )


def config_f() -> Benched:
    """StyleGAN2's config-F at 1024 px, random weights (120 MB), with the paper's ratios and resolutions."""
    top = RESOLUTIONS[-1]
    widths = [min(512, CONFIG_F // layer_resolution(i)) for i in range(layer_count(top))]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        generator = Generator(top, widths).eval().requires_grad_(False)
    for layer in generator.modules():
        if isinstance(layer, StyledConv):
            layer.noise.weight.fill_(NOISE_STRENGTH)
    rule = WidthRule("proportional")
    rungs = [rule.sub_generator(widths, side, ratio) for side in RESOLUTIONS for ratio in RATIOS]
    rungs.sort(key=lambda rung: rung.macs)
    return Benched(f"config-F at {top} px, random weights", generator, torch.zeros(512), tuple(rungs))


def places_of(network: Benched, text: str) -> list[int]:
    """Places of the rungs in `text` among the network's: "all", or names like "1024@1,256@0.25,128@own".

    Always includes the full rung. CoreError "bad-value" for a rung that the network does not have.
    """
    names = [_name(rung) for rung in network.rungs]
    wanted = set(names if text == "all" else map(_normal, text.split(",")))
    unknown = sorted(wanted.difference(names))
    if unknown:
        have = ", ".join(dict.fromkeys(names))
        raise CoreError("bad-value", f'There is no rung "{unknown[0]}": choose from {have}, or all.')
    full = len(names) - 1
    return [place for place, name in enumerate(names) if name in wanted or place == full]


def _name(rung: SubGenerator) -> str:
    return f"{rung.resolution}@" + ("own" if rung.ratio is None else f"{rung.ratio:g}")


def _normal(name: str) -> str:
    """Respell the name's numbers as `_name` does; other texts stay unchanged."""
    side, _, ratio = name.strip().partition("@")
    try:
        return f"{int(side)}@" + ("own" if ratio == "own" else f"{float(ratio):g}")
    except ValueError:
        return name.strip()
