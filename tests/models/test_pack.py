"""A pack reads back as it was written; a damaged or manipulated one is refused with a reason."""

from __future__ import annotations

import contextlib
import copy
import itertools
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from anycost.models import plain_file
from anycost.models.drawing_cost import memory_of_picture, too_costly
from anycost.models.features import Features, load_features
from anycost.models.generator import Generator
from anycost.models.layer_sizes import layer_resolution
from anycost.models.manifest import Manifest, parse_manifest
from anycost.models.pack import (
    Alignment,
    Direction,
    Pack,
    PackError,
    file_sha256,
    list_packs,
    user_packs_folder,
    write_pack,
)
from anycost.models.widths import SubGenerator, WidthRule

CHANNELS = (12, 12, 8, 8, 6, 6)


def write(folder: Path, **changes: Any) -> Path:
    torch.manual_seed(11)
    generator = Generator(16, CHANNELS, style_dim=10, n_mlp=3)
    with torch.no_grad():
        generator.conv1.noise.weight.fill_(0.25)
    rng = np.random.default_rng(11)
    values: dict[str, Any] = {
        "name": "small",
        "title": "Small · klein",
        "licence": "Apache-2.0",
        "provenance": "untrained",
        "mean_w": np.linspace(-1, 1, 10),
        "rule": WidthRule("capped", cap=12, multiplier=0.01),
        "ratios": [0.5, 1.0],
        "resolutions": [8, 16],
        "ladder": [SubGenerator(8, (3, 4, 5, 6)), SubGenerator(16, CHANNELS, 1.0)],
        "alignment": Alignment((0.5, 0.4), (0.5, 0.7)),
        "directions": [
            Direction(name, name.title(), "Face", -1.5, 2.0, rng.normal(size=(6, 10)).astype(np.float32))
            for name in ("smile", "age")
        ],
        "documents": {"MODEL_CARD.md": "# Small\n", "LICENSE": "…"},
    }
    return write_pack(folder, generator, **(values | changes))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("packs") / "small")


@pytest.fixture
def pack_copy(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "small"))


def edit_json(folder: Path, **changes: Any) -> None:
    document = json.loads((folder / "pack.json").read_text())
    (folder / "pack.json").write_text(json.dumps(document | changes))


def rehash(folder: Path, file: str) -> None:
    """Update the hash, as a hostile pack maker would after a change."""
    hashes = json.loads((folder / "pack.json").read_text())["files"]
    edit_json(folder, files=hashes | {file: file_sha256(folder / file)})


# ---- round trips


def test_round_trip(written: Path) -> None:
    pack = Pack.open(written)
    assert (pack.name, pack.title, pack.licence, pack.provenance) == (
        "small",
        "Small · klein",
        "Apache-2.0",
        "untrained",
    )
    assert (pack.resolution, pack.n_style, pack.style_dim, pack.n_mlp) == (16, 6, 10, 3)
    assert pack.rule == WidthRule("capped", cap=12, multiplier=0.01)
    assert (pack.ratios, pack.resolutions) == ((0.5, 1.0), (8, 16))
    assert pack.ladder == (SubGenerator(8, (3, 4, 5, 6)), SubGenerator(16, CHANNELS))
    assert [rung.ratio for rung in pack.ladder] == [None, 1.0]
    assert pack.alignment == Alignment((0.5, 0.4), (0.5, 0.7))
    assert (pack.encoder_path, pack.finder_path, pack.features_path, pack.encoder_size) == (
        None,
        None,
        None,
        0,
    )
    np.testing.assert_array_equal(pack.mean_w, np.linspace(-1, 1, 10, dtype=np.float32))
    assert [(d.name, d.label, d.group, d.low, d.high) for d in pack.directions] == [
        ("smile", "Smile", "Face", -1.5, 2.0),
        ("age", "Age", "Face", -1.5, 2.0),
    ]
    rng = np.random.default_rng(11)
    for direction in pack.directions:
        assert direction.vector.dtype == np.float32
        np.testing.assert_array_equal(direction.vector, rng.normal(size=(6, 10)).astype(np.float32))


