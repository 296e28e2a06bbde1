"""The pieces of training: losses fall, runs resume, targets lie where they should."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from anycost.core.training import checkpoints
from anycost.core.training.attributes import NAMES
from anycost.core.training.augment import augment, vary_look
from anycost.core.training.averaging import Average
from anycost.core.training.distill import Distillation, Settings, run, trained_generator
from anycost.core.training.finding import SIDE, heat, scenes
from anycost.core.training.losses import attention, downsample, picture_loss
from anycost.core.training.painted import PaintedBatches
from anycost.core.training.portraits import STYLE_DIM, attributes
from anycost.core.training.steering import SLIDERS, direction, effect
from anycost.models.generator import Generator

TINY = Settings(channels=(16,) * 8, phases=((32, 96),), batch=8, learning_rate=0.01, compiled=False)


def test_attention_means_one_and_peaks_at_the_points():
    points = torch.tensor([[[0.25, 0.5], [0.75, 0.5]]])
    weights = attention(points, torch.tensor([[0.05, 10.0], [0.05, 5.0]]), 64)
    assert weights.shape == (1, 1, 64, 64)
    assert weights.mean() == pytest.approx(1, abs=1e-5)
    assert weights.argmax() in (32 * 64 + 15, 32 * 64 + 16, 31 * 64 + 15, 31 * 64 + 16)
    assert weights[0, 0, 32, 48] < weights[0, 0, 32, 16]


def test_picture_loss_is_zero_only_for_equal_pictures_and_sees_edges():
    a, ones = torch.zeros(1, 3, 8, 8), torch.ones(1, 1, 8, 8)
    assert picture_loss(a, a, ones) == 0
    flat, dotted = a + 0.25, a.clone()
    dotted[..., ::2, ::2] = 1  # the same mean, but all edges
    assert picture_loss(dotted, a, ones) > 2 * picture_loss(flat, a, ones)


def test_downsampling_is_the_mean_of_each_cell():
    picture = torch.arange(16.0).view(1, 1, 4, 4)
    torch.testing.assert_close(downsample(picture, 2)[0, 0], torch.tensor([[2.5, 4.5], [10.5, 12.5]]))


def test_average_follows_and_copies_buffers():
    source = Generator(8, (4, 4, 4, 4), style_dim=4, n_mlp=1)
    average = Average(source, half_life=1.0, ramp_up=1.0)
    start = source.get_parameter("input.input").detach().clone()
    with torch.no_grad():
        source.get_parameter("input.input").add_(1)
        source.get_buffer("noises.noise_0").fill_(5)
    average.update(source, batch=1000, seen=1000)  # one half-life
    torch.testing.assert_close(average.network.get_parameter("input.input"), start + 0.5)
    assert (average.network.get_buffer("noises.noise_0") == 5).all()


def test_batches_depend_on_their_position_alone():
    batches = list(PaintedBatches(((32, 24),), 8, seed=4))
    again = next(iter(PaintedBatches(((32, 24),), 8, seed=4, seen=16)))
    torch.testing.assert_close(batches[2][1], again[1])
    assert not torch.allclose(batches[0][0], batches[1][0])
    assert [PaintedBatches(((32, 10), (64, 5)), 1).resolution_at(n) for n in (0, 9, 10, 99)] == [
        32,
        32,
        64,
        64,
    ]


def test_distilling_lowers_the_loss_and_leaves_a_generator(tmp_path: Path):
    run(TINY, tmp_path, resume=False)
    losses = [float(line.split('"painted": ')[1].split(",")[0]) for line in (tmp_path / "log.jsonl").open()]
    state = checkpoints.load(tmp_path / "last.pt")
    assert state["seen"] == 96
    work = Distillation(TINY)
    work.restore(state)
    batch = next(iter(PaintedBatches(TINY.phases, 8, seed=77)))
    assert work.step(*batch)["painted"] < 0.9 * losses[0]
    assert trained_generator(tmp_path).resolution == 32
    assert (tmp_path / "grid-0000096.png").exists()


def test_a_step_after_a_restart_is_the_step_without_it(tmp_path: Path):
    first, second = list(PaintedBatches(TINY.phases, 8))[:2]
    straight, restarted = Distillation(TINY), Distillation(TINY)
    straight.step(*first)
    checkpoints.save(tmp_path / "last.pt", straight.state())
    want = straight.step(*second)
    restarted.restore(checkpoints.load(tmp_path / "last.pt"))  # also which sub-generator comes next
    assert restarted.step(*second) == pytest.approx(want, rel=1e-5)
    for mine, theirs in zip(
        restarted.average.network.parameters(), straight.average.network.parameters(), strict=True
    ):
        torch.testing.assert_close(mine, theirs)


def test_a_checkpoint_is_whole_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    checkpoints.save(tmp_path / "last.pt", {"seen": 1})

    def fails(*_):
        raise OSError("disk full")

    monkeypatch.setattr(torch, "save", fails)
    with pytest.raises(OSError, match="disk full"):
        checkpoints.save(tmp_path / "last.pt", {"seen": 2})
    assert checkpoints.load(tmp_path / "last.pt") == {"seen": 1}


def test_scenes_put_the_points_where_the_picture_is():
    """A portrait that is black but for one white dot: the dot must appear at the point that is returned."""
    torch.manual_seed(0)
    portraits = torch.full((16, 3, 128, 128), -1.0)
    portraits[:, :, 40:48, 80:88] = 1
    drawn, points = scenes(portraits, torch.tensor([[[84 / 128, 44 / 128]]]).expand(16, -1, -1))
    seen = 0
    for picture, (point,) in zip(drawn, points, strict=True):
        x, y = (math.floor(v) for v in point.tolist())
        if 2 <= x < SIDE - 2 and 2 <= y < SIDE - 2:
            assert picture[:, y - 1 : y + 2, x - 1 : x + 2].amax() > 0.2
            seen += 1
    assert seen >= 8


def test_heat_peaks_in_the_cell_of_the_point():
    found = heat(torch.tensor([[[42.0, 90.0]]]))[0, 0]
    assert found.shape == (SIDE // 4, SIDE // 4)
    assert divmod(int(found.argmax()), SIDE // 4) == (22, 10)
    assert found.max() > 0.9


def test_varying_stays_in_range_and_in_place():
    torch.manual_seed(0)
    picture = torch.rand(4, 3, 64, 64) * 2 - 1
    assert vary_look(picture).abs().max() <= 1
    torch.testing.assert_close(augment(picture, 0.0), picture, atol=1e-4, rtol=0)
    assert not torch.allclose(augment(picture), picture, atol=0.1)


def test_every_slider_is_a_control_of_the_painter():
    controls = attributes(torch.zeros(1, STYLE_DIM) + 1)
    assert all(slider.control in controls for slider in SLIDERS)
    assert len({slider.label for slider in SLIDERS}) == len(SLIDERS)


def test_a_direction_leads_where_its_control_leads():
    """In a mapping that is linear in z a direction is exactly the column of its coordinate."""
    torch.manual_seed(0)
    generator = Generator(8, (4,) * 4, style_dim=STYLE_DIM, n_mlp=1).requires_grad_(False)
    found = direction(generator, SLIDERS[0], samples=256)
    assert found.vector.shape == (generator.n_style, STYLE_DIM)
    column = generator.get_parameter("style.1.weight")[:, NAMES.index(SLIDERS[0].control)]
    similarity = torch.nn.functional.cosine_similarity(torch.tensor(found.vector[0]), column, dim=0)
    assert similarity > 0.9


def test_a_direction_that_changes_nothing_has_no_effect():
    torch.manual_seed(0)
    generator = Generator(32, (8,) * 8, style_dim=STYLE_DIM, n_mlp=1).eval().requires_grad_(False)
    found = direction(generator, SLIDERS[0], samples=64)
    still = replace(found, vector=np.zeros_like(found.vector))
    assert effect(generator, still) == 0
    assert effect(generator, found) > 0
    assert effect(generator, replace(found, vector=3 * found.vector)) > effect(generator, found)
