"""LPIPS by published weights: where they are found, what it measures, and on which device."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from published_nets import backbone, publish, publish_lpips

from anycost.core.editing.perceptual import (
    BACKBONES,
    best_measure,
    from_features,
    import_lpips,
    lpips_at_hand,
    lpips_measure,
    lpips_trunk,
)
from anycost.core.files.torch_cache import at_hand
from anycost.models.features import Features
from anycost.models.pack import Pack


@pytest.fixture(scope="module", params=["alex", "vgg"])
def net(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def file(net: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp(net) / "backbone.pth"
    torch.save(backbone(net), path)
    return path


@pytest.mark.filterwarnings("ignore")  # lpips uses old names of torchvision's arguments
def test_embedded_apart_pictures_have_the_distance_that_lpips_computes(net: str, file: Path):
    lpips = import_lpips()
    with torch.device("meta"):
        reference = lpips.LPIPS(net=net, pnet_rand=True, pretrained=False, verbose=False)
    reference.scaling_layer = lpips.ScalingLayer()
    weights = torch.load(file, weights_only=True)
    named = {name: weights["features." + name.split(".", 1)[1]] for name in lpips_trunk(net).state_dict()}
    reference.net.load_state_dict(named, assign=True)
    table = Path(lpips.__file__).parent / "weights" / "v0.1" / f"{net}.pth"
    reference.load_state_dict(torch.load(table, "cpu", weights_only=True), strict=False, assign=True)
    measure = lpips_measure(net, file)
    a, b = torch.rand(2, 2, 3, 48, 48) * 2 - 1
    with torch.no_grad():
        expected = reference.eval()(a, b).flatten()
        torch.testing.assert_close(measure.apart(a, b), expected, rtol=1e-4, atol=1e-6)
        mean = measure.distance(measure.embed(a), measure.embed(b))
    torch.testing.assert_close(mean, expected.mean(), rtol=1e-4, atol=1e-6)


def test_pictures_of_any_size_are_compared(net: str, file: Path):
    """A pack's lowest rungs draw 8 px, less than the convolutions can take."""
    measure = lpips_measure(net, file)
    for side in (8, 16, 40, *([300] if net == "alex" else [])):
        a, b = torch.rand(2, 1, 3, side, side) * 2 - 1
        assert 0 < measure.apart(a, b) < 10
        assert measure.apart(a, a) == 0


def test_every_network_of_a_measure_moves_to_the_pictures_device(net: str, file: Path):
    """Mixing devices is an error on "meta" too, so nothing can have stayed behind."""
    away = torch.device("meta")
    for measure in (lpips_measure(net, file), from_features(Features(4, (8, 8, 16)))):
        maps = measure.to(away).embed(torch.empty(1, 3, 64, 64, device=away))
        assert {m.device for m in maps} == {away}


def test_alexnet_is_preferred_and_each_can_be_asked_for(
    tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pack = Pack.open(tiny_pack)
    assert best_measure(pack).name == "the pack's own features"
    publish_lpips(monkeypatch, tmp_path, "alex", "vgg")
    assert best_measure(pack).name == "LPIPS (AlexNet)"
    vgg = lpips_at_hand(["vgg"])
    assert vgg is not None
    assert vgg.name == "LPIPS (VGG)"
    (at_hand("alexnet") or Path()).unlink()
    assert best_measure(pack).name == "LPIPS (VGG)"
    assert lpips_at_hand(["alex"]) is None


def test_weights_are_found_in_the_users_folder_and_in_torchs_cache(
    tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    publish_lpips(monkeypatch, tmp_path, "alex")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    mine = tmp_path / "data" / "anycost" / "weights" / "alexnet" / "alexnet-owt-7be5be79.pth"
    assert at_hand(BACKBONES["alex"].weights) == mine
    cached = tmp_path / "hub" / "checkpoints" / mine.name
    cached.parent.mkdir(parents=True)
    shutil.copy(mine, cached)
    mine.write_bytes(b"damaged")  # no reason to refuse a pack: the other one is whole
    assert at_hand("alexnet") == cached
    assert best_measure(Pack.open(tiny_pack)).name == "LPIPS (AlexNet)"
    cached.write_bytes(b"damaged")
    assert at_hand("alexnet") is None
    cached.unlink()
    cached.mkdir()
    assert at_hand("alexnet") is None


def test_a_published_file_that_does_not_fit_is_passed_over(
    tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    publish(monkeypatch, tmp_path, {"alexnet": {"features.0.weight": torch.zeros(1)}})
    assert best_measure(Pack.open(tiny_pack)).name == "the pack's own features"