def test_the_generator_draws_the_same(written: Path) -> None:
    torch.manual_seed(11)
    original = Generator(16, CHANNELS, style_dim=10, n_mlp=3)
    with torch.no_grad():
        original.conv1.noise.weight.fill_(0.25)
    pack = Pack.open(written)
    loaded = pack.generator()
    assert loaded is pack.generator()
    assert not loaded.training
    assert not any(p.requires_grad for p in loaded.parameters())
    w = torch.randn(2, 6, 10)
    assert torch.equal(loaded(w), original(w))


def test_half_weights_come_back_as_float32_and_draw_nearly_the_same(written: Path, tmp_path: Path) -> None:
    half = write(tmp_path / "half", half=True)
    size = (half / "generator.safetensors").stat().st_size / (
        written / "generator.safetensors"
    ).stat().st_size
    assert size < 0.75  # in a network this small, names and vectors count
    stored = load_file(half / "generator.safetensors")
    assert stored["convs.0.conv.weight"].dtype == torch.float16
    assert stored["convs.0.activate.bias"].dtype == torch.float32
    generator, full = Pack.open(half).generator(), Pack.open(written).generator()
    assert {tensor.dtype for tensor in generator.state_dict().values()} == {torch.float32}
    w = torch.randn(2, 6, 10)
    assert torch.allclose(generator(w), full(w), atol=0.02)


def test_weights_beyond_half_precision_are_not_written(tmp_path: Path) -> None:
    torch.manual_seed(11)
    generator = Generator(16, CHANNELS, style_dim=10, n_mlp=3)
    with torch.no_grad():
        generator.style[1].weight[0, 0] = 1e6  # type: ignore[index]
    pack = Pack.open(write(tmp_path / "one"))
    parts: Any = {key: getattr(pack, key) for key in ("rule", "ratios", "resolutions", "ladder", "alignment")}
    texts = {"name": "two", "title": "Two", "licence": "none", "provenance": "none"}
    with pytest.raises(PackError, match=r"style\.1\.weight"):
        write_pack(tmp_path / "two", generator, mean_w=pack.mean_w, half=True, **texts, **parts)
    assert os.listdir(tmp_path) == ["one"]


def test_a_complete_pack_opens(tiny_pack: Path) -> None:
    pack = Pack.open(tiny_pack)
    assert pack.encoder_path == tiny_pack / "encoder.onnx"
    assert pack.finder_path == tiny_pack / "finder.onnx"
    assert pack.features_path == tiny_pack / "features.safetensors"
    assert pack.encoder_size == 64


def test_a_written_attribute_network_keeps_its_names(tmp_path: Path) -> None:
    network = Features(2, (8, 8), ["Smiling", "No_Beard"])
    pack = Pack.open(write(tmp_path / "one", features=network, half=True))
    assert pack.features_path is not None
    assert load_features(pack.features_path).names == ("Smiling", "No_Beard")


def test_a_rung_given_by_ratio_is_widened_by_the_rule(written: Path, pack_copy: Path) -> None:
    ladder = [{"resolution": 8, "ratio": 0.5}, {"resolution": 16, "ratio": 1.0}]
    edit_json(pack_copy, ladder=ladder)
    # min(12, 16384 / side * 0.5 * 0.01), at most the full width
    assert Pack.open(pack_copy).ladder[0].channels == (12, 12, 8, 8)


# ---- installed packs


