"""Single files that are written whole: old or new, whichever call fails."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from failing_calls import WritePath
from PIL import Image

from anycost.bridge import launch
from anycost.bridge.messages import Layer
from anycost.core.errors import CoreError
from anycost.core.files import web
from anycost.core.files.added_directions import write as write_direction
from anycost.core.files.pack_index import Entry
from anycost.core.files.pack_index import add as add_to_index
from anycost.core.files.picture_file import PictureFile
from anycost.core.files.whole_file import write_bytes
from anycost.core.rendering import calibration
from anycost.core.rendering.calibration import Timed, calibrate
from anycost.core.rendering.engines import graph_cache
from anycost.core.rendering.engines.engine import never
from anycost.core.rendering.engines.registry import ALWAYS
from anycost.krita_plugin.install import install_place
from anycost.krita_plugin.state.presets import Preset, PresetFolder, PresetsError, write_presets
from anycost.lab.running import checkpoints
from anycost.models.direction_file import DirectionFile
from anycost.models.pack import Direction, Pack


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which all of a user's files lie."""
    root = tmp_path / "root"
    root.mkdir()
    for kind in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(root / kind.lower()))
    monkeypatch.setattr(web, "_certificates", lambda: None)  # slow to read, and nothing here comes by https
    return root


def test_any_file(root: Path):
    (root / "a").write_bytes(b"before")
    WritePath(root, lambda: write_bytes(root / "a", bytes(20_000)), (CoreError,)).check()


@pytest.mark.parametrize("drawn", [True, False])
def test_a_picture_that_is_edited(root: Path, tmp_path: Path, drawn: bool):
    """With a layer over it, and as it was, which copies the file."""
    Image.fromarray(np.arange(16 * 16 * 3, dtype=np.uint8).reshape(16, 16, 3)).save(tmp_path / "in.png")
    (root / "out.png").write_bytes(b"an older picture")
    layer = Layer(0, 0, 8, 8, bytes([9, 9, 9, 255]) * 64) if drawn else None
    picture = PictureFile.read(tmp_path / "in.png")
    WritePath(root, lambda: picture.write(root / "out.png", layer), (CoreError,)).check()


def test_a_checkpoint(root: Path):
    path = root / "runs" / "last.pt"
    checkpoints.save(path, {"seen": 1, "task": {"w": torch.zeros(300)}})
    state = {"seen": 2, "task": {"w": torch.ones(300)}}
    WritePath(root, lambda: checkpoints.save(path, state), (CoreError, RuntimeError)).check()


def test_a_calibration(root: Path, tiny_pack: Path):
    pack = Pack.open(tiny_pack)
    measured = {rung.channels: (Timed(ALWAYS, 1.0),) for rung in pack.ladder}

    def act() -> None:
        calibrate(pack, lambda what, share: None, never, {**measured})

    WritePath(root, act, (CoreError,)).check()
    assert calibration.load(pack) is not None


def test_a_cached_graph(root: Path, tiny_pack: Path):
    """A cache that cannot be written costs only time."""
    pack = Pack.open(tiny_pack)
    generator, rung = pack.generator(), pack.ladder[0]

    def act() -> None:
        assert graph_cache.cached_graph(generator, rung, "key")

    WritePath(root, act, (), may_fail=True).check()


def test_a_direction_for_a_pack(root: Path, tiny_pack: Path):
    pack = Pack.open(tiny_pack)
    vector = np.ones((pack.n_style, pack.style_dim), np.float32)
    file = DirectionFile(Direction("wink", "Wink", "Test", -1.0, 1.0, vector), author="Ada")
    WritePath(root, lambda: write_direction(root / "wink.safetensors", file), (CoreError,)).check()


def test_an_index_of_packs(root: Path):
    path = root / "index.json"
    add_to_index(path, "one", Entry("one.zip", "0" * 64, 1, "1"))
    WritePath(
        root, lambda: add_to_index(path, "two", Entry("two.zip", "1" * 64, 2, "1")), (CoreError,)
    ).check()


def _presets(act: Callable[[PresetFolder], object], again: Callable[[PresetFolder], object], root: Path):
    folder = PresetFolder(root / "presets")
    folder.save(Preset("Smile", {"smile": 0.5}))
    folder.save(Preset("Old", {"age": 0.5}))
    return WritePath(root, lambda: act(folder), (PresetsError,), unit=str, again=lambda: again(folder))


def test_presets(root: Path):
    changed = Preset("Smile", {"smile": -0.5})
    saved = _presets(lambda folder: folder.save(changed), lambda folder: folder.save(changed), root)
    saved.check()
    renamed = _presets(
        lambda folder: folder.rename(changed, "Grin"),
        lambda folder: folder.rename(changed, "Grin"),
        root,
    )
    renamed.check()
    WritePath(root, lambda: write_presets(root / "out.json", [changed]), (PresetsError,)).check()


def test_which_python_has_the_core(root: Path):
    launch.note_python("/usr/bin/python3")
    WritePath(root, lambda: launch.note_python(sys.executable), (OSError,), telling=_says_the_system).check()


def test_the_mark_of_an_installed_core(root: Path):
    folder = install_place.home() / "1.0"
    folder.mkdir(parents=True)
    write_path = WritePath(
        root, lambda: install_place.mark(folder, "cpu"), (OSError,), unit=str, telling=_says_the_system
    )
    write_path.check()


def _says_the_system(error: BaseException) -> str:
    """The docker has its own sentence for these: the folder, and what to do."""
    return f"{error}."
