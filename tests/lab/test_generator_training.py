"""The paper's stages: players, codes and losses; and that resumed and shared runs are the same."""

from __future__ import annotations

import json
import math
import os
import random
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import forked
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from pair import Pair
from safetensors.torch import save_file
from torch import Tensor, nn
from toy_run import ADAPTIVE, CHANNELS, DISTIL, MULTI, SINGLE, config, painted, stage, task_of

from anycost.core.errors import CoreError
from anycost.core.rendering.cores import one_thread
from anycost.lab.data.batches import Batch, DataSettings, batches
from anycost.lab.generator import sorting
from anycost.lab.generator.adversarial import discriminator_loss, generator_loss, path_lengths, r1
from anycost.lab.generator.generating import Generating
from anycost.lab.generator.held_maps import STRENGTH, hold_fields, strengths
from anycost.lab.generator.losses import attention, picture_loss
from anycost.lab.generator.mapping import DRAWN_IN, JUMP, LAYERS, drawn_in, hold_controls, mapped
from anycost.lab.generator.muon import Muon, orthogonalised
from anycost.lab.generator.sampling import Widths, draw_resolutions, draw_subs
from anycost.lab.generator.stages import Stage, locate
from anycost.lab.generator.supervised import (
    CONSISTENCY,
    Targets,
    distillation,
    looked_at,
    narrowest_and_wider,
)
from anycost.lab.networks.attributes import NAMES, attribute_table
from anycost.lab.painter import CONTROLS, POPULATION, STYLE_DIM, paint
from anycost.lab.running import checkpoints, distributed, loop
from anycost.lab.running.config import read
from anycost.lab.running.draws import Draws
from anycost.lab.running.precision import autocast
from anycost.lab.training import train
from anycost.lab.worlds import PORTRAITS
from anycost.models.discriminator import RATIOS, Discriminator, architecture
from anycost.models.features import Features
from anycost.models.generator import Generator
from anycost.models.layer_sizes import layer_count, layer_resolution
from anycost.models.widths import RuleKind, WidthRule

PROPORTIONAL = WidthRule("proportional")


def generator(channels: tuple[int, ...] = CHANNELS, resolution: int = 32) -> Generator:
    torch.manual_seed(3)
    made = Generator(resolution, channels, style_dim=STYLE_DIM, n_mlp=2)
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if name.endswith("bias") or "noise" in name:
                parameter.add_(0.3 * torch.randn_like(parameter))
    return made


def latents(count: int = 3, styles: int = 8) -> Tensor:
    return torch.randn(count, styles, STYLE_DIM, generator=torch.Generator().manual_seed(5))


# the losses


def test_the_game_has_the_logistic_losses():
    real, fake = torch.tensor([2.0, -1.0]), torch.tensor([0.5, 3.0])
    wanted = sum(-math.log(1 / (1 + math.exp(-v))) for v in (2.0, -1.0)) / 2
    wanted += sum(-math.log(1 - 1 / (1 + math.exp(-v))) for v in (0.5, 3.0)) / 2
    assert discriminator_loss(real, fake).item() == pytest.approx(wanted, rel=1e-5)
    wanted = sum(-math.log(1 / (1 + math.exp(-v))) for v in (0.5, 3.0)) / 2
    assert generator_loss(fake).item() == pytest.approx(wanted, rel=1e-5)


def test_r1_of_a_linear_judge_is_half_its_squared_weight():
    weight = torch.randn(3, 4, 4)
    picture = torch.randn(5, 3, 4, 4, requires_grad=True)
    logits = (picture * weight).sum((1, 2, 3))
    assert r1(logits, [picture]).item() == pytest.approx(weight.square().sum().item() / 2, rel=1e-5)


def test_a_linear_generator_has_the_path_length_of_its_matrix():
    """picture = A w: the length for a direction y is |A^T y| / sqrt(pixels), averaged over styles."""
    torch.manual_seed(0)
    matrix, w = torch.randn(3 * 4 * 4, 6), torch.randn(2, 1, 6, requires_grad=True)
    picture = (w[:, 0] @ matrix.t()).view(2, 3, 4, 4)
    direction = torch.randn(2, 3, 4, 4)
    wanted = (direction.flatten(1) @ matrix / 4).norm(dim=1)
    torch.testing.assert_close(path_lengths(picture, w, direction), wanted)


# sub-generators


def test_stage_2_draws_two_of_the_resolutions_and_each_equally_often():
    drawn = [draw_resolutions(random.Random(k), (8, 16, 32, 64)) for k in range(2000)]
    assert all(len(pair) == 2 and pair[0] > pair[1] for pair in drawn)
    for side in (8, 16, 32, 64):
        assert 0.45 < sum(side in pair for pair in drawn) / 2000 < 0.55


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    kind=st.sampled_from(["uniform", "flexible", "sandwich"]),
    rule=st.sampled_from(["proportional", "capped"]),
    ratios=st.lists(st.sampled_from(RATIOS), min_size=1, max_size=4, unique=True),
)
def test_every_drawn_sub_generator_can_run(seed: int, kind: Widths, rule: RuleKind, ratios: list[float]):
    full = (64, 64, 64, 64, 48, 48, 32, 32)
    cut = WidthRule(rule)
    subs = draw_subs(random.Random(seed), kind, cut, full, (8, 16, 32), ratios)
    for sub in subs:
        assert len(sub.channels) == layer_count(sub.resolution)
        assert all(1 <= ran <= have for ran, have in zip(sub.channels, full, strict=False))


