"""`anycost packs install`, `update`, `remove`, `verify` and `bundle` as a user types them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from small_pack import small_pack
from small_web import Page, own_machine, small_web

from anycost.commands.cli import main
from anycost.core.files.web import CERTIFICATES
from anycost.models.pack import file_sha256

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def anycost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> Call:
    own_machine(monkeypatch, tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in ("ANYCOST_PACK_INDEX", *CERTIFICATES):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: object) -> tuple[int, str, str]:
        code = main(["packs", *map(str, arguments)])
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    return tmp_path / "data" / "anycost" / "packs"


def test_a_pack_travels_from_one_to_another(
    anycost: Call, tmp_path: Path, packs: Path, monkeypatch: pytest.MonkeyPatch
):
    small_pack(tmp_path / "made")
    code, out, _ = anycost(
        "bundle", "made", "--out", "small.zip", "--index", "index.json", "--version", "1.2"
    )
    archive = tmp_path / "small.zip"
    size, sha256 = archive.stat().st_size, file_sha256(archive)
    assert (code, out) == (0, f"small.zip\n{size} bytes, SHA-256 {sha256}\n")
    entry = {"url": "small.zip", "sha256": sha256, "size": size, "version": "1.2"}
    assert json.loads((tmp_path / "index.json").read_text()) == {"packs": {"small": entry}}
    with small_web() as web:
        for name in ("index.json", "small.zip"):
            web.pages[f"/{name}"] = Page((tmp_path / name).read_bytes())
        monkeypatch.setenv("ANYCOST_PACK_INDEX", f"{web.address}/index.json")
        code, out, _ = anycost("install", "small")
        assert (code, out) == (0, f"small: installed in {packs / 'small'}\n")
        assert anycost("install", "small")[:2] == (0, "small: installed already\n")
        assert anycost("update")[:2] == (0, "small: up to date\n")
        (packs / "small" / "LICENSE").write_text("x")
        assert anycost("update", "small")[:2] == (0, "small: updated to version 1.2\n")
    assert anycost("remove", "small") == (0, f"small: removed from {packs / 'small'}\n", "")
    code, out, complaint = anycost("update")
    assert (code, out) == (2, "")
    assert "install one first" in complaint


def test_an_index_gets_one_pack_after_another(anycost: Call, tmp_path: Path):
    for name in ("small", "b", "a"):
        small_pack(tmp_path / name, name)
        assert anycost("bundle", name, "--out", f"{name}.zip", "--index", "index.json")[0] == 0
    assert list(json.loads((tmp_path / "index.json").read_text())["packs"]) == ["a", "b", "small"]
    code, _, complaint = anycost("bundle", "a", "--index", "index.json", "--version", "<b>")
    assert (code, "--version takes a line" in complaint) == (2, True)
    (tmp_path / "index.json").write_text("letters")
    code, _, complaint = anycost("bundle", "a", "--index", "index.json")
    assert (code, "no index of packs" in complaint) == (2, True)
    assert (tmp_path / "index.json").read_text() == "letters"


def test_one_failed_update_does_not_keep_others(anycost: Call, tmp_path: Path):
    for name in ("one", "two"):
        small_pack(tmp_path / name, name)
        shutil.make_archive(str(tmp_path / name), "zip", tmp_path, name)
        assert anycost("install", f"{name}.zip")[0] == 0
    (tmp_path / "one.zip").unlink()
    code, out, complaint = anycost("update")
    assert (code, out) == (2, "two: up to date\n")
    assert complaint.startswith('anycost: There is no file "')
    assert complaint.count("\n") == 1


def test_verify_says_what_is_damaged_and_what_to_do(anycost: Call, tmp_path: Path, packs: Path):
    source = small_pack(tmp_path / "made", "small")
    anycost("install", source)
    assert anycost("verify", "small", source) == (0, "small: sound, 3 files\n" * 2, "")
    for name in ("LICENSE", "directions.safetensors"):
        (packs / "small" / name).write_bytes(b"x")
    code, out, complaint = anycost("verify", "small")
    assert code == 2
    assert out == f"small: damaged; `anycost packs update small` gets it again from {source}.\n"
    assert complaint.count("\n") == 2
    for name in ("LICENSE", "directions.safetensors"):
        assert f"{name} is damaged (its hash is wrong)" in complaint
    assert anycost("update", "small")[1] == "small: updated\n"
    (packs / "small.source.json").unlink()
    (packs / "small" / "LICENSE").unlink()
    code, out, complaint = anycost("verify", "small")
    assert (code, "has no LICENSE" in complaint) == (2, True)
    assert "`anycost packs remove small`, then get it again" in out
    code, out, complaint = anycost("verify", "faces")
    assert (code, out, 'There is no pack "faces"' in complaint) == (2, "", True)


def test_verify_tries_networks(anycost: Call, tiny_pack: Path, tmp_path: Path):
    """Files whose hashes are right may still be of no use."""
    folder = Path(shutil.copytree(tiny_pack, tmp_path / "tiny"))
    assert anycost("verify", folder)[0] == 0
    for name in ("finder.onnx", "features.safetensors"):
        (folder / name).write_bytes(b"x")
        document = json.loads((folder / "pack.json").read_text())
        document["files"][name] = file_sha256(folder / name)
        (folder / "pack.json").write_text(json.dumps(document))
        code, out, complaint = anycost("verify", folder)
        assert (code, out) == (2, "tiny: damaged; get it again from its maker.\n")
        assert name in complaint


def test_verify_reads_all_packs(anycost: Call, tmp_path: Path, packs: Path, monkeypatch: pytest.MonkeyPatch):
    shipped = small_pack(tmp_path / "shipped" / "first", "first")
    monkeypatch.setattr("anycost.models.pack.BUILT_IN", shipped.parent)
    anycost("install", small_pack(tmp_path / "made"))
    assert anycost("verify") == (0, "first: sound, 3 files\nsmall: sound, 3 files\n", "")
    (shipped / "LICENSE").unlink()
    code, out, _ = anycost("verify")
    assert (code, out) == (2, "first: damaged; install Anycost again.\nsmall: sound, 3 files\n")
