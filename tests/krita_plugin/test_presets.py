"""Presets: what is kept of them, how strongly they work, what a search finds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panel_wire import project

from anycost.bridge.messages import Slider
from anycost.krita_plugin.state.preset_use import PresetUse
from anycost.krita_plugin.state.presets import (
    LONGEST_NAME,
    MOST_BYTES,
    Preset,
    PresetFolder,
    PresetsError,
    clean_name,
    found_sliders,
    in_order,
    matches,
    presets_folder,
    read_presets,
    useful,
    with_preset,
    write_presets,
)
from anycost.krita_plugin.state.presets_built_in import built_in_presets
from anycost.models.pack import Pack

HAPPY = Preset("Happy", {"smile": 0.8, "age": -0.1})
SLIDERS = (
    Slider("smile", "Smile", "Expression", -1, 1),
    Slider("eye_size", "Eye size", "Shape", -1, 1),
    Slider("eye_colour", "Eye colour", "Make-up", -1, 1),
)


@pytest.fixture
def folder(tmp_path):
    return PresetFolder(tmp_path / "new" / "presets")


def test_presets_are_kept_by_name(folder):
    assert folder.all() == []
    folder.save(HAPPY)
    folder.save(Preset("angry / 50 %", {"smile": -0.5}))
    folder.save(Preset("Happy", {"smile": 1.0}))
    assert [one.name for one in folder.all()] == ["angry / 50 %", "Happy"]
    assert folder.all()[1].edits == {"smile": 1.0}
    folder.rename(folder.all()[1], "Very happy")
    folder.rename(folder.all()[1], "Very happy")  # the same name changes nothing
    assert [one.name for one in folder.all()] == ["angry / 50 %", "Very happy"]
    folder.delete("Very happy")
    folder.delete("Very happy")  # another program was faster
    assert [one.name for one in folder.all()] == ["angry / 50 %"]
    assert [path.suffix for path in folder.folder.iterdir()] == [".json"]


def test_they_lie_in_the_user_s_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert presets_folder() == tmp_path / "anycost" / "presets"
    assert not str(presets_folder()).startswith(str(Path(__file__).parents[2]))


@settings(max_examples=20)
@given(
    st.lists(
        st.builds(
            Preset,
            st.text("abcÄ🙂 ./%", min_size=1, max_size=LONGEST_NAME).map(str.strip).filter(bool),
            st.dictionaries(st.text("xyz", min_size=1, max_size=3), st.floats(-2, 2), max_size=4),
        ),
        max_size=5,
    )
)
def test_what_is_exported_is_imported(tmp_path_factory, presets):
    path = tmp_path_factory.getbasetemp() / "exported.json"
    write_presets(path, presets)
    assert read_presets(path) == [Preset(clean_name(one.name), one.edits) for one in presets]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[" * 100_000,
        b"{}",
        json.dumps({"kind": "anycost-presets", "version": 1, "presets": {}}).encode(),
        json.dumps({"kind": "anycost-presets", "version": 1, "presets": [[]]}).encode(),
        json.dumps(
            {"kind": "anycost-presets", "version": 1, "presets": [{"name": "", "edits": {}}]}
        ).encode(),
        b'{"kind": "anycost-presets", "version": 1, "presets": [{"name": "a", "edits": {"b": NaN}}]}',
        b'{"kind": "anycost-presets", "version": 1, "presets": [{"name": "a", "edits": {"b": 1%s}}]}'
        % (b"0" * 400),
        json.dumps({"kind": "anycost-presets", "version": 99, "presets": []}).encode(),
        b" " * (MOST_BYTES + 1),
    ],
    ids=range(11),
)
def test_a_hostile_file_is_a_sentence(tmp_path, data):
    path = tmp_path / "p.json"
    path.write_bytes(data)
    with pytest.raises(PresetsError) as error:
        read_presets(path)
    assert str(error.value).startswith("p.json ")
    assert str(error.value).endswith(".")
    assert PresetFolder(tmp_path).all() == []  # and no preset


def test_a_pipe_does_not_hang_the_panel(tmp_path):
    os.mkfifo(tmp_path / "p.json")
    assert PresetFolder(tmp_path).all() == []


def test_what_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "presets").write_text("a file where the folder belongs")
    with pytest.raises(PresetsError, match="could not be written"):
        PresetFolder(tmp_path / "presets").save(HAPPY)
    with pytest.raises(PresetsError, match="could not be written"):
        write_presets(tmp_path / "nowhere" / "p.json", [HAPPY])


def test_two_programs_write_at_once_and_no_file_is_ever_half(folder):
    """The other one saves all the time while this one reads."""
    folder.save(HAPPY)
    script = (
        "import sys, pathlib\n"
        "from anycost.krita_plugin.state.presets import Preset, PresetFolder\n"
        "folder = PresetFolder(pathlib.Path(sys.argv[1]))\n"
        "for n in range(80): folder.save(Preset('Happy', {f's{i}': n / 80 for i in range(200)}))\n"
    )
    other = subprocess.Popen([sys.executable, "-c", script, str(folder.folder)])
    seen = set()
    while other.poll() is None:
        (preset,) = folder.all()
        assert len(set(preset.edits.values())) == 1 or preset == HAPPY
        seen.add(next(iter(preset.edits.values())))
        folder.save(Preset("Happy", {"smile": 0.5}))
    assert other.returncode == 0
    assert len(seen) > 1
    assert [path.suffix for path in folder.folder.iterdir()] == [".json"]


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from("abc"), st.floats(-1, 1), max_size=3), st.floats(0, 1.5))
def test_the_strength_scales_the_whole_set_and_leaves_the_rest(edits, strength):
    made = with_preset(edits, HAPPY, strength)
    wanted = {**edits, "smile": 0.8 * strength, "age": -0.1 * strength}
    assert {**dict.fromkeys(wanted, 0.0), **made} == pytest.approx(wanted, abs=6e-5)
    assert all(made.values())


def test_a_preset_is_one_step_and_another_strength_begins_again(state, wire):
    project(state, wire)
    use = PresetUse(state)
    state.set_edit("smile", -0.3)
    use.choose(HAPPY)
    assert state.portrait.edits == {"smile": 0.8, "age": -0.1}
    use.set_strength(0.5, dragging=True)
    use.set_strength(1.5, dragging=False)
    assert state.portrait.edits == {"smile": 1.0, "age": pytest.approx(-0.15)}  # within the slider's range
    state.undo()
    assert state.portrait.edits == {"smile": 0.8, "age": -0.1}
    state.undo()
    assert state.portrait.edits == {"smile": -0.3}
    use.set_strength(1.0)  # the preset is not on any more: nothing moves
    assert state.portrait.edits == {"smile": -0.3}
    assert [one.adjustment.edits for one in state.history.states] == [{"smile": 0.8, "age": -0.1}]


def test_favourites_come_first_then_the_artist_s_own(folder):
    built = [Preset("Warm", {"smile": 1}, True), Preset("Sad", {"smile": -1}, True)]
    own = [Preset("zoo", {"smile": 1}), Preset("Ant", {"smile": 1})]
    assert [p.name for p in in_order([*built, *own], ["Sad"])] == ["Sad", "Ant", "zoo", "Warm"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("eye", ["eye_size", "eye_colour"]),
        ("EYE c", ["eye_colour"]),
        ("shape", ["eye_size"]),
        ("mouth", []),
        (" ", None),
    ],
)
def test_a_search_finds_sliders_by_the_words_of_label_and_group(search, found):
    assert found_sliders(search, SLIDERS) == found


def test_a_search_finds_presets():
    assert matches("wa sm", "Warm smile")
    assert not matches("arm", "Warm smile")


def test_what_comes_with_the_plugin_moves_sliders_of_the_default_pack_within_their_ranges():
    known = {direction.name: direction for direction in Pack.open("portraits").directions}
    presets = built_in_presets()
    assert len({preset.name for preset in presets}) == len(presets) >= 8
    for preset in presets:
        for name, value in preset.edits.items():
            assert known[name].low <= value <= known[name].high, (preset.name, name)
    assert useful(presets, SLIDERS[:1]) == [one for one in presets if "smile" in one.edits]
