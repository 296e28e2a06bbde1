"""Deferred shading: what light each sample sends to the camera.

First everything is drawn into a z-buffer, then each kind of matter is lit at once, for all samples that see it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .environments import Lighting
from .eyeballs import eye_surface
from .hair_shade import HairShade, hair_shade
from .head_mesh import BODY, LEFT_EYE, RIGHT_EYE, face_map
from .labels import MASKS, PART, Labels, skin_parts
from .lights import GOLDEN, ShadowMap, matt, seen_towards, turned_back
from .mouth_inside import mouth_matter
from .occlusion import transfer
from .scene_canvas import smooth
from .skin import OWN, SHARED, Matter, personal_zones, skin_matter
from .skin_zones import skin_zones
from .strand_light import strand_gleam, strand_scatter
from .visible import MeshHits, Visible, mesh_hits, piece_hits, strand_hits

WIDEST = 0.55  # a lamp's half width over its distance, at softness 1
SKY = (0.0, 0.86, 0.51)  # from where most of the light from all sides comes
REFLECTS = 0.040  # what a dielectric reflects straight
SKIN_REFLECTS = 0.028
HAIR_PARTS = (PART["hair"], PART["beard"])
TONES = (0.90, 0.97, 1.0)  # hair's shadow lets some red through


@dataclass(frozen=True)
class Lamps:
    """The lamps of N pictures, and what stands in their way."""

    lighting: Lighting
    shadows: list[ShadowMap]
    hair: list[HairShade]  # of each lamp; empty where there is no hair
    sky: HairShade | None
    camera: HairShade | None

    def lit(self, lamp: int, hits: Places) -> Tensor:
        """[K] the share of a lamp that places see past head and worn things."""
        picture = hits.picture
        spread = (0.01 + WIDEST * self.lighting.softness[:, lamp])[picture]
        facing = (hits.normal * self.lighting.direction[picture, lamp]).sum(1)
        return self.shadows[lamp].lit(picture, hits.place, facing, spread, hits.turn)


@dataclass(frozen=True)
class Places:
    """K points to be lit."""

    picture: Tensor  # [K]
    place: Tensor  # [K, 3]
    normal: Tensor  # [K, 3] of the surface, without grain
    view: Tensor  # [K, 3] unit, to the camera
    turn: Tensor  # [K] radians


@dataclass(frozen=True)
class Shaded:
    """Samples S x S of N pictures."""

    light: Tensor  # [N, 3, S, S] linear; black where nothing is
    soft_light: Tensor  # [N, 3, S, S] what falls on skin, 0 elsewhere
    soft_albedo: Tensor  # [N, 3, S, S] of skin
    soft: Tensor  # [N, 1, S, S] 1 on skin
    clear: Tensor  # [N, 3, S, S] how much of the backdrop is seen
    labels: Labels


class Samples:
    """Flat lists of all N * S * S samples, filled kind by kind."""

    def __init__(self, visible: Visible):
        count, side = len(visible.places), visible.side
        device = visible.places.device
        self.shape = (count, side, side)
        total = count * side * side
        self.values = torch.zeros(
            total, 16, device=device
        )  # light, soft light, soft albedo, soft, map, normal
        self.part = torch.zeros(total, dtype=torch.uint8, device=device)

    def image(self, values: Tensor) -> Tensor:
        return values.view(*self.shape, -1).permute(0, 3, 1, 2)


def shaded(visible: Visible, lighting: Lighting, pixel: Tensor, scalp: tuple[Tensor, Tensor]) -> Shaded:
    """Lights all samples. pixel: [N] a sample's size at the face, decimetres; scalp: of hair roots, [N, V], [N, 3]."""
    samples = Samples(visible)
    lamps = lamps_of(visible, lighting)
    _mesh(visible, lamps, samples, pixel, scalp)
    _pieces(visible, lamps, samples)
    _strands(visible, lamps, samples, pixel)
    bare = (visible.buffer.surface.reshape(-1) < 0).float()
    clear = bare[:, None].expand(-1, 3).contiguous()
    _lenses(visible, lamps, samples, clear)
    light, soft_light, soft_albedo, soft, mapped, normal = samples.values.split([3, 3, 3, 1, 3, 3], 1)
    nearness = visible.buffer.nearness
    depth = torch.where(nearness > 0, 1.0 / nearness.clamp(min=1e-3), 0.0)
    image = samples.image
    labels = Labels(samples.part.view(samples.shape), image(mapped), depth, image(normal))
    return Shaded(image(light), image(soft_light), image(soft_albedo), image(soft), image(clear), labels)


