"""A disk that fails at any one call: the n-th call that touches a folder fails, for n = 1, 2, 3...

SQLite is tested like this. The calls are Python's own: `os`, `open`, and the writes of the files that it opens.
What a library writes by itself, in C, is not reached.
"""

from __future__ import annotations

import builtins
import errno
import io
import itertools
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

MAKES = frozenset({"open to write", "mkdir", "link", "symlink", "rename", "replace"})
FILLS = frozenset({"write", "sendfile", "ftruncate", "fsync", "close"})
TAKES = frozenset({"unlink", "remove", "rmdir", "chmod", "utime"})
READS = frozenset({"open to read"})
MOST_CALLS = 2000  # of one act
LONGEST_SENTENCE = 500


class Killed(BaseException):
    """The process ends here: nothing that it does afterwards reaches the disk."""


@dataclass(frozen=True)
class Fault:
    """How the n-th of some calls fails, and whether all later ones of them do, too."""

    name: str
    calls: frozenset[str]
    error: Callable[[], BaseException] | None  # None: only half is written, which is no error
    lasting: bool = False

    def __str__(self) -> str:
        return self.name


def _system(number: int) -> Callable[[], BaseException]:
    return lambda: OSError(number, os.strerror(number))


EVERY = MAKES | FILLS | TAKES | READS
KILLED = Fault("killed", EVERY, Killed, lasting=True)
FAULTS = (
    Fault("no space once", MAKES | FILLS, _system(errno.ENOSPC)),
    Fault("no space any more", MAKES | FILLS - {"close"}, _system(errno.ENOSPC), lasting=True),
    Fault("input/output error", EVERY, _system(errno.EIO)),
    Fault("interrupted call", EVERY, _system(errno.EINTR)),
    Fault("short write", frozenset({"write", "sendfile"}), None),
    Fault("no memory", EVERY, MemoryError),
    Fault("Ctrl+C", EVERY, KeyboardInterrupt),
    KILLED,
)


