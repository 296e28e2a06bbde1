"""Sliders that every pack of faces can have, beside those that its generator learned: one side of a face
alone, and shapes and expressions of heads as a solid. They move the picture's own pixels; no generator draws
for them, so their vectors are 0.

`lab/heads/moved_heads.py` makes the file beside this one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...core.editing.carry.change import TYPICAL
from ...core.editing.carry.expression import expression_of
from ...core.editing.carry.field import smooth
from ...core.editing.carry.smile_alone import with_smiles_alone
from ...models.bank import ENDS, EXPRESSIONS, POINTS, STILL, Bank, Effect
from ...models.pack import Direction
from ...models.safetensors_file import read_exactly

FILE = Path(__file__).with_name("head_sliders.safetensors")
OPEN_EYES = 2  # among the numbers of an expression
WIDE = 0.7  # of their way lids open further over eyes as wide as the portraits'
FURTHEST = 2.5  # times the way of a rendered head's lids: over wider eyes none go
LEAST_CLOSED = 0.01  # of the face's height: lids that close by less are not a face's
SIDES = ("left", "right")  # as one sees them
HOW = ("moved",)
SEEN = "Left and right are as you see them"
SOFT = 0.1  # of the face's height: over twice this width one side of a face goes over into the other


@dataclass(frozen=True)
class Measured:
    """A slider of which `FILE` has the movement: how far a control of the rendered heads goes at its ends."""

    name: str
    label: str
    group: str
    control: str
    high: float  # of the control's range; more than 1 goes on in the same way
    low: float = 0.0
    parts: tuple[str, ...] = ("head",)
    tip: str = ""
    lids: bool = False  # shuts an eye however wide it is


@dataclass(frozen=True)
class Halved:
    """Two sliders for the sides of a face, from one of the pack's."""

    of: str
    name: str
    labels: tuple[str, str]


def _even(name: str, label: str, group: str, reach: float) -> Measured:
    return Measured(name, label, group, name, reach, -reach)


MEASURED = (
    Measured("eye_left", "Left eye", "Expression", "eye_open_left", 1.0, -1.0, tip=SEEN, lids=True),
    Measured("eye_right", "Right eye", "Expression", "eye_open_right", 1.0, -1.0, tip=SEEN, lids=True),
    Measured("squint", "Squint", "Expression", "squint", 1.0),
    Measured("worry", "Worried brows", "Expression", "brow_frown", -1.0, 1.0),
    Measured("sneer", "Wrinkle nose", "Expression", "sneer", 1.0),
    Measured("pucker", "Pucker lips", "Expression", "pucker", 0.6, parts=("mouth",)),
    Measured("mouth_sideways", "Mouth to the side", "Expression", "mouth_sideways", 0.8, -0.8),
    _even("gaze_y", "Look up", "Pose", 1.0),
    _even("face_length", "Long face", "Shape", 1.0),
    _even("cheeks", "Full cheeks", "Shape", 1.2),
    _even("chin_height", "Long chin", "Shape", 1.0),
    _even("chin_width", "Broad chin", "Shape", 1.8),
    _even("nose_width", "Broad nose", "Shape", 2.0),
    _even("nose_length", "Long nose", "Shape", 1.6),
    _even("nose_tip", "Turned-up nose", "Shape", 1.5),
    _even("eye_spacing", "Eyes apart", "Shape", 2.2),
    _even("eye_tilt", "Slanted eyes", "Shape", 3.0),
    _even("mouth_width", "Wide mouth", "Shape", 2.2),
    _even("philtrum", "Low mouth", "Shape", 2.5),
    _even("upper_lip", "Full upper lip", "Shape", 4.0),
)
HALVED = (
    Halved("smile", "smile", ("Smile, left", "Smile, right")),
    Halved("brow_raise", "brow", ("Left brow", "Right brow")),
)
NAMES = {slider.name for slider in MEASURED} | {f"{h.name}_{side}" for h in HALVED for side in SIDES}


