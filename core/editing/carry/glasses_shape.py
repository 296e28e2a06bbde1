"""Draws a pair of glasses on a head: a frame in three dimensions, which turns and tilts as the head does.

The rims are thin beside a generator's pixels, so that its glasses are mist on a large face. A frame is known
well enough to be drawn, at any size; its place comes from the eyes, the bridge of the nose and the ears.
"""

from __future__ import annotations

import cv2
import numpy as np

from ...faces.reading import FACE_SIDES, LEFT_EYE, RIGHT_EYE
from .change import Head
from .field import sampled
from .picture_parts import Parts
from .solid_head import frontal_pose
from .surface import Surface, mixed

# over the face's height
WIDTH, HEIGHT = 0.148, 0.118  # half a lens
LOWER, OUTWARD = 0.018, 0.012  # from the eye's middle to the lens's
FORWARD = 0.026  # from the bridge of the nose to that of the frame, to the viewer
WRAP = 0.5  # how fast the lens bends back from the middle: depth over its squared distance
SQUARE = 2.9  # exponent of the lens's outline: 2 is an ellipse
THICK = 0.017  # of the rim
BRIDGE_UP = 0.02
TURNED = 0.12  # sine of the turn from which the far arm is hidden
FRAME = np.array([26.0, 21.0, 19.0])  # colour
SHINE = 0.30  # of the light on the frame's upper edge
SHADOW, SHADOW_DOWN = 0.16, 0.022  # on the skin below the rims
GLASS = 0.05  # of light that the lenses throw back
FINER = 4  # drawn at this many times the size, for soft edges
BRIDGE = (168, 6)
EARS = (FACE_SIDES[0], FACE_SIDES[1])
RIMS = (0.6, 1.4, 9)  # where rims are looked for, over the size of the drawn ones
WORN = 0.25  # what a reader must believe of them in the mean
FULL = 0.35  # of the slider's range: from there on the frame is solid


def draw_glasses(
    rgb: np.ndarray,
    surface: Surface,
    head: Head,
    parts: Parts,
    share: float,
    only: np.ndarray | None = None,
) -> None:
    """Draws into a carried picture uint8 [h, w, 3] whose pixels lie as those of `surface`.

    `head` is the head as it lies now, `share` 0..1 how far the slider is. They are drawn as
    strongly as `only` uint8 [h, w] says, where it is given.
    """
    pose = frontal_pose(head.mesh)
    own = pose.resting(head.mesh)
    lines, arms, lenses = _frame(own, float(pose.rotation[2, 0]))
    size = surface.placement.size
    flat, flat_arms = ([surface.pixels(pose.placed(line)[:, :2]) for line in some] for some in (lines, arms))
    discs = [surface.pixels(pose.placed(lens)[:, :2]) for lens in lenses]
    points = np.concatenate([*flat, *flat_arms, *discs])
    margin = 8 + round(0.06 * pose.scale * size)
    left, top = np.maximum(np.floor(points.min(axis=0)).astype(int) - margin, 0)
    right, bottom = np.minimum(np.ceil(points.max(axis=0)).astype(int) + margin, rgb.shape[1::-1])
    if left >= right or top >= bottom:
        return
    shape, corner = (bottom - top, right - left), np.array([left, top])
    thick = THICK * pose.scale * size
    box = rgb[top:bottom, left:right]
    unit = surface.unit((left, top, right, bottom))
    bare = 1 - parts.hair.at(unit, box.astype(np.float32) / 255)  # hair hides the arms
    rim = _stroked(shape, [line - corner for line in flat], thick)
    rim = np.maximum(rim, bare * _stroked(shape, [line - corner for line in flat_arms], 0.8 * thick))
    glass = _filled(shape, [disc - corner for disc in discs])
    opacity = float(np.clip(share / FULL, 0, 1))
    light = _lit(box, rim, glass, thick, pose.scale * size, opacity)
    cover = np.ones(1) if only is None else only[top:bottom, left:right, None] / np.float32(255)
    box[:] = mixed(box, light, cover)


def worn_already(head: Head, parts: Parts) -> bool:
    """Whether the head wears glasses: a reader of heads sees a frame around both eyes, somewhat smaller or
    larger than the one that would be drawn."""
    pose = frontal_pose(head.mesh)
    _, _, lenses = _frame(pose.resting(head.mesh), float(pose.rotation[2, 0]))
    seen = []
    for lens in lenses:
        outline = pose.placed(lens)[:, :2]  # [121, 2]
        middle = outline.mean(axis=0)
        rays = middle + np.linspace(*RIMS)[:, None, None] * (outline - middle)  # [9, 121, 2]
        seen.append(sampled(parts.glasses, rays.astype(np.float32), cv2.INTER_LINEAR).max(axis=0).mean())
    return bool(min(seen) > WORN)


