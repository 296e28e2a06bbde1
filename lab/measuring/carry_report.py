"""How well edits are carried over to pictures: moved as far as meant, all else kept, texture too.

python -m anycost.lab.measuring.carry_report FOLDER [--pack NAME] [--edits smile=1,jaw=-1] [--out report.md]

Every edit is applied to the face in front of every picture in FOLDER, at the picture's own size. The result
is read again and compared with what the pack's bank meant. It needs the weights of `anycost weights get
faces`, and a pack with a bank.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import cv2
import numpy as np

from ...core.editing.carry.carry import Plan
from ...core.editing.carry.change import Change, Head, change_of
from ...core.editing.carry.drawn import region_of
from ...core.editing.carry.field import sampled
from ...core.editing.carry.movement import LATTICE, Movement, determinant
from ...core.editing.carry.picture_parts import DARK
from ...core.editing.carry.smile_alone import with_smiles_alone
from ...core.editing.carry.solid_head import facing, frontal_pose, unit_height
from ...core.editing.carry.surface import Surface
from ...core.editing.carry.tint import TO_LIGHT
from ...core.editing.carrying import Carrying
from ...core.editing.opened_face import head_of
from ...core.editing.session import Session
from ...core.errors import CoreError
from ...core.faces.face_parts import OUTLINES
from ...core.faces.onnx_network import OnnxNetwork
from ...core.faces.placement import to_unit
from ...core.faces.readers import Readers, in_front
from ...core.faces.reading import LEFT_EYE, RIGHT_EYE
from ...core.files.pictures import read_picture
from ...core.files.whole_file import write_bytes
from ...models.pack import Direction, Pack, PackError
from .markdown import table

ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
EDITS = (
    "smile=1,smile=-0.8,mouth_open=1,mouth_open=-0.5,eye_open=-0.9,eye_open=1,brow_raise=1,brow_frown=1,"
    "gaze_x=1,face_width=1,face_width=-1,jaw=1,nose_size=-1,turn=0.5,skin_tone=0.6,hair_lightness=1,"
    "light_warmth=1,lipstick=1,eye_colour=1,glasses=1"
)
STEPS = 30  # of a projection, where a picture is near enough to the pack's world to need one
MOST = 93  # points, a fifth of all: those that move most say how far a face moved
APART = 0.1  # of the square's side: points that are further from all that moves should stand still
FEW = 10  # points: of fewer, a mean says nothing
SHIFTS = (
    (0.0, 0.0),
    (0.04, 0.02),
    (-0.02, 0.04),
    (-0.04, -0.02),
    (0.02, -0.04),
)  # of the crops that are read
MARGIN = 0.012  # of the square's side: around eyes and lips, where texture is covered and uncovered
AROUND, PLACES = 1.2, 101  # of the longest way: so far around its end a moved point is sought, at such places
CLOSED = 0.01  # of the square's side: smaller gaps in a layer are not its border
SMOOTH = 6  # levels: where the picture has a greater step itself, nobody sees one more
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
WANTED = {  # the least and the most of each figure
    "movement": (0.7, 1.2),
    "field": (0.8, 1.2),
    "identity": (-np.inf, 0.01),
    "texture": (0.95, 1.1),
    "outside": (-np.inf, 0),
    "step": (-np.inf, 2),
    "folds": (1e-9, np.inf),
    "gray": (-np.inf, 1),
}


@dataclass(frozen=True)
class CarryFigures:
    """One edit on one picture. None where a figure does not apply."""

    picture: str
    edit: str
    kind: str  # moved, tinted or drawn
    changed: int  # pixels
    movement: float | None  # how far the points went, as they are read, over how far they were meant to
    field: float | None  # the same by the field that moves the pixels: no reader's doubt is in it
    identity: float | None  # how far points went that should stand still, over the face's height
    noise: float  # the same for all points of the unedited picture, shifted by a pixel
    texture: float | None  # energy of the finest detail, after over before
    outside: int  # pixels that change outside the face's square or where the layer is not opaque
    step: float | None  # levels at the layer's border
    folds: float | None  # least determinant of the field
    gray: int | None  # largest difference between channels, for gray pictures

    def fails(self) -> list[str]:
        """Names of the figures that are not as wanted."""
        if not self.changed:
            return ["nothing changes"]
        values = {name: getattr(self, name) for name in WANTED}
        return [
            name
            for name, value in values.items()
            if value is not None and not WANTED[name][0] <= value <= WANTED[name][1]
        ]


def parsed_edit(text: str) -> tuple[str, float]:
    """ "smile=0.5" -> ("smile", 0.5); CoreError "bad-value" for anything else."""
    name, _, value = text.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError:
        raise CoreError("bad-value", f'"{text}" is not an edit: write NAME=NUMBER, as smile=0.5.') from None


class CarriedPicture:
    """One picture that is open in a session, with its face read. CoreError "no-face" where none is."""

    def __init__(self, session: Session, readers: Readers, name: str, rgba: np.ndarray):
        faces = readers.read(rgba)
        if not faces:
            raise CoreError("no-face", f'No face was found in "{name}".')
        self.name, self.rgba = name, rgba
        self._session, self._readers = session, readers
        face = in_front(faces)
        far = float(np.linalg.norm(np.subtract(*face.eyes)))
        self._crops = [face.moved(x * far, y * far).face_points for x, y in SHIFTS]
        session.open(name, rgba, face.face_points)
        for _ in session.project(name, steps=STEPS):
            pass
        self.opened = session.pictures[name]
        if self.opened.head is None or session.pack.bank is None:
            raise CoreError("bad-value", "Carried edits are measured with the weights `faces` and a bank.")
        self.head = self.opened.head
        self.before = self._read(rgba) or self.head
        self.noise = self._noise()

    def measured(self, edit: str) -> CarryFigures:
        """One edit, such as "smile=1", applied and compared with what was meant."""
        name, value = parsed_edit(edit)
        pack, surface = self._session.pack, self.opened.surface
        direction = next(d for d in pack.directions if d.name == name)
        after, opaque = self.applied({name: value})
        plan = Carrying(pack, lambda: None).planned(self.opened, {name: value})
        height, width = surface.rgb.shape[:2]
        box = np.s_[surface.y : surface.y + height, surface.x : surface.x + width]
        head = self._read(after)
        gray = np.ptp(self.rgba[..., :3], axis=2).max() == 0
        return CarryFigures(
            self.name,
            edit,
            direction.how[0] if direction.how else "drawn",
            int((after != self.rgba).any(axis=2).sum()),
            None if head is None else movement_share(self._meant(name, value), self.before, head),
            field_share(plan),
            None if head is None else strayed(plan.change, self.before, head),
            self.noise,
            texture_share(surface, after[box][..., :3], plan, direction),
            self._outside(after, opaque),
            None if "drawn" in direction.how else border_step(surface, after[box][..., :3], opaque[box]),
            None if plan.moves is None else float(determinant(plan.moves.field).min()),
            int(np.ptp(after[..., :3].astype(int), axis=2).max()) if gray else None,
        )

    def _meant(self, name: str, value: float) -> Change:
        """The change that the edit makes in the pack's own world: without the gain that pictures need."""
        pack, parts = self._session.pack, self.opened.parts
        assert pack.bank is not None  # both were seen to when the picture was opened
        assert parts is not None
        effects = {key: replace(effect, gain=np.ones((2, 2))) for key, effect in pack.bank.effects.items()}
        directions = {direction.name: direction for direction in pack.directions}
        bank = replace(pack.bank, effects=effects)
        if self.opened.far:
            bank = with_smiles_alone(bank, {name: value}, directions)
        return change_of(self.head, {name: value}, bank, directions, parts.colour)

    def applied(self, edits: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
        """The picture with the edit's layer over it, uint8 [H, W, 4], and where that is opaque [H, W]."""
        after, opaque = self.rgba.copy(), np.zeros(self.rgba.shape[:2], bool)
        layer = self._session.apply(self.name, edits, lambda: False)
        if layer is not None:
            rgba = np.frombuffer(layer.rgba, np.uint8).reshape(layer.height, layer.width, 4)
            box = np.s_[layer.y : layer.y + layer.height, layer.x : layer.x + layer.width]
            opaque[box] = rgba[..., 3] > 0
            after[box][opaque[box]] = rgba[opaque[box]]
        return after, opaque

    def _read(self, rgba: np.ndarray) -> Head | None:
        """The mean of readings in several crops: one alone is as noisy as a small edit is large."""
        found = [self._readers.read_at(rgba, points) for points in self._crops]
        heads = [head_of(reading, self.opened.placement) for reading in found if reading is not None]
        known = [head for head in heads if head is not None]
        if not known:
            return None
        return Head(
            *(np.mean([getattr(head, part) for head in known], axis=0) for part in ("mesh", "irises"))
        )

    def _noise(self) -> float:
        """How far a reading goes when the picture is shifted by a pixel."""
        shifted = self._read(np.roll(self.rgba, 1, axis=1))
        if shifted is None:
            return float("nan")
        there = shifted.mesh[:, :2] - (1 / self.opened.placement.size, 0)
        away = np.linalg.norm(there - self.before.mesh[:, :2], axis=1)
        return float(away.mean() / unit_height(self.head.mesh))

    def _outside(self, after: np.ndarray, opaque: np.ndarray) -> int:
        y, x = np.nonzero((after != self.rgba).any(axis=2))
        unit = to_unit(self.opened.placement, np.stack([x + 0.5, y + 0.5], axis=-1))
        within = ((unit >= 0) & (unit <= 1)).all(axis=1)
        return int((~within | ~opaque[y, x]).sum())


def movement_share(change: Change, before: Head, after: Head) -> float | None:
    """How far the points that move most went, along their ways, over how far they were meant to; and the
    irises beside their lids. None where nothing is meant to move."""
    got, most = (after.mesh - before.mesh)[:, :2], _most(change)
    pairs = [(got[most], change.moved[most])]
    if change.gaze.any():
        corners = [got[list(eye[:2])].mean(axis=0) for eye in (LEFT_EYE, RIGHT_EYE)]
        pairs.append((after.irises[:, 0] - before.irises[:, 0] - corners, change.gaze))
    return _share(pairs)


def field_share(plan: Plan) -> float | None:
    """The same for the mesh, by the plan's own field; None where it moves nothing, or hardly anything but the
    irises: the points around them say nothing of those.

    A point is now where the field takes its pixel from it. Where lids or lips meet, the field leaps, and what
    it is at the point's end says nothing. Points of a turned head's far side do not count: nobody sees them.
    """
    if plan.moves is None or plan.head is None:
        return None
    longest = [np.linalg.norm(ways, axis=1).max() for ways in (plan.change.moved, plan.change.gaze)]
    most = _most(plan.change)
    most = most[_seen(plan.head)[most]]
    if longest[0] < longest[1] or not len(most):
        return None
    moved = plan.change.moved[most]
    return _share([(_gone(plan.moves, plan.head.mesh[most, :2], moved), moved)])


def _seen(head: Head) -> np.ndarray:
    """Which points of a head face the viewer, bool [468]."""
    pose = frontal_pose(head.mesh)
    resting = pose.resting(head.mesh)
    return facing(resting - resting.mean(axis=0), pose.rotation) > 0


def _gone(moves: Movement, points: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """How far a field takes points [n, 2], sought around where they should have `moved` to: [n, 2]. Of places
    that show a point equally well, as in a mouth that opens, the nearest to its end counts."""
    reach = AROUND * np.abs(moved).max()
    steps = np.linspace(-reach, reach, PLACES)
    around = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    places = (points + moved)[:, None] + around  # [n, PLACES^2, 2]
    source = places + LATTICE.at(moves.field, LATTICE.place(places))
    missed = np.linalg.norm(source - points[:, None], axis=2)  # [n, PLACES^2]
    hit = missed <= missed.min(axis=1, keepdims=True) + (steps[1] - steps[0])
    off = np.where(hit, np.linalg.norm(around, axis=1), np.inf)
    return places[np.arange(len(points)), off.argmin(axis=1)] - points


def _most(change: Change) -> np.ndarray:
    return np.argsort(np.linalg.norm(change.moved, axis=1))[-MOST:]


def _share(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> float | None:
    """How far vectors went along those that were meant, over their length; None for none."""
    meant = sum(float((want * want).sum()) for _, want in pairs)
    return sum(float((went * want).sum()) for went, want in pairs) / meant if meant else None


def strayed(change: Change, before: Head, after: Head) -> float | None:
    """The mean way of points that should stand still, over the face's height; None where there are few."""
    points, moves = before.mesh[:, :2], change.moved.any(axis=1)
    still = ~moves
    if moves.any():
        apart = np.linalg.norm(points[:, None] - points[None, moves], axis=2).min(axis=1)
        still = apart > APART
    if still.sum() < FEW:
        return None
    away = np.linalg.norm((after.mesh - before.mesh)[still, :2], axis=1)
    return float(away.mean() / unit_height(before.mesh))


def texture_share(surface: Surface, after: np.ndarray, plan: Plan, direction: Direction) -> float | None:
    """The deviation of the Laplacian of the face's skin, after over before; None where all may be drawn.

    Tints are compared in the logarithm of light, in which a change of light is no change of texture.
    """
    assert plan.head is not None
    drawn = region_of(direction.parts, plan.head) if "drawn" in direction.how else None
    tinted = plan.tint is not None
    was = _energy(surface.rgb, _skin(surface, plan.head.mesh[:, :2], drawn), tinted)
    now = _energy(after, _skin(surface, plan.head.mesh[:, :2] + plan.change.moved, drawn), tinted)
    return None if was is None or now is None else now / max(was, 1e-9)


def _energy(rgb: np.ndarray, mask: np.ndarray, tinted: bool) -> float | None:
    if not mask.any():
        return None
    light = np.log(TO_LIGHT[rgb] @ LUMINANCE + DARK) if tinted else rgb @ LUMINANCE
    return float(cv2.Laplacian(light.astype(np.float32), cv2.CV_32F)[mask].std())


def _skin(surface: Surface, points: np.ndarray, drawn: np.ndarray | None) -> np.ndarray:
    """bool [h, w]: the face without eyes and lips, and without what may be drawn [S, S]."""
    mask = np.zeros(surface.rgb.shape[:2], np.uint8)
    for name, value in (("face", 1), ("left eye", 0), ("right eye", 0), ("lips", 0)):
        line = np.rint(surface.pixels(points[list(OUTLINES[name])])).astype(np.int32)
        cv2.fillPoly(mask, [line], value)
        if not value:
            cv2.polylines(mask, [line], True, 0, max(1, round(2 * MARGIN * surface.placement.size)))
    if drawn is not None:
        y, x = np.indices(mask.shape) + 0.5
        places = np.stack([x + surface.x, y + surface.y], axis=-1)
        mask[sampled(drawn, to_unit(surface.placement, places).astype(np.float32)) > 0.02] = 0
    return mask > 0


def border_step(surface: Surface, after: np.ndarray, opaque: np.ndarray) -> float | None:
    """The change along the layer's border, in levels, where the picture itself is smooth: 99 of 100 pixels
    change by no more.

    Within the layer are pixels that stay by chance; they are not its border.
    """
    side = 2 * max(1, round(CLOSED * surface.placement.size / 2)) + 1
    closed = cv2.morphologyEx(opaque.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    border = (closed > 0) & (cv2.erode(closed, np.ones((3, 3), np.uint8)) == 0) & opaque
    gray = (surface.rgb @ LUMINANCE).astype(np.float32)
    steep = cv2.dilate(gray, np.ones((3, 3), np.uint8)) - cv2.erode(gray, np.ones((3, 3), np.uint8))
    border &= steep <= SMOOTH
    if not border.any():
        return None
    steps = np.abs(after[border].astype(int) - surface.rgb[border]).max(axis=1)
    return float(np.percentile(steps, 99))


def measure_folder(
    folder: Path, session: Session, edits: Sequence[str], limit: int | None = None
) -> Iterator[CarryFigures]:
    """Every edit on every picture of a folder; pictures without a face are told and left out."""
    finder = session.pack.finder_path
    readers = Readers(OnnxNetwork(finder, "heat") if finder else None)
    paths = sorted(path for path in folder.iterdir() if path.suffix in ENDINGS)
    for path in paths[:limit]:
        try:
            picture = CarriedPicture(session, readers, path.stem, read_picture(path))
        except CoreError as error:
            print(f"{path.stem}: {error.message}", file=sys.stderr)
            continue
        print(f"{path.stem}...", file=sys.stderr)
        yield from (picture.measured(edit) for edit in edits)
        session.close(path.stem)


def carry_report(rows: Sequence[CarryFigures]) -> str:
    """A table for each kind of edit, and what failed."""
    parts = []
    for kind in ("moved", "tinted", "drawn"):
        edits = dict.fromkeys(row.edit for row in rows if row.kind == kind)
        if edits:
            cells = [_cells(edit, [row for row in rows if row.edit == edit]) for edit in edits]
            parts.append(f"**{kind.capitalize()}**\n\n{table(['edit', *WANTED], cells)}")
    noises = [row.noise for row in {row.picture: row for row in rows}.values()]
    parts.append(
        f"{len(noises)} pictures. A cell is the median, the worst and the share of pictures in which the "
        f"figure is as wanted. Readings of the unedited pictures, shifted by a pixel, differ by "
        f"{median(noises):.4f} of the face's height in the median, {max(noises):.4f} at most."
    )
    failures = [f"- {line}" for line in _failures(rows)]
    return "\n\n".join(
        [*parts, "\n".join(["Not as wanted:", "", *failures]) if failures else "All is as wanted."]
    )


def _cells(edit: str, rows: Sequence[CarryFigures]) -> list[str]:
    return [edit, *(_cell(name, [getattr(row, name) for row in rows if row.changed]) for name in WANTED)]


def _cell(name: str, values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = WANTED[name]
    worst = max(known, key=lambda value: max(low - value, value - high))
    passed = sum(low <= value <= high for value in known)
    return f"{median(known):.3g}, {worst:.3g}, {100 * passed / len(known):.0f} %"


def _failures(rows: Sequence[CarryFigures]) -> Iterator[str]:
    """A line for each edit and figure that is not as wanted, with the pictures."""
    failed: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for name in row.fails():
            value = getattr(row, name, None)
            text = row.picture if value is None else f"{row.picture} {value:.3g}"
            failed.setdefault((row.edit, name), []).append(text)
    yield from (f"{edit}, {name}: {', '.join(pictures)}" for (edit, name), pictures in failed.items())


def main() -> None:
    parser = argparse.ArgumentParser(description="How well edits are carried over to pictures.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pack", default="portraits")
    parser.add_argument("--edits", default=EDITS, help="NAME=VALUE, separated by commas")
    parser.add_argument("--limit", type=int, help="only the first so many pictures")
    parser.add_argument("--out", type=Path, help="a Markdown file (default: print)")
    chosen = parser.parse_args()
    try:
        session = Session(Pack.open(chosen.pack))
        rows = list(measure_folder(chosen.folder, session, chosen.edits.split(","), chosen.limit))
    except (CoreError, PackError) as error:
        sys.exit(f"anycost: {error}")
    text = carry_report(rows) + "\n"
    if chosen.out is None:
        print(text, end="")
    else:
        write_bytes(chosen.out, text.encode())


if __name__ == "__main__":
    main()
