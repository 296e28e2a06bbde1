"""What an edit does to one head: where its points go, and how its colours change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ....models.bank import POINTS, Bank, Effect
from ....models.pack import Direction
from ...faces.reading import LEFT_EYE, RIGHT_EYE
from .expression import expression_of
from .field import smooth
from .outline import within_outline
from .solid_head import HeadPose, facing, pose_of, rotation_of, unit_height
from .zones import ZONES

TYPICAL = 2.0  # deviations: no face's expression counts as further from the mean
STRAIGHT = 0.5  # of a surface that faces the viewer: from there on it turns wholly
LEAST_SHARE = 0.08  # of the largest movement: what a direction moves by less, it does not mean to move
FURTHEST = 0.26  # radians that a head is turned at most
TURNABLE = ((12.0, 40.0), (1.0, 0.4))  # degrees aside, and how much further a head then turns
PIVOT = np.array([0.0, 0.1, 0.1])  # of the resting head, about which it turns: behind the eyes
# of the face's height: what moves by less stands still; what moves by this does so wholly
STILL, MOVING = 0.002, 0.006
PALE, DEEP = 0.04, 0.1  # the same for logarithms of light
BRIGHTEST = 0.6  # logarithm by which a zone becomes lighter at most: a dark painting is not dark skin
BRIGHTEST_HAIR = 1.0  # the same of dark hair over lighter skin
STRONGEST = 0.6  # logarithm by which a tint changes the balance of colours at most
BLEACHED = 0.3, 0.6  # what takes less of a zone's colour does not bleach it; what takes this does
MET = 1.5  # times the slit that lids leave: those of an eye that is no further open have met
COLOURLESS = 0.05  # logarithm: a zone whose balance of colours is less is grey already
ADOPTED = 1.2  # from this change of light on, a zone takes the colour that the pack gives it


@dataclass(frozen=True, eq=False)
class Head:
    """One face of a picture in its square: mesh [468, 3] and irises [2, 5, 2] in unit coordinates."""

    mesh: np.ndarray
    irises: np.ndarray


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines of the skin that one edit draws or takes, on a resting face seen from the front."""

    ends: np.ndarray  # [2, LINES, LINES] logarithm of the ratio of light at both ends of the direction
    end: int
    share: float  # of the way to that end
    creases: float  # how much deeper the picture's own creases become at that end
    resting: np.ndarray  # [468, 3] the face


@dataclass(frozen=True, eq=False)
class Change:
    """What an edit does to a head, in unit coordinates of its square."""

    moved: np.ndarray  # [468, 2]: where each point of the mesh goes, less where it is
    gaze: np.ndarray  # [2, 2]: the same for the irises, beside what their lids do
    shade: np.ndarray  # [468] how much lighter than its zone each point becomes, a logarithm of light
    zones: np.ndarray  # [6, 3] logarithm of the ratio of light in each of ZONES
    # [6] how much of each pixel's difference from its zone's colour goes: grey hair has no brown strands
    faded: np.ndarray = field(default_factory=lambda: np.zeros(len(ZONES)))
    lines: tuple[Lines, ...] = ()  # that the skin gets or loses
    turned: bool = False  # the head turns: its outline becomes another line of the head
    teeth: float = 0.0  # share of an open mouth that shows teeth

    @property
    def moves(self) -> bool:
        return bool(self.moved.any() or self.gaze.any())

    @property
    def tints(self) -> bool:
        return bool(self.shade.any() or self.zones.any() or self.lines)


