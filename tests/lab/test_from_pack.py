"""Training that starts from a pack's networks: those we ship, with the TOML files that made them."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from anycost.commands.cli import EXIT_BAD_INPUT, main
from anycost.core.errors import CoreError
from anycost.core.faces.onnx_network import OnnxModel, OnnxNetwork
from anycost.lab.from_pack import fill
from anycost.lab.networks import attributes, finding
from anycost.lab.running import checkpoints
from anycost.lab.running.config import build, read
from anycost.lab.training import TRAINERS
from anycost.models.features import load_features
from anycost.models.head_reader import OUTPUTS
from anycost.models.pack import Pack

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.fixture(scope="module")
def pack() -> Pack:
    return Pack.open("portraits")


def filled(name: str, pack: Pack, seen: int = 0, **changes: Any) -> Any:
    """The task of configs/NAME.toml with the pack's network."""
    table = read(CONFIGS / f"{name}.toml")
    trainer = TRAINERS[table.pop("network")]
    task = trainer.task(build(trainer.settings, {**table, **changes}))
    fill(task, pack, seen)
    return task


def pictures() -> Tensor:
    return torch.rand(2, 3, 128, 128, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.mark.slow
def test_a_generator_and_its_average_draw_what_the_packs_does(pack: Pack):
    task, theirs = filled("portraits", pack, 80_000), pack.generator()
    w = torch.randn(2, pack.n_style, pack.style_dim, generator=torch.Generator().manual_seed(2))
    for mine in (task.generator, task.average.network):
        torch.testing.assert_close(mine(w, noise="none"), theirs(w, noise="none"), atol=1e-5, rtol=1e-4)
    assert task.settings.stages[task.stage].kind == "distil"  # the one at position 80,000
    assert task.state()["stage"] == 2


@pytest.mark.parametrize("moved", [0.0, 0.5])
def test_an_attribute_network_reads_what_the_packs_does(
    pack: Pack, moved: float, monkeypatch: pytest.MonkeyPatch
):
    """Even if the population has changed since."""
    mean, deviation = attributes.standards()
    monkeypatch.setattr(attributes, "standards", lambda: (mean + moved, deviation * (1 + moved)))
    theirs = load_features(_there(pack.features_path))
    task = filled("attributes", pack)
    torch.testing.assert_close(task.network.mean, mean + moved)
    with torch.no_grad():
        mine = task.network.values(pictures())
        torch.testing.assert_close(mine, theirs.values(pictures()), atol=1e-2, rtol=1e-2)


def test_a_finder_answers_as_the_packs_does(pack: Pack):
    mine, theirs = filled("finder", pack).network.eval(), OnnxNetwork(_there(pack.finder_path), "heat")
    for one in pictures().split(1):
        with torch.no_grad():
            torch.testing.assert_close(
                mine(one)[0], torch.from_numpy(theirs(one.numpy())), atol=1e-3, rtol=0.01
            )


def test_a_head_reader_answers_as_the_packs_does(pack: Pack):
    mine = filled("head_reader", pack).average.network.eval()
    theirs = OnnxModel(_there(pack.head_reader_path).read_bytes(), "damaged")
    for one in pictures().split(1):
        with torch.no_grad():
            answers = mine(one)
        for own, other in zip(answers, theirs.run(one.numpy(), *OUTPUTS), strict=True):
            torch.testing.assert_close(own[0], torch.from_numpy(np.asarray(other)), atol=2e-3, rtol=0.01)


def test_an_encoder_answers_as_the_packs_does_and_is_not_fitted_anew(pack: Pack, tmp_path: Path):
    run = filled("portraits", pack)
    checkpoints.save(tmp_path / checkpoints.LAST, {"seen": 0, "task": run.state()})
    task = filled("encoder", pack, generator=str(tmp_path), features=str(_there(pack.features_path)))
    theirs = OnnxNetwork(_there(pack.encoder_path), "latents")
    assert task.fitted
    for one in pictures().split(1):
        with torch.no_grad():
            mine = task.encoder.eval()(one)[0]
        torch.testing.assert_close(mine, torch.from_numpy(theirs(one.numpy())), atol=1e-3, rtol=0.01)


@pytest.mark.slow
def test_a_user_continues_from_a_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(finding, "measure", partial(finding.measure, count=64))
    config = tmp_path / "mine.toml"
    config.write_text('network = "finder"\npictures = 16\nbatch = 8\nrepeats = 1\nprecision = "float32"\n')
    run = tmp_path / "run"
    assert main(["train", str(config), "--out", str(run), "--from-pack", "portraits", "--seen", "8"]) == 0
    (row,) = [json.loads(line) for line in (run / "log.jsonl").open()]
    assert row["seen"] == 16
    assert row["heat"] < 0.05  # an untrained network has 0.09


@pytest.mark.parametrize(
    ("lines", "options", "sentence"),
    [
        ("width = 8", ["--from-pack", "portraits"], "differs in size from the TOML file's"),
        ("width = 40", ["--from-pack", "portraits", "--seen", "7"], "a multiple of the batch, 8"),
        ("width = 40", ["--seen", "8"], "--seen needs --from-pack"),
        ("width = 40", ["--from-pack", "nobody"], "nobody"),
    ],
)
def test_a_wrong_start_gives_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lines: str, options: list[str], sentence: str
):
    config = tmp_path / "mine.toml"
    config.write_text(f'network = "finder"\npictures = 16\nbatch = 8\n{lines}\n')
    assert main(["train", str(config), "--out", str(tmp_path / "run"), *options]) == EXIT_BAD_INPUT
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ({"resolution": 64, "channels": [256] * 10}, "layers are not those"),
        ({"resolution": 256, "channels": [256] * 14}, "layers are not those"),
        ({"resolution": 128, "channels": [256] * 12, "n_mlp": 4}, "layers are not those"),
        ({"resolution": 128, "channels": [64] * 12}, "do not fit into 64"),
        ({"resolution": 128, "channels": [256] * 12, "style_dim": 32}, ""),
    ],
)
def test_a_generator_of_another_shape_gives_one_sentence(pack: Pack, shape: dict[str, Any], reason: str):
    judged = {"channels": [8] * (len(shape["channels"]) // 2)}
    stage = {"kind": "multi-resolution", "resolutions": [16], "pictures": 8}
    with pytest.raises(CoreError, match=f"differs in size from the TOML file's .*{reason}") as refused:
        filled("portraits", pack, generator=shape, discriminator=judged, stages=[stage], losses={})
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        ({"noise": "none"}, 'pack portraits draws with noise: write noise = "random"'),
        ({"noise": "learned", "width_rule": "capped"}, 'write width_rule = "proportional"'),
    ],
)
def test_a_generator_that_would_draw_other_pictures_is_refused(
    pack: Pack, shape: dict[str, Any], sentence: str
):
    own = {**read(CONFIGS / "portraits.toml")["generator"], **shape}
    stage = {"kind": "distil", "resolutions": [16], "pictures": 8}
    with pytest.raises(CoreError, match=sentence):
        filled("portraits", pack, generator=own, stages=[stage], losses={})


def _there(path: Path | None) -> Path:
    assert path is not None
    return path
