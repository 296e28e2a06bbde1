"""Projection finds the generator's own pictures again, and every step keeps its promises."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from anycost.core.editing import projection
from anycost.core.editing.lbfgs import value_and_gradient
from anycost.core.editing.perceptual import Measure, best_measure, import_lpips, lpips_measure
from anycost.core.editing.projection import ProjectionStep, project, sub_generators
from anycost.core.errors import CoreError
from anycost.core.rendering.renderer import Renderer
from anycost.core.stopping import stopping
from anycost.models.generator import Generator
from anycost.models.layer_sizes import layer_count
from anycost.models.pack import Pack, write_pack
from anycost.models.widths import SubGenerator, WidthRule


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Networks this small run fastest on one thread, especially beside other programs."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def untrained(tiny_pack: Path) -> Pack:
    return Pack.open(tiny_pack)


@pytest.fixture(scope="module")
def pack(untrained: Pack) -> Pack:
    """Untrained but like a trained pack: pictures in -1..1, and sub-generators that agree with G."""
    ladder = [SubGenerator(r, untrained.channels[: layer_count(r)], 1.0) for r in (8, 16, 32)]
    pack = replace(untrained, ladder=tuple(ladder))
    weights = pack.generator().state_dict()
    for layer, strength in (("to_rgb1", 0.2), ("to_rgbs.0", 0.2), ("to_rgbs.1", 0.1), ("to_rgbs.2", 0.05)):
        weights[f"{layer}.conv.weight"].mul_(strength)
    return pack


@pytest.fixture(scope="module")
def measure(pack: Pack) -> Measure:
    return best_measure(pack)


@pytest.fixture(scope="module")
def hidden(pack: Pack) -> np.ndarray:
    """A plausible latent: float32 [n_style, style_dim]."""
    torch.manual_seed(3)
    with torch.no_grad():
        w = pack.generator().style(torch.randn(1, pack.style_dim))  # [1, D]
    return w.expand(pack.n_style, -1).contiguous().numpy()


@pytest.fixture(scope="module")
def picture(pack: Pack, hidden: np.ndarray) -> np.ndarray:
    return draw(pack, hidden)


def draw(pack: Pack, w: np.ndarray) -> np.ndarray:
    drawn = Renderer(pack.generator()).render(w, pack.ladder[-1], lambda: False)
    assert drawn is not None
    return drawn


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    error = np.square(a.astype(float) - b).mean()
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


def near(hidden: np.ndarray, pack: Pack) -> np.ndarray:
    """What an encoder might return: halfway between the mean and the truth."""
    return ((hidden + pack.mean_w) / 2).astype(np.float32)


@pytest.fixture(scope="module")
def run(pack: Pack, measure: Measure, picture: np.ndarray, hidden: np.ndarray) -> list[ProjectionStep]:
    return list(project(pack, picture, near(hidden, pack), measure, steps=15))


@pytest.mark.parametrize("started", ["encoder", "mean"])
def test_a_cancel_ends_a_step_before_its_next_picture(
    pack: Pack, measure: Measure, picture: np.ndarray, hidden: np.ndarray, started: str
):
    """A step draws many pictures; on a large generator it takes seconds."""
    drawn = 0

    def embed(pictures: torch.Tensor) -> list[torch.Tensor]:
        nonlocal drawn
        drawn += 1
        return measure.embed(pictures)

    start = near(hidden, pack) if started == "encoder" else None
    steps = project(pack, picture, start, replace(measure, embed=embed), steps=15)
    next(steps)
    before = drawn
    with stopping(lambda: drawn >= before + 2), pytest.raises(CoreError) as cancelled:
        next(steps)
    assert cancelled.value.kind == "cancelled"
    assert drawn <= before + 3  # the target's own may come in between


def test_the_start_comes_first_and_unchanged(run: list[ProjectionStep], hidden: np.ndarray, pack: Pack):
    assert (run[0].step, run[0].stage) == (0, "encoder")
    assert np.array_equal(run[0].w, near(hidden, pack))


def test_the_best_loss_only_falls(run: list[ProjectionStep]):
    losses = [step.loss for step in run]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0] / 4
    assert [step.step for step in run] == list(range(len(run)))


def test_a_picture_of_the_generator_is_found_again(
    pack: Pack, run: list[ProjectionStep], picture: np.ndarray
):
    before, after = psnr(draw(pack, run[0].w), picture), psnr(draw(pack, run[-1].w), picture)
    assert after > before + 6
    assert after > 35


def test_every_step_carries_the_latent_of_its_loss(
    pack: Pack, measure: Measure, picture: np.ndarray, run: list[ProjectionStep]
):
    """Projecting step n's latent with no steps gives step n's loss, without the hold terms."""
    again = next(project(pack, picture, run[5].w, measure, steps=0))
    search = projection._Search(pack, picture, measure, run[0].w, random.Random(0))
    moved = (run[5].w - run[0].w) / search.deviation.numpy()  # [n_style, D]
    apart = moved - moved.mean(0)
    held = projection.HOLD * np.square(moved).mean() + projection.TOGETHER * np.square(apart).mean()
    assert again.loss + held == pytest.approx(run[5].loss, rel=1e-3)


def test_what_an_encoder_found_moves_together(
    pack: Pack, measure: Measure, picture: np.ndarray, monkeypatch: pytest.MonkeyPatch
):
    def apart() -> float:
        *_, last = project(pack, picture, np.tile(pack.mean_w, (pack.n_style, 1)), measure, steps=8)
        return float((last.w - last.w.mean(0)).std())

    held = apart()
    monkeypatch.setattr(projection, "TOGETHER", 0.0)
    assert held < 0.5 * apart()


@pytest.mark.slow
def test_without_an_encoder_the_search_starts_from_the_mean(
    pack: Pack, measure: Measure, picture: np.ndarray
):
    steps = list(project(pack, picture, None, measure, steps=projection.WARM_UP + 10))
    assert np.allclose(steps[0].w, pack.mean_w)
    assert [step.stage for step in steps[:2]] == ["mean", "warm-up"]
    warm = steps[projection.WARM_UP]
    assert (warm.stage, steps[projection.WARM_UP + 1].stage) == ("warm-up", "refine")
    assert np.allclose(warm.w, warm.w[0]), "the warm-up moves all styles together"
    assert warm.loss < 0.5 * steps[0].loss
    assert steps[-1].loss < warm.loss


def test_one_sub_generator_a_step(
    pack: Pack, measure: Measure, picture: np.ndarray, hidden: np.ndarray, monkeypatch: pytest.MonkeyPatch
):
    full, subs = sub_generators(pack, projection.SIDE)
    drawn: list[SubGenerator] = []
    plain = projection._Search.loss

    def loss(self: projection._Search, w: torch.Tensor, rung: SubGenerator) -> torch.Tensor:
        drawn.append(rung)
        return plain(self, w, rung)

    monkeypatch.setattr(projection._Search, "loss", loss)
    seen = set()
    for _ in project(pack, picture, near(hidden, pack), measure, steps=8):
        in_step = {rung for rung in drawn if rung != full}
        assert len(in_step) <= 1
        assert drawn.count(full) >= len(drawn) - drawn.count(full)
        seen |= in_step
        drawn.clear()
    assert len(seen) > 1
    assert seen <= set(subs)


def test_the_sub_generators_are_the_rungs_below(untrained: Pack):
    full, subs = sub_generators(untrained, 32)
    assert full.channels == untrained.channels
    assert subs == list(untrained.ladder[:-1])
    full, subs = sub_generators(untrained, 16)
    assert full.channels == untrained.channels[:6]
    assert [rung.resolution for rung in subs] == [8, 16]


def test_ends_when_the_steps_are_done(pack: Pack, measure: Measure, picture: np.ndarray, hidden: np.ndarray):
    steps = list(project(pack, picture, near(hidden, pack), measure, steps=3))
    assert [step.stopped for step in steps] == [None, None, None, "done"]
    assert [step.stopped for step in project(pack, picture, hidden, measure, steps=0)] == ["done"]


@pytest.mark.slow
def test_ends_when_the_loss_levels_off(pack: Pack, measure: Measure, hidden: np.ndarray):
    beyond_reach = np.zeros((32, 32, 3), np.uint8)
    beyond_reach[::2] = 255
    last = list(project(pack, beyond_reach, hidden, measure, steps=2000))[-1]
    assert last.stopped == "levelled"
    assert last.step < 1000


def test_ends_when_its_own_time_is_up(
    pack: Pack, measure: Measure, picture: np.ndarray, monkeypatch: pytest.MonkeyPatch
):
    """The clock advances a second at every reading, so each step and the start take one second."""
    clock = iter(range(1000))
    monkeypatch.setattr(projection.time, "perf_counter", lambda: float(next(clock)))
    steps = list(project(pack, picture, None, measure, steps=50, seconds=5.0))
    assert steps[-1].stopped == "time"
    assert steps[-1].step == 4


@pytest.mark.slow
def test_the_seed_decides(pack: Pack, measure: Measure, picture: np.ndarray, hidden: np.ndarray):
    def last(seed: int) -> np.ndarray:
        return list(project(pack, picture, near(hidden, pack), measure, steps=6, seed=seed))[-1].w

    assert np.array_equal(last(1), last(1))
    assert not np.array_equal(last(1), last(2))


# Generators above 256 px


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """A thin pack of 512 px without an encoder; its 256 px draw more than the last block does."""
    torch.manual_seed(0)
    generator = Generator(512, (8,) * 6 + (2,) * 10, style_dim=8, n_mlp=1).requires_grad_(False)
    for k in range(len(generator.to_rgbs)):
        generator.get_parameter(f"to_rgbs.{k}.conv.weight").mul_(0.2)
    rule = WidthRule("proportional")
    return Pack.open(
        write_pack(
            tmp_path_factory.mktemp("large") / "large",
            generator,
            name="large",
            title="Large",
            licence="Apache-2.0",
            provenance="untrained, made by the tests",
            mean_w=generator.style(torch.randn(64, 8)).mean(0).numpy(),
            rule=rule,
            ratios=(1.0, 0.5),
            resolutions=(64, 512),
            ladder=[rule.sub_generator(generator.channels, side, 1.0) for side in (64, 512)],
            alignment=None,
        )
    )


def test_a_large_generators_last_styles_are_found_too(large: Pack, monkeypatch: pytest.MonkeyPatch):
    """Only the picture of 512 px depends on the last two: it has to tell them."""
    monkeypatch.setattr(projection, "FINISH", 5)
    torch.manual_seed(1)
    with torch.no_grad():
        wanted = large.generator().style(torch.randn(large.n_style, large.style_dim))[None]  # [1, n_style, D]
    picture, measure = draw(large, wanted[0].numpy()), best_measure(large)
    steps = list(project(large, picture, None, measure, steps=1))
    assert [step.stage for step in steps] == ["mean", "warm-up", *["finish"] * 5]
    assert {step.steps for step in steps} == {len(steps) - 1}
    assert [step.stopped for step in steps if step.stopped] == ["done"]
    losses = [step.loss for step in steps if step.stage == "finish"]
    assert losses == sorted(losses, reverse=True)

    search = projection._Search(large, picture, measure, None, random.Random(0))
    assert (search.full.resolution, search.whole.resolution) == (256, 512)
    rough, last = (torch.from_numpy(steps[k].w)[None] for k in (1, -1))
    assert torch.equal(rough[:, -2], rough[:, 0])
    assert (last[:, -2:] != rough[:, -2:]).all()
    with torch.no_grad():
        assert search.loss(last, search.whole) < 0.99 * search.loss(rough, search.whole)


def test_maps_that_are_kept_short_hardly_change_a_gradient(
    pack: Pack, measure: Measure, picture: np.ndarray, hidden: np.ndarray, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(projection, "SIDE", 16)
    search = projection._Search(pack, picture, measure, near(hidden, pack), random.Random(0))
    zero = torch.zeros(pack.n_style * pack.style_dim)

    def objective(offset: torch.Tensor) -> torch.Tensor:
        return search._objective(search.whole, None, offset)

    (exact, plain), (value, frugal) = value_and_gradient(objective, zero), projection._frugal(objective, zero)
    assert value == exact
    assert 0 < (frugal - plain).norm() < 0.01 * plain.norm()


def test_a_generator_of_at_most_256_px_has_no_finish(run: list[ProjectionStep]):
    assert {step.stage for step in run} == {"encoder", "refine"}
    assert {step.steps for step in run} == {15}


@pytest.mark.parametrize(
    ("seconds", "rough", "finish", "stopped"),
    [(8.0, 7, 0, "time"), (20.0, 9, 10, "time"), (100.0, 15, projection.FINISH, "done")],
)
def test_time_is_kept_for_the_finish_if_it_fits(
    pack: Pack,
    measure: Measure,
    picture: np.ndarray,
    hidden: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    rough: int,
    finish: int,
    stopped: str,
):
    """The start, each step at 16 px and each evaluation at 32 px take a second. By the work of these sizes an
    evaluation may take 1.6: four do not fit into half of 8 s."""
    clock = iter(range(1000))
    monkeypatch.setattr(projection.time, "perf_counter", lambda: float(next(clock)))
    monkeypatch.setattr(projection, "SIDE", 16)
    steps = list(project(pack, picture, near(hidden, pack), measure, steps=15, seconds=seconds))
    assert [step.stage for step in steps] == ["encoder", *["refine"] * rough, *["finish"] * finish]
    assert [step.stopped for step in steps] == [*[None] * (len(steps) - 1), stopped]
    assert [step.step for step in steps] == list(range(len(steps)))


def test_a_black_picture_and_a_white_one_project_too(pack: Pack, measure: Measure):
    for value in (0, 255):
        flat = np.full((32, 32, 3), value, np.uint8)
        last = list(project(pack, flat, None, measure, steps=4))[-1]
        assert np.isfinite(last.w).all()
        assert np.isfinite(last.loss)


# Perceptual losses


def test_the_packs_features_are_used_when_no_lpips_weights_are_here(measure: Measure):
    assert measure.name == "the pack's own features"


@pytest.mark.parametrize("name", ["features", "pixels"])
def test_a_distance_grows_with_the_difference(pack: Pack, name: str, tmp_path: Path, tiny_pack: Path):
    measure = best_measure(pack if name == "features" else without_features(tiny_pack, tmp_path / "plain"))
    torch.manual_seed(0)
    a, noise = torch.rand(1, 3, 32, 32) * 2 - 1, torch.randn(1, 3, 32, 32)
    distances = [
        float(measure.distance(measure.embed(a), measure.embed(a + s * noise))) for s in (0, 0.1, 0.5)
    ]
    assert distances[0] == 0
    assert distances[0] < distances[1] < distances[2]


def without_features(pack: Path, folder: Path) -> Pack:
    import json
    import shutil

    shutil.copytree(pack, folder)
    manifest = json.loads((folder / "pack.json").read_text())
    del manifest["files"]["features.safetensors"]
    manifest["features"] = None
    (folder / "pack.json").write_text(json.dumps(manifest))
    return Pack.open(folder)


def test_lpips_is_the_packages_own_distance(tmp_path: Path):
    """With any backbone weights: embedding the pictures separately gives the distance that lpips
    computes.
    """
    lpips = import_lpips()
    reference = lpips.LPIPS(net="alex", pnet_rand=True, verbose=False)
    weights = {
        "features." + name.split(".", 1)[1]: tensor for name, tensor in reference.net.state_dict().items()
    }
    torch.save(weights, tmp_path / "alexnet.pth")
    measure = lpips_measure("alex", tmp_path / "alexnet.pth")
    a, b = torch.rand(2, 1, 3, 64, 64) * 2 - 1
    with torch.no_grad():
        expected = float(reference(a, b))
        assert float(measure.distance(measure.embed(a), measure.embed(b))) == pytest.approx(
            expected, rel=1e-4
        )
    assert measure.name == "LPIPS (AlexNet)"


def test_a_backbone_with_the_wrong_hash_is_left_alone(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "checkpoints").mkdir()
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "checkpoints" / "alexnet-owt-7be5be79.pth")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    assert best_measure(pack).name == "the pack's own features"
