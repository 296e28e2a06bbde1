"""The small networks besides the generator: the attribute network itself, and what all three (attributes,
finder, encoder) share in training."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from celeba_folder import make_celeba_folder
from pair import Pair
from safetensors.torch import save_file

from anycost.lab.data.labelled import LabelledSettings
from anycost.lab.directions.svm import Artist, sample
from anycost.lab.networks import attributes, encoding, finding
from anycost.lab.networks.labelled_attributes import LabelledAttributeSettings, LabelledAttributeTraining
from anycost.lab.painter import STYLE_DIM
from anycost.lab.running import checkpoints, distributed, loop
from anycost.lab.running.descent import Descent, one_cycle
from anycost.models.features import Features, load_features, side_of
from anycost.models.generator import Generator
from anycost.models.pack import Pack, add_readers


@pytest.fixture
def features() -> Features:
    torch.manual_seed(0)
    return Features(12).eval()


# the attribute network


def test_distance_is_zero_for_equal_pictures_symmetric_and_positive(features: Features):
    a, b = torch.rand(2, 3, 96, 96) * 2 - 1, torch.rand(2, 3, 96, 96) * 2 - 1
    assert features.distance(a, a).abs().max() < 1e-6
    torch.testing.assert_close(features.distance(a, b), features.distance(b, a))
    assert (features.distance(a, b) > 0).all()
    nearer = a + 0.1 * (b - a)
    assert (features.distance(a, nearer) < features.distance(a, b)).all()


def test_any_size_of_picture_is_read(features: Features):
    for side in (16, 128, 200):
        maps = features.maps(torch.zeros(1, 3, side, side))
        assert [m.shape[-1] for m in maps] == [64, 32, 16, 8, 4]


def test_the_size_follows_from_the_number_of_stages():
    assert [side_of((8,) * count) for count in (3, 4, 5)] == [32, 64, 128]
    network = Features(3, (8, 8, 8, 8))
    assert network.side == 64
    assert [m.shape[-1] for m in network.maps(torch.zeros(1, 3, 64, 64))] == [32, 16, 8, 4]


def test_a_features_file_comes_back_as_it_was(features: Features, tmp_path: Path):
    features.mean.fill_(0.25)
    features.deviation.fill_(2.0)
    save_file(features.state_dict(), tmp_path / "features.safetensors")
    again = load_features(tmp_path / "features.safetensors")
    picture = torch.rand(1, 3, 128, 128)
    torch.testing.assert_close(again(picture), features(picture))
    torch.testing.assert_close(again.values(picture), 2 * features(picture) + 0.25)
    save_file({"attributes.bias": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="does not hold an attribute network"):
        load_features(tmp_path / "other.safetensors")


def test_a_file_names_its_attributes_in_a_pack_too(tiny_pack: Path, tmp_path: Path):
    torch.manual_seed(0)
    network, path = Features(2, (8, 8), ["Smiling", "No_Beard"]).eval(), tmp_path / "features.safetensors"
    save_file(network.state_dict(), path, network.metadata)
    again, picture = load_features(path), torch.rand(2, 3, 16, 16)
    assert again.names == ("Smiling", "No_Beard")
    torch.testing.assert_close(again(picture), network(picture))
    pack = Pack.open(add_readers(Pack.open(tiny_pack), folder=tmp_path / "given", features=path))
    assert pack.features_path is not None
    assert load_features(pack.features_path).names == again.names


@pytest.mark.parametrize(
    "said", ["[", "3", '["Smiling"]', '["Smiling", 4]', '["A", "A"]', '["A", "../B"]', "[" * 100_000]
)
def test_names_that_name_no_attributes_are_refused(said: str, tmp_path: Path):
    path = tmp_path / "features.safetensors"
    save_file(Features(2, (8, 8)).state_dict(), path, {"attributes": said})
    with pytest.raises(ValueError, match="does not hold an attribute network"):
        load_features(path)


@pytest.mark.parametrize("value", [float("nan"), 3e38])
def test_values_that_are_no_weights_are_refused(value: float, tmp_path: Path):
    state = Features(2, (8, 8)).state_dict()
    state["stages.0.0.weight"].fill_(value)
    save_file(state, tmp_path / "features.safetensors")
    with pytest.raises(ValueError, match="are no weights"):
        load_features(tmp_path / "features.safetensors")


def test_a_file_of_four_stages_without_a_population_loads(tmp_path: Path):
    """Older packs have these."""
    torch.manual_seed(0)
    old = Features(3, (8, 8, 8, 8)).eval()
    state = {name: value for name, value in old.state_dict().items() if name not in ("mean", "deviation")}
    save_file(state, tmp_path / "features.safetensors")
    again, picture = load_features(tmp_path / "features.safetensors"), torch.rand(2, 3, 64, 64)
    assert again.side == 64
    torch.testing.assert_close(again(picture), old(picture))
    torch.testing.assert_close(again.values(picture), again(picture))


def test_the_network_is_small():
    assert sum(p.numel() for p in Features(64).parameters()) * 4 < 4_000_000


# what the three trainings have in common


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the tasks need."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("tasks")
    architecture = {
        "resolution": 32,
        "channels": [8] * 8,
        "style_dim": STYLE_DIM,
        "n_mlp": 1,
        "width_rule": "proportional",
    }
    generator = Generator(32, (8,) * 8, STYLE_DIM, 1)
    task = {"architecture": architecture, "average": generator.state_dict()}
    checkpoints.save(folder / "run" / checkpoints.LAST, {"seen": 0, "task": task})
    save_file(Features(4, (8, 8, 8)).state_dict(), folder / "features.safetensors")
    make_celeba_folder(folder / "celeba")
    return folder


def tiny_task(name: str, folder: Path) -> Any:
    """A task of a few seconds, the same wherever it is made."""
    common: dict[str, Any] = {"batch": 4, "pictures": 12, "precision": "float32"}
    if name == "attributes":
        return attributes.AttributeTraining(
            attributes.AttributeSettings(widths=(8, 8, 8), repeats=2, **common)
        )
    if name == "labelled":
        data = LabelledSettings(str(folder / "celeba"))
        return LabelledAttributeTraining(LabelledAttributeSettings(data, widths=(8, 8, 8), **common))
    if name == "finder":
        return finding.FinderTraining(finding.FinderSettings(width=8, repeats=2, **common))
    return encoding.EncoderTraining(
        encoding.EncoderSettings(
            generator=str(folder / "run"),
            features=str(folder / "features.safetensors"),
            loss=encoding.EncoderLosses(latents=1.0, delta=0.1),
            first_fit=32,
            resolutions=(16, 32),
            **common,
        )
    )


NETWORKS = ("attributes", "labelled", "finder", "encoder")


def weights(task: Any) -> dict[str, torch.Tensor]:
    network = task.encoder if isinstance(task, encoding.EncoderTraining) else task.network
    return dict(network.named_parameters())


class Killed(Exception):
    pass


def dying(task: Any, steps: int) -> Any:
    """The task, made to die in the middle of a step."""
    step: Callable = task.step

    def until(batch: Any, seen: int) -> dict[str, torch.Tensor]:
        losses = step(batch, seen)
        if seen >= steps * task.batch:
            raise Killed
        return losses

    task.step = until
    return task


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_a_run_that_was_killed_ends_as_if_it_had_not_been(name: str, tasks: Path, tmp_path: Path):
    straight = tiny_task(name, tasks)
    loop.run(straight, tmp_path / "straight")
    with pytest.raises(Killed):
        loop.run(dying(tiny_task(name, tasks), 2), tmp_path / "killed", minutes=0)
    assert checkpoints.load(tmp_path / "killed" / checkpoints.LAST)["seen"] == 8
    resumed = tiny_task(name, tasks)
    loop.run(resumed, tmp_path / "killed", resume=True)
    for mine, theirs in zip(weights(resumed).values(), weights(straight).values(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-7)
    assert list((tmp_path / "killed").glob("samples-*.png"))


def gradients(folder: Path) -> dict[str, Any]:
    """What each task's first step leaves in `grad` (the joint batch's in every process), and samples for
    directions."""
    found: dict[str, Any] = {}
    for name in NETWORKS:
        task = tiny_task(name, folder)
        task.step(next(task.batches(0)), 0)
        found[name] = {n: p.grad for n, p in weights(task).items() if p.grad is not None}
    generator = checkpoints.trained(folder / "run").generator
    draw = Artist(generator, torch.zeros(STYLE_DIM), "float32")
    read = sample(draw, lambda p: p.mean((2, 3)), 24, side=8, batch=8)
    found["samples"] = {"w": read.w, "read": read.read}
    return found


def keep_joint_gradients(folder: Path) -> None:
    found = gradients(folder)
    if distributed.rank() == 1:
        torch.save(found, folder / "joint.pt")


@pytest.mark.slow
def test_two_processes_have_the_gradients_of_one_with_the_joint_batch(pair: Pair, tasks: Path):
    pair.run(keep_joint_gradients, tasks)
    joint, alone = torch.load(tasks / "joint.pt", weights_only=True), gradients(tasks)
    for name, found in alone.items():
        assert joint[name].keys() == found.keys()
        for parameter, expected in found.items():
            scale = float(expected.abs().max())
            torch.testing.assert_close(
                joint[name][parameter], expected, rtol=0, atol=1e-3 * scale + 1e-7, msg=f"{name} {parameter}"
            )


def test_the_rate_rises_then_falls_to_nearly_nothing():
    assert one_cycle(0.0) < 0.01
    assert one_cycle(0.1) == pytest.approx(1)
    assert one_cycle(0.55) == pytest.approx(0.5, abs=0.01)
    assert one_cycle(1.0) < 0.01
    assert one_cycle(1.5) == one_cycle(1.0)
    rates = [one_cycle(k / 100) for k in range(101)]
    assert max(abs(a - b) for a, b in pairwise(rates)) < 0.11


def test_descent_finds_a_minimum():
    place = torch.nn.Parameter(torch.tensor([3.0, -2.0]))
    descent = Descent([place], 0.1, 200)
    for k in range(200):
        descent.step((place - 1).square().sum(), k)
    assert math.isclose(float(place.detach().mean()), 1, abs_tol=0.02)
