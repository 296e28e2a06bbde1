"""How rendered heads move when one of their controls does: exact, since nothing has to be read.

python -m anycost.lab.heads.moved_heads

It makes the file of `lab/directions/head_sliders.py`, on the default pack's resting head.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor
from tqdm import tqdm

from ...core.editing.carry.change import Head, gaze_of
from ...core.editing.carry.solid_head import HeadPose, pose_of
from ...core.files.whole_file import write_bytes
from ...models.bank import POINTS
from ...models.head_points import MESH
from ...models.pack import Pack
from ..directions.head_sliders import FILE, MEASURED
from .controls import POPULATION, UNNAMED
from .landmarks import landmarks_of
from .people import people

HEADS = 32
VARIED = ("masculine", "age", "weight", "african", "asian", "face_width", "face_length", "cheeks", "jaw",
          "nose_size", "nose_width", "eye_size", "lips", "mouth_width")  # fmt: skip
IMAGE = np.array([1.0, -1.0, -1.0])  # the world's axes in a picture: y down, z away from the viewer


class Crowd:
    """Heads of all kinds, whose expressions rest."""

    def __init__(self, heads: int, seed: int = 5) -> None:
        drawn = torch.Generator().manual_seed(seed)
        z = torch.randn(heads, POPULATION.style_dim, generator=drawn)
        varied = {name: value for name, value in POPULATION.values(z).items() if name in VARIED}
        self.controls = POPULATION.complete(varied)
        self.details = torch.randn(heads, UNNAMED, generator=drawn)

    def moved(self, resting: np.ndarray, control: str, reach: float) -> tuple[np.ndarray, np.ndarray]:
        """What moves when a control goes from 0 to `reach`, in the mean: points [468, 3] of a resting head
        one face's height high, and irises [2, 2] over the eyes' widths. Beyond the control's range it goes on
        as within."""
        if not reach:
            return np.zeros((POINTS, 3)), np.zeros((2, 2))
        value = float(np.clip(reach, -1, 1))
        before, after = (self._points({control: torch.full_like(self.details[:, 0], x)}) for x in (0, value))
        poses = [pose_of(points[:POINTS], resting) for points in before]
        reads = [
            [_read(pose, points) for pose, points in zip(poses, heads, strict=True)]
            for heads in (before, after)
        ]
        points, irises = (
            np.mean([then[part] - now[part] for now, then in zip(*reads, strict=True)], axis=0)
            for part in (0, 1)
        )
        return reach / value * points, reach / value * irises

    def _points(self, changed: Mapping[str, Tensor]) -> np.ndarray:
        """The landmarks of all heads as a picture without perspective shows them, [N, 546, 3]."""
        return landmarks_of(people({**self.controls, **changed}, self.details)).double().numpy() * IMAGE


def _read(pose: HeadPose, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The resting head's points [468, 3], and where its irises are, [2, 2]."""
    resting = pose.resting(points)
    irises = resting[POINTS:MESH, :2].reshape(2, 5, 2)
    return resting[:POINTS], gaze_of(Head(resting[:POINTS], irises))


def slider_tensors(resting: np.ndarray, heads: int = HEADS) -> dict[str, np.ndarray]:
    """The tensors of `FILE`: of each slider at its low and its high end "moves" [2, 468, 3] and "gaze"
    [2, 2, 2], on a resting head [468, 3]."""
    crowd, tensors = Crowd(heads), {}
    for slider in tqdm(MEASURED, unit="slider"):
        ends = [crowd.moved(resting, slider.control, reach) for reach in (slider.low, slider.high)]
        tensors[f"{slider.name}/moves"], tensors[f"{slider.name}/gaze"] = map(
            np.stack, zip(*ends, strict=True)
        )
    return tensors


def main() -> None:
    bank = Pack.open("portraits").bank
    assert bank is not None
    found = slider_tensors(bank.resting)
    write_bytes(FILE, save({name: torch.from_numpy(array).half() for name, array in found.items()}))


if __name__ == "__main__":
    main()
