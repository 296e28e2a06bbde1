"""Changes the colour and light of a picture part by part: a smooth ratio, so that texture stays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import cv2
import numpy as np

from ...faces.face_parts import OUTLINES
from .change import Change, Head
from .field import sampled, smooth
from .lines import lines_on
from .picture_parts import BROWS, DARK, GAMMA, TO_LOG, Parts
from .zones import ZONES

SIDE = 64  # px of the skin's field of tints
NEARNESS = 0.02  # of the square's side: within it, points of the mesh count alike
FADE = 0.1  # of the square's side: over this length a tint ends at its border
# Lips, eyes and brows have tints of their own
OTHERS = {point for name in ("lips", "mouth inside", "left eye", "right eye") for point in OUTLINES[name]} | {
    point for brow in BROWS for point in brow
}
SKIN = np.array([point for point in range(468) if point not in OTHERS])
TO_LIGHT = ((np.arange(256) / 255) ** GAMMA).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Tint:
    """The tints of one edit on one face."""

    head: Head
    change: Change
    parts: Parts

    @cached_property
    def _shade(self) -> np.ndarray:
        """How much lighter than its zone each place of the skin becomes, float32 [SIDE, SIDE, 1]."""
        field = (_nearness(self.head) @ self.change.shade[SKIN].astype(np.float32)).reshape(SIDE, SIDE)
        return cv2.GaussianBlur(field, (0, 0), 1.5)[..., None]

    @cached_property
    def lines(self) -> np.ndarray:
        """How much lighter each place of the skin becomes by lines, float32 [lines.SIDE, lines.SIDE]."""
        return lines_on(self.parts, self.head, self.change.lines)

    @cached_property
    def reach(self) -> tuple[np.ndarray, np.ndarray] | None:
        """The corners [2] of the box within which anything is tinted, in unit coordinates."""
        zones = {name for name, value in zip(ZONES, self.change.zones, strict=True) if value.any()}
        if self.change.shade.any() or self.change.lines:
            zones.add("skin")
        return self.parts.reach(zones)

    def ratio(self, unit: np.ndarray, rgb: np.ndarray) -> np.ndarray:
        """Logarithms of the ratio of light [h, w, 3] for pixels that lie at unit coordinates [h, w, 2] of the
        unedited square and have colours uint8 [h, w, 3]."""
        colour = rgb.astype(np.float32) / 255
        zones: dict[str, np.ndarray] = dict(zip(ZONES, self.change.zones, strict=True))
        inside = _fading(unit)
        bare = inside * (1 - sampled(self.parts.bare, unit, cv2.INTER_LINEAR))
        total = np.zeros_like(colour)
        shaded, lined = bool(self.change.shade[SKIN].any()), bool(self.change.lines)
        hues = _hues(rgb) if self.change.faded.any() else None
        if zones["skin"].any() or zones["neck"].any() or shaded or lined:
            skin = bare * self.parts.skin.at(unit, colour)
            total += self._zone(skin, "skin", hues)
            if shaded:
                total += _times(skin * sampled(self._shade, unit), np.ones(3))
            if lined:
                total += _times(skin * sampled(self.lines, unit, cv2.INTER_LINEAR), np.ones(3))
        for name, masks in (("hair", self.parts.hair), ("background", self.parts.background)):
            if zones[name].any():
                total += self._zone(bare * masks.at(unit, colour), name, hues)
        for name, mask in (("lips", self.parts.lips), ("iris", self.parts.irises)):
            if zones[name].any():
                total += self._zone(inside * sampled(mask, unit, cv2.INTER_LINEAR), name, hues)
        return total

    def _zone(self, share: np.ndarray, name: str, hues: np.ndarray | None) -> np.ndarray:
        """The tint [h, w, 3] of pixels that belong to a zone by a share [h, w]. Of how they differ in colour
        from the zone's own, which `hues` [h, w, 3] says, goes what is to fade."""
        zone = ZONES.index(name)
        faded = np.float32(self.change.faded[zone])
        if hues is None or not faded:
            return _times(share, self.change.zones[zone])
        own = self.parts.colour(name)
        kept = self.change.zones[zone] + faded * (own - own.mean())
        return share[..., None] * (kept.astype(np.float32) - faded * hues)


def _hues(rgb: np.ndarray) -> np.ndarray:
    """Logarithms of light over their mean, float32 [h, w, 3], of pixels uint8 [h, w, 3]."""
    logarithms = cv2.LUT(rgb, TO_LOG)
    return logarithms - _mean(logarithms)[..., None]


def _times(share: np.ndarray, zone: np.ndarray) -> np.ndarray:
    """A share [h, w] of a zone's tint [3], [h, w, 3]. NumPy is slow where the last axis is that short."""
    return cv2.merge([share * np.float32(channel) for channel in zone])


@lru_cache(maxsize=8)
def _nearness(head: Head) -> np.ndarray:
    """How much each point of the skin [n] counts at each place of the square, float32 [SIDE^2, n]."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    places = np.stack([x + 0.5, y + 0.5], axis=-1).reshape(-1, 1, 2) / SIDE
    away = ((places - head.mesh[SKIN, :2]) ** 2).sum(axis=-1)  # [SIDE^2, n]
    near = 1 / (away + NEARNESS**2) ** 2
    return (near / near.sum(axis=1, keepdims=True)).astype(np.float32)


def tinted(rgb: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """Pixels uint8 [h, w, 3] in another light: float32 [h, w, 3] in 0..255. White stays in range, and black
    stays black: what becomes lighter is not veiled."""
    light, times = cv2.LUT(rgb, TO_LIGHT), cv2.exp(ratio)
    more = np.maximum(times - 1, 0)
    dark = DARK * (1 - np.maximum(1 - _mean(light) / (2 * DARK), 0) ** 2)  # none for what shows no light
    dark = cv2.merge([dark] * 3)
    lit = ((light + dark) * times - dark) / (1 + more * light * light)
    return cv2.pow(np.clip(lit, 0, 1), 1 / GAMMA) * 255


def _mean(channels: np.ndarray) -> np.ndarray:
    """Over the last axis of [h, w, 3]: [h, w]."""
    return cv2.transform(channels, np.full((1, 3), 1 / 3))


def _fading(unit: np.ndarray) -> np.ndarray:
    """1 within the square, falling to 0 at its border."""
    x, y = cv2.split(unit)
    return smooth(0.5 - np.maximum(np.abs(x - 0.5), np.abs(y - 0.5)), 0.0, FADE)
