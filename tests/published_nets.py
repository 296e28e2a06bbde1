"""Stand-ins for the networks that other people publish: the right names and shapes, any numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_web import published, set_catalogue
from torch import Tensor

from anycost.core.editing.perceptual import BACKBONES, lpips_trunk
from anycost.core.files.weights import CATALOGUE


def backbone(net: str) -> dict[str, Tensor]:
    """Weights for "alex" or "vgg" as torchvision names them, so that no map is all 0 or huge."""
    noise = torch.Generator().manual_seed(0)
    return {
        "features." + name.split(".", 1)[1]: _filled(empty.shape, noise)
        for name, empty in lpips_trunk(net).state_dict().items()
    }


def _filled(shape: torch.Size, noise: torch.Generator) -> Tensor:
    if len(shape) == 1:
        return torch.zeros(shape)
    return torch.randn(shape, generator=noise) * (2 / shape[1:].numel()) ** 0.5


def publish(monkeypatch: pytest.MonkeyPatch, folder: Path, states: Mapping[str, dict[str, Tensor]]) -> None:
    """Makes these the published weights of the catalogue's entries, which the user has in `folder`/data."""
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))
    entries = {known.name: known for known in CATALOGUE}
    for name, state in states.items():
        file = entries[name].files[0].name
        path = folder / "data" / "anycost" / "weights" / name / file
        path.parent.mkdir(parents=True)
        torch.save(state, path)
        entries[name] = replace(entries[name], files=(published(file, path.read_bytes()),))
    set_catalogue(monkeypatch, *entries.values())


def publish_lpips(monkeypatch: pytest.MonkeyPatch, folder: Path, *nets: str) -> None:
    """Makes stand-ins the published weights of these backbones ("alex", "vgg")."""
    publish(monkeypatch, folder, {BACKBONES[net].weights: backbone(net) for net in nets})
