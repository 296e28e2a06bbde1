"""The faces of one document: where they lie, which one is edited, and whether the artist picks or places one.

Plain data, no Qt. conversation.py finds and opens faces; portrait.py is what the core is told about each.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import Iterable, List, Optional

from ...bridge.fields import XY
from ...bridge.messages import FacePoints, FoundFace, Placement
from ..words import tr, tr_count
from .handles import Handles
from .picture import Box, Picture
from .portrait import Portrait

BOX = 2.8  # a face's box, in the larger of the distances between the eyes and from eyes to mouth
GUESS = 0.5  # a score below says that the points are a guess


class View(Enum):
    """What the preview's place shows."""

    FACE = "face"  # the chosen face as it is edited
    PICKING = "picking"  # the whole picture with a box for each face
    PLACING = "placing"  # the whole picture with three handles


class Face:
    """One face of a picture. Its portrait has its edits from the start, and latents once it was projected."""

    def __init__(
        self, portrait: Portrait, box: Placement, guess: bool = False, by_hand: bool = False
    ) -> None:
        self.portrait = portrait
        self.box = box  # in the picture's pixels
        self.guess = guess
        self.by_hand = by_hand

    @staticmethod
    def found(picture: Picture, face: FoundFace) -> Face:
        points = FacePoints(face.eyes, face.mouth)
        return Face(Portrait(picture, points), box_around(points, face.turn[2]), face.score < GUESS)

    @staticmethod
    def placed(handles: Handles) -> Face:
        points = handles.face
        return Face(Portrait(handles.picture, points), box_around(points), by_hand=True)

    @staticmethod
    def whole(picture: Picture) -> Face:
        """For a pack that draws no faces: the core says which part of the picture it takes."""
        width, height = picture.width, picture.height
        return Face(Portrait(picture), Placement(width / 2, height / 2, float(min(width, height))))

    @property
    def spot(self) -> XY:
        """Its centre in document pixels."""
        picture, box = self.portrait.picture, self.box
        return picture.left + box.x * picture.factor, picture.top + box.y * picture.factor

    def lies_at(self, other: Face) -> bool:
        """Whether this is where `other` lies in the document."""
        return other.lies_around(self.spot)

    def lies_around(self, spot: XY) -> bool:
        """Whether a point of the document is within half this face's size of its centre."""
        x, y = self.spot
        return math.hypot(x - spot[0], y - spot[1]) <= self.box.size * self.portrait.picture.factor / 2

    def take_portrait(self, portrait: Portrait) -> None:
        """It was opened in the core."""
        self.portrait = portrait
        if portrait.face is None and portrait.placement is not None:
            self.box = portrait.placement

    def take_edits(self, other: Face) -> None:
        self.portrait.take(other.portrait)

    def on(self, picture: Picture) -> Optional[Face]:
        """The same place, with its edits, on a picture that was read later; None if that does not show it."""
        old, points = self.portrait.picture, self.portrait.face
        if points is None:
            return None

        def moved(x: float, y: float) -> XY:
            return (
                (old.left + x * old.factor - picture.left) / picture.factor,
                (old.top + y * old.factor - picture.top) / picture.factor,
            )

        (left, right), mouth = points.eyes, points.mouth
        points = FacePoints((moved(*left), moved(*right)), (moved(*mouth[0]), moved(*mouth[1])))
        box = box_around(points, self.box.angle)
        inside = 0 <= box.x <= picture.width and 0 <= box.y <= picture.height
        if not (inside and picture.wants(box.x, box.y)):
            return None
        moved_face = Face(Portrait(picture, points), box, self.guess, self.by_hand)
        moved_face.take_edits(self)
        return moved_face


