"""Pictures of heads with exact labels, from named controls."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from ..smooth_step import smooth
from .backgrounds import background_of
from .controls import POPULATION, UNNAMED, unnamed
from .developing import develop, exposed
from .environments import Lighting, light_of
from .labels import gathered
from .landmarks import landmarks_of, visible_at
from .people import people
from .pieces import worn_of
from .sample_sheet import CLEAR, LIGHT, pooled
from .shading import shaded
from .strands import hair_of, scalp_shade
from .subsurface import scattered
from .visible import AllPieces, AllStrands, draw

SMALLEST, LARGEST = 32, 1024
SAMPLES_AT_ONCE = 1 << 23  # on a GPU; on the CPU one picture stays in the cache


@dataclass(frozen=True)
class Rendered:
    """N pictures of R x R and what they show, as PixelLabels has it."""

    rgb: Tensor  # [N, 3, R, R] in -1..1
    part: Tensor  # [N, R, R] uint8
    face_map: Tensor  # [N, 3, R, R]
    depth: Tensor  # [N, R, R]
    normal: Tensor  # [N, 3, R, R]
    landmarks: Tensor  # [N, 546, 2] x right, y down in the unit square, as models.head_points
    relief: Tensor  # [N, 546] depth behind the middle of the eyes, over the picture's side
    visible: Tensor  # [N, 546] bool: in the frame, and nothing before it


def render_z(z: Tensor, resolution: int, correlated: bool = True, wide: float = 1.0) -> Rendered:
    """Pictures of style vectors z [N, STYLE_DIM]."""
    return render(POPULATION.values(z, correlated), resolution, unnamed(z), wide=wide)


def render(
    controls: dict[str, Tensor],
    resolution: int,
    details: Tensor | None = None,
    *,
    wide: float = 1.0,
    samples: int = 2,
) -> Rendered:
    """Pictures of controls [N] each; those not given rest. details: [N, UNNAMED], zeros when not given.

    resolution: 32..1024; `wide` = 1.5 shows half as much again; samples x samples are seen in each pixel.
    ValueError for sizes out of range or an unknown control.
    """
    if not SMALLEST <= resolution <= LARGEST:
        raise ValueError(f"Heads are drawn at {SMALLEST} to {LARGEST} pixels, not {resolution}.")
    if not 1 <= samples <= 4:
        raise ValueError(f"A pixel has 1 to 4 samples a side, not {samples}.")
    controls = POPULATION.complete(controls)
    count = len(controls["age"])
    if details is None:
        details = torch.zeros(count, UNNAMED, device=controls["age"].device)
    if details.shape != (count, UNNAMED):
        raise ValueError(f"Details of {count} heads have the shape [{count}, {UNNAMED}].")
    step = 1
    if details.device.type != "cpu":
        step = max(1, SAMPLES_AT_ONCE // (resolution * samples) ** 2)
    parts = [
        rendered_together(
            {name: values[first : first + step] for name, values in controls.items()},
            details[first : first + step],
            resolution,
            wide,
            samples,
        )
        for first in range(0, count, step)
    ]
    return Rendered(*(torch.cat([getattr(part, f.name) for part in parts]) for f in fields(Rendered)))


@torch.no_grad()
def rendered_together(
    controls: dict[str, Tensor], details: Tensor, resolution: int, wide: float, samples: int
) -> Rendered:
    """As `render`, of complete controls, and all at once: what a GPU does best."""
    crowd = people(controls, details, wide)
    device = details.device
    hair = AllStrands.of(hair_of(crowd, _detail(resolution / wide)), device)
    worn = AllPieces.of(worn_of(crowd), device)
    side = resolution * samples
    visible = draw(crowd, hair, worn, side)
    lighting = light_of(controls, details)
    eye_depth = crowd.camera.place[:, 2] - crowd.eyes[:, :, 2].mean(1)
    sample = eye_depth / crowd.camera.scale / side  # [N] decimetres
    sheet = shaded(visible, lighting, sample, samples, scalp_shade(crowd))
    pixels = pooled(sheet.values.view(*sheet.shape, -1), samples).permute(0, 3, 1, 2)  # [N, C, R, R]
    behind = background_of(controls, details, resolution, wide)
    light = pixels[:, LIGHT] + pixels[:, CLEAR] * behind + scattered(pixels, sample * samples)
    rgb = develop(light, controls, exposed(controls, _white(lighting)))
    labels = gathered(sheet, visible.buffer.nearness, samples)
    points = landmarks_of(crowd)
    xy, far = crowd.camera.project(points)
    relief = (far - eye_depth[:, None]) * (crowd.camera.scale / eye_depth)[:, None]
    visible_points = visible_at(xy, far, labels.depth)
    maps = (labels.part, labels.face_map, labels.depth, labels.normal)
    return Rendered(rgb, *maps, xy, relief, visible_points)


def _detail(resolution: float) -> float:
    """How much hair is drawn, of what a picture of 256 pixels has."""
    return min(1.0, max(0.25, (resolution / 256.0) ** 1.3))


def _white(lighting: Lighting) -> Tensor:
    """[N, 3] what a white sheet shows that faces half the camera and half each lamp."""
    facing = 0.5 + 0.5 * lighting.direction[..., 2:].clamp(min=0.0)  # [N, L, 1]
    behind = smooth(-0.6, 0.1, lighting.direction[..., 2:])  # a lamp behind the head lights no face
    lamps = (lighting.colour * facing * behind).sum(1)
    around = lighting.ambient[:, 0] * 0.282095 + lighting.ambient[:, 2] * 0.488603 * 2 / 3
    return lamps + around.clamp(min=0.0)