def lamps_of(visible: Visible, lighting: Lighting) -> Lamps:
    people, strands, pieces = visible.people, visible.strands, visible.pieces
    shadows = []
    for lamp in range(lighting.direction.shape[1]):
        shadow = ShadowMap.empty(lighting.direction[:, lamp])
        for n in range(len(visible.places)):
            texel, near = shadow.seen_from(n, visible.places[n])
            shadow.buffer.triangles_of(n, texel, near, people.mesh.triangles, 0, both_sides=False)
        if len(pieces.triangles):
            texel, near = shadow.seen_from(visible.piece_picture, pieces.places)
            opaque = pieces.opacity[pieces.triangles].amin(1) > 0.5
            for n in pieces.picture.unique().tolist():
                chosen = pieces.triangles[opaque & (pieces.picture == n)]
                shadow.buffer.triangles_of(n, texel, near, chosen, 0)
        shadows.append(shadow)
    chosen = strands.casts
    if not len(chosen):
        return Lamps(lighting, shadows, [], None, None)
    places, area, picture = strands.points[chosen], strands.area[chosen], visible.strand_picture[chosen]
    sky = lighting.direction.new_tensor(SKY).expand(len(visible.places), 3)
    middle = people.eyes.mean(1)
    camera = F.normalize(people.camera.place - middle, dim=1)
    ways = [*lighting.direction.unbind(1), sky, camera]
    shades = [hair_shade(way, picture, places, area) for way in ways]
    return Lamps(lighting, shadows, shades[:-2], shades[-2], shades[-1])


def _places(visible: Visible, where: Tensor, picture: Tensor, place: Tensor, normal: Tensor) -> Places:
    view = F.normalize(visible.people.camera.place[picture] - place, dim=1)
    return Places(picture, place, normal, view, (where * GOLDEN) % 6.2832)


def _mesh(
    visible: Visible, lamps: Lamps, samples: Samples, pixel: Tensor, scalp: tuple[Tensor, Tensor]
) -> None:
    people, lighting = visible.people, lamps.lighting
    mesh, device = people.mesh, visible.places.device
    hits = mesh_hits(visible)
    group = mesh.group[hits.triangle]
    ambient = turned_back(lighting.ambient, people.turned)
    carried = transfer(device)  # [V, 9]
    around = torch.einsum("vc,ncr->nvr", carried, ambient).clamp(min=0.0)  # [N, V, 3]
    zones = skin_zones(device)
    common = torch.cat(
        [
            mesh.mean,
            (carried[:, :1] / 0.282095).clamp(0.0, 1.0),
            torch.stack([zones[name] for name in SHARED], 1),
            torch.stack([mesh.masks[name] for name in MASKS], 1),
        ],
        1,
    )
    own = torch.cat([visible.places, visible.normals, around, personal_zones(people), scalp[0][..., None]], 2)
    skin = (group == BODY).nonzero()[:, 0]
    eyes = ((group == LEFT_EYE) | (group == RIGHT_EYE)).nonzero()[:, 0]
    teeth = (group > RIGHT_EYE).nonzero()[:, 0]
    if len(skin):
        _skin(visible, lamps, samples, hits.pick(skin), common, own, pixel, scalp[1])
    if len(eyes):
        _eyes(visible, lamps, samples, hits.pick(eyes), group[eyes], common, own)
    if len(teeth):
        _mouth(visible, lamps, samples, hits.pick(teeth), group[teeth], common, own)


def _skin(
    visible: Visible,
    lamps: Lamps,
    samples: Samples,
    hits: MeshHits,
    common: Tensor,
    own: Tensor,
    pixel: Tensor,
    hair_colour: Tensor,
) -> None:
    people, lighting = visible.people, lamps.lighting
    mean, open_, zones, masks = hits.shared(common).split([3, 1, len(SHARED), len(MASKS)], 1)
    place, normal, around, mine, roots = hits.own(own).split([3, 3, 3, len(OWN), 1], 1)
    normal = F.normalize(normal, dim=1)
    at = _places(visible, hits.where, hits.picture, place, normal)
    matter = skin_matter(people, hits.picture, mean, normal, zones, mine, pixel)
    albedo = torch.lerp(matter.albedo, 0.6 * hair_colour[hits.picture], roots)
    matter = Matter(albedo, matter.normal, matter.roughness, matter.specular, matter.soft)
    cave = _cave(visible, hits.where, place, masks[:, 1])
    open_ = open_[:, 0] * cave
    falls, gleams = _lit(lamps, at, matter, around * cave[:, None], open_, wrap=(0.24, 0.10, 0.05))
    parts = skin_parts(masks, torch.zeros_like(hits.picture))
    _fill(samples, hits.where, matter, falls, gleams, mean, normal, parts)


