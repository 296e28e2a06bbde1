"""Anycost's published attribute predictor judges pictures while directions are fitted."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from foreign_files import published_state, resnet_state

from anycost.core.errors import CoreError
from anycost.lab.directions.range import summary
from anycost.lab.networks.attribute_predictor import CELEBA, load_predictor

FIRST, LAST = CELEBA.index("5_o_Clock_Shadow"), CELEBA.index("Young")


def test_it_reads_the_probability_of_the_second_of_two_outputs(tmp_path: Path) -> None:
    state = resnet_state(80) | {"fc.weight": torch.zeros(80, 24)}
    state["fc.bias"] = torch.linspace(-3, 3, 80).square()
    torch.save({"state_dict": state}, tmp_path / "predictor.pt")
    predictor = load_predictor(tmp_path / "predictor.pt")
    read = predictor(torch.rand(2, 3, 32, 32) * 2 - 1)
    without, present = state["fc.bias"].double().view(40, 2).unbind(1)
    wanted = 1 / (1 + torch.exp(without - present))
    torch.testing.assert_close(read.double(), wanted.expand(2, 40), atol=1e-5, rtol=1e-5)
    assert (FIRST, LAST, len(set(CELEBA))) == (0, 39, 40)


def test_pictures_of_any_size_are_read_as_at_256_px(tmp_path: Path) -> None:
    torch.save(
        {"state_dict": {f"module.{n}": t for n, t in resnet_state(80).items()}}, tmp_path / "predictor.pt"
    )
    predictor = load_predictor(tmp_path / "predictor.pt")
    column = torch.linspace(-1, 1, 256).view(1, 1, 1, -1).expand(1, 3, 256, -1)
    small = torch.linspace(-1, 1, 64).view(1, 1, 1, -1).expand(1, 3, 64, -1)  # the corners keep their places
    torch.testing.assert_close(predictor(small), predictor(column), atol=1e-3, rtol=1e-3)
    assert summary(predictor.maps(small)).shape == (1, 12 + 16 + 40)


def test_another_file_is_refused(tmp_path: Path) -> None:
    for content in (published_state((4,) * 4), resnet_state(96) | {"mean_latent": torch.zeros(16)}):
        torch.save({"state_dict": content}, tmp_path / "other.pt")
        with pytest.raises(
            CoreError, match="holds no attribute predictor: choose a ResNet-50 with 80 outputs"
        ):
            load_predictor(tmp_path / "other.pt")