def test_a_sandwich_has_its_ends_and_mixed_widths_at_every_resolution():
    full, found = (64,) * 8, {side: [] for side in (8, 16, 32)}
    for k in range(3000):
        for sub in draw_subs(random.Random(k), "sandwich", PROPORTIONAL, full, tuple(found), RATIOS):
            found[sub.resolution].append(set(sub.channels))
    for drawn in found.values():
        ends = [sum(widths == {count} for widths in drawn) / len(drawn) for count in (64, 16)]
        assert ends == pytest.approx([0.25, 0.25], abs=0.04)
        assert sum(len(widths) > 1 for widths in drawn) / len(drawn) == pytest.approx(0.5, abs=0.04)


@settings(max_examples=40)
@given(
    picked=st.lists(st.sampled_from(RATIOS), min_size=8, max_size=8),
    resolution=st.sampled_from([4, 8, 16, 32]),
)
def test_g_arch_tells_the_widths_that_ran(picked: list[float], resolution: int):
    full = (64, 48, 40, 32, 24, 20, 16, 12)
    ran = [max(1, round(ratio * have)) for ratio, have in zip(picked, full, strict=True)]
    code = architecture(ran[: layer_count(resolution)], full).view(8, 4)
    for layer, ratio in enumerate(picked):
        hot = [float(r == ratio) for r in RATIOS] if layer < layer_count(resolution) else [0.0] * 4
        assert code[layer].tolist() == hot


def test_g_arch_of_a_capped_half_says_that_low_resolutions_ran_in_full():
    """The published code passes the ratio that was asked for; ours passes the one that ran."""
    full = WidthRule("capped").expand((512,) * 10 + (256, 256, 128, 128), 1.0)
    ran = WidthRule("capped").expand(full, 0.5)
    code = architecture(ran, full).view(14, 4)
    assert code[0].tolist() == [0, 0, 0, 1]
    assert code[-1].tolist() == [0, 1, 0, 0]


def test_a_sub_generator_is_the_dense_network_cut_from_it():
    whole = generator()
    channels = (8, 12, 4, 16, 16, 8, 3, 6)
    dense = Generator(32, channels, STYLE_DIM, n_mlp=2)
    cut = {}
    for name, parameter in dense.state_dict().items():
        source = whole.state_dict()[name]
        cut[name] = source[tuple(slice(0, size) for size in parameter.shape)].clone()
        if name.endswith("conv.weight"):  # equalised: a cut layer scales like the one it was cut from
            cut[name] *= math.sqrt(parameter.shape[2] / source.shape[2])
    dense.load_state_dict(cut)
    torch.testing.assert_close(dense(latents()), whole(latents(), 32, channels), atol=1e-4, rtol=1e-4)


def test_sorting_leaves_the_full_output_and_puts_what_matters_first():
    plain = generator()
    before = plain(latents())
    small = plain(latents(), 32, PROPORTIONAL.expand(CHANNELS, 0.5))
    sorting.permute(dict(plain.named_parameters()), sorting.order(plain))
    torch.testing.assert_close(plain(latents()), before, atol=1e-4, rtol=1e-4)
    assert (plain(latents(), 32, PROPORTIONAL.expand(CHANNELS, 0.5)) - small).abs().max() > 1e-2
    for found in sorting.importance(plain):
        assert (found.diff() <= 1e-6).all()


def test_importance_is_the_magnitude_of_the_kernels_that_read_a_channel():
    plain = generator()
    wanted = torch.zeros(16)
    for channel in range(16):
        for name, scale in (("convs.0", 1 / math.sqrt(16 * 9)), ("to_rgb1", 1 / math.sqrt(16))):
            kernels = plain.get_parameter(f"{name}.conv.weight")[0, :, channel]
            wanted[channel] += kernels.abs().sum().item() * scale
    torch.testing.assert_close(sorting.importance(plain)[1], wanted)


# the discriminator


def test_a_conditioned_discriminator_hears_what_it_is_told_and_another_does_not():
    torch.manual_seed(0)
    told = Discriminator((16, 16, 12, 12), (16, 32), conditioned=True)
    with torch.no_grad():
        for name, parameter in told.named_parameters():
            if "mapping" in name:
                parameter.normal_()
    picture = torch.randn(4, 3, 32, 32)
    codes = [architecture(PROPORTIONAL.expand(CHANNELS, r), CHANNELS).expand(4, -1) for r in (0.25, 1.0)]
    assert (told(picture, codes[0]) - told(picture, codes[1])).abs().max() > 1e-2
    conditioned = {name.split(".")[1] for name, _ in told.named_parameters() if "conditions" in name}
    assert conditioned == {"8", "16"}  # the last two blocks
    same = Discriminator((16, 16, 12, 12), (16, 32))
    assert not [name for name, _ in same.named_parameters() if "conditions" in name]