def _eyes(
    visible: Visible,
    lamps: Lamps,
    samples: Samples,
    hits: MeshHits,
    group: Tensor,
    common: Tensor,
    own: Tensor,
) -> None:
    people, lighting = visible.people, lamps.lighting
    mean = hits.shared(common)[:, :3]
    place = hits.own(own)[:, :3]
    view = F.normalize(people.camera.place[hits.picture] - place, dim=1)
    eye = eye_surface(people, hits.picture, group, place, view)
    at = _places(visible, hits.where, hits.picture, place, eye.ball)
    lids = _lids(visible, hits.where, hits.picture, people.eye_radius)
    around = matt(lighting.ambient, eye.ball, hits.picture) * (0.25 + 0.65 * lids[:, None])
    one = torch.ones_like(lids)
    matter = Matter(eye.albedo, eye.normal, 0.09 * one, 0.9 * one, 0.0 * one)
    falls, gleams = _lit(lamps, at, matter, around, 0.75 * lids, wrap=(0.12, 0.10, 0.10), gather=eye)
    # the white is wet where it meets the lower lid
    _fill(samples, hits.where, matter, falls * (0.35 + 0.65 * lids)[:, None], gleams, mean, eye.normal,
          torch.where(eye.iris > 0.5, PART["iris"], PART["eye_white"]))  # fmt: skip


def _mouth(
    visible: Visible,
    lamps: Lamps,
    samples: Samples,
    hits: MeshHits,
    group: Tensor,
    common: Tensor,
    own: Tensor,
) -> None:
    lighting = lamps.lighting
    mean = hits.shared(common)[:, :3]
    place, normal = hits.own(own)[:, :6].split(3, 1)
    normal = F.normalize(normal, dim=1)
    at = _places(visible, hits.where, hits.picture, place, normal)
    matter = mouth_matter(visible.people, hits.picture, group, mean, normal)
    cave = _cave(visible, hits.where, place, torch.ones_like(mean[:, 0]))
    deep = cave * (0.12 + 0.88 * smooth(0.95, 1.40, mean[:, 2]))
    around = matt(lighting.ambient, normal, hits.picture) * deep[:, None]
    falls, gleams = _lit(lamps, at, matter, around, 0.6 * deep, wrap=(0.25, 0.2, 0.18))
    dim = (0.2 + 0.8 * deep)[:, None]
    parts = skin_parts(torch.zeros_like(mean[:, :1]).expand(-1, len(MASKS)), group)
    _fill(samples, hits.where, matter, falls * dim, gleams * dim, mean, normal, parts)


