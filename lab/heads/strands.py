"""All hair of people's heads, as strands to be drawn into the z-buffer."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from typing import Any, TypeVar

import torch
from torch import Tensor

from .beards import beard, beard_of, beard_shade
from .body_field import body_field
from .brows_and_lashes import brow_shade, brows, lashes
from .hair_colour import grey_share, hair_colour
from .hair_styles import NAMES, STYLES, styles_of
from .hats import covered
from .hats import kinds_worn as hats_worn
from .head_mesh import BODY, HeadMesh, head_mesh
from .headscarves import kinds_worn as scarves_worn
from .people import People
from .scalp import Hairline, azimuth_and_elevation, density, left_by, strand_hairline
from .scalp_hair import HairLook, scalp_hair
from .strand_set import Strands
from .worn_mesh import chosen

__all__ = ["Strands", "hair_of", "scalp_shade"]

UNDER_SCARF = STYLES[NAMES.index("low bun")]  # how longer hair is worn under a headscarf
SHORT = 0.6


@lru_cache(maxsize=1)
def _scalp() -> tuple[Tensor, Hairline]:
    """The vertices [K] that hair may grow on."""
    mesh = head_mesh()
    near = Hairline(mesh.mean).above > -0.25
    where = near & (mesh.vertex_group == BODY) & (mesh.masks["ears"] < 0.5) & (mesh.mean[:, 1] > 6.4)
    index = where.nonzero()[:, 0]
    return index, Hairline(mesh.mean[index])


@torch.no_grad()
def scalp_shade(people: People) -> tuple[Tensor, Tensor]:
    """How much roots of hair, beard and brows colour the skin [N, V] 0..1, and their colour [N, 3]."""
    device = people.details.device
    people = _on(people, torch.device("cpu"))
    where, hairline = _scalp()
    mean = head_mesh().mean[where]
    shades = density(people, hairline)  # [N, K]
    for n, style in enumerate(styles_of(people)):
        shade = 0.38 if style.bald == "all" else 0.45 if style.rows else 0.75
        shades[n] *= shade * left_by(style.bald, mean)
    grown = shades.new_zeros(len(shades), len(head_mesh().mean))
    grown[:, where] = shades
    other = torch.maximum(beard_shade(people), brow_shade(people)) * (1.0 - people.controls["dyed"][:, None])
    return torch.maximum(grown, other).to(device), hair_colour(people).to(device)


@torch.no_grad()
def hair_of(people: People, detail: float = 1.0) -> list[list[Strands]]:
    """The strands of each person's head, grown on the CPU and left there.

    With less detail (1 is for 256 pixels and more) they are fewer and wider, for small pictures.
    """
    people = _on(people, torch.device("cpu"))
    grown = density(people, strand_hairline())
    colours, grey = hair_colour(people), grey_share(people)
    brow, lash = brows(people, detail), lashes(people, detail)
    beards, worn = beard_of(people), _something_worn(people)
    result = []
    scarves = scarves_worn(people).ge(0).tolist()
    for n, style in enumerate(styles_of(people)):
        if scarves[n] and style.top.length > SHORT:
            style = UNDER_SCARF
        body = body_field(people, n)
        look = HairLook(style, colours[n], grey[n], detail, pressed=worn[n])
        hair = scalp_hair(people, n, body, grown[n], look)
        if worn[n]:
            hair = [left for some in hair for left in _uncovered(people, n, some)]
        result.append([*hair, *beard(people, n, beards[n], body, detail), brow[n], lash[n]])
    return result


def _something_worn(people: People) -> list[bool]:
    """Who wears a hat or a headscarf."""
    return [
        max(pair) >= 0
        for pair in zip(hats_worn(people)[0].tolist(), scarves_worn(people).tolist(), strict=True)
    ]


def _uncovered(people: People, n: int, strands: Strands) -> list[Strands]:
    """What of the strands is seen outside a hat or a scarf: nothing, or the strands that are."""
    one = chosen(people, torch.tensor([n]))
    hidden = covered(one, strands.rest.reshape(1, -1, 3)).view(strands.width.shape)  # [S, K]
    shown = hidden < 0.5
    # hair of the forehead is tucked under
    tucked = (hidden[:, 0] > 0.5) & (azimuth_and_elevation(strands.root)[0] > 0.75)
    some = shown.any(1) & ~tucked
    if not some.any():
        return []
    width = strands.width * shown
    return [
        replace(
            strands,
            points=strands.points[some],
            width=width[some],
            colour=strands.colour[some],
            rest=strands.rest[some],
            root=strands.root[some],
        )
    ]


T = TypeVar("T")


def _on(of_all: T, device: torch.device) -> T:
    """A dataclass with its tensors on a device; the mesh is that device's own."""
    changed: dict[str, Any] = {}
    for field in fields(of_all):  # type: ignore[arg-type]
        value = getattr(of_all, field.name)
        if isinstance(value, Tensor):
            changed[field.name] = value.to(device)
        elif isinstance(value, dict):
            changed[field.name] = {name: each.to(device) for name, each in value.items()}
        elif isinstance(value, HeadMesh):
            changed[field.name] = head_mesh(device)
        elif is_dataclass(value):
            changed[field.name] = _on(value, device)
    return replace(of_all, **changed)  # type: ignore[type-var]