def test_built_in_and_user_packs_are_listed_by_their_own_name(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    before = set(list_packs())
    packs = user_packs_folder()
    assert packs == tmp_path / "anycost" / "packs"
    packs.mkdir(parents=True)
    shutil.copytree(written, packs / "renamed-folder")
    shutil.copytree(written, packs / ".small.half-written")
    (packs / "broken").mkdir()
    (packs / "broken" / "pack.json").write_text("{")
    (packs / "no-pack").mkdir()
    assert set(list_packs()) - before == {"small", "broken"}
    assert Pack.open("small").folder == packs / "renamed-folder"
    with pytest.raises(PackError, match="not valid JSON"):
        Pack.open("broken")
    with pytest.raises(PackError, match=r'There is no pack "other".*small'):
        Pack.open("other")


@pytest.mark.parametrize("kind", ["file", "loop", "dangling link", "unreadable"])
def test_a_packs_folder_that_cannot_be_read_hides_no_built_in_pack(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    folder = user_packs_folder()
    folder.parent.mkdir()
    if kind == "file":
        folder.write_text("no folder")
    elif kind == "unreadable":
        folder.mkdir()
        scan = os.scandir

        def refuse(path: str | Path) -> Any:
            if Path(path) == folder:
                raise PermissionError(13, "Permission denied")
            return scan(path)

        monkeypatch.setattr(os, "scandir", refuse)  # root could read it
    else:
        folder.symlink_to(folder if kind == "loop" else tmp_path / "nowhere")
    assert list(list_packs()) == ["portraits"]
    with pytest.raises(PackError, match=r'no pack "mine": give .* \(portraits\)'):
        Pack.open("mine")


@pytest.mark.parametrize("name", ["other", "~nobody-of-that-name", "x" * 5000, "a\0b", "a/b/c", ""])
def test_a_pack_that_is_not_there_is_named(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PackError, match=r"There is no pack|is not a pack"):
        Pack.open(name)


def test_a_folder_that_happens_to_have_the_name_hides_no_pack(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    shutil.copytree(written, user_packs_folder() / "small")
    (tmp_path / "small").mkdir()
    monkeypatch.chdir(tmp_path)
    assert Pack.open("small").folder == user_packs_folder() / "small"


def test_a_relative_data_home_is_ignored_as_its_specification_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert user_packs_folder() == Path.home() / ".local" / "share" / "anycost" / "packs"


# ---- damaged and hostile packs


@pytest.mark.parametrize("file", ["generator.safetensors", "directions.safetensors"])
def test_a_changed_byte_is_found(pack_copy: Path, file: str) -> None:
    data = bytearray((pack_copy / file).read_bytes())
    data[-1] ^= 1
    (pack_copy / file).write_bytes(data)
    with pytest.raises(PackError, match=f"{file} is damaged"):
        Pack.open(pack_copy).generator()


@pytest.mark.parametrize("file", ["encoder.onnx", "finder.onnx", "features.safetensors"])
def test_a_changed_network_file_is_found_when_it_is_used(tiny_pack: Path, tmp_path: Path, file: str) -> None:
    folder = Path(shutil.copytree(tiny_pack, tmp_path / "tiny"))
    with (folder / file).open("ab") as handle:
        handle.write(b"\0")
    pack = Pack.open(folder)
    with pytest.raises(PackError, match="is damaged"):
        getattr(pack, file.split(".")[0] + "_path")


@pytest.mark.parametrize("file", ["generator.safetensors", "directions.safetensors", "LICENSE"])
def test_a_missing_file_is_named(pack_copy: Path, file: str) -> None:
    (pack_copy / file).unlink()
    with pytest.raises(PackError, match=f"has no {file}"):
        Pack.open(pack_copy)


@pytest.mark.parametrize(
    "kind", ["link outside", "dangling link", "loop", "folder", "pipe", "link to a folder"]
)
def test_only_plain_files_inside_the_folder_are_opened(pack_copy: Path, kind: str) -> None:
    path = pack_copy / "generator.safetensors"
    outside = pack_copy.parent / "outside"
    shutil.copy(path, outside)
    path.unlink()
    if kind == "link outside":
        path.symlink_to(outside)  # right content, wrong place
    elif kind == "dangling link":
        path.symlink_to("nowhere")
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)  # reading it would never end
    else:
        path.symlink_to(pack_copy.parent)
    with pytest.raises(PackError, match=r"generator\.safetensors"):
        Pack.open(pack_copy)


def test_what_is_loaded_is_what_was_checked(pack_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is replaced at the moment when it is opened, and no hash is asked of anything else."""
    pack, path = Pack.open(pack_copy), pack_copy / "generator.safetensors"
    wanted = load_file(path)["conv1.conv.weight"]

    def then_replaced(*arguments: Any) -> int:
        descriptor = os.open(*arguments)
        path.rename(pack_copy / "old")
        save_file({name: tensor + 1 for name, tensor in load_file(pack_copy / "old").items()}, path)
        return descriptor

    monkeypatch.setattr("anycost.models.plain_file._without_waiting", then_replaced)
    torch.testing.assert_close(pack.generator().conv1.conv.weight, wanted)
    monkeypatch.undo()
    with pytest.raises(PackError, match="is damaged"):
        Pack.open(pack_copy).generator()


def test_a_file_that_became_a_pipe_does_not_hang(pack_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack, path = Pack.open(pack_copy), pack_copy / "generator.safetensors"

    def of_a_pipe(_path: str, flags: int) -> int:
        path.unlink()
        os.mkfifo(path)
        return without_waiting(str(path), flags)

    without_waiting = plain_file._without_waiting
    monkeypatch.setattr(plain_file, "_without_waiting", of_a_pipe)
    with pytest.raises(PackError, match="not a plain file"):
        pack.generator()


def test_directions_that_lead_nowhere_are_refused(pack_copy: Path) -> None:
    vectors = load_file(pack_copy / "directions.safetensors")
    vectors["smile"].fill_(3e38)
    save_file(vectors, pack_copy / "directions.safetensors")
    rehash(pack_copy, "directions.safetensors")
    with pytest.raises(PackError, match="values in smile beyond 1000"):
        Pack.open(pack_copy)


def test_a_file_of_absurd_size_is_refused_unread(pack_copy: Path) -> None:
    with (pack_copy / "generator.safetensors").open("r+b") as file:
        file.truncate((2 << 30) + 1)  # sparse
    with pytest.raises(PackError, match="larger than 2 GiB"):
        Pack.open(pack_copy)


def test_a_pack_json_of_absurd_size_is_refused(pack_copy: Path) -> None:
    (pack_copy / "pack.json").write_text(" " * (1 << 20) + "{}")
    with pytest.raises(PackError, match="larger than 1 MiB"):
        Pack.open(pack_copy)


@pytest.mark.parametrize(
    "text", ["", "[" * 100_000, "[]", "null", '{"schema": NaN}', '{"schema": 1e999}', "\xff\xfe"]
)
def test_a_pack_json_that_is_not_an_object_is_refused(pack_copy: Path, text: str) -> None:
    (pack_copy / "pack.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(PackError, match=r"pack\.json|schema"):
        Pack.open(pack_copy)


def test_a_newer_pack_asks_for_an_update(pack_copy: Path) -> None:
    (pack_copy / "pack.json").write_text('{"schema": 2, "everything": "else"}')
    with pytest.raises(PackError, match="made by a newer Anycost: update"):
        Pack.open(pack_copy)


def test_a_folder_without_pack_json_is_not_a_pack(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="is not a pack"):
        Pack.open(tmp_path)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", "../up"),
        ("name", ""),
        ("title", 3),
        ("title", "x" * 201),
        ("licence", None),
        ("generator.file", "../generator.safetensors"),
        ("generator.file", "a/b"),
        ("generator.file", "a\\b"),
        ("generator.file", ".."),
        ("generator.file", "/etc/passwd"),
        ("generator.file", "other.safetensors"),
        ("generator.resolution", 17),
        ("generator.resolution", 4096),
        ("generator.resolution", 2),
        ("generator.resolution", 16.0),
        ("generator.resolution", True),
        ("generator.resolution", 10**400),
        ("generator.style_dim", 4097),
        ("generator.style_dim", 0),
        ("generator.n_mlp", 33),
        ("generator.channels", [12, 12, 8, 8, 6]),
        ("generator.channels", [12, 12, 8, 8, 6, 4097]),
        ("generator.channels", [12, 12, 8, 8, 6, 0]),
        ("generator.channels", [12, 12, 8, 8, 6, "6"]),
        ("generator.width_rule.kind", "magic"),
        ("generator.width_rule.cap", 0),
        ("generator.width_rule.multiplier", -1),
        ("ratios", [0.5, 2]),
        ("ratios", {"0": 0.5}),
        ("ratios", [1] * 1000),
        ("resolutions", [8, 32]),
        ("ladder", []),
        ("ladder", [{"resolution": 8, "channels": [3, 4, 5, 6]}]),
        ("ladder", [{"resolution": 16, "ratio": 1.0}, {"resolution": 8, "ratio": 0.5}]),
        ("ladder", [{"resolution": 16, "ratio": 1.0}, {"resolution": 16, "ratio": 0.5}]),
        ("ladder", [{"resolution": r, "ratio": q} for r, q in ((16, 1.0), (8, 0.5), (16, 1.0))]),
        ("ladder", [{"resolution": 4, "channels": [1, 1]}, {"resolution": 16, "ratio": 1.0}]),
        ("ladder", [{"resolution": 8, "ratio": 0.25}, {"resolution": 16, "ratio": 1.0}]),
        ("ladder", [{"resolution": 8, "channels": [13, 1, 1, 1]}, {"resolution": 16, "ratio": 1.0}]),
        ("ladder", [{"resolution": 8, "channels": [1, 1]}, {"resolution": 16, "ratio": 1.0}]),
        ("alignment.eyes", [0.5]),
        ("alignment.eyes", [0.5, 1.5]),
        ("alignment.eyes", [0.5, 0.7]),
        ("encoder", {"file": "encoder.onnx", "size": 64}),
        ("finder", {"file": "LICENSE"}),
        ("directions.0.name", "age"),
        ("directions.0.name", "smile\x1b[2J"),
        ("directions.0.low", 0.1),
        ("directions.0.high", 101),
        ("directions.0", {"name": "flat", "label": "Flat", "group": "G", "low": 0, "high": 0}),
        ("directions.0.parts", ["nose"]),
        ("directions.0.parts", ["skin", "skin"]),
        ("directions.0.parts", "skin"),
        ("directions.0.parts", [["skin"]]),
        ("directions.0.parts", None),
        ("directions.0.how", ["painted"]),
        ("directions.0.how", ["moved"] * 1000),
        ("directions.0.how", {"moved": True}),
        ("bank", {"file": "bank.safetensors", "portraits": 3}),
        ("bank", {"file": "../bank", "portraits": 3}),
        ("bank", []),
        ("directions", [{}]),
        ("directions", "smile"),
        ("files", {}),
        ("files.LICENSE", "0" * 63),
        ("files.LICENSE", None),
        ("files", {"../../etc/passwd": "0" * 64}),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named(pack_copy: Path, path: str, value: Any) -> None:
    document = json.loads((pack_copy / "pack.json").read_text())
    place = document
    *parents, last = path.split(".")
    if path == "files.LICENSE":
        parents, last = ["files"], "LICENSE"
    for key in parents:
        place = place[int(key) if isinstance(place, list) else key]
    place[int(last) if isinstance(place, list) else last] = value
    (pack_copy / "pack.json").write_text(json.dumps(document))
    with pytest.raises(PackError) as caught:
        Pack.open(pack_copy)
    message = str(caught.value)
    assert str(pack_copy) in message
    assert "\n" not in message
    assert "\x1b" not in message


PLAIN = json.loads(
    """{"schema": 1, "name": "n", "title": "t", "licence": "l", "provenance": "p",
    "generator": {"file": "g", "resolution": 8, "style_dim": 4, "n_mlp": 1, "channels": [4, 4, 2, 2],
                  "width_rule": {"kind": "capped", "cap": 4, "multiplier": 0.001}},
    "ratios": [0.5, 1.0], "resolutions": [4, 8],
    "ladder": [{"resolution": 4, "channels": [1, 2]}, {"resolution": 8, "ratio": 1.0}],
    "alignment": {"eyes": [0.5, 0.4], "mouth": [0.5, 0.7]},
    "encoder": {"file": "e", "size": 64}, "finder": null, "features": {"file": "f"},
    "bank": {"file": "b", "portraits": 3},
    "directions": [{"name": "d", "label": "D", "group": "G", "low": -1, "high": 1,
                    "parts": ["hair"], "how": ["tinted"]}],
    "files": {"g": "%s", "e": "%s", "f": "%s", "b": "%s"}}"""
    % (("0" * 64,) * 4)
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in inner for place in places(child, (*path, key)))]


MARKUP = ["<img src=/tmp/fifo>", "Brows & lashes", "&lt;b&gt;", "a < b"]
UNSEEN = [
    "\0",
    "\x1b[2J\x1b]0;hello\a",  # clears a terminal and names its window
    "\x7f",
    "\x9b31m",  # means ESC [ to some terminals
    "one\rtwo",
    "one\u2028two",
    "one\u2029two",
    "\u202egnp.exe",
    "\u2066hidden\u2069",
    "\ud800",  # half of a surrogate pair: cannot be encoded
]
SHOWN = ["title", "directions.0.label", "directions.0.group"]
LONG = ["licence", "provenance"]


def plain_with(path: str, text: str) -> Any:
    document = copy.deepcopy(PLAIN)
    place = document["directions"][0] if path.startswith("directions.0.") else document
    place[path.rpartition(".")[2]] = text
    return document


@pytest.mark.parametrize(
    ("path", "text"),
    [
        *itertools.product(SHOWN, [*MARKUP, *UNSEEN, "one\ntwo", "one\ttwo"]),
        *itertools.product(LONG, UNSEEN),
    ],
)
def test_texts_that_a_panel_or_terminal_would_obey_are_refused(path: str, text: str) -> None:
    with pytest.raises(
        PackError, match=rf'"{path}" has characters that are not allowed in it; ask its maker'
    ):
        parse_manifest(plain_with(path, text))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        *itertools.product(SHOWN + LONG, ['Bœuf à l\'ail (1/2) > "x"', "顔・عيون · 👩🏽‍🎨", "a\u200db"]),
        *itertools.product(LONG, ["one\n\ttwo", "Copyright <me@example.org> & others"]),
    ],
)
def test_other_texts_are_kept(path: str, text: str) -> None:
    manifest = parse_manifest(plain_with(path, text))
    slider = manifest.sliders[0]
    found = (manifest.title, slider.label, slider.group, manifest.licence, manifest.provenance)
    assert found[(SHOWN + LONG).index(path)] == text


def test_the_plain_example_is_read() -> None:
    manifest = parse_manifest(PLAIN)
    assert manifest.ladder[-1].channels == (4, 4, 2, 2)
    assert (manifest.bank_file, manifest.bank_portraits) == ("b", 3)
    assert (manifest.sliders[0].parts, manifest.sliders[0].how) == (("hair",), ("tinted",))


def test_parts_and_ways_may_be_left_out() -> None:
    document = copy.deepcopy(PLAIN)
    del document["directions"][0]["parts"], document["bank"]
    document["directions"][0]["how"] = []
    manifest = parse_manifest(document)
    assert (manifest.sliders[0].parts, manifest.sliders[0].how) == ((), ())
    assert (manifest.bank_file, manifest.bank_portraits) == (None, 0)


@pytest.mark.slow
@settings(max_examples=200)
@given(st.sampled_from(places(PLAIN)[1:]), JSON)
def test_no_value_in_pack_json_breaks_the_reader(path: tuple[Any, ...], value: Any) -> None:
    document = copy.deepcopy(PLAIN)
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with contextlib.suppress(PackError):  # the only way to refuse
        assert isinstance(parse_manifest(document), Manifest)


def test_the_documented_example_is_read() -> None:
    text = (Path(__file__).parents[2] / "docs" / "packs.md").read_text()
    document = json.loads(text.partition("```json\n")[2].partition("```")[0])
    names = ("generator", "encoder", "finder", "head_reader", "features", "bank")
    parts = [document[part]["file"] for part in names]
    document["files"] = dict.fromkeys(parts, "0" * 64)
    manifest = parse_manifest(document)
    assert manifest.ladder[0].channels == (512, 512, 512, 512, 512, 512, 256, 256, 128, 128)
    assert manifest.n_style == len(manifest.channels)


# ---- weights that are not what pack.json says


def replace_weights(folder: Path, change: Any) -> None:
    weights = load_file(folder / "generator.safetensors")
    change(weights)
    save_file(weights, folder / "generator.safetensors")
    rehash(folder, "generator.safetensors")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda w: w.pop("convs.1.noise.weight"), r"no tensor convs\.1\.noise\.weight"),
        (lambda w: w.pop("latent_avg"), "no tensor latent_avg"),
        (lambda w: w.update(extra=torch.zeros(1)), "'extra'"),
        (lambda w: w.update(latent_avg=torch.zeros(11)), r"latent_avg as F32 \[11\]"),
        (lambda w: w.update(latent_avg=torch.zeros(10, dtype=torch.int32)), r"latent_avg as I32"),
        (lambda w: w.update({"conv1.conv.weight": torch.zeros(1, 12, 12, 3, 4)}), r"conv1\.conv\.weight"),
        (lambda w: w["conv1.activate.bias"].fill_(float("nan")), r"values in conv1\.activate\.bias"),
        (lambda w: w["to_rgb1.bias"].fill_(3e38), r"values in to_rgb1\.bias beyond"),
        (lambda w: w["latent_avg"].fill_(3e38), "values in latent_avg beyond"),
    ],
)
def test_weights_that_do_not_fit_are_named(pack_copy: Path, change: Any, words: str) -> None:
    replace_weights(pack_copy, change)
    with pytest.raises(PackError, match=words):
        Pack.open(pack_copy).generator()


def test_absurd_sizes_are_refused_before_memory_is_taken(pack_copy: Path) -> None:
    # pack.json and the header agree on 4096 channels; the 600 MB of data for each layer is missing
    document = json.loads((pack_copy / "pack.json").read_text())
    document["generator"] |= {"channels": [4096] * 6, "style_dim": 4096}
    document["ladder"] = [{"resolution": 16, "ratio": 1.0}]
    document["generator"]["width_rule"] = {"kind": "proportional"}
    document["directions"] = []
    (pack_copy / "pack.json").write_text(json.dumps(document))
    pack = Pack.open(pack_copy)
    with pytest.raises(PackError, match="calls for floats of shape"):
        pack.generator()
    header = {"input.input": {"dtype": "F32", "shape": [1, 4096, 4, 1 << 40], "data_offsets": [0, 1 << 56]}}
    text = json.dumps(header).encode()
    (pack_copy / "generator.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + b"\0" * 64)
    rehash(pack_copy, "generator.safetensors")
    with pytest.raises(PackError, match="is damaged or not a safetensors file"):
        Pack.open(pack_copy).generator()


def test_a_generator_that_cannot_be_drawn_is_refused(pack_copy: Path) -> None:
    document = json.loads((pack_copy / "pack.json").read_text())
    document["generator"] |= {"resolution": 2048, "channels": [4096] * 20}
    (pack_copy / "pack.json").write_text(json.dumps(document))
    with pytest.raises(PackError, match="larger than any generator that can be drawn"):
        Pack.open(pack_copy)


def test_a_generator_must_fit_the_machine(pack_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = memory_of_picture(CHANNELS)
    monkeypatch.setattr("anycost.models.drawing_cost.memory_here", lambda: 2 * needed)
    assert Pack.open(pack_copy).resolution == 16
    monkeypatch.setattr("anycost.models.drawing_cost.memory_here", lambda: 2 * needed - 1)
    with pytest.raises(PackError, match=r"needs .* GB of memory for one picture, and this computer has"):
        Pack.open(pack_copy)


def test_the_published_generators_fit_a_small_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anycost.models.drawing_cost.memory_here", lambda: 4 << 30)
    for most in (512, 1024):  # config F, and the one of twice its widths
        widths = [min(most, most * 64 // layer_resolution(layer)) for layer in range(18)]
        assert too_costly(widths) == ""


# ---- writing


def test_an_existing_pack_is_replaced_only_when_told(tmp_path: Path) -> None:
    folder = write(tmp_path / "pack", title="first")
    with pytest.raises(PackError, match="There is a pack"):
        write(folder, title="second")
    assert Pack.open(folder).title == "first"
    opened = Pack.open(folder)
    weights = opened.generator()
    write(folder, title="second", replace=True)
    assert Pack.open(folder).title == "second"
    assert torch.isfinite(weights(torch.randn(1, 6, 10))).all()  # an open pack keeps its data
    assert os.listdir(tmp_path) == ["pack"]


def test_a_folder_that_is_not_ours_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    with pytest.raises(PackError, match="other files"):
        write(tmp_path / "home", replace=True)
    (tmp_path / "file").write_text("x")
    with pytest.raises(PackError, match="not a folder"):
        write(tmp_path / "file", replace=True)
    (tmp_path / "link").symlink_to(tmp_path / "home")
    with pytest.raises(PackError, match="not a folder"):
        write(tmp_path / "link", replace=True)
    assert (tmp_path / "home" / "letter.txt").read_text() == "dear"


def test_an_empty_folder_and_missing_parents_are_filled(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert Pack.open(write(tmp_path / "empty")).title == "Small · klein"
    assert Pack.open(write(tmp_path / "a" / "b" / "c")).title == "Small · klein"


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "a/b"},
        {"ladder": []},
        {"ratios": [2.0]},
        {"mean_w": np.zeros(3)},
        {"mean_w": np.full(10, np.nan)},
        {"directions": [Direction("d", "D", "G", -1, 1, np.zeros((5, 10), np.float32))]},
        {"directions": [Direction("d", "D", "G", -1, float("inf"), np.zeros((6, 10), np.float32))]},
        {"documents": {"../outside": "x"}},
        {"encoder": (Path("/nonexistent"), 64)},
    ],
)
def test_nothing_is_left_of_a_pack_that_would_not_open(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(PackError):
        write(tmp_path / "pack", **changes)
    assert os.listdir(tmp_path) == []


@contextlib.contextmanager
def file_sizes_limited(limit: int) -> Iterator[None]:
    """Writing more than `limit` bytes fails midway, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("limit", [0, 1000, 20_000])
def test_a_failed_write_leaves_the_old_pack_and_says_so(tmp_path: Path, limit: int) -> None:
    folder = write(tmp_path / "pack", title="first")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with file_sizes_limited(limit), pytest.raises(PackError) as caught:
        write(folder, title="second", replace=True)
    assert "not enough room on the disk" in str(caught.value)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert os.listdir(tmp_path) == ["pack"]


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("mount") is None, reason="only root can mount a small disk"
)
def test_a_full_disk_leaves_the_old_pack_and_says_so(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        folder = write(disk / "pack", title="first")
        free = os.statvfs(disk)
        (disk / "filler").write_bytes(bytes(free.f_bavail * free.f_bsize - 3 * 4096))
        with pytest.raises(PackError, match="not enough room on the disk"):
            write(folder, title="second", replace=True)
        assert Pack.open(folder).title == "first"
        assert sorted(os.listdir(disk)) == ["filler", "pack"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.slow
def test_opening_a_pack_does_not_load_torch_s_compiler(tiny_pack):
    """Arithmetic on "meta" would load it, which delays the first face by seconds."""
    script = (
        "import sys; from anycost.core.editing.session import Session; from anycost.models.pack import Pack\n"
        f"Session(Pack.open({str(tiny_pack)!r}))\n"
        "print([name for name in ('torch._dynamo', 'sympy') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
