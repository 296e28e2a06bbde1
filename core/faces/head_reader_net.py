"""The packs' own reader of heads in pictures of any kind: points, parts and the face map.

Something else says where faces may be; the network (`models/head_reader.py`) looks there until its crop
stands still, then once more from near.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from ...bridge.messages import Placement
from ...models.head_points import MESH, MIRROR, POINTS
from ...models.head_reader import GRID, OUTPUTS, PARTS, SIDE
from ...models.manifest import Alignment
from ..errors import CoreError
from .face_parts import Mask
from .onnx_network import OnnxModel, to_input
from .placement import place, to_picture
from .pyramid import Pyramid
from .reading import Reading, distinct, guessed, of_mesh
from .sighting import Sighting

ALIGNMENT = Alignment((0.5, 0.46), (0.5, 0.66))  # of a straight crop
IRISES = 468  # the first of the irises' ten points
CLOSE = 0.66  # size of the last look's crop, over the straight one's
MOVES = 4  # looks until the crop stands still, at most
SETTLED = 0.04  # a crop that moves by less stands still
LEAST = 0.5  # belief in a face
SURE = 0.55  # score of a face that nobody else has seen
UNSURE = 0.12  # deviation of the points over the distance between the eyes at which belief is halved
FORMS = {
    "parts": (len(PARTS), GRID, GRID),
    "face_map": (3, GRID, GRID),
    "points": (POINTS, 2),
    "relief": (POINTS,),
    "spread": (POINTS,),
    "score": (),
}
SWAPPED = np.array(MIRROR)


@dataclass(frozen=True, eq=False)
class HeadLook:
    """What one look at a square of a picture gives; places in the picture's pixels."""

    placement: Placement
    points: np.ndarray  # [546, 2]
    relief: np.ndarray  # [546] depth behind the middle of the eyes, in px; smaller is nearer
    variance: np.ndarray  # [546] of x and of y each, px squared
    parts: np.ndarray  # [16, 64, 64] 0..1 over the square, in the order of `PARTS`
    face_map: np.ndarray  # [3, 64, 64] over the square, of use only on the head
    belief: float  # 0..1: there is an upright face

    @property
    def reading(self) -> Reading:
        """The face that it shows, with a score that falls where the points are unsure."""
        mesh = np.column_stack([self.points[:IRISES], self.relief[:IRISES]])  # [468, 3]
        reading = of_mesh(mesh, self.points[IRISES:MESH].reshape(2, 5, 2), 0.0)
        unsure = math.sqrt(float(np.median(self.variance[:IRISES]))) / max(reading.sighting.size, 1e-6)
        person = Mask(self.placement, _levels(1 - self.parts[PARTS.index("background")]))
        return replace(reading, score=self.belief / (1 + (unsure / UNSURE) ** 2), person=person)

    @property
    def masks(self) -> dict[str, Mask]:
        """How far each pixel belongs to each of `PARTS`."""
        return {name: Mask(self.placement, _levels(own)) for name, own in zip(PARTS, self.parts, strict=True)}