def test_a_reduced_discriminator_runs_its_first_channels():
    torch.manual_seed(0)
    whole = Discriminator((16, 16, 12, 12), (32,))
    picture = torch.randn(4, 3, 32, 32)
    logits = whole(picture, ratio=0.5)
    with torch.no_grad():
        whole.from_rgb["32"].get_parameter("conv.weight")[6:] = 100
        whole.blocks["32"].get_parameter("conv2.weight")[6:] = 100
    torch.testing.assert_close(whole(picture, ratio=0.5), logits)
    assert not torch.allclose(whole(picture), logits)


def test_variety_is_judged_in_groups_of_neighbours():
    """Half of a batch gets the same logits alone: processes that share a batch agree with one process."""
    torch.manual_seed(0)
    judge = Discriminator((16, 16, 12, 12), (32,))
    picture = torch.randn(8, 3, 32, 32)
    torch.testing.assert_close(judge(picture)[:4], judge(picture[:4]))
    flat = picture[:1].expand(4, -1, -1, -1)
    assert (judge(flat)[0] - judge(torch.cat([flat[:1], picture[1:4]]))[0]).abs() > 1e-6


def test_a_strided_skip_is_the_blurred_picture_every_second_pixel():
    torch.manual_seed(0)
    block = Discriminator((8, 8), (8,)).blocks["8"]
    x = torch.randn(1, 8, 8, 8)
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    kernel = torch.outer(taps, taps).expand(8, 1, 4, 4)
    wanted = F.conv2d(F.pad(x, (1, 1, 1, 1)), kernel, groups=8)[:, :, ::2, ::2]
    torch.testing.assert_close(block.get_submodule("skip_blur")(x), wanted)


# the mapping that holds the painter's controls


def test_w_holds_the_controls_of_the_painter():
    made = Generator(8, (4,) * 4, STYLE_DIM, LAYERS)
    hold_controls(made.style, POPULATION)
    z = torch.randn(4096, STYLE_DIM, generator=torch.Generator().manual_seed(1))
    w, wanted = mapped(made.style, z), attribute_table(z)
    for index, control in enumerate(CONTROLS):
        both = torch.stack([w[:, index].detach(), wanted[:, index]])
        assert torch.corrcoef(both)[0, 1] > 0.9, control.name
    gate = NAMES.index("glasses")
    on = wanted[:, gate] > 0.9
    assert w[on, gate].min() > w[wanted[:, gate] < 0.1, gate].max() + 1


def test_gates_that_a_truncation_draws_in_still_mean_the_same():
    """In half of the rows they move towards their mean, by one share per row; nothing else moves."""
    w = torch.randn(512, STYLE_DIM, generator=torch.Generator().manual_seed(2))
    found = drawn_in(w, Draws(0, 0, "any"), POPULATION)
    gates = torch.tensor([control.kind == "gate" for control in CONTROLS])
    assert torch.equal(found[:, ~gates], w[:, ~gates])
    mean = JUMP * torch.tensor([control.middle for control in CONTROLS if control.kind == "gate"])
    left = (found[:, gates] - mean) / (w[:, gates] - mean)  # [N, gates]
    shares = 1 - left.median(dim=1).values
    torch.testing.assert_close(left, (1 - shares)[:, None].expand_as(left), rtol=0, atol=1e-2)
    assert 0.4 < (shares.abs() < 1e-6).float().mean() < 0.6
    assert shares.max() == pytest.approx(DRAWN_IN, abs=0.02)


# what runs, and what does not


class Counting:
    """Which resolutions a generator and a discriminator computed."""

    def __init__(self, task: Generating):
        self.drawn: list[int] = []
        self.judged: list[int] = []
        for k, rgb in enumerate([task.generator.to_rgb1, *task.generator.to_rgbs]):
            rgb.register_forward_hook(lambda *_, side=4 << k: self.drawn.append(side))
        for side, entry in task.discriminator.from_rgb.items():
            entry.register_forward_hook(lambda *_, side=int(side): self.judged.append(side))


@pytest.mark.parametrize("table", [MULTI, ADAPTIVE], ids=["multi-resolution", "adaptive-channel"])
def test_nothing_runs_beyond_the_drawn_resolutions(table: dict[str, Any]):
    task = task_of(config(table, losses={"r1_every": 1}))
    batch = painted(task)
    for seen in range(0, 400, 8):
        drawn = task.game.players(task.settings.stages[0], Draws(0, seen, "d"))
        sides = {sub.resolution for sub in drawn}
        if max(sides) == 16:
            break
    else:
        pytest.fail("16 px was never the highest resolution")
    counted = Counting(task)
    task.game.discriminator_losses(task.settings.stages[0], batch, Draws(0, seen, "d"))
    assert max(counted.drawn) == 16
    assert set(counted.judged) == sides
    if table is MULTI:  # full widths: the lower resolution comes with the higher
        assert counted.drawn == [4, 8, 16]


def test_real_pictures_are_told_a_random_architecture():
    task = task_of(config(ADAPTIVE))
    played, told = set(), set()
    for seen in range(0, 320, 8):
        draws = Draws(0, seen, "d")
        players = task.game.players(task.settings.stages[0], draws)
        codes = task.game.architectures(players)
        real = task.game.random_architectures(task.settings.stages[0], players, draws)
        played.add(tuple(codes[0].tolist()))
        told.add(tuple(real[0].tolist()))
        assert all(
            a.view(8, 4).sum(1).tolist() == b.view(8, 4).sum(1).tolist()
            for a, b in zip(codes, real, strict=True)
        )
    assert len(played) > 4
    assert len(told) > 4


