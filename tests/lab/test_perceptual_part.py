"""The perceptual part of Eq. 5 and 6 by the name that settings give it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from published_nets import publish_lpips
from safetensors.torch import save_file

from anycost.core.editing.perceptual import lpips_measure
from anycost.core.errors import CoreError
from anycost.core.files.torch_cache import at_hand
from anycost.lab.networks.perceptual_part import perceptual
from anycost.models.features import Features, load_features


def test_a_file_names_an_attribute_network(tmp_path: Path):
    path = tmp_path / "features.safetensors"
    save_file(Features(4, (8, 8, 16)).state_dict(), path)
    a, b = torch.rand(2, 3, 3, 32, 32) * 2 - 1
    torch.testing.assert_close(perceptual(str(path)).distance(a, b), load_features(path).distance(a, b))


def test_lpips_is_a_loss_for_both_of_two_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    publish_lpips(monkeypatch, tmp_path, "alex")
    network, measure = perceptual("lpips-alex"), lpips_measure("alex", at_hand("alexnet") or Path())
    a, b = torch.rand(2, 3, 3, 16, 16).mul(2).sub(1).requires_grad_()
    distance = network.distance(a, b)
    torch.testing.assert_close(distance, measure.apart(a, b))
    assert distance.shape == (3,)
    gradients = torch.autograd.grad(distance.sum(), (a, b))
    assert all(g.isfinite().all() and g.abs().sum() > 0 for g in gradients)
    before = distance.sum()
    assert network.distance(a - 0.01 * gradients[0] / gradients[0].abs().max(), b).sum() < before


def test_what_is_not_here_is_told_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(CoreError, match="lpips-vgg needs the weights of VGG: run `anycost weights get vgg`"):
        perceptual("lpips-vgg")
    (tmp_path / "page").write_text("<html>")
    for name in ("lpips", str(tmp_path / "page"), str(tmp_path)):
        with pytest.raises(CoreError, match="cannot be read as an attribute network"):
            perceptual(name)