class Faces:
    """What is known of one document's faces. The chosen one is open in the core; the others may be."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture  # as it was sent
        self.all: List[Face] = []  # from image left to image right
        self.chosen: Optional[Face] = None
        self.view = View.PICKING
        self.handles: Optional[Handles] = None  # while the artist places a face
        self.hint = ""  # why he has to

    @property
    def portrait(self) -> Optional[Portrait]:
        return None if self.chosen is None else self.chosen.portrait

    @property
    def shown(self) -> Picture:
        """The picture under the boxes or handles."""
        return self.picture if self.handles is None else self.handles.picture

    @property
    def can_leave(self) -> bool:
        """Whether there is another view than this one."""
        if self.view is View.PLACING:
            return bool(self.all)
        return self.chosen is not None

    def words(self) -> str:
        """The status line while no face is shown."""
        if self.view is View.PLACING:
            return tr("Place the eyes and the mouth")
        return tr_count("1 face: click it to edit", "{n} faces: click the one to edit", len(self.all))

    def again(self, picture: Picture, found: Iterable[Face]) -> Faces:
        """The faces of this document in a picture that was read later.

        A face keeps the edits of the one that lay there; the only one found, those of the only one known.
        Places that the artist gave stay, since no finder will give them.
        """
        later = Faces(picture)
        new, lone = list(found), len(self.all) == 1
        for face in new:
            old = next((old for old in self.all if face.lies_at(old)), None)
            if old is None and lone and len(new) == 1:
                old = self.all[0]
            if old is not None:
                face.take_edits(old)
        kept = [face.on(picture) for face in self.all if face.by_hand]
        new += [face for face in kept if face and not any(face.lies_at(other) for other in new)]
        for face in new:
            later.add(face)
        return later

    def add(self, face: Face) -> None:
        """One more face. A place given by hand moves the one that was given there before."""
        for old in self.all if face.by_hand else []:
            if old.by_hand and face.lies_at(old):
                face.take_edits(old)
                self.all.remove(old)
                break
        self.all = sorted([*self.all, face], key=lambda one: one.box.x)

    def choose(self, face: Face) -> None:
        if face not in self.all:
            self.add(face)
        self.chosen = face
        self.view, self.handles, self.hint = View.FACE, None, ""

    def with_face(self, picture: Picture, face: Face) -> Faces:
        """These faces and one of `picture`, in place of what lies there; others come onto that picture."""
        same = self.picture.box == picture.box
        others = [other for other in self.all if not face.lies_at(other)]
        later = Faces(self.picture if same else picture)
        for one in [face, *(others if same else filter(None, [other.on(picture) for other in others]))]:
            later.add(one)
        return later

    # What the artist looks at

    def toggle(self) -> None:
        """The chosen face, or all of them."""
        if self.view is View.PLACING:
            self.leave_placing()
        elif self.view is View.FACE:
            self.view = View.PICKING
        elif self.chosen is not None:
            self.view = View.FACE

    def place(self, picture: Picture, around: Optional[Box]) -> None:
        """Let the artist place a face on a picture; `around` is the selection's box in the document."""
        chosen = self.chosen
        again = chosen is not None and chosen.by_hand and chosen.portrait.picture is picture
        face = chosen.portrait.face if chosen is not None and again else None
        self.handles = Handles(picture, around, face)
        self.view = View.PLACING

    def leave_placing(self) -> None:
        """Back to the faces; stays where there are none."""
        if self.all:
            on_this = self.handles is not None and self.handles.picture is self.picture
            self.handles, self.hint = None, ""
            self.view = View.PICKING if on_this or self.chosen is None else View.FACE


def wanted(picture: Picture, found: Iterable[FoundFace]) -> List[Face]:
    """The faces in the selection; all of them where it has none, since it may show only a part of one."""
    faces = [Face.found(picture, face) for face in found]
    return [face for face in faces if picture.wants(face.box.x, face.box.y)] or faces


def box_around(points: FacePoints, roll: Optional[float] = None) -> Placement:
    """A face's box: half way between eyes and mouth, turned by `roll` degrees or else with the eyes' line."""
    (lx, ly), (rx, ry) = points.eyes
    (ax, ay), (bx, by) = points.mouth
    eyes, mouth = ((lx + rx) / 2, (ly + ry) / 2), ((ax + bx) / 2, (ay + by) / 2)
    across = math.hypot(rx - lx, ry - ly)
    down = math.hypot(mouth[0] - eyes[0], mouth[1] - eyes[1])
    turn = math.degrees(math.atan2(ry - ly, rx - lx)) if roll is None else roll
    centre = (eyes[0] + mouth[0]) / 2, (eyes[1] + mouth[1]) / 2
    return Placement(centre[0], centre[1], BOX * max(across, down), turn)
