"""What reads bytes that anybody may have made, and in which errors it says that they are no good."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from anycost.bridge import protocol
from anycost.bridge.framing import Decoder
from anycost.bridge.protocol import ProtocolError
from anycost.commands.kritarc import enabled, restored
from anycost.core.errors import CoreError
from anycost.core.faces.onnx_network import OnnxNetwork
from anycost.core.files.pack_archive import unpack
from anycost.core.files.pictures import read_picture
from anycost.krita_plugin.setting_stores import SettingsFile
from anycost.krita_plugin.state import kept_history
from anycost.krita_plugin.state.kept_edit import UnreadableEdit, unpacked
from anycost.krita_plugin.state.presets import PresetsError, read_presets
from anycost.lab.networks.finding import FinderSettings
from anycost.lab.running.config import build, read
from anycost.models.direction_file import DirectionError, read_direction
from anycost.models.importing import load_generator
from anycost.models.importing.unpickle import Refused
from anycost.models.manifest import MANIFEST, PackError, read_manifest

CORPUS = Path(__file__).parent / "corpus"  # a folder for each target; `make fuzz` adds what it finds


class Target(NamedTuple):
    """A reader. `refusals` are sentences for the user; any other error is a fault."""

    read: Callable[[bytes], object]
    refusals: tuple[type[Exception], ...] = ()

    def try_on(self, data: bytes) -> None:
        try:
            self.read(data)
        except self.refusals as error:
            told = str(error)
            assert "\n" not in told, f"several lines: {told!r}"
            assert len(told) < 1000, f"{len(told)} characters"


@cache
def _folder() -> Path:
    """Of this process; it is removed when the process ends."""
    held = tempfile.TemporaryDirectory(prefix="fuzz-")
    _held.append(held)
    return Path(held.name)


_held: list[tempfile.TemporaryDirectory] = []


def _file(reader: Callable[[Path], object], name: str) -> Callable[[bytes], object]:
    """A reader of files as one of bytes."""

    def read_bytes(data: bytes) -> object:
        path = _folder() / name
        path.write_bytes(data)
        return reader(path)

    return read_bytes


def _messages(data: bytes) -> None:
    """The same messages, however the stream is cut."""
    for step in (len(data), 7):
        decoder = Decoder()
        for start in range(0, len(data), max(1, step)):
            for message, _ in decoder.feed(data[start : start + max(1, step)]):
                protocol.check(message)


def _kritarc(data: bytes) -> None:
    new, change = enabled(data, "anycost")
    assert change is None or restored(new, "anycost", change) == data
    assert enabled(new, "anycost") == (new, None)


def _archive(path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=_folder()) as folder:
        unpack(path, Path(folder), "pack.zip")


def _settings(path: Path) -> None:
    assert isinstance(SettingsFile(path).read("language"), str)


TARGETS = {
    "messages": Target(_messages, (ProtocolError,)),
    "kept_edits": Target(unpacked, (UnreadableEdit,)),
    "kept_histories": Target(kept_history.read),
    "presets": Target(_file(read_presets, "a.json"), (PresetsError,)),
    "settings": Target(_file(_settings, "studio.json")),
    "kritarc": Target(_kritarc),
    "pictures": Target(_file(read_picture, "a.png"), (CoreError,)),
    "manifests": Target(_file(lambda path: read_manifest(path.parent), MANIFEST), (PackError,)),
    "archives": Target(_file(_archive, "pack.zip"), (CoreError,)),
    "directions": Target(_file(lambda path: read_direction(path, 4, 4), "a.safetensors"), (DirectionError,)),
    "checkpoints": Target(_file(load_generator, "a.pt"), (Refused, PackError, CoreError)),
    "networks": Target(_file(lambda path: OnnxNetwork(path, "heat"), "a.onnx"), (CoreError,)),
    "training": Target(_file(lambda path: build(FinderSettings, read(path)), "a.toml"), (CoreError,)),
}


def kept(name: str) -> list[Path]:
    """A target's corpus."""
    return sorted((CORPUS / name).iterdir())
