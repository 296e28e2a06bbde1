"""The bare head: skin, light and shadow, nose, ears, and the marks of age and sun."""

import torch
from torch import Tensor

from ..smooth_step import smooth
from .canvas import Area
from .pose import Pose, Tints
from .shapes import bump, cover, mix, ramp, rgb

_SKIN = [
    (250, 224, 208),
    (245, 210, 184),
    (234, 188, 156),
    (214, 160, 124),
    (180, 124, 90),
    (140, 90, 66),
    (102, 66, 52),
]
_CREASE = (168, 108, 98)


def skin_colour(p: "dict[str, Tensor]") -> Tensor:
    base = ramp(p["skin_tone"], _SKIN)  # [N, 3, 1, 1]
    warm = p["skin_undertone"].unsqueeze(1)
    tilt = torch.cat([1.0 - 0.01 * warm, 1.0 + 0.03 * warm, 1.0 - 0.06 * warm], dim=1)
    return base * tilt


def ears(canvas: Area, pose: Pose, tints: Tints, skin: Tensor) -> None:
    for side in (-1.0, 1.0):
        _ear(canvas, pose, tints, skin, side)


def ear_place(pose: Pose, side: float) -> "tuple[Tensor, Tensor]":
    """Centre x, y [N, 1, 1] of an ear; the far ear slips behind the head, the near one comes forward."""
    away = side * pose.yaw  # > 0: this ear is on the far side
    x = pose.x + side * (pose.width * (1.01 - 0.02 * away.abs()) - 0.16 * away.clamp(min=0.0))
    return x, pose.eye_y + 0.045 - 0.035 * pose.p["nod"]


def _ear(canvas: Area, pose: Pose, tints: Tints, skin: Tensor, side: float) -> None:
    area = canvas.area(0.12, 0.36, 0.5, 0.66) if side < 0 else canvas.area(0.5, 0.36, 0.88, 0.66)
    x, y = ear_place(pose, side)
    size = 0.94 + 0.14 * pose.p["ears"]
    v = (area.y - y) / (0.070 * size)
    u = ((area.x - x) * side - 0.012 * -v) / (0.036 * size) - 0.15
    radius = (u.square() + v.square() * (1.0 + 0.25 * v.clamp(-1.0, 1.0))).sqrt_()
    distance = (radius - 1.0) * 0.040
    cosine = pose.lit((u * side * 0.5).clamp(-0.9, 0.9), (v * 0.4).clamp(-0.9, 0.9)) - 0.1
    colour = tints.shade(skin * rgb(255, 226, 222, like=u), cosine)
    area.blend(colour, cover(distance, 1.5 * area.pixel))
    inner = bump(radius - 0.62, 0.22) * smooth(1.0, 0.7, radius)
    bowl = bump(u + 0.25, 0.45) * bump(v - 0.05, 0.42)
    area.glaze(
        rgb(176, 104, 96, like=u), (0.35 * inner + 0.65 * bowl).clamp_(0.0, 1.0) * cover(distance, 0.01)
    )


def face(canvas: Area, pose: Pose, tints: Tints, skin: Tensor, hair_shadow: Tensor) -> None:
    """Paint the head's form; hair_shadow [N, R, R] is how much light the hair keeps off."""
    p = pose.p
    area = canvas.area(0.2, 0.08, 0.8, 0.86)
    nx, ny, distance = pose.outline(area)
    alpha = cover(distance, 1.5 * area.pixel)
    a, b = pose.across(area.x), pose.down(area.y)  # [N, 1, w], [N, h, 1]
    dx, dy = _relief(pose, a, b)
    dx = dx * (1.0 - smooth(0.45, 1.0, nx.abs()))  # near the contour the form already turns away
    cosine = pose.lit((nx * 0.86 + dx).clamp(-0.95, 0.95), (ny * 0.8 + dy).clamp(-0.95, 0.95))
    cosine = cosine - 0.75 * area.crop(hair_shadow, canvas)
    area.blend(tints.shade(skin, cosine), alpha)
    # light passing through skin reddens the shadow's edge
    turning = bump(cosine - 0.22, 0.22)
    area.light(rgb(34, 3, -6, like=nx) * (0.6 + 0.6 * skin.mean(1, keepdim=True)), turning * alpha)
    edge = smooth(0.62, 1.0, nx.square() + ny.square().clamp(max=0.5)) * (nx * -p["light_direction"]).clamp_(
        min=0.0
    )
    area.light(tints.rim * 0.26, edge * alpha)
    _forehead(area, pose, alpha)
    _sockets(area, pose, alpha)
    _cheeks(area, pose, alpha, skin)


