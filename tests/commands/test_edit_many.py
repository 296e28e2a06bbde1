"""`anycost edit` of many files, and of every face of a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drawn_face import portrait, with_colour_finder
from PIL import Image

from anycost.bridge.messages import Layer, Placement
from anycost.commands.cli import main
from anycost.commands.edit_many import pictures_of, targets_of
from anycost.core.editing.merged_layers import laid_over, merged
from anycost.core.errors import CoreError

FACE = Placement(70, 60, 90)
PICTURE = portrait(FACE, 150, 120)
QUICKLY = ("--set", "smile=1", "--quality", "draft", "--seconds", "0", "--pack", "tiny")


@pytest.fixture
def folder(tiny_pack: Path, tmp_path_factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in; a pack "tiny" is installed whose finder sees a portrait()."""
    home = tmp_path_factory.mktemp("home")
    (home / "anycost" / "packs").mkdir(parents=True)
    with_colour_finder(tiny_pack, home / "anycost" / "packs" / "tiny")
    monkeypatch.setenv("XDG_DATA_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(rgba: np.ndarray, *paths: str) -> None:
    for path in paths:
        Path(path).parent.mkdir(exist_ok=True)
        Image.fromarray(rgba).save(path)


def test_a_file_that_fails_is_named_and_the_others_are_edited(folder: Path, capfd):
    written(PICTURE, "in/10.png", "in/2.png", "in/more.bmp")
    written(np.full((60, 60, 4), 255, np.uint8), "in/blank.png")
    Path("in/broken.png").write_bytes(b"no picture")
    Path("in/notes.txt").write_text("not a picture either")
    before = {path.name: path.read_bytes() for path in Path("in").iterdir()}
    assert main(["edit", "in", "--out", "out", *QUICKLY]) == 1
    told, complaints = capfd.readouterr()
    assert told.splitlines() == ["out/2.png", "out/10.png", "out/more.png"]
    assert complaints.splitlines()[0] == "2 of 5 files could not be edited:"
    assert sorted(line.split(":")[0] for line in complaints.splitlines()[1:]) == [
        "in/blank.png",
        "in/broken.png",
    ]
    assert sorted(path.name for path in Path("out").iterdir()) == ["10.png", "2.png", "more.png"]
    assert {path.name: path.read_bytes() for path in Path("in").iterdir()} == before
    one = np.array(Image.open("out/2.png").convert("RGBA"))
    assert (one != PICTURE).any()
    assert main(["edit", "in/2.png", "alone.png", *QUICKLY]) == 0
    assert np.array_equal(np.array(Image.open("alone.png").convert("RGBA")), one)


def test_no_input_is_overwritten_and_no_two_files_meet(folder: Path, capfd):
    written(PICTURE, "a/1.png", "b/1.png", "a/2.bmp", "a/2.png")
    for paths in (["a", "--out", "a"], ["a/1.png", "--out", "b/../a"], ["a", "b", "--out", "out"]):
        assert main(["edit", *paths, *QUICKLY]) == 2
    complaints = capfd.readouterr().err.splitlines()
    assert "one of the pictures" in complaints[0]
    assert "one of the pictures" in complaints[1]
    assert "would both become" in complaints[2]
    assert not Path("out").exists()
    assert main(["edit", "a/1.png", "a/2.png", "b/1.png", *QUICKLY]) == 2
    assert "--out DIR" in capfd.readouterr().err


def test_pictures_come_in_the_order_of_their_numbers_and_once(tmp_path: Path):
    for name in ("10.jpg", "9.jpg", "x.PNG", "x.txt", "sub.png/inside.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    found = pictures_of([tmp_path / "10.jpg", tmp_path])
    assert [path.name for path in found] == ["10.jpg", "9.jpg", "x.PNG"]
    assert list(targets_of([tmp_path / "9.tif"], Path("out")).values()) == [Path("out/9.png")]
    with pytest.raises(CoreError, match="no picture"):
        pictures_of([_empty(tmp_path)])


def _empty(folder: Path) -> Path:
    (folder / "empty").mkdir()
    return folder / "empty"


def test_merged_layers_do_what_they_do_one_after_the_other():
    rng = np.random.default_rng(3)
    picture = rng.integers(0, 255, (40, 50, 4), dtype=np.uint8)
    layers = []
    for x, y, width, height in ((3, 4, 20, 30), (15, 0, 30, 25), (40, 30, 10, 10)):
        rgba = rng.integers(0, 255, (height, width, 4), dtype=np.uint8)
        rgba[..., 3] = np.where(rng.random((height, width)) < 0.5, 0, 255)
        layers.append(Layer(x, y, width, height, rgba.tobytes()))
    expected = picture
    for layer in layers:
        expected = laid_over(expected, layer)
    whole = merged(layers)
    assert whole is not None
    assert np.array_equal(laid_over(picture, whole), expected)
    assert merged([]) is None
    assert merged(layers[:1]) is layers[0]
