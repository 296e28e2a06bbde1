"""Hostile packs, networks and checkpoints: each is refused in one sentence, or read within the limits.

PYTHONPATH=tests .venv/bin/python -m attacks.files
"""

from __future__ import annotations

import hashlib
import io
import json
import multiprocessing
import os
import pickle
import resource
import shutil
import struct
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx.parser
from small_pack import small_pack

from anycost.core.errors import CoreError
from anycost.core.faces.onnx_network import OnnxNetwork
from anycost.models.importing import load_generator
from anycost.models.importing.unpickle import Refused
from anycost.models.manifest import MANIFEST, PackError
from anycost.models.pack import Pack

from .figures import Figure, said

MOST_MIB, MOST_SECONDS = 1024, 10.0
PATIENCE = 60.0
REFUSALS = (CoreError, PackError, Refused)
P = b"\x80\x02"  # a pickle begins
_SETS = b"0c__builtin__\nset\nh\0\x85R" * 90_000
PRIME = (1 << 61) - 1  # multiples of it have one hash as keys


class Outcome(NamedTuple):
    words: str  # what was said, or that it was read
    seconds: float
    mib: int
    good: bool


def tried(read: Callable[[Path], object], path: Path) -> Outcome:
    """Reads a file in a process for it, whose memory and time are measured with those of its helpers."""
    context = multiprocessing.get_context("fork")
    mine, theirs = context.Pipe()
    process = context.Process(target=_read, args=(read, path, theirs))
    process.start()
    theirs.close()
    try:
        if not mine.poll(PATIENCE):
            return Outcome(f"no answer in {PATIENCE:.0f} s", PATIENCE, 0, False)
        return Outcome(*mine.recv())
    except EOFError:
        return Outcome("the process died", 0, 0, False)
    finally:
        process.kill()
        process.join()


def _read(read: Callable[[Path], object], path: Path, end: Any) -> None:
    begun, before = time.process_time(), _peak(resource.RUSAGE_SELF)
    good, words = True, "read"
    try:
        read(path)
    except REFUSALS as error:
        words = str(error)
        good = "\n" not in words and len(words) < 1000
    except BaseException as error:
        good, words = False, f"{type(error).__name__}: {error}"
    seconds, mib = time.process_time() - begun, _peak(resource.RUSAGE_SELF) - before
    end.send((words, seconds, mib, good and seconds <= MOST_SECONDS and mib <= MOST_MIB))


def _peak(who: int) -> int:
    return resource.getrusage(who).ru_maxrss >> 10


# What each kind is read with, and its files


def pickles(folder: Path) -> Iterator[Path]:
    flag = folder / "ran"

    class Evil:
        def __reduce__(self) -> tuple:
            return os.system, (f"touch {flag}",)

    cases = {
        "system call": pickle.dumps(Evil(), 2),
        "system call by stack": pickle.dumps(Evil(), 4),
        "colliding keys": P + b"}(" + b"".join(_long(k * PRIME) + b"N" for k in range(1, 150_000)) + b"u.",
        "huge keys": P
        + b"}\x8b"
        + struct.pack("<i", 4 << 20)
        + b"\1" * (4 << 20)
        + b"q\0000h\0Ns" * 9
        + b".",
        "a million tuples deep": P + b")" + b"\x85" * 1_000_000 + b".",
        "lists of lists": P + b"]" + b"".join(b"q\x00]h\x00ah\x00a" for _ in range(60)) + b".",
        "a text of 2^63": b"\x80\x04\x8d" + struct.pack("<Q", (1 << 63) - 1) + b"x" * 30,
        "bytes of 2^31": b"\x80\x04B" + struct.pack("<I", 1 << 31) + b"x" * 1000,
        "60,000 digits": P + b"L" + b"9" * 60_000 + b"L\n.",
        "sets by calls": P
        + b"]("
        + b"K\1" * 200_000
        + b"eq\0"
        + b"0c__builtin__\nset\nh\0\x85R" * 90_000
        + b".",
        "a memo at 2^32": P + b"Nr\xff\xff\xff\xff.",
        "a bomb in a zip": _torch_zip(P + b"N0" * 50_000_000 + b"N."),
        "a header of 2^63": struct.pack("<Q", 1 << 63) + b"{}",
        "a header of brackets": _headed(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        "a tensor of 2^61": _headed(json.dumps({"a": _tensor([1 << 61], 1 << 63)}).encode()),
    }
    yield from _written(folder, cases, ".pt")


def _long(number: int) -> bytes:
    data = number.to_bytes(number.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(data)]) + data