def change_of(
    head: Head,
    edits: Mapping[str, float],
    bank: Bank,
    directions: Mapping[str, Direction],
    colour: Callable[[str], np.ndarray],
) -> Change:
    """The change that `edits` (direction -> value) make to a head, by the pack's bank.

    `colour` gives the logarithms of light [3] in one of ZONES of the picture.
    """
    pose = pose_of(head.mesh, bank.resting)
    resting = pose.resting(head.mesh)
    asked = _Sum(worn=_worn(resting, bank))
    for name, value in edits.items():
        asked.add(value, bank.effects[name], bank, directions[name], colour)
    moved = (pose.placed(resting + asked.moves) - head.mesh)[:, :2]
    if asked.moves.any():
        moved = within_outline(head.mesh[:, :2], moved)
    if asked.turn.any():
        turn = _turnable(asked.turn) * np.interp(abs(_yaw(pose)), *TURNABLE)
        moved = moved + _turning(pose, resting + asked.moves, turn)
    height = unit_height(head.mesh)
    return Change(
        meeting(head.mesh[:, :2], damped(moved, STILL * height, MOVING * height)),
        damped(asked.gaze * eyes_of(head)[1], STILL * height, MOVING * height),
        damped(asked.shade[:, None], PALE, DEEP)[:, 0],
        damped(asked.zones, PALE, DEEP),
        np.clip(asked.faded, 0, 1),
        asked.lines,
        bool(asked.turn.any()),
        asked.teeth,
    )


def _meant(moves: np.ndarray) -> np.ndarray:
    """Movements [468, 3] of one direction without those of points that it hardly moves beside others."""
    most = float(np.linalg.norm(moves, axis=1).max())
    return damped(moves, LEAST_SHARE * most, 2.5 * LEAST_SHARE * most) if most else moves


def lips_together(moves: np.ndarray) -> np.ndarray:
    """Movements [468, 3] of a direction that does not touch the mouth: it neither opens nor closes it."""
    upper, lower, _ = MEETING[2]
    moves, both = moves.copy(), [*upper, *lower]
    moves[both] = np.tile((moves[list(upper)] + moves[list(lower)]) / 2, (2, 1))
    return moves


def _worn(resting: np.ndarray, bank: Bank) -> np.ndarray:
    """1 and the head's expression in deviations from the bank's mean, [5]: what movements depend on."""
    mean, deviation = bank.expression
    return np.append(1.0, np.clip((expression_of(resting) - mean) / deviation, -TYPICAL, TYPICAL))


@dataclass(eq=False)
class _Sum:
    """The effects of several edits on one resting head, summed."""

    worn: np.ndarray
    moves: np.ndarray = field(default_factory=lambda: np.zeros((POINTS, 3)))
    turn: np.ndarray = field(default_factory=lambda: np.zeros(3))
    gaze: np.ndarray = field(default_factory=lambda: np.zeros((2, 2)))
    shade: np.ndarray = field(default_factory=lambda: np.zeros(POINTS))
    zones: np.ndarray = field(default_factory=lambda: np.zeros((len(ZONES), 3)))
    faded: np.ndarray = field(default_factory=lambda: np.zeros(len(ZONES)))
    lines: tuple[Lines, ...] = ()
    teeth: float = 0.0

    def add(
        self,
        value: float,
        effect: Effect,
        bank: Bank,
        direction: Direction,
        colour: Callable[[str], np.ndarray],
    ) -> None:
        """Adds an edit, in the ways and on the parts that its direction allows."""
        if not value:  # which may be an end of the slider
            return
        end = int(value > 0)
        share = value / (direction.high if end else direction.low)
        if not direction.how or "moved" in direction.how:
            far, aside = share * effect.gain[end]
            moves = _meant(np.tensordot(self.worn, effect.moves[end], axes=1))
            if direction.parts and "mouth" not in direction.parts:
                moves = lips_together(moves)
            self.moves += far * moves
            self.turn += far * effect.turn[end]
            self.gaze += aside * effect.gaze[end]
            self.teeth = max(self.teeth, share * float(effect.teeth[end]))
        if not direction.how or "tinted" in direction.how:
            zones, faded = _tints(effect, end, bank, direction, colour)
            self.zones += share * zones
            self.faded += share * faded
            if not direction.parts or "skin" in direction.parts:
                self.shade += share * effect.shade[end]
        if effect.lines is not None and (effect.creases[end] or effect.lines[end].any()):
            self.lines += (Lines(effect.lines, end, share, float(effect.creases[end]), bank.resting),)


