"""`anycost packs import` and `packs add` as a user runs them: from files of other programs to sliders."""

from __future__ import annotations

import pathlib
import shutil
import sys
import types
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from foreign_files import module_tree, nvidia_modules, nvidia_state, psp_state, published_state, resnet_state
from random_bank import random_bank
from safetensors.torch import save_file

from anycost.commands import model_file
from anycost.commands.cli import main
from anycost.core.editing.session import Session
from anycost.core.faces.placement import resized
from anycost.core.files import untrusted
from anycost.core.files.pictures import read_picture
from anycost.models.importing.encoders import read_encoder
from anycost.models.importing.kinds import ModelFile
from anycost.models.pack import Pack, add_bank

SMALL = (12, 12, 10, 8, 6, 5)  # a generator of 16 px: 6 styles
HALVINGS = (1, 1, 1, 2, 2, 3)
SMILE = np.random.default_rng(3).normal(size=(1, 16)).astype(np.float32)


def run(capsys: pytest.CaptureFixture, *arguments: object) -> tuple[int, str, str]:
    code = main(["packs", *map(str, arguments)])
    out, notes = capsys.readouterr()
    return code, out.strip(), notes


def imported(capsys: pytest.CaptureFixture, tmp_path: Path, *arguments: object) -> Pack:
    code, out, notes = run(capsys, "import", *arguments, "--name", "faces", "--out", tmp_path / "pack")
    assert code == 0, notes
    assert out == str(tmp_path / "pack")
    return Pack.open(tmp_path / "pack")


def e4e_file(path: Path) -> Path:
    state = OrderedDict((f"decoder.{name}", value) for name, value in published_state(SMALL).items())
    state |= {f"encoder.{name}": value for name, value in psp_state(16, HALVINGS).items()}
    mean = torch.linspace(-1, 1, 16).repeat(6, 1)
    opts = {
        "encoder_type": "Encoder4Editing",
        "exp_dir": pathlib.PurePosixPath("runs/one"),
        "device": "cuda:0",
    }
    torch.save({"state_dict": state, "latent_avg": mean, "opts": opts}, path)
    return path


def generator_file(path: Path) -> Path:
    torch.save({"g_ema": published_state(SMALL)}, path)
    return path


def boundaries_file(path: Path) -> Path:
    torch.save({"31_Smiling": torch.tensor(SMILE), "39_Young": torch.ones(1, 16)}, path)
    return path


