"""Directions from two folders of pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from drawn_face import portrait, with_colour_finder
from PIL import Image

from anycost.bridge.messages import Placement
from anycost.commands.cli import main
from anycost.core.errors import CoreError
from anycost.lab.directions.from_pictures import Encoded, direction_between
from anycost.models.direction_file import read_direction
from anycost.models.pack import Pack


def latents(pack: Pack, count: int, seed: int) -> np.ndarray:
    """w+ [count, n_style, style_dim] of the pack's own faces."""
    z = torch.randn(count, pack.style_dim, generator=torch.Generator().manual_seed(seed))
    with torch.inference_mode():
        w = pack.generator().style(z).numpy()
    return np.repeat(w[:, None], pack.n_style, axis=1)


def folder_of(w: np.ndarray, names: str) -> Encoded:
    return Encoded(w, tuple(f"{names}{k:03d}" for k in range(len(w))), ())


@pytest.fixture(scope="module")
def pack(tiny_pack: Path) -> Pack:
    return Pack.open(tiny_pack)


@pytest.fixture(scope="module")
def step(pack: Pack) -> np.ndarray:
    """Two deviations of the pack's faces along some way that they do vary."""
    w = latents(pack, 512, 1)[:, 0]
    way = (w - w.mean(axis=0)).T @ np.random.default_rng(2).normal(size=len(w))
    way /= np.linalg.norm(way)
    return np.repeat((2 * (w @ way).std() * way)[None], pack.n_style, axis=0)


def test_pairs_give_the_mean_step_whoever_they_show(pack: Pack, step: np.ndarray):
    w, noise = latents(pack, 10, 3), np.random.default_rng(4).normal(size=(10, *step.shape))
    after = w + step + 0.1 * np.abs(step).mean() * noise
    order = np.random.default_rng(5).permutation(10)
    shuffled = Encoded(after[order], tuple(f"a{k:03d}" for k in order), ())
    made = direction_between(folder_of(w, "a"), shuffled, pack)
    assert (made.pairs, made.told_apart) == (10, 1.0)
    assert made.vector == pytest.approx((after - w).mean(axis=0), abs=1e-4)


def test_two_sets_of_strangers_give_the_way_between_them(pack: Pack, step: np.ndarray):
    without, having = latents(pack, 40, 6), latents(pack, 30, 7) + step
    made = direction_between(folder_of(without, "a"), folder_of(having, "b"), pack)
    assert made.pairs == 0
    assert made.told_apart > 0.85
    cosine = (made.vector * step).sum() / np.linalg.norm(made.vector) / np.linalg.norm(step)
    assert cosine > 0.9
    assert np.linalg.norm(made.vector) == pytest.approx(np.linalg.norm(step), rel=0.4)
    assert np.ptp(made.vector, axis=0).max() < 1e-6


def test_folders_without_a_difference_are_refused(pack: Pack):
    alike = folder_of(latents(pack, 40, 8), "a"), folder_of(latents(pack, 40, 9), "b")
    with pytest.raises(CoreError, match="no difference"):
        direction_between(*alike, pack)


@pytest.fixture
def folders(tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pairs of pictures, the later ones warmer, and a pack whose finder sees their faces."""
    monkeypatch.chdir(tmp_path)
    for k in range(8):
        rgba = portrait(Placement(60 + k, 60, 80), 120, 110)
        for name, light in (("before", 0), ("after", 60)):
            changed = rgba.copy()
            changed[:12, :, 0] += light
            changed[70:, :, 0] = np.minimum(255, changed[70:, :, 0].astype(int) + light)
            Path(name).mkdir(exist_ok=True)
            Image.fromarray(changed).save(f"{name}/{k}.png")
    Image.new("RGB", (90, 80), "grey").save("before/nobody.png")
    Path("before/notes.txt").write_text("not a picture")
    return with_colour_finder(tiny_pack, tmp_path / "tiny")


def test_the_command_makes_a_direction_from_folders(folders: Path, capsys):
    line = ["directions", "from", "before", "after", "--pack", str(folders), "--labels", "de=Wärmer"]
    assert main([*line, "--name", "warm", "--to", "warm.safetensors"]) == 0
    out, err = capsys.readouterr()
    assert out == "warm.safetensors\n"
    assert "From 8 pairs" in err
    assert "nobody.png: No face was found" in err
    pack = Pack.open(folders)
    found = read_direction(Path("warm.safetensors"), pack.n_style, pack.style_dim).direction
    assert (found.label, found.low, found.high) == ("Warm", -1.0, 1.0)
    assert found.translations == {"de": {"label": "Wärmer"}}
    Path("few").mkdir()
    for wrong, said in (("nowhere", "no folder"), ("few", "usable pictures: at least 8")):
        assert main(["directions", "from", "before", wrong, "--pack", str(folders)]) == 2
        assert said in capsys.readouterr().err
