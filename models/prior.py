"""Draws latents from the prior."""

from __future__ import annotations

import torch
from torch import Tensor

from .generator import truncate
from .pack import Pack

PSI = 0.7  # truncation of drawn latents


def seeded(pack: Pack, seed: int) -> Tensor:
    """One truncated latent [1, n_style, style_dim]; equal seeds give equal latents."""
    z = torch.randn(1, pack.style_dim, generator=torch.Generator().manual_seed(seed))  # [1, D]
    with torch.inference_mode():
        w = truncate(pack.generator().style(z), torch.from_numpy(pack.mean_w), PSI)  # [1, D]
    return w[:, None].repeat(1, pack.n_style, 1)
