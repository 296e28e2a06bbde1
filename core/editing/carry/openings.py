"""Eyes and mouth: what lies behind lids and lips does not move with them, but is covered or uncovered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .field import smooth

# Points of the mesh from image left to right, corners included: upper line, lower line
# fmt: off
LEFT_EYE_LINES = ((33, 246, 161, 160, 159, 158, 157, 173, 133), (33, 7, 163, 144, 145, 153, 154, 155, 133))
RIGHT_EYE_LINES = (
    (362, 398, 384, 385, 386, 387, 388, 466, 263), (362, 382, 381, 380, 374, 373, 390, 249, 263))
MOUTH_LINES = (
    (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308), (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308))
# fmt: on
SAMPLES = 65  # along an opening
BAND = 0.25  # of an eye's height: over this length from the lid, the eyeball takes over from the skin
LOOKING_BAND = 0.12  # the same for an eye that looks elsewhere: the iris goes behind the lids
MOST_ASIDE = 0.75  # of the white beside an iris: at most this much is pressed together
CORNERS = 0.5  # of the open mouth's height: what it counts as having at its corners
SLIT = 0.03  # of the face's height: a mouth that is less open shows nothing worth keeping
GAPE = 0.006  # of the face's height: a mouth that opens by less is not drawn
SLIVER = 0.22  # of the open mouth: less than this is stretched rather than drawn
STRETCH = 1.4  # times: teeth may be stretched by this much before more is drawn


@dataclass(frozen=True, eq=False)
class Opening:
    """An eye or a mouth in its own coordinates: u from corner to corner, y down from their line."""

    origin: np.ndarray  # [2] the corner at image left
    along: np.ndarray  # [2] unit vector to the other corner
    width: float
    top: np.ndarray  # [SAMPLES] y of the upper line over u from 0 to 1
    bottom: np.ndarray

    @classmethod
    def of(cls, points: np.ndarray, lines: tuple[tuple[int, ...], tuple[int, ...]]) -> Opening:
        """From points [468, 2]."""
        upper, lower = points[list(lines[0])], points[list(lines[1])]
        across = upper[-1] - upper[0]
        width = max(float(np.linalg.norm(across)), 1e-6)
        made = cls(upper[0], across / width, width, np.empty(0), np.empty(0))
        u = np.linspace(0, 1, SAMPLES)
        top, bottom = (np.interp(u, *_smoothed(made.own(line))) for line in (upper, lower))
        return cls(made.origin, made.along, width, np.minimum(top, bottom), np.maximum(top, bottom))

    @property
    def down(self) -> np.ndarray:
        return np.array([-self.along[1], self.along[0]])

    def own(self, unit: np.ndarray) -> np.ndarray:
        """Unit coordinates [..., 2] -> (u, y) [..., 2]."""
        away = unit - self.origin
        return np.stack([away @ self.along / self.width, away @ self.down], axis=-1)

    def unit(self, u: np.ndarray, y: np.ndarray) -> np.ndarray:
        """The way back."""
        return self.origin + (u * self.width)[..., None] * self.along + y[..., None] * self.down

    def edges(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """y of the upper and the lower line at u."""
        at = np.clip(u, 0, 1) * (SAMPLES - 1)
        places = np.arange(SAMPLES)
        return np.interp(at, places, self.top), np.interp(at, places, self.bottom)

    def depth(self, own: np.ndarray) -> np.ndarray:
        """How far (u, y) [..., 2] lie inside, in unit lengths; negative outside. Exact near the edge."""
        u, y = own[..., 0], own[..., 1]
        top, bottom = self.edges(u)
        ends = np.minimum(u, 1 - u) * self.width
        return np.minimum(np.minimum(y - top, bottom - y), ends)

    @property
    def height(self) -> float:
        return float((self.bottom - self.top).max())

    def outline(self) -> np.ndarray:
        """The closed line around it, [2 * SAMPLES, 2] in unit coordinates."""
        u = np.linspace(0, 1, SAMPLES)
        return np.concatenate([self.unit(u, self.top), self.unit(u, self.bottom)[::-1]])


def _smoothed(own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A Catmull-Rom line through points [n, 2]: its x and y, with x rising."""
    padded = np.concatenate([2 * own[:1] - own[1:2], own, 2 * own[-1:] - own[-2:-1]])
    a, b, c, d = (padded[start : start + len(own) - 1, None] for start in range(4))  # [n - 1, 1, 2]
    t = np.linspace(0, 1, 8, endpoint=False)[:, None]
    pieces = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )  # [n - 1, 8, 2]
    line = np.concatenate([pieces.reshape(-1, 2), own[-1:]])
    return np.maximum.accumulate(line[:, 0]), line[:, 1]


