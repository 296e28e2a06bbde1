"""Which pixels of a picture are skin, hair, lips, irises, person: soft masks over the face's square.

Skin and hair are told by a reader of heads, where a pack has one; otherwise by where they lie about the face
and by their colours there, within the person. Then they follow the picture's own edges (a guided filter).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from ....bridge.messages import Placement
from ...faces.face_parts import OUTLINES, Mask
from ...faces.placement import resized, to_picture, to_unit
from .change import Head
from .field import sampled

SIDE = 256  # px at which parts are told apart
SHARP_SIDE = 1024  # px of the masks that the mesh gives
AROUND_ZONE = 12  # px: so far a mask that follows the picture goes beyond what was told
GUIDE_REACH, GUIDE_EDGE = 4, 1e-4  # px, and the variance of colour (0..1) that counts as an edge
NOTHING, TOE = 0.02, 0.2  # a mask that says less is none; up to here it begins gently
GAMMA, DARK = 2.2, 0.02  # light is value ** GAMMA; DARK is added before ratios are taken
TO_LOG = np.log((np.arange(256) / 255) ** GAMMA + DARK).astype(np.float32)  # logarithms of light of values
IRIS_SHOWN = 0.4  # of its disc
FOREHEAD = 0.14  # of the face's height: so far the forehead goes on over the mesh
BEARD = 22.0  # of 100: what is darker than the skin by this may be a beard or a brow
PALE = (0.62, 1.25)  # over their mean: red, green and blue of the palest colour
LIT = 1.25  # teeth beside the whites of the eyes, which lie in the shade of lids and lashes
FEW = 30  # px: of fewer, colours are not known
BEHIND = 0.5  # where the person is less certain than this, a reader of heads may err: halos are no hair
ALIKE = 20.0  # of Lab: so far apart are the lit top and the shaded ends of one head of hair
DOUBTED = 0.1  # what a reader believes less is none, what it believes more than the rest is certain
AROUND_LIPS = 7  # px around the lips that show the light there
FEATHER, RIM = 0.004, 0.003  # of the square's side: of lips, of irises and lids
EDGE_PIXELS = 1.2  # of the picture: no feather is narrower
# Points of the mesh around each brow
BROWS = (
    (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    (300, 293, 334, 296, 336, 285, 295, 282, 283, 276),
)


@dataclass(frozen=True, eq=False)
class Guided:
    """A mask that follows a picture: at a pixel of colour rgb (0..1) it is slope . rgb + rest."""

    slope_rest: np.ndarray  # float32 [SIDE, SIDE, 4]

    def at(self, unit: np.ndarray, rgb: np.ndarray) -> np.ndarray:
        """The mask [h, w] at unit coordinates [h, w, 2] (float32) with colours [h, w, 3] in 0..1."""
        found = sampled(self.slope_rest, unit, cv2.INTER_LINEAR)
        value = np.einsum("hwc,hwc->hw", found[..., :3], rgb) + found[..., 3]
        value = np.clip((value - NOTHING) / (1 - NOTHING), 0, 1)
        # its edges begin gently, or one would see where a tint begins
        return np.where(value < TOE, value**2 / (2 * TOE), value - TOE / 2) / (1 - TOE / 2)


def guided(mask: np.ndarray, picture: np.ndarray) -> Guided:
    """He et al. 2013 with a guide in colour: `mask` [S, S], `picture` [S, S, 3], both 0..1."""
    size = (2 * GUIDE_REACH + 1,) * 2

    def mean(x: np.ndarray) -> np.ndarray:
        return cv2.blur(x.astype(np.float32), size, borderType=cv2.BORDER_REFLECT)

    colour = picture.astype(np.float32)
    middle, share = mean(colour), mean(mask)
    outer = np.stack([mean(colour * colour[..., c : c + 1]) for c in range(3)], axis=2)  # [S, S, 3, 3]
    spread = outer - middle[..., None, :] * middle[..., :, None]
    with_mask = mean(colour * mask[..., None]) - middle * share[..., None]
    slope = np.linalg.solve(spread + GUIDE_EDGE * np.eye(3, dtype=np.float32), with_mask[..., None])[..., 0]
    rest = share - (slope * middle).sum(axis=-1)
    return Guided(np.dstack([mean(slope), mean(rest)]).astype(np.float32))


class Parts:
    """The parts of one face's square: `picture` uint8 [S, S, 3], upright.

    `told` has what a reader of heads sees, by the names of its parts. The picture is `near` to what the pack
    draws: hair as smooth as painted hair is may be told as a hat.
    """

    def __init__(
        self,
        picture: np.ndarray,
        head: Head,
        person: Mask | None,
        placement: Placement,
        told: Mapping[str, Mask] | None = None,
        near: bool = False,
    ):
        self.picture = picture
        self._near = near
        self._picture = resized(picture, SIDE)
        self._told = told
        self._head = head
        self._person_mask = person
        self._placement = placement
        self._colours: dict[str, np.ndarray] = {}
        # whole lines of the skin, by whose they are and the end: see lines.py
        self.lines: dict[tuple[int, int], tuple[np.ndarray, np.ndarray]] = {}

    @cached_property
    def person(self) -> np.ndarray:
        """[SIDE, SIDE] 0..1; a guess where nobody told the person from the background."""
        if self._person_mask is None:
            return self._around
        seen = self._in_square(self._person_mask)
        return seen if seen[self.face > 0.9].mean() > 0.5 else self._around

    @cached_property
    def _not_behind(self) -> np.ndarray:
        """[SIDE, SIDE] 0..1: what is not certainly behind the person, where somebody told who that is."""
        if self.person is self._around:
            return np.ones((SIDE, SIDE), np.float32)
        return np.clip(self.person / BEHIND, 0, 1)

    def _in_square(self, mask: Mask) -> np.ndarray:
        """A mask of another square of the picture, over this one: float32 [SIDE, SIDE] 0..1."""
        y, x = np.mgrid[0:SIDE, 0:SIDE]
        places = to_picture(self._placement, np.stack([x + 0.5, y + 0.5], axis=-1) / SIDE)
        there = to_unit(mask.placement, places).astype(np.float32)
        return sampled(mask.values.astype(np.float32) / 255, there, cv2.INTER_LINEAR)

    @cached_property
    def _around(self) -> np.ndarray:
        """A guess at the person: an egg around the head, and what is below it."""
        line = self._line("face")
        middle = line.mean(axis=0)
        egg = middle + (line - middle) * np.array([1.45, 1.5])
        below = np.array(
            [[middle[0] - 0.45, 1.1], [middle[0] - 0.2, middle[1]], [middle[0] + 0.2, middle[1]]]
        )
        return _filled([egg, np.concatenate([below, [[middle[0] + 0.45, 1.1]]])], SIDE, 0.012)

    @cached_property
    def face(self) -> np.ndarray:
        """[SIDE, SIDE] 0..1: inside the outline of the face."""
        return _filled([self._line("face")], SIDE, 0.004)

    @cached_property
    def features(self) -> np.ndarray:
        """[SIDE, SIDE] 0..1: eyes and mouth."""
        lines = [self._line(name) for name in ("left eye", "right eye", "lips")]
        return _filled(lines, SIDE, 0.006)

    def reach(self, zones: Collection[str]) -> tuple[np.ndarray, np.ndarray] | None:
        """The corners [2] of a box around zones, in unit coordinates; it may be too large by a little."""
        if "background" in zones:
            return np.zeros(2), np.ones(2)
        found = np.zeros((SIDE, SIDE), bool)
        if {"skin", "neck"} & set(zones):
            found |= self._skin > 0.01
        if "hair" in zones:
            found |= self._hair > 0.01
        if {"lips", "iris"} & set(zones):
            found |= self.face > 0.01
        rows, columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
        if not len(rows):
            return None
        low = np.array([columns[0], rows[0]]) - AROUND_ZONE
        high = np.array([columns[-1], rows[-1]]) + 1 + AROUND_ZONE
        return np.clip(low / SIDE, 0, 1), np.clip(high / SIDE, 0, 1)

    def shows(self, zone: str) -> bool:
        """Whether anything of one of ZONES was found; else its colour is a guess."""
        return bool(self._zone(zone).any())

    def colour(self, zone: str) -> np.ndarray:
        """The logarithms of light [3] in one of ZONES; the neck counts as skin."""
        if zone not in self._colours:
            self._colours[zone] = self._colour(zone)
        return self._colours[zone]

    def _colour(self, zone: str) -> np.ndarray:
        mask = self._zone(zone)
        light = ((self._picture / 255.0) ** GAMMA)[mask > min(0.7, 0.9 * mask.max())]
        return np.log(np.median(light, axis=0) + DARK) if len(light) else np.log(np.full(3, 0.2))

    def _zone(self, zone: str) -> np.ndarray:
        """[SIDE, SIDE] 0..1. Skin and hair take a while to find, so only the zone that is asked for is."""
        if zone == "skin":
            return self._skin * (1 - self.features)
        if zone == "neck":
            return self._skin
        if zone == "hair":
            return self._hair
        if zone == "background":
            return 1 - self.person
        sharp = self.lips if zone == "lips" else self.irises
        return cv2.resize(sharp, (SIDE, SIDE), interpolation=cv2.INTER_AREA)

    @cached_property
    def white(self) -> np.ndarray:
        """Light [3] of something white at the mouth: the eyes' whites or light skin in the light there."""
        eyes = cv2.resize(self.eyes * (1 - self.irises), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        light = (self._picture / 255.0) ** GAMMA
        skin = np.quantile(light[self.face > 0.9], 0.8, axis=0)
        seen = light[eyes > 0.5]
        white = np.quantile(seen, 0.75, axis=0) if len(seen) > 8 else skin
        lips = _filled([self._line("lips")], SIDE, 0.002) > 0.5
        around = cv2.dilate(lips.astype(np.uint8), np.ones((2 * AROUND_LIPS + 1,) * 2, np.uint8)) > lips
        here = np.quantile(light[around], 0.7, axis=0).mean() / max(skin.mean(), 1e-3)
        lightness = max(white.mean(), 1.05 * skin.mean()) * np.clip(LIT * here**0.4, 0.4, LIT)
        hues = [colour / max(colour.mean(), 1e-3) for colour in (white, skin)]
        return np.minimum(lightness * np.clip(np.mean(hues, axis=0), *PALE), 0.95)

    @cached_property
    def skin(self) -> Guided:
        """Skin of face, ears, neck: what has the face's colours, near to it, within the person."""
        return guided(self._skin, self._picture / 255)

    @cached_property
    def hair(self) -> Guided:
        """Hair: within the person, around the face, with the colours of what lies over the forehead."""
        return guided(self._hair, self._picture / 255)

    @cached_property
    def background(self) -> Guided:
        return guided(1 - self.person, self._picture / 255)

    @cached_property
    def lips(self) -> np.ndarray:
        """[SHARP_SIDE, SHARP_SIDE] 0..1."""
        inside = _filled([self._line("mouth inside")], SHARP_SIDE, 0.002)
        return _filled([self._line("lips")], SHARP_SIDE, self._soft(FEATHER)) * (1 - inside)

    @cached_property
    def irises(self) -> np.ndarray:
        """[SHARP_SIDE, SHARP_SIDE] 0..1, within the lids."""
        turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
        circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
        discs = [
            iris[0] + circle * np.linalg.norm(iris[1:] - iris[0], axis=1).mean() for iris in self._head.irises
        ]
        shown = [disc for disc in discs if self._is_shown(disc)]
        return _filled(shown, SHARP_SIDE, self._soft(RIM)) * self.eyes

    def _is_shown(self, disc: np.ndarray) -> bool:
        """Whether enough of an iris lies between the lids: of a closed eye there is none to see."""
        whole = _filled([disc], SIDE, 0.001)
        lids = _filled([self._line("left eye"), self._line("right eye")], SIDE, 0.001)
        return bool((whole * lids).sum() > IRIS_SHOWN * whole.sum())

    @cached_property
    def eyes(self) -> np.ndarray:
        """[SHARP_SIDE, SHARP_SIDE] 0..1: between the lids."""
        return _filled([self._line("left eye"), self._line("right eye")], SHARP_SIDE, self._soft(RIM))

    @cached_property
    def bare(self) -> np.ndarray:
        """[SHARP_SIDE, SHARP_SIDE] 0..1: what the skin's tint leaves alone: eyes, mouth, half the brows."""
        mouth = _filled([self._line("lips")], SHARP_SIDE, self._soft(FEATHER))
        brows = _filled(self._brows(), SHARP_SIDE, 0.006)
        return np.maximum(np.maximum(self.eyes, mouth), 0.5 * brows)

    @cached_property
    def _distance(self) -> np.ndarray:
        """[SIDE, SIDE]: from the face's outline, over the face's height; 0 inside."""
        away = cv2.distanceTransform((self.face < 0.5).astype(np.uint8), cv2.DIST_L2, 3) / SIDE
        line = self._line("face")
        return away / np.linalg.norm(line[0] - line[18])

    @cached_property
    def _height(self) -> np.ndarray:
        """[SIDE, SIDE]: upwards from the face's middle, over the face's height."""
        line = self._line("face")
        y, x = np.mgrid[0:SIDE, 0:SIDE]
        places = np.stack([x + 0.5, y + 0.5], axis=-1) / SIDE
        up = line[0] - line[18]
        return ((places - line.mean(axis=0)) @ up) / (up @ up)

    @cached_property
    def glasses(self) -> np.ndarray:
        """[SIDE, SIDE] 0..1: what a reader of heads takes for glasses; nothing without one."""
        if self._told is None:
            return np.zeros((SIDE, SIDE), np.float32)
        return self._in_square(self._told["glasses"])

    @cached_property
    def _likely(self) -> np.ndarray:
        """[SIDE, SIDE] 0..1: how like the skin of the cheeks each colour is."""
        lab = _lab(self._picture)
        brows = _filled(self._brows(), SIDE, 0.008)
        sure = (self.face > 0.9) & (self.features < 0.1) & (brows < 0.2) & (self._height < 0.25)
        return _like(lab, lab[sure] if sure.any() else lab[self.face > 0.5], (1.0, 0.55, 0.55))

    @cached_property
    def _skin(self) -> np.ndarray:
        """[SIDE, SIDE] 0..1, before it follows the picture's edges."""
        if self._told is not None:
            told = sum(self._in_square(self._told[name]) for name in ("skin", "ear", "neck"))
            return (np.clip(told - self._hair, 0, 1) * self._not_behind).astype(np.float32)
        lightness = _lab(self._picture)[..., 0]
        dark = np.median(lightness[self._likely > 0.7]) - lightness > BEARD
        near = np.clip(1.6 - self._distance / 0.5, 0, 1)
        sure = np.where(dark | (self._height > 0.3), 0.35, 0.9)  # below the brows all is skin: blush, too
        within = np.maximum(self._likely, sure)
        told = np.where(self.face > 0.5, within, self._likely * near) * self.person
        return cv2.medianBlur((told * (1 - self._hair)).astype(np.float32), 5)

    @cached_property
    def _hair(self) -> np.ndarray:
        """[SIDE, SIDE] 0..1: GrabCut between hair and all else, from what is certainly either."""
        if self._told is not None:
            hair, hat = (self._in_square(self._told[name]) for name in ("hair", "hat"))
            hair = np.minimum(hair + hat, 1) if self._near and self._alike(hair, hat) else hair
            return self._told_hair(hair * self._not_behind)
        height = self._height
        person, distance = self.person > 0.5, self._distance
        seeds = person & (height > 0.42) & (distance < 0.2) & (distance > 0.03) & (self.face < 0.2)
        bare = self._likely > 0.7
        if (seeds & bare).sum() < 0.7 * seeds.sum():  # else the hair has the skin's colours
            seeds &= ~bare
        else:
            bare = np.zeros_like(bare)
        if seeds.sum() < FEW or self._bald(seeds):
            return np.zeros((SIDE, SIDE), np.float32)
        state = np.full((SIDE, SIDE), cv2.GC_BGD, np.uint8)
        state[person & (distance < 0.8) & (height > -0.9)] = cv2.GC_PR_BGD
        state[person & (distance < 0.45) & (height > 0.0) & (self.face < 0.5)] = cv2.GC_PR_FGD
        state[(self.face > 0.8) & (height < 0.3)] = cv2.GC_BGD
        state[(self.face > 0.8) & (height >= 0.3)] = cv2.GC_PR_BGD
        state[seeds] = cv2.GC_FGD
        found = self._cut(state)
        found[(self.face > 0.5) & (self._likely > 0.75)] = 0  # a forehead is not hair,
        found[(distance < FOREHEAD) & bare] = 0  # nor is what of it lies over the mesh
        found = cv2.morphologyEx(found, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        return cv2.GaussianBlur(found.astype(np.float32), (0, 0), 1.0) * np.clip(self.person * 1.5, 0, 1)

    def _alike(self, hair: np.ndarray, hat: np.ndarray) -> bool:
        """Whether what is told as a hat has the colour of what is told as hair, each [SIDE, SIDE] 0..1."""
        lab = _lab(self._picture)
        where = hair > np.maximum(hat, DOUBTED), hat > np.maximum(hair, DOUBTED)
        if min(mask.sum() for mask in where) < FEW:
            return False
        colours = [np.median(lab[mask], axis=0) for mask in where]
        return bool(np.linalg.norm(colours[0] - colours[1]) < ALIKE)

    def _told_hair(self, told: np.ndarray) -> np.ndarray:
        """What a reader takes for hair [SIDE, SIDE], its edge where the picture's colours change."""
        state = np.full((SIDE, SIDE), cv2.GC_BGD, np.uint8)
        for least, kind in ((DOUBTED, cv2.GC_PR_BGD), (0.5, cv2.GC_PR_FGD), (1 - DOUBTED, cv2.GC_FGD)):
            state[told > least] = kind
        if (state == cv2.GC_FGD).sum() < FEW or (state == cv2.GC_BGD).sum() < FEW:
            return told
        return cv2.GaussianBlur(self._cut(state).astype(np.float32), (0, 0), 1.0)

    def _cut(self, state: np.ndarray) -> np.ndarray:
        """What GrabCut takes, uint8 [SIDE, SIDE] 0 or 1."""
        cv2.setRNGSeed(0)
        bgr = np.ascontiguousarray(self._picture[..., ::-1])
        cv2.grabCut(bgr, state, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 4, cv2.GC_INIT_WITH_MASK)
        return ((state == cv2.GC_FGD) | (state == cv2.GC_PR_FGD)).astype(np.uint8)

    def _bald(self, seeds: np.ndarray) -> bool:
        """Whether what lies over the forehead looks as the forehead does."""
        lab = _lab(self._picture)
        forehead = self._head.mesh[[151, 108, 337, 9], :2] * SIDE
        skin = np.median([lab[int(y), int(x)] for x, y in np.clip(forehead, 0, SIDE - 1)], axis=0)
        return bool((np.linalg.norm(lab[seeds] - skin, axis=1) < 12).mean() > 0.6)

    def _soft(self, feather: float) -> float:
        """A feather of at least a few of the picture's own pixels, so that the edge has no step."""
        return max(feather, EDGE_PIXELS / self._placement.size)

    def _line(self, name: str) -> np.ndarray:
        return self._head.mesh[list(OUTLINES[name]), :2]

    def _brows(self) -> list[np.ndarray]:
        return [self._head.mesh[list(brow), :2] for brow in BROWS]


def _filled(lines: list[np.ndarray], side: int, feather: float) -> np.ndarray:
    """The insides of closed lines in unit coordinates, float32 [side, side] 0..1, with soft edges."""
    mask = np.zeros((side, side), np.uint8)
    if not lines:
        return mask.astype(np.float32)
    shapes = [np.round((line * side - 0.5) * 16).astype(np.int32) for line in lines]
    cv2.fillPoly(mask, shapes, 255, lineType=cv2.LINE_AA, shift=4)
    return cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), max(feather * side, 0.5))


def _lab(rgb: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)


def _like(lab: np.ndarray, samples: np.ndarray, worth: tuple[float, float, float]) -> np.ndarray:
    """How like samples [n, 3] each colour [S, S, 3] is, 0..1; light matters less than hue."""
    middle = np.median(samples, axis=0)
    spread = np.maximum(1.4826 * np.median(np.abs(samples - middle), axis=0), (9.0, 3.0, 3.5))
    away = np.abs(lab - middle) / spread * np.array(worth)
    away[..., 0] = np.maximum(away[..., 0] - 0.5, 0) * 0.6
    return np.exp(-0.5 * np.maximum(np.linalg.norm(away, axis=-1) - 0.9, 0) ** 2)
