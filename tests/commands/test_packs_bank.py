"""`anycost packs bank` as a user runs it, and the bank that `make pack` gives the default pack."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from anycost.commands import portraits_pack
from anycost.commands.cli import main
from anycost.commands.packs import write_bank
from anycost.core.faces.reading import MOUTH_CORNERS
from anycost.lab.directions import bank_making, ways
from anycost.lab.directions.bank_making import UNREAD
from anycost.lab.heads.skin_lines import with_lines
from anycost.models.bank import Bank
from anycost.models.pack import BUILT_IN, Pack, file_sha256

LOW, HIGH = range(2)  # the ends of a direction


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def refused(capsys: pytest.CaptureFixture, *arguments: object) -> str:
    """The one sentence with which `anycost packs bank` refuses."""
    assert main(["packs", "bank", *map(str, arguments)]) == 2
    out, complaint = capsys.readouterr()
    assert out == ""
    lines = [line for line in complaint.splitlines() if line.startswith("anycost: ")]
    assert len(lines) == 1
    return lines[0]


@pytest.fixture
def tiny_copy(tiny_pack: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_pack, tmp_path / "tiny"))


def edited(folder: Path, **changes: object) -> None:
    document = json.loads((folder / "pack.json").read_text())
    (folder / "pack.json").write_text(json.dumps(document | changes))


def test_the_command_refuses_before_it_works(tiny_copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture):
    before = contents(tiny_copy)
    assert "came with Anycost" in refused(capsys, "portraits")
    assert "--portraits takes 8 to 512" in refused(capsys, tiny_copy, "--portraits", 7)
    assert "--portraits takes 8 to 512" in refused(capsys, tiny_copy, "--portraits", 513)
    assert "--judged takes 1 to 9" in refused(capsys, tiny_copy, "--portraits", 9, "--judged", 10)
    assert "There is a pack" in refused(capsys, tiny_copy, "--out", tiny_copy)
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter").write_text("dear")
    assert "other files" in refused(capsys, tiny_copy, "--out", tmp_path / "letters")
    assert "anycost weights get faces" in refused(capsys, tiny_copy)  # tests have none unless they ask
    assert contents(tiny_copy) == before
    edited(tiny_copy, alignment=None)
    assert "draws no faces" in refused(capsys, tiny_copy)
    assert "There is no pack" in refused(capsys, tmp_path / "nowhere")


def test_portraits_that_are_no_faces_are_given_up(
    face_weights: Path, tiny_copy: Path, capsys: pytest.CaptureFixture
):
    before = contents(tiny_copy)
    text = refused(capsys, tiny_copy, "--portraits", 8, "--judged", 2)
    assert f"In {UNREAD} portraits" in text
    assert contents(tiny_copy) == before
    assert [path.name for path in tiny_copy.parent.iterdir() if path.name.startswith(".tiny")] == []


CHANGED = {"pack.json", "bank.safetensors", "directions.safetensors"}


def without_bank(folder: Path, *kept: str) -> Path:
    """A copy of the default pack without a bank, with these directions; "turn" does not say what it does."""
    shutil.copytree(BUILT_IN / "portraits", folder)
    document = json.loads((folder / "pack.json").read_text())
    document["directions"] = [entry for entry in document["directions"] if entry["name"] in kept]
    for entry in document["directions"]:
        if entry["name"] == "turn":
            del entry["parts"], entry["how"]
    vectors = load_file(folder / "directions.safetensors")
    save_file({name: vectors[name] for name in kept}, folder / "directions.safetensors")
    (folder / document.pop("bank")["file"]).unlink()
    del document["files"]["bank.safetensors"]
    document["files"]["directions.safetensors"] = file_sha256(folder / "directions.safetensors")
    (folder / "pack.json").write_text(json.dumps(document))
    return folder


@pytest.fixture
def few_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Carries edits over to fewer portraits, which takes most of the time."""
    monkeypatch.setattr(bank_making, "TRIED", 1)
    monkeypatch.setattr(ways, "PORTRAITS", 1)


@pytest.mark.slow
def test_the_command_gives_a_pack_its_bank(
    face_weights: Path, few_tried: None, tmp_path: Path, capsys: pytest.CaptureFixture
):
    three_sliders = without_bank(tmp_path / "three", "smile", "turn", "skin_tone")
    before = contents(three_sliders)
    assert main(["packs", "bank", str(three_sliders), "--portraits", "8", "--judged", "2"]) == 0
    assert capsys.readouterr().out.strip() == str(three_sliders)
    pack, after = Pack.open(three_sliders), contents(three_sliders)
    assert {name for name in after if after[name] != before.get(name)} == CHANGED
    assert pack.bank is not None
    assert pack.bank_portraits == len(pack.bank.w) == 8
    assert 0 < pack.bank.far < 1
    corners = pack.bank.effects["smile"].moves[HIGH, 0, list(MOUTH_CORNERS), 1]
    assert corners.max() < 0  # they go up
    low, high = np.degrees(pack.bank.effects["turn"].turn[:, 1])
    assert abs(high - low) > 10
    smile, turn, tone, *further = pack.directions
    assert {"smile_left", "smile_right", "gaze_y", "nose_width"} <= {direction.name for direction in further}
    assert all(direction.how == ("moved",) and not direction.vector.any() for direction in further)
    assert (smile.parts, smile.how) == (("mouth",), ("moved", "drawn"))
    assert turn.how[0] == "moved"
    assert "head" in turn.parts
    assert tone.how == ("tinted",)


@pytest.mark.slow
def test_the_default_pack_is_assembled_with_its_bank(
    face_weights: Path,
    head_data: None,
    few_tried: None,
    tiny_copy: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    def networks(runs: Path, out: Path) -> Path:
        return without_bank(out, "age")

    few: Callable[..., Path] = partial(write_bank, portraits=4, judged=1)
    monkeypatch.setattr(portraits_pack, "write_networks", networks)
    monkeypatch.setattr(portraits_pack, "write_bank", few)
    small: Callable[..., Bank] = partial(with_lines, pairs=1, side=64)
    monkeypatch.setattr(portraits_pack, "with_lines", small)
    assert portraits_pack.assemble(tiny_copy / "runs", tiny_copy) == tiny_copy  # an older pack is replaced
    pack = Pack.open(tiny_copy)
    assert pack.title == "Illustrated portraits"
    assert pack.bank is not None
    assert pack.directions[0].name == "age"
    assert {"gaze_y", "nose_width"} <= pack.bank.effects.keys()
    lines = pack.bank.effects["age"].lines
    assert lines is not None
    assert lines[1].min() < -0.05
    assert pack.bank.effects["squint"].lines is not None
    assert portraits_pack.renew_sliders(tiny_copy) == tiny_copy
    again = Pack.open(tiny_copy)
    assert [d.name for d in again.directions] == [d.name for d in pack.directions]
    assert again.bank is not None
    np.testing.assert_array_equal(again.bank.effects["gaze_y"].moves, pack.bank.effects["gaze_y"].moves)