def _tints(
    effect: Effect, end: int, bank: Bank, direction: Direction, colour: Callable[[str], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Logarithms of the ratio of light [6, 3] that one end of a direction makes in each zone of a picture,
    and how much of the zone's variety of colours goes, [6].

    How much depends on how light the zone is: black hair cannot become much blacker. A great change also
    brings the colour that the pack gives it, or a pink skin would become a purple one; and so does a change
    that takes colour away, or fair hair would not turn grey but blue.
    """
    tints, faded = np.zeros((len(ZONES), 3)), np.zeros(len(ZONES))
    for z, zone in enumerate(ZONES):
        mean, slope = effect.zones[end, z]  # each [3]
        if np.abs(mean).max() < DEEP or (direction.parts and zone not in direction.parts):
            continue
        now = colour(zone)
        lightness = np.clip((now.mean() - bank.light[0, z]) / bank.light[1, z], -TYPICAL, TYPICAL)
        tint = mean + lightness * slope
        more = min(tint.mean(), _brightest(zone, now, colour))
        faded[z] = _bleaching(effect, end, z)
        adopted = min(1.0, max(abs(more) / ADOPTED, faded[z]))
        hue = now - now.mean()
        towards = (1 - adopted) * (tint - tint.mean()) + adopted * (effect.after[end, z] - hue)
        tints[z] = more + np.clip(towards, -STRONGEST, STRONGEST)
    return tints, faded


def _bleaching(effect: Effect, end: int, z: int) -> float:
    """How far one end of a direction makes a zone of all the pack's portraits the same, nearly grey."""
    tint, after = effect.zones[end, z, 0], effect.after[end, z]
    before = after - (tint - tint.mean())
    paler = np.array(1 - np.linalg.norm(after) / max(np.linalg.norm(before), COLOURLESS))
    return float((1 - effect.kept[end, z]) * smooth(paler, *BLEACHED))


def _brightest(zone: str, now: np.ndarray, colour: Callable[[str], np.ndarray]) -> float:
    """The logarithm by which a zone of colour [3] becomes lighter at most. Hair may come nearer to the skin,
    which says how light the picture is."""
    if zone != "hair":
        return BRIGHTEST
    return float(np.clip(colour("skin").mean() - now.mean(), BRIGHTEST, BRIGHTEST_HAIR))


def _turnable(turn: np.ndarray) -> np.ndarray:
    """A turn [3] of less than FURTHEST: of what lies behind the head, a picture shows nothing."""
    angle = float(np.linalg.norm(turn))
    return turn * (FURTHEST * np.tanh(angle / FURTHEST) / angle)


def _yaw(pose: HeadPose) -> float:
    """Degrees."""
    return float(np.degrees(np.arcsin(np.clip(pose.rotation[2, 0], -1, 1))))


def _turning(pose: HeadPose, resting: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Where a turn [3] of the picture takes the points of a resting head, less where they are: [468, 2].

    At the outline the head goes on behind itself: there the picture stands still and is stretched or pressed.
    """
    after = HeadPose(rotation_of(turn) @ pose.rotation, pose.scale, pose.placed(PIVOT))
    seen = np.minimum(facing(resting, pose.rotation), facing(resting, after.rotation))
    away = after.placed(resting - PIVOT) - pose.placed(resting)
    return away[:, :2] * smooth(seen, 0.0, STRAIGHT)[:, None]


def damped(vectors: np.ndarray, still: float, moving: float) -> np.ndarray:
    """Vectors [..., n] of which those shorter than `still` are 0 and those longer than `moving` untouched."""
    return vectors * smooth(np.linalg.norm(vectors, axis=-1, keepdims=True), still, moving)


def eyes_of(head: Head) -> tuple[np.ndarray, np.ndarray]:
    """Middles [2, 2] and widths [2, 1] of the eyes, by their corners."""
    left, right = (head.mesh[[LEFT_EYE[corner], RIGHT_EYE[corner]], :2] for corner in (0, 1))
    return (left + right) / 2, np.linalg.norm(right - left, axis=1, keepdims=True)


def gaze_of(head: Head) -> np.ndarray:
    """Where the irises are, from the middles of the eyes over their widths, [2, 2]."""
    middles, widths = eyes_of(head)
    return (head.irises[:, 0] - middles) / widths


def _stopped(moved: np.ndarray, ahead: np.ndarray, gone: np.ndarray, short: np.ndarray) -> np.ndarray:
    """Movements [n, 2] that go `gone` [n] in the direction `ahead` [2], ended `short` [n] earlier: on
    their own way, or else straight back."""
    share = np.minimum(short / np.maximum(gone, 1e-9), 1)
    return moved * (1 - share)[:, None] - (short - share * gone)[:, None] * ahead


# Lines of points, from image left to right, that may meet but never cross: upper and lower lids and lips
# fmt: off
MEETING = (
    ((246, 161, 160, 159, 158, 157, 173), (7, 163, 144, 145, 153, 154, 155), 0.12),
    ((398, 384, 385, 386, 387, 388, 466), (382, 381, 380, 374, 373, 390, 249), 0.12),
    ((191, 80, 81, 82, 13, 312, 311, 310, 415), (95, 88, 178, 87, 14, 317, 402, 318, 324), 0.0),
)
# fmt: on


def uncrossed(mesh: np.ndarray) -> np.ndarray:
    """A mesh [468, 3] whose lids and lips do not cross, as a reader may see a closed mouth: those meet."""
    mesh = mesh.copy()
    for upper, lower, _ in MEETING:
        a, b = list(upper), list(lower)
        down = _down(mesh, a, b)
        crossed = np.maximum((mesh[a, :2] - mesh[b, :2]) @ down, 0)[:, None] * down / 2  # [n, 2]
        mesh[a, :2] -= crossed
        mesh[b, :2] += crossed
    return mesh


def _down(points: np.ndarray, a: list[int], b: list[int]) -> np.ndarray:
    """The unit vector [2] from an upper line to its lower one: across the way from their first points to
    their last. The lines themselves may lie on one another."""
    along = (points[a[-1]] + points[b[-1]] - points[a[0]] - points[b[0]])[:2]
    return np.array([-along[1], along[0]]) / max(np.linalg.norm(along), 1e-6)


def meeting(points: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Movements [468, 2] of points [468, 2] without lids or lips that cross: those stop where they meet, each
    as far short of its way as it had a share in closing.

    Lids leave a slit, a share of how far they are open now, where the lashes lie.
    """
    moved = moved.copy()
    for upper, lower, slit in MEETING:
        a, b = list(upper), list(lower)
        length = np.linalg.norm(points[b] - points[a], axis=1)  # [n]
        down = _down(points, a, b)
        left = ((points[b] + moved[b]) - (points[a] + moved[a])) @ down  # [n]
        changed = np.linalg.norm(moved[a], axis=1) + np.linalg.norm(moved[b], axis=1) > 0
        short = np.maximum(slit * length - left, 0) * changed  # [n]
        lowered, raised = np.maximum(moved[a] @ down, 0), np.maximum(-moved[b] @ down, 0)
        own = np.where(lowered + raised > 0, lowered / np.maximum(lowered + raised, 1e-9), 0.5)
        moved[a] = _stopped(moved[a], down, lowered, own * short)
        moved[b] = _stopped(moved[b], -down, raised, (1 - own) * short)
    return moved


def shuts(points: np.ndarray, moved: np.ndarray) -> bool:
    """Whether movements [468, 2] of points [468, 2] shut an eye: its lids have met, and go no further."""
    for upper, lower, slit in MEETING[:2]:
        a, b = list(upper), list(lower)
        if moved[a + b].any():
            down = _down(points, a, b)
            left = ((points[b] + moved[b]) - (points[a] + moved[a])) @ down  # [n]
            if left.sum() <= MET * slit * np.linalg.norm(points[b] - points[a], axis=1).sum():
                return True
    return False
