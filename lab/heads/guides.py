"""Growing guides: a few hundred hairs that find their way around one person's head, step by step.

At each step a hair is turned by how it is combed (away from or towards places on the scalp, or away from the
parting), by gravity, by the layer of hair that it lies in, and by what it may not enter: the body, an ear
that it covers, the face. Positions are in the world; how hair is combed is told in *scalp space*, where the
person's own head, upright, is stretched to the size of the mean one.

`grow` is numba's; `plainly_grown` does the same to all guides at once, for a GPU and for tests.
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
        space.turn,
        space.pivot,
        space.scale,
        space.middle,
        guides.body.values,
        guides.body.origin,
    )


@numba.njit(cache=True, fastmath=True, inline="always")
def _eased(low, high, x):
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3.0 - 2.0 * t)


@numba.njit(cache=True, fastmath=True)
def _combed(sx, sy, sz, setting, poles, parting):
    """The direction along the scalp that the comb takes at the unit direction s from the skull's middle."""
    fx, fy, fz = 0.0, 0.0, 0.0
    for p in range(len(poles)):
        weight = setting[Set.POLES + p]
        if p == NAPE:
            weight *= _eased(0.45, -0.25, sz)
        if weight != 0.0:
            along = sx * poles[p, 0] + sy * poles[p, 1] + sz * poles[p, 2]
            x, y, z = sx * along - poles[p, 0], sy * along - poles[p, 1], sz * along - poles[p, 2]
            size = weight / np.sqrt(x * x + y * y + z * z + 1e-4)
            fx, fy, fz = fx + x * size, fy + y * size, fz + z * size
    weight = setting[Set.ARC]
    if weight != 0.0:
        # away from the nearest point of the parting's arc
        ax, ay, az = parting[0]
        bx, by, bz = parting[1] - parting[0]
        t = (sx - ax) * bx + (sy - ay) * by + (sz - az) * bz
        t = min(max(t / (bx * bx + by * by + bz * bz), 0.0), 1.0)
        cx, cy, cz = ax + bx * t, ay + by * t, az + bz * t
        along = sx * cx + sy * cy + sz * cz
        x, y, z = sx * along - cx, sy * along - cy, sz * along - cz
        side = setting[Set.SIDE]
        if side != 0.0:  # hair that strayed over the parting is led back
            mx, my, mz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
            wrong = side * (x * mx + y * my + z * mz) / (mx * mx + my * my + mz * mz)
            if wrong > 0.0:
                x, y, z = (
                    x - 2.0 * side * wrong * mx,
                    y - 2.0 * side * wrong * my,
                    z - 2.0 * side * wrong * mz,
                )
        size = weight / np.sqrt(x * x + y * y + z * z + 1e-6)
        fx, fy, fz = fx + x * size, fy + y * size, fz + z * size
    return fx, fy, fz


