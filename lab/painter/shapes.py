"""Small analytic shapes and colour helpers, all batched."""

from collections.abc import Sequence

import torch
from torch import Tensor


def cover(distance: Tensor, softness: "float | Tensor") -> Tensor:
    """Share of a pixel inside a shape, from its signed distance (negative inside) in the softness's unit."""
    return (0.5 - distance / softness).clamp_(0.0, 1.0)


def bump(value: Tensor, width: "float | Tensor") -> Tensor:
    """Gaussian exp(-(value / width)^2)."""
    return torch.exp(-(value / width).square())


def soft_max(a: Tensor, b: Tensor, width: float) -> Tensor:
    """Maximum of two distances, with a rounded corner of this width."""
    h = (width - (a - b).abs()).clamp_(min=0.0)
    return torch.maximum(a, b) + h * h * (0.25 / width)


def nowhere(gate: Tensor) -> bool:
    """True on a CPU if no portrait shows what the gate opens; a GPU paints it rather than wait to know."""
    return gate.device.type == "cpu" and bool((gate < 1e-5).all())


def mix(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    return a + (b - a) * t


def rgb(*values: float, like: Tensor) -> Tensor:
    """A 0..255 colour as [1, 3, 1, 1] in 0..1."""
    return torch.tensor(values, dtype=like.dtype, device=like.device).view(1, 3, 1, 1) / 255.0


def ramp(position: Tensor, stops: "Sequence[tuple[float, float, float]]") -> Tensor:
    """Colours [N, 3, 1, 1] at positions [N, 1, 1] (0..1) along evenly spaced 0..255 stops."""
    table = torch.tensor(stops, dtype=position.dtype, device=position.device) / 255.0  # [S, 3]
    place = position.reshape(-1, 1) * (len(stops) - 1)  # [N, 1]
    knots = torch.arange(len(stops), dtype=position.dtype, device=position.device)  # [S]
    weight = (1.0 - (place - knots).abs()).clamp_(min=0.0)  # [N, S]
    return (weight @ table).view(-1, 3, 1, 1)


def chroma(lightness: Tensor, red: Tensor, yellow: Tensor) -> Tensor:
    """Colour [N, 3, 1, 1] from lightness and two opponent axes, each [N, 1, 1]."""
    r = lightness + 0.62 * red + 0.30 * yellow
    g = lightness - 0.30 * red + 0.14 * yellow
    b = lightness + 0.06 * red - 0.62 * yellow
    return torch.stack([r, g, b], dim=1).clamp_(0.02, 0.98)  # [N, 3, 1, 1]