def test_consistency_is_held_against_the_whole_picture_whatever_is_drawn():
    """Eq. 5 compares with G(w), also where both players are smaller."""
    task = task_of(config(stage("adaptive-channel", ratios=[0.5])))
    (how,), batch = task.settings.stages, painted(task)
    small = (s for s in range(0, 400, 8) if task.game.players(how, Draws(0, s, "g"))[0].resolution < 32)
    seen = next(small)
    found = task.game.generator_losses(how, batch, Draws(0, seen, "g"))["consistency"]
    again = Draws(0, seen, "g")
    players = task.game.players(how, again)
    w = task.game.latents(task.generator, task.game.draw_z(how, batch, again))
    noise = task.game.noise_maps(how, 8, again)
    whole = task.generator(w, 32, noise=noise)
    apart = [
        F.mse_loss(
            task.generator(w, sub.resolution, sub.channels, noise[: len(sub.channels) - 1]),
            F.avg_pool2d(whole, 32 // sub.resolution),
        )
        for sub in players
    ]
    torch.testing.assert_close(found, torch.stack(apart).mean())


@pytest.mark.slow
def test_consistency_is_held_against_the_live_full_generator():
    """It changes with a channel that only the full one has, and is 0 if the sub-generator is full."""
    task = task_of(config(stage("adaptive-channel", resolutions=(32,), ratios=[1.0])))
    found = task.game.generator_losses(task.settings.stages[0], painted(task), Draws(0, 0, "g"))
    assert found["consistency"].item() == 0
    task = task_of(config(stage("adaptive-channel", resolutions=(32,), ratios=[0.25], sort=False)))
    before = task.game.generator_losses(task.settings.stages[0], painted(task), Draws(0, 0, "g"))
    assert before["consistency"].item() > 0
    with torch.no_grad():  # a channel that only the full generator has
        task.generator.get_parameter("convs.5.activate.bias")[8:] += 1
    after = task.game.generator_losses(task.settings.stages[0], painted(task), Draws(0, 0, "g"))
    assert after["consistency"].item() != before["consistency"].item()
    assert after["g"].item() == pytest.approx(before["g"].item(), rel=1e-5)


def test_lazy_regularisation_corrects_rate_and_betas():
    task = task_of(config(SINGLE, optimiser={"learning_rate": 0.002}))
    task.step(painted(task), 0)
    (group,) = task.optimisers["discriminator"].param_groups
    assert group["lr"] == pytest.approx(0.002 * 16 / 17)
    assert group["betas"] == pytest.approx((0.0, 0.99 ** (16 / 17)))
    (group,) = task.optimisers["generator"].param_groups
    assert group["lr"] == pytest.approx(0.002 * 8 / 9)


# stages


def test_positions_fall_in_stages():
    stages = tuple(Stage("multi-resolution", pictures, (8, 16)) for pictures in (10, 20, 5))
    found = [locate(stages, seen) for seen in (0, 9, 10, 29, 30, 34, 99)]
    assert found == [(0, 0), (0, 9), (1, 0), (1, 19), (2, 0), (2, 4), (2, 5)]


def test_a_decaying_rate_ends_at_a_twentieth():
    falling = Stage("multi-resolution", 100, (8,), decay=True)
    rates = [falling.rate(done / 10, 1.0) for done in range(11)]
    assert rates[0] == rates[4] == 1
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == pytest.approx(0.05)


def logged(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "log.jsonl").open()]


@pytest.mark.slow
def test_every_stage_runs_and_leaves_what_it_should(tmp_path: Path):
    """Each stage of the paper, and MSG-GAN's, runs to its end."""
    stages = (
        DISTIL,
        SINGLE,
        MULTI,
        stage("all-resolutions"),
        stage("adaptive-channel", widths="sandwich", supervised=1.0),
    )
    train(config(*stages, losses={"r1_every": 2}), tmp_path / "run")
    rows = logged(tmp_path / "run")
    assert {"d", "g", "consistency", "painted", "r1"} <= set(rows[-1])
    assert all(math.isfinite(value) for row in rows for value in row.values())
    found = checkpoints.trained(tmp_path / "run")
    assert found.generator.channels == CHANNELS
    assert found.pictures == 80
    assert list((tmp_path / "run").glob("samples-*.png"))


@pytest.mark.slow
def test_the_supervised_losses_fall():
    """On unseen portraits, at full and at half width."""
    task = task_of(config(stage("distil", 60, (16, 32)), batch=4))
    unseen = painted(task, 10_000)
    assert unseen.z is not None
    w = mapped(task.generator.style, unseen.z)[:, None].expand(-1, 8, -1)
    half = PROPORTIONAL.expand(CHANNELS, 0.5)

    def losses() -> Tensor:
        with torch.no_grad():
            drawn = [task.generator(w, noise="none"), task.generator(w, 32, half, noise="none")]
            return torch.stack([Targets(unseen).painted_loss(picture) for picture in drawn])

    before = losses()
    batches = task.batches(0)
    for seen in range(0, 60, 4):
        task.step(next(batches), seen)
    assert (losses() < 0.8 * before).all()


LEARNED = {**config()["generator"], "noise": "learned"}


