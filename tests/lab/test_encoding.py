"""The training of the encoder: Eq. 6's terms, the pictures it sees, its backbones and its file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import onnxruntime
import pytest
import torch
import torch.nn.functional as F
from published_nets import publish_lpips
from safetensors.torch import save_file

from anycost.core.editing.perceptual import lpips_measure
from anycost.core.errors import CoreError
from anycost.core.files.torch_cache import at_hand
from anycost.lab.data.batches import Batch
from anycost.lab.networks import encoding, export
from anycost.lab.networks.encoding import EncoderLosses, EncoderSettings, EncoderTraining, Variety, mean_w
from anycost.lab.painter import STYLE_DIM
from anycost.lab.running import checkpoints
from anycost.lab.running.config import build
from anycost.lab.running.draws import Draws
from anycost.models.encoder import Encoder
from anycost.models.features import Features
from anycost.models.generator import Generator

PLAIN = Variety(generated=0.0, mirrored=0.0, jittered=0.0, grey=0.0)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny generator's run and a features file."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("parts")
    generator = Generator(32, (8,) * 8, STYLE_DIM, 1)
    architecture = {
        "resolution": 32,
        "channels": [8] * 8,
        "style_dim": STYLE_DIM,
        "n_mlp": 1,
        "width_rule": "proportional",
    }
    task = {"architecture": architecture, "average": generator.state_dict()}
    checkpoints.save(folder / "run" / checkpoints.LAST, {"seen": 7, "task": task})
    save_file(Features(4, (8, 8, 16)).state_dict(), folder / "features.safetensors")
    return folder


def settings(parts: Path, **changes) -> EncoderSettings:
    tiny = EncoderSettings(
        generator=str(parts / "run"),
        features=str(parts / "features.safetensors"),
        first_fit=256,
        resolutions=(16, 32),
        pictures=256,
        batch=16,
        precision="float32",
    )
    return replace(tiny, **changes)


def own_pictures(task: EncoderTraining, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """w+ [N, n_style, D] and the generator's pictures of it."""
    z = torch.randn(count, STYLE_DIM, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        w = task.generator.style(z)[:, None].expand(-1, task.generator.n_style, -1)
        return w, task.generator(w)


def test_eq_6_is_zero_for_the_full_generator_where_the_latents_are_the_pictures_own(parts: Path):
    task = encoding.EncoderTraining(settings(parts))
    latents, picture = own_pictures(task, 4)
    terms = task._reconstruction(latents, picture, Draws(0, 0, "test"))
    assert terms["full"] < 1e-5
    assert terms["sub"] > 1e-3  # an untrained generator's sub-generators draw something else
    elsewhere = task._reconstruction(latents.roll(1, 0), picture, Draws(0, 0, "test"))
    assert elsewhere["full"] > 1e-3


@pytest.mark.parametrize("loss", [EncoderLosses(), EncoderLosses(alpha=3.0)])
def test_the_sub_generators_term_is_the_same_distance_times_alpha(parts: Path, loss: EncoderLosses):
    task = encoding.EncoderTraining(settings(parts, loss=loss, ratios=(1.0,), resolutions=(32,)))
    latents, picture = own_pictures(task, 4)
    terms = task._reconstruction(latents.roll(1, 0), picture, Draws(0, 0, "test"))
    torch.testing.assert_close(terms["sub"], loss.alpha * terms["full"])
    assert EncoderLosses().alpha == 1


def test_both_drawings_must_show_the_pictures_attributes_and_match_each_other(parts: Path):
    weights = EncoderLosses(attributes=0.5, between=3.0)
    task = encoding.EncoderTraining(settings(parts, loss=weights, ratios=(0.5,), resolutions=(16,)))
    latents, picture = own_pictures(task, 4)
    latents = latents.roll(1, 0)
    with torch.no_grad():
        full, sub = task.generator(latents), task.generator(latents, 16, (4,) * 6)
        terms = task._reconstruction(latents, picture, Draws(0, 0, "test"))
        smaller, full_smaller = (F.avg_pool2d(x, 2) for x in (picture, full))
        features = task.features
        assert features is not None
        reads = [features(x) for x in (full, picture, sub, smaller)]
    missed = (reads[0] - reads[1]).square().mean() + (reads[2] - reads[3]).square().mean()
    torch.testing.assert_close(terms["attributes"], 0.5 * missed)
    torch.testing.assert_close(terms["between"], 3.0 * (sub - full_smaller).square().mean())


def test_lpips_takes_the_attribute_networks_place_in_eq_6(
    parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Each of Eq. 6's two terms is LPIPS plus the mean squared error; an attribute network is not needed."""
    publish_lpips(monkeypatch, tmp_path, "alex")
    asked = settings(parts, features="", distance="lpips-alex", backbone="resnet18", side=32)
    task = encoding.EncoderTraining(replace(asked, resolutions=(16,), ratios=(0.5,)))
    latents, picture = own_pictures(task, 2)
    latents = latents.roll(1, 0).requires_grad_()
    terms = task._reconstruction(latents, picture, Draws(0, 0, "test"))
    looks = lpips_measure("alex", at_hand("alexnet") or Path())
    with torch.no_grad():
        for name, drawn in (
            ("full", task.generator(latents)),
            ("sub", task.generator(latents, 16, (4,) * 6)),
        ):
            target = F.avg_pool2d(picture, picture.shape[-1] // drawn.shape[-1])
            wanted = looks.apart(drawn, target).mean() + (drawn - target).square().mean()
            torch.testing.assert_close(terms[name], wanted)
    (gradient,) = torch.autograd.grad(terms["full"], latents)
    assert gradient.abs().sum() > 0


def test_only_unchanged_pictures_have_a_known_w(parts: Path):
    batch = Batch(torch.rand(64, 3, 32, 32), torch.randn(64, STYLE_DIM), torch.rand(64, 16, 2))
    supervised = EncoderLosses(latents=1.0)
    task = encoding.EncoderTraining(
        settings(parts, loss=supervised, variety=replace(PLAIN, mirrored=0.5, grey=0.2))
    )
    picture, w, known = task._examples(batch, Draws(0, 0, "test"))
    assert batch.z is not None
    torch.testing.assert_close(w, task.generator.style(batch.z))
    same = (picture == batch.pictures).flatten(1).all(1)
    assert torch.equal(same, known.bool())
    assert 10 < same.sum() < 50
    mirrored = (picture == batch.pictures.flip(3)).flatten(1).all(1)
    assert mirrored.any()


def test_the_generators_own_pictures_have_a_known_w_whatever_the_data(parts: Path):
    batch = Batch(torch.rand(64, 3, 32, 32))
    task = encoding.EncoderTraining(settings(parts, variety=replace(PLAIN, generated=0.5)))
    picture, w, known = task._examples(batch, Draws(0, 0, "test"))
    real = (picture == batch.pictures).flatten(1).all(1)
    assert torch.equal(~real, known.bool())
    with torch.no_grad():
        drawn = task.generator(w[:, None].expand(-1, task.generator.n_style, -1)).clamp(-1, 1)
    torch.testing.assert_close(picture[~real], drawn[~real], atol=1e-5, rtol=1e-5)


@pytest.mark.slow
def test_the_first_fit_is_better_than_the_mean_for_every_style(parts: Path):
    task = encoding.EncoderTraining(settings(parts, first_fit=1024))
    _, picture = own_pictures(task, 128)
    w = own_pictures(task, 128)[0][:, 0]
    task._fit()
    with torch.no_grad():
        read = task.encoder.eval()(picture.clamp(-1, 1))
    assert (read - read[:, :1]).abs().max() < 1e-5
    assert (read[:, 0] - w).square().mean() < (task.encoder.mean_w - w).square().mean()


@pytest.mark.slow
def test_training_lowers_the_loss_and_leaves_the_same_encoder_as_onnx(parts: Path, tmp_path: Path):
    task = encoding.EncoderTraining(settings(parts, loss=EncoderLosses(latents=1.0, delta=0.1), first_fit=64))
    batch = next(task.batches(0))
    losses = [sum(v.item() for v in task.step(batch, 32).values()) for _ in range(20)]
    assert losses[-1] < 0.9 * losses[0]
    checkpoints.save(tmp_path / checkpoints.LAST, {"seen": 256, "task": task.state()})
    path = encoding.finish(tmp_path)
    assert export.picture_side(path) == task.encoder.size == 32
    picture = torch.rand(3, 3, 32, 32) * 2 - 1
    session = onnxruntime.InferenceSession(str(path))
    found = torch.tensor(session.run(["latents"], {"picture": picture.numpy()})[0])
    with torch.no_grad():
        expected = task.encoder.eval()(picture)
    assert found.shape == (3, task.generator.n_style, STYLE_DIM)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_the_delta_term_wants_all_styles_to_be_one_w(parts: Path):
    task = encoding.EncoderTraining(settings(parts, loss=EncoderLosses(delta=1.0), first_fit=64))
    batch = next(task.batches(0))
    assert task.step(batch, 0)["delta"] < 1e-9  # the first fit gives every style the same offset
    torch.nn.init.normal_(task.encoder.latents.weight, std=0.1)
    assert task.step(batch, 16)["delta"] > 1e-4


@pytest.mark.slow
def test_a_published_backbone_learns_and_is_written(parts: Path, tmp_path: Path):
    """ResNet-18 with the head [n_style * style_dim] in place of its classifier."""
    task = encoding.EncoderTraining(settings(parts, backbone="resnet18", side=32, batch=4))
    assert sum(p.numel() for p in task.encoder.trunk.parameters()) == 11_176_512
    assert task.encoder.latents.weight.shape == (task.generator.n_style * STYLE_DIM, 512)
    before = task.encoder.latents.weight.detach().clone()
    task.step(next(task.batches(0)), 0)
    assert not torch.equal(task.encoder.latents.weight, before)
    checkpoints.save(tmp_path / checkpoints.LAST, {"seen": 4, "task": task.state()})
    path, picture = encoding.finish(tmp_path), torch.rand(2, 3, 32, 32)
    assert export.picture_side(path) == 32
    found = torch.tensor(onnxruntime.InferenceSession(str(path)).run(None, {"picture": picture.numpy()})[0])
    with torch.no_grad():
        expected = task.encoder.eval()(picture)
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=1e-3)


def test_an_encoder_of_zeros_gives_the_mean():
    mean = torch.randn(8)
    encoder = Encoder(16, 5, mean, (4, 4))
    torch.nn.init.zeros_(encoder.latents.weight)
    with torch.no_grad():
        torch.testing.assert_close(encoder(torch.rand(2, 3, 16, 16)), mean.expand(2, 5, 8))


def test_the_default_packs_encoder_is_at_most_12_mb():
    encoder = Encoder(128, 12, torch.zeros(STYLE_DIM))
    assert sum(p.numel() for p in encoder.parameters()) * 4 < 12_000_000


def test_the_mean_of_w_is_that_of_its_population(parts: Path):
    generator = checkpoints.trained(parts / "run").generator
    w = generator.style(torch.randn(20_000, STYLE_DIM, generator=torch.Generator().manual_seed(9)))
    assert (mean_w(generator) - w.mean(0)).norm() < 0.05 * w.std(0).norm()


def test_what_cannot_be_trained_is_refused_with_a_sentence(parts: Path):
    with pytest.raises(CoreError, match='"backbone" must be "stages", "resnet18"'):
        build(EncoderSettings, {"generator": "run", "features": "file", "backbone": "vgg"})
    with pytest.raises(ValueError, match="at least one"):
        settings(parts, ratios=())
    for missing in (
        {},
        {"loss": EncoderLosses(attributes=0.1), "backbone": "resnet18", "distance": "lpips-alex"},
    ):
        with pytest.raises(ValueError, match="attribute network"):
            settings(parts, features="", **missing)
    with pytest.raises(ValueError, match="lpips-alex"):
        settings(parts, features="", backbone="resnet18")
    with pytest.raises(CoreError, match="no run of a generator"):
        encoding.EncoderTraining(settings(parts, generator=str(parts)))
    with pytest.raises(CoreError, match="features"):
        encoding.EncoderTraining(settings(parts, features=str(parts / "none.safetensors")))
    with pytest.raises(CoreError, match="draws up to 32 px"):
        encoding.EncoderTraining(settings(parts, resolutions=(64,)))
    other = encoding.EncoderTraining(settings(parts, backbone="resnet18", side=32)).state()
    with pytest.raises(CoreError, match="encoder differs"):
        encoding.EncoderTraining(settings(parts)).restore(other)