class FailingCalls:
    """While the block runs, the n-th call that touches something below `root` fails; `came` says whether."""

    def __init__(self, root: Path, fault: Fault, n: int):
        self.fault, self.came, self.where = fault, False, ""
        self._root, self._left = os.path.realpath(root), n
        self._patches = ExitStack()

    def __enter__(self) -> FailingCalls:
        for module in (builtins, io, __import__("_io")):
            self._patches.enter_context(patch.object(module, "open", self._open))
        for name, place in (
            ("mkdir", 0),
            ("rmdir", 0),
            ("unlink", 0),
            ("remove", 0),
            ("chmod", 0),
            ("utime", 0),
        ):
            self._replace(name, place)
        for name in ("rename", "replace", "link", "symlink"):
            self._replace(name, 1)  # what is made
        for name in ("fsync", "ftruncate", "write", "sendfile", "close"):
            self._replace(name, 0)
        self._replace("open", 0)
        return self

    def __exit__(self, *_: object) -> None:
        self._patches.close()

    @property
    def dead(self) -> bool:
        return self.came and self.fault.error is Killed

    def call(self, name: str, target: Any, folder: int | None = None) -> bool:
        """Counts a call; raises if it is to fail, and says whether it is to do only half."""
        if name not in self.fault.calls or not self._concerns(target, folder):
            return False
        self._left -= 1
        if self._left > 0 or (self.came and not self.fault.lasting):
            return False
        if not self.came:
            self.came, self.where = True, f"{name} {target}"
        if self.fault.error is not None:
            raise self.fault.error()
        return True

    def _concerns(self, target: Any, folder: int | None) -> bool:
        """Whether a path or a descriptor is below the folder."""
        try:
            if isinstance(target, int):
                path = os.readlink(f"/proc/self/fd/{target}")
            else:
                start = os.getcwd() if folder is None else os.readlink(f"/proc/self/fd/{folder}")
                path = os.path.join(start, os.fsdecode(target))
        except (OSError, TypeError):
            return False
        return (os.path.abspath(path) + os.sep).startswith(self._root + os.sep)

    def _replace(self, name: str, place: int) -> None:
        real = getattr(os, name)

        def called(*args: Any, **more: Any) -> Any:
            target = args[place] if len(args) > place else more.get("path", more.get("dst"))
            folder = more.get("dir_fd", more.get("dst_dir_fd"))
            label = name
            if name == "open":
                writes = args[1] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
                label = "open to write" if writes else "open to read"
            if name == "close":
                return self._close(real, target)
            half = self.call(label, target, folder)
            if name == "fsync":
                return None  # slow, and only a power cut could tell
            if half and name == "write":
                return real(args[0], bytes(args[1])[: max(1, len(args[1]) // 2)])
            if half:
                return real(*args[:3], max(1, args[3] // 2))
            return real(*args, **more)

        self._patches.enter_context(patch.object(os, name, called))

    def _close(self, real: Callable[[int], None], descriptor: Any) -> None:
        """A descriptor is gone even where closing it fails."""
        try:
            self.call("close", descriptor)
        finally:
            real(descriptor)

    def _open(self, file: Any, mode: str = "r", buffering: int = -1, *args: Any, **more: Any) -> Any:
        if not set(mode) & set("wax+"):
            self.call("open to read", file)
            return _REAL_OPEN(file, mode, buffering, *args, **more)
        names = ("encoding", "errors", "newline", "closefd", "opener")
        more = {**dict(zip(names, args, strict=False)), **more}
        if more.get("opener") is None:  # which calls os.open
            self.call("open to write", file)
        raw = _Raw(self, file, mode.replace("b", "").replace("t", ""), more)
        if buffering == 0:
            return raw
        held = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        if "b" in mode:
            return held
        return io.TextIOWrapper(held, more.get("encoding"), more.get("errors"), more.get("newline"))


_REAL_OPEN = io.open


class _Raw(io.FileIO):
    """An opened file whose writes are counted."""

    def __init__(self, disk: FailingCalls, file: Any, mode: str, more: Mapping[str, Any]):
        self._disk = disk
        super().__init__(file, mode, closefd=more.get("closefd", True), opener=more.get("opener"))

    def write(self, data: Any, /) -> int:
        half = self._disk.call("write", self.fileno())
        return super().write(bytes(data)[: max(1, len(data) // 2)] if half else data) or 0

    def truncate(self, size: int | None = None, /) -> int:
        self._disk.call("ftruncate", self.fileno())
        return super().truncate(size)

    def close(self) -> None:
        try:
            if not self.closed and not self._disk.dead:
                self._disk.call("close", self.fileno())
        finally:
            super().close()


Tree = dict[str, bytes | str | None]


def tree(folder: Path) -> Tree:
    """Every file and link below, and every folder whose name begins with a dot; not locks."""
    found: Tree = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink():
            found[str(path.relative_to(folder))] = os.readlink(path)
        elif path.is_file() and path.suffix != ".lock":
            found[str(path.relative_to(folder))] = path.read_bytes()
        elif path.is_dir() and path.name.startswith("."):
            found[str(path.relative_to(folder))] = None
    return found


def shown(found: Tree) -> Tree:
    """Without what nobody takes for a file of theirs: names that begin with a dot or end in .part or .tmp."""
    return {
        name: held
        for name, held in found.items()
        if not any(part.startswith(".") or part.endswith((".part", ".tmp")) for part in Path(name).parts)
    }


@dataclass
class WritePath:
    """Something that writes below `root`, which is as it was before: made by `prepare`, once.

    `refusals` are the errors in which it tells the user, one sentence each. With `may_fail` it returns as if
    nothing had happened where it could not write, as a cache may. `again` is what mends a kill.
    """

    root: Path
    act: Callable[[], object]
    refusals: tuple[type[Exception], ...]
    may_fail: bool = False
    again: Callable[[], object] | None = None
    each: bool = False  # of several files, each is old or new: they need not be from one time
    telling: Callable[[BaseException], str] = str

    def __post_init__(self) -> None:
        self._kept = self.root.with_name(self.root.name + ".kept")
        shutil.copytree(self.root, self._kept, symlinks=True)
        self.old = tree(self.root)
        self.act()
        self.new = tree(self.root)
        assert self.new != self.old, "nothing is written"

    def check(self, faults: Sequence[Fault] = FAULTS) -> None:
        """Has every call fail in every way, one after the other."""
        for fault in faults:
            assert self._check(fault), f"nothing can fail by {fault}"
        shutil.rmtree(self._kept)

    def _check(self, fault: Fault) -> int:
        """How many calls there are."""
        for n in itertools.count(1):
            assert n < MOST_CALLS
            self._restore()
            with FailingCalls(self.root, fault, n) as disk:
                error = self._acted()
            if not disk.came:
                assert error is None, error
                assert tree(self.root) == self.new
                return n - 1
            try:
                self._check_after(fault, error)
            except AssertionError as wrong:
                raise AssertionError(f"{fault} at call {n}, {disk.where}: {wrong}") from error
        return 0

    def _restore(self) -> None:
        shutil.rmtree(self.root)
        shutil.copytree(self._kept, self.root, symlinks=True)

    def _acted(self) -> BaseException | None:
        try:
            self.act()
        except (Killed, KeyboardInterrupt, MemoryError, *self.refusals) as error:
            return error
        return None

    def _check_after(self, fault: Fault, error: BaseException | None) -> None:
        found = tree(self.root)
        if error is None and not self.may_fail:
            assert shown(found) == shown(self.new), f"it says that it is done: {_differing(found, self.new)}"
        if isinstance(error, self.refusals):
            _check_sentence(self.telling(error))
        if fault.error is None:
            assert error is None, f"half a write is no error: {error}"
        self._check_whole(shown(found), shown(self.old), shown(self.new))
        if error is not None and not fault.lasting and fault.calls != TAKES:
            assert found in (self.old, self.new) or self.each, f"left: {_differing(found, self.old)}"
        for part in self.root.rglob("*.part"):
            os.utime(part, (0, 0))  # later, so that it is no other process's
        (self.again or self.act)()
        found = tree(self.root)
        assert found == self.new, f"after another time: {_differing(found, self.new)}"

    def _check_whole(self, found: Tree, old: Tree, new: Tree) -> None:
        if not self.each:
            assert found in (old, new), f"neither old nor new: {_differing(found, old)}"
            return
        for name in found.keys() | old.keys() | new.keys():
            held = found.get(name, "missing")
            assert held in (old.get(name, "missing"), new.get(name, "missing")), f"{name} is half written"


def _differing(found: Tree, wanted: Tree) -> list[str]:
    names = found.keys() | wanted.keys()
    return sorted(name for name in names if found.get(name, "") != wanted.get(name, ""))


def _check_sentence(text: str) -> None:
    assert text, "no sentence"
    assert "\n" not in text, f"several lines: {text}"
    assert len(text) < LONGEST_SENTENCE, f"too long: {text}"
    assert text.endswith("."), f"no sentence: {text}"
