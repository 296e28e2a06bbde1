"""A disk that fails at any one call: the n-th call that touches a folder fails, for n = 1, 2, 3...

SQLite is tested like this. The calls are Python's: `os`, `open`, and the writes of the files that it opens.
What a library writes by itself, in C, is not reached.
"""

from __future__ import annotations

import builtins
import errno
import fcntl
import io
import math
import os
import shutil
import stat
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

MAKES = frozenset({"open to write", "mkdir", "link", "symlink", "rename", "replace"})
FILLS = frozenset({"write", "sendfile", "ftruncate", "fsync", "close"})
TAKES = frozenset({"unlink", "remove", "rmdir", "chmod", "utime"})
READS = frozenset({"open to read"})
THOROUGH = bool(os.environ.get("ANYCOST_THOROUGH"))  # `make attack` sets it
FEW = 5  # calls that fail in each way, in a quick test
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


QUICK = tuple(fault for fault in FAULTS if fault.name not in ("no space once", "interrupted call", "Ctrl+C"))


class FailingCalls:
    """While the block runs, the n-th call that touches something below `root` fails; `came` says whether."""

    def __init__(self, root: Path, fault: Fault, n: int):
        self.fault, self.came, self.name, self.target = fault, False, "", ""
        self.count, self._n = 0, n
        self._root = os.path.realpath(root)
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
        if name not in self.fault.calls or not self._concerns(name, target, folder):
            return False
        self.count += 1
        if self.count < self._n or (self.came and not self.fault.lasting):
            return False
        if not self.came:
            self.came, self.name, self.target = True, name, str(target)
        if self.fault.error is not None:
            raise self.fault.error()
        return True

    def _concerns(self, name: str, target: Any, folder: int | None) -> bool:
        """Whether a path or a descriptor is below the folder."""
        try:
            if isinstance(target, int):
                path = os.readlink(f"/proc/self/fd/{target}")
            else:
                start = os.getcwd() if folder is None else os.readlink(f"/proc/self/fd/{folder}")
                path = os.path.join(start, os.fsdecode(target))
        except (OSError, TypeError):
            return False
        if name == "close" and path.endswith(".lock"):  # nothing is written into it
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
            if half and name == "write":
                return real(args[0], bytes(args[1])[: max(1, len(args[1]) // 2)])
            if half:
                return real(*args[:3], max(1, args[3] // 2))
            return real(*args, **more)

        self._patches.enter_context(patch.object(os, name, called))

    def _close(self, real: Callable[[int], None], descriptor: Any) -> None:
        """A descriptor is gone even where closing it fails. Only what is written can be missing then."""
        try:
            if (
                stat.S_ISREG(os.fstat(descriptor).st_mode)
                and fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE
            ):
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
    """Something that writes below `root`, which is as it was before.

    `refusals` are the errors in which it tells the user, one sentence each. With `may_fail` it returns as if
    nothing had happened where it could not write, as a cache may. `again` is what is done next, and completes
    what was broken off. Files of one `unit` are from one time, all old or all new. Files that are named in
    `begun` may be anything in between, since only the next time needs them.
    """

    root: Path
    act: Callable[[], object]
    refusals: tuple[type[Exception], ...]
    may_fail: bool = False
    again: Callable[[], object] | None = None
    unit: Callable[[str], str] = lambda name: ""
    begun: tuple[str, ...] = ()
    telling: Callable[[BaseException], str] = str

    def __post_init__(self) -> None:
        self._kept = self.root.with_name(self.root.name + ".kept")
        shutil.copytree(self.root, self._kept, symlinks=True)
        self.old = tree(self.root)
        self.act()
        self.new = tree(self.root)
        assert self.new != self.old, "nothing is written"

    def check(self) -> None:
        """Has calls fail in every way: all of them, one after the other, or as many as a quick test may."""
        with patch.object(os, "fsync", lambda descriptor: None):  # slow, and only a power cut could tell
            for fault in FAULTS if THOROUGH else QUICK:
                self._check_all(fault)
        shutil.rmtree(self._kept)

    def _check_all(self, fault: Fault) -> None:
        calls = self._calls(fault)
        assert calls or fault.error is None, f"nothing can fail by {fault}"
        step = 1 if THOROUGH else max(1, math.ceil(calls / FEW))
        for n in range(1, calls + 1, step):
            self._check(fault, n)

    def _calls(self, fault: Fault) -> int:
        """How many calls there are that can fail like this."""
        self._restore()
        with FailingCalls(self.root, fault, sys.maxsize) as disk:
            assert self._acted() is None
        left = set(_differing(tree(self.root), self.new)) - set(self.begun)
        assert not left, left
        return disk.count

    def _check(self, fault: Fault, n: int) -> None:
        self._restore()
        with FailingCalls(self.root, fault, n) as disk:
            error = self._acted()
        assert disk.came, f"there is no call {n} this time"
        try:
            self._check_told(fault, error)
            self._check_whole(tree(self.root))
            if isinstance(error, Exception) and not fault.lasting and disk.name not in TAKES:
                self._check_tidy(tree(self.root))
            self._go_on()
        except AssertionError as wrong:
            raise AssertionError(f"{fault} at call {n}, {disk.name} {disk.target}: {wrong}") from error

    def _restore(self) -> None:
        shutil.rmtree(self.root)
        shutil.copytree(self._kept, self.root, symlinks=True)

    def _acted(self) -> BaseException | None:
        try:
            self.act()
        except (Killed, KeyboardInterrupt, MemoryError, *self.refusals) as error:
            return error
        return None

    def _check_told(self, fault: Fault, error: BaseException | None) -> None:
        if isinstance(error, self.refusals):
            _check_sentence(self.telling(error))
        if fault.error is None:
            assert error is None, f"half a write is no error: {error}"
        if error is None and not self.may_fail:
            left = set(_differing(shown(tree(self.root)), shown(self.new))) - set(self.begun)
            assert not left, f"it says that it is done: {sorted(left)}"

    def _check_whole(self, found: Tree) -> None:
        found, old, new = shown(found), shown(self.old), shown(self.new)
        names = (found.keys() | old.keys() | new.keys()) - set(self.begun)
        for unit in {self.unit(name) for name in names}:
            now, before, after = (
                {name: held for name, held in one.items() if name in names and self.unit(name) == unit}
                for one in (found, old, new)
            )
            assert now in (before, after), f"neither old nor new: {_differing(now, before)}"

    def _check_tidy(self, found: Tree) -> None:
        """Nothing is left beside the files."""
        hidden = found.keys() - shown(found).keys() - set(self.begun)
        left = hidden - self.old.keys() - self.new.keys()
        assert not left, f"left: {sorted(left)}"

    def _go_on(self) -> None:
        for left in self.root.rglob(".*"):
            os.utime(left, (0, 0))  # it is later, so that this is no other process's
        (self.again or self.act)()
        left = set(_differing(tree(self.root), self.new)) - set(self.begun)
        assert not left, f"after another time: {sorted(left)}"


def _differing(found: Tree, wanted: Tree) -> list[str]:
    names = found.keys() | wanted.keys()
    return sorted(name for name in names if found.get(name, "") != wanted.get(name, ""))


def _check_sentence(text: str) -> None:
    assert text, "no sentence"
    assert "\n" not in text, f"several lines: {text}"
    assert len(text) < LONGEST_SENTENCE, f"too long: {text}"
    assert text.endswith("."), f"no sentence: {text}"
