"""Directions that others make for a pack: their files, where they lie, and what becomes of wrong ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save

from anycost.bridge.protocol import MAX_JSON
from anycost.commands.cli import main
from anycost.core.errors import CoreError
from anycost.core.files.added_directions import added_folder, files_for, put, remove, state, with_added
from anycost.core.service.desk import _sliders
from anycost.models.bank import SHAPES, STILL, Effect
from anycost.models.direction_file import (
    MAX_BYTES,
    SAYS,
    DirectionError,
    DirectionFile,
    direction_bytes,
    read_direction,
)
from anycost.models.extended_pack import ExtendedPack, extended
from anycost.models.manifest import PackError, parse_manifest
from anycost.models.pack import Direction, Pack, add_edits

STEP = np.random.default_rng(1).normal(size=(8, 16)).astype(np.float32)
WINK = Direction("wink", "Wink", "Added", -0.5, 1.0, STEP, ("eyes",), ("moved",))


@pytest.fixture
def pack(tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pack:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return Pack.open(tiny_pack)


TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="<&", exclude_categories=("C", "Z")),
    min_size=1,
    max_size=30,
)


@given(TEXT, TEXT, TEXT, st.floats(-100, -0.01), st.floats(0.01, 100), st.floats(-10, 10), st.booleans())
def test_what_is_written_is_read(label, group, tip, low, high, order, measured):
    translations = {"de": {"label": group, "tip": label}, "pt_BR": {"group": tip}}
    direction = Direction("a b", label, group, low, high, STEP, (), ("drawn",), tip, low, translations)
    effect = replace(STILL, shade=np.full((2, 468), 0.25)) if measured else None
    path = Path(_folder, "a.safetensors")
    path.write_bytes(direction_bytes(DirectionFile(direction, order, "Ann", effect)))
    read = read_direction(path, 8, 16)
    assert np.array_equal(read.direction.vector, STEP)
    assert replace(read.direction, vector=STEP).__dict__ == direction.__dict__
    assert (read.order, read.author) == (order, "Ann")
    assert (read.effect is not None) == measured
    if read.effect is not None:
        assert np.array_equal(read.effect.shade, np.full((2, 468), 0.25))


_folder = ""


@pytest.fixture(autouse=True)
def _a_folder(tmp_path: Path):
    global _folder
    _folder = str(tmp_path)


def a_file(said: object = None, **tensors: torch.Tensor) -> bytes:
    entry = {"name": "wink", "label": "Wink", "group": "Added", "low": -1, "high": 1}
    text = said if isinstance(said, str) else json.dumps(entry | (said if isinstance(said, dict) else {}))
    return save({"vector": torch.ones(8, 16)} | tensors, {SAYS: text})


WRONG = {
    "not a safetensors file": b"hello, this is a text",
    "damaged": a_file()[:-3],
    "does not say what it is": save({"vector": torch.ones(8, 16)}),
    "says nothing that can be read": a_file("{" * 5000),
    'label" has': a_file({"label": "<b>bold</b>"}),
    'low" must': a_file({"low": float("-inf")}),
    'default" is not within its range': a_file({"default": 2}),
    "has no range": a_file({"low": 0, "high": 0}),
    '"order"': a_file({"order": True}),
    "languages": a_file({"translations": {str(k): {} for k in range(100)}}),
    "for another generator": a_file(vector=torch.ones(9, 16)),
    "other tensors": a_file(more=torch.ones(3)),
    "not numbers": a_file(vector=torch.full((8, 16), float("nan"))),
    "leads nowhere": a_file(vector=torch.zeros(8, 16)),
    "fits no head": a_file(**{part: torch.full(shape, 9.0) for part, shape in SHAPES.items()}),
    "larger than 4 MiB": a_file() + bytes(MAX_BYTES),
}


@pytest.mark.parametrize("word", WRONG)
def test_a_wrong_file_is_its_author_s_and_the_pack_still_opens(pack: Pack, word: str):
    put(pack, DirectionFile(WINK))
    path = added_folder() / "tiny" / "bad.safetensors"
    path.write_bytes(WRONG[word])
    with pytest.raises(DirectionError, match=r"^[a-z]"):
        read_direction(path, pack.n_style, pack.style_dim)
    whole, (problem,) = with_added(pack)
    assert word in problem
    assert str(path) in problem
    assert "author" in problem
    assert [direction.name for direction in whole.directions] == ["smile", "age", "wink"]


def test_a_direction_stands_where_it_says_and_takes_another_s_place(pack: Pack):
    put(pack, DirectionFile(WINK, order=1.5))
    put(pack, DirectionFile(replace(WINK, name="nod"), order=0))
    put(pack, DirectionFile(replace(WINK, name="age", label="Years")))
    whole, problems = with_added(pack)
    assert problems == ()
    assert [d.label for d in whole.directions] == ["Wink", "Smile", "Wink", "Years"]
    assert np.array_equal(whole.directions[3].vector, STEP)
    assert isinstance(whole, ExtendedPack)
    assert whole.own is pack
    assert whole.generator() is pack.generator()
    assert [d.name for d in pack.directions] == ["smile", "age"]
    assert extended(whole, []) is pack


def test_without_a_measured_effect_the_generator_draws(pack: Pack):
    plain = extended(pack, [DirectionFile(WINK)]).directions[-1]
    measured = extended(pack, [DirectionFile(WINK, effect=STILL)]).directions[-1]
    assert (plain.how, plain.parts) == ((), ("eyes",))
    assert measured.how == ("moved",)


def test_an_effect_reaches_the_bank(monkeypatch: pytest.MonkeyPatch):
    own = Pack.open("portraits")
    effect = Effect(**{part: np.full(shape, 0.01) for part, shape in SHAPES.items()})
    vector = own.directions[0].vector
    files = [
        DirectionFile(replace(WINK, vector=vector), effect=effect),
        DirectionFile(replace(WINK, name="smile", vector=vector)),
    ]
    bank, before = extended(own, files).bank, own.bank
    assert bank is not None
    assert before is not None
    assert bank.effects["wink"] is effect
    assert bank.effects["smile"] is STILL
    assert bank.effects["age"] is before.effects["age"]
    assert "wink" not in before.effects


def test_the_state_tells_every_change(pack: Pack):
    seen = [state()]

    def changed() -> bool:
        seen.append(state())
        return seen[-1] != seen[-2]

    assert not changed()
    path = put(pack, DirectionFile(WINK))
    assert changed()
    put(pack, DirectionFile(replace(WINK, label="Another")))
    assert changed()
    assert remove("tiny", "wink") == path
    assert changed()
    (added_folder().parent / "packs" / "new").mkdir(parents=True)
    assert changed()
    assert not changed()


def test_a_python_package_brings_a_folder_and_nothing_of_it_is_run(
    pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    site = tmp_path / "site"
    folder = site / "winks" / "sliders" / "tiny"
    folder.mkdir(parents=True)
    (site / "winks" / "__init__.py").write_text("raise SystemExit('imported')")
    (folder / "wink.safetensors").write_bytes(direction_bytes(DirectionFile(WINK)))
    (folder / "bad.safetensors").write_bytes(b"bad")
    facts = site / "winks-1.2.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: winks\nVersion: 1.2\n")
    entries = "a = winks.sliders\nb = nowhere.to.find\nc = winks:sliders\nd = os\n"
    (facts / "entry_points.txt").write_text(f"[anycost.directions]\n{entries}")
    monkeypatch.syspath_prepend(str(site))
    whole, (problem,) = with_added(pack)
    assert whole.directions[-1].name == "wink"
    assert "of the Python package winks 1.2" in problem
    with pytest.raises(CoreError, match=r"winks 1\.2: uninstall"):
        remove("tiny", "wink")
    put(pack, DirectionFile(replace(WINK, label="Mine")))
    assert with_added(pack)[0].directions[-1].label == "Mine"
    assert [file.package for file in files_for("tiny")] == ["winks 1.2", "winks 1.2", ""]


def test_long_texts_of_others_do_not_keep_a_pack_from_opening(pack: Pack):
    wordy = replace(WINK, label="𝕏" * 100, group="𝕏" * 100, tip="𝕏" * 300)
    many = [DirectionFile(replace(wordy, name=f"wink {k}")) for k in range(128)]
    shown = _sliders(extended(pack, many).directions, "")
    assert [slider.name for slider in shown[:3]] == ["smile", "age", "wink 0"]
    assert 20 < len(shown) < 130
    assert len(json.dumps([slider.data() for slider in shown])) < 0.7 * MAX_JSON


def test_a_pack_says_the_same_of_its_own_directions(pack: Pack, tmp_path: Path):
    words = {"de": {"label": "Zwinkern", "group": "Ausdruck", "tip": "Ein Auge"}}
    said = replace(WINK, tip="One eye", default=0.25, translations=words)
    again = Pack.open(add_edits(pack, directions=[said], folder=tmp_path / "more"))
    found = again.directions[-1]
    assert (found.tip, found.default, found.translations) == ("One eye", 0.25, words)
    document = json.loads((again.folder / "pack.json").read_text())
    assert "tip" not in document["directions"][0]
    document["directions"][-1]["translations"]["de"]["label"] = "x" * 101
    with pytest.raises(PackError, match=r'"directions.2.translations.de.label" must be a text'):
        parse_manifest(document)


@pytest.mark.parametrize("name", ["../wink", "", "a/b", ".hidden", "x" * 65])
def test_a_name_leads_nowhere_else(pack: Pack, name: str):
    with pytest.raises(CoreError):
        put(pack, DirectionFile(replace(WINK, name=name)))
    with pytest.raises(CoreError, match="no name"):
        remove("tiny", name)


def test_the_command_adds_changes_lists_and_removes(pack: Pack, tmp_path: Path, capsys):
    def run(*line: str) -> str:
        code = main(["directions", *line])
        out, err = capsys.readouterr()
        assert code == 0, err
        return out

    place = ["--pack", str(pack.folder)]
    np.save(tmp_path / "wink.npy", STEP)
    words = [
        "--label",
        "Wink",
        "--group",
        "Eyes",
        "--labels",
        "de=Zwinkern",
        "--labels",
        "fr=Clin",
        "--tip",
        "One eye",
    ]
    run(
        "add",
        str(tmp_path / "wink.npy"),
        *place,
        *words,
        "--parts",
        "eyes",
        "--order",
        "1.5",
        "--author",
        "Ann",
    )
    run("add", "--name", "wink", *place, "--label", "Blink", "--labels", "de=Blinzeln", "--default", "0.25")
    (file,) = files_for("tiny")
    found = read_direction(file.path, 8, 16)
    assert (found.direction.label, found.direction.tip, found.direction.parts) == (
        "Blink",
        "One eye",
        ("eyes",),
    )
    assert found.direction.translations == {"de": {"label": "Blinzeln"}, "fr": {"label": "Clin"}}
    assert (found.order, found.author, found.direction.default) == (1.5, "Ann", 0.25)
    run("add", "--name", "smile", *place, "--label", "Grin")
    smile = with_added(pack)[0].directions[0]
    assert smile.label == "Grin"
    assert np.array_equal(smile.vector, pack.directions[0].vector)
    lines = run("list", *place).splitlines()
    assert [line.split("\t")[1] for line in lines] == ["smile", "wink"]
    assert "by Ann" in lines[1]
    run("remove", "wink", *place)
    assert [file.path.stem for file in files_for("tiny")] == ["smile"]
    for line, said in (
        (["add", *place], "--name"),
        (["add", "--name", "none", *place], "smile, age"),
        (["add", "--name", "age", "--labels", "Alter", *place], "de=TEXT"),
        (["add", "--name", "age", "--low", "1", *place], "low"),
        (["remove", "wink", *place], "wink"),
        ([*place], "--out"),
        (["--out", "x.safetensors", "list"], "--out is for"),
        (["--pack", "none at all", "add", "--name", "smile"], "none at all"),
    ):
        assert main(["directions", *line]) == 2
        assert said in capsys.readouterr().err
