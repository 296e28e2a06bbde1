"""The training of the attribute network: what it learns from, what it must learn, and what its file holds."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from anycost.core.errors import CoreError
from anycost.lab.data.augment import augment, media, vary_look, vignetted
from anycost.lab.data.replay import repeated
from anycost.lab.networks import attributes
from anycost.lab.networks.attribute_training import Colours
from anycost.lab.networks.attributes import (
    GATES,
    NAMES,
    AttributeSettings,
    AttributeTraining,
    accuracies,
    attribute_table,
    correlations,
    names_of,
    paper_attributes,
    reading_loss,
    standards,
)
from anycost.lab.networks.standardised import fold, standardise
from anycost.lab.painter import PAPER_ATTRIBUTES, STYLE_DIM
from anycost.lab.running import checkpoints
from anycost.lab.running.draws import Draws
from anycost.models.features import Features, load_features

TINY = AttributeSettings(
    pictures=1024, repeats=8, batch=16, widths=(8, 16, 16), learning_rate=0.01, precision="float32"
)


def test_attributes_are_standardised():
    mean, deviation = standards()
    found = attribute_table(torch.randn(4000, STYLE_DIM, generator=torch.Generator().manual_seed(2)))
    standardised = (found - mean) / deviation
    assert standardised.mean(0).abs().max() < 0.15
    assert (standardised.std(0) - 1).abs().max() < 0.2


def test_a_reading_is_best_where_it_is_true_for_gates_and_the_rest():
    torch.manual_seed(0)
    wanted = attribute_table(torch.randn(32, STYLE_DIM))
    deviation = standards()[1]
    values = wanted.clone().requires_grad_()
    least = reading_loss(values, wanted, deviation)
    (slope,) = torch.autograd.grad(least, values)
    assert slope.abs().max() < 1e-6
    for away in (-0.3, 0.3):
        assert reading_loss(wanted + away, wanted, deviation) > least


def test_a_gate_read_as_on_when_off_costs_what_the_logistic_loss_says():
    wanted = torch.zeros(1, len(NAMES))
    values = wanted.clone()
    k = GATES[0]
    values[0, k] = 1.0  # a logit of 4 for something with probability sigmoid(-4)
    rise = reading_loss(values, wanted, torch.ones(len(NAMES))) - reading_loss(
        wanted, wanted, torch.ones(len(NAMES))
    )
    logit, truth = torch.tensor(4.0), torch.sigmoid(torch.tensor(-4.0))
    assert rise * len(NAMES) == pytest.approx(float(2 * logit * (0.5 - truth)), rel=1e-4)


def test_a_network_says_what_it_reads_and_where_the_papers_attributes_are():
    assert names_of(Features(2, (4, 4), ["Young", "Male"])) == ("Young", "Male")
    assert names_of(Features(64, (4, 4))) == NAMES
    assert names_of(Features(3, (4, 4))) == ("attribute_1", "attribute_2", "attribute_3")
    painted = paper_attributes(NAMES)
    assert {name: NAMES[k] for name, (k, _) in painted.items()} == {
        "Smiling": "smile",
        "Black_Hair": "black_hair",
        "Eyeglasses": "glasses",
        "Straight_Hair": "straight_hair",
        "Earrings": "earrings",
    }
    assert painted["Straight_Hair"][1] == PAPER_ATTRIBUTES["Straight_Hair"][1]
    celeba = ["Bald", "Wearing_Earrings", "Smiling"]
    assert paper_attributes(celeba) == {"Smiling": (2, 0.5), "Earrings": (1, 0.5)}
    assert paper_attributes(["Bald"]) == {}


def test_figures_of_a_perfect_and_a_blind_reader():
    truth = attribute_table(torch.randn(400, STYLE_DIM, generator=torch.Generator().manual_seed(3)))
    assert min(correlations(truth, truth).values()) == pytest.approx(1, abs=1e-4)
    assert max(correlations(-truth, truth).values()) == pytest.approx(-1, abs=1e-4)
    assert set(accuracies(truth, truth)) == set(PAPER_ATTRIBUTES)
    assert set(accuracies(truth, truth).values()) == {1.0}
    control, threshold = PAPER_ATTRIBUTES["Eyeglasses"]
    without = float((truth[:, NAMES.index(control)] <= threshold).float().mean())
    assert accuracies(torch.zeros_like(truth), truth)["Eyeglasses"] == pytest.approx(without)


@pytest.mark.slow
def test_every_second_batch_lacks_the_populations_correlations():
    task = AttributeTraining(AttributeSettings(batch=128, widths=(4, 4, 4), precision="float32"))
    found = [table for table, _ in islice(task._painted(0), 4)]
    pair = [NAMES.index("masculine"), NAMES.index("hair_length")]
    together = [float(torch.corrcoef(table[:, pair].T)[0, 1]) for table in found]
    assert max(together[0], together[2]) < -0.4
    assert min(together[1], together[3]) > -0.25


def test_batches_come_back_in_another_order_and_from_any_position():
    def source(position: int):
        yield from range(position // 4, 1000)  # batches of 4, named by their number

    whole = list(islice(repeated(source, 0, 4, times=3, block=5), 30))
    for block in (0, 1):
        shown = whole[15 * block : 15 * block + 15]
        assert sorted(shown) == sorted(3 * list(range(5 * block, 5 * block + 5)))
        assert len({tuple(shown[k : k + 5]) for k in (0, 5, 10)}) > 1
    for start in (4, 12, 60, 68):
        assert list(islice(repeated(source, start, 4, times=3, block=5), 5)) == whole[start // 4 :][:5]


def test_standardised_kernels_fold_into_plain_ones():
    torch.manual_seed(0)
    network = Features(5, (8, 8))
    names = list(network.state_dict())
    standardise(network)
    picture = torch.rand(2, 3, 16, 16)
    with torch.no_grad():
        network.stages[0][0].parametrizations.weight[0].gain.fill_(1.7)  # type: ignore[index, union-attr]
        expected = network(picture)
        fold(network)
        torch.testing.assert_close(network(picture), expected)
    assert sorted(network.state_dict()) == sorted(names)
    kernel = network.stages[0][0].weight  # type: ignore[index]
    assert kernel.mean(dim=(1, 2, 3)).abs().max() < 1e-6
    spread = 1.7 * (2 / 27) ** 0.5
    torch.testing.assert_close(kernel.std(dim=(1, 2, 3)), torch.full((8,), spread), atol=1e-4, rtol=0)


def test_colours_are_read_from_maps_that_hold_them():
    picture = torch.rand(2, 3, 16, 16)
    heads = Colours((12,))
    torch.nn.init.eye_(heads.heads[0].weight.data.view(12, 12))  # type: ignore[union-attr]
    torch.nn.init.zeros_(heads.heads[0].bias)  # type: ignore[arg-type]
    assert heads([F.pixel_unshuffle(picture, 2)], picture) < 1e-6
    assert heads([torch.zeros(2, 12, 8, 8)], picture) > 0.1


@pytest.mark.slow
def test_training_reads_better_and_leaves_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    task = attributes.AttributeTraining(TINY)
    steps = [
        float(task.step(batch, 16 * k)["reading"].detach())
        for k, batch in enumerate(islice(task.batches(0), 64))
    ]
    assert sum(steps[-8:]) < 0.93 * sum(steps[:8])
    checkpoints.save(tmp_path / checkpoints.LAST, {"seen": 1024, "task": task.state()})
    path = attributes.finish(tmp_path)
    assert "Eyeglasses" in capsys.readouterr().out
    network, picture = load_features(path), torch.rand(3, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(network(picture), task.network.eval()(picture), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(network.mean, standards()[0])


def test_a_run_with_other_widths_is_not_resumed(tmp_path: Path):
    task = attributes.AttributeTraining(TINY)
    kept = task.state()
    other = attributes.AttributeTraining(AttributeSettings(widths=(8, 8), precision="float32"))
    with pytest.raises(CoreError, match="widths"):
        other.restore(kept)


def test_variations_stay_in_range_and_in_place():
    picture = torch.rand(8, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    draws = Draws(0, 0, "test")
    assert vary_look(picture, draws).abs().max() <= 1
    torch.testing.assert_close(augment(picture, draws, 0.0), picture, atol=1e-4, rtol=0)
    assert not torch.allclose(augment(picture, draws), picture, atol=0.1)
    again = [augment(picture, Draws(4, 8, "test")) for _ in range(2)]
    assert torch.equal(*again)


def test_media_change_half_the_pictures_and_keep_their_edges_in_place():
    picture = torch.full((64, 3, 32, 32), 0.9)
    picture[..., 12:20, 12:20] = -0.9  # a dark square on a light ground
    picture[:, 0] *= 0.5  # and it has a colour
    shown = media(picture, Draws(0, 0, "media"))
    changed = (shown - picture).abs().amax((1, 2, 3)) > 0.02
    assert 20 <= changed.sum() <= 44
    assert shown.abs().max() <= 1
    assert (shown[..., 13:19, 13:19].mean((1, 2, 3)) < shown[..., :8, :8].mean((1, 2, 3)) + 1e-6).all()


def test_a_vignette_leaves_the_face_and_bares_the_paper():
    picture = torch.zeros(4, 3, 64, 64)
    shown = vignetted(picture, Draws(0, 0, "sketch"), share=1.0)
    assert shown[..., 28:36, 28:36].abs().max() < 0.02
    assert shown[..., 0, 0].min() > 0.9
    assert torch.equal(vignetted(picture, Draws(0, 0, "sketch"), share=0.0), picture)
