"""What the samples of a picture see: the head's mesh, worn pieces, strands.

Everything is drawn into one z-buffer. What is nearest is then looked up for all samples of all pictures at
once, as flat lists of K samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from ...models.head_reader import PARTS
from .raster import DepthBuffer, share_at, weights_at

if TYPE_CHECKING:
    from .people import People
    from .strand_set import Strands
    from .worn_mesh import Piece

CASTING = (PARTS.index("hair"), PARTS.index("beard"))
CLEAR = 0.98  # what is less opaque is drawn over the picture, as a lens is


@dataclass(frozen=True)
class AllStrands:
    """The strands of all pictures, one after another: P points, G segments."""

    points: Tensor  # [P, 3] world
    rest: Tensor  # [P, 3]
    colour: Tensor  # [P, 3]
    width: Tensor  # [P] decimetres
    root: Tensor  # [P, 3] on the mean head
    along: Tensor  # [P] 0 at the root, 1 at the tip
    start: Tensor  # [G] a segment's first point; the next one is its other end
    part: Tensor  # [G]
    area: Tensor  # [P] of the hair that a point stands for, square decimetres
    casts: Tensor  # the points of hair and beard, which shade what is behind them
    shapes: tuple[tuple[int, int, int], ...]  # of each Strands: picture, strands, points of one

    @classmethod
    def of(cls, strands: Sequence[Sequence[Strands]], device: torch.device) -> AllStrands:
        every = [(n, some) for n, many in enumerate(strands) for some in many if some.points.numel()]
        shapes = tuple((n, some.points.shape[0], some.points.shape[1]) for n, some in every)
        if not every:
            none, index = torch.zeros(0, 3, device=device), torch.zeros(0, dtype=torch.long, device=device)
            return cls(none, none, none, none[:, 0], none, none[:, 0], index, index, none[:, 0], index, ())
        start, along, casts, area, point = [], [], [], [], 0
        for (_, count, length), (_, some) in zip(shapes, every, strict=True):
            number = torch.arange(point, point + count * length, device=device)
            start.append(number.view(count, length)[:, :-1].reshape(-1))
            along.append(torch.linspace(0, 1, length, device=device).repeat(count))
            if some.part in CASTING:
                casts.append(number)
            long = (some.points[:, 1:] - some.points[:, :-1]).norm(dim=2)
            area.append((F.pad(long, (0, 1)) * some.width).reshape(-1))
            point += count * length
        part = [
            torch.full((count * (length - 1),), some.part, device=device)
            for (_, count, length), (_, some) in zip(shapes, every, strict=True)
        ]
        root = [some.root[:, None].expand_as(some.points).reshape(-1, 3) for _, some in every]
        return cls(
            torch.cat([some.points.reshape(-1, 3) for _, some in every]),
            torch.cat([some.rest.reshape(-1, 3) for _, some in every]),
            torch.cat([some.colour.reshape(-1, 3) for _, some in every]),
            torch.cat([some.width.reshape(-1) for _, some in every]),
            torch.cat(root),
            torch.cat(along),
            torch.cat(start),
            torch.cat(part),
            torch.cat(area),
            torch.cat(casts) if casts else start[0][:0],
            shapes,
        )


@dataclass(frozen=True)
class AllPieces:
    """The worn meshes of all pictures, one after another: P vertices, G triangles."""

    places: Tensor  # [P, 3] world
    normals: Tensor  # [P, 3]
    colour: Tensor  # [P, 3]
    roughness: Tensor  # [P]
    metal: Tensor  # [P]
    opacity: Tensor  # [P]
    rest: Tensor  # [P, 3]
    triangles: Tensor  # [G, 3]
    part: Tensor  # [G]
    clear: Tensor  # [G] bool: a lens
    picture: Tensor  # [G]

    @classmethod
    def of(cls, pieces: Sequence[Sequence[Piece]], device: torch.device) -> AllPieces:
        every = [(n, piece) for n, many in enumerate(pieces) for piece in many if len(piece.triangles)]
        if not every:
            none, index = torch.zeros(0, 3, device=device), torch.zeros(0, dtype=torch.long, device=device)
            flat = none[:, 0]
            return cls(none, none, none, flat, flat, flat, none, index.view(0, 3), index, index.bool(), index)
        firsts = torch.tensor([0, *(len(piece.places) for _, piece in every)]).cumsum(0).tolist()
        faces = [piece.triangles + first for first, (_, piece) in zip(firsts, every, strict=False)]
        counts = torch.tensor([len(piece.triangles) for _, piece in every], device=device)
        opacity = torch.cat([piece.opacity for _, piece in every])
        triangles = torch.cat(faces)
        places = torch.cat([piece.places for _, piece in every])

        def each(values: list[float]) -> Tensor:
            return torch.tensor(values, device=device).repeat_interleave(counts)

        return cls(
            places,
            mesh_normals(places, triangles),
            torch.cat([piece.colour for _, piece in every]),
            torch.cat([piece.roughness for _, piece in every]),
            torch.cat([torch.full_like(piece.opacity, piece.metal) for _, piece in every]),
            opacity,
            torch.cat([piece.rest for _, piece in every]),
            triangles,
            each([piece.part for _, piece in every]).long(),
            opacity[triangles].amin(1) < CLEAR,
            each([n for n, _ in every]).long(),
        )


def mesh_normals(places: Tensor, triangles: Tensor) -> Tensor:
    """Unit normals [P, 3] of vertices [P, 3], weighted by the triangles' areas."""
    a, b, c = places[triangles].unbind(1)
    facing = torch.linalg.cross(b - a, c - a)
    total = torch.zeros_like(places)
    for corner in range(3):
        total.index_add_(0, triangles[:, corner], facing)
    return F.normalize(total, dim=1, eps=1e-12)


