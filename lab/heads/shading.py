"""Deferred shading: what light each sample sends to the camera.

Everything has been drawn into a z-buffer. Each kind of matter is lit at once, for all samples that see it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..smooth_step import smooth
from .close_by import caves, lid_openness
from .environments import Lighting
from .eyeballs import eye_surface
from .head_mesh import BODY, LEFT_EYE, RIGHT_EYE, HeadMesh, face_map
from .labels import MASKS, PART, skin_parts
from .lamps import Lamps, Places, dither, lamps_of, places_of
from .lights import matt, turned_back
from .mouth_inside import mouth_matter
from .occlusion import transfer
from .reflection import reflected, skin_reflected, strand_reflected
from .sample_sheet import CLEAR, LIGHT, SampleSheet, shares
from .skin import OWN, SHARED, Matter, personal_zones, skin_matter
from .skin_zones import skin_zones
from .visible import MeshHits, Visible, mesh_hits, piece_hits, strand_hits

FINELY = ("lips", "inside", "rim", "nostrils")  # zones whose edges every sample sees for itself
SEEN = 0.5  # a lens more opaque than this is a part of its own


@dataclass(frozen=True)
class _Head:
    """The mesh of N heads with what is interpolated over it."""

    visible: Visible
    lamps: Lamps
    common: Tensor  # [V, 3 + 1 + SHARED + MASKS]: mean head, openness, zones, masks
    own: Tensor  # [N, V, 3 + 3 + 3 + OWN + 1]: place, normal, light from all sides, zones, hair's roots
    hair_colour: Tensor  # [N, 3]
    sample: Tensor  # [N] decimetres


def shaded(
    visible: Visible, lighting: Lighting, sample: Tensor, each: int, scalp: tuple[Tensor, Tensor]
) -> SampleSheet:
    """Lights all samples.

    sample: [N] a sample's size at the face, decimetres; each: samples along a pixel's side; scalp: how much
    is seen through hair's roots [N, V], and hair's colour [N, 3].
    """
    sheet = SampleSheet.empty(visible.buffer.surface)
    lamps = lamps_of(visible, lighting)
    head = _head(visible, lamps, sample, scalp)
    hits = mesh_hits(visible)
    group = visible.people.mesh.group[hits.triangle]
    _skin(head, sheet, hits.pick(group == BODY), each)
    _eyes(head, sheet, hits.pick((group == LEFT_EYE) | (group == RIGHT_EYE)))
    _mouth(head, sheet, hits.pick(group > RIGHT_EYE))
    _pieces(visible, lamps, sheet, each)
    _strands(visible, lamps, sheet, sample)
    _lenses(visible, lamps, sheet)
    return sheet


def _head(visible: Visible, lamps: Lamps, sample: Tensor, scalp: tuple[Tensor, Tensor]) -> _Head:
    people = visible.people
    mesh, device = people.mesh, visible.people.places.device
    carried, zones = transfer(device), skin_zones(device)
    around = torch.einsum("vc,ncr->nvr", carried, turned_back(lamps.ambient, people.turned)).clamp(min=0.0)
    open_ = (carried[:, :1] / 0.282095).clamp(0.0, 1.0)
    zoned = torch.stack([zones[name] for name in SHARED], 1)
    masks = torch.stack([mesh.masks[name] for name in MASKS], 1)
    common = torch.cat([mesh.mean, open_, zoned, masks], 1)
    own = torch.cat(
        [visible.people.places, visible.people.normals, around, personal_zones(people), scalp[0][..., None]],
        2,
    )
    return _Head(visible, lamps, common, own, scalp[1], sample)


def _skin(head: _Head, sheet: SampleSheet, hits: MeshHits, each: int) -> None:
    """A pixel that sees plain skin only is lit once, in its middle."""
    if not len(hits.where):
        return
    shared = shares(sheet.shape, hits.where, _coarse(head)[hits.triangle].long(), each)
    alone = hits.pick(shared.alone)
    _lit_skin(head, sheet, alone, alone.where[:, None])
    _lit_skin(head, sheet, hits.pick(shared.first), shared.whole, hits.pick(shared.last))


def _coarse(head: _Head) -> Tensor:
    """[T] triangles of skin that has no fine edges."""
    mesh: HeadMesh = head.visible.people.mesh
    zones = skin_zones(mesh.mean.device)
    fine = torch.stack([zones[name] for name in FINELY]).amax(0) > 0.04
    return ~fine[mesh.triangles].any(1) & (mesh.group == BODY)


def _lit_skin(
    head: _Head, sheet: SampleSheet, hits: MeshHits, where: Tensor, others: MeshHits | None = None
) -> None:
    """Lights skin at K places: hits, or halfway between hits and others. where: [K, E] their samples."""
    if not len(where):
        return
    common, own = hits.shared(head.common), hits.own(head.own)
    if others is not None:
        common = 0.5 * (common + others.shared(head.common))
        own = 0.5 * (own + others.own(head.own))
    mean, open_, zones, masks = common.split([3, 1, len(SHARED), len(MASKS)], 1)
    place, normal, around, mine, roots = own.split([3, 3, 3, len(OWN), 1], 1)
    normal = F.normalize(normal, dim=1)
    visible = head.visible
    at = places_of(visible, hits.where, hits.picture, place, normal)
    matter = skin_matter(visible.people, hits.picture, mean, normal, zones, mine, head.sample)
    albedo = torch.lerp(matter.albedo, 0.6 * head.hair_colour[hits.picture], roots)
    matter = Matter(albedo, matter.normal, matter.roughness, matter.specular)
    cave = caves(visible, hits.where, masks[:, 1])
    falls, gleams = skin_reflected(head.lamps, at, matter, around * cave[:, None], open_[:, 0] * cave)
    sheet.fill(
        where,
        skin_parts(masks, torch.zeros_like(hits.picture)),
        light=albedo * falls + gleams,
        soft_light=falls,
        soft_albedo=albedo,
        soft=torch.ones_like(open_),
        face_map=face_map(mean),
        normal=normal,
    )


def _eyes(head: _Head, sheet: SampleSheet, hits: MeshHits) -> None:
    if not len(hits.where):
        return
    visible, people = head.visible, head.visible.people
    place = hits.own(head.own[..., :3].contiguous())
    group = people.mesh.group[hits.triangle]
    view = F.normalize(people.camera.place[hits.picture] - place, dim=1)
    eye = eye_surface(people, hits.picture, group, place, view)
    at = places_of(visible, hits.where, hits.picture, place, eye.ball)
    lids = lid_openness(visible, hits.where, hits.picture)
    around = matt(head.lamps.ambient, eye.ball, hits.picture) * (0.25 + 0.65 * lids[:, None])
    one = torch.ones_like(lids)
    matter = Matter(eye.albedo, eye.normal, 0.08 * one, 1.0 + 1.3 * eye.iris)
    wrap = (0.12, 0.10, 0.10)
    falls, gleams = skin_reflected(head.lamps, at, matter, around, 0.75 * lids, wrap, (eye.iris, eye.glow))
    sheet.fill(
        hits.where,
        torch.where(eye.iris > 0.5, PART["iris"], PART["eye_white"]),
        light=eye.albedo * falls * (0.35 + 0.65 * lids)[:, None] + gleams,
        face_map=face_map(hits.shared(people.mesh.mean)),
        normal=eye.normal,
    )


def _mouth(head: _Head, sheet: SampleSheet, hits: MeshHits) -> None:
    if not len(hits.where):
        return
    visible, people = head.visible, head.visible.people
    mean = hits.shared(people.mesh.mean)
    place, normal = hits.own(head.own[..., :6].contiguous()).split(3, 1)
    normal = F.normalize(normal, dim=1)
    group = people.mesh.group[hits.triangle]
    at = places_of(visible, hits.where, hits.picture, place, normal)
    matter = mouth_matter(people, hits.picture, group, mean, normal)
    cave = caves(visible, hits.where, torch.ones_like(mean[:, 0]))
    front = smooth(1.10, 1.38, mean[:, 2])
    deep = (0.10 + 0.90 * front) * (0.3 * front + (1.0 - 0.3 * front) * cave)
    around = matt(head.lamps.ambient, normal, hits.picture) * deep[:, None]
    falls, gleams = skin_reflected(
        head.lamps, at, matter, around, 0.6 * deep, (0.25, 0.2, 0.18), least=0.38 * front
    )
    sheet.fill(
        hits.where,
        skin_parts(torch.zeros(len(mean), len(MASKS), device=mean.device), group),
        light=(matter.albedo * falls + gleams) * (0.2 + 0.8 * deep)[:, None],
        face_map=face_map(mean),
        normal=normal,
    )


def _pieces(visible: Visible, lamps: Lamps, sheet: SampleSheet, each: int) -> None:
    """A pixel that sees nothing but cloth is lit once, in its middle."""
    hits = piece_hits(visible)
    if not len(hits.where):
        return
    pieces = visible.pieces
    part = pieces.part[hits.triangle]
    cloth = (part == PART["cloth"]) | (part == PART["hat"])
    shared = shares(sheet.shape, hits.where, part * cloth, each)
    rows = [pieces.places, pieces.normals, pieces.colour, pieces.roughness[:, None], pieces.metal[:, None]]
    values = hits.of(torch.cat(rows, 1))  # [K, 11]
    for chosen, where, row in (
        (shared.alone, hits.where[shared.alone, None], values[shared.alone]),
        (shared.first, shared.whole, 0.5 * (values[shared.first] + values[shared.last])),
    ):
        place, normal, colour, rough, metal = row.split([3, 3, 3, 1, 1], 1)
        at = _both_sides(visible, hits.where[chosen], hits.picture[chosen], place, normal)
        light = reflected(lamps, at, colour, rough[:, 0], metal)
        sheet.fill(where, part[chosen], light=light, normal=at.normal)


def _both_sides(visible: Visible, where: Tensor, picture: Tensor, place: Tensor, normal: Tensor) -> Places:
    at = places_of(visible, where, picture, place, F.normalize(normal, dim=1))
    away = (at.normal * at.view).sum(1, keepdim=True) < 0
    return Places(picture, place, torch.where(away, -at.normal, at.normal), at.view, at.turn)


def _strands(visible: Visible, lamps: Lamps, sheet: SampleSheet, sample: Tensor) -> None:
    hits = strand_hits(visible)
    if not len(hits.where):
        return
    strands = visible.strands
    place, colour, root = hits.of(torch.cat([strands.points, strands.colour, strands.root], 1)).split(3, 1)
    along = F.normalize(strands.points[hits.start + 1] - strands.points[hits.start], dim=1)
    view = F.normalize(visible.people.camera.place[hits.picture] - place, dim=1)
    facing = F.normalize(view - (along * view).sum(1, keepdim=True) * along, dim=1)
    at = Places(hits.picture, place, facing, view, dither(visible, hits.where))
    outward = F.normalize(place - visible.people.pivot[hits.picture], dim=1)
    light = strand_reflected(lamps, at, along, outward, colour, sample[hits.picture])
    sheet.fill(hits.where, strands.part[hits.segment], light=light, face_map=face_map(root), normal=facing)


def _lenses(visible: Visible, lamps: Lamps, sheet: SampleSheet) -> None:
    """What is clear stands before what was lit, and lets some of it through."""
    hits = piece_hits(visible, lenses=True)
    if not len(hits.where):
        return
    pieces = visible.pieces
    glass = [pieces.places, pieces.normals, pieces.colour, pieces.opacity[:, None]]
    place, normal, colour, opacity = hits.of(torch.cat(glass, 1)).split([3, 3, 3, 1], 1)
    at = _both_sides(visible, hits.where, hits.picture, place, normal)
    rough = torch.full_like(place[:, 0], 0.12)
    own = reflected(lamps, at, colour * opacity, rough, torch.zeros_like(opacity))
    through = sheet.values[hits.where, : CLEAR.stop] * (1.0 - opacity)
    through[:, LIGHT] += own
    sheet.values[hits.where, : CLEAR.stop] = through
    dark = opacity[:, 0] > SEEN
    sheet.part[hits.where[dark]] = pieces.part[hits.triangle[dark]].to(torch.uint8)
