"""Packs, weights and downloads: what is installed is the old one or the new one, whichever call fails."""

from __future__ import annotations

import io
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from failing_calls import WritePath
from small_pack import small_pack
from small_web import own_machine, published, set_catalogue

from anycost.core.errors import CoreError
from anycost.core.files import web, weights_folder
from anycost.core.files.download import download
from anycost.core.files.get_packs import install, update
from anycost.core.files.pack_archive import bundle
from anycost.core.files.packs_folder import changing, remove
from anycost.core.files.web import FetchFailure
from anycost.core.files.weights import Address, Weights, WeightsFile
from anycost.models.manifest import PackError
from anycost.models.pack import Pack, add_edits

REFUSALS = (CoreError, PackError)
RECORD = ("data/anycost/packs/small.source.json",)  # says for a while that either of two packs may be there
DATA = bytes(range(256)) * 300


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two versions of a pack, each as a folder and as one file."""
    place = tmp_path_factory.mktemp("archives")
    for seed in (1, 2):
        bundle(Pack.open(small_pack(place / f"made-{seed}", seed=seed)), place / f"{seed}.zip")
    return place


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folders; the folder of packs is in it."""
    root = tmp_path / "root"
    root.mkdir()
    own_machine(monkeypatch, root)
    monkeypatch.setattr(web, "_certificates", lambda: None)  # slow to read, and nothing here comes by https
    return root


def _file_or_pack(name: str) -> str:
    """A pack's files are from one time."""
    head, pack, _ = name.rpartition("small/")
    return head + pack or name


def quiet(done: int, size: int) -> None:
    """Ignore progress."""


def test_a_pack_that_is_written(root: Path, archives: Path):
    pack = Pack.open(archives / "made-1")

    def act() -> None:
        add_edits(pack, folder=root / "new", provenance="another")

    def again() -> None:
        with suppress(PackError):  # it may be there
            act()

    WritePath(root, act, REFUSALS, again=again).check()


def test_a_pack_that_is_changed_in_place(root: Path, archives: Path):
    folder = root / "pack"
    shutil.copytree(archives / "made-1", folder)

    def act() -> None:
        add_edits(Pack.open(folder), provenance="another")

    WritePath(root, act, REFUSALS).check()


def test_a_pack_as_one_file(root: Path, archives: Path):
    pack = Pack.open(archives / "made-1")
    (root / "pack.zip").write_bytes(b"an older one")
    WritePath(root, lambda: bundle(pack, root / "pack.zip"), REFUSALS).check()


@pytest.mark.parametrize("source", ["1.zip", "made-1"])
def test_a_pack_that_is_installed(root: Path, archives: Path, source: str):
    WritePath(
        root, lambda: install(str(archives / source), quiet), REFUSALS, unit=_file_or_pack, begun=RECORD
    ).check()


def test_a_pack_that_is_updated(root: Path, archives: Path):
    source = root / "published.zip"
    shutil.copy(archives / "1.zip", source)
    install(str(source), quiet)
    shutil.copy(archives / "2.zip", source)
    WritePath(root, lambda: update("small", quiet), REFUSALS, unit=_file_or_pack, begun=RECORD).check()


def test_a_pack_that_is_removed(root: Path, archives: Path):
    install(str(archives / "1.zip"), quiet)

    def again() -> None:
        with suppress(CoreError):  # it may be gone
            remove("small")
        with changing():
            pass

    WritePath(root, lambda: remove("small"), REFUSALS, unit=_file_or_pack, again=again).check()


def _weights(*names: str) -> Weights:
    files = tuple(published(name, DATA) for name in names)
    return Weights("faces", "Test networks", "testing", "MIT", Address("http://here/net"), files)


def test_weights_that_are_installed(root: Path, monkeypatch: pytest.MonkeyPatch):
    entry = _weights("a.onnx", "b.onnx")
    set_catalogue(monkeypatch, entry)

    def act() -> None:
        with weights_folder.changing(entry):
            weights_folder.install(entry, lambda file: io.BytesIO(DATA))

    WritePath(root, act, REFUSALS, unit=str).check()


class Answering:
    """A server whose answers are in memory."""

    def open(self, url: str, headers: Any) -> io.BytesIO:
        answer = io.BytesIO(DATA)
        answer.headers = {"Content-Length": str(len(DATA))}  # type: ignore[attr-defined]
        return answer


def test_a_download(root: Path):
    """What has come stays for the next time: it is no debris."""
    file: WeightsFile = published("net.bin", DATA)

    def act() -> None:
        download(Answering(), "http://here/net.bin", file, lambda done: None)  # type: ignore[arg-type]

    WritePath(
        root,
        act,
        (CoreError, FetchFailure),
        begun=("cache/anycost/downloads/net.bin.part",),
        telling=_with_what_failed,
    ).check()


def _with_what_failed(error: BaseException) -> str:
    return f"The weights cannot be fetched ({error})." if isinstance(error, FetchFailure) else str(error)
