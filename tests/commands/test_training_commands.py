"""`anycost train`, `data` and `directions` as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from anycost.commands.cli import EXIT_BAD_INPUT, main
from anycost.lab.running import checkpoints

RUN = """
network = "generator"
batch = 4
precision = "float32"
[generator]
resolution = 16
channels = [8, 8, 8, 8, 8, 8]
style_dim = 8
n_mlp = 1
[discriminator]
channels = [8, 8, 8]
[data]
kind = "folder"
folder = "{folder}"
[[stages]]
kind = "adaptive-channel"
resolutions = [8, 16]
pictures = {pictures}
"""


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Six pictures of several sizes."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for k in range(6):
        pixels = rng.integers(0, 255, (20 + k, 30 - k, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{k}.png")
    return folder


@pytest.mark.slow
def test_a_user_trains_on_a_folder_and_goes_on(tmp_path: Path, pictures: Path):
    config, out = tmp_path / "mine.toml", tmp_path / "run"
    config.write_text(RUN.format(folder=pictures, pictures=8))
    assert main(["train", str(config), "--out", str(out)]) == 0
    assert checkpoints.trained(out).pictures == 8
    config.write_text(RUN.format(folder=pictures, pictures=12))
    assert main(["train", str(config), "--out", str(out), "--resume"]) == 0
    assert checkpoints.trained(out).pictures == 12
    rows = [json.loads(line) for line in (out / "log.jsonl").open()]
    assert [row["seen"] for row in rows] == [8, 12]
    assert list(out.glob("samples-*.png"))


def test_a_run_that_is_there_is_not_overwritten(
    tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
):
    config, out = tmp_path / "mine.toml", tmp_path / "run"
    config.write_text(RUN.format(folder=pictures, pictures=4))
    assert main(["train", str(config), "--out", str(out)]) == 0
    capsys.readouterr()
    assert main(["train", str(config), "--out", str(out)]) == EXIT_BAD_INPUT
    assert "add --resume" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("seed = 1", 'setting "network" is one of'),
        ('network = "generator"', '"generator" is missing'),
        ("= 3", "is not TOML"),
    ],
)
def test_a_mistake_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, sentence: str
):
    config = tmp_path / "mine.toml"
    config.write_text(text)
    assert main(["train", str(config), "--out", str(tmp_path / "run")]) == EXIT_BAD_INPUT
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1


def test_a_contact_sheet(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "sheet.png"
    size = ["--rows", "2", "--columns", "3", "--resolution", "32"]
    assert main(["data", "portraits", "--sheet", str(out), *size]) == 0
    assert Image.open(out).size == (96, 64)
    other = tmp_path / "other.png"
    assert main(["data", "portraits", "--sheet", str(other), *size, "--uncorrelated"]) == 0
    assert out.read_bytes() != other.read_bytes()
    assert main(["data", "portraits", "--sheet", str(out), "--resolution", "8"]) == EXIT_BAD_INPUT
    assert "32 to 1024" in capsys.readouterr().err


def test_what_a_folder_is_good_for(pictures: Path, capsys: pytest.CaptureFixture[str]):
    (pictures / "broken.png").write_bytes(b"\x89PNG no more")
    assert main(["data", "folder", str(pictures)]) == 0
    said = capsys.readouterr().out
    assert "6 pictures" in said
    assert "broken.png" in said


def test_directions_of_unknown_attributes_are_refused(
    tiny_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "edits.safetensors"
    code = main(
        ["directions", "--pack", str(tiny_pack), "--out", str(out), "--attribute", "wings", "--samples", "64"]
    )
    assert code == EXIT_BAD_INPUT
    assert '"wings"' in capsys.readouterr().err
    assert not out.exists()
