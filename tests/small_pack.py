"""Packs of a few kilobytes: a generator at 8 px, and nothing that takes time to make."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from anycost.models.generator import Generator
from anycost.models.pack import Direction, write_pack
from anycost.models.widths import WidthRule


def small_pack(folder: Path, name: str = "small", seed: int = 1, sliders: Sequence[str] = ("smile",)) -> Path:
    """A pack that draws no faces; another `seed` gives other weights."""
    torch.manual_seed(seed)
    generator = Generator(8, (4, 4, 4, 4), style_dim=4, n_mlp=1)
    rule = WidthRule("proportional")
    vector = np.full((generator.n_style, generator.style_dim), seed, np.float32)
    return write_pack(
        folder,
        generator,
        name=name,
        title="Small",
        licence="MIT",
        provenance="untrained, made by the tests",
        mean_w=np.zeros(4, np.float32),
        rule=rule,
        ratios=(1.0,),
        resolutions=(8,),
        ladder=[rule.sub_generator(generator.channels, 8, 1.0)],
        alignment=None,
        directions=[Direction(slider, slider, "Test", -1.0, 1.0, vector) for slider in sliders],
        documents={"LICENSE": "MIT\n"},
    )
