"""Draws the inside of a mouth that the picture never showed: teeth, tongue and dark, in the picture's light.

A generator's teeth are as coarse as its pictures, and on a face of a thousand pixels they are a white band.
Teeth are known well enough to be drawn: their widths, the arch on which they stand and the turn of the head
say where each is, and the whites of the eyes say how light the picture would have painted them.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .field import smooth
from .openings import SAMPLES, Inside
from .picture_parts import GAMMA
from .surface import Surface, mixed

# over the face's height: widths of the upper teeth from the middle outwards, their length, the arch's radius
WIDTHS = (0.047, 0.036, 0.042, 0.038, 0.038)
LENGTH = 0.056
ARCH = 0.155
TOOTH = np.array([0.94, 0.88, 0.76])  # light of a tooth beside the white of an eye, and its colour
DEEP = 0.12  # light of the inside of a mouth beside the lips
TONGUE = 0.55
EDGE = 0.0012  # of the square's side: softness of the lips' edge


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What the drawing is matched to: light 0..1 [3] of lips and of the eyes' whites, turn, size."""

    lips: np.ndarray
    white: np.ndarray
    yaw: float  # radians, to image right
    face_height: float  # in unit lengths
    teeth: float  # share of the open mouth that shows teeth


def draw_mouth(
    rgb: np.ndarray, surface: Surface, inside: Inside, around: Surroundings, only: np.ndarray | None = None
) -> None:
    """Draws into a carried picture uint8 [h, w, 3] whose pixels lie as those of `surface`.

    As strongly as `only` uint8 [h, w] says, where it is given.
    """
    after = inside.after
    corners = surface.pixels(after.outline())
    margin = 3 + round(4 * EDGE * surface.placement.size)
    left, top = np.maximum(np.floor(corners.min(axis=0)).astype(int) - margin, 0)
    right, bottom = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + margin, rgb.shape[1::-1])
    if left >= right or top >= bottom:
        return
    own = after.own(surface.unit((left, top, right, bottom)).astype(np.float64))  # [h, w, 2]
    light = _light(own, inside, around)
    drawn = cv2.pow(np.clip(light, 0, 1).astype(np.float32), 1 / GAMMA) * 255
    sharpness = max(0.6, 0.0011 * surface.placement.size)
    drawn = cv2.GaussianBlur(drawn, (0, 0), sharpness)
    box = rgb[top:bottom, left:right]
    drawn += _grain(surface, left, top, right, bottom)
    cover = inside.share * _cover(own, inside, surface.placement.size)[..., None]
    if only is not None:
        cover = cover * (only[top:bottom, left:right, None] / np.float32(255))
    box[:] = mixed(box, drawn, cover)


def _cover(own: np.ndarray, inside: Inside, size: float) -> np.ndarray:
    """How far each pixel is drawn, 0..1 [h, w]: within the lips, below what the picture shows."""
    soft = max(EDGE, 0.7 / size)
    after = inside.after
    u, y = own[..., 0], own[..., 1]
    top, bottom = after.edges(u)
    shown = np.interp(np.clip(u, 0, 1) * (SAMPLES - 1), np.arange(SAMPLES), inside.shown)
    edge = np.minimum(y - shown, bottom - y)
    ends = np.minimum(u, 1 - u) * after.width
    thin = smooth(bottom - top, 0.0, 3 * soft)  # towards the corners the lips close
    return smooth(np.minimum(edge, ends), -soft, soft) * thin


def _light(own: np.ndarray, inside: Inside, around: Surroundings) -> np.ndarray:
    """Linear light [h, w, 3]."""
    after, height = inside.after, around.face_height
    u, y = own[..., 0], own[..., 1]
    _, bottom = after.edges(u)
    top = np.interp(np.clip(u, 0, 1) * (SAMPLES - 1), np.arange(SAMPLES), inside.shown)
    gap = np.maximum(bottom - top, 1e-5)
    v = np.clip((y - top) / gap, 0, 1.2)
    light = np.broadcast_to(around.lips * DEEP * np.array([1.0, 0.55, 0.5]), (*u.shape, 3)).copy()
    wide = smooth(gap, 0.05 * height, 0.1 * height)
    tongue = wide * smooth(v, 0.6, 1.0) * smooth(-np.abs(u - 0.5), -0.4, -0.1)
    light += (tongue * TONGUE)[..., None] * (around.lips * np.array([0.95, 0.8, 0.8]) - light)
    length = LENGTH * height * float(np.clip(around.teeth / 0.6, 0, 1.1))
    if length > 0 and inside.closed:  # else the picture shows its teeth
        light = _with_teeth(light, u, y - top, gap, length, after.width, around)
    under_lip = 0.4 + 0.6 * smooth(y - top, 0.0, 0.022 * height)
    corners = 0.35 + 0.65 * smooth(np.minimum(u, 1 - u), 0.0, 0.18)
    return light * (under_lip * corners)[..., None]


def _with_teeth(
    light: np.ndarray,
    u: np.ndarray,
    below: np.ndarray,
    gap: np.ndarray,
    length: float,
    width: float,
    around: Surroundings,
) -> np.ndarray:
    """The upper row over `light`; `below` is how far a pixel lies under the upper lip."""
    radius = ARCH * around.face_height
    aside = (u - 0.5) * width / radius + np.sin(around.yaw)
    angle = np.arcsin(np.clip(aside, -0.999, 0.999)) - around.yaw  # along the arch, 0 in the middle
    along = np.abs(angle) * ARCH
    borders = np.concatenate([[0.0], np.cumsum(WIDTHS)])
    number = np.clip(np.searchsorted(borders, along, side="right") - 1, 0, len(WIDTHS) - 1)
    across = np.clip((along - borders[number]) / np.array(WIDTHS)[number], 0, 1)  # over one tooth
    off = np.abs(2 * across - 1)
    reach = length * np.array([1.0, 0.9, 0.97, 0.84, 0.72])[number] * (1 - 0.10 * off**4)
    reach = np.minimum(reach, 0.92 * gap + 0.004)
    soft = max(0.004 * around.face_height, 1e-5)
    tooth = smooth(reach - below, -soft, soft) * (along < borders[-1])
    round_off = 0.80 + 0.20 * np.cos(np.clip(angle + 0.6 * around.yaw, -1.5, 1.5)) - 0.22 * off**6
    back = 1.0 - 0.75 * smooth(along, 0.07, 0.2)
    tip = 1.0 - 0.12 * smooth(below / np.maximum(reach, 1e-5), 0.75, 1.0)
    white = around.white * TOOTH
    return light + tooth[..., None] * ((round_off * back * tip)[..., None] * white - light)


def _grain(surface: Surface, left: int, top: int, right: int, bottom: int) -> np.ndarray:
    """The picture's own grain or brush texture, from the skin below the mouth: float32 [h, w, 3]."""
    height = bottom - top
    start = min(bottom, max(surface.rgb.shape[0] - height, 0))
    below = surface.rgb[start : start + height, left:right].astype(np.float32)
    if below.shape[0] != height:
        return np.zeros((height, right - left, 3), np.float32)
    fine = below - cv2.GaussianBlur(below, (0, 0), max(1.0, 0.003 * surface.placement.size))
    return np.clip(fine, -12, 12) * 0.8
