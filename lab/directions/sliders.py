"""The directions of a generator: where w goes when one attribute of its pictures changes.

`extract` is the paper's way, for any generator: an SVM on samples that the attribute network has judged.
A generator distilled from the painter has a second way: the painter knows every attribute of every z, so a
direction is the mean change of w when one control moves (`known_step`). Both are measured alike; a slider's
value 1 is the end of the useful range.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor

from ...core.files.whole_file import write_bytes
from ...models.features import Features
from ...models.generator import Generator, truncate
from ...models.layer_sizes import layer_count
from ...models.pack import Direction, Pack, direction_entry
from ..controls import Controls
from ..networks.attributes import NAMES, names_of, paper_attributes
from ..networks.encoding import mean_w
from ..painter import PAPER_ATTRIBUTES
from ..painter import POPULATION as PAINTED
from ..running import distributed
from .apart import at_right_angles, compensated
from .range import Judge, Jury, but, effects, ends
from .svm import PSI, Artist, apart, boundary, check_samples, readable_side, sample

COMPENSATED = 96  # portraits that show how much a direction moves other attributes
SIDE = 64  # px at which attributes are read, unless `readable_side` has found another
JUDGED = 64  # portraits on which ranges and side effects are measured
CONFIRMED = 448  # others, few of which may gain or lose what was not asked for
POPULATION = 2048  # pictures that define what is natural
VISIBLE = 0.8  # deviations from end to end: below this a slider seems dead


MOVED, TINTED, DRAWN = ("moved",), ("tinted",), ("drawn",)  # of manifest.WAYS


@dataclass(frozen=True)
class PainterSlider:
    """A painter's attribute as a slider; `reach` is how far `known_step` moves its coordinate of z, in
    deviations. All are kept apart from the paper's attributes, and this one also from `apart_from`. `parts`
    and `how` are what it may touch on a picture and in which ways, as in pack.json."""

    attribute: str
    label: str
    group: str
    reach: float = 2.0
    apart_from: tuple[str, ...] = ()
    parts: tuple[str, ...] = ("head",)
    how: tuple[str, ...] = MOVED


SLIDERS = (
    PainterSlider("smile", "Smile", "Expression", parts=("mouth",), how=(*MOVED, *DRAWN)),
    PainterSlider("mouth_open", "Open mouth", "Expression", 2.5, parts=("mouth",), how=(*MOVED, *DRAWN)),
    PainterSlider("eye_open", "Open eyes", "Expression"),
    PainterSlider("brow_raise", "Raise brows", "Expression"),
    PainterSlider("brow_frown", "Frown", "Expression"),
    PainterSlider("turn", "Turn head", "Pose"),
    PainterSlider("nod", "Nod", "Pose"),
    PainterSlider("gaze_x", "Look sideways", "Pose"),
    PainterSlider(
        "age",
        "Age",
        "Person",
        apart_from=("grey",),
        parts=("skin", "hair", "head"),
        how=("moved", "tinted"),
    ),
    PainterSlider("masculine", "Masculine", "Person"),
    PainterSlider("skin_tone", "Skin tone", "Person", parts=("skin", "lips", "neck"), how=TINTED),
    PainterSlider("face_width", "Face width", "Shape"),
    PainterSlider("jaw", "Square jaw", "Shape"),
    PainterSlider("nose_size", "Nose size", "Shape"),
    PainterSlider("eye_size", "Eye size", "Shape"),
    PainterSlider("lips", "Full lips", "Shape"),
    PainterSlider("hair_length", "Hair length", "Hair", parts=("hair",), how=DRAWN),
    PainterSlider("straight_hair", "Straight hair", "Hair", parts=("hair",), how=DRAWN),
    PainterSlider("hair_lightness", "Light hair", "Hair", parts=("hair",), how=TINTED),
    PainterSlider("black_hair", "Black hair", "Hair", 1.6, parts=("hair",), how=TINTED),
    PainterSlider("grey", "Grey hair", "Hair", 1.8, parts=("hair",), how=TINTED),
    PainterSlider("bangs", "Bangs", "Hair", 1.6, parts=("hair",), how=DRAWN),
    PainterSlider("beard", "Beard", "Hair", 2.2, parts=("skin", "lips"), how=DRAWN),
    PainterSlider("glasses", "Glasses", "Extras", 1.8, parts=("glasses",), how=DRAWN),
    PainterSlider("earrings", "Earrings", "Extras", 1.8, how=DRAWN),
    PainterSlider("lipstick", "Lipstick", "Make-up", 1.8, parts=("lips",), how=TINTED),
    PainterSlider("eye_colour", "Eye colour", "Make-up", parts=("iris",), how=TINTED),
    PainterSlider(
        "light_direction", "Light from the side", "Light", parts=("skin", "lips", "hair", "neck"), how=TINTED
    ),
    PainterSlider(
        "light_warmth",
        "Warm light",
        "Light",
        parts=("skin", "lips", "hair", "neck", "background"),
        how=TINTED,
    ),
)


def extract(
    source: Pack | Generator,
    features: Features,
    names: Sequence[str] | None = None,
    samples: int = 100_000,
    *,
    outputs: Sequence[str] | None = None,
    apart_from: Mapping[str, Sequence[str]] | None = None,
    share: float = 0.02,
) -> tuple[list[Direction], dict[str, Any]]:
    """Directions from linear SVMs (paper, section 4.5), and a report of what each does.

    `outputs` are the attributes that `features` reads, in its order (by default those that it names); `names`
    are those that become directions (by default all). `apart_from` gives, for an attribute, the others that
    its direction must not move (conditional manipulation). The SVM learns from a `share` of the samples at
    each end. Under torchrun samples, SVMs and measuring are shared out, and the result is that of one
    process. ValueError for names not among the outputs, for too few samples, and for a generator whose
    pictures cannot be read.
    """
    outputs = names_of(features) if outputs is None else outputs
    names = list(dict.fromkeys(outputs if names is None else names))
    wanted = dict(apart_from or {})
    for name in {*names, *wanted, *(other for others in wanted.values() for other in others)}:
        if name not in outputs:
            raise ValueError(f'The attribute network cannot read "{name}": choose from {", ".join(outputs)}.')
    check_samples(samples, share)
    draw, features = artist(source), features.to(distributed.device())
    columns = {name: k for k, name in enumerate(outputs)}
    side = readable_side(draw, features, [columns[name] for name in names])
    found = sample(draw, features, samples, side=side)
    if not found.read.isfinite().all():
        raise ValueError("What this generator draws reads as NaN or infinite: its training went wrong.")
    needed = list(dict.fromkeys([*names, *(other for others in wanted.values() for other in others)]))
    fitted = distributed.shared_out(needed, lambda name: boundary(found, columns[name], share), "SVMs")
    normals = dict(zip(needed, fitted, strict=True))
    kept = {name: apart(normals[name], [normals[o] for o in wanted.get(name, ())]) for name in names}
    directions, report = measured(source, features, kept, outputs=outputs, side=side)
    for name in names:
        report[name]["apart_from"] = list(wanted.get(name, ()))
    return directions, report


def known_step(
    generator: Generator,
    control: str,
    reach: float = 2.0,
    samples: int = 4096,
    controls: Controls = PAINTED,
) -> Tensor:
    """The mean step of w [D] when one of a world's `controls` (the painter's) goes from 0 to `reach`
    deviations and the rest stay put; for generators distilled from that world."""
    index = controls.index[control]
    z = torch.randn(samples, generator.style_dim, generator=torch.Generator().manual_seed(4))
    above, below = z.clone(), z.clone()
    above[:, index] = reach
    below[:, index] = -reach
    with torch.no_grad():
        return (generator.style(above) - generator.style(below)).mean(0) / 2


@torch.inference_mode()
def measured(
    source: Pack | Generator,
    features: Features,
    vectors: Mapping[str, Tensor],
    *,
    outputs: Sequence[str] | None = None,
    side: int | None = None,
) -> tuple[list[Direction], dict[str, Any]]:
    """Directions along `vectors` [D], in their order and scaled to their useful range, and what each does, by
    name. Under torchrun every process measures some of them."""
    outputs = names_of(features) if outputs is None else outputs
    draw, features = artist(source), features.to(distributed.device())
    population = _population(draw)
    judge = Judge(draw, features, population, side or min(SIDE, draw.resolution))
    portraits = truncate(population[: JUDGED + CONFIRMED], draw.mean, PSI)
    judged, jury = portraits[:JUDGED], Jury(judge, portraits[JUDGED:])
    n_style, seen = layer_count(draw.resolution), watched(features, outputs)

    def one(name: str) -> tuple[Direction, dict[str, Any]]:
        normal = vectors[name].to(draw.device) / vectors[name].norm()
        unit = float((population @ normal).std())
        found = judge.walk(judged, normal, unit)
        column = list(outputs).index(name)
        back, on = ends(found, column, seen)
        others = but(seen, column)
        back, on = -jury.end(found, normal, -back, others), jury.end(found, normal, on, others)
        told = {
            "low_deviations": round(-back / unit, 3),
            "high_deviations": round(on / unit, 3),
            **effects(found, column, back, on, outputs, seen),
        }
        return _direction(name, normal.cpu() * on, -round(back / on, 2), n_style), told

    made = distributed.shared_out(list(vectors), one, "ranges", "direction")
    return [direction for direction, _ in made], {direction.name: told for direction, told in made}


def _population(draw: Artist) -> Tensor:
    """Unedited w [N, D]."""
    z = torch.randn(POPULATION, draw.style_dim, generator=torch.Generator().manual_seed(5))
    return draw.style(z.to(draw.device))


def artist(source: Pack | Generator) -> Artist:
    """Draws the generator's pictures; the mean of w is the pack's, or that of samples."""
    if isinstance(source, Pack):
        return Artist(source.generator(), torch.from_numpy(source.mean_w))
    return Artist(source, mean_w(source))


def watched(features: Features, outputs: Sequence[str]) -> dict[str, tuple[int, float]]:
    """The paper's attributes among `outputs`: their columns, and the standardised values above which a
    portrait has them."""
    return {
        name: (k, float((threshold - features.mean[k]) / features.deviation[k]))
        for name, (k, threshold) in paper_attributes(outputs).items()
    }


def _direction(name: str, step: Tensor, low: float, n_style: int) -> Direction:
    """A slider from `low` to 1, whose value 1 adds `step` [D] to every style."""
    slider = next((s for s in SLIDERS if s.attribute == name), None)
    label = slider.label if slider else name.replace("_", " ").capitalize()
    vector = np.ascontiguousarray(step.expand(n_style, -1).numpy().astype(np.float32))  # [n_style, D]
    if slider is None:
        return Direction(name, label, "Attributes", low, 1.0, vector)
    return Direction(name, label, slider.group, low, 1.0, vector, slider.parts, slider.how)


def portrait_directions(generator: Generator, features: Features) -> tuple[list[Direction], dict[str, Any]]:
    """The default pack's sliders in the docker's order, without those that its generator hardly learned to
    draw, and what each control does."""
    vectors = {s.attribute: known_step(generator, s.attribute, s.reach) for s in SLIDERS}
    held = [control for control, _ in PAPER_ATTRIBUTES.values() if control in vectors]
    others = {s.attribute: [o for o in (*held, *s.apart_from) if o != s.attribute] for s in SLIDERS}
    vectors = _compensated(generator, features, at_right_angles(vectors, others), held)
    directions, report = measured(generator, features, vectors)
    return [d for d in directions if report[d.name]["change"] >= VISIBLE], report


@torch.inference_mode()
def _compensated(
    generator: Generator, features: Features, vectors: Mapping[str, Tensor], held: Sequence[str]
) -> dict[str, Tensor]:
    draw, features = artist(generator), features.to(distributed.device())
    w, side = truncate(_population(draw)[:COMPENSATED], draw.mean, PSI), min(SIDE, draw.resolution)

    def read(w: Tensor) -> Tensor:
        def of(part: Tensor) -> Tensor:
            return features(draw(part.to(draw.device), side)).cpu()

        return torch.cat(distributed.shared_out(w.split(32), of))

    return compensated(vectors, held, NAMES, read, w.cpu())


def write(directions: Sequence[Direction], report: Mapping[str, Any], out: Path) -> None:
    """Writes `out` (safetensors, one vector [n_style, style_dim] per direction, as in a pack) and beside it a
    JSON file of the same name: the sliders as pack.json lists them, and the report."""
    write_bytes(out, save({d.name: torch.from_numpy(d.vector) for d in directions}))
    content = {"directions": [direction_entry(d) for d in directions], "report": dict(report)}
    write_bytes(out.with_suffix(".json"), (json.dumps(content, indent=1) + "\n").encode())
