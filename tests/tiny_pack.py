"""A small pack with everything a pack can have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from anycost.lab.networks.export import export_encoder, export_finder
from anycost.models.encoder import Encoder
from anycost.models.features import Features
from anycost.models.finder import Finder
from anycost.models.generator import Generator
from anycost.models.manifest import Alignment
from anycost.models.pack import Direction, write_pack
from anycost.models.widths import WidthRule


def make_tiny_pack(folder: Path) -> Path:
    """A complete pack of untrained networks at 32 px: everything runs, nothing looks like a face."""
    torch.manual_seed(7)
    generator = Generator(32, (24, 24, 24, 24, 16, 16, 16, 16), style_dim=16, n_mlp=2)
    rule = WidthRule("proportional")
    with torch.no_grad():
        mean_w = generator.style(torch.randn(512, 16)).mean(0)
    parts = folder.parent / f"{folder.name}-parts"
    parts.mkdir(parents=True)
    export_encoder(Encoder(64, generator.n_style, mean_w, (8, 8, 16, 16)), 64, parts / "encoder.onnx")
    export_finder(Finder(8), parts / "finder.onnx")
    rungs = [
        rule.sub_generator(generator.channels, side, ratio)
        for side, ratio in ((8, 0.25), (16, 0.5), (32, 1.0))
    ]
    rng = np.random.default_rng(7)
    shape = (generator.n_style, generator.style_dim)
    directions = [
        Direction(name, label, "Test", -1.0, 1.0, rng.normal(0, 0.5, shape).astype(np.float32))
        for name, label in (("smile", "Smile"), ("age", "Age"))
    ]
    return write_pack(
        folder,
        generator,
        name=folder.name,
        title="Tiny",
        licence="Apache-2.0",
        provenance="untrained, made by the tests",
        mean_w=mean_w.numpy(),
        rule=rule,
        ratios=(1.0, 0.5, 0.25),
        resolutions=(8, 16, 32),
        ladder=rungs,
        alignment=Alignment(eyes=(0.5, 0.46), mouth=(0.5, 0.66)),
        directions=directions,
        encoder=(parts / "encoder.onnx", 64),
        finder=(parts / "finder.onnx", 64),
        features=Features(4, (8, 8, 16, 16)),
        documents={"MODEL_CARD.md": "# Tiny\n\nUntrained.\n"},
    )
