"""How well a reader of heads reads pictures with reference points, and heads that it was not trained on.

python -m anycost.lab.measuring.head_reader_report READER.onnx [--pictures FOLDER] [--finder FINDER.onnx]
    [--cache FOLDER ...]

FOLDER holds pictures, reference.json (see `reading_errors.py`) and mesh/NAME.npy with MediaPipe's points
[faces, 478, 2]. First the faces are read once from crops that the reference places, then from crops that are
turned, scaled and moved away from there; then they are found and read without help, if there is a finder.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...core.faces.drawings import Heat, find_faces
from ...core.faces.head_reader_net import ALIGNMENT, HeadLook, HeadNetwork, looks_at, settled
from ...core.faces.onnx_network import OnnxModel, OnnxNetwork
from ...core.faces.placement import Placement, place
from ...core.faces.pyramid import Pyramid
from ...core.faces.reading import Reading
from ...core.files.pictures import read_picture
from ...models.head_points import MESH
from ...models.head_reader import OUTPUTS, SIDE, Answers
from ..networks.head_errors import head_errors, unseen_crops
from .markdown import table
from .reading_errors import ENDINGS, Compared, compared, report

TURNED, SCALED, MOVED = 17.0, 0.2, 0.08  # degrees, logarithm, of the side: deviations of crops that are off
TRIES = 6  # of them for each face
KINDS = ("mesh", "hand")


@dataclass(frozen=True)
class ReferenceFace:
    """A face of a picture with reference points in its pixels."""

    picture: str
    kind: str
    six: np.ndarray  # [6, 2] eyes, nose, corners of the mouth, chin
    mesh: np.ndarray | None  # [478, 2] of `kind: mesh`

    @property
    def between(self) -> float:
        """The distance between the eyes."""
        return math.dist(self.six[0], self.six[1])

    @property
    def placement(self) -> Placement:
        """The straight crop."""
        left, right, nose, corner, other, chin = (tuple(point) for point in self.six.tolist())
        return place(Reading((left, right), nose, (corner, other), chin, 1.0).face_points, ALIGNMENT)

    def errors(self, look: HeadLook) -> tuple[float, float]:
        """The mean distance of the six points, and of the mesh's, over the distance between the eyes; nan
        where there is no mesh."""
        reading = look.reading
        mine = np.array([*reading.eyes, reading.nose, *reading.mouth, reading.chin])
        six = float(np.linalg.norm(mine - self.six, axis=1).mean()) / self.between
        if self.mesh is None:
            return six, math.nan
        apart = np.linalg.norm(look.points[:MESH] - self.mesh, axis=1)
        return six, float(apart.mean()) / self.between


def reference_faces(name: str, wanted: dict[str, Any], folder: Path) -> Iterator[ReferenceFace]:
    """The faces of one picture of a folder."""
    path = folder / "mesh" / f"{name}.npy"
    meshes = np.load(path).reshape(-1, MESH, 2) if path.exists() else np.zeros((0, MESH, 2))
    for number, face in enumerate(wanted["faces"]):
        six = np.array([*face["eyes"], face["nose"], *face["mouth"], face["chin"]], np.float64)
        known = face["kind"] == "mesh" and number < len(meshes)
        yield ReferenceFace(name, face["kind"], six, meshes[number] if known else None)


def off(placement: Placement, chance: np.random.Generator) -> Placement:
    """A crop that is turned, scaled and moved away."""
    turn, scale, x, y = chance.normal(size=4)
    return replace(
        placement,
        angle=placement.angle + TURNED * turn,
        size=placement.size * math.exp(SCALED * scale),
        x=placement.x + MOVED * x * placement.size,
        y=placement.y + MOVED * y * placement.size,
    )


@dataclass(frozen=True)
class PlacedFace:
    """Errors of one reference face: of the six points and the mesh, over the distance between the eyes."""

    face: ReferenceFace
    straight: tuple[float, float]
    off: tuple[float, float]  # mean over crops that are off
    steadied: tuple[float, float]  # the same after the reader has moved them


def placed_face(network: HeadNetwork, pyramid: Pyramid, face: ReferenceFace, seed: int) -> PlacedFace:
    """Reads a face from crops that are placed by its reference."""
    chance = np.random.default_rng(seed)
    crops = [off(face.placement, chance) for _ in range(TRIES)]
    away = [face.errors(network.look(pyramid, crop)) for crop in crops]
    looks = (settled(network, pyramid, crop) for crop in crops)
    still = [(1.0, 1.0) if look is None else face.errors(look) for look in looks]
    straight = face.errors(network.look(pyramid, face.placement))
    return PlacedFace(face, straight, _means(away), _means(still))


def _means(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    six, mesh = np.mean(pairs, axis=0).tolist()
    return six, mesh


def placed_report(rows: Sequence[PlacedFace]) -> str:
    """A table of all faces, and the medians of each kind."""
    names = ("straight", "off", "steadied")
    cells = [
        [row.face.picture, row.face.kind, *(f"{value:.3f}" for name in names for value in getattr(row, name))]
        for row in rows
    ]
    titles = [f"{name}, {points}" for name in names for points in ("six", "mesh")]
    lines = [table(["picture", "kind", *titles], cells), ""]
    for kind in KINDS:
        chosen = [row for row in rows if row.face.kind == kind]
        for name in names if chosen else ():
            six, mesh = np.array([getattr(row, name) for row in chosen]).T
            text = f"{kind}, {name}: {len(chosen)} faces, {_quantiles(six)} over six points"
            lines.append(text + ("" if np.isnan(mesh).any() else f", {_quantiles(mesh)} over the mesh"))
    return "\n".join(lines)


def _quantiles(values: np.ndarray) -> str:
    median, most = np.quantile(values, 0.5, method="lower"), np.quantile(values, 0.9, method="lower")
    return f"{median:.3f} in the median, {most:.3f} at nine tenths"


def measure_pictures(network: HeadNetwork, heat: Heat | None, folder: Path) -> str:
    """All that is measured on a folder of pictures, as text."""
    references = json.loads((folder / "reference.json").read_text())
    placed_rows: list[PlacedFace] = []
    found_rows: list[Compared] = []
    for path in sorted(path for path in folder.iterdir() if path.suffix in ENDINGS):
        rgba, wanted = read_picture(path), references.get(path.stem)
        pyramid = Pyramid(rgba)
        for face in reference_faces(path.stem, wanted or {"faces": []}, folder):
            placed_rows.append(placed_face(network, pyramid, face, len(placed_rows)))
        if heat is not None:
            looks = looks_at(network, pyramid, find_faces(rgba, heat))
            found_rows += compared(path.stem, [look.reading for look in looks], wanted)
    text = placed_report(placed_rows)
    return text if heat is None else f"{text}\n\n{report(found_rows)}"


def measure_heads(model: bytes, caches: Sequence[str]) -> str:
    """Errors on unseen heads of caches, as text."""
    network = OnnxModel(model, "The reader cannot be used.")

    def read(pictures: Tensor) -> Answers:
        found = [network.run(picture[None].numpy(), *OUTPUTS) for picture in pictures]
        each = [torch.from_numpy(np.stack(values)) for values in zip(*found, strict=True)]
        return Answers(*each)

    return "\n".join(head_errors(read, unseen_crops(caches)).lines())


def milliseconds(network: HeadNetwork, looks: int = 40) -> float:
    """Of one look, in the median."""
    pyramid = Pyramid(np.full((2 * SIDE, 2 * SIDE, 4), 255, np.uint8))
    times = []
    for _ in range(looks):
        start = time.perf_counter()
        network.look(pyramid, Placement(SIDE, SIDE, SIDE))
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times))


def main() -> None:
    parser = argparse.ArgumentParser(description="How well a reader of heads reads.")
    parser.add_argument("reader", type=Path, help="head_reader.onnx")
    parser.add_argument("--pictures", type=Path, help="a folder with reference.json")
    parser.add_argument("--finder", type=Path, help="finder.onnx, to find the faces too")
    parser.add_argument("--cache", nargs="*", default=[], help="folders of rendered heads")
    chosen = parser.parse_args()
    model = chosen.reader.read_bytes()
    network = HeadNetwork(model, "The reader cannot be used.")
    heat = None if chosen.finder is None else OnnxNetwork(chosen.finder, "heat")
    if chosen.pictures is not None:
        print(measure_pictures(network, heat, chosen.pictures), end="\n\n")
    if chosen.cache:
        print(measure_heads(model, chosen.cache))
    print(f"{milliseconds(network):5.1f} ms  one look")


if __name__ == "__main__":
    main()
