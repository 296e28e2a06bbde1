"""An index of packs: a JSON file that says where each pack's archive is.

{"packs": {"NAME": {"url": "...", "sha256": "64 hex digits", "size": 123, "version": "1.0"}}}
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.request import url2pathname

from ...models.manifest import LINE, MAX_MANIFEST_BYTES, SHA256
from ..errors import CoreError
from .pack_archive import MOST_BYTES
from .web import FetchFailure, Web, place, told
from .whole_file import write_bytes

VARIABLE = "ANYCOST_PACK_INDEX"
MAX_VERSION = 64  # characters
NAMED = 20  # packs that a message lists


@dataclass(frozen=True)
class Entry:
    """A pack in an index; `url` is an https, http or file address, in the file perhaps a relative one; `size`
    is in bytes."""

    url: str
    sha256: str
    size: int
    version: str


def find(web: Web, index: str, name: str) -> Entry:
    """The entry of that name in the index at an address; its own addresses may be relative to that.

    CoreError "pack" when the index cannot be read, "bad-value" when it has no such pack.
    """
    packs = _packs(web, index)
    if name not in packs:
        have = ", ".join(sorted(str(known) for known in packs)[:NAMED]) or "none"
        raise CoreError("bad-value", f'The index at {place(index)} has no pack "{name}": it has {have}.')
    entry = packs[name]
    if not _is_sound(entry):
        raise _unreadable(index, f'its entry "{name}" lacks an address, SHA-256, size or version')
    url = _joined(index, entry["url"])
    if not url:
        raise _unreadable(index, f'the address of "{name}" cannot be opened')
    return Entry(url, entry["sha256"], entry["size"], entry["version"])


def add(path: Path, name: str, entry: Entry) -> None:
    """Writes an entry into an index on this machine, which is made if there is none.

    CoreError "pack" when the file there is no index, "bad-value" when it cannot be written or the version is
    too long.
    """
    if not _is_sound(asdict(entry)):
        text = f"--version takes a line of 1 to {MAX_VERSION} characters, without < and &."
        raise CoreError("bad-value", text)
    packs = _packs(Web(), path.absolute().as_uri()) if path.exists() else {}
    packs[name] = asdict(entry)
    write_bytes(path, (json.dumps({"packs": dict(sorted(packs.items()))}, indent=1) + "\n").encode())


def as_address(text: str) -> str:
    """An address, or that of a path on this machine; "bad-value" for other kinds of address."""
    if "://" not in text:
        return Path(text).expanduser().absolute().as_uri()
    if text.partition("://")[0].lower() not in ("https", "http", "file"):
        raise CoreError("bad-value", f'"{text}" is no https, http or file address: give another.')
    return text


def as_path(address: str) -> Path | None:
    """The path on this machine that a file address names; None for one of the web."""
    parts = urlsplit(address)
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else None


def _packs(web: Web, index: str) -> dict[str, Any]:
    try:
        with told(), web.open(index) as answer:
            data = answer.read(MAX_MANIFEST_BYTES + 1)
    except FetchFailure as failure:
        raise _unreadable(index, str(failure)) from None
    if len(data) > MAX_MANIFEST_BYTES:
        raise _unreadable(index, "it is longer than 1 MiB")
    try:
        packs = json.loads(data.decode("utf-8"))["packs"]
    except (ValueError, LookupError, TypeError, RecursionError):
        packs = None
    if not isinstance(packs, dict):
        raise _unreadable(index, "it is no index of packs")
    return packs


def _joined(index: str, url: str) -> str:
    """An entry's address, made absolute; empty if it must not be opened."""
    try:
        found = urljoin(index, url)
        scheme, of_index = urlsplit(found).scheme, urlsplit(index).scheme
    except ValueError:
        return ""
    # an index on the web must not lead to this machine's files
    return found if scheme in ("https", "http") or scheme == of_index == "file" else ""


def _is_sound(entry: Any) -> bool:
    if not isinstance(entry, dict):
        return False
    url, sha256, size, version = (entry.get(key) for key in ("url", "sha256", "size", "version"))
    return (
        isinstance(url, str)
        and isinstance(sha256, str)
        and SHA256.fullmatch(sha256) is not None
        and type(size) is int
        and 0 < size <= MOST_BYTES
        and isinstance(version, str)
        and len(version) <= MAX_VERSION
        and LINE.fullmatch(version) is not None
    )


def _unreadable(index: str, reason: str) -> CoreError:
    return CoreError(
        "pack",
        f"The index of packs at {place(index)} cannot be used ({reason}): check --index or {VARIABLE}.",
    )