def _frame(own: np.ndarray, turn: float) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Lines of the frame, its arms and outlines of the lenses, points [n, 3] on a resting head [468, 3]."""
    around = np.linspace(0, 2 * np.pi, 121)
    cosine, sine = np.cos(around), np.sin(around)
    lines, arms, lenses = [], [], []
    bridge = own[list(BRIDGE)].mean(axis=0)
    for side, eye, ear in ((-1.0, LEFT_EYE, EARS[0]), (1.0, RIGHT_EYE, EARS[1])):
        middle = own[list(eye[:2])].mean(axis=0) + np.array([side * OUTWARD, LOWER, 0.0])
        x = middle[0] + WIDTH * np.sign(cosine) * np.abs(cosine) ** (2 / SQUARE)
        y = middle[1] + HEIGHT * np.sign(sine) * np.abs(sine) ** (2 / SQUARE)
        z = bridge[2] - FORWARD + WRAP * (x - bridge[0]) ** 2
        lens = np.stack([x, y, z], axis=1)
        lenses.append(lens)
        lines.append(lens)
        if side * turn < TURNED:  # the arm on the side that the viewer sees
            hinge = lens[np.argmax(side * (x - middle[0]) - 0.3 * (y - middle[1]))]
            end = own[ear] + np.array([side * 0.01, 0.0, 0.0])
            end[1] = hinge[1] + 0.35 * (end[1] - hinge[1])
            arms.append(hinge + np.linspace(0, 1, 12)[:, None] * (end - hinge))
    inner = [lenses[0][np.argmax(lenses[0][:, 0])], lenses[1][np.argmin(lenses[1][:, 0])]]
    t = np.linspace(0, 1, 24)[:, None]
    arc = inner[0] + t * (inner[1] - inner[0])
    arc[:, 1] -= BRIDGE_UP * (1 - (2 * t[:, 0] - 1) ** 2) + 0.02
    arc[0], arc[-1] = inner[0], inner[1]
    lines.append(arc)
    return lines, arms, lenses


def _stroked(shape: tuple[int, int], lines: list[np.ndarray], thick: float) -> np.ndarray:
    """Lines [n, 2] in pixels, `thick` px wide: float32 [h, w] 0..1."""
    big = np.zeros((shape[0] * FINER, shape[1] * FINER), np.uint8)
    drawn = [np.round(line * FINER).astype(np.int32).reshape(-1, 1, 2) for line in lines]
    cv2.polylines(big, drawn, False, 255, max(1, round(thick * FINER)), cv2.LINE_AA)
    return cv2.resize(big, shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def _filled(shape: tuple[int, int], outlines: list[np.ndarray]) -> np.ndarray:
    big = np.zeros((shape[0] * FINER, shape[1] * FINER), np.uint8)
    cv2.fillPoly(big, [np.round(line * FINER).astype(np.int32) for line in outlines], 255, cv2.LINE_AA)
    return cv2.resize(big, shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def _lit(
    box: np.ndarray, rim: np.ndarray, glass: np.ndarray, thick: float, height: float, opacity: float
) -> np.ndarray:
    """The box's pixels with the frame's shadow, the lenses and the frame over them, float32 [h, w, 3]."""
    colour = box.astype(np.float32)
    seen = float(np.quantile(colour, 0.9))  # how light the picture is here
    down = round(SHADOW_DOWN * height)
    shadow = cv2.GaussianBlur(np.roll(rim, down, axis=0), (0, 0), max(1.0, 0.014 * height))
    colour = colour * (1 - opacity * SHADOW * np.clip(1.6 * shadow, 0, 1)[..., None])
    streak = np.clip(1.4 - np.abs(np.linspace(-1.2, 1.6, len(box))), 0, 1)[:, None]
    colour += (opacity * GLASS * glass * streak)[..., None] * (seen - 0.5 * colour)
    edge = rim - np.roll(rim, max(1, round(thick / 3)), axis=0)  # the upper edge catches the light
    shine = cv2.GaussianBlur(np.clip(edge, 0, 1), (0, 0), max(0.6, thick / 6))
    frame = FRAME * (0.35 + 0.65 * seen / 235) + (SHINE * shine * seen)[..., None]
    cover = (opacity * rim)[..., None]
    return colour + cover * (frame - colour)
