"""A folder of rendered heads with all their labels: drawn once, then read by any number of trainings.

The pictures lie in shards of 256, each a safetensors file that is written whole or not at all. A shard
depends on the folder's kind and its number alone, so filling a folder can stop and go on at any time, and a
larger folder begins with the pictures of a smaller one. Every second picture is drawn without the
population's correlations.
"""

from __future__ import annotations

import json
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from functools import partial
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Protocol

import torch
from safetensors import safe_open
from safetensors.torch import save
from torch import Tensor
from tqdm import tqdm

from ...core.errors import CoreError
from ...core.files.whole_file import write_bytes
from ...core.rendering.cores import one_thread
from ..running import distributed
from ..running.draws import choices
from ..running.layout import sent

SHARD = 256  # pictures of a file
TOGETHER, ON_A_GPU = 4, 32  # pictures that are drawn at once
KIND = "cache.json"
REACH, HALF = 2.0, 32767  # the face map's -2..2 (shoulders are far from the head) is stored as whole numbers
NONE = -32768  # in place of a face map: no head
LEFT_FREE = 0.4  # of a GPU's memory, for training
STALE = 3600.0  # seconds after which a half-written file is taken for a killed process's
TYPES = {  # of each label in a file
    "rgb": torch.uint8,  # [n, 3, R, R]
    "part": torch.uint8,  # [n, R, R]
    "face_map": torch.int16,  # [n, 3, R, R], see `HALF` and `NONE`
    "normal": torch.int8,  # [n, 3, R, R] in 1/127
    "depth": torch.float16,  # [n, R, R]
    "landmarks": torch.float32,  # [n, P, 2] in the unit square
    "relief": torch.float32,  # [n, P] depth behind the middle of the eyes, over the picture's side
    "visible": torch.bool,  # [n, P]
    "z": torch.float32,  # [n, STYLE_DIM]
    "correlated": torch.bool,  # [n]
}


class Labels(Protocol):
    """What a renderer gives for N pictures; see `lab/heads/heads.py`."""

    @property
    def rgb(self) -> Tensor: ...

    @property
    def part(self) -> Tensor: ...

    @property
    def face_map(self) -> Tensor: ...

    @property
    def depth(self) -> Tensor: ...

    @property
    def normal(self) -> Tensor: ...

    @property
    def landmarks(self) -> Tensor: ...

    @property
    def relief(self) -> Tensor: ...

    @property
    def visible(self) -> Tensor: ...


@dataclass(frozen=True)
class CacheKind:
    """What a folder holds: pictures of `resolution` px that show `wide` times as much as the usual frame,
    of people as they are or of `rare` ones."""

    resolution: int
    wide: float
    seed: int = 0
    rare: bool = False


Source = Callable[[Tensor, bool, CacheKind], Labels]  # z [N, D] and whether they are correlated


@dataclass(frozen=True)
class CachedHeads:
    """Pictures and labels; what is large is as it is stored: see `TYPES`, `signed`, `decoded`."""

    rgb: Tensor  # [N, 3, R, R] uint8
    part: Tensor  # [N, R, R] uint8, see `head_reader.PARTS`
    face_map: Tensor  # [N, 3, R, R] int16
    landmarks: Tensor  # [N, P, 2] in the unit square
    relief: Tensor  # [N, P]
    visible: Tensor  # [N, P] bool

    def to(self, device: torch.device) -> CachedHeads:
        return CachedHeads(**{name: label.to(device) for name, label in vars(self).items()})


