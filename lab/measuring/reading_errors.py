"""How well faces are found and read, on pictures with reference points.

python -m anycost.lab.measuring.reading_errors FOLDER [--pack NAME]

FOLDER holds pictures and reference.json: for each picture (by its name without the ending) `faces`, each with
`eyes`, `nose`, `mouth`, `chin` (as `anycost faces --json` prints them), `roll_degrees` and `kind`; and
`unlabelled`, boxes [x, y, width, height] of faces that do not count. Pictures without an entry have no
reference: what is found there is only listed.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...core.faces.onnx_network import OnnxNetwork
from ...core.faces.placement import place
from ...core.faces.readers import Readers
from ...core.faces.reading import Reading
from ...core.files.pictures import read_picture
from ...models.manifest import Alignment
from ...models.pack import Pack
from .markdown import table

ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
ALIGNMENT = Alignment((0.5, 0.46), (0.5, 0.66))  # of the squares that are compared
FAR, SMALL, LARGE, TILTED = 0.2, 0.7, 1.4, 20.0  # of the square's side, of its size, degrees


@dataclass(frozen=True)
class Compared:
    """One reference face, or one found face without a reference (`kind` "false" or "no reference")."""

    picture: str
    kind: str
    reading: Reading | None
    error: float | None = None  # mean over six points, over the distance between the eyes
    placed: bool = False  # centre, size and angle of its square near the reference's


def compared(name: str, faces: Sequence[Reading], reference: dict[str, Any] | None) -> Iterator[Compared]:
    """The faces of one picture beside its reference."""
    if reference is None:
        yield from (Compared(name, "no reference", face) for face in faces)
        return
    left = list(faces)
    for wanted in reference["faces"]:
        there = _reading(wanted)
        face = next((face for face in left if face.sighting.overlaps(there.sighting)), None)
        if face is None:
            yield Compared(name, wanted["kind"], None)
            continue
        left.remove(face)
        apart = np.linalg.norm(_points(face) - _points(there), axis=1)  # [6]
        error = float(apart.mean()) / math.dist(*there.eyes)
        yield Compared(name, wanted["kind"], face, error, _is_placed(face, there))
    for face in left:
        if not any(_holds(box, face) for box in reference["unlabelled"]):
            yield Compared(name, "false", face)


def _reading(wanted: dict[str, Any]) -> Reading:
    left, right = (tuple(eye) for eye in wanted["eyes"])
    corners = [tuple(corner) for corner in wanted["mouth"]]
    return Reading((left, right), wanted["nose"], (corners[0], corners[1]), wanted["chin"], 1.0)


def _points(face: Reading) -> np.ndarray:
    return np.array([*face.eyes, face.nose, *face.mouth, face.chin])


def _is_placed(face: Reading, there: Reading) -> bool:
    mine, wanted = (place(reading.face_points, ALIGNMENT) for reading in (face, there))
    near = math.dist((mine.x, mine.y), (wanted.x, wanted.y)) < FAR * wanted.size
    level = abs((mine.angle - wanted.angle + 180) % 360 - 180) < TILTED
    return near and level and SMALL < mine.size / wanted.size < LARGE


def _holds(box: Sequence[float], face: Reading) -> bool:
    (x, y), (left, top, width, height) = face.sighting.centre, box
    return left <= x <= left + width and top <= y <= top + height


def report(rows: Sequence[Compared]) -> str:
    """A table of all faces, and a summary for each kind."""
    cells = [
        [
            row.picture,
            row.kind,
            "missed" if row.reading is None else "placed" if row.placed else "found",
            "" if row.error is None else f"{row.error:.3f}",
            "" if row.reading is None else f"{row.reading.score:.2f}",
            "" if row.reading is None else ", ".join(f"{angle:.0f}" for angle in row.reading.turn),
        ]
        for row in rows
    ]
    lines = [table(["picture", "kind", "", "error", "score", "yaw, pitch, roll"], cells), ""]
    errors: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if row.kind not in ("false", "no reference"):
            errors[row.kind].append(math.inf if row.error is None else row.error)
    for kind, values in errors.items():
        median, most = np.quantile(values, 0.5, method="lower"), np.quantile(values, 0.9, method="lower")
        lines.append(
            f"{kind}: {len(values)} faces, error {median:.3f} in the median, {most:.3f} at nine tenths"
        )
    wanted = [row for row in rows if row.kind in errors]
    false = sum(row.kind == "false" for row in rows)
    lines.append(f"{sum(row.placed for row in wanted)} of {len(wanted)} faces placed, {false} false")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="How well faces are found and read.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pack", default="portraits", help="whose finder reads drawings")
    chosen = parser.parse_args()
    finder = Pack.open(chosen.pack).finder_path
    readers = Readers(OnnxNetwork(finder, "heat") if finder else None)
    references = json.loads((chosen.folder / "reference.json").read_text())
    rows: list[Compared] = []
    for path in sorted(path for path in chosen.folder.iterdir() if path.suffix in ENDINGS):
        rows += compared(path.stem, readers.read(read_picture(path)), references.get(path.stem))
    print(report(rows))


if __name__ == "__main__":
    main()