def _lit(
    lamps: Lamps,
    at: Places,
    matter: Matter,
    around: Tensor,
    open_: Tensor,
    wrap: tuple[float, float, float],
    gather=None,
) -> tuple[Tensor, Tensor]:
    """What falls on samples, white meaning 1, and what they reflect straight: [K, 3] each.

    around: [K, 3] from all sides; open_: [K] 0..1 how much of the sky is seen; wrap: how far light of each
    colour reaches beyond the edge of its shadow.
    """
    lighting, normal, view = lamps.lighting, matter.normal, at.view
    if lamps.sky is not None and lamps.camera is not None:
        above = torch.exp(-0.8 * lamps.sky.crossed(at.picture, at.place))
        before = torch.exp(-0.6 * lamps.camera.crossed(at.picture, at.place))
        reached = 0.12 + 0.5 * above + 0.38 * before
        around, open_ = around * reached[:, None], open_ * reached
    falls = around
    facing_view = (normal * view).sum(1).clamp(0.02, 1.0)
    mirrored = 2.0 * facing_view[:, None] * normal - view
    f0 = SKIN_REFLECTS
    grazing = f0 + 0.45 * (1.0 - matter.roughness - f0).clamp(min=0.0) * (1.0 - facing_view) ** 5
    gleams = seen_towards(lighting.ambient, mirrored, at.picture)
    gleams = gleams * (grazing * matter.specular * open_)[:, None]
    wrapping = around.new_tensor(wrap)
    for lamp in range(lighting.direction.shape[1]):
        towards = lighting.direction[at.picture, lamp]
        colour = lighting.colour[at.picture, lamp]
        lit = lamps.lit(lamp, at)
        if lamps.hair:
            crossed = lamps.hair[lamp].crossed(at.picture, at.place)
            shade = torch.exp(-1.3 * crossed[:, None] * around.new_tensor(TONES))
        else:
            shade = torch.ones_like(around)
        arrives = colour * lit[:, None] * shade
        cosine = (normal * towards).sum(1)
        falls = falls + arrives * ((cosine[:, None] + wrapping) / (1.0 + wrapping)).clamp(min=0.0)
        if gather is not None:  # the cornea throws light to the iris's far side
            falls = falls * (1.0 + gather.iris * 0.5 * (gather.glow * towards).sum(1))[:, None].clamp(
                0.5, 1.6
            )
        half = F.normalize(towards + view, dim=1)
        alpha = (matter.roughness.square() + 0.16 * lighting.softness[at.picture, lamp]).clamp(max=0.6)
        gleams = gleams + arrives * _ggx(
            normal, half, view, towards, alpha, matter.roughness, f0, matter.specular
        )
    return falls, gleams


def _ggx(
    normal: Tensor,
    half: Tensor,
    view: Tensor,
    towards: Tensor,
    alpha: Tensor,
    rough: Tensor,
    f0: float,
    specular: Tensor,
) -> Tensor:
    """[K, 1] the gleam of a lamp that makes a white sheet show 1; `alpha` is widened by the lamp's size."""
    nh = (normal * half).sum(1).clamp(0.0, 1.0)
    nl = (normal * towards).sum(1).clamp(0.0, 1.0)
    nv = (normal * view).sum(1).clamp(0.2, 1.0)
    vh = (view * half).sum(1).clamp(0.0, 1.0)
    square = alpha.square()
    spread = square / (nh.square() * (square - 1.0) + 1.0).square()
    fresnel = f0 + (1.0 - f0) * (1.0 - vh) ** 5
    k = (rough + 1.0).square() / 8.0
    shadowed = 1.0 / ((nl * (1 - k) + k) * (nv * (1 - k) + k))
    return (spread * fresnel * shadowed * 0.25 * nl * specular)[:, None]


def _fill(
    samples: Samples,
    where: Tensor,
    matter: Matter,
    falls: Tensor,
    gleams: Tensor,
    mean: Tensor | None,
    normal: Tensor,
    part: Tensor,
) -> None:
    soft = matter.soft[:, None]
    mapped = torch.zeros_like(normal) if mean is None else face_map(mean)
    light = matter.albedo * falls + gleams
    values = [light, falls * soft, matter.albedo * soft, soft, mapped, normal]
    samples.values[where] = torch.cat(values, 1)
    samples.part[where] = part.to(torch.uint8)


def _cave(visible: Visible, where: Tensor, place: Tensor, mask: Tensor) -> Tensor:
    """[K] 1 in the open, less where things close by stand before a sample, as lips before teeth; where mask [K]."""
    result = torch.ones_like(mask)
    chosen = (mask > 0.3).nonzero()[:, 0]
    if not len(chosen):
        return result
    near = visible.buffer.nearness.view(-1)
    some = where[chosen]
    picture, side = visible.picture_of(some), visible.side
    here = near[some]
    scale = visible.people.camera.scale[picture] * side * here  # samples of a decimetre
    point = visible.point_of(some)
    total = torch.zeros_like(here)
    taps = 12
    for tap in range(taps):
        angle, out = tap * GOLDEN, 0.16 * ((tap + 0.5) / taps) ** 0.5
        x = (point[:, 0] + out * scale * torch.cos(torch.tensor(angle))).clamp(0, side - 1).long()
        y = (point[:, 1] + out * scale * torch.sin(torch.tensor(angle))).clamp(0, side - 1).long()
        other = near[(picture * side + y) * side + x]
        before = 1.0 / here - 1.0 / other.clamp(min=1e-3)  # decimetres nearer to the camera
        total = total + smooth(0.015, 0.09, before) * smooth(0.9, 0.5, before)
    result[chosen] = (1.0 - 1.1 * total / taps).clamp(0.06, 1.0)
    return result