@dataclass(frozen=True)
class Visible:
    """The z-buffer of N pictures, and what was drawn into it."""

    people: People
    strands: AllStrands
    pieces: AllPieces
    places: Tensor  # [N, V, 3] the mesh as it is drawn, with clothes
    normals: Tensor  # [N, V, 3]
    screen: Tensor  # [N, V, 2] in samples
    nearness: Tensor  # [N, V]
    strand_screen: Tensor  # [P, 2]
    strand_nearness: Tensor  # [P]
    strand_picture: Tensor  # [P]
    piece_screen: Tensor  # [P, 2]
    piece_nearness: Tensor  # [P]
    piece_picture: Tensor  # [P]
    buffer: DepthBuffer
    lenses: DepthBuffer  # only what is clear and before everything else

    @property
    def side(self) -> int:
        return self.buffer.side

    def picture_of(self, where: Tensor) -> Tensor:
        return where // self.side**2

    def point_of(self, where: Tensor) -> Tensor:
        """The middle of samples [K], in samples [K, 2]."""
        flat = where % self.side**2
        return torch.stack([flat % self.side, flat // self.side], 1).float() + 0.5


def draw(people: People, places: Tensor, strands: AllStrands, pieces: AllPieces, side: int) -> Visible:
    """Draws everything at side x side samples. places: [N, V, 3] the mesh, with clothes."""
    device = places.device
    screen, nearness = _projected(people, places, side)
    buffer = DepthBuffer.empty(len(places), side, device)
    lenses = DepthBuffer.empty(len(places), side, device)
    faces = len(people.mesh.triangles)
    buffer.triangles(screen, nearness, people.mesh.triangles, 0)

    of_piece = torch.zeros(len(pieces.places), dtype=torch.long, device=device)
    of_piece[pieces.triangles] = pieces.picture[:, None].expand(-1, 3)
    piece_screen, piece_nearness = _each_projected(people, pieces.places, of_piece, side)
    for chosen, target in ((~pieces.clear, buffer), (pieces.clear, lenses)):
        for first, last, picture in _runs(chosen, pieces.picture):
            triangles = pieces.triangles[first:last]
            target.triangles_of(picture, piece_screen, piece_nearness, triangles, faces + first)

    of_point = torch.tensor([n for n, _, _ in strands.shapes], device=device)
    counts = torch.tensor([count * length for _, count, length in strands.shapes], device=device)
    of_point = of_point.long().repeat_interleave(counts.long())
    strand_screen, strand_nearness = _each_projected(people, strands.points, of_point, side)
    width = strands.width * strand_nearness * (people.camera.scale[of_point] * side)
    point, segment = 0, faces + len(pieces.triangles)
    for picture, count, length in strands.shapes:
        some = slice(point, point + count * length)
        ends, near = strand_screen[some].view(count, length, 2), strand_nearness[some].view(count, length)
        buffer.strands_of(picture, ends, near, width[some].view(count, length), segment)
        point, segment = point + count * length, segment + count * (length - 1)

    hidden = lenses.nearness <= buffer.nearness
    lenses.surface[hidden] = -1
    normals = people.normals if places is people.places else people.mesh.normals(places)
    return Visible(
        people,
        strands,
        pieces,
        places,
        normals,
        screen,
        nearness,
        strand_screen,
        strand_nearness,
        of_point,
        piece_screen,
        piece_nearness,
        of_piece,
        buffer,
        lenses,
    )


def _projected(people: People, points: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """World points [N, P, 3] -> [N, P, 2] in samples, nearness [N, P]."""
    xy, depth = people.camera.project(points)
    return xy * side, torch.where(depth > 0.1, 1.0 / depth.clamp(min=0.1), 0.0)


def _each_projected(people: People, points: Tensor, picture: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """World points [P, 3] of pictures [P] -> [P, 2] in samples, nearness [P]."""
    camera = type(people.camera)(
        people.camera.place[picture], people.camera.scale[picture], people.camera.shift[picture]
    )
    xy, depth = camera.project(points[:, None])
    return xy[:, 0] * side, torch.where(depth[:, 0] > 0.1, 1.0 / depth[:, 0].clamp(min=0.1), 0.0)


def _runs(chosen: Tensor, picture: Tensor) -> list[tuple[int, int, int]]:
    """First, last (not included) and picture of each run of chosen triangles of one picture."""
    if not len(chosen):
        return []
    number = torch.where(chosen, picture, -1)
    values, counts = torch.unique_consecutive(number, return_counts=True)
    ends = counts.cumsum(0)
    rows = zip((ends - counts).tolist(), ends.tolist(), values.tolist(), strict=True)
    return [(first, last, value) for first, last, value in rows if value >= 0]


@dataclass(frozen=True)
class MeshHits:
    """K samples that see the mesh."""

    where: Tensor  # [K] of all N * S * S samples
    picture: Tensor  # [K]
    triangle: Tensor  # [K]
    corners: Tensor  # [K, 3] vertices
    weights: Tensor  # [K, 3]

    def pick(self, chosen: Tensor) -> MeshHits:
        """Some of them; chosen: [K] bool or indices."""
        return MeshHits(
            self.where[chosen],
            self.picture[chosen],
            self.triangle[chosen],
            self.corners[chosen],
            self.weights[chosen],
        )

    def shared(self, values: Tensor) -> Tensor:
        """Values [V, C] that all heads share, at the samples [K, C]."""
        return F.embedding_bag(self.corners, values, per_sample_weights=self.weights, mode="sum")

    def own(self, values: Tensor) -> Tensor:
        """Values [N, V, C] of each head, at the samples [K, C]."""
        flat = self.corners + (self.picture * values.shape[1])[:, None]
        table = values.reshape(-1, values.shape[2])
        return F.embedding_bag(flat, table, per_sample_weights=self.weights, mode="sum")


@dataclass(frozen=True)
class PieceHits:
    """K samples that see worn pieces, or the lenses before everything."""

    where: Tensor  # [K]
    picture: Tensor  # [K]
    triangle: Tensor  # [K] of AllPieces
    corners: Tensor  # [K, 3] vertices of AllPieces
    weights: Tensor  # [K, 3]

    def of(self, values: Tensor) -> Tensor:
        """Values [P, C] of AllPieces at the samples, [K, C]."""
        return F.embedding_bag(self.corners, values, per_sample_weights=self.weights, mode="sum")


@dataclass(frozen=True)
class StrandHits:
    """K samples that see strands."""

    where: Tensor  # [K]
    picture: Tensor  # [K]
    segment: Tensor  # [K] of AllStrands
    start: Tensor  # [K] points of AllStrands
    share: Tensor  # [K] how far towards the next point

    def of(self, values: Tensor) -> Tensor:
        """Values [P, C] of AllStrands at the samples, [K, C]."""
        return torch.lerp(values[self.start], values[self.start + 1], self.share[:, None])


def mesh_hits(visible: Visible) -> MeshHits:
    surface = visible.buffer.surface.reshape(-1)
    faces = len(visible.people.mesh.triangles)
    where = ((surface >= 0) & (surface < faces)).nonzero()[:, 0]
    triangle = surface[where].long()
    corners = visible.people.mesh.triangles[triangle]
    picture = visible.picture_of(where)
    flat = corners + (picture * visible.screen.shape[1])[:, None]
    screen, near = visible.screen.reshape(-1, 2)[flat], visible.nearness.reshape(-1)[flat]
    weights = weights_at(screen, near, visible.point_of(where))
    return MeshHits(where, picture, triangle, corners, weights)


def piece_hits(visible: Visible, lenses: bool = False) -> PieceHits:
    surface = (visible.lenses if lenses else visible.buffer).surface.reshape(-1)
    first = len(visible.people.mesh.triangles)
    where = ((surface >= first) & (surface < first + len(visible.pieces.triangles))).nonzero()[:, 0]
    triangle = surface[where].long() - first
    corners = visible.pieces.triangles[triangle]
    screen, near = visible.piece_screen[corners], visible.piece_nearness[corners]
    weights = weights_at(screen, near, visible.point_of(where))
    return PieceHits(where, visible.picture_of(where), triangle, corners, weights)


def strand_hits(visible: Visible) -> StrandHits:
    surface = visible.buffer.surface.reshape(-1)
    first = len(visible.people.mesh.triangles) + len(visible.pieces.triangles)
    where = (surface >= first).nonzero()[:, 0]
    segment = surface[where].long() - first
    start = visible.strands.start[segment]
    ends = torch.stack([visible.strand_screen[start], visible.strand_screen[start + 1]], 1)  # [K, 2, 2]
    near = torch.stack([visible.strand_nearness[start], visible.strand_nearness[start + 1]], 1)
    share = share_at(ends, near, visible.point_of(where))
    return StrandHits(where, visible.picture_of(where), segment, start, share)
