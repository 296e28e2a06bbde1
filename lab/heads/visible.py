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
from .head_camera import HeadCamera
from .raster import NOTHING, DepthBuffer, segments_of, share_at, weights_at

if TYPE_CHECKING:
    from .people import People
    from .strand_set import Strands
    from .worn_mesh import Piece

CASTING = (PARTS.index("hair"), PARTS.index("beard"))
CASTERS = 40_000  # points of a picture that throw shadows, at most; the rest is left out evenly
CLOSEST = 0.1  # decimetres before the camera
CLEAR = 0.98  # what is less opaque is drawn over the picture, as a lens is


@dataclass(frozen=True)
class AllStrands:
    """The strands of all pictures, one after another: P points, G segments."""

    points: Tensor  # [P, 3] world
    colour: Tensor  # [P, 3]
    width: Tensor  # [P] decimetres
    root: Tensor  # [P, 3] on the mean head
    start: Tensor  # [G] a segment's first point; the next one is its other end
    part: Tensor  # [G]
    casts: Tensor  # [C] points of hair and beard, which shade what is behind them
    area: Tensor  # [C] of the hair that such a point stands for, square decimetres
    shapes: tuple[tuple[int, int, int], ...]  # of each Strands: picture, strands, points of one
    counts: tuple[int, ...]  # points of each picture

    @classmethod
    def of(cls, strands: Sequence[Sequence[Strands]], device: torch.device) -> AllStrands:
        """The strands, grown on the CPU, on a device."""
        every = [(n, some) for n, many in enumerate(strands) for some in many if some.points.numel()]
        shapes = tuple((n, some.points.shape[0], some.points.shape[1]) for n, some in every)
        counts = tuple(sum(some.points.shape[:2].numel() for some in many) for many in strands)
        if not every:
            none, index = torch.zeros(0, 3, device=device), torch.zeros(0, dtype=torch.long, device=device)
            flat = none[:, 0]
            return cls(none, none, flat, none, index, index, index, flat, (), counts)
        casting = [0] * len(strands)  # points of each picture
        for (n, count, length), (_, some) in zip(shapes, every, strict=True):
            casting[n] += count * length if some.part in CASTING else 0
        part, casts, area, point = [], [], [], 0
        for (n, count, length), (_, some) in zip(shapes, every, strict=True):
            part.append(torch.full((count * (length - 1),), some.part))
            if some.part in CASTING:
                step = casting[n] // CASTERS + 1
                long = (some.points[::step, 1:] - some.points[::step, :-1]).norm(dim=2)
                area.append((F.pad(long, (0, 1)) * some.width[::step] * step).reshape(-1))
                number = torch.arange(point, point + count * length).view(count, length)
                casts.append(number[::step].reshape(-1))
            point += count * length
        root = [some.root[:, None].expand_as(some.points).reshape(-1, 3) for _, some in every]
        width = torch.cat([some.width.reshape(-1) for _, some in every])
        return cls(
            torch.cat([some.points.reshape(-1, 3) for _, some in every]).to(device),
            torch.cat([some.colour.reshape(-1, 3) for _, some in every]).to(device),
            width.to(device),
            torch.cat(root).to(device),
            segments_of(shapes, device)[2],
            torch.cat(part).to(device),
            (torch.cat(casts) if casts else torch.zeros(0, dtype=torch.long)).to(device),
            (torch.cat(area) if area else width[:0]).to(device),
            shapes,
            counts,
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
    triangles: Tensor  # [G, 3]
    part: Tensor  # [G]
    clear: Tensor  # [G] bool: a lens
    picture: Tensor  # [G]
    counts: tuple[int, ...]  # vertices of each picture

    @classmethod
    def of(cls, pieces: Sequence[Sequence[Piece]], device: torch.device) -> AllPieces:
        every = [(n, piece) for n, many in enumerate(pieces) for piece in many if len(piece.triangles)]
        vertices = tuple(sum(len(piece.places) for piece in many if len(piece.triangles)) for many in pieces)
        if not every:
            none, index = torch.zeros(0, 3, device=device), torch.zeros(0, dtype=torch.long, device=device)
            flat, faces = none[:, 0], index.view(0, 3)
            return cls(none, none, none, flat, flat, flat, faces, index, index.bool(), index, vertices)
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
            triangles,
            each([piece.part for _, piece in every]).long(),
            opacity[triangles].amin(1) < CLEAR,
            each([n for n, _ in every]).long(),
            vertices,
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


def draw(people: People, strands: AllStrands, pieces: AllPieces, side: int) -> Visible:
    """Draws everything at side x side samples."""
    places, camera = people.places, people.camera
    buffer = DepthBuffer.empty(len(places), side, places.device)
    lenses = DepthBuffer.empty(len(places), side, places.device)
    faces = len(people.mesh.triangles)
    screen, nearness = _projected(camera, places, side)
    buffer.triangles(screen, nearness, people.mesh.triangles, 0)

    piece_picture = _repeated(pieces.counts, places.device)
    piece_screen, piece_nearness = _each_projected(camera, pieces.places, piece_picture, side)
    for shown, target in ((~pieces.clear, buffer), (pieces.clear, lenses)):
        chosen = shown.nonzero()[:, 0]
        triangles, picture = pieces.triangles[chosen], pieces.picture[chosen]
        target.triangles_of(picture, piece_screen, piece_nearness, triangles, faces + chosen)

    strand_picture = _repeated(strands.counts, places.device)
    strand_screen, strand_nearness = _each_projected(camera, strands.points, strand_picture, side)
    width = strands.width * strand_nearness * (camera.scale * side)[strand_picture]
    segment = faces + len(pieces.triangles)
    buffer.strands_of(strands.shapes, strand_screen, strand_nearness, width, segment)

    lenses.surface[lenses.nearness <= buffer.nearness] = NOTHING
    return Visible(
        people,
        strands,
        pieces,
        screen,
        nearness,
        strand_screen,
        strand_nearness,
        strand_picture,
        piece_screen,
        piece_nearness,
        piece_picture,
        buffer,
        lenses,
    )


def _repeated(counts: Sequence[int], device: torch.device) -> Tensor:
    """The number of each picture as often as `counts` says, [P]."""
    times = torch.tensor(counts, dtype=torch.long, device=device)
    return torch.arange(len(counts), device=device).repeat_interleave(times, output_size=sum(counts))


def _projected(camera: HeadCamera, points: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """World points [N, P, 3] -> [N, P, 2] in samples, nearness [N, P], 0 behind the camera."""
    xy, depth = camera.project(points)
    return xy * side, torch.where(depth > CLOSEST, 1.0 / depth.clamp(min=CLOSEST), 0.0)


def _each_projected(camera: HeadCamera, points: Tensor, picture: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """World points [P, 3] of pictures [P] -> [P, 2] in samples, nearness [P]."""
    if len(camera.place) == 1:
        screen, near = _projected(camera, points[None], side)
        return screen[0], near[0]
    own = HeadCamera(camera.place[picture], camera.scale[picture], camera.shift[picture])
    screen, near = _projected(own, points[:, None], side)
    return screen[:, 0], near[:, 0]


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
