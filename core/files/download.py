"""Downloads one file whose size is known, and continues where an earlier download stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from .folders import cache_folder
from .web import FetchFailure, Web, place, told
from .weights import WeightsFile, copy_checked
from .whole_file import unwritable

BLOCK = 1 << 16  # bytes; an interruption loses at most one block
TRIES = 5  # connections that may break in one download
RANGE_NOT_SATISFIABLE = 416


def download(web: Web, url: str, file: WeightsFile, progress: Callable[[int], object]) -> Path:
    """Fetches `file` into the user's cache and returns its path there. It has the right size and, unless its
    `sha256` is empty, the right bytes.

    `progress` hears how many bytes are there. No more than `file.size` are read. What has come stays in the
    cache after a failure, and the next call asks only for the rest. Two calls at once must not fetch the same
    file. FetchFailure when the file does not come; CoreError "no-space" or "bad-value" when it cannot be
    kept.
    """
    part = part_path(file)
    failure = FetchFailure("the connection breaks")
    for _ in range(TRIES):
        begun = _size(part)
        try:
            with told():
                _fetch_rest(web, url, file, part, progress)
        except FetchFailure as error:
            failure = error
        now = _size(part)
        if now >= file.size:
            if _is_right(part, file):
                return part
            with _stored(part):
                part.unlink()
            failure = FetchFailure("it has another file of this name")
            if not begun:  # otherwise the bytes of the earlier download may be the wrong ones
                break
        elif now == begun:
            break
    raise FetchFailure(f"{place(url)}: {failure}")


def part_path(file: WeightsFile) -> Path:
    """Where the bytes of an unfinished download are kept."""
    return cache_folder("downloads") / f"{file.name}.part"


def _fetch_rest(web: Web, url: str, file: WeightsFile, part: Path, progress: Callable[[int], object]) -> None:
    """Appends to `part` what the server sends, until the file is whole or the connection ends."""
    have = _size(part)
    if have >= file.size:
        return
    with _answer(web, url, have, part) as answer:
        if have and not _continues(answer, have):
            have = 0
        _check_length(answer, file.size - have)
        with _stored(part):
            target = part.open("ab" if have else "wb")
        with target:
            progress(have)
            while have < file.size and (block := answer.read(min(BLOCK, file.size - have))):
                with _stored(part):
                    target.write(block)
                    target.flush()
                have += len(block)
                progress(have)


def _answer(web: Web, url: str, have: int, part: Path) -> Any:
    try:
        return web.open(url, {"Range": f"bytes={have}-"} if have else {})
    except HTTPError as error:
        if error.code == RANGE_NOT_SATISFIABLE:
            part.unlink(missing_ok=True)  # the server's file is shorter than what is here: begin again
        raise


def _continues(answer: Any, have: int) -> bool:
    """Whether the answer starts at byte `have`; a server may send the whole file instead."""
    sent = answer.headers.get("Content-Range", "")
    return getattr(answer, "status", None) == 206 and sent.startswith(f"bytes {have}-")


def _check_length(answer: Any, expected: int) -> None:
    told_length = answer.headers.get("Content-Length", "")
    if told_length.isdecimal() and int(told_length) != expected:
        raise FetchFailure("it has a file of another size")


def _is_right(part: Path, file: WeightsFile) -> bool:
    if not file.sha256:
        return _size(part) == file.size
    with _stored(part), part.open("rb") as source:
        return copy_checked(source, file)


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


@contextmanager
def _stored(part: Path) -> Iterator[None]:
    """Tells errors of the disk apart from those of the network, which are OSErrors too."""
    try:
        yield
    except OSError as error:
        raise unwritable(part, error, "correct its permissions, then try again") from None