def test_noise_maps_begin_as_the_painters_textures():
    """Each differs, with mean 0 and deviation 1. Too coarse ones are empty, and learned ones are kept."""
    made = Generator(32, CHANNELS, STYLE_DIM, n_mlp=1)
    hold_fields(made, painted=True)
    sides = [found.shape[-1] for found in made.noises.buffers()]
    assert sides == [4, 8, 8, 16, 16, 32, 32]
    held = [found.flatten() for found in made.noises.buffers()]
    for found, side in zip(held, sides, strict=True):
        assert found.mean().abs() < 1e-5
        assert found.std() == pytest.approx(float(side >= 32), abs=1e-5)
    assert (held[5] @ held[6] / held[5].norm() / held[6].norm()).abs() < 0.5
    assert len(strengths(made)) == len(sides)
    assert all(found.item() == pytest.approx(STRENGTH) for found in strengths(made))
    kept = [found.add_(1.0).clone() for found in made.noises.buffers()]
    hold_fields(made, painted=True)
    assert all(torch.equal(a, b) for a, b in zip(made.noises.buffers(), kept, strict=True))


def test_a_warm_start_learns_the_noise_maps_and_the_game_leaves_them():
    """Every width draws with them; their strengths are not learned."""
    task = task_of(config(stage("distil", 16, (16, 32)), ADAPTIVE, generator=LEARNED))
    batch = painted(task)
    start = [found.clone() for found in task.generator.noises.buffers()]
    for seen in (0, 8):
        task.step(batch, seen)
    maps = [found.clone() for found in task.generator.noises.buffers()]
    assert not any(torch.equal(a, b) for a, b in zip(start, maps, strict=True))
    assert task.generator.conv1.noise.weight.item() == pytest.approx(STRENGTH)
    assert batch.z is not None
    w = mapped(task.generator.style, batch.z)[:, None].expand(-1, 8, -1)
    half = PROPORTIONAL.expand(CHANNELS, 0.5)
    with torch.no_grad():
        with_maps, without = (task.generator(w, channels=half, noise=n) for n in ("constant", "none"))
        assert not torch.allclose(with_maps, without)
    task.step(batch, 16)
    for mine, kept, averaged in zip(
        task.generator.noises.buffers(), maps, task.average.network.noises.buffers(), strict=True
    ):
        assert torch.equal(mine, kept)
        assert torch.equal(averaged, kept)
    assert task.game.noise_maps(task.settings.stages[1], 8, Draws(0, 16, "g")) == "constant"


def test_a_step_of_muon_keeps_the_singular_vectors_and_evens_out_the_values():
    gradient = torch.randn(1, 6, 2, 3, 3, generator=torch.Generator().manual_seed(1))
    kernel = nn.Parameter(torch.zeros_like(gradient))
    kernel.grad = gradient
    Muon([kernel], lr=0.5).step()
    left, _, right = torch.linalg.svd(gradient[0].flatten(1), full_matrices=False)
    moved = left.T @ -kernel.detach()[0].flatten(1) @ right.T / (0.5 * 0.2 * math.sqrt(18))
    values = moved.diagonal()
    torch.testing.assert_close(moved, torch.diag(values), atol=1e-4, rtol=0)
    assert values.min() > 0.3
    assert values.max() < 1.3
    assert kernel.detach().square().mean().sqrt() == pytest.approx(0.5 * 0.2, rel=0.3)  # as long as Adam's


def test_kernels_of_one_shape_move_as_each_would_alone():
    shapes = [(1, 4, 3, 3, 3), (1, 3, 4, 3, 3), (1, 4, 3, 3, 3)]
    together, alone = ([nn.Parameter(torch.zeros(shape)) for shape in shapes] for _ in range(2))
    movers = [Muon(together, lr=0.1), *(Muon([kernel], lr=0.1) for kernel in alone)]
    for _ in range(3):
        for one, other in zip(together, alone, strict=True):
            one.grad = other.grad = torch.randn_like(one)
        for mover in movers:
            mover.step()
    for one, other in zip(together, alone, strict=True):
        assert one.abs().max() > 0.01
        torch.testing.assert_close(one, other)


@settings(max_examples=25)
@given(st.integers(1, 40), st.integers(1, 40), st.floats(-6, 6))
def test_any_matrix_is_orthogonalised(rows: int, columns: int, magnitude: float):
    drawn = torch.randn(rows, columns, generator=torch.Generator().manual_seed(rows * 41 + columns))
    found = orthogonalised(drawn * 10**magnitude)
    torch.testing.assert_close(found, orthogonalised(drawn), atol=1e-3, rtol=0)
    assert torch.linalg.matrix_norm(found, 2) < 1.25
    torch.testing.assert_close(orthogonalised(drawn.T), found.T, atol=1e-3, rtol=0)


def test_zeros_are_orthogonalised_to_zeros():
    assert orthogonalised(torch.zeros(3, 5)).abs().max() == 0


@pytest.mark.slow
def test_low_resolutions_learn_from_the_reduced_pictures_that_high_ones_learn_from():
    low, high = (next(batches(DataSettings(), side, 4, 0, 0, 64)) for side in (16, 64))
    torch.testing.assert_close(low.pictures, F.avg_pool2d(high.pictures, 4))
    assert next(batches(DataSettings(), 8, 4, 0, 0, 1024)).pictures.shape == (4, 3, 8, 8)


