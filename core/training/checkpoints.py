"""Checkpoints that a killed run goes on from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch


def save(path: Path, state: dict[str, Any]) -> None:
    """Writes `state` beside `path` and renames it, so that a kill leaves the old or the new file, never
    half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with open(part, "wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)


def load(path: Path) -> dict[str, Any]:
    """Reads a checkpoint; it can hold tensors and plain values only, so that opening one runs no code."""
    return torch.load(path, map_location="cpu", weights_only=True)
