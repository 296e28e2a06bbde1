"""Packs whose pictures are not square."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from anycost.models.generator import Generator
from anycost.models.manifest import MANIFEST, Alignment, PackError
from anycost.models.pack import Pack, write_pack
from anycost.models.widths import WidthRule


def write(folder: Path, **more: Any) -> Path:
    generator, rule = Generator(8, (4,) * 4, 6, n_mlp=1), WidthRule()
    given = {
        "name": "cars",
        "title": "Cars",
        "licence": "mine",
        "provenance": "untrained",
        "mean_w": torch.zeros(6).numpy(),
        "rule": rule,
        "ratios": (1.0,),
        "resolutions": (8,),
        "ladder": [rule.sub_generator(generator.channels, 8, 1.0)],
        "alignment": None,
    }
    return write_pack(folder, generator, **{**given, **more})


def test_a_pack_remembers_its_shape_and_says_nothing_of_squares(tmp_path: Path):
    assert Pack.open(write(tmp_path / "wide", shape=(4, 3))).shape == (4, 3)
    square = write(tmp_path / "square")
    assert Pack.open(square).shape == (1, 1)
    assert "shape" not in json.loads((square / MANIFEST).read_text())


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ([4], "two numbers, width and height"),
        ([0, 3], "whole number from 1"),
        ([4.5, 3], "whole number"),
        ([9, 2], "more than 4 times"),
        ("4:3", "must be a list"),
    ],
)
def test_shapes_that_nothing_has_are_refused(tmp_path: Path, shape: Any, said: str):
    with pytest.raises(PackError, match=said):
        write(tmp_path / "a", shape=shape) if isinstance(shape, list) else _rewritten(tmp_path, shape)


def _rewritten(folder: Path, shape: Any) -> Pack:
    made = write(folder / "a", shape=(4, 3))
    document = json.loads((made / MANIFEST).read_text())
    (made / MANIFEST).write_text(json.dumps({**document, "shape": shape}))
    return Pack.open(made)


def test_faces_have_a_square(tmp_path: Path):
    with pytest.raises(PackError, match="alignment"):
        write(tmp_path / "a", shape=(4, 3), alignment=Alignment((0.5, 0.4), (0.5, 0.7)))
