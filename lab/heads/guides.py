"""Growing guides: a few hundred hairs that find their way around one person's head, step by step.

At each step a hair is turned by how it is combed (away from or towards places on the scalp, or away from the
parting), by gravity, by the layer of hair that it lies in, and by what it may not enter: the body, an ear
that it covers, the face. Positions are in the world; how hair is combed is told in *scalp space*, where the
person's own head, upright, is stretched to the size of the mean one.

Loops are numba's. Hair is grown on the CPU wherever the pictures are made: some milliseconds for a head.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numba
import numpy as np

from .body_field import BodyField, distance

SKULL = (0.0, 7.45, 0.45)  # the middle of the mean head's skull; scalp directions are seen from here
STRIDE = 0.055  # of a step
FEWEST, MOST = 8, 64  # steps of a guide
POINTS = 25  # kept of them, at equal distances
FACE = (7.15, 1.0)  # the face's oval: height of its middle, half its height
FACE_WIDTH = 0.62  # half
FACE_EDGE = 0.1  # how near the oval hair begins to turn away from it
NAPE = 3  # the pole that draws hair only behind the ears
EARS = (0.73, 7.08, 0.5)  # the middle of the mean head's ear (with either sign of x)
EAR_REACH = (0.13, 0.34, 0.27)


class Set(IntEnum):
    """Columns of `Guides.settings`; rates are per decimetre of hair."""

    LENGTH = 0
    LIFT = 1  # how far the hair stands off the skin at its root, 0 flat, 1 upright
    LAYER = 2  # height above the skin that it settles at
    HOLD = 3  # the length of hair over which it keeps to the comb
    COMB = 4  # how strongly it is turned by the comb
    GRAVITY = 5
    STAND = 6  # how strongly it is turned away from the skin, along its whole length
    HUG = 7  # how strongly it keeps to its layer while combed
    CUT = 8  # no hair reaches below this height of scalp space ...
    CUT_SIDE = 9  # ... which rises with the distance from the middle
    CUT_FRONT = 10  # ... and towards the front
    FACE = 11  # the size of the oval that is kept free; 0 leaves none
    EAR = 12  # whether it lies over the ear
    ARC = 13  # how much it is combed away from the parting
    SIDE = 14  # of the parting: -1 left, 1 right, 0 behind it
    TIED = 15  # 0 hangs freely; n is gathered at the n-th tie
    SLIDE = 16  # which way it slides off the shoulders: 1 to the chest, -1 to the back
    UPRIGHT = 17  # how much of `STAND` is straight up instead of away from the skin
    ROOF = 18  # no hair reaches above this height
    POLES = 19  # from here: how much it is combed away from (below zero: towards) each pole


NO_CUT, NO_ROOF = -99.0, 99.0
GATHERED = 0.09  # radians before the middle of a tie where gathered hair ends
CEILING = 0.03  # how far above its layer hair may rise over the skull
SETTLES = 0.6  # the length of hair in which it reaches its layer
SHOULDERS = (6.35, 5.9, 0.18)  # heights between which hair begins to slide off; the depth of their ridge


@dataclass(frozen=True)
class ScalpSpace:
    """From the world to scalp space: (turn.T @ (point - pivot)) * scale + middle."""

    turn: np.ndarray  # [3, 3] the head's rotation
    pivot: np.ndarray  # [3]
    scale: np.ndarray  # [3]
    middle: np.ndarray  # [3]

    def world(self, places: np.ndarray) -> np.ndarray:
        """Places [..., 3] of scalp space in the world."""
        return ((places - self.middle) / self.scale) @ self.turn.T + self.pivot


@dataclass(frozen=True)
class Guides:
    """What is needed to grow one person's guides."""

    roots: np.ndarray  # [G, 3] world
    normals: np.ndarray  # [G, 3] world
    sway: np.ndarray  # [G, 3] an own direction of each guide in scalp space, for disorder
    settings: np.ndarray  # [G, C] float32, columns as Set
    poles: np.ndarray  # [P, 3] unit directions from SKULL
    parting: np.ndarray  # [2, 3] where the parting begins and ends: unit directions from SKULL
    ties: np.ndarray  # [T, 3] unit directions from SKULL
    space: ScalpSpace
    body: BodyField


