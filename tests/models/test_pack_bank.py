"""A pack's bank reads back as it was written; one that is damaged or out of bounds is refused."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from random_bank import random_bank
from safetensors.torch import load_file, save_file

from anycost.models.bank import BOUNDS, LATER, LINES, MOST_LINED, SHAPES, Bank, Effect, bank_bytes, read_bank
from anycost.models.generator import Generator
from anycost.models.manifest import MAX_PORTRAITS
from anycost.models.pack import (
    Alignment,
    Direction,
    Pack,
    PackError,
    add_bank,
    file_sha256,
    write_pack,
)
from anycost.models.widths import SubGenerator, WidthRule

Tensors = dict[str, torch.Tensor]
HALF = 1e-3  # relative error of a value in half precision, at most


def same(found: Bank, bank: Bank) -> None:
    """Expect the same values in half precision."""
    pairs = [(found, bank), *((found.effects[name], effect) for name, effect in bank.effects.items())]
    for a, b in pairs:
        for field in fields(b):
            if getattr(b, field.name) is None:
                assert getattr(a, field.name) is None
            elif field.name != "effects":
                value = np.asarray(getattr(b, field.name))
                np.testing.assert_allclose(getattr(a, field.name), value, rtol=HALF, atol=1e-7)
    assert found.effects.keys() == bank.effects.keys()


def write(folder: Path, **changes: Any) -> Path:
    """A pack of two directions with a bank."""
    torch.manual_seed(11)
    channels = (8, 8, 6, 6)
    generator = Generator(8, channels, style_dim=5, n_mlp=2)
    directions = [Direction(name, name, "G", -1, 1, np.ones((4, 5), np.float32)) for name in ("smile", "age")]
    values: dict[str, Any] = {
        "name": "small",
        "title": "Small",
        "licence": "none",
        "provenance": "none",
        "mean_w": np.zeros(5),
        "rule": WidthRule("proportional"),
        "ratios": [1.0],
        "resolutions": [8],
        "ladder": [SubGenerator(8, channels, 1.0)],
        "alignment": Alignment((0.5, 0.4), (0.5, 0.7)),
        "directions": directions,
        "bank": random_bank(("smile", "age"), 5),
        "documents": {"LICENSE": "…"},
    }
    return write_pack(folder, generator, **(values | changes))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "small")


def changed(folder: Path, change: Callable[[Tensors], object], **entry: Any) -> Pack:
    """The pack with other tensors in its bank, as a hostile maker would write them."""
    path = folder / "bank.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path)
    document = json.loads((folder / "pack.json").read_text())
    document["files"]["bank.safetensors"] = file_sha256(path)
    document["bank"] |= entry
    (folder / "pack.json").write_text(json.dumps(document))
    return Pack.open(folder)


# ---- round trips


def test_round_trip(folder: Path):
    pack = Pack.open(folder)
    assert pack.bank_portraits == 3
    assert pack.bank is pack.bank
    assert pack.bank is not None
    same(pack.bank, random_bank(("smile", "age"), 5))
    assert {array.dtype for array in (pack.bank.w, pack.bank.effects["age"].moves)} == {np.dtype(np.float32)}


def test_a_pack_without_one_has_none(tmp_path: Path):
    assert Pack.open(write(tmp_path / "plain", bank=None)).bank is None


def an_effect() -> st.SearchStrategy[Effect]:
    # a turn is bounded by its length, so that each of its three components may have half of that
    bounds = {
        part: (low / 2, high / 2) if part == "turn" else (low, high) for part, (low, high) in BOUNDS.items()
    }
    parts = {
        part: arrays(
            np.float16, SHAPES[part], elements=st.floats(*map(float, map(np.float16, bounds[part])), width=16)
        )
        for part in SHAPES
    }
    return st.builds(Effect, **parts)


@settings(max_examples=25)
@given(an_effect(), st.floats(0, 1, width=16))
def test_every_possible_effect_comes_back(
    tmp_path_factory: pytest.TempPathFactory, effect: Effect, far: float
):
    bank = replace(random_bank((), 5), effects={"smile": effect}, far=far)
    path = tmp_path_factory.mktemp("bank") / "bank.safetensors"
    path.write_bytes(bank_bytes(bank))
    same(read_bank(path, 3, 5, ("smile",)), bank)


def lined(name: str, bank: Bank, count: int = 1) -> Bank:
    """The bank with lines that `count` directions draw: `name`, and others beside it."""
    lines = np.random.default_rng(3).uniform(-1, 0.2, (2, LINES, LINES)).astype(np.float16)
    effects = {name: replace(bank.effects[name], lines=lines)}
    effects |= {f"{name}{n}": effects[name] for n in range(1, count)}
    return replace(bank, effects={**bank.effects, **effects})


def test_lines_come_back(folder: Path, tmp_path: Path):
    bank = lined("age", random_bank(("smile", "age"), 5))
    pack = Pack.open(folder)
    found = Pack.open(add_bank(pack, bank, pack.directions, tmp_path / "lined")).bank
    assert found is not None
    same(found, bank)
    assert found.effects["smile"].lines is None


def test_a_bank_of_an_earlier_version_keeps_colours_and_creases(folder: Path):
    bank = changed(folder, lambda t: [t.pop(f"{n}/{p}") for n in ("smile", "age") for p in LATER]).bank
    assert bank is not None
    for effect in bank.effects.values():
        assert (effect.kept == 1).all()
        assert not effect.creases.any()


def test_more_lines_than_memory_should_hold_are_refused(tmp_path: Path):
    bank = lined("age", random_bank(("age",), 5), MOST_LINED + 1)
    path = tmp_path / "bank.safetensors"
    path.write_bytes(bank_bytes(bank))
    with pytest.raises(PackError, match=f"age{MOST_LINED}/lines"):
        read_bank(path, 3, 5, tuple(bank.effects))


# ---- hostile banks


def put(key: str, value: float, *place: int) -> Callable[[Tensors], object]:
    """Changes one value of a tensor."""
    return lambda tensors: tensors[key].__setitem__(place, value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.pop("smile/moves"), "no tensor smile/moves"),
        (lambda t: t.pop("resting"), "no tensor resting"),
        (lambda t: t.update({"frown/turn": torch.zeros(2, 3)}), "'frown/turn'"),
        (lambda t: t.update({"age/moves": torch.zeros(2, 4, 468, 3)}), "age/moves as F32"),
        (lambda t: t.update(meshes=torch.zeros(3, 478, 3)), "meshes as F32"),
        (lambda t: t.update(w=torch.zeros(4, 5)), "w as F32"),
        (lambda t: t.update(far=torch.zeros(1, dtype=torch.int32)), "far as I32"),
        (put("age/shade", float("nan"), 1, 4), "values in age/shade that are not numbers"),
        (put("w", float("inf"), 0, 0), "values in w that are not numbers"),
        (put("w", 101.0, 2, 1), "values in w that fit no head"),
        (put("meshes", -4.1, 0, 0, 0), "values in meshes that fit no head"),
        (put("resting", 2.1, 9, 1), "values in resting that fit no head"),
        (lambda t: t["resting"].zero_(), "values in resting that fit no head"),
        (lambda t: t["resting"][10].copy_(t["resting"][9]), "values in resting that fit no head"),
        (put("expression", 0.0, 1, 2), "values in expression that fit no head"),
        (put("light", 0.0, 1, 0), "values in light that fit no head"),
        (put("light", -0.1, 1, 5), "values in light that fit no head"),
        (put("far", 1.1, 0), "values in far that fit no head"),
        (put("far", -0.1, 0), "values in far that fit no head"),
        (put("smile/turn", 3.2, 0, 1), "values in smile/turn that fit no head"),
        (lambda t: t["smile/turn"].fill_(2.0), "values in smile/turn that fit no head"),
        (put("smile/moves", 1.1, 1, 4, 467, 2), "values in smile/moves that fit no head"),
        (put("smile/gaze", -1.1, 0, 0, 0), "values in smile/gaze that fit no head"),
        (put("smile/zones", 5.1, 0, 5, 1, 2), "values in smile/zones that fit no head"),
        (put("smile/after", -5.1, 0, 0, 0), "values in smile/after that fit no head"),
        (put("smile/shade", 5.1, 0, 0), "values in smile/shade that fit no head"),
        (put("smile/teeth", -0.1, 0), "values in smile/teeth that fit no head"),
        (put("smile/gain", -0.1, 1), "values in smile/gain that fit no head"),
        (put("smile/kept", 1.1, 0, 2), "values in smile/kept that fit no head"),
        (put("smile/creases", -1.1, 0), "values in smile/creases that fit no head"),
        (lambda t: t.update({"age/lines": torch.full((2, LINES, LINES), 2.1)}), "age/lines that fit"),
        (lambda t: t.update({"age/lines": torch.zeros(2, 9, 9)}), "age/lines as F32"),
        (put("smile/gain", 4.1, 1), "values in smile/gain that fit no head"),
    ],
)  # fmt: skip
def test_a_bank_that_does_not_fit_is_refused(folder: Path, change: Callable[[Tensors], object], words: str):
    pack = changed(folder, change)
    with pytest.raises(PackError, match=words) as caught:
        _ = pack.bank
    assert str(caught.value).endswith(": get the pack again.")


def test_a_changed_byte_is_found(folder: Path):
    path = folder / "bank.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(PackError, match=r"bank\.safetensors is damaged"):
        _ = Pack.open(folder).bank


@pytest.mark.parametrize("portraits", [0, MAX_PORTRAITS + 1, 1 << 40, 3.0, "3", None])
def test_a_number_of_portraits_that_no_bank_has_is_refused(folder: Path, portraits: object):
    with pytest.raises(PackError, match=r'"bank\.portraits"'):
        changed(folder, lambda tensors: None, portraits=portraits)


def test_more_portraits_than_are_there_are_refused_before_memory_is_taken(folder: Path):
    pack = changed(folder, lambda tensors: None, portraits=MAX_PORTRAITS)
    with pytest.raises(PackError, match="calls for floats of shape"):
        _ = pack.bank


def test_a_bank_needs_faces(folder: Path, tmp_path: Path):
    document = json.loads((folder / "pack.json").read_text())
    (folder / "pack.json").write_text(json.dumps(document | {"alignment": None}))
    with pytest.raises(PackError, match='"bank" is for faces'):
        Pack.open(folder)
    with pytest.raises(PackError, match='"bank" is for faces'):
        write(tmp_path / "other", alignment=None)
    assert os.listdir(tmp_path) == ["small"]


# ---- writing


@pytest.mark.parametrize(
    "bank",
    [
        random_bank(("smile",), 5),
        random_bank(("smile", "age", "frown"), 5),
        random_bank(("smile", "age"), 6),
        replace(random_bank(("smile", "age"), 5), far=2.0),
        replace(random_bank(("smile", "age"), 5), w=np.full((3, 5), 1e6)),  # beyond half precision
    ],
)
def test_a_bank_that_would_not_open_is_not_written(tmp_path: Path, bank: Bank):
    with pytest.raises(PackError):
        write(tmp_path / "pack", bank=bank)
    assert os.listdir(tmp_path) == []


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_bank_is_added_and_all_else_stays_to_the_byte(tmp_path: Path):
    folder = write(tmp_path / "pack", bank=None)
    (folder / "notes.txt").write_text("mine")  # pack.json does not list these
    (folder / "samples").mkdir()
    (folder / "samples" / "a.png").write_bytes(b"picture")
    before = contents(folder)
    pack = Pack.open(folder)
    said = [replace(d, parts=("mouth", "lips"), how=("moved", "drawn")) for d in pack.directions]
    assert add_bank(pack, random_bank(("smile", "age"), 5), said) == folder
    after = contents(folder)
    changed_files = {"pack.json", "bank.safetensors"}
    assert after.keys() == before.keys() | changed_files
    assert {k: v for k, v in after.items() if k not in changed_files} == {
        k: v for k, v in before.items() if k != "pack.json"
    }
    again = Pack.open(folder)
    assert again.bank is not None
    same(again.bank, random_bank(("smile", "age"), 5))
    assert [(d.parts, d.how) for d in again.directions] == [(("mouth", "lips"), ("moved", "drawn"))] * 2
    assert [(d.name, d.low, d.high) for d in again.directions] == [("smile", -1, 1), ("age", -1, 1)]
    assert os.listdir(tmp_path) == ["pack"]


def test_a_bank_is_replaced_and_can_go_to_a_copy(folder: Path, tmp_path: Path):
    pack, before = Pack.open(folder), contents(folder)
    copy = add_bank(pack, random_bank(("smile", "age"), 5, portraits=7), pack.directions, tmp_path / "copy")
    assert Pack.open(copy).bank_portraits == 7
    assert contents(folder) == before
    with pytest.raises(PackError, match="There is a pack"):
        add_bank(pack, random_bank(("smile", "age"), 5), pack.directions, copy)
    add_bank(pack, random_bank(("smile", "age"), 5, portraits=2), pack.directions)
    assert Pack.open(folder).bank_portraits == 2


def test_a_bank_that_fits_no_pack_leaves_it_as_it_was(folder: Path, tmp_path: Path):
    pack, before = Pack.open(folder), contents(folder)
    with pytest.raises(PackError, match="no tensor age/turn"):
        add_bank(pack, random_bank(("smile",), 5), pack.directions)
    assert contents(folder) == before
    assert os.listdir(tmp_path) == ["small"]


def test_a_pack_behind_a_link_gets_its_bank(folder: Path, tmp_path: Path):
    (tmp_path / "link").symlink_to(folder)
    pack = Pack.open(tmp_path / "link")
    add_bank(pack, random_bank(("smile", "age"), 5, portraits=2), pack.directions)
    assert (tmp_path / "link").is_symlink()
    assert Pack.open(folder).bank_portraits == 2


def test_a_file_behind_a_link_in_the_folder_is_copied(folder: Path, tmp_path: Path):
    shutil.move(folder / "LICENSE", folder / "licence.txt")
    (folder / "LICENSE").symlink_to("licence.txt")
    pack = Pack.open(folder)
    copy = add_bank(pack, random_bank(("smile", "age"), 5), pack.directions, tmp_path / "copy")
    assert not (copy / "LICENSE").is_symlink()
    assert Pack.open(copy).bank is not None
