"""What later stages and runs keep of the networks before them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from toy_run import CHANNELS, DISTIL, MULTI, SINGLE, config, painted, stage, task_of

from anycost.core.errors import CoreError
from anycost.lab.generator import sorting
from anycost.lab.generator.mapping import LAYERS
from anycost.lab.painter import STYLE_DIM
from anycost.lab.running import checkpoints
from anycost.lab.running.draws import Draws
from anycost.lab.training import train
from anycost.models.discriminator import architecture
from anycost.models.generator import Generator


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained stage 1, with noise."""
    folder = tmp_path_factory.mktemp("runs") / "single"
    train(config({**SINGLE, "pictures": 16}), folder)
    return folder


def after(run: Path, *stages: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A run that starts from another."""
    shape = {**config()["generator"], "from": str(run), **changes}
    return config(*stages, generator=shape)


def same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_a_run_goes_on_with_the_generator_its_average_and_the_discriminator(run: Path):
    kept = checkpoints.load(run / "last.pt")["task"]
    task = task_of(after(run, MULTI, stage("adaptive-channel")))
    assert same(task.generator.state_dict(), kept["generator"])
    assert same(task.average.network.state_dict(), kept["average"])
    before = task_of(config(SINGLE)).discriminator
    before.load_state_dict(kept["discriminator"])
    pictures = torch.randn(4, 3, 32, 32)
    told = architecture(CHANNELS, CHANNELS).expand(4, -1)  # not heard yet
    torch.testing.assert_close(task.discriminator(pictures, told), before(pictures))
    assert set(task.discriminator.from_rgb) == {"8", "16", "32"}


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        ({"noise": "none"}, 'draws with noise: write noise = "random"'),
        ({"width_rule": "capped"}, 'another rule: write width_rule = "proportional"'),
        ({"channels": [16] * 8}, r"is narrower: its channels are \[16, 16"),
        ({"n_mlp": 3}, "another shape: its n_mlp is 6"),
    ],
)
def test_a_run_that_would_draw_other_pictures_is_refused(run: Path, shape: dict[str, Any], sentence: str):
    with pytest.raises(CoreError, match=sentence):
        task_of(after(run, MULTI, **shape))


def test_a_warm_start_leaves_no_discriminator(tmp_path: Path):
    train(config({**DISTIL, "pictures": 8}), tmp_path / "warm")
    table = after(tmp_path / "warm", MULTI)
    task = task_of(table)
    assert same(task.discriminator.state_dict(), task_of(config(MULTI)).discriminator.state_dict())
    with pytest.raises(CoreError, match="trains no discriminator"):
        task_of({**table, "discriminator": {**table["discriminator"], "from": str(tmp_path / "warm")}})


def test_a_warm_start_may_follow_a_game(run: Path):
    """It has no use for the discriminator, of whatever size."""
    task = task_of(after(run, DISTIL))
    assert same(task.generator.state_dict(), checkpoints.load(run / "last.pt")["task"]["generator"])


def test_a_discriminator_may_come_from_elsewhere(run: Path):
    """Beside a generator that starts from nothing, or from a pack."""
    table = config(MULTI)
    task = task_of({**table, "discriminator": {**table["discriminator"], "widths": "same", "from": str(run)}})
    before = task_of(config(SINGLE)).discriminator
    before.load_state_dict(checkpoints.load(run / "last.pt")["task"]["discriminator"])
    pictures = torch.randn(4, 3, 32, 32)
    torch.testing.assert_close(task.discriminator(pictures), before(pictures))


def test_a_narrower_run_keeps_the_channels_with_the_largest_kernels(run: Path):
    """It draws what the sorted generator's first channels draw: pruning, as in the paper's Figure 5."""
    half = [count // 2 for count in CHANNELS]
    task = task_of(after(run, MULTI, channels=half))
    wide = checkpoints.trained(run).generator
    kept = checkpoints.load(run / "last.pt")["task"]["generator"]
    live = Generator(32, CHANNELS, STYLE_DIM, LAYERS)
    live.load_state_dict(kept)
    places = sorting.order(live)
    for network in (live, wide):
        sorting.permute(dict(network.named_parameters()), places)
    w = torch.randn(2, 8, STYLE_DIM)
    for mine, theirs in ((task.generator, live), (task.average.network, wide)):
        torch.testing.assert_close(mine(w), theirs(w, 32, half), atol=1e-4, rtol=1e-3)


def test_a_discriminator_of_other_widths_is_refused(run: Path):
    table = {**after(run, MULTI), "discriminator": {"channels": [16, 16, 16, 12]}}
    with pytest.raises(CoreError, match="give both the same channels"):
        task_of(table)


def test_a_folder_of_another_network_is_refused(tmp_path: Path):
    checkpoints.save(tmp_path / "last.pt", {"seen": 0, "task": {"network": {}}})
    with pytest.raises(CoreError, match="trains no generator"):
        task_of(after(tmp_path, MULTI))


def test_stage_2_is_distilled_from_the_generator_that_it_starts_from(run: Path):
    """And so it needs no path lengths; from nothing it needs them."""
    task = task_of(after(run, MULTI))
    (how,), batch = task.settings.stages, painted(task)
    with torch.no_grad():  # the live one moves away, the teacher does not
        for parameter in task.generator.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    found = task.game.generator_losses(how, batch, Draws(0, 0, "g"))["distillation"]
    draws = Draws(0, 0, "g")
    players = task.game.players(how, draws)
    z, noise = task.game.draw_z(how, batch, draws), task.game.noise_maps(how, 8, draws)
    apart = []
    for sub in players:
        own = task.generator(
            task.game.latents(task.generator, z), sub.resolution, noise=noise[: len(sub.channels) - 1]
        )
        whole = task.average.network(task.game.latents(task.average.network, z), 32, noise=noise)
        apart.append(F.mse_loss(own, F.avg_pool2d(whole, 32 // sub.resolution)))
    torch.testing.assert_close(found, 2.0 * torch.stack(apart).mean())
    assert "path" not in task.step(batch, 0)
    fresh = task_of(config(MULTI))
    assert fresh.game.teacher is None
    assert "path" in fresh.step(painted(fresh), 0)


def test_a_narrow_generator_may_have_a_wide_teacher(run: Path):
    """Distillation (Aguinaldo et al., 2019), which the paper's Figure 5 compares with."""
    shape = {**config()["generator"], "channels": [4] * 8, "teacher": str(run)}
    task = task_of(config(MULTI, generator=shape))
    assert task.game.teacher is not None
    trained = checkpoints.trained(run).generator.state_dict()
    assert same(task.game.teacher.state_dict(), trained)
    found = task.step(painted(task), 0)
    assert found["distillation"] > 0
    assert "path" not in found
    with pytest.raises(CoreError, match=r'generator.teacher: there is no run in "nowhere"'):
        task_of(config(MULTI, generator={**shape, "teacher": "nowhere"}))


def test_later_stages_of_one_run_are_distilled_too():
    task = task_of(config({**SINGLE, "pictures": 8}, {**MULTI, "pictures": 8}))
    task.step(painted(task), 0)
    trained = {name: value.clone() for name, value in task.average.network.state_dict().items()}
    task.step(painted(task, 8), 8)
    assert task.game.teacher is not None
    assert same(task.game.teacher.state_dict(), trained)
    assert not any(parameter.requires_grad for parameter in task.game.teacher.parameters())
