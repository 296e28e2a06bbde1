"""Says what a file holds: a generator, an encoder, an attribute predictor, directions, or something else.

Only names and shapes of tensors tell, never the file's name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import Tensor

from ..manifest import PackError
from . import psp_encoder, resnet
from .containers import Checkpoint, read_checkpoint
from .remap import from_nvidia
from .tables import Root, Table, beside, roots_of, tables_in, tensor_in
from .unpickle import Foreign, Refused

PUBLISHED, NVIDIA = "conv1.conv.weight", "synthesis.b4.conv1.weight"
CELEBA_OUTPUTS = 80  # two for each attribute
BOUNDARY = re.compile(r"\d{1,2}_[A-Za-z0-9_]+")
LEAST_WIDTH = 16  # of a lone vector that can be a direction
FOR_EDITS = "give it beside the generator's file, with --directions"
FOR_START = "give it beside the generator's file, with --encoder"
TO_DIRECTIONS = "give it to `anycost directions --reader`"
TO_GENERATOR = "choose the generator's file"
OTHERS = (  # what tensors' names say of other networks: pattern, what the file is, what to do
    (r"synthesis\.L\d", "is an alias-free (StyleGAN3) generator", "choose a StyleGAN2 one"),
    (r"lora_(up|down|A|B)\b", "is a LoRA of a diffusion model", TO_GENERATOR),
    (
        r"model\.diffusion_model\.|down_blocks\.0\.resnets|input_blocks\.0\.0\.|double_blocks\.0\.|"
        r"transformer_blocks\.0\.",
        "is a diffusion model, which cannot be edited with sliders here",
        "choose a StyleGAN2 or Anycost generator",
    ),
    (
        r"quant_conv\.weight|encoder\.conv_in\.weight|decoder\.conv_in\.weight|decoder\.mid\.block_1",
        "is a VAE of a diffusion model, not a generator",
        "choose a StyleGAN2 or Anycost generator",
    ),
    (
        r"generator\.progression\.|progression\.0\.conv1|synthesis\.blocks\.4x4",
        "is a generator of the first StyleGAN",
        "choose a StyleGAN2 one",
    ),
    (
        r"(^|\.)(final_linear\.0\.weight|final_conv\.0\.weight|b4\.fc\.weight|b4\.out\.weight)$",
        "is a discriminator, not a generator",
        "choose the file that holds both, or the generator's",
    ),
    (
        r"input_layer\.0\.weight$",
        "has an encoder of another kind than e4e's and pSp's",
        "choose an e4e or pSp file",
    ),
    (r"(^|\.)encoder\.", "is an encoder, not a generator", TO_GENERATOR),
)


@dataclass(frozen=True, eq=False)
class FoundGenerator:
    """The generator in a file, by its published names."""

    format: str
    state: dict[str, Tensor]
    mean: Tensor | None  # [style_dim], or [n, style_dim] with a row for each style


@dataclass(frozen=True, eq=False)
class ModelFile:
    """A file's content and what is in it; the first look at each part may raise Refused."""

    path: Path
    checkpoint: Checkpoint

    @classmethod
    def open(cls, path: Path) -> ModelFile:
        """Reads a file as data. PackError when it cannot be."""
        return cls(path, read_checkpoint(path))

    @cached_property
    def tables(self) -> list[Table]:
        return tables_in(self.checkpoint.content)

    @cached_property
    def generator_root(self) -> Root | None:
        """The generator that counts: an average of the weights, where the file has one."""
        found = roots_of(self.tables, PUBLISHED) + roots_of(self.tables, NVIDIA)
        return found[0] if found else None

    @cached_property
    def psp_root(self) -> Root | None:
        """The encoder of an e4e or pSp file."""
        return next(iter(roots_of(self.tables, *psp_encoder.MARKS)), None)

    @cached_property
    def resnet_root(self) -> Root | None:
        """A published Anycost encoder or attribute predictor."""
        return next(iter(roots_of(self.tables, *resnet.MARKS)), None)

    @property
    def has_encoder(self) -> bool:
        return self.psp_root is not None or (self.resnet_root is not None and not self.is_predictor)

    @property
    def has_unknown_encoder(self) -> bool:
        """Whether tensors are called an encoder's, and are not e4e's or pSp's."""
        names = (name for table in self.tables for name in table.tensors)
        return self.psp_root is None and any(re.search(r"(^|\.)encoder\.", name) for name in names)

    @property
    def is_predictor(self) -> bool:
        """Whether it is an attribute predictor: like Anycost's encoder, but with no mean latent."""
        root = self.resnet_root
        if root is None or beside(self.tables, root, "mean_latent") is not None:
            return False
        return len(root.tensors["fc.weight"]) == CELEBA_OUTPUTS

    @cached_property
    def lone(self) -> Tensor | None:
        """The one tensor that the file is, if it is no more."""
        return tensor_in(self.checkpoint.content)

    def setting(self, name: str) -> Any:
        """A value of the training program's settings ("opts" or "args"); None where the file has none."""
        content = self.checkpoint.content
        for key in ("opts", "args"):
            settings = content.get(key) if isinstance(content, dict) else None
            entries = settings.attributes if isinstance(settings, Foreign) else settings
            if isinstance(entries, Mapping) and name in entries:
                return entries[name]
        return None

    def generator(self) -> FoundGenerator:
        """The generator in it; Refused says what it is instead."""
        root = self.generator_root
        if root is None:
            raise self.no_generator()
        if NVIDIA in root.tensors:
            return FoundGenerator("NVIDIA", *from_nvidia(root.tensors))
        state = {name: tensor for name, tensor in root.tensors.items() if name != "latent_avg"}
        return FoundGenerator(self._format(root), state, beside(self.tables, root, "latent_avg"))

    def _format(self, root: Root) -> str:
        if root.prefix.endswith("decoder."):
            return "e4e or pSp"
        if "g_ema" not in root.name:
            return "state dict"
        content = self.checkpoint.content
        more = {"latent_avg", "args"} & content.keys() if isinstance(content, dict) else ()
        return "rosinality" if more else "Anycost"

    def no_generator(self) -> Refused:
        """Says what a file without a generator holds, as far as its names tell."""
        if self.psp_root is not None or (self.resnet_root is not None and not self.is_predictor):
            return Refused("is an encoder, not a generator", FOR_START)
        if self.is_predictor:
            return Refused("is an attribute predictor, not a generator", TO_DIRECTIONS)
        if self.holds_directions():
            return Refused("holds edit directions, not a generator", FOR_EDITS)
        advice = "choose a checkpoint of a StyleGAN2 or Anycost generator"
        return self.other() or Refused("holds no generator", advice)

    def other(self) -> Refused | None:
        """What another known network is, by its tensors' names."""
        names = [".".join([*table.path, name]) for table in self.tables for name in table.tensors]
        for pattern, what, advice in OTHERS:
            if any(re.search(pattern, name) for name in names):
                return Refused(what, advice)
        return None

    def holds_directions(self) -> bool:
        """Whether it looks like directions, before it is known for which generator."""
        if self.lone is not None:
            return self.lone.ndim > 0 and self.lone.shape[-1] >= LEAST_WIDTH and self.lone.numel() <= 1 << 20
        tables = self.tables
        if len(tables) != 1:
            return False
        names = tables[0].tensors
        return bool({"comp", "lat_comp"} & names.keys()) or all(map(BOUNDARY.fullmatch, names))


def look_into(path: str) -> None:
    """Reads a file and finds the tables in it; PackError when it cannot be read."""
    try:
        _ = ModelFile.open(Path(path)).tables
    except Refused as reason:
        raise PackError(f'"{path}" {reason}.') from None