def grow(guides: Guides) -> np.ndarray:
    """The guides' points [G, POINTS, 3] in the world, at equal distances from root to tip."""
    space = guides.space
    return _grow(
        guides.roots,
        guides.normals,
        guides.sway,
        guides.settings,
        guides.poles,
        guides.parting,
        guides.ties,
        np.concatenate([space.turn, space.pivot[None], space.scale[None], space.middle[None]]),
        guides.body.values,
        guides.body.origin,
    )


# in the loops `frame` is the scalp space: its rows are turn (3), pivot, scale, middle


@numba.njit(cache=True, fastmath=True, nogil=True)
def _grow(roots, normals, sway, settings, poles, parting, ties, frame, values, origin):
    out = np.empty((len(roots), POINTS, 3), np.float32)
    path = np.empty((MOST + 1, 3), np.float64)
    for g in range(len(roots)):
        setting = settings[g]
        if setting[Set.TIED] > 0.0:
            tie = ties[int(setting[Set.TIED]) - 1]
            _gather(out[g], roots[g], setting, poles, parting, tie, frame, values, origin)
        else:
            reached = _hang(
                path, roots[g], normals[g], sway[g], setting, poles, parting, frame, values, origin
            )
            _spaced(out[g], path, reached)
    return out


@numba.njit(cache=True, fastmath=True, inline="always")
def _eased(low, high, x):
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


@numba.njit(cache=True, fastmath=True, inline="always")
def _scalp_place(frame, x, y, z):
    """A point of the world in scalp space."""
    x, y, z = x - frame[3, 0], y - frame[3, 1], z - frame[3, 2]
    return (
        (frame[0, 0] * x + frame[1, 0] * y + frame[2, 0] * z) * frame[4, 0] + frame[5, 0],
        (frame[0, 1] * x + frame[1, 1] * y + frame[2, 1] * z) * frame[4, 1] + frame[5, 1],
        (frame[0, 2] * x + frame[1, 2] * y + frame[2, 2] * z) * frame[4, 2] + frame[5, 2],
    )


@numba.njit(cache=True, fastmath=True, inline="always")
def _in_world(frame, x, y, z):
    """A direction of scalp space in the world."""
    return (
        frame[0, 0] * x + frame[0, 1] * y + frame[0, 2] * z,
        frame[1, 0] * x + frame[1, 1] * y + frame[1, 2] * z,
        frame[2, 0] * x + frame[2, 1] * y + frame[2, 2] * z,
    )


@numba.njit(cache=True, fastmath=True, inline="always")
def _unit(x, y, z, least):
    size = 1.0 / np.sqrt(x * x + y * y + z * z + least)
    return x * size, y * size, z * size


@numba.njit(cache=True, fastmath=True)
def _skin(values, origin, x, y, z):
    """The distance to the skin and the unit direction away from it."""
    far, nx, ny, nz = distance(values, origin, x, y, z)
    nx, ny, nz = _unit(nx, ny, nz, 1e-9)
    return far, nx, ny, nz


@numba.njit(cache=True, fastmath=True)
def _from_parting(sx, sy, sz, side, parting):
    """Away from the nearest point of the parting's arc; hair that strayed over it is led back."""
    ax, ay, az = parting[0, 0], parting[0, 1], parting[0, 2]
    bx, by, bz = parting[1, 0] - ax, parting[1, 1] - ay, parting[1, 2] - az
    t = (sx - ax) * bx + (sy - ay) * by + (sz - az) * bz
    t = min(max(t / (bx * bx + by * by + bz * bz), 0.0), 1.0)
    cx, cy, cz = ax + bx * t, ay + by * t, az + bz * t
    along = sx * cx + sy * cy + sz * cz
    x, y, z = sx * along - cx, sy * along - cy, sz * along - cz
    if side != 0.0:
        mx, my, mz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
        wrong = side * (x * mx + y * my + z * mz) / (mx * mx + my * my + mz * mz)
        if wrong > 0.0:
            wrong *= 2.0 * side
            x, y, z = x - wrong * mx, y - wrong * my, z - wrong * mz
    return _unit(x, y, z, 1e-6)