class HeadNetwork:
    """The head reader, from the bytes of its ONNX file. `damaged` is the sentence for one of no use;
    `threads` as in `OnnxModel`."""

    def __init__(self, model: bytes, damaged: str, threads: int = 0):
        self._model = OnnxModel(model, damaged, threads)
        self._damaged = damaged

    def look(self, pyramid: Pyramid, placement: Placement) -> HeadLook:
        """Reads the square at `placement`."""
        return self._answer(to_input(pyramid.crop(placement, SIDE)), placement)

    def look_twice(self, pyramid: Pyramid, placement: Placement) -> HeadLook:
        """Reads the square and its mirror image, and gives their mean: slower and more exact."""
        picture = to_input(pyramid.crop(placement, SIDE))
        one = self._answers(picture)
        two = self._answers(np.ascontiguousarray(picture[..., ::-1]))
        points = two["points"][SWAPPED] * (-1, 1) + (1, 0)
        mapped = two["face_map"][..., ::-1] * np.array([-1, 1, 1]).reshape(3, 1, 1)
        other: dict[str, np.ndarray] = {
            "parts": two["parts"][..., ::-1],
            "face_map": mapped,
            "points": points,
            "relief": two["relief"][SWAPPED],
            "spread": two["spread"][SWAPPED],
            "score": two["score"],
        }
        return _look({name: (one[name] + other[name]) / 2 for name in OUTPUTS}, placement)

    def _answer(self, picture: np.ndarray, placement: Placement) -> HeadLook:
        return _look(self._answers(picture), placement)

    def _answers(self, picture: np.ndarray) -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = dict(zip(OUTPUTS, self._model.run(picture, *OUTPUTS), strict=True))
        if any(found[name].shape != form for name, form in FORMS.items()):
            raise CoreError("pack", self._damaged)
        return {name: values.astype(np.float64) for name, values in found.items()}


def looks_at(network: HeadNetwork, pyramid: Pyramid, sightings: Iterable[Sighting]) -> list[HeadLook]:
    """The last look at every face that is surely seen again at the sightings, the most certain first."""
    found = {}
    for sighting in sightings:
        look = settled(network, pyramid, place(guessed(sighting, 1.0).face_points, ALIGNMENT))
        if look is not None and (reading := look.reading).score >= SURE:
            found[reading] = look
    return [found[reading] for reading in distinct(found)]


def settled(network: HeadNetwork, pyramid: Pyramid, placement: Placement) -> HeadLook | None:
    """The face in and near a square, read from a straight crop and from a close one; None if there is none.

    The parts and the face map are those of the straight crop.
    """
    look = network.look(pyramid, placement)
    for _ in range(MOVES):
        straight = _straight(look)
        if straight is None:
            return None
        still = _moved(look.placement, straight) < SETTLED
        look = network.look(pyramid, straight)
        if still:
            break
    if look.belief < LEAST:
        return None
    near = network.look_twice(pyramid, replace(look.placement, size=CLOSE * look.placement.size))
    return _joined(look, near)


def _joined(look: HeadLook, near: HeadLook) -> HeadLook:
    """The first look with the points of both, each as far as it is sure."""
    sure = near.variance / (look.variance + near.variance)  # [546], share of the first
    points = look.points * sure[:, None] + near.points * (1 - sure[:, None])
    relief = look.relief * sure + near.relief * (1 - sure)
    variance = np.minimum(look.variance, near.variance)
    belief = math.sqrt(look.belief * near.belief)
    return replace(look, points=points, relief=relief, variance=variance, belief=belief)


def _look(answers: dict[str, np.ndarray], placement: Placement) -> HeadLook:
    logits = answers["parts"] - answers["parts"].max(axis=0)
    parts = np.exp(logits)
    return HeadLook(
        placement,
        to_picture(placement, answers["points"]),
        answers["relief"] * placement.size,
        np.exp(np.clip(answers["spread"], -20, 10)) * placement.size**2,
        (parts / parts.sum(axis=0)).astype(np.float32),
        answers["face_map"].astype(np.float32),
        float(1 / (1 + np.exp(-answers["score"]))),
    )


def _levels(share: np.ndarray) -> np.ndarray:
    return np.rint(255 * share).astype(np.uint8)


def _straight(look: HeadLook) -> Placement | None:
    """The crop with eyes and mouth in their usual places; None where they lie in one place."""
    try:
        return place(look.reading.face_points, ALIGNMENT)
    except CoreError:
        return None


def _moved(before: Placement, after: Placement) -> float:
    apart = math.hypot(after.x - before.x, after.y - before.y) / before.size
    turned = abs((after.angle - before.angle + 180) % 360 - 180) / 60
    return apart + abs(math.log(after.size / before.size)) + turned