def _relief(pose: Pose, a: Tensor, b: Tensor) -> "tuple[Tensor, Tensor]":
    """Slopes along x and y, [N, h, w], that cheeks, brow, sockets and chin add to the normal."""
    p = pose.p
    full = 0.34 + 0.16 * p["cheeks"] + 0.24 * p["smile"].clamp(min=0.0)
    dx = torch.zeros((), device=a.device)
    dy = torch.zeros((), device=a.device)
    for side in (-1.0, 1.0):
        u = (a - side * 0.118) / 0.062
        v = (b - 0.105 + 0.014 * p["smile"]) / 0.052
        hill = bump(u, 1.0) * bump(v, 1.0) * full
        dx, dy = dx + hill * u, dy + hill * v
        u, v = (a - side * pose.eye_a) / 0.075, (b + 0.012) / 0.05
        pit = bump(u, 1.0) * bump(v, 1.0) * -0.42
        dx, dy = dx + pit * u, dy + pit * v
    u, v = a / 0.055, (b - pose.chin_b + 0.052) / 0.04
    hill = bump(u, 1.0) * bump(v, 1.0) * (0.5 + 0.25 * p["jaw"])
    u2, v2 = a / 0.05, (b - pose.mouth_b - 0.056) / 0.022
    dip = bump(u2, 1.0) * bump(v2, 1.0) * -0.5
    return dx + hill * u + dip * u2 * 0.4, dy + hill * v + dip * v2


def _forehead(area: Area, pose: Pose, on_face: Tensor) -> None:
    """Paint the light on the brow, and age lines across it."""
    p = pose.p
    part = area.area(0.0, 0.20, 1.0, 0.46)
    a, b, alpha = pose.across(part.x), pose.down(part.y), part.crop(on_face, area)
    brow = bump(a / 0.08, 1.0) * bump((b + 0.15) / 0.05, 1.0)
    part.light(rgb(30, 27, 22, like=a), brow * alpha)
    age = smooth(0.42, 1.0, p["age"])
    lines = torch.zeros((), device=a.device)
    for height in (-0.128, -0.152, -0.176):
        lines = lines + bump((b - height - 0.9 * a.square() + 0.2 * p["brow_raise"] * 0.02) / 0.0045, 1.0)
    lines = lines * bump(a / 0.10, 1.0) * (0.34 * age + 0.14 * age * p["brow_raise"])
    part.glaze(rgb(*_CREASE, like=a), lines.clamp_(0.0, 1.0) * alpha)


def _sockets(area: Area, pose: Pose, on_face: Tensor) -> None:
    """Paint the brow's shadow, crow's feet and bags."""
    p = pose.p
    part = area.area(0.0, 0.33, 1.0, 0.55)
    a, b, alpha = pose.across(part.x), pose.down(part.y), part.crop(on_face, area)
    aside = a.abs() - pose.eye_a
    socket = bump((aside + 0.012) / 0.066, 1.0) * bump((b + 0.022) / 0.04, 1.0)
    part.glaze(rgb(190, 140, 132, like=a), socket * alpha * 0.62)
    age = smooth(0.42, 1.0, p["age"])
    outer = (aside - pose.eye_half * 1.12) / 0.022
    feet = smooth(0.1, 0.9, torch.sin((b - 0.004) * (230.0 - 20.0 * outer)))
    feet = (
        feet * bump(outer - 0.4, 0.8) * bump(b / 0.026, 1.0) * age * (0.35 + 0.3 * p["smile"].clamp(min=0.0))
    )
    bag = bump((b - 0.043 + 1.2 * aside.square()) / 0.008, 1.0) * bump(aside / 0.045, 1.0)
    part.glaze(rgb(*_CREASE, like=a), (feet + bag * (0.12 + 0.40 * age)).clamp_(0.0, 1.0) * alpha)


def _cheeks(area: Area, pose: Pose, on_face: Tensor, skin: Tensor) -> None:
    """Paint blush, lights, freckles and the folds from the nose's wings to the mouth's corners."""
    p = pose.p
    part = area.area(0.0, 0.43, 1.0, 0.75)
    a, b, alpha = pose.across(part.x), pose.down(part.y), part.crop(on_face, area)
    side = a.abs()  # [N, 1, w]
    blush = bump((side - 0.122) / 0.065, 1.0) * bump((b - 0.115 + 0.012 * p["smile"]) / 0.05, 1.0)
    strength = (0.15 + 0.6 * p["blush"]) * (1.0 - 0.35 * p["skin_tone"])
    part.glaze(rgb(255, 192, 182, like=a), blush * alpha * strength)
    upper = bump((side - 0.128) / 0.046, 1.0) * bump((b - 0.078 + 0.25 * (side - 0.128)) / 0.032, 1.0)
    lit_side = (0.6 + 0.6 * torch.sign(a) * p["light_direction"]).clamp_(0.0, 1.0)
    part.light(rgb(40, 35, 28, like=a) * (0.5 + 0.5 * skin), upper * alpha * lit_side)
    spots = torch.sin(a * 190.0 + 1.3 * torch.sin(b * 53.0))
    spots = spots * torch.sin(b * 200.0 + 1.5 * torch.sin(a * 41.0 + 1.0))
    where = bump((side - 0.085) / 0.06, 1.0) * bump((b - 0.085) / 0.045, 1.0) * p["freckles"] * 0.55
    part.glaze(rgb(196, 134, 104, like=a), smooth(0.30, 0.9, spots) * where * alpha)
    along = ((b - 0.085) / 0.125).clamp(0.0, 1.0)  # from the nose's wing to past the mouth's corner
    path = 0.047 + along * (pose.mouth_half + 0.004 - 0.047) + 0.014 * torch.sin(3.1 * along)
    deep = 0.05 + 0.46 * smooth(0.42, 1.0, p["age"]) + 0.22 * p["smile"].clamp(min=0.0)
    fold = bump((side - path) / 0.010, 1.0) * smooth(0.085, 0.135, b) * smooth(0.225, 0.165, b) * deep
    part.glaze(rgb(*_CREASE, like=a), fold * alpha)