@numba.njit(cache=True, fastmath=True)
def _combed(sx, sy, sz, setting, poles, parting):
    """Where hair is combed to at the unit direction s from the skull's middle."""
    fx, fy, fz = 0.0, 0.0, 0.0
    for p in range(len(poles)):
        weight = setting[Set.POLES + p]
        if p == NAPE:
            weight *= _eased(0.45, -0.25, sz)
        if weight != 0.0:
            along = sx * poles[p, 0] + sy * poles[p, 1] + sz * poles[p, 2]
            x, y, z = _unit(
                sx * along - poles[p, 0], sy * along - poles[p, 1], sz * along - poles[p, 2], 1e-4
            )
            fx, fy, fz = fx + x * weight, fy + y * weight, fz + z * weight
    weight = setting[Set.ARC]
    if weight != 0.0:
        x, y, z = _from_parting(sx, sy, sz, setting[Set.SIDE], parting)
        fx, fy, fz = fx + x * weight, fy + y * weight, fz + z * weight
    return fx, fy, fz


@numba.njit(cache=True, fastmath=True)
def _comb_way(place, sway, setting, poles, parting, frame, nx, ny, nz):
    """The unit direction in the world, along the skin, that the comb takes at a place of scalp space."""
    sx, sy, sz = _unit(place[0] - SKULL[0], place[1] - SKULL[1], place[2] - SKULL[2], 0.0)
    fx, fy, fz = _combed(sx, sy, sz, setting, poles, parting)
    cx, cy, cz = _in_world(frame, fx + sway[0], fy + sway[1], fz + sway[2])
    along = cx * nx + cy * ny + cz * nz
    return _unit(cx - along * nx, cy - along * ny, cz - along * nz, 1e-3)


@numba.njit(cache=True, fastmath=True, inline="always")
def _layer(setting, t):
    settle = min(t / SETTLES, 1.0)
    return setting[Set.LAYER] * settle * (2.0 - settle)


@numba.njit(cache=True, fastmath=True)
def _start(setting, frame, c, n):
    """The direction in which a hair leaves its root; c: the comb's, n: away from the skin."""
    lift = setting[Set.LIFT]
    flat = np.sqrt(max(1.0 - lift * lift, 0.0))
    up = lift * setting[Set.UPRIGHT]
    lift -= up
    return (
        c[0] * flat + n[0] * lift + up * frame[0, 1],
        c[1] * flat + n[1] * lift + up * frame[1, 1],
        c[2] * flat + n[2] * lift + up * frame[2, 1],
    )


@numba.njit(cache=True, fastmath=True)
def _bent(setting, frame, t, ds, far, height, d, c, n):
    """The direction d after a step through comb, layer, gravity and shoulders."""
    held = t / max(setting[Set.HOLD], 1e-3)
    held = 1.0 / (1.0 + held * held * held * held)
    comb = setting[Set.COMB] * held * ds
    stand = setting[Set.STAND] * ds
    up = setting[Set.HUG] * held * ds * min(max((_layer(setting, t) - far) / 0.1, -1.0), 0.7)
    up += stand * (1.0 - setting[Set.UPRIGHT])
    stand *= setting[Set.UPRIGHT]
    down = setting[Set.GRAVITY] * (1.0 - 0.9 * held) * ds
    slide = 0.0
    if far < 0.3:
        slide = 9.0 * ds * _eased(SHOULDERS[0], SHOULDERS[1], height) * setting[Set.SLIDE]
    return (
        d[0] + comb * c[0] + up * n[0] + stand * frame[0, 1],
        d[1] + comb * c[1] + up * n[1] + stand * frame[1, 1] - down,
        d[2] + comb * c[2] + up * n[2] + stand * frame[2, 1] + slide,
    )


