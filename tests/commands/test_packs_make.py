"""`anycost packs make`, and runs in place of packs, as a user types them."""

from __future__ import annotations

import json
import resource
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from anycost.commands import packs_make
from anycost.commands.cli import main
from anycost.commands.packs_make import plain_ladder, run_in
from anycost.core.errors import CoreError
from anycost.lab.cars import car_directions
from anycost.lab.directions import sliders
from anycost.lab.running import checkpoints
from anycost.lab.running.checkpoints import Trained, drawn_after
from anycost.lab.worlds import WORLDS
from anycost.models.generator import Generator
from anycost.models.macs import macs
from anycost.models.pack import Pack, file_sha256
from anycost.models.widths import RuleKind, WidthRule

RUN = """
network = "generator"
batch = 4
precision = "float32"
[generator]
resolution = 32
channels = [24, 24, 24, 24, 16, 16, 16, 16]
style_dim = 16
n_mlp = 2
[discriminator]
channels = [8, 8, 8, 8]
[data]
kind = "folder"
folder = "{folder}"
[[stages]]
kind = "single"
resolutions = [32]
pictures = 4
[[stages]]
kind = "adaptive-channel"
resolutions = [8, 16, 32]
ratios = [0.25, 0.5, 1.0]
pictures = 4
"""

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run on a folder of pictures; its generator has the tiny pack's shape."""
    place = tmp_path_factory.mktemp("runs")
    (place / "pictures").mkdir()
    for k in range(4):
        pixels = np.random.default_rng(k).integers(0, 255, (32, 32, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(place / "pictures" / f"{k}.png")
    (place / "mine.toml").write_text(RUN.format(folder=place / "pictures"))
    assert main(["train", str(place / "mine.toml"), "--out", str(place / "my run")]) == 0
    return place / "my run"


@pytest.fixture(scope="session")
def run(whole_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same without what only further training needs, which takes long to read."""
    light = tmp_path_factory.mktemp("light") / whole_run.name
    shutil.copytree(whole_run, light)
    state = checkpoints.load(light / "last.pt")
    for name in ("generator", "discriminator", "optimisers"):
        del state["task"][name]
    checkpoints.save(light / "last.pt", state)
    return light


@pytest.fixture
def anycost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Call:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main([*map(str, arguments)])
        return code, *capsys.readouterr()

    return call


def refused(answer: tuple[int, str, str]) -> str:
    code, out, complaint = answer
    assert (code, out) == (2, "")
    assert complaint.startswith("anycost: ")
    assert complaint.endswith(".\n")
    assert complaint.count("\n") == 1
    return complaint


def made(anycost: Call, run: Path, *more: object) -> Pack:
    code, out, _ = anycost("packs", "make", run, "--name", "mine", "--no-faces", *more)
    assert code == 0
    return Pack.open(out.strip())


def test_a_pack_has_what_the_run_has_learned(anycost: Call, whole_run: Path, tmp_path: Path):
    told = ("--title", "My own", "--licence", "CC0-1.0", "--provenance", "my pictures")
    pack = made(anycost, whole_run, *told)
    assert pack.folder == tmp_path / "data" / "anycost" / "packs" / "mine"
    assert (pack.name, pack.title, pack.licence, pack.provenance) == ("mine", *told[1::2])
    kept = checkpoints.load(whole_run / "last.pt")["task"]
    weights = pack.generator().state_dict()
    assert weights.keys() == kept["average"].keys()
    assert all(torch.equal(weights[name], kept["average"][name]) for name in weights)
    z = torch.randn(20_000, 16, generator=torch.Generator().manual_seed(1))
    w = pack.generator().style(z)
    error = 4 * w.std(0) / 8192**0.5  # of the mean of the samples that it takes
    assert ((torch.from_numpy(pack.mean_w) - w.mean(0)).abs() < error).all()
    assert (pack.resolutions, sorted(pack.ratios)) == ((8, 16, 32), [0.25, 0.5, 1.0])
    assert pack.rule == WidthRule("proportional")
    assert pack.alignment is None
    assert "my pictures" in (pack.folder / "MODEL_CARD.md").read_text()


def test_a_pack_says_where_it_comes_from_if_nobody_does(anycost: Call, run: Path, tmp_path: Path):
    pack = made(anycost, run, "--out", tmp_path / "there", "--half")
    assert pack.provenance == "Trained by `anycost train` on 8 pictures (data: folder)."
    assert pack.licence == "unknown: ask who trained it"
    stored = load_file(pack.folder / "generator.safetensors")
    assert stored["conv1.conv.weight"].dtype == torch.float16


def test_a_pack_gets_what_else_was_trained(anycost: Call, run: Path, tiny_pack: Path, tmp_path: Path):
    """Networks by the folder of their runs or by their files."""
    encoders = tmp_path / "encoder run"
    encoders.mkdir()
    shutil.copy(tiny_pack / "encoder.onnx", encoders)
    tiny = Pack.open(tiny_pack)
    entries = [
        {"name": d.name, "label": d.label, "group": d.group, "low": -0.5, "high": 1.0}
        for d in tiny.directions
    ]
    shutil.copy(tiny_pack / "directions.safetensors", tmp_path / "edits.safetensors")
    (tmp_path / "edits.json").write_text(json.dumps({"directions": entries, "report": {}}))
    rungs = [
        {"resolution": 16, "channels": [6] * 6},
        {"resolution": 16, "ratio": 0.5},
        {"resolution": 32, "ratio": 1.0},
    ]
    (tmp_path / "ladder.json").write_text(json.dumps({"ladder": rungs, "rows": []}))
    features = tiny_pack / "features.safetensors"
    pack = made(
        anycost, run,
        "--encoder", encoders, "--finder", tiny_pack / "finder.onnx", "--features", features,
        "--directions", tmp_path / "edits.safetensors", "--ladder", tmp_path / "ladder.json",
    )  # fmt: skip
    for name in ("encoder.onnx", "finder.onnx"):
        assert file_sha256(pack.folder / name) == file_sha256(tiny_pack / name)
    assert (pack.encoder_size, pack.finder_size) == (64, 128)
    again, given = load_file(pack.folder / "features.safetensors"), load_file(features)
    assert all(torch.equal(again[name], given[name]) for name in given)
    edits = {d.name: d for d in pack.directions}
    assert {(d.label, d.low) for d in edits.values()} == {("Smile", -0.5), ("Age", -0.5)}
    for direction in tiny.directions:
        np.testing.assert_array_equal(edits[direction.name].vector, direction.vector)
    assert [rung.channels for rung in pack.ladder[:2]] == [(6,) * 6, (12, 12, 12, 12, 8, 8)]


def test_a_world_says_where_faces_are_and_how_wide_pictures(anycost: Call, run: Path, tmp_path: Path):
    other = tmp_path / "painted"
    state = checkpoints.load(run / "last.pt")
    state["task"]["data"]["kind"] = "portraits"
    checkpoints.save(other / "last.pt", state)
    code, out, _ = anycost("packs", "make", other, "--name", "painted")
    alignment = Pack.open(out.strip()).alignment
    assert alignment is not None
    assert (code, alignment.eyes, alignment.mouth) == (0, (0.5, 0.46), (0.5, 0.66))
    state["task"]["data"]["kind"] = "cars"
    checkpoints.save(other / "last.pt", state)
    code, out, complaint = anycost("packs", "make", other, "--name", "cars")
    cars = Pack.open(out.strip())
    assert (cars.alignment, cars.shape) == (None, WORLDS["cars"].shape)
    assert "edits the middle of a picture" in complaint
    assert cars.directions == ()  # its z is not the cars'
    state["task"]["data"].update(kind="folder", shape=(5, 4))
    checkpoints.save(other / "last.pt", state)
    code, out, complaint = anycost("packs", "make", other, "--name", "wide")
    assert Pack.open(out.strip()).shape == (5, 4)


def test_cars_bring_their_sliders(anycost: Call, run: Path, tmp_path: Path):
    state = checkpoints.load(run / "last.pt")
    state["task"]["data"]["kind"] = "cars"
    shape = state["task"]["architecture"]
    shape["style_dim"] = WORLDS["cars"].controls.style_dim
    drawn = Generator(*(shape[name] for name in ("resolution", "channels", "style_dim", "n_mlp")))
    state["task"]["average"] = drawn.state_dict()
    checkpoints.save(tmp_path / "cars" / "last.pt", state)
    _, out, _ = anycost("packs", "make", tmp_path / "cars", "--name", "cars")
    found = Pack.open(out.strip()).directions
    assert [direction.name for direction in found] == [slider.control for slider in car_directions.SLIDERS]


# ---- what cannot be made


def changed(run: Path, out: Path, **changes: Any) -> Path:
    """A run whose checkpoint says something else."""
    state = checkpoints.load(run / "last.pt")
    for name, value in changes.items():
        state["task"].pop(name) if value is None else state["task"].update({name: value})
    checkpoints.save(out / "last.pt", state)
    return out


def test_runs_of_no_use_are_refused(anycost: Call, run: Path, tmp_path: Path):
    def refusal(folder: Path) -> str:
        return refused(anycost("packs", "make", folder, "--name", "mine"))

    assert "There is no training run" in refusal(tmp_path)
    assert "is of no generator" in refusal(changed(run, tmp_path / "encoder", architecture=None))
    assert "lacks what a run keeps" in refusal(changed(run, tmp_path / "lacking", average=None))
    assert "of an earlier version" in refusal(changed(run, tmp_path / "earlier", stages=None))
    low = [{"kind": "single", "resolutions": [16], "ratios": [1.0]}]
    assert "of a stage of 16 px, and is to draw 32 px" in refusal(
        changed(run, tmp_path / "low", stages=low, stage=0)
    )
    assert "or a damaged one" in refusal(changed(run, tmp_path / "other", average={}))
    (tmp_path / "low" / "last.pt").write_bytes((run / "last.pt").read_bytes()[:1000])
    assert "or a damaged one" in refusal(tmp_path / "low")
    assert "is of a stage" in refusal(changed(run, tmp_path / "low", stages=low, stage=0) / "last.pt")
    assert not (tmp_path / "data" / "anycost" / "packs").exists()


def test_a_run_takes_no_more_memory_than_its_file(run: Path, tmp_path: Path):
    """It may claim a huge generator: no tensor is made before the shapes were compared."""
    shape = {**checkpoints.load(run / "last.pt")["task"]["architecture"], "style_dim": 20_000}
    huge = changed(run, tmp_path / "huge", architecture=shape)  # its mapping would take 3.2 GB
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CoreError, match="or a damaged one"):
        run_in(huge)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # KiB


def test_parts_that_do_not_fit_are_refused(anycost: Call, run: Path, tiny_pack: Path, tmp_path: Path):
    def refusal(*more: object) -> str:
        return refused(anycost("packs", "make", run, "--name", "mine", "--no-faces", *more))

    (tmp_path / "text").write_text("{}")
    (tmp_path / "begun").mkdir()
    shutil.copy(run / "last.pt", tmp_path / "begun")
    for option, word in (("--encoder", "encoder.onnx"), ("--features", "features.safetensors")):
        assert f"has made no {word} yet" in refusal(option, tmp_path / "begun")
        assert f"name a run, or its {word}" in refusal(option, tmp_path / "none")
        assert '"text"' in refusal(option, "text")
        assert '"text"' in refusal(option.replace("--encoder", "--finder"), "text")
    assert "no encoder" in refusal("--encoder", tiny_pack / "finder.onnx")
    assert 'text" is empty' in refusal("--directions", "text")
    assert "has no ladder" in refusal("--ladder", "text")
    (tmp_path / "ladder.json").write_text('{"ladder": [{"resolution": 4, "ratio": 1.0}]}')
    assert "the rung 4 px ×1, which the run was not trained for" in refusal("--ladder", "ladder.json")
    (tmp_path / "ladder.json").write_text('{"ladder": [{"resolution": 32, "ratio": 0.5}]}')
    assert "must be the full generator" in refusal("--ladder", "ladder.json")
    assert "cannot be the name" in refusal("--name", "my pack")
    assert not (tmp_path / "data" / "anycost" / "packs").exists()


def test_an_encoder_of_another_generator_is_refused(anycost: Call, run: Path, tmp_path: Path):
    from anycost.lab.networks.export import export_encoder
    from anycost.models.encoder import Encoder

    export_encoder(Encoder(64, 6, torch.zeros(16), (8, 8, 16, 16)), 64, tmp_path / "e.onnx")
    answer = anycost("packs", "make", run, "--name", "mine", "--no-faces", "--encoder", "e.onnx")
    assert "encoder of another generator" in refused(answer)


# ---- what a run draws


@pytest.mark.parametrize(
    ("stages", "sides", "ratios"),
    [
        ([("single", [64])], (64,), (1.0,)),
        ([("single", [32]), ("single", [64])], (64,), (1.0,)),
        ([("single", [64]), ("multi-resolution", [16, 32, 64])], (16, 32, 64), (1.0,)),
        ([("distil", [16, 32]), ("distil", [64])], (16, 32, 64), (0.25, 0.5, 1.0)),
        ([("distil", [16, 64]), ("multi-resolution", [16, 64])], (16, 64), (1.0,)),
        ([("multi-resolution", [16, 64]), ("adaptive-channel", [16, 64])], (16, 64), (0.25, 0.5, 1.0)),
        ([], (), ()),
    ],
)
def test_what_is_drawn_follows_from_the_stages(
    stages: list[tuple[str, list[int]]], sides: tuple[int, ...], ratios: tuple[float, ...]
):
    listed = [{"kind": kind, "resolutions": res, "ratios": (0.25, 0.5)} for kind, res in stages]
    assert drawn_after(listed) == (sides, ratios)


@pytest.mark.parametrize("kind", ["proportional", "capped"])
@pytest.mark.parametrize("top", [8, 64, 256])
def test_a_plain_ladder_climbs_by_halves(kind: RuleKind, top: int):
    channels = [
        c for side in (4, 8, 16, 32, 64, 128, 256) if side <= top for c in [min(64, 2048 // side)] * 2
    ]
    sides = tuple(side for side in (8, 16, 32, 64, 128, 256) if side <= top)
    with torch.device("meta"):  # its widths are all that counts
        generator = Generator(top, channels, 8, 1)
    rule = WidthRule(kind, cap=64, multiplier=0.125)
    trained = Trained(generator, rule, 0, sides, (0.25, 0.5, 0.75, 1.0), "folder")
    ladder = plain_ladder(trained)
    costs = [macs(rung.channels) for rung in ladder]
    assert ladder[-1].channels == tuple(channels)
    assert all(2 * low <= high for low, high in pairwise(costs))
    assert all(4 * rung.resolution >= top for rung in ladder)
    cells = {
        macs(rule.sub_generator(channels, s, r).channels)
        for s in sides
        for r in trained.ratios
        if 4 * s >= top
    }
    assert min(cells) * 2 > min(costs)  # and no further rung would fit below


# ---- a run in place of a pack


@pytest.mark.slow
def test_a_run_is_searched_and_its_ladder_taken(anycost: Call, run: Path, tmp_path: Path):
    small = ("--generations", 1, "--population", 4, "--samples", 2)
    code, out, _ = anycost("search", "--pack", run, "--budget", "3x", *small)
    assert code == 0
    assert "the run my-run" in out
    ladder = tmp_path / "search" / "run-my-run-ladder.json"
    found = json.loads(ladder.read_text())["ladder"]
    pack = made(anycost, run, "--ladder", ladder)
    assert len(pack.ladder) == len(found)
    before = ladder.read_bytes()
    assert anycost("search", "--pack", run, "--budget", "3x", *small)[0] == 0  # the same run, so it goes on
    assert json.loads(ladder.read_text())["ladder"] == json.loads(before)["ladder"]
    answer = anycost("search", "--pack", run, "--budget", "3x", "--install")
    assert "leave out --install" in refused(answer)


@pytest.mark.slow
def test_a_runs_directions_are_found(
    anycost: Call, run: Path, tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name, few in (("POPULATION", 128), ("JUDGED", 8), ("CONFIRMED", 56)):
        monkeypatch.setattr(sliders, name, few)
    asked = ("directions", "--pack", run, "--samples", 400, "--out", tmp_path / "edits.safetensors")
    assert "no attribute network" in refused(anycost(*asked))
    reader = ("--reader", tiny_pack / "features.safetensors")
    code, *_ = anycost(*asked, *reader, "--attribute", "attribute_2")
    assert code == 0
    pack = made(anycost, run, "--directions", tmp_path / "edits.safetensors")
    assert [direction.name for direction in pack.directions] == ["attribute_2"]


@pytest.mark.slow
def test_a_run_is_evaluated(anycost: Call, run: Path, tiny_pack: Path, tmp_path: Path):
    answer = anycost("evaluate", "--pack", tiny_pack, "--features", tiny_pack)
    assert "--features is for a training run" in refused(answer)
    code, *_ = anycost("evaluate", "--pack", run, "--samples", 4, "--features", tiny_pack)
    assert code == 0
    report = json.loads((tmp_path / "evaluation" / "run-my-run" / "evaluation.json").read_text())
    assert {(row["resolution"], row["ratio"]) for row in report["rows"]} == {
        (side, ratio) for side in (8, 16, 32) for ratio in (0.25, 0.5, 1.0)
    }
    assert not list(Path(packs_make.tempfile.gettempdir()).glob("anycost-*/pack"))


def test_the_best_that_a_run_kept_is_taken(anycost: Call, run: Path, tmp_path: Path):
    """Unless a file is named."""
    both = Path(shutil.copytree(run, tmp_path / "both"))
    state = checkpoints.load(run / "last.pt")
    state["task"]["average"]["input.input"] += 1
    checkpoints.save(both / "best.pt", state)
    for place, best in ((both, True), (both / "best.pt", True), (both / "last.pt", False)):
        pack = made(anycost, place, "--out", tmp_path / f"pack-{place.name}")
        kept = checkpoints.load(both / ("best.pt" if best else "last.pt"))["task"]["average"]
        assert torch.equal(pack.generator().input.input, kept["input.input"])