def test_an_e4e_file_becomes_a_pack_with_its_encoder(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    file = e4e_file(tmp_path / "e4e.pt")
    pack = imported(capsys, tmp_path, file)
    assert (pack.n_style, pack.encoder_size) == (6, 32)
    assert "Its encoder is from e4e.pt (e4e format, SHA-256 " in pack.provenance
    network, _, _ = read_encoder(ModelFile.open(file), pack.generator(), torch.from_numpy(pack.mean_w))
    picture = np.random.default_rng(1).uniform(-1, 1, (3, 3, 32, 32)).astype(np.float32)
    session = onnxruntime.InferenceSession(str(pack.encoder_path))
    answer = np.asarray(session.run(["latents"], {"picture": picture})[0])
    np.testing.assert_allclose(answer, network(torch.from_numpy(picture)).numpy(), atol=1e-4)


def test_all_in_one_call(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    generator = generator_file(tmp_path / "g.pt")
    encoder = {"state_dict": resnet_state(96) | {"mean_latent": torch.zeros(16)}}
    torch.save(encoder, tmp_path / "encoder.pt")
    np.save(tmp_path / "age.npy", SMILE)
    boundaries = boundaries_file(tmp_path / "boundaries.pt")
    options = (
        "--encoder",
        tmp_path / "encoder.pt",
        "--boundaries",
        boundaries,
        "--directions",
        tmp_path / "age.npy",
    )
    pack = imported(capsys, tmp_path, generator, *options)
    assert pack.encoder_size == 256
    assert [d.label for d in pack.directions] == ["Smiling", "Young", "Age"]
    assert "Its encoder is from encoder.pt (Anycost format" in pack.provenance
    np.testing.assert_allclose(pack.directions[0].vector, pack.directions[2].vector)


def test_what_is_added_later_is_known_by_its_content(
    tmp_path: Path, tiny_pack: Path, capsys: pytest.CaptureFixture
) -> None:
    folder = Path(shutil.copytree(tiny_pack, tmp_path / "tiny"))  # 32 px: 8 styles of 16
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    np.save(tmp_path / "smile.npy", SMILE)
    torch.save({"module": psp_state(16, (1, 1, 1, 2, 2, 2, 2, 3))}, tmp_path / "encoder.bin")
    code, out, notes = run(capsys, "add", folder, tmp_path / "smile.npy", tmp_path / "encoder.bin")
    assert (code, out) == (0, str(folder)), notes
    assert "Earlier edits of the same name were replaced: smile." in notes
    pack = Pack.open(folder)
    assert [d.name for d in pack.directions] == ["smile", "age"]
    assert [d.group for d in pack.directions] == ["Imported", "Test"]
    assert pack.encoder_size == 32
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert after["encoder.onnx"] != before["encoder.onnx"]
    kept = before.keys() - {"pack.json", "encoder.onnx", "directions.safetensors"}
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert after.keys() == before.keys()


def test_a_bank_that_no_longer_fits_goes(
    tmp_path: Path, tiny_pack: Path, capsys: pytest.CaptureFixture
) -> None:
    pack = Pack.open(tiny_pack)
    bank = random_bank([d.name for d in pack.directions], pack.style_dim)
    folder = add_bank(pack, bank, pack.directions, tmp_path / "banked")
    assert Pack.open(folder).bank is not None
    np.save(tmp_path / "smile.npy", SMILE)
    code, _, notes = run(capsys, "add", folder, tmp_path / "smile.npy", "--out", tmp_path / "copy")
    assert code == 0
    assert "make it with `anycost packs bank`" in notes
    assert Pack.open(tmp_path / "copy").bank is None
    assert not (tmp_path / "copy" / "bank.safetensors").exists()
    assert Pack.open(folder).bank is not None


def test_a_refused_file_leaves_the_pack_alone(
    tmp_path: Path, tiny_pack: Path, capsys: pytest.CaptureFixture
) -> None:
    folder = Path(shutil.copytree(tiny_pack, tmp_path / "tiny"))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    np.save(tmp_path / "good.npy", SMILE)
    torch.save(resnet_state(80), tmp_path / "attributes.pt")
    np.save(tmp_path / "wide.npy", np.ones((1, 512), np.float32))
    for file, words in (
        ("attributes.pt", "`anycost directions --reader`"),
        ("wide.npy", "latents have 16 values"),
        ("none.pt", "cannot be read"),
    ):
        code, out, notes = run(capsys, "add", folder, tmp_path / "good.npy", tmp_path / file)
        assert (code, out) == (2, "")
        assert words in notes
        assert len(notes.splitlines()) == 1
    code, _, notes = run(capsys, "add", "portraits", tmp_path / "good.npy")
    assert code == 2
    assert "write a copy with --out DIR" in notes
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_taken_name_is_said_before_anything_is_read(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    code, _, notes = run(capsys, "import", tmp_path / "none.pt", "--name", "portraits")
    assert code == 2
    assert 'There is a pack called "portraits" already' in notes


# ---- generators as people have them


def saved_whole(state: dict[str, torch.Tensor]) -> torch.nn.Module:
    """A module of a class that this process does not have when it reads the file."""
    program = types.ModuleType("their_program")
    for name in ("TheirGenerator", "TheirPart"):
        made = type(name, (torch.nn.Module,), {"__module__": "their_program", "__qualname__": name})
        setattr(program, name, made)
    sys.modules["their_program"] = program
    root = program.TheirGenerator()
    root.settings = types.SimpleNamespace(path=pathlib.PurePosixPath("a"), act=None)  # type: ignore[assignment]
    for name, value in state.items():
        *path, leaf = name.split(".")
        node = root
        for part in path:
            if part not in node._modules:
                node.add_module(part, program.TheirPart())
            node = node._modules[part]
        node.register_buffer(leaf, value)  # type: ignore[union-attr]
    return root


def published_files(tmp_path: Path, kind: str) -> Path:
    state, path = published_state(SMALL), tmp_path / "model.pt"
    other = published_state(SMALL, seed=9)
    contents: dict[str, Any] = {
        "DDP": {
            "g": {f"module.{n}": t for n, t in other.items()},
            "g_ema": {f"module.{n}": t for n, t in state.items()},
        },
        "Lightning": {
            "state_dict": {f"model.net_G_ema.{n}": t for n, t in state.items()},
            "callbacks": {"x": [1]},
        },
        "BasicSR": {"params": other, "params_ema": state},
        "deep": {"models": {"generator": {"ema": {"module": state}}, "discriminator": {}}},
        "settings": {
            "g_ema": state,
            "args": types.SimpleNamespace(out=pathlib.Path("/tmp"), when=complex(1, 2)),
        },
    }
    if kind == "flat":
        both = {f"G_ema.{n}": t for n, t in state.items()} | {f"G.{n}": t for n, t in other.items()}
        save_file(both, path)
    elif kind in ("whole", "whole, DDP"):
        module = saved_whole({f"module.{n}": t for n, t in state.items()} if "DDP" in kind else state)
        torch.save(module, path)
        del sys.modules["their_program"]
    elif kind == "old":
        torch.save(contents["settings"], path, _use_new_zipfile_serialization=False)
    else:
        torch.save(contents[kind], path)
    return path


KINDS = ("DDP", "Lightning", "BasicSR", "deep", "settings", "old", "flat", "whole", "whole, DDP")


@pytest.mark.parametrize("kind", KINDS)
def test_a_generator_is_found_under_any_prefix(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture
) -> None:
    pack = imported(capsys, tmp_path, published_files(tmp_path, kind))
    loaded = pack.generator().state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in published_state(SMALL).items())


def test_a_tuned_nvidia_generator_that_torch_saved(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    state = nvidia_state(SMALL)
    with nvidia_modules():
        torch.save(module_tree(state), tmp_path / "model.pt")
    pack = imported(capsys, tmp_path, tmp_path / "model.pt")
    np.testing.assert_array_equal(pack.mean_w, state["mapping.w_avg"].numpy())
    weight = pack.generator().state_dict()["convs.3.conv.weight"]
    assert torch.equal(weight[0], state["synthesis.b16.conv1.weight"])


@pytest.mark.parametrize("damaged", [True, False])
def test_a_generator_comes_without_an_encoder_that_cannot_be_used(
    tmp_path: Path, damaged: bool, capsys: pytest.CaptureFixture
) -> None:
    content = torch.load(e4e_file(tmp_path / "e4e.pt"), weights_only=False)
    del content["state_dict"][
        "encoder.body.1.res_layer.1.weight" if damaged else "encoder.styles.0.linear.weight"
    ]
    torch.save(content, tmp_path / "e4e.pt")
    code, _, notes = run(capsys, "import", tmp_path / "e4e.pt", "--name", "faces", "--out", tmp_path / "pack")
    assert code == 0
    assert ("Its encoder was left out." if damaged else "Its encoder is of another kind") in notes
    assert Pack.open(tmp_path / "pack").encoder_path is None


def test_a_prefixed_nvidia_file(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    state = {f"net.G_ema.{name}": value for name, value in nvidia_state(SMALL).items()}
    save_file(state, tmp_path / "model.safetensors")
    pack = imported(capsys, tmp_path, tmp_path / "model.safetensors")
    np.testing.assert_array_equal(pack.mean_w, state["net.G_ema.mapping.w_avg"].numpy())


# ---- faces in pictures are found by the readers, not by their place


def wide_picture() -> np.ndarray:
    """A drawn portrait at the left of a wide white canvas: its eyes and mouth are around (148, 167)."""
    portrait = read_picture(Path(__file__).parents[2] / "commands" / "sample" / "portrait.png")
    picture = np.full((320, 760, 4), 255, np.uint8)
    picture[32:288, 20:276] = resized(portrait, 256)
    return picture


def test_faces_are_read_for_an_imported_pack(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    pack = imported(capsys, tmp_path, generator_file(tmp_path / "g.pt"))
    placement = Session(pack).open("a", wide_picture()).placement
    assert abs(placement.x - 148) < 10
    assert abs(placement.y - 167) < 30
    assert placement.size < 256


def test_other_things_are_edited_in_the_middle(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    pack = imported(capsys, tmp_path, generator_file(tmp_path / "g.pt"), "--no-faces")
    placement = Session(pack).open("a", wide_picture()).placement
    assert (placement.x, placement.y, placement.size) == (380, 160, 320)


def test_cars_are_edited_in_their_shape(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    pack = imported(capsys, tmp_path, generator_file(tmp_path / "g.pt"), "--shape", "512x384")
    assert pack.alignment is None
    placement = Session(pack).open("a", wide_picture()).placement
    assert (placement.x, placement.y) == (380, 160)
    assert placement.size == pytest.approx(320 * 4 / 3)


def test_a_path_from_the_present_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    save_file({"w": torch.zeros(1)}, tmp_path / "model.safetensors")
    monkeypatch.chdir(tmp_path)
    assert model_file.open_model_file(Path("model.safetensors")).path == Path("model.safetensors")


def test_a_file_that_takes_too_much_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """It is read in another process first; here that has too little memory even for its libraries."""
    save_file({"conv1.conv.weight": torch.zeros(1)}, tmp_path / "model.safetensors")
    monkeypatch.setattr(untrusted, "LEAST", 64 << 20)
    monkeypatch.setattr(untrusted, "TIMES", 0)
    assert main(["packs", "import", str(tmp_path / "model.safetensors"), "--name", "mine"]) == 2
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "model.safetensors" in sentence
    assert "cannot be read" in sentence