@numba.njit(cache=True, fastmath=True)
def _past_face(setting, frame, t, ds, place, d):
    """The direction d turned aside where it would enter the face, and how far to step aside."""
    guard = _eased(0.55, 0.85, place[2]) * min(setting[Set.FACE] * 4.0, 1.0) * min(t / 0.1, 1.0)
    if guard <= 0.0:
        return d, 0.0
    ex, ey = place[0] / (FACE_WIDTH * setting[Set.FACE]), (place[1] - FACE[0]) / FACE[1]
    deep = 1.0 - np.sqrt(ex * ex + ey * ey + 1e-6)
    if deep <= -FACE_EDGE:
        return d, 0.0
    side = 1.0 if place[0] > 0 else -1.0
    near = guard * min((deep + FACE_EDGE) / FACE_EDGE, 1.0)
    wx, wy, wz = side * frame[0, 0], side * frame[1, 0], side * frame[2, 0]
    need = max(near * (0.25 * near - (d[0] * wx + d[1] * wy + d[2] * wz)), 0.0)
    shift = guard * side * min(0.5 * max(deep, 0.0) * FACE_WIDTH, ds)
    return (d[0] + need * wx, d[1] + need * wy, d[2] + need * wz), shift


@numba.njit(cache=True, fastmath=True)
def _past_ear(setting, ds, layer, place):
    """How far hair that covers an ear steps aside, so as to lie over it."""
    uy, uz = (place[1] - EARS[1]) / EAR_REACH[1], (place[2] - EARS[2]) / EAR_REACH[2]
    flat = 1.0 - uy * uy - uz * uz
    if setting[Set.EAR] <= 0.0 or flat <= 0.0:
        return 0.0
    over = np.sqrt(flat) * EAR_REACH[0] - (abs(place[0]) - EARS[0]) + 0.5 * layer
    over = min(max(over, 0.0), 2.0 * ds) * setting[Set.EAR]
    return over if place[0] > 0 else -over


@numba.njit(cache=True, fastmath=True)
def _kept_near(setting, layer, ds, height, p, d, values, origin):
    """The point p and direction d, out of the skin and, over the skull, close to it."""
    px, py, pz = p
    dx, dy, dz = d
    far, nx, ny, nz = _skin(values, origin, px, py, pz)
    along = dx * nx + dy * ny + dz * nz
    if far < layer:
        out = layer - far
        turned = min(along, 0.0)
    else:
        loose = 1.0 - min(0.4 * setting[Set.STAND], 1.0)
        high = (far - layer - CEILING) * _eased(7.3, 7.7, height) * loose
        if high <= 0.0:
            return p, d
        out = -min(0.6 * high, ds)
        turned = 0.5 * max(along, 0.0)
    return (
        (px + out * nx, py + out * ny, pz + out * nz),
        (dx - turned * nx, dy - turned * ny, dz - turned * nz),
    )