def _tensor(shape: list[int], end: int) -> dict[str, Any]:
    return {"dtype": "F32", "shape": shape, "data_offsets": [0, end]}


def _headed(header: bytes) -> bytes:
    """A safetensors file."""
    return struct.pack("<Q", len(header)) + header + bytes(16)


def _torch_zip(data: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", data)
        archive.writestr("archive/version", "3\n")
    return held.getvalue()


LOOP = """
<ir_version: 8, opset_import: ["": 17]>
finder (float[1, 3, h, w] picture) => (float[1, 3, h, w] heat)
<int64 many = {4611686018427387904}, bool go = {1}>
{
    heat = Loop (many, go, picture) <body = again (int64 i, bool c, float[1, 3, h, w] x)
        => (bool d, float[1, 3, h, w] y) { d = Identity (c) y = Sin (x) }>
}
"""
LARGE = """
<ir_version: 8, opset_import: ["": 17]>
finder (float[1, 3, h, w] picture) => (float[1, n] heat)
<int64[2] size = {1, 1610612736}> { heat = ConstantOfShape (size) }
"""


def networks(folder: Path) -> Iterator[Path]:
    cases = {
        "a loop of 2^62": onnx.parser.parse_model(LOOP).SerializeToString(),
        "6 GiB from nothing": onnx.parser.parse_model(LARGE).SerializeToString(),
        "not a network": b"\x08" * 10_000,
    }
    yield from _written(folder, cases, ".onnx")


def packs(folder: Path) -> Iterator[Path]:
    def changed(name: str, change: Callable[[dict[str, Any]], object]) -> Path:
        made = folder / name
        shutil.copytree(sound, made)
        document = json.loads((made / MANIFEST).read_text())
        change(document)
        (made / MANIFEST).write_text(json.dumps(document))
        return made

    sound = small_pack(folder / "sound")
    yield changed("markup", lambda d: d["directions"][0].update(label="<img src='/dev/zero'>"))
    yield changed("far apart", lambda d: d["directions"][0].update(high=1e300))
    yield changed("a large generator", lambda d: d.update(resolution=1 << 20))
    yield changed("a file elsewhere", lambda d: d["files"].update({"../../etc/passwd": "0" * 64}))
    yield changed("many channels", lambda d: d.update(channels=[1 << 30] * 4))
    for name in ("generator.safetensors", "directions.safetensors"):
        made = folder / f"large {name}"
        shutil.copytree(sound, made)
        _make_huge(made, name)
        yield made
    piped = folder / "a pipe"
    shutil.copytree(sound, piped)
    (piped / MANIFEST).unlink()
    os.mkfifo(piped / MANIFEST)
    yield piped


def _make_huge(folder: Path, file: str) -> None:
    """All its numbers become 3e38, with the right hash."""
    from safetensors.numpy import load_file, save_file

    tensors = load_file(folder / file)
    save_file({name: np.full_like(t, np.finfo(t.dtype).max) for name, t in tensors.items()}, folder / file)
    document = json.loads((folder / MANIFEST).read_text())
    document["files"][file] = hashlib.sha256((folder / file).read_bytes()).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(document))


def _written(folder: Path, cases: dict[str, bytes], ending: str) -> Iterator[Path]:
    for name, data in cases.items():
        path = folder / f"{name}{ending}"
        path.write_bytes(data)
        yield path


def open_pack(folder: Path) -> None:
    pack = Pack.open(folder)
    pack.generator()
    _ = pack.bank


KINDS: dict[str, tuple[Callable[[Path], Iterator[Path]], Callable[[Path], object]]] = {
    "checkpoints": (pickles, load_generator),
    "networks": (networks, lambda path: OnnxNetwork(path, "heat")),
    "packs": (packs, open_pack),
}


def figures() -> list[Figure]:
    found = []
    for kind, (make, read) in KINDS.items():
        with tempfile.TemporaryDirectory() as folder:
            outcomes = {path.name: tried(read, path) for path in make(Path(folder))}
            ran = (Path(folder) / "ran").exists()
        bad = [f"{name}: {one}" for name, one in outcomes.items() if not one.good]
        most = max(one.seconds for one in outcomes.values()), max(one.mib for one in outcomes.values())
        text = f"hostile {kind} that are refused in a sentence or read within {MOST_MIB} MiB and 10 s"
        details = "; ".join(bad) or "at most {:.1f} s and {} MiB".format(*most)
        good = len(outcomes) - len(bad)
        found.append(Figure(text, good, str(len(outcomes)), not bad and not ran, details))
        if ran:
            found.append(Figure(f"{kind} that ran code", "yes", "none", False))
    return found


if __name__ == "__main__":
    sys.exit(not said(figures()))
