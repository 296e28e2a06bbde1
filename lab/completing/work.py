"""Where a completion keeps what it has done, beside the pack, so that it resumes after a kill."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...core.errors import CoreError
from ...core.files.whole_file import write_bytes
from ...models.pack import Pack, check_target
from ..running import distributed
from .amounts import Amounts
from .together import wait

STATE, ORIGINAL = "state.json", "original"
MAX_STATE_BYTES = 1 << 20


class Work:
    """The folder `out`.work: a copy of the pack as it was, a folder for each step, and which steps are done.

    CoreError or PackError when `out` is taken by something else, or `wanted` sizes differ from those that the
    completion began with.
    """

    def __init__(self, pack: Pack, out: Path, wanted: Mapping[str, int]):
        self.out = out
        self.folder = out.with_name(out.name + ".work")
        self._state_file = self.folder / STATE
        if self._state_file.exists():
            self._read(pack, wanted)
        else:
            self._begin(pack, wanted)

    def _begin(self, pack: Pack, wanted: Mapping[str, int]) -> None:
        if self.out != pack.folder.resolve():
            check_target(self.out)
        if self.folder.exists() and any(p.name != ORIGINAL for p in self.folder.iterdir()):
            text = f'"{self.folder}" is in the way: move it, or choose another --out.'
            raise CoreError("bad-value", text)
        self.sizes = _sizes(wanted)
        self.done: list[str] = []
        self._identity = _identity(pack)
        self._pack = pack

    def begin(self) -> None:
        """Writes the copy and the state, if this has not happened yet; only the first process does."""
        if distributed.rank() == 0 and not self._state_file.exists():
            copy = self.folder / ORIGINAL
            shutil.rmtree(copy, ignore_errors=True)  # of a kill while it was made
            try:
                shutil.copytree(self._pack.folder, copy)
            except OSError as error:
                text = f'"{copy}" cannot be written ({error.strerror or error}): choose another --out.'
                raise CoreError("bad-value", text) from None
            self._write()
        wait()

    @property
    def original(self) -> Pack:
        """The pack before its completion."""
        if self._state_file.exists() and self._pack.folder != self.folder / ORIGINAL:
            self._pack = Pack.open(self.folder / ORIGINAL)
        return self._pack

    def finish(self, step: str) -> None:
        """Notes that a step is done and the pack in `out` has what it gives; all processes wait for that."""
        self.done.append(step)
        if distributed.rank() == 0:
            self._write()
        wait()

    def _write(self) -> None:
        state = {"identity": self._identity, "done": self.done, "sizes": asdict(self.sizes)}
        write_bytes(self._state_file, json.dumps(state, indent=1).encode())

    def _read(self, pack: Pack, wanted: Mapping[str, int]) -> None:
        try:
            if self._state_file.stat().st_size > MAX_STATE_BYTES:
                raise ValueError
            state: dict[str, Any] = json.loads(self._state_file.read_bytes())
            self.sizes = Amounts(**{str(name): int(value) for name, value in state["sizes"].items()})
            self.done = [str(name) for name in state["done"]]
            self._identity = str(state["identity"])
        except (OSError, KeyError, TypeError, ValueError, AttributeError, RecursionError):
            text = f'"{self._state_file}" is damaged: delete "{self.folder}" to start again.'
            raise CoreError("bad-value", text) from None
        self._pack = pack
        if _identity(pack) != self._identity:
            text = f'"{self.folder}" completes another pack than {pack.name}: choose another --out.'
            raise CoreError("bad-value", text)
        for name, value in wanted.items():
            if value != (begun := getattr(self.sizes, name)):
                option = "--" + name.replace("_", "-")
                text = f'"{self.folder}" was begun with {option} {begun}: leave it out, or delete the folder.'
                raise CoreError("bad-value", text)


def _sizes(wanted: Mapping[str, int]) -> Amounts:
    try:
        return Amounts(**wanted)
    except ValueError as error:
        raise CoreError("bad-value", str(error)) from None


def _identity(pack: Pack) -> str:
    """What no step changes: the SHA-256 of the mapping network and the mean of w."""
    digest = hashlib.sha256(pack.mean_w.tobytes())
    for value in pack.generator().style.state_dict().values():
        digest.update(value.numpy().tobytes())
    return digest.hexdigest()
