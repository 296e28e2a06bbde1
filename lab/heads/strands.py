"""All hair of people's heads, as strands to be drawn into the z-buffer."""

from __future__ import annotations

import numpy as np
import torch

from .body_field import body_field, skin_vertices
from .hair_colour import grey_share, hair_colour
from .hair_styles import styles_of
from .people import People
from .scalp import density, strand_places
from .scalp_hair import scalp_hair
from .strand_set import Strands

__all__ = ["Strands", "hair_of"]


@torch.no_grad()
def hair_of(people: People, detail: float = 1.0) -> list[list[Strands]]:
    """The strands of each person's head. With less detail they are fewer and wider, for small pictures."""
    skin = skin_vertices()
    grown = density(people, strand_places().mean)
    colours, grey = hair_colour(people), grey_share(people)
    result = []
    for n, style in enumerate(styles_of(people)):
        places, normals = people.places[n, skin].numpy(), people.normals[n, skin].numpy()
        body = body_field(places, normals, people.eyes[n].mean(0).numpy().astype(np.float32))
        result.append(scalp_hair(people, n, style, body, grown[n], colours[n], grey[n], detail))
    return result