@numba.njit(cache=True, fastmath=True)
def _grow(
    roots, normals, sway, settings, poles, parting, ties, turn, pivot, scale, middle, values, origin
):  # fmt: skip
    count = len(roots)
    out = np.empty((count, POINTS, 3), np.float32)
    path = np.empty((MOST + 1, 3), np.float64)
    for g in range(count):
        setting = settings[g]
        if setting[Set.TIED] > 0.0:
            tie = ties[int(setting[Set.TIED]) - 1]
            _gather(
                out[g], roots[g], setting, poles, parting, tie, turn, pivot, scale, middle, values, origin
            )
            continue
        px, py, pz = float(roots[g, 0]), float(roots[g, 1]), float(roots[g, 2])
        dx, dy, dz = 0.0, 0.0, 0.0
        path[0, 0], path[0, 1], path[0, 2] = px, py, pz
        steps = min(max(int(setting[Set.LENGTH] / STRIDE), FEWEST), MOST)
        ds = setting[Set.LENGTH] / steps
        reached = float(steps)
        before = 1.0  # height above the cut
        for k in range(steps):
            t = k * ds
            # scalp space
            qx, qy, qz = px - pivot[0], py - pivot[1], pz - pivot[2]
            mx = (turn[0, 0] * qx + turn[1, 0] * qy + turn[2, 0] * qz) * scale[0] + middle[0]
            my = (turn[0, 1] * qx + turn[1, 1] * qy + turn[2, 1] * qz) * scale[1] + middle[1]
            mz = (turn[0, 2] * qx + turn[1, 2] * qy + turn[2, 2] * qz) * scale[2] + middle[2]
            above = my - (
                setting[Set.CUT] + setting[Set.CUT_SIDE] * abs(mx) + setting[Set.CUT_FRONT] * (mz - SKULL[2])
            )
            if above < 0.0 and before >= 0.0 and reached == steps and k > 0:
                reached = k - 1 + before / (before - above)
            before = above
            if my > setting[Set.ROOF] and reached == steps and k > 0:
                reached = k + 0.0
            sx, sy, sz = mx - SKULL[0], my - SKULL[1], mz - SKULL[2]
            size = 1.0 / np.sqrt(sx * sx + sy * sy + sz * sz)
            sx, sy, sz = sx * size, sy * size, sz * size
            far, nx, ny, nz = distance(values, origin, px, py, pz)
            size = 1.0 / np.sqrt(nx * nx + ny * ny + nz * nz + 1e-9)
            nx, ny, nz = nx * size, ny * size, nz * size
            if k == 0:
                nx, ny, nz = normals[g, 0], normals[g, 1], normals[g, 2]
                far = 0.0
            fx, fy, fz = _combed(sx, sy, sz, setting, poles, parting)
            fx, fy, fz = fx + sway[g, 0], fy + sway[g, 1], fz + sway[g, 2]
            cx = turn[0, 0] * fx + turn[0, 1] * fy + turn[0, 2] * fz
            cy = turn[1, 0] * fx + turn[1, 1] * fy + turn[1, 2] * fz
            cz = turn[2, 0] * fx + turn[2, 1] * fy + turn[2, 2] * fz
            along = cx * nx + cy * ny + cz * nz
            cx, cy, cz = cx - along * nx, cy - along * ny, cz - along * nz
            size = 1.0 / np.sqrt(cx * cx + cy * cy + cz * cz + 1e-3)
            cx, cy, cz = cx * size, cy * size, cz * size
            lift = setting[Set.LIFT]
            if k == 0:
                flat = np.sqrt(max(1.0 - lift * lift, 0.0))
                up = lift * setting[Set.UPRIGHT]
                lift -= up
                dx = cx * flat + nx * lift + up * turn[0, 1]
                dy = cy * flat + ny * lift + up * turn[1, 1]
                dz = cz * flat + nz * lift + up * turn[2, 1]
            held = t / max(setting[Set.HOLD], 1e-3)
            held = 1.0 / (1.0 + held * held * held * held)
            settle = min(t / SETTLES, 1.0)
            layer = setting[Set.LAYER] * settle * (2.0 - settle)
            comb = setting[Set.COMB] * held * ds
            stand = setting[Set.STAND] * ds
            up = setting[Set.HUG] * held * ds * min(max((layer - far) / 0.1, -1.0), 0.7)
            up += stand * (1.0 - setting[Set.UPRIGHT])
            stand *= setting[Set.UPRIGHT]
            down = setting[Set.GRAVITY] * (1.0 - 0.9 * held) * ds
            dx += comb * cx + up * nx + stand * turn[0, 1]
            dy += comb * cy + up * ny + stand * turn[1, 1] - down
            dz += comb * cz + up * nz + stand * turn[2, 1]
            # off the shoulders, to the chest or the back
            low = _eased(SHOULDERS[0], SHOULDERS[1], my) * setting[Set.SLIDE]
            if low != 0.0 and far < 0.3:
                dz += 9.0 * low * ds
            # the face is a column that hair flows around
            shift = 0.0
            guard = _eased(0.55, 0.85, mz) * min(setting[Set.FACE] * 4.0, 1.0) * min(t / 0.1, 1.0)
            if guard > 0.0:
                ex, ey = mx / (FACE_WIDTH * setting[Set.FACE]), (my - FACE[0]) / FACE[1]
                deep = 1.0 - np.sqrt(ex * ex + ey * ey + 1e-6)
                side = 1.0 if mx > 0 else -1.0
                if deep > -FACE_EDGE:
                    near = guard * min((deep + FACE_EDGE) / FACE_EDGE, 1.0)
                    wx, wy, wz = side * turn[0, 0], side * turn[1, 0], side * turn[2, 0]
                    need = near * (0.25 * near - (dx * wx + dy * wy + dz * wz))
                    if need > 0.0:
                        dx, dy, dz = dx + need * wx, dy + need * wy, dz + need * wz
                if deep > 0.0:
                    shift = guard * side * min(0.5 * deep * FACE_WIDTH, ds)
            size = 1.0 / np.sqrt(dx * dx + dy * dy + dz * dz + 1e-12)
            dx, dy, dz = dx * size, dy * size, dz * size
            px, py, pz = px + dx * ds, py + dy * ds, pz + dz * ds
            px, py, pz = px + shift * turn[0, 0], py + shift * turn[1, 0], pz + shift * turn[2, 0]
            # an ear that is covered
            if setting[Set.EAR] > 0.0:
                side = 1.0 if mx > 0 else -1.0
                ux = (abs(mx) - EARS[0]) / EAR_REACH[0]
                uy, uz = (my - EARS[1]) / EAR_REACH[1], (mz - EARS[2]) / EAR_REACH[2]
                flat = 1.0 - uy * uy - uz * uz
                if flat > 0.0:
                    over = (np.sqrt(flat) - ux) * EAR_REACH[0] + layer * 0.5
                    if over > 0.0:
                        over = side * min(over, 2.0 * ds) * setting[Set.EAR]
                        px, py, pz = px + over * turn[0, 0], py + over * turn[1, 0], pz + over * turn[2, 0]
            far, nx, ny, nz = distance(values, origin, px, py, pz)
            if far < layer:
                size = 1.0 / np.sqrt(nx * nx + ny * ny + nz * nz + 1e-9)
                nx, ny, nz = nx * size, ny * size, nz * size
                out_ = layer - far
                px, py, pz = px + out_ * nx, py + out_ * ny, pz + out_ * nz
                along = dx * nx + dy * ny + dz * nz
                if along < 0.0:
                    dx, dy, dz = dx - along * nx, dy - along * ny, dz - along * nz
            # hair that does not stand by itself stays close to the skull
            high = (far - layer - CEILING) * _eased(7.3, 7.7, my) * (1.0 - min(0.4 * setting[Set.STAND], 1.0))
            if high > 0.0:
                high = min(0.6 * high, ds) / np.sqrt(nx * nx + ny * ny + nz * nz + 1e-9)
                px, py, pz = px - high * nx, py - high * ny, pz - high * nz
                along = dx * nx + dy * ny + dz * nz
                if along > 0.0:
                    dx, dy, dz = dx - 0.5 * along * nx, dy - 0.5 * along * ny, dz - 0.5 * along * nz
            path[k + 1, 0], path[k + 1, 1], path[k + 1, 2] = px, py, pz
        for k in range(POINTS):
            at = reached * k / (POINTS - 1)
            low = min(int(at), steps - 1)
            share = at - low
            for axis in range(3):
                out[g, k, axis] = path[low, axis] * (1.0 - share) + path[low + 1, axis] * share
    return out


