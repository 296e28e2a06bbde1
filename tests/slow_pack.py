"""A pack whose last rung takes hundreds of times as long as its first, so that edits can interrupt it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from anycost.core.rendering.calibration import Timed, calibrate
from anycost.core.rendering.engines.engine import never
from anycost.core.rendering.engines.registry import ALWAYS
from anycost.models.generator import Generator
from anycost.models.layer_sizes import layer_count
from anycost.models.pack import Direction, Pack, write_pack
from anycost.models.widths import WidthRule

SIDE = 256
CHANNELS = (128,) * layer_count(SIDE)
STYLES = (layer_count(SIDE), 16)  # shape of w+
TIMES = (1.0, 300.0)  # about what the rungs take, ms


def make_slow_pack(folder: Path) -> Path:
    """An untrained pack without encoder that takes any picture for a face, with rungs at 8 px and 256 px."""
    torch.manual_seed(7)
    rule = WidthRule("proportional")
    vector = np.random.default_rng(7).normal(0, 0.5, STYLES).astype(np.float32)
    return write_pack(
        folder,
        Generator(SIDE, CHANNELS, style_dim=STYLES[1], n_mlp=2),
        name="slow",
        title="Slow",
        licence="Apache-2.0",
        provenance="untrained, made by the tests",
        mean_w=np.zeros(STYLES[1], np.float32),
        rule=rule,
        ratios=(1.0, 0.25),
        resolutions=(8, SIDE),
        ladder=[rule.sub_generator(CHANNELS, 8, 0.25), rule.sub_generator(CHANNELS, SIDE, 1.0)],
        alignment=None,
        directions=[Direction("smile", "Smile", "Test", -1.0, 1.0, vector)],
    )


def keep_times(pack: Pack) -> None:
    """Leaves a calibration in this user's cache, in which torch draws every rung: to measure takes long."""
    measured = {rung.channels: (Timed(ALWAYS, ms),) for rung, ms in zip(pack.ladder, TIMES, strict=True)}
    assert calibrate(pack, lambda what, share: None, never, measured) is not None