def shown_w(task: Generating, batch: Batch) -> Tensor:
    """w [N, n_style, D] that the first step of a warm start draws."""
    assert batch.z is not None
    w = drawn_in(mapped(task.generator.style, batch.z), Draws(0, 0, "distil"), POPULATION)
    return w[:, None].expand(-1, 8, -1)


def test_a_warm_start_may_look_with_the_attribute_network(tmp_path: Path):
    features = Features(len(NAMES), (4, 6))
    save_file(features.state_dict(), tmp_path / "features.safetensors")
    table = config(
        stage("distil", 16, (16, 32), ratios=[0.25], perceptual=0.5),
        losses={"features": str(tmp_path / "features.safetensors")},
    )
    task = task_of(table)
    batch = painted(task)
    plain = replace(task.settings.stages[0], perceptual=0.0)
    seen, unseen = (
        distillation(task.generator, task.rule, how, batch, Draws(0, 0, "distil"), task.game.features)
        for how in (task.settings.stages[0], plain)
    )
    assert set(seen) - set(unseen) == {"perceptual"}
    assert all(torch.equal(seen[name], unseen[name]) for name in unseen)
    w = shown_w(task, batch)
    side = Draws(0, 0, "distil").choices.choice((16, 32))
    quarter = PROPORTIONAL.expand(CHANNELS, 0.25)[: layer_count(side)]
    full, sub = task.generator(w, noise="none"), task.generator(w, side, quarter, noise="none")
    teacher = full if side == 32 else task.generator(w, side, noise="none")
    wanted = features.distance(full, batch.pictures).mean() + features.distance(sub, teacher).mean()
    assert seen["perceptual"].item() == pytest.approx(0.5 * wanted.item(), rel=1e-5)
    before = [parameter.clone() for parameter in features.parameters()]
    task.step(batch, 0)
    assert all(torch.equal(a, b) for a, b in zip(before, features.parameters(), strict=True))


def test_a_warm_start_holds_the_narrowest_generator_each_time_and_another():
    assert narrowest_and_wider((0.5, 0.25, 0.75, 0.5)) == [(0.25,), (0.5, 0.75, 0.5)]
    assert narrowest_and_wider((0.5,)) == [(0.5,)]
    one, two = (
        task_of(config(stage("distil", 16, (32,), ratios=ratios))) for ratios in ([0.25], [0.25, 0.25, 0.5])
    )
    batch = painted(one)

    def held(task: Generating) -> Tensor:
        how = task.settings.stages[0]
        return distillation(task.generator, task.rule, how, batch, Draws(0, 0, "distil"), None)["consistency"]

    assert batch.landmarks is not None
    w = shown_w(two, batch)
    full = two.generator(w, noise="none")
    half = two.generator(w, 32, PROPORTIONAL.expand(CHANNELS, 0.5), noise="none")
    weights = attention(*looked_at(batch.landmarks), 32)
    wider = picture_loss(half, full, weights)
    assert (held(two) - held(one)).item() == pytest.approx(CONSISTENCY * wider.item(), rel=1e-4)


@pytest.mark.parametrize("worn", ["glasses", "earrings"])
def test_a_warm_start_looks_where_small_things_are_worn(worn: str):
    turns = torch.tensor([-0.3, 0.0, 0.3])
    without, wearing = (paint({"turn": turns, worn: torch.full((3,), on)}, 128) for on in (0.0, 1.0))
    changed = (wearing.rgb - without.rgb).abs().mean(1, keepdim=True)  # [N, 1, R, R]
    weights = attention(*looked_at(PORTRAITS.points(wearing.landmarks)), 128)  # 1 on average
    counted = (weights * changed).sum((1, 2, 3)) / changed.sum((1, 2, 3))
    assert (counted > 2).all()


@pytest.mark.slow
def test_the_game_is_learned():
    """A discriminator that plays against a still generator learns to tell real from drawn."""
    task = task_of(config(stage("multi-resolution", 48), batch=4, optimiser={"learning_rate": 0.008}))
    for group in task.optimisers["generator"].param_groups:
        group["lazy"] = 0.0  # stands still
    batches = task.batches(0)
    losses = [task.step(next(batches), seen)["d"].item() for seen in range(0, 48, 4)]
    assert sum(losses[-4:]) < 0.8 * sum(losses[:4])


@pytest.mark.slow
@pytest.mark.parametrize("widths", ["same", "reduced", "conditioned"])
def test_the_papers_discriminators_are_options(widths: str):
    task = task_of(config(ADAPTIVE, discriminator={"channels": [16, 16, 12, 12], "widths": widths}))
    losses = task.step(painted(task), 0)
    assert task.discriminator.conditioned == (widths == "conditioned")
    assert all(torch.isfinite(value) for value in losses.values())


def difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    return max(
        float((a.float() - b.float()).abs().max()) for a, b in zip(tensors(one), tensors(other), strict=True)
    )


def tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return [tensor for item in inner for tensor in tensors(item)]


def test_sorting_takes_the_average_along():
    task = task_of(config(ADAPTIVE))
    task.generator.load_state_dict(generator().state_dict(), strict=False)
    task.average.network.load_state_dict(task.generator.state_dict())
    task._sort()
    torch.testing.assert_close(task.average.network(latents()), task.generator(latents()))