@numba.njit(cache=True, fastmath=True)
def _hang(path, root, normal, sway, setting, poles, parting, frame, values, origin):
    """Fills the path [STEPS + 1, 3] of a hair that hangs freely, and gives how many steps it is long."""
    steps = min(max(int(setting[Set.LENGTH] / STRIDE), FEWEST), MOST)
    ds = setting[Set.LENGTH] / steps
    px, py, pz = float(root[0]), float(root[1]), float(root[2])
    path[0, 0], path[0, 1], path[0, 2] = px, py, pz
    d = (0.0, 0.0, 0.0)
    before = 1.0  # height above the cut
    for k in range(steps):
        t = k * ds
        place = _scalp_place(frame, px, py, pz)
        above = place[1] - setting[Set.CUT] - setting[Set.CUT_SIDE] * abs(place[0])
        above -= setting[Set.CUT_FRONT] * (place[2] - SKULL[2])
        if k > 0 and above < 0.0 and before >= 0.0:
            return k - 1 + before / (before - above)
        if k > 0 and place[1] > setting[Set.ROOF]:
            return float(k)
        before = above
        if k == 0:
            far, nx, ny, nz = 0.0, float(normal[0]), float(normal[1]), float(normal[2])
        else:
            far, nx, ny, nz = _skin(values, origin, px, py, pz)
        n = (nx, ny, nz)
        c = _comb_way(place, sway, setting, poles, parting, frame, nx, ny, nz)
        if k == 0:
            d = _start(setting, frame, c, n)
        d = _bent(setting, frame, t, ds, far, place[1], d, c, n)
        d, shift = _past_face(setting, frame, t, ds, place, d)
        d = _unit(d[0], d[1], d[2], 1e-12)
        layer = _layer(setting, t)
        shift += _past_ear(setting, ds, layer, place)
        p = (
            px + d[0] * ds + shift * frame[0, 0],
            py + d[1] * ds + shift * frame[1, 0],
            pz + d[2] * ds + shift * frame[2, 0],
        )
        p, d = _kept_near(setting, layer, ds, place[1], p, d, values, origin)
        px, py, pz = p
        path[k + 1, 0], path[k + 1, 1], path[k + 1, 2] = px, py, pz
    return float(steps)


@numba.njit(cache=True, fastmath=True)
def _spaced(out, path, reached):
    """Points at equal distances along the first `reached` steps of a path."""
    for k in range(POINTS):
        at = reached * k / (POINTS - 1)
        low = max(min(int(at), int(np.ceil(reached)) - 1), 0)
        share = at - low
        for axis in range(3):
            out[k, axis] = path[low, axis] * (1.0 - share) + path[low + 1, axis] * share


@numba.njit(cache=True, fastmath=True)
def _gather(out, root, setting, poles, parting, tie, frame, values, origin):
    """A hair that follows the scalp from its root to a tie, setting out as it is combed."""
    x, y, z = _scalp_place(frame, root[0], root[1], root[2])
    x, y, z = x - SKULL[0], y - SKULL[1], z - SKULL[2]
    start = np.sqrt(x * x + y * y + z * z)
    ax, ay, az = x / start, y / start, z / start
    fx, fy, fz = _combed(ax, ay, az, setting, poles, parting)
    fx, fy, fz = _unit(fx, fy, fz, 1e-3)
    angle = np.arccos(min(max(ax * tie[0] + ay * tie[1] + az * tie[2], -1.0), 1.0))
    lean = 0.38 * angle
    bx, by, bz = _unit(ax + fx * lean, ay + fy * lean, az + fz * lean, 0.0)
    share = min(GATHERED / max(angle, 1e-3), 0.9)
    cx = tie[0] + (bx - tie[0]) * share
    cy = tie[1] + (by - tie[1]) * share
    cz = tie[2] + (bz - tie[2]) * share
    for k in range(POINTS):
        t = k / (POINTS - 1)
        u, v, w = (1 - t) * (1 - t), 2 * t * (1 - t), t * t
        x, y, z = _unit(u * ax + v * bx + w * cx, u * ay + v * by + w * cy, u * az + v * bz + w * cz, 0.0)
        x = (x * start + SKULL[0] - frame[5, 0]) / frame[4, 0]
        y = (y * start + SKULL[1] - frame[5, 1]) / frame[4, 1]
        z = (z * start + SKULL[2] - frame[5, 2]) / frame[4, 2]
        x, y, z = _in_world(frame, x, y, z)
        px, py, pz = x + frame[3, 0], y + frame[3, 1], z + frame[3, 2]
        layer = setting[Set.LAYER] * min(4.0 * t, 1.0) * (1.0 - 0.5 * t)
        for _ in range(3 if k else 0):
            far, nx, ny, nz = _skin(values, origin, px, py, pz)
            px, py, pz = px + nx * (layer - far), py + ny * (layer - far), pz + nz * (layer - far)
        out[k, 0], out[k, 1], out[k, 2] = px, py, pz
