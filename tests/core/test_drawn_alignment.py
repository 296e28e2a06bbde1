"""Where a generator draws faces is read off its pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import torch

from anycost.core.faces import drawn_alignment as module
from anycost.core.faces.drawn_alignment import drawn_alignment
from anycost.core.faces.readers import readers_of
from anycost.lab.completing.alignment import STEP
from anycost.lab.completing.step import Assignment
from anycost.models.manifest import Alignment
from anycost.models.pack import BUILT_IN, Pack


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "PICTURES", 1)  # each takes a second


def found(folder: Path) -> Alignment | None:
    pack = Pack.open(folder)
    readers = readers_of(Pack.open(BUILT_IN / "portraits"))
    return drawn_alignment(pack.generator(), torch.from_numpy(pack.mean_w), readers)


@pytest.mark.slow
def test_the_default_packs_faces_are_where_it_says():
    """Its pictures were painted there, so the truth is known."""
    told, seen = Pack.open(BUILT_IN / "portraits").alignment, found(BUILT_IN / "portraits")
    assert told is not None
    assert seen is not None
    np.testing.assert_allclose([seen.eyes, seen.mouth], [told.eyes, told.mouth], atol=0.03)


def test_a_generator_that_draws_no_faces_has_no_place_for_them(tiny_pack: Path):
    assert found(tiny_pack) is None


@pytest.mark.slow
def test_a_completion_puts_a_wrong_alignment_right():
    right = Pack.open(BUILT_IN / "portraits")
    assert right.alignment is not None
    wrong = replace(right, alignment=Alignment((0.3, 0.3), (0.3, 0.6)))
    changed = STEP.run(cast(Assignment, SimpleNamespace(pack=wrong)))["alignment"]
    np.testing.assert_allclose(
        [changed.eyes, changed.mouth], [right.alignment.eyes, right.alignment.mouth], atol=0.03
    )
