"""The named controls of a world of pictures, and how a style vector sets them.

Each control is one coordinate of the normalized style vector passed through a smooth monotone map, so a
generator that starts with the same normalization can learn the world exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import torch
from torch import Tensor


@dataclass(frozen=True)
class Control:
    """One control: its range, its resting value and how it maps a standard normal to a value.

    kind is "swing" (-1..1), "level" (0..1), "share" (0..1, all values equally frequent) or "gate" (nearly
    always 0 or 1; `middle` is how often it is on). For swings and levels, `middle` moves the population's
    mean; the steeper the `slope`, the fewer values lie in between.
    """

    name: str
    kind: Literal["swing", "level", "share", "gate"]
    middle: float
    rest: float
    slope: float

    @property
    def low(self) -> float:
        return -1.0 if self.kind == "swing" else 0.0

    @property
    def high(self) -> float:
        return 1.0

    def value(self, normal: Tensor) -> Tensor:
        """Map standard normals [N] to values [N]."""
        if self.kind == "swing":
            return torch.tanh(self.slope * normal + self.middle)
        if self.kind == "level":
            return torch.sigmoid(self.slope * normal + self.middle)
        if self.kind == "share":
            return torch.special.ndtr(normal)
        threshold = NormalDist().inv_cdf(1.0 - self.middle)
        return torch.sigmoid(self.slope * (normal - threshold))


def swing(name: str, middle: float = 0.0, rest: float = 0.0, slope: float = 0.75) -> Control:
    return Control(name, "swing", middle, rest, slope)


def level(name: str, middle: float = 0.0, rest: float = 0.5, slope: float = 1.6) -> Control:
    return Control(name, "level", middle, rest, slope)


def share(name: str, rest: float = 0.5) -> Control:
    return Control(name, "share", 0.0, rest, 1.0)


def gate(name: str, frequency: float) -> Control:
    return Control(name, "gate", frequency, rest=0.0, slope=30.0)


class Controls:
    """All controls of a world, in the order of the style vector's coordinates.

    correlations: target -> {source: weight}, in the drawn population. The target's own coordinate brings the
    variance up to one, so that every frequency stays as written.
    """

    def __init__(
        self, style_dim: int, controls: Sequence[Control], correlations: Mapping[str, Mapping[str, float]]
    ):
        self.style_dim = style_dim
        self.all = tuple(controls)
        self.correlations = correlations
        self.index = {control.name: index for index, control in enumerate(self.all)}

    def values(self, z: Tensor, correlated: bool = True) -> dict[str, Tensor]:
        """Every control's value [N] for style vectors z [N, style_dim].

        correlated=False ignores the population's correlations, so each coordinate sets one control.
        """
        if z.ndim != 2 or z.shape[1] != self.style_dim:
            wanted, given = f"[N, {self.style_dim}]", list(z.shape)
            raise ValueError(f"Style vectors must have the shape {wanted}; these have {given}.")
        normals = unit(z)  # [N, style_dim]
        return {
            control.name: control.value(self._normal(normals, control, correlated)) for control in self.all
        }

    def _normal(self, normals: Tensor, control: Control, correlated: bool) -> Tensor:
        own = normals[:, self.index[control.name]]  # [N]
        sources = self.correlations.get(control.name, {}) if correlated else {}
        if not sources:
            return own
        left = 1.0 - sum(weight * weight for weight in sources.values())
        mixed = own * left**0.5
        for source, weight in sources.items():
            mixed = mixed + weight * normals[:, self.index[source]]
        return mixed

    def complete(self, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Give every missing control its resting value.

        Clamps values to each control's range. Raises ValueError for an unknown name.
        """
        unknown = sorted(set(given) - set(self.index))
        if unknown:
            raise ValueError(f"There is no control called {unknown[0]!r}; see CONTROLS for the names.")
        if not given:
            raise ValueError("Give at least one control, so that the number of portraits is known.")
        like = next(iter(given.values()))
        filled = {}
        for control in self.all:
            values = given.get(control.name)
            values = torch.full_like(like, control.rest) if values is None else values
            filled[control.name] = torch.nan_to_num(values, nan=control.rest).clamp(control.low, control.high)
        return filled


def unit(z: Tensor) -> Tensor:
    """Normalize style vectors [N, D] to a root mean square of one."""
    return z * torch.rsqrt(z.square().mean(dim=1, keepdim=True) + 1e-8)  # [N, D]
