"""Keeps graphs in the user's cache: reading one takes a sixth of the time it takes to write it.

A file's name says what its graph was made from. The file begins with the hash of the rest, so that a damaged
one is made again. A cache that cannot be used costs only time.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from ....models.generator import Generator
from ....models.widths import SubGenerator
from ...errors import CoreError
from ...files.folders import cache_folder
from ...files.whole_file import write_bytes
from .graph import VERSION, write_graph
from .graph_writer import MAX_BYTES as MAX_GRAPH_BYTES

FOLDER = "graphs"
MAX_BYTES = 1 << 30  # of all graphs together; the least recently used are deleted
HASH_BYTES = 32


def cached_graph(generator: Generator, rung: SubGenerator, key: str) -> bytes:
    """The graph of a rung, as `write_graph` gives it; `key` is the hash of the generator's weights."""
    try:
        path = cache_folder(FOLDER) / _name(rung, key)
    except CoreError:
        return write_graph(generator, rung)
    graph = _read(path)
    if graph is None:
        graph = write_graph(generator, rung)
        _keep(path, graph)
    return graph


def _name(rung: SubGenerator, key: str) -> str:
    made_from = f"{VERSION} {key} {rung.resolution} {rung.channels}"
    return f"{hashlib.sha256(made_from.encode()).hexdigest()}.graph"


def _read(path: Path) -> bytes | None:
    """The graph in a file; None if it is missing or damaged."""
    try:
        if not path.is_file() or path.stat().st_size > HASH_BYTES + MAX_GRAPH_BYTES:
            return None
        with path.open("rb") as file:
            expected = file.read(HASH_BYTES)
            graph = file.read()
        if hashlib.sha256(graph).digest() != expected:
            return None
        os.utime(path)  # it was used now
    except OSError:
        return None
    return graph


def _keep(path: Path, graph: bytes) -> None:
    try:
        write_bytes(path, hashlib.sha256(graph).digest() + graph)
        _make_room(path.parent)
    except (CoreError, OSError):  # such as a full disk
        return


def _make_room(folder: Path) -> None:
    files = [(path.stat(), path) for path in folder.iterdir()]
    total = sum(status.st_size for status, _ in files)
    for status, path in sorted(files, key=lambda file: file[0].st_mtime_ns):
        if total <= MAX_BYTES:
            return
        path.unlink(missing_ok=True)
        total -= status.st_size