class Shard:
    """One file of a folder. A GPU's memory holds what is asked for, as far as there is room: reading picture
    by picture would keep it waiting."""

    def __init__(self, path: Path):
        self.path = path
        self._file: safe_open | None = None
        self._held: dict[str, Tensor] = {}

    def rows(self, name: str, rows: Sequence[int], there: Tensor) -> Tensor:
        """One label of some of its pictures, as it is stored. `there` are their rows again, on the device."""
        if name not in self._held and self._may_hold():
            self._held[name] = self._open().get_tensor(name).to(there.device)
        if name in self._held:
            return self._held[name][there]
        stored = self._open().get_slice(name)
        return torch.stack([stored[row] for row in rows]).to(there.device)

    def _open(self) -> safe_open:
        if self._file is None:
            self._file = safe_open(str(self.path), framework="pt")
        return self._file

    @staticmethod
    def _may_hold() -> bool:
        device = distributed.device()
        if device.type == "cpu":
            return False
        free, whole = torch.cuda.mem_get_info(device)
        return free > LEFT_FREE * whole


class HeadCache:
    """Random access to a folder of shards. CoreError "bad-value" if it holds none.

    `first` and `last` bound the shards that are read. Only what is asked for is read from the disk.
    """

    def __init__(self, folder: Path, first: int = 0, last: int | None = None):
        self.kind = _kind_of(folder)
        self.shards = [Shard(path) for path in shard_paths(folder)[first:last]]
        if not self.shards:
            text = f'"{folder}" holds too few rendered heads: fill it with `anycost data heads --cache`.'
            raise CoreError("bad-value", text)
        self.pictures = SHARD * len(self.shards)

    def read(self, numbers: Sequence[int]) -> CachedHeads:
        """The pictures of these numbers, 0 to `pictures` - 1."""
        return heads_of(self.shards, numbers)

    def label(self, name: str, numbers: Sequence[int]) -> Tensor:
        """One label of these pictures, as it is stored: see `TYPES`."""
        return labels_of(self.shards, [name], numbers)[name]


def shard_paths(folder: Path) -> list[Path]:
    """The files of a folder that are written, in their order."""
    return sorted(folder.glob("shard-*.safetensors"))


def heads_of(shards: Sequence[Shard], numbers: Sequence[int]) -> CachedHeads:
    """The pictures of these numbers among all of the shards', in their order, on this process's device."""
    return CachedHeads(**labels_of(shards, [f.name for f in fields(CachedHeads)], numbers))


