"""All hair of people's heads, as strands to be drawn into the z-buffer."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from .beards import beard, beard_of, beard_shade
from .body_field import body_field
from .brows_and_lashes import brow_shade, brows, lashes
from .hair_colour import grey_share, hair_colour
from .hair_styles import styles_of
from .head_mesh import BODY, head_mesh
from .people import People
from .scalp import Hairline, density, left_by, strand_hairline
from .scalp_hair import scalp_hair
from .strand_set import Strands

__all__ = ["Strands", "hair_of"]


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
    where, hairline = _scalp()
    mean = head_mesh().mean[where]
    shades = density(people, hairline)  # [N, K]
    for n, style in enumerate(styles_of(people)):
        shade = 0.38 if style.bald == "all" else 0.45 if style.rows else 0.75
        shades[n] *= shade * left_by(style.bald, mean)
    grown = shades.new_zeros(len(shades), len(head_mesh().mean))
    grown[:, where] = shades
    other = torch.maximum(beard_shade(people), brow_shade(people)) * (1.0 - people.controls["dyed"][:, None])
    return torch.maximum(grown, other), hair_colour(people)


@torch.no_grad()
def hair_of(people: People, detail: float = 1.0) -> list[list[Strands]]:
    """The strands of each person's head. With less detail they are fewer and wider, for small pictures."""
    grown = density(people, strand_hairline())
    colours, grey = hair_colour(people), grey_share(people)
    brow, lash = brows(people, detail), lashes(people, detail)
    beards = beard_of(people)
    result = []
    for n, style in enumerate(styles_of(people)):
        body = body_field(people, n)
        hair = scalp_hair(people, n, style, body, grown[n], colours[n], grey[n], detail)
        result.append([*hair, *beard(people, n, beards[n], body, detail), brow[n], lash[n]])
    return result
