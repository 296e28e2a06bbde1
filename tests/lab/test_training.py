"""What every training shares: losses between pictures, the average, batches, checkpoints."""

from __future__ import annotations

import errno
from itertools import islice
from pathlib import Path

import pytest
import torch

from anycost.core.errors import CoreError
from anycost.lab.data.downsample import downsample
from anycost.lab.data.painted import FAR, RARE, PaintedBatches, with_far, with_rare
from anycost.lab.generator.losses import attention, picture_loss
from anycost.lab.painter import CONTROLS, STYLE_DIM, attributes
from anycost.lab.running import checkpoints
from anycost.lab.running.averaging import Average
from anycost.models.generator import Generator


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


def test_a_missing_detail_weighs_more_than_grain_of_the_same_sum():
    a, ones = torch.zeros(1, 3, 16, 16), torch.ones(1, 1, 16, 16)
    grain, missing = a + 1 / 64, a.clone()
    missing[..., 4:6, 4:6] = 1
    assert grain.sum() == missing.sum()
    assert picture_loss(missing, a, ones) > 4 * picture_loss(grain, a, ones)


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
    with torch.no_grad():
        source.get_buffer("noises.noise_0").fill_(7).requires_grad_(True)  # learned: averaged
    average.update(source, batch=1000, seen=2000)
    torch.testing.assert_close(average.network.get_buffer("noises.noise_0"), torch.full((1, 1, 4, 4), 6.0))


def test_an_average_of_few_pictures_follows_faster():
    """Ramp-up: after 100 pictures the half-life is 5, whatever the setting."""
    source = Generator(8, (4, 4, 4, 4), style_dim=4, n_mlp=1)
    average = Average(source, half_life=10.0, ramp_up=0.05)
    start = source.get_parameter("input.input").detach().clone()
    with torch.no_grad():
        source.get_parameter("input.input").add_(1)
    average.update(source, batch=5, seen=100)
    torch.testing.assert_close(average.network.get_parameter("input.input"), start + 0.5)


def test_batches_depend_on_their_position_alone():
    first, second = islice(PaintedBatches(32, 8, seed=4), 2)
    again = next(iter(PaintedBatches(32, 8, seed=4, seen=8)))
    torch.testing.assert_close(second[1], again[1])
    assert not torch.allclose(first[0], second[0])
    other = next(iter(PaintedBatches(32, 8, seed=5)))
    assert not torch.allclose(first[0], other[0])


def test_rare_things_are_shown_as_often_as_asked():
    z = torch.randn(400, STYLE_DIM, generator=torch.Generator().manual_seed(3))
    raised = with_rare(z, 0.5, torch.Generator().manual_seed(4))
    changed = (raised != z).sum(1)
    assert changed.max() == 1
    assert 0.4 < changed.float().mean() < 0.6
    columns = (raised != z).any(0)
    rare = [c.name for c in CONTROLS if c.kind == "gate" and c.middle <= RARE]
    assert [c.name for c, touched in zip(CONTROLS, columns, strict=True) if touched] == rare
    for name in ("hat", "earrings", "freckles"):
        assert (attributes(raised)[name] > 0.5).sum() > 1.1 * (attributes(z)[name] > 0.5).sum()
    assert torch.equal(with_rare(z, 0.0, torch.Generator()), z)


def test_gradual_things_go_as_far_as_sliders_do_on_the_side_where_they_are():
    z = torch.randn(4000, STYLE_DIM, generator=torch.Generator().manual_seed(3))
    found = with_far(z, 0.5, torch.Generator().manual_seed(4))
    changed = found != z
    assert changed.sum(1).max() == 1
    assert 0.45 < changed.any(1).float().mean() < 0.55
    gradual = [c.name for c in CONTROLS if c.kind != "gate"]
    assert [c.name for c, touched in zip(CONTROLS, changed.any(0), strict=True) if touched] == gradual
    assert torch.equal(found[changed].sign(), z[changed].sign())
    assert found[changed].abs().min() >= FAR[0]
    assert found[changed].abs().max() == pytest.approx(FAR[1], abs=0.05)


@pytest.mark.parametrize(("rare", "far"), [(1.0, 0.0), (0.0, 1.0)])
def test_batches_with_rare_or_far_things_depend_on_their_position_alone(rare: float, far: float):
    first, second = islice(PaintedBatches(32, 8, seed=4, rare=rare, far=far), 2)
    plain = next(iter(PaintedBatches(32, 8, seed=4)))
    assert ((first[0] != plain[0]).sum(1) == 1).all()
    again = next(iter(PaintedBatches(32, 8, seed=4, seen=8, rare=rare, far=far)))
    assert torch.equal(second[0], again[0])


def test_a_checkpoint_is_whole_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    checkpoints.save(tmp_path / "last.pt", {"seen": 1})

    def fails(*_):
        raise OSError(errno.ENOSPC, "disk full")

    monkeypatch.setattr(torch, "save", fails)
    with pytest.raises(CoreError, match="no room"):
        checkpoints.save(tmp_path / "last.pt", {"seen": 2})
    assert checkpoints.load(tmp_path / "last.pt") == {"seen": 1}


def test_opening_a_checkpoint_runs_no_code(tmp_path: Path):
    class Hostile:
        def __reduce__(self):
            return print, ("ran",)

    torch.save({"seen": Hostile()}, tmp_path / "last.pt")
    with pytest.raises(Exception, match=r"weights_only|Unsupported|print"):
        checkpoints.load(tmp_path / "last.pt")