def labels_of(shards: Sequence[Shard], names: Sequence[str], numbers: Sequence[int]) -> dict[str, Tensor]:
    """Some labels of these pictures, as they are stored."""
    device = distributed.device()
    places: dict[int, list[int]] = {}  # in `numbers`, by shard
    for place, number in enumerate(numbers):
        places.setdefault(number // SHARD, []).append(place)
    joined = [place for some in places.values() for place in some]
    rows = [numbers[place] % SHARD for place in joined]
    there = sent(rows, device).split([len(some) for some in places.values()])
    back = sent(sorted(range(len(joined)), key=joined.__getitem__), device)
    ends = list(accumulate((len(some) for some in places.values()), initial=0))
    parts = list(zip(places, pairwise(ends), there, strict=True))
    return {
        name: torch.cat([shards[k].rows(name, rows[first:last], on) for k, (first, last), on in parts])[back]
        for name in names
    }


def signed(rgb: Tensor) -> Tensor:
    """Stored colours -> -1..1."""
    return rgb.float() / 127.5 - 1


def decoded(codes: Tensor) -> tuple[Tensor, Tensor]:
    """A stored face map [N, 3, ...] -> its values, 0 where there is no head, and where one is [N, ...]."""
    there = codes[:, 0] != NONE
    return codes.float() * (REACH / HALF) * there[:, None], there


def render(z: Tensor, correlated: bool, kind: CacheKind) -> Labels:
    """Draws heads: the usual source."""
    from ..heads.heads import render_z

    return render_z(z.to(distributed.device()), kind.resolution, correlated, wide=kind.wide)


def fill(
    folder: Path, count: int, kind: CacheKind, processes: int = 1, source: Source = render, style_dim: int = 0
) -> None:
    """Draws until `folder` has at least `count` pictures; goes on where it stopped.

    Ctrl-C or SIGTERM ends it between shards' files. CoreError "bad-value" if the folder holds another kind.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _claim(folder, kind)
    missing = [k for k in range(-(-count // SHARD)) if not _path(folder, k).exists()]
    work = partial(_fill_shard, folder, kind, source, style_dim or _style_dim())
    # heads are drawn one by one, so a second thread would mostly wait
    with tqdm(total=len(missing) * SHARD, unit="picture", mininterval=1) as bar, _stoppable(), one_thread():
        for _ in _in_processes(work, missing, processes):
            bar.update(SHARD)


def _in_processes(work: Callable[[int], None], numbers: Sequence[int], processes: int) -> Iterator[None]:
    if processes == 1:
        yield from map(work, numbers)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, initializer=_begin_worker) as pool:  # leaving it ends workers at work
        yield from pool.imap_unordered(work, numbers)
        pool.close()  # they leave by themselves: a signal that comes as a process begins may be lost
        pool.join()


def _begin_worker() -> None:
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process ends them
    signal.signal(signal.SIGTERM, _leave)  # so that files are tidied up


def _leave(*_) -> None:
    raise SystemExit


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _fill_shard(folder: Path, kind: CacheKind, source: Source, style_dim: int, number: int) -> None:
    bits = choices(kind.seed, number, "heads").getrandbits(32)
    z = torch.randn(SHARD, style_dim, generator=torch.Generator().manual_seed(bits))  # [256, D]
    if kind.rare:
        from ..heads.rare_traits import lean

        z = lean(z)
    correlated = torch.arange(SHARD) % 2 == 0
    parts: list[dict[str, Tensor]] = []
    together = TOGETHER if distributed.device().type == "cpu" else ON_A_GPU
    for chosen in (correlated, ~correlated):
        for some in chosen.nonzero()[:, 0].split(together):
            drawn = as_stored(source(z[some], bool(chosen[0]), kind))
            parts.append({"row": some, **drawn})
    joined = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
    order = joined.pop("row").argsort()
    shard = {name: values[order].contiguous() for name, values in joined.items()}
    shard |= {"z": z, "correlated": correlated}
    write_bytes(_path(folder, number), save(shard))


@torch.no_grad()
def as_stored(drawn: Labels) -> dict[str, Tensor]:
    """The labels as they are stored; where there is no head they are 0."""
    known = torch.isfinite(drawn.face_map).all(dim=1) & drawn.face_map.ne(0).any(dim=1)  # [N, R, R]
    codes = ((drawn.face_map.nan_to_num() / REACH).clamp(-1, 1) * HALF).round()
    found = {
        "rgb": ((drawn.rgb.clamp(-1, 1) + 1) * 127.5).round(),
        "part": drawn.part,
        "face_map": torch.where(known[:, None], codes, NONE),
        "normal": (drawn.normal.nan_to_num().clamp(-1, 1) * 127).round(),
        "depth": drawn.depth.nan_to_num(posinf=0.0).clamp(0, 6e4),
        "landmarks": drawn.landmarks,
        "relief": drawn.relief,
        "visible": drawn.visible,
    }
    return {name: values.to(TYPES[name]).cpu() for name, values in found.items()}


def _claim(folder: Path, kind: CacheKind) -> None:
    """Marks a new folder; CoreError if it holds another kind."""
    if (folder / KIND).exists():
        if _kind_of(folder) != kind:
            text = f'"{folder}" holds {_kind_of(folder)}, not {kind}: name another folder.'
            raise CoreError("bad-value", text)
    else:
        write_bytes(folder / KIND, json.dumps(asdict(kind)).encode())
    for half in folder.glob("*.part"):
        if time.time() - half.stat().st_mtime > STALE:
            half.unlink(missing_ok=True)


def _kind_of(folder: Path) -> CacheKind:
    try:
        return CacheKind(**json.loads((folder / KIND).read_text()))
    except (OSError, ValueError, TypeError):
        raise CoreError("bad-value", f'"{folder}" is no cache of rendered heads.') from None


def _path(folder: Path, number: int) -> Path:
    return folder / f"shard-{number:05d}.safetensors"


def _style_dim() -> int:
    from ..heads.controls import STYLE_DIM

    return STYLE_DIM
