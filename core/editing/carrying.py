"""What an edit does to an open picture, by the pack that is open: from its bank, or from its generator.

A picture in the pack's world has a latent, and the generator says what has to be drawn. For a picture from
another world the bank alone says what moves and what changes colour; glasses and mouths are drawn as shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import cv2
import numpy as np

from ...models.manifest import WAYS
from ...models.pack import Direction, Pack
from ..faces.placement import rimless
from .carry.by_reading import OwnFace, OwnFaces, change_by_reading
from .carry.carry import Plan, plan, planned
from .carry.change import Change, Head
from .carry.drawn import SIDE, drawn_by, region_of
from .carry.glasses_shape import worn_already
from .carry.movement import LATTICE, Movement
from .carry.smile_alone import with_smiles_alone
from .carry.zones import ZONES
from .opened_face import OpenedFace
from .own_gains import with_own_gains
from .style_mixing import Other, with_other

FELT, SEEN = 0.01, 0.1  # the least movement, of the face's height, and logarithm of light that an artist sees
FAR_SIDE = 32  # px at which the encoder's portrait is compared with the picture
SHAPES = ("mouth", "glasses")  # parts that can be drawn as shapes...
COARSE = 1.5  # ...where the square has this many times as many pixels a side as the generator
PLAIN = Change(np.zeros((468, 2)), np.zeros((2, 2)), np.zeros(468), np.zeros((len(ZONES), 3)))
Portraits = tuple[np.ndarray, np.ndarray]  # of w, unedited and edited, uint8 [R, R, 3] each


class Carrying:
    """Makes plans for the pictures of one pack. `own_faces` reads the pack's own portraits, where it can."""

    def __init__(self, pack: Pack, own_faces: Callable[[], OwnFaces | None]):
        self.pack = pack
        self._own_faces = own_faces
        self._directions = {direction.name: direction for direction in pack.directions}
        self._unedited: tuple[np.ndarray, OwnFace | None] | None = None  # as it was read

    def drawn(
        self, opened: OpenedFace, edits: Mapping[str, float], other: Other | None = None
    ) -> dict[str, float]:
        """Those of the edits for which the generator has to draw; for the others the bank is enough.

        With another face's layers mixed in, it draws all.
        """
        if opened.head is None or self.pack.bank is None or (other is not None and other.w is not None):
            return dict(edits)
        if opened.far:
            return {}
        shapes = opened.placement.size > COARSE * self.pack.resolution
        return {name: value for name, value in edits.items() if self._needs_drawing(name, shapes)}

    def _needs_drawing(self, name: str, shapes: bool) -> bool:
        direction = self._directions[name]
        as_shape = shapes and bool(direction.parts) and set(direction.parts) <= set(SHAPES)
        return not direction.how or ("drawn" in direction.how and not as_shape)

    def planned(
        self,
        opened: OpenedFace,
        edits: Mapping[str, float],
        portraits: Portraits | None = None,
        other: Other | None = None,
        measured: bool = True,
    ) -> Plan:
        """What edits (none of them 0) do to a picture, with the portraits of those that have to be drawn.

        `other` is the face that is mixed in. Unless `measured`, the picture's own gains are not looked for.
        """
        bank, head, parts = self.pack.bank, opened.head, opened.parts
        if head is None or parts is None:
            assert portraits is not None
            return _with_drawing(Plan(None, None, PLAIN, None, None), opened, portraits, (), None, None)
        asked = self.drawn(opened, edits, other)
        drawn = [self._directions[name] for name in asked]
        touched = () if any(not d.parts for d in drawn) else tuple(part for d in drawn for part in d.parts)
        if bank is None or (other is not None and other.w is not None):
            assert portraits is not None
            touched = () if other is not None else touched
            made = _mouth_left(planned(head, parts, self._read(head, portraits)), touched)
            return _with_drawing(made, opened, portraits, touched, made.moves, None)
        # of near pictures the generator knows the teeth
        meant = with_smiles_alone(bank, edits, self._directions) if opened.far else bank
        faces = self._own_faces() if measured else None
        gained = with_own_gains(opened, edits, meant, self._directions, faces)
        made = plan(head, parts, edits, gained, self._directions)
        if other is not None:
            made = planned(head, parts, with_other(made.change, head, parts, bank, other))
        if not any("glasses" in direction.parts for direction in drawn):
            made = replace(made, glasses=self._glasses(edits))
        if portraits is None:
            return made
        others = {name: value for name, value in edits.items() if name not in asked}
        own, rest = made.moves, None
        if others:  # what is drawn may move nothing: then all that moves is theirs
            own = plan(head, parts, asked, gained, self._directions).moves
            rest = made.moves if own is None else plan(head, parts, others, gained, self._directions).moves
        return _with_drawing(_mouth_left(made, touched), opened, portraits, touched, own, rest)

    def first_touch(self, opened: OpenedFace, edits: Mapping[str, float]) -> None:
        """Finds out now what `planned` finds out with the first of such edits, and keeps."""
        if opened.head is not None and opened.parts is not None and self.pack.bank is not None:
            made = self.planned(opened, edits)
            if made.tint is not None:
                _ = made.tint.lines

    def limited(self, opened: OpenedFace) -> tuple[str, ...]:
        """The directions that do not work on a picture.

        Where it is far from the pack's world, nearly all that they do is drawn, and not as a shape; or they
        put on glasses where some are worn. Elsewhere, they move a head that could not be read, and the
        generator knows nothing of them.
        """
        if not opened.far and opened.head is not None:
            return ()
        if not opened.far:
            return tuple(d.name for d in self.pack.directions if not d.vector.any())
        worn = _wears_glasses(opened)
        return tuple(
            d.name for d in self.pack.directions if not self._works_far(d) or (worn and "glasses" in d.parts)
        )

    def _works_far(self, direction: Direction) -> bool:
        assert self.pack.bank is not None  # without one, no picture counts as far
        effect = self.pack.bank.effects[direction.name]
        if "drawn" in direction.how and set(direction.parts) & set(SHAPES):
            return True
        may = direction.how or WAYS
        moves = float(np.linalg.norm(effect.moves[:, 0, :, :2], axis=-1).max())
        touched = [z for z, zone in enumerate(ZONES) if not direction.parts or zone in direction.parts]
        tints = float(np.abs(effect.zones[:, touched, 0]).max(initial=0.0))
        return ("moved" in may and moves > FELT) or ("tinted" in may and tints > SEEN)

    def advice(self) -> str:
        """What to tell the artist about a picture that is far from the pack's world."""
        bank = self.pack.bank
        assert bank is not None
        turning = [d.label for d in self.pack.directions if bank.effects[d.name].turn.any()]
        text = "This picture is far from what this pack draws: edits of shape and colour work"
        return f"{text}, {' and '.join(turning)} only a little." if turning else f"{text}."

    def is_far(self, face: np.ndarray, portrait: np.ndarray) -> bool:
        """Whether a face uint8 [S, S, 3] is from another world than its encoded portrait [R, R, 3]."""
        return self.pack.bank is not None and unlike(face, portrait) > self.pack.bank.far

    def _glasses(self, edits: Mapping[str, float]) -> float:
        worn = [
            value / direction.high
            for name, value in edits.items()
            if value > 0 and "glasses" in (direction := self._directions[name]).parts
        ]
        return min(1.0, max(worn, default=0.0))

    def _read(self, head: Head, portraits: Portraits) -> Change:
        """The movement by what a mesh network sees in the two portraits; none where it sees no face."""
        faces = self._own_faces()
        if faces is None:
            return PLAIN
        if self._unedited is None or self._unedited[0] is not portraits[0]:
            self._unedited = portraits[0], faces.read(portraits[0])  # the same for many edits
        before = self._unedited[1]
        after = faces.read(portraits[1], before) if before else None
        return change_by_reading(head, before.head, after.head) if before and after else PLAIN