def killed_run(config: Path, out: Path, at: int) -> None:
    """Saves after every step, and kills its process in the middle of the one that starts at `at`."""
    original = loop.run

    def run(task: loop.Task, out: Path, **how: Any) -> None:
        step = task.step

        def killed(batch: Any, seen: int) -> dict[str, Tensor]:
            losses = step(batch, seen)
            if seen == at:
                os.kill(os.getpid(), signal.SIGKILL)
            return losses

        task.step = killed  # type: ignore[method-assign]
        original(task, out, **{**how, "minutes": 0})

    loop.run = run
    train(read(config), out)


def toml(table: Mapping[str, Any]) -> str:
    """A run's table as TOML."""
    lines = [
        f"{key} = {json.dumps(value)}" for key, value in table.items() if not isinstance(value, dict | list)
    ]
    for key, value in table.items():
        if isinstance(value, dict):
            lines += [f"[{key}]", *(f"{k} = {json.dumps(v)}" for k, v in value.items())]
    for one in table["stages"]:
        lines += ["[[stages]]", *(f"{k} = {json.dumps(v)}" for k, v in one.items())]
    return "\n".join(lines) + "\n"


@pytest.mark.slow
def test_a_killed_run_resumes_exactly(tmp_path: Path):
    """Killed in stage 2 of 3, it ends the same to the last bit."""
    stages = (
        stage("single", 4, (32,)),
        stage("multi-resolution", 12),
        stage("adaptive-channel", 4, supervised=1.0),
    )
    table = config(*stages, batch=4)
    path = tmp_path / "run.toml"
    path.write_text(toml(table))
    ended, said = forked.run(tmp_path / "said", killed_run, path, tmp_path / "killed", 12)
    assert ended == -signal.SIGKILL, said
    assert checkpoints.load(tmp_path / "killed" / "last.pt")["seen"] == 12
    half = tmp_path / "killed" / ".samples-00000004.png-abcdefgh.part"  # as a kill leaves it
    half.touch()
    with one_thread():  # as in the other process, for equal sums
        train(read(path), tmp_path / "straight")
        train(read(path), tmp_path / "killed", resume=True)
    ends = [checkpoints.load(tmp_path / name / "last.pt")["task"] for name in ("straight", "killed")]
    assert difference(*ends) == 0
    assert not half.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    "table",
    [
        config(stage("single", 8, (32,)), losses={"r1_every": 1, "path_every": 1}),
        config(stage("adaptive-channel", 8, supervised=1.0)),
        config(stage("distil", 8, (16, 32)), generator=LEARNED),
    ],
    ids=["single", "adaptive-channel", "distil"],
)
def test_two_processes_are_one_with_the_joined_batch(pair: Pair, tmp_path: Path, table: dict[str, Any]):
    """After one step, Adam's second moments and its first ones at beta 0 show the gradients, and Muon's are a
    twentieth of them: all must agree."""
    train(table, tmp_path / "one")
    pair.run(train, table, tmp_path / "two")
    one, two = (checkpoints.load(tmp_path / name / "last.pt") for name in ("one", "two"))
    assert one["seen"] == two["seen"] == 8
    for key, optimiser in one["task"]["optimisers"].items():
        moments = [
            {(k, name): m for k, kept in kept_by["state"].items() for name, m in kept.items()}
            for kept_by in (optimiser, two["task"]["optimisers"][key])
        ]
        for name, want in moments[0].items():
            torch.testing.assert_close(
                moments[1][name], want, atol=1e-5 * (1 + float(want.abs().max())), rtol=1e-3
            )


def test_a_batch_that_processes_cannot_share_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(ValueError, match="cannot be shared by 3"):
        distributed.Part(0, 3).of(torch.zeros(8, 2))
    monkeypatch.setattr(distributed, "world", lambda: 3)
    with pytest.raises(CoreError, match="cannot be shared by 3"):
        train(config(MULTI), tmp_path)
    monkeypatch.setattr(distributed, "world", lambda: 8)
    with pytest.raises(CoreError, match=r"leaves each of 8 processes 1, but .* write batch = 32 or"):
        train(config(MULTI), tmp_path)


@pytest.mark.slow
def test_a_nan_or_infinite_loss_stops_the_run_and_keeps_the_checkpoint(tmp_path: Path):
    table = config(stage("multi-resolution", 12), batch=4)
    train({**table, "stages": [stage("multi-resolution", 4)]}, tmp_path)
    kept = (tmp_path / "last.pt").read_bytes()
    wild = {**table, "optimiser": {"learning_rate": 1e30}}
    with pytest.raises(CoreError, match=r"is NaN or infinite after .* pictures.*lower the learning rate"):
        train(wild, tmp_path, resume=True)
    assert (tmp_path / "last.pt").read_bytes() == kept


@pytest.mark.slow
def test_bfloat16_changes_a_step_little():
    """The fast number type gives the plain one's losses to within a few per cent."""
    found = []
    for dtype in (torch.float32, torch.bfloat16):
        task = task_of(
            config(
                stage("adaptive-channel", resolutions=(32,)),
                generator={**config()["generator"], "noise": "none"},
            )
        )
        batch = painted(task)
        with autocast(dtype, torch.device("cpu")):
            losses = task.game.generator_losses(task.settings.stages[0], batch, Draws(0, 8, "g"))
        found.append({name: value.item() for name, value in losses.items()})
    assert found[1] == pytest.approx(found[0], rel=0.05, abs=0.02)