def _lids(visible: Visible, where: Tensor, picture: Tensor, radius: Tensor) -> Tensor:
    """[K] how openly samples of eyeballs lie: 0 at the upper lid's edge, 1 further down."""
    side = visible.side
    mesh = visible.people.mesh
    surface = visible.buffer.surface.view(-1)
    ball = torch.zeros(len(mesh.triangles) + 1, device=where.device)
    ball[:-1] = ((mesh.group == LEFT_EYE) | (mesh.group == RIGHT_EYE)).float()
    near = visible.buffer.nearness.view(-1)[where]
    unit = visible.people.camera.scale[picture] * side * near * radius[picture]  # samples of an eye's radius
    up = visible.people.turned[:, :2, 1] * torch.tensor([1.0, -1.0], device=where.device)
    point = visible.point_of(where)
    total = torch.zeros_like(unit)
    taps = ((0.0, 0.10, 2.0), (0.0, 0.22, 2.0), (0.0, 0.36, 1.5), (0.14, 0.1, 0.7), (-0.14, 0.1, 0.7),
            (0.0, -0.1, 0.7), (0.25, 0.0, 0.4), (-0.25, 0.0, 0.4))  # fmt: skip
    across = torch.stack([up[:, 1], -up[:, 0]], 1)
    for right, above, weight in taps:
        away = (across * -right + up * above)[picture] * unit[:, None]
        x = (point[:, 0] + away[:, 0]).clamp(0, side - 1).long()
        y = (point[:, 1] + away[:, 1]).clamp(0, side - 1).long()
        seen = surface[(picture * side + y) * side + x].long()
        known = torch.where((seen >= 0) & (seen < len(mesh.triangles)), seen, len(mesh.triangles))
        total = total + weight * ball[known]
    return total / sum(weight for _, _, weight in taps)


def _pieces(visible: Visible, lamps: Lamps, samples: Samples) -> None:
    hits = piece_hits(visible)
    if not len(hits.where):
        return
    pieces = visible.pieces
    table = torch.cat(
        [pieces.places, pieces.normals, pieces.colour, pieces.roughness[:, None], pieces.metal[:, None]], 1
    )
    place, normal, colour, rough, metal = hits.of(table).split([3, 3, 3, 1, 1], 1)
    view = F.normalize(visible.people.camera.place[hits.picture] - place, dim=1)
    normal = F.normalize(normal, dim=1)
    normal = torch.where(((normal * view).sum(1) < 0)[:, None], -normal, normal)
    at = _places(visible, hits.where, hits.picture, place, normal)
    light = piece_light(lamps, at, colour, rough[:, 0], metal)
    zero = torch.zeros_like(light)
    values = torch.cat([light, zero, zero, zero[:, :1], zero, normal], 1)
    samples.values[hits.where] = values
    samples.part[hits.where] = pieces.part[hits.triangle].to(torch.uint8)


def piece_light(lamps: Lamps, at: Places, colour: Tensor, rough: Tensor, metal: Tensor) -> Tensor:
    """[K, 3] the light of cloth, plastic, metal. colour: [K, 3]; rough: [K]; metal: [K, 1]."""
    lighting, normal, view = lamps.lighting, at.normal, at.view
    diffuse = colour * (1.0 - metal)
    straight = torch.lerp(torch.full_like(colour, REFLECTS), colour, metal)
    falls = matt(lighting.ambient, normal, at.picture)
    facing_view = (normal * view).sum(1).clamp(0.02, 1.0)
    mirrored = 2.0 * facing_view[:, None] * normal - view
    grazing = straight + (1.0 - rough[:, None] - straight).clamp(min=0.0) * (1.0 - facing_view[:, None]) ** 5
    gleams = seen_towards(lighting.ambient, mirrored, at.picture) * grazing
    if lamps.sky is not None:
        reached = 0.35 + 0.65 * torch.exp(-0.7 * lamps.sky.crossed(at.picture, at.place))
        falls, gleams = falls * reached[:, None], gleams * reached[:, None]
    for lamp in range(lighting.direction.shape[1]):
        towards = lighting.direction[at.picture, lamp]
        arrives = lighting.colour[at.picture, lamp] * lamps.lit(lamp, at)[:, None]
        if lamps.hair:
            arrives = arrives * torch.exp(-lamps.hair[lamp].crossed(at.picture, at.place))[:, None]
        falls = falls + arrives * (normal * towards).sum(1, keepdim=True).clamp(min=0.0)
        half = F.normalize(towards + view, dim=1)
        alpha = (rough.square() + 0.10 * lighting.softness[at.picture, lamp]).clamp(0.02, 1.0)
        one = torch.ones_like(rough)
        gleam = _ggx(normal, half, view, towards, alpha, rough, 1.0, one)
        gleams = gleams + arrives * gleam * straight
    return diffuse * falls + gleams