def unlike(face: np.ndarray, portrait: np.ndarray) -> float:
    """How unlike two squares uint8 [S, S, 3] of any sizes are: the mean difference of their colours, 0..1."""
    a, b = (cv2.resize(x, (FAR_SIDE, FAR_SIDE), interpolation=cv2.INTER_AREA) for x in (face, portrait))
    return float(np.abs(a.astype(np.float32) - b).mean()) / 255


def _wears_glasses(opened: OpenedFace) -> bool:
    return opened.head is not None and opened.parts is not None and worn_already(opened.head, opened.parts)


def _mouth_left(made: Plan, touched: tuple[str, ...]) -> Plan:
    """A plan that leaves the mouth's inside to the generator, where that draws it."""
    if made.moves is None or (touched and "mouth" not in touched):
        return made
    return replace(made, moves=replace(made.moves, inside=None))


def _with_drawing(
    made: Plan,
    opened: OpenedFace,
    portraits: Portraits,
    parts: tuple[str, ...],
    own: Movement | None,
    others: Movement | None,
) -> Plan:
    """A plan with what the generator draws in `parts`; anywhere without parts.

    `own` is the movement of the edits that the portraits show, `others` that of the rest.
    """
    still = np.zeros((*LATTICE.points.shape[:2], 2), np.float32)
    field = still if own is None else own.field
    region = np.ones((SIDE, SIDE), np.float32) if opened.head is None else region_of(parts, opened.head)
    moved_along = None if others is None else others.field
    before, after = (rimless(portrait, opened.placement.shape) for portrait in portraits)
    return replace(made, drawn=drawn_by(before, after, field, opened.square, region, moved_along))