GATHERED = 0.09  # radians before the middle of a tie where gathered hair ends


@numba.njit(cache=True, fastmath=True)
def _gather(
    out, root, setting, poles, parting, tie, turn, pivot, scale, middle, values, origin
):  # fmt: skip
    """A hair that follows the scalp from its root to a tie, setting out as it is combed."""
    qx, qy, qz = root[0] - pivot[0], root[1] - pivot[1], root[2] - pivot[2]
    ax = (turn[0, 0] * qx + turn[1, 0] * qy + turn[2, 0] * qz) * scale[0] + middle[0] - SKULL[0]
    ay = (turn[0, 1] * qx + turn[1, 1] * qy + turn[2, 1] * qz) * scale[1] + middle[1] - SKULL[1]
    az = (turn[0, 2] * qx + turn[1, 2] * qy + turn[2, 2] * qz) * scale[2] + middle[2] - SKULL[2]
    start = np.sqrt(ax * ax + ay * ay + az * az)
    ax, ay, az = ax / start, ay / start, az / start
    fx, fy, fz = _combed(ax, ay, az, setting, poles, parting)
    size = 1.0 / np.sqrt(fx * fx + fy * fy + fz * fz + 1e-3)
    angle = np.arccos(min(max(ax * tie[0] + ay * tie[1] + az * tie[2], -1.0), 1.0))
    lean = 0.38 * angle * size
    bx, by, bz = ax + fx * lean, ay + fy * lean, az + fz * lean
    size = 1.0 / np.sqrt(bx * bx + by * by + bz * bz)
    bx, by, bz = bx * size, by * size, bz * size
    share = min(GATHERED / max(angle, 1e-3), 0.9)
    cx = tie[0] + (bx - tie[0]) * share
    cy = tie[1] + (by - tie[1]) * share
    cz = tie[2] + (bz - tie[2]) * share
    for k in range(POINTS):
        t = k / (POINTS - 1)
        u, v, w = (1 - t) * (1 - t), 2 * t * (1 - t), t * t
        x, y, z = u * ax + v * bx + w * cx, u * ay + v * by + w * cy, u * az + v * bz + w * cz
        size = start / np.sqrt(x * x + y * y + z * z)
        x = (x * size + SKULL[0] - middle[0]) / scale[0]
        y = (y * size + SKULL[1] - middle[1]) / scale[1]
        z = (z * size + SKULL[2] - middle[2]) / scale[2]
        px = turn[0, 0] * x + turn[0, 1] * y + turn[0, 2] * z + pivot[0]
        py = turn[1, 0] * x + turn[1, 1] * y + turn[1, 2] * z + pivot[1]
        pz = turn[2, 0] * x + turn[2, 1] * y + turn[2, 2] * z + pivot[2]
        layer = setting[Set.LAYER] * min(4.0 * t, 1.0) * (1.0 - 0.5 * t)
        for _ in range(3 if k else 0):
            far, nx, ny, nz = distance(values, origin, px, py, pz)
            size = (layer - far) / np.sqrt(nx * nx + ny * ny + nz * nz + 1e-9)
            px, py, pz = px + nx * size, py + ny * size, pz + nz * size
        out[k, 0], out[k, 1], out[k, 2] = px, py, pz
