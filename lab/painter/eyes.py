"""Eyes and brows: lids, lashes, eyeball, iris and gaze."""

import torch
from torch import Tensor

from ..smooth_step import smooth
from .canvas import Area
from .pose import Pose
from .shapes import bump, cover, mix, ramp, rgb

_IRIS = [(86, 50, 30), (110, 66, 32), (136, 100, 44), (92, 124, 70), (72, 130, 150), (84, 140, 196)]


class _Lids:
    """One eye's frame and lid curves, in half widths: u runs -1..1 from inner to outer corner, v down."""

    def __init__(self, area: Area, pose: Pose, side: float) -> None:
        p = pose.p
        a, b = pose.across(area.x), pose.down(area.y)
        half = pose.eye_half
        tilt = 0.16 * p["eye_tilt"] + 0.03
        self.u = (a * side - pose.eye_a) / half  # [N, 1, w]
        bow = 0.10 * p["nod"] * self.u.square()
        self.v = b / half + tilt * self.u + bow  # [N, h, w]
        above, below = _opening(pose)
        inside = (1.0 - self.u.square()).clamp_(min=0.0)
        lean = 1.0 - 0.16 * self.u
        self.upper = -above * inside.pow(0.72) * lean
        self.lower = below * inside.pow(0.9) * (1.0 + 0.22 * self.u)
        self.half = half
        self.side = side


def _opening(pose: Pose) -> "tuple[Tensor, Tensor]":
    """How far the middle of each lid is above and below the eye line, in half widths."""
    p = pose.p
    smile = p["smile"].clamp(min=0.0)
    above = (0.64 + 0.20 * p["eye_open"] - 0.06 * smile - 0.08 * p["age"] * p["age"]).clamp_(min=0.30)
    return above, 0.34 - 0.09 * smile


def eye_landmarks(pose: Pose, side: float) -> "dict[str, tuple[Tensor, Tensor]]":
    x = pose.column(side * pose.eye_a)
    above, below = _opening(pose)
    return {
        "eye": (x, pose.eye_y),
        "eye_top": (x, pose.eye_y - above * pose.eye_half),
        "eye_bottom": (x, pose.eye_y + below * pose.eye_half),
        "brow": (x, pose.eye_y + pose.brow_b - 0.01),
    }


def eye(canvas: Area, pose: Pose, skin: Tensor, side: float) -> None:
    area = canvas.area(0.27, 0.36, 0.51, 0.54) if side < 0 else canvas.area(0.49, 0.36, 0.73, 0.54)
    lids = _Lids(area, pose, side)
    soft = area.pixel / lids.half * 1.5
    on_face = smooth(0.002, -0.010, pose.outline(area)[2])  # a far eye ends at the head's contour
    within = smooth(1.25, 0.95, lids.u.abs()) * on_face
    _lid_skin(area, pose, lids, within)
    opening = cover(lids.upper - lids.v, soft) * cover(lids.v - lids.lower, soft)
    opening = opening * smooth(1.0, 0.97, lids.u.abs()) * on_face
    _eyeball(area, pose, lids, opening)
    _lashes(area, pose, lids, soft, on_face)


def _lid_skin(area: Area, pose: Pose, lids: _Lids, within: Tensor) -> None:
    """Paint the fold above the eye, make-up on the lid and the soft rim below."""
    p = pose.p
    lift = 0.17 + 0.05 * p["brow_raise"] - 0.05 * p["age"]
    crease = bump(lids.v - lids.upper + lift, 0.055) * within * smooth(-1.1, -0.5, lids.u)
    area.glaze(rgb(120, 66, 60, like=crease), crease * 0.62)
    lid = smooth(-0.30, -0.12, lids.v - lids.upper) * (lids.v < lids.upper + 0.1).float()
    tone = ramp(p["lip_colour"], [(150, 104, 128), (128, 110, 150), (110, 128, 150)])
    area.glaze(tone, lid * within * p["eyeshadow"] * 0.9)
    area.light(rgb(30, 24, 20, like=crease), lid * bump(lids.u + 0.05, 0.4) * 0.7)
    rim = bump(lids.v - lids.lower - 0.10, 0.07) * within
    area.light(rgb(26, 18, 14, like=crease), rim * 0.7)


def _eyeball(area: Area, pose: Pose, lids: _Lids, opening: Tensor) -> None:
    p = pose.p
    u, v = lids.u, lids.v
    lit = 0.94 - 0.10 * (u * lids.side * -p["light_direction"]) - 0.20 * u.square()
    white = rgb(250, 244, 240, like=v) * (lit - 0.30 * bump(v - lids.upper, 0.22)).unsqueeze(1)
    area.blend(white, opening)
    corner = bump(u + 0.93, 0.16) * opening
    area.blend(rgb(214, 132, 122, like=v), corner * 0.75)
    _iris(area, pose, lids, opening)
    area.glaze(rgb(110, 88, 98, like=v), bump(v - lids.upper, 0.20) * opening * 0.85)
    _glints(area, pose, lids, opening)


def _centre(pose: Pose, lids: _Lids) -> "tuple[Tensor, Tensor]":
    """Offset of each pixel from the pupil, in the lids' u and v."""
    p = pose.p
    gaze = 0.36 * p["gaze_x"] * lids.side - 0.02
    height = -0.13 + 0.13 * p["gaze_y"] - 0.06 * p["eye_open"]
    return lids.u - gaze, lids.v - height


