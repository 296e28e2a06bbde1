"""Deferred shading: what light each sample sends to the camera."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .environments import Lighting
from .eyeballs import eye_matter
from .head_mesh import BODY, LEFT_EYE, RIGHT_EYE, face_map
from .labels import MASKS, PART, Labels, skin_parts
from .lights import ShadowMap, matt, turned_back
from .occlusion import transfer
from .skin import skin_colour
from .visible import MeshHits, Visible, mesh_hits, piece_hits, strand_hits

HALF = 0.65  # of a lamp's tangent at softness 1


def shaded(visible: Visible, lighting: Lighting) -> tuple[Tensor, Labels]:
    """Linear light [N, 3, S, S], black where nothing is, and the samples' labels."""
    people = visible.people
    count, side = len(visible.places), visible.side
    device = visible.places.device
    shadows = shadow_maps(visible, lighting)
    light = torch.zeros(count * side * side, 3, device=device)
    part = torch.zeros(count * side * side, dtype=torch.uint8, device=device)
    mapped = torch.zeros(count * side * side, 3, device=device)
    normals = torch.zeros(count * side * side, 3, device=device)

    hits = mesh_hits(visible)
    group = people.mesh.group[hits.triangle]
    mesh = people.mesh
    masks = torch.stack([mesh.masks[n] for n in MASKS], 1)
    common = hits.shared(torch.cat([mesh.mean, masks, transfer(device)], 1))
    own = hits.own(torch.cat([visible.places, visible.normals], 2))
    mean, mask, carried = common[:, :3], common[:, 3:7], common[:, 7:]
    place, normal = own[:, :3], F.normalize(own[:, 3:], dim=1)
    ambient = turned_back(lighting.ambient, people.turned)
    if count == 1:
        around = (carried @ ambient[0]).clamp(min=0)
    else:
        around = torch.einsum("kc,kcr->kr", carried, ambient[hits.picture]).clamp(min=0)
    eyes = (group == LEFT_EYE) | (group == RIGHT_EYE)
    teeth = group > RIGHT_EYE
    around = torch.where((eyes | teeth)[:, None], matt(lighting.ambient, normal, hits.picture) * 0.5, around)
    albedo = skin_colour(people)[hits.picture]
    parts = skin_parts(mask, group, torch.zeros_like(mean[:, 0]))
    eye_colour, iris, eye_normal = eye_matter(people, hits, group, place)
    normal = torch.where(eyes[:, None], eye_normal, normal)
    albedo = torch.where(eyes[:, None], eye_colour, albedo)
    parts = torch.where(eyes, torch.where(iris, PART["iris"], PART["eye_white"]), parts)
    lips = (parts == PART["lips"])[:, None]
    albedo = torch.where(lips, albedo * albedo.new_tensor([0.8, 0.5, 0.55]), albedo)
    albedo = torch.where((parts == PART["teeth"])[:, None], albedo.new_tensor([0.7, 0.65, 0.55]), albedo)
    albedo = torch.where((parts == PART["mouth"])[:, None], albedo.new_tensor([0.1, 0.02, 0.02]), albedo)
    total = around
    for lamp, shadow in enumerate(shadows):
        facing = (normal * lighting.direction[hits.picture, lamp]).sum(1).clamp(min=0)
        soft = (0.015 + HALF * lighting.softness[:, lamp])[hits.picture]
        lit = shadow.lit(hits.picture, place, soft, (hits.where * 2.399963) % 6.2831)
        total = total + (facing * lit)[:, None] * lighting.colour[hits.picture, lamp]
    light[hits.where] = albedo * total
    part[hits.where] = parts.to(torch.uint8)
    mapped[hits.where] = face_map(mean)
    normals[hits.where] = normal
    shape = (count, side, side)
    depth = torch.where(visible.buffer.nearness > 0, 1 / visible.buffer.nearness.clamp(min=1e-3), 0)

    def image(values: Tensor) -> Tensor:
        return values.view(*shape, -1).permute(0, 3, 1, 2)

    return image(light), Labels(part.view(shape), image(mapped), depth, image(normals))


def shadow_maps(visible: Visible, lighting: Lighting) -> list[ShadowMap]:
    mesh = visible.people.mesh
    maps = []
    for lamp in range(lighting.direction.shape[1]):
        shadow = ShadowMap.empty(lighting.direction[:, lamp])
        texel, near = shadow.seen_from(0, visible.places) if len(visible.places) == 1 else (None, None)
        shadow.buffer.triangles(texel, near, mesh.triangles, 0)
        maps.append(shadow)
    return maps