def with_head_sliders(directions: Sequence[Direction], bank: Bank) -> tuple[tuple[Direction, ...], Bank]:
    """A pack's directions and its bank with these sliders too, after the pack's own.

    `directions` are at least one, and the bank has what each does. A direction of the pack keeps its name for
    itself, unless it is such a slider from before.
    """
    own = [direction for direction in directions if not is_head_slider(direction)]
    taken = {direction.name for direction in own}
    vector = np.zeros_like(directions[0].vector)
    found = [
        (direction, effect)
        for direction, effect in (*_halves(own, bank, vector), *_measured(bank, vector))
        if direction.name not in taken
    ]
    effects = {direction.name: bank.effects[direction.name] for direction in own}
    effects |= {direction.name: effect for direction, effect in found}
    return (*own, *(direction for direction, _ in found)), replace(bank, effects=effects)


def is_head_slider(direction: Direction) -> bool:
    """Whether a direction is one of these, which no generator's portraits show."""
    return direction.name in NAMES and not direction.vector.any()


def _measured(bank: Bank, vector: np.ndarray) -> Iterator[tuple[Direction, Effect]]:
    shapes = {"moves": (ENDS, POINTS, 3), "gaze": (ENDS, 2, 2)}
    expected = {f"{slider.name}/{part}": shape for slider in MEASURED for part, shape in shapes.items()}
    read = {key: tensor.numpy().astype(np.float64) for key, tensor in read_exactly(FILE, expected).items()}
    for slider in MEASURED:
        moves = _on_any_face(slider, read[f"{slider.name}/moves"], bank)
        effect = replace(STILL, moves=moves, gaze=read[f"{slider.name}/gaze"])
        low = -1.0 if slider.low else 0.0
        yield (
            Direction(
                slider.name, slider.label, slider.group, low, 1.0, vector, slider.parts, HOW, slider.tip
            ),
            effect,
        )


def _on_any_face(slider: Measured, moves: np.ndarray, bank: Bank) -> np.ndarray:
    """Movements [2, 468, 3] as a bank has them, [2, 1 + 4, 468, 3].

    The low end shuts the rendered heads' eyes, which are narrower than those of portraits: lids go as much
    further as an eye is wider. The high end goes less far for wide eyes, which are open already.
    """
    found = np.zeros((ENDS, 1 + EXPRESSIONS, POINTS, 3))
    found[:, 0] = moves
    if slider.lids:
        mean, deviation = bank.expression[:, OPEN_EYES]
        shut, now = (expression_of(face)[OPEN_EYES] for face in (bank.resting + moves[0], bank.resting))
        closed = 2 * (now - shut)  # how far one eye does; the reading is the mean of both
        further = min(mean / max(closed, LEAST_CLOSED), FURTHEST)
        found[0, 0], found[0, 1 + OPEN_EYES] = further * moves[0], further * deviation / mean * moves[0]
        found[1, 0], found[1, 1 + OPEN_EYES] = WIDE * moves[1], (WIDE - 1) / TYPICAL * moves[1]
    return found


def _halves(
    directions: Sequence[Direction], bank: Bank, vector: np.ndarray
) -> Iterator[tuple[Direction, Effect]]:
    known = {direction.name: direction for direction in directions}
    alone = with_smiles_alone(bank, dict.fromkeys(known, 1.0), known)
    for halved in (halved for halved in HALVED if halved.of in known):
        whole = known[halved.of]
        for side, (name, label) in enumerate(zip(SIDES, halved.labels, strict=True)):
            effect = _half(alone.effects[halved.of], bank.resting, side)
            name = f"{halved.name}_{name}"
            yield Direction(name, label, whole.group, -1.0, 1.0, vector, whole.parts, HOW, SEEN), effect


def _half(effect: Effect, resting: np.ndarray, side: int) -> Effect:
    """What an effect moves on one side of the resting head [468, 3]: 0 is the viewer's left."""
    across = resting[:, 0] if side else -resting[:, 0]
    share = smooth(across, -SOFT, SOFT)  # [468]
    eye = np.arange(2) == side
    return replace(
        STILL,
        moves=effect.moves * share[:, None],
        gaze=effect.gaze * eye[:, None],
        gain=effect.gain,
    )