def _strands(visible: Visible, lamps: Lamps, samples: Samples, pixel: Tensor) -> None:
    hits = strand_hits(visible)
    if not len(hits.where):
        return
    strands, lighting = visible.strands, lamps.lighting
    table = torch.cat([strands.points, strands.colour, strands.root], 1)
    place, colour, root = hits.of(table).split(3, 1)
    along = F.normalize(strands.points[hits.start + 1] - strands.points[hits.start], dim=1)
    view = F.normalize(visible.people.camera.place[hits.picture] - place, dim=1)
    facing = F.normalize(view - (along * view).sum(1, keepdim=True) * along, dim=1)
    at = Places(hits.picture, place, facing, view, (hits.where * GOLDEN) % 6.2832)
    outward = F.normalize(place - visible.people.pivot[hits.picture], dim=1)
    falls = matt(lighting.ambient, F.normalize(facing + outward, dim=1), hits.picture)
    if lamps.sky is not None and lamps.camera is not None:
        above = torch.exp(-0.55 * lamps.sky.crossed(at.picture, place))
        before = torch.exp(-0.75 * lamps.camera.crossed(at.picture, place))
        falls = falls * (0.10 + 0.45 * above + 0.45 * before)[:, None]
    light = colour * falls
    # what one sample cannot show of a gleam is spread: small pictures have few, wide strands
    rough = (0.42 + 1.5 * pixel).clamp(max=0.62)[hits.picture]
    for lamp in range(lighting.direction.shape[1]):
        towards = lighting.direction[hits.picture, lamp]
        lifted = Places(at.picture, place + 0.05 * towards, towards, view, at.turn)
        arrives = lighting.colour[hits.picture, lamp] * lamps.lit(lamp, lifted)[:, None]
        if lamps.hair:
            crossed = lamps.hair[lamp].crossed(at.picture, place)
            shade = torch.exp(-0.75 * crossed[:, None] * (1.15 - colour.clamp(max=0.6)))
            arrives = arrives * shade
        gleam = strand_gleam(along, view, towards, colour, rough)
        light = light + arrives * (gleam + strand_scatter(along, view, towards, colour))
    zero = torch.zeros_like(light)
    values = torch.cat([light, zero, zero, zero[:, :1], face_map(root), facing], 1)
    samples.values[hits.where] = values
    samples.part[hits.where] = strands.part[hits.segment].to(torch.uint8)


def _lenses(visible: Visible, lamps: Lamps, samples: Samples, clear: Tensor) -> None:
    """What is clear stands before what was lit, and lets some of it through; `clear` [N * S * S, 3] changes."""
    hits = piece_hits(visible, lenses=True)
    if not len(hits.where):
        return
    pieces = visible.pieces
    table = torch.cat([pieces.places, pieces.normals, pieces.colour, pieces.opacity[:, None]], 1)
    place, normal, colour, opacity = hits.of(table).split([3, 3, 3, 1], 1)
    view = F.normalize(visible.people.camera.place[hits.picture] - place, dim=1)
    normal = F.normalize(normal, dim=1)
    normal = torch.where(((normal * view).sum(1) < 0)[:, None], -normal, normal)
    at = _places(visible, hits.where, hits.picture, place, normal)
    rough = torch.full_like(place[:, 0], 0.12)
    own = piece_light(lamps, at, colour * opacity, rough, torch.zeros_like(opacity))
    samples.values[hits.where, :3] = samples.values[hits.where, :3] * (1.0 - opacity) + own
    clear[hits.where] = clear[hits.where] * (1.0 - opacity)
    dark = opacity[:, 0] > 0.5
    samples.part[hits.where[dark]] = pieces.part[hits.triangle[dark]].to(torch.uint8)