def nose(canvas: Area, pose: Pose, tints: Tints, skin: Tensor) -> None:
    """Paint bridge, ball, wings and nostrils; the tip stands out from the head, so it turns further."""
    p = pose.p
    area = canvas.area(0.36, 0.40, 0.64, 0.64)
    b = pose.down(area.y)  # [N, h, 1]
    tip = pose.nose_b
    down = smooth(-0.06, 1.0, b / tip)
    stand = 0.052 * down * (1.0 + 0.2 * p["nose_size"])  # protrusion by height
    a = pose.across(area.x, stand)  # [N, h, w]
    size = 1.0 + 0.15 * p["nose_size"]
    wide = (1.0 + 0.22 * p["nose_width"]) * (1.0 + 0.06 * p["nose_size"])
    _bridge(area, pose, skin, a, b, wide, size)
    _nostrils(area, pose, a, b, wide, size)
    shine = bump((a - 0.006 * p["light_direction"]) / 0.0095, 1.0)
    spot = bump((b - tip + 0.015) / 0.011, 1.0) * 0.8
    spot = spot + 0.26 * smooth(0.0, 0.05, b) * smooth(0.0, -0.04, b - tip)
    tone = mix(rgb(92, 86, 78, like=b), rgb(70, 70, 74, like=b), p["skin_tone"].unsqueeze(1))
    area.light(tone, shine * spot * 0.8)


def _bridge(area: Area, pose: Pose, skin: Tensor, a: Tensor, b: Tensor, wide: Tensor, size: Tensor) -> None:
    """Paint the ridge, wider toward the ball, with one flank lit and the other in shade."""
    tip = pose.nose_b
    half = (0.017 + 0.014 * smooth(0.1, 1.0, b / tip)) * wide  # [N, h, 1]
    window = smooth(-0.06, 0.05, b) * smooth(0.020, -0.022, b - tip)
    u = a / half
    slope = u * torch.exp(-0.5 * u.square()) * window  # sideways slope of the ridge, [N, h, w]
    ball_v = (b - tip + 0.007) / (0.022 * size)
    ball_u = a / (0.030 * wide)
    ball = torch.exp(-ball_u.square() - ball_v.square())
    lean = slope * pose.light[0] * 0.9 + ball * (ball_u * pose.light[0] - 0.9 * ball_v) * 0.45
    lean = lean.clamp(-1.0, 1.0)
    warm = rgb(60, 50, 40, like=b) * (0.45 + 0.55 * skin)
    area.light(warm, lean.clamp(min=0.0) * 0.55)
    area.glaze(rgb(182, 122, 110, like=b), (-lean).clamp_(min=0.0) * 0.85 + 0.14 * slope.abs())
    area.glaze(rgb(255, 216, 208, like=b), ball * 0.55)
    side = bump((a.abs() - half - 0.010) / 0.014, 1.0) * smooth(0.25, 0.8, b / tip) * window
    area.glaze(rgb(206, 150, 138, like=b), side * 0.45)


def _nostrils(area: Area, pose: Pose, a: Tensor, b: Tensor, wide: Tensor, size: Tensor) -> None:
    """Paint the underside, the wings and their crease, the nostrils and the shadow on the upper lip."""
    tip = pose.nose_b
    under = bump(a / (0.036 * wide), 1.0) * bump((b - tip - 0.015 * size) / 0.011, 1.0)
    area.glaze(rgb(186, 122, 112, like=b), under * 0.75)
    cast = bump((a + 0.022 * pose.light[0]) / (0.034 * wide), 1.0) * bump((b - tip - 0.031) / 0.014, 1.0)
    area.glaze(rgb(192, 138, 130, like=b), cast * 0.55)
    wing_a, wing_b = (a.abs() - 0.0285 * wide) / (0.0150 * wide), (b - tip - 0.001) / (0.0165 * size)
    wing = (wing_a.square() + wing_b.square()).sqrt_()
    outer = smooth(-0.4, 0.5, wing_a + 0.25 * wing_b)
    crease = bump(wing - 1.0, 0.26) * outer * smooth(-1.3, -0.5, wing_b)
    area.glaze(rgb(156, 94, 84, like=b), crease * 0.55)
    area.light(rgb(26, 20, 16, like=b), smooth(0.9, 0.2, wing) * 0.6)
    hole_a, hole_b = (a.abs() - 0.0170 * wide) / (0.0098 * wide), (b - tip - 0.0128 * size) / (0.0052 * size)
    hole = smooth(1.5, 0.3, hole_a.square() + (hole_b + 0.45 * hole_a).square())
    area.glaze(rgb(112, 56, 50, like=b), hole * 0.8)
