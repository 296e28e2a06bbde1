"""`anycost faces`, and the face that `anycost edit` takes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from drawn_face import portrait, with_colour_finder
from PIL import Image

from anycost.bridge.messages import Placement
from anycost.commands.cli import main

LEFT, RIGHT = Placement(110, 120, 110), Placement(400, 150, 180)
Called = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def pack(tiny_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_colour_finder(tiny_pack, tmp_path_factory.mktemp("seeing") / "tiny")


@pytest.fixture
def called(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> Called:
    """Runs the command in a folder with two.png, which has two faces, and plain.png, which has none."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.maximum(portrait(LEFT, 540, 300), portrait(RIGHT, 540, 300))).save("two.png")
    Image.new("RGB", (90, 80), "grey").save("plain.png")

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main([*arguments, "--pack", str(pack)])
        return code, *capsys.readouterr()

    return run


def test_faces_are_printed_from_left_to_right_as_json(called: Called):
    code, out, err = called("faces", "two.png", "--json")
    assert code == 0
    first, second = json.loads(out)["faces"]
    assert set(first) == {"eyes", "nose", "mouth", "chin", "turn", "score"}
    assert np.shape(first["eyes"]) == np.shape(first["mouth"]) == (2, 2)
    assert np.shape(first["nose"]) == np.shape(first["chin"]) == (2,)
    assert len(first["turn"]) == 3
    assert np.mean(first["eyes"], axis=0) == pytest.approx([110, 120 - 0.04 * 110], abs=4)
    assert np.mean(second["eyes"], axis=0) == pytest.approx([400, 150 - 0.04 * 180], abs=4)
    assert "anycost weights get faces" in err


def test_faces_are_told_in_words_and_drawn(called: Called, tmp_path: Path):
    code, out, _ = called("faces", "two.png", "--draw", "drawn.png")
    assert code == 0
    assert [line.split(":")[0] for line in out.splitlines()] == ["1", "2"]
    before, after = (
        np.array(Image.open("two.png").convert("RGB")),
        np.array(Image.open("drawn.png").convert("RGB")),
    )
    changed = (before != after).any(axis=-1)
    assert after.shape == before.shape
    assert changed[:, :270].any()
    assert changed[:, 270:].any()


def test_a_picture_without_faces_is_said_to_have_none(called: Called):
    assert called("faces", "plain.png")[1] == "No face was found.\n"
    assert json.loads(called("faces", "plain.png", "--json")[1]) == {"faces": []}


@pytest.mark.parametrize(
    ("which", "half"),
    [
        ((), "right"),
        (("--face", "1"), "left"),
        (("--face", "2"), "right"),
        (("--at", "120,100"), "left"),
        (("--face", "each"), "left and right"),
    ],
)
def test_edit_takes_the_face_that_is_named(called: Called, which: tuple[str, ...], half: str):
    code, _, err = called("edit", "two.png", "out.png", "--set", "smile=1", "--seconds", "0.1", *which)
    assert code == 0
    before, after = np.array(Image.open("two.png")), np.array(Image.open("out.png").convert("RGBA"))
    changed = (before != after).any(axis=(0, 2))
    assert changed[:200].any() == ("left" in half)
    assert changed[320:].any() == ("right" in half)
    assert ("2 faces found" in err) == (not which)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("two.png", "--face", "3"), "from 1 to 2"),
        (("two.png", "--face", "0"), "from 1 to 2"),
        (("two.png", "--at", "260,20"), "no face at 260,20"),
        (("plain.png",), "by hand in `anycost studio`"),
    ],
)
def test_a_face_that_is_not_there_is_refused(called: Called, arguments: tuple[str, ...], said: str):
    picture, *rest = arguments
    code, _, err = called("edit", picture, "out.png", "--set", "smile=1", *rest)
    assert code == 2
    assert said in err
    assert not Path("out.png").exists()