# what a user writes in the TOML file


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"network": "poet"}, 'setting "network" is one of generator'),
        ({"colour": 1}, 'no setting "colour"'),
        ({"batch": "many"}, '"batch" must be a whole number'),
        ({"batch": 1}, "write batch = 2 or more"),
        ({"stages": []}, r"at least one \[\[stages\]\]"),
        ({"stages": [stage("dream")]}, r'"stages\[0\].kind" must be "distil", "single"'),
        ({"stages": [{"kind": "single", "pictures": 8}]}, r'"stages\[0\].resolutions" is missing'),
        ({"stages": [stage("single", resolutions=(64,))]}, "trains 64 px, but the generator ends at 32"),
        ({"stages": [stage("single", resolutions=(24,))]}, "power of two"),
        ({"stages": [stage("adaptive-channel", ratios=[0.0, 1.0])]}, "ratios must be above 0"),
        ({"generator": {"resolution": 32, "channels": [8, 8]}}, "needs 8 counts for 32 px"),
        ({"generator": {**config()["generator"], "from": "nowhere"}}, 'no run in "nowhere"'),
        ({"generator": {**config()["generator"], "noise": "loud"}}, '"none", "random" or "learned"'),
        ({"data": {"kind": "films"}}, '"data.kind" must be "portraits", "heads", "cars" or "folder"'),
        ({"data": {"rare": 1.5}}, "0 to 1, not 1.5"),
        ({"data": {"far": -0.5}}, "data.far is a share of painted portraits, 0 to 1, not -0.5"),
        ({"data": {"kind": "folder", "folder": "x", "rare": 0.5}}, "share of painted portraits"),
        ({"discriminator": {"channels": [8, 8]}}, "one count for each of 4, 8, ... 32 px"),
        ({"data": {"kind": "folder"}}, "give both or neither"),
        ({"data": {"kind": "folder", "folder": "x"}, "stages": [DISTIL]}, "needs painted portraits"),
        ({"precision": "float8"}, '"precision" must be "auto", "float32" or "bfloat16"'),
        ({"losses": {"features": "nowhere.safetensors"}, "stages": [ADAPTIVE]}, "nowhere.safetensors"),
        ({"stages": [{**DISTIL, "perceptual": 0.1}]}, "needs losses.features"),
        ({"stages": [{**MULTI, "perceptual": 0.1}]}, 'stages of kind "distil"'),
    ],
)
def test_a_mistake_in_the_settings_is_one_sentence(tmp_path: Path, change: dict[str, Any], sentence: str):
    with pytest.raises((CoreError, ValueError), match=sentence):
        train({**config(MULTI), **change}, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_run_is_neither_overwritten_nor_resumed_from_nothing(tmp_path: Path):
    train(config(stage("multi-resolution", 8)), tmp_path / "run")
    with pytest.raises(CoreError, match="add --resume"):
        train(config(stage("multi-resolution", 8)), tmp_path / "run")
    with pytest.raises(CoreError, match="leave out --resume"):
        train(config(stage("multi-resolution", 8)), tmp_path / "none", resume=True)
    other = config(stage("multi-resolution", 16), generator={"resolution": 32, "channels": [8] * 8})
    with pytest.raises(CoreError, match=r"\[generator\] differs"):
        train(other, tmp_path / "run", resume=True)


def test_a_file_that_is_not_toml_is_refused(tmp_path: Path):
    (tmp_path / "a.toml").write_text("seed = = 1")
    with pytest.raises(CoreError, match="is not TOML"):
        read(tmp_path / "a.toml")
    with pytest.raises(CoreError, match="cannot be read"):
        read(tmp_path / "b.toml")


def test_the_loop_saves_atomically_and_counts(tmp_path: Path):
    class Tiny:
        pictures, batch = 40, 8

        def __init__(self):
            self.steps: list[int] = []

        def batches(self, seen: int):
            while True:
                yield None

        def step(self, batch: None, seen: int) -> dict[str, Tensor]:
            self.steps.append(seen)
            return {"loss": torch.tensor(float(seen))}

        def state(self) -> dict[str, Any]:
            return {"steps": list(self.steps)}

        def restore(self, state: Mapping[str, Any]) -> None:
            self.steps = list(state["steps"])

        def show(self, folder: Path, seen: int) -> None:
            (folder / f"shown-{seen}").touch()

    task = Tiny()
    loop.run(task, tmp_path, minutes=0, log_every=2)
    assert task.steps == [0, 8, 16, 24, 32]
    assert checkpoints.load(tmp_path / "last.pt") == {"seen": 40, "task": {"steps": task.steps}, "best": None}
    assert [row["seen"] for row in logged(tmp_path)] == [16, 32, 40]
    assert (tmp_path / "shown-40").exists()
    assert not list(tmp_path.glob("*.part"))
    loop.run(task, tmp_path, resume=True)
    assert len(task.steps) == 5  # nothing was left to do


def test_layers_of_a_toy_are_those_of_its_resolution():
    assert [layer_resolution(k) for k in range(len(CHANNELS))] == [4, 4, 8, 8, 16, 16, 32, 32]