def _iris(area: Area, pose: Pose, lids: _Lids, opening: Tensor) -> None:
    """Paint rays, a dark ring, the light that gathers opposite the lamp, and the pupil."""
    p = pose.p
    du, dv = _centre(pose, lids)
    radius = (du.square() + dv.square()).sqrt_()
    size, soft = 0.50, area.pixel * 1.5 / lids.half
    iris = cover(radius - size, soft) * opening
    colour = ramp(p["eye_colour"], _IRIS)
    rays = 0.10 * torch.sin(12.0 * torch.atan2(dv, du))
    shade = 0.72 + 0.4125 * (dv / size).clamp(-1.0, 1.0) + rays
    shade = (shade * (1.0 - 0.62 * smooth(0.66, 1.0, radius / size))).clamp_(0.16, 1.4)
    area.blend((colour * 1.12 + 0.03) * shade.unsqueeze(1), iris)
    bowl = bump(dv - 0.22, 0.16) * bump(du + 0.10 * p["light_direction"] * lids.side, 0.24)
    area.light(colour * 0.75 + 0.05, bowl * iris)
    area.blend(rgb(18, 12, 14, like=dv), cover(radius - 0.225, soft) * opening)


def _glints(area: Area, pose: Pose, lids: _Lids, opening: Tensor) -> None:
    """Reflect the lamp in the cornea and, faintly below it, the room."""
    du, dv = _centre(pose, lids)
    soft = area.pixel * 1.5 / lids.half
    lamp = pose.p["light_direction"] * lids.side
    first = ((du - 0.17 * lamp).square() + ((dv + 0.20) * 1.1).square()).sqrt_() - 0.125
    area.blend(rgb(255, 253, 248, like=dv), cover(first, soft * 1.2) * opening * 0.96)
    second = ((du + 0.16 * lamp).square() + (dv - 0.24).square()).sqrt_() - 0.06
    area.blend(rgb(255, 250, 240, like=dv), cover(second, soft) * opening * 0.45)


def _lashes(area: Area, pose: Pose, lids: _Lids, soft: Tensor, on_face: Tensor) -> None:
    p = pose.p
    outer = smooth(-1.0, 0.9, lids.u)
    made = (0.45 - 0.6 * p["masculine"] + 0.5 * p["eyeshadow"]).clamp(0.0, 1.2)
    thick = (
        (0.050 + 0.085 * outer * (0.62 - 0.25 * p["masculine"] + 0.45 * made))
        * smooth(1.22, 0.90, lids.u)
        * smooth(-1.1, -0.9, lids.u)
    )
    wing = 0.28 * (lids.u - 0.86).clamp(min=0.0) * (0.4 + made)
    line = lids.v - lids.upper + 0.035 + wing
    dark = mix(rgb(58, 34, 30, like=line), rgb(26, 16, 18, like=line), p["black_hair"].unsqueeze(1))
    area.blend(dark, cover(line.abs() - thick, soft) * (thick / 0.05).clamp(0.0, 1.0) * on_face * 0.94)
    below = cover((lids.v - lids.lower - 0.01).abs() - 0.022, soft * 1.3) * smooth(-0.9, 0.5, lids.u)
    below = below * smooth(1.05, 0.92, lids.u.abs())
    area.blend(dark, below * on_face * (0.40 + 0.25 * made))


def brow(canvas: Area, pose: Pose, colour: Tensor, side: float) -> None:
    area = canvas.area(0.25, 0.27, 0.51, 0.46) if side < 0 else canvas.area(0.49, 0.27, 0.75, 0.46)
    p = pose.p
    a, b = pose.across(area.x), pose.down(area.y)
    t = (a * side - 0.036 + 0.006 * p["brow_frown"]) / (
        0.138 * (1.0 + 0.05 * p["eye_spacing"])
    )  # 0 inner, 1 outer
    arch = 0.018 * (1.0 + 0.55 * p["brow_arch"])
    rise = arch * (1.0 - ((t - 0.62) / 0.62).square()) + 0.004 * (t - 0.5)
    rise = rise + 0.014 * p["brow_frown"] * (t - 0.55) * 1.5
    line = pose.brow_b - rise + 0.006
    taper = smooth(-0.06, 0.14, t) * smooth(1.04, 0.45, t)
    thick = 0.0125 * (1.0 + 0.42 * p["brow_thickness"]) * (0.25 + 0.75 * taper)
    v = b - line  # [N, h, w]
    hairs = 0.0010 * torch.sin(t * 46.0 - v * 210.0)
    shape = (
        cover(v.abs() - thick + hairs, 0.006 + area.pixel) * smooth(-0.07, 0.05, t) * smooth(1.06, 0.90, t)
    )
    shape = shape * smooth(0.003, -0.006, pose.outline(area)[2])
    area.blend(colour, shape * (0.80 + 0.12 * p["brow_thickness"]))
    ridge = bump(v - 0.020, 0.010) * smooth(0.1, 0.4, t) * smooth(1.0, 0.7, t)
    area.light(rgb(26, 22, 18, like=v), ridge)
    deep = p["brow_frown"].clamp(min=0.0) + 0.3 * smooth(0.4, 1.0, p["age"])
    frown = bump(a * side - 0.020, 0.006) * bump(b + 0.075, 0.024) * deep
    area.glaze(rgb(160, 100, 92, like=v), frown * 0.6)