def eyeball(
    skin: np.ndarray, where: np.ndarray, before: Opening, after: Opening, gaze: np.ndarray, iris: np.ndarray
) -> np.ndarray:
    """The field [h, w, 2] (source less target) at places [h, w, 2], with the eyeball behind its lids.

    `skin` is the field of the lids. A lid that closes covers the eyeball; one that opens takes it along.
    `gaze` [2] moves the iris, centre and rim [5, 2], as a whole; the white beside it is stretched or pressed.
    """
    own = after.own(where)  # [h, w, 2]
    u, y = own[..., 0], own[..., 1]
    top, bottom = after.edges(u)
    height = np.maximum(bottom - top, 1e-6)
    looked, share = _looking(u, before.own(iris), float(gaze @ before.along) / before.width)
    was_top, was_bottom = before.edges(looked)
    resting = np.clip(y - share * float(gaze @ before.down), was_top, was_bottom)
    taken = was_top + (y - top) / height * (was_bottom - was_top)
    opens = smooth(height / np.maximum(was_bottom - was_top, 1e-6), 1.0, 1.1)
    field = before.unit(looked, resting + opens * (taken - resting)) - where
    band = LOOKING_BAND if gaze.any() else BAND
    inside = smooth(after.depth(own), 0.0, band * max(after.height, 1e-6))[..., None]
    return skin + inside * (field - skin)


def _looking(u: np.ndarray, iris: np.ndarray, aside: float) -> tuple[np.ndarray, np.ndarray]:
    """Where places u come from when the iris, centre and rim [5, 2] in (u, y), goes `aside`; and how much of
    its way they go, 1 on the iris and 0 at the corners."""
    radius = float(np.clip(np.abs(iris[1:, 0] - iris[0, 0]).max(), 0.05, 0.3))
    left, right = np.clip(iris[0, 0] + np.array([-radius, radius]), 0.04, 0.96)
    aside = float(np.clip(aside, -MOST_ASIDE * left, MOST_ASIDE * (1 - right)))
    now = [0.0, left + aside, right + aside, 1.0]
    return np.interp(u, now, [0.0, left, right, 1.0]), np.interp(u, now, [0.0, 1.0, 1.0, 0.0])


@dataclass(frozen=True, eq=False)
class Inside:
    """What an open mouth shows: of the picture down to `shown`, drawn below. In (u, y) of the mouth after."""

    after: Opening
    shown: np.ndarray  # [SAMPLES] y; the upper line where all is drawn
    share: float  # 0..1: how much of the drawing is seen
    closed: bool  # the picture shows nothing of the mouth's inside that is worth keeping


def mouth_inside(
    skin: np.ndarray, where: np.ndarray, before: Opening, after: Opening, face_height: float
) -> tuple[np.ndarray, Inside | None]:
    """The field with what lies behind the lips, and how much of the mouth has to be drawn.

    What the mouth shows now hangs from the upper lip, stretched a little; what is uncovered below is drawn. A
    mouth that shows next to nothing now is drawn wholly.
    """
    was_height = before.bottom - before.top
    opened = float(after.height / max(before.height, 1e-6))
    drawn = None
    if before.height < SLIT * face_height:
        reach = after.bottom - after.top
        share = float(smooth(np.array(after.height / face_height), GAPE, 2.5 * GAPE))
        share *= float(smooth(np.array(opened), 1.15, 1.8))
        drawn = Inside(after, after.top, share, True) if share else None
    else:
        least = CORNERS * was_height.max()  # towards the corners there is little to stretch
        full = after.bottom - after.top
        reach = np.minimum(STRETCH * np.maximum(was_height, least), full)
        uncovered = float((full - reach).max()) / max(after.height, 1e-6)
        share = float(smooth(np.array(uncovered), SLIVER / 2, SLIVER))  # a thin dark line looks like a line
        reach = full + share * (reach - full)
        drawn = Inside(after, after.top + reach, share, False) if share else None
    own = after.own(where)
    u, y = own[..., 0], own[..., 1]
    top, _ = after.edges(u)
    was_top, _ = before.edges(u)
    at, places = np.clip(u, 0, 1) * (SAMPLES - 1), np.arange(SAMPLES)
    squeeze = np.interp(at, places, was_height / np.maximum(np.maximum(reach, was_height), 1e-6))
    field = before.unit(u, was_top + (y - top) * squeeze) - where
    soft = 0.3 * min(after.height, max(before.height, 0.02 * face_height))
    inside = smooth(after.depth(own), 0.0, soft)[..., None]
    return skin + inside * (field - skin), drawn
