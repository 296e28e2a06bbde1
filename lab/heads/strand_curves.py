"""From a few hundred guides to thousands of strands: interpolation, locks, curls, frizz.

`curves` is numba's; `plain_curves` does the same for all strands at once, for a GPU and for tests.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from .body_field import BodyField, distance

NEAREST = 6  # guides that a strand is mixed from
CLOSEST = 0.004  # of a strand to the skin, beyond its root


@dataclass(frozen=True)
class StrandPlan:
    """What belongs to S strands of one person. Guides, sides and groups are as in combing.py."""

    roots: np.ndarray  # [S, 3] world
    guide: np.ndarray  # [S, NEAREST] int64
    share: np.ndarray  # [S, NEAREST] falls with the distance of the guide's root
    side: np.ndarray  # [S] of the parting
    group: np.ndarray  # [S]
    part_length: np.ndarray  # [S] share of the guides' length
    lock: np.ndarray  # [S] the lock's number; below zero none
    chance: np.ndarray  # [S, 8] fixed numbers, 0..1


@dataclass(frozen=True)
class Texture:
    """How strands differ from their guides. Lengths in decimetres."""

    points: int
    clump: float  # 0..1 how near strands come to the middle of their lock
    depth: float  # thickness of the layer that strands of one guide fill
    radius: float  # of a curl
    pitch: float  # of a curl
    flat: float  # 0 a helix, 1 a wave along the head
    unlike: float  # how much strands of a lock differ in their curl
    frizz: float
    flyaway: float  # how far the few unruly strands stray
    rope: float = 0.0  # radius of a rope; above zero, locks are ropes
    start: float = 0.0  # the length of hair that stays straight
    plait: float = 0.0  # 1: the rope is plaited of three, 0: it is twisted


def curves(
    guides: np.ndarray,
    guide_side: np.ndarray,
    guide_group: np.ndarray,
    plan: StrandPlan,
    locks: np.ndarray,
    texture: Texture,
    body: BodyField,
) -> np.ndarray:
    """Points [S, K, 3] of the strands. guides: [G, M, 3]; locks: [L, M, 3] the middles of the locks."""
    numbers = np.array(
        [
            texture.clump,
            texture.depth,
            texture.radius,
            texture.pitch,
            texture.flat,
            texture.unlike,
            texture.frizz,
            texture.flyaway,
            texture.rope,
            texture.plait,
            texture.start,
        ],
        np.float32,
    )
    bases = mixed(guides, guide_side, guide_group, plan)
    return _curves(
        bases,
        plan.roots,
        plan.part_length,
        plan.lock,
        plan.chance,
        locks,
        numbers,
        texture.points,
        body.values,
        body.origin,
    )


def mixed(
    guides: np.ndarray, guide_side: np.ndarray, guide_group: np.ndarray, plan: StrandPlan
) -> np.ndarray:
    """The strands' guides mixed, moved to the strands' roots: [S, M, 3]."""
    return _mixed(guides, guide_side, guide_group, plan.roots, plan.guide, plan.share, plan.side, plan.group)


@numba.njit(cache=True, fastmath=True)
def _mixed(guides, guide_side, guide_group, roots, guide, share, side, group):
    count, points = len(roots), guides.shape[1]
    out = np.empty((count, points, 3), np.float32)
    weight = np.empty(guide.shape[1], np.float32)
    middle, last = points // 2, points - 1
    for s in range(count):
        lead = -1
        for n in range(guide.shape[1]):
            g = guide[s, n]
            weight[n] = share[s, n]
            if guide_side[g] * side[s] < 0.0 or guide_group[g] != group[s]:
                weight[n] = 0.0
            elif lead < 0:
                lead = n
        if lead < 0:
            lead = 0
            weight[0] = 1.0
        # guides that part from the leading one on their way do not mix with it
        g = guide[s, lead]
        total = np.float32(0.0)
        for n in range(guide.shape[1]):
            h = guide[s, n]
            if weight[n] > 0.0 and h != g:
                apart, reach = 0.0, 0.0
                for axis in range(3):
                    root = guides[h, 0, axis] - guides[g, 0, axis]
                    tip = guides[h, last, axis] - guides[g, last, axis]
                    half = guides[h, middle, axis] - guides[g, middle, axis]
                    apart += tip * tip + half * half
                    reach += root * root
                ratio = apart / (0.02 + 4.0 * reach)
                weight[n] /= 1.0 + ratio * ratio
            total += weight[n]
        for n in range(guide.shape[1]):
            weight[n] /= total
        for k in range(points):
            x, y, z = np.float32(0.0), np.float32(0.0), np.float32(0.0)
            for n in range(guide.shape[1]):
                w = weight[n]
                if w > 0.0:
                    h = guide[s, n]
                    x += w * guides[h, k, 0]
                    y += w * guides[h, k, 1]
                    z += w * guides[h, k, 2]
            out[s, k, 0], out[s, k, 1], out[s, k, 2] = x, y, z
        dx, dy, dz = roots[s, 0] - out[s, 0, 0], roots[s, 1] - out[s, 0, 1], roots[s, 2] - out[s, 0, 2]
        for k in range(points):
            left = 1.0 - k / last
            left = left * left
            out[s, k, 0] += dx * left
            out[s, k, 1] += dy * left
            out[s, k, 2] += dz * left
    return out


@numba.njit(cache=True, fastmath=True, inline="always")
def _at(path, place):
    """A point of path [M, 3] at a place 0..1."""
    at = place * (len(path) - 1)
    low = min(int(at), len(path) - 2)
    u = np.float32(at - low)
    v = np.float32(1.0) - u
    return (
        path[low, 0] * v + path[low + 1, 0] * u,
        path[low, 1] * v + path[low + 1, 1] * u,
        path[low, 2] * v + path[low + 1, 2] * u,
    )


@numba.njit(cache=True, fastmath=True)
def _curves(bases, roots, part_length, lock, chance, locks, numbers, points, values, origin):
    count = len(roots)
    clump, depth, radius, pitch, flat, unlike, frizz, flyaway, rope, plait, start = numbers
    out = np.empty((count, points, 3), np.float32)
    for s in range(count):
        base = bases[s]
        length = 0.0
        for k in range(1, len(base)):
            x, y, z = base[k, 0] - base[k - 1, 0], base[k, 1] - base[k - 1, 1], base[k, 2] - base[k - 1, 2]
            length += np.sqrt(x * x + y * y + z * z)
        length *= part_length[s]
        mine = lock[s]
        own = chance[s]
        # a lock that goes another way is left
        loyal = 1.0
        if mine >= 0:
            apart, reach = 0.0, 0.0
            for axis in range(3):
                root = locks[mine, 0, axis] - base[0, axis]
                tip = locks[mine, -1, axis] - base[-1, axis]
                half = locks[mine, len(base) // 2, axis] - base[len(base) // 2, axis]
                apart += tip * tip + half * half
                reach += root * root
            ratio = apart / (0.02 + 4.0 * reach)
            loyal = 1.0 / (1.0 + ratio * ratio)
        phase = 6.2832 * (own[0] * unlike)
        if mine >= 0:
            phase += 2.399963 * mine
        wild = flyaway * max(own[1] - 0.94, 0.0) / 0.06
        stray = frizz * (0.4 + 1.2 * own[2]) + 0.03 * wild
        f1, f2 = 5.0 + 4.0 * own[3], 13.0 + 9.0 * own[4]
        p1, p2 = 6.2832 * own[5], 6.2832 * own[6]
        c3, s3 = np.cos(6.2832 * own[7]), np.sin(6.2832 * own[7])
        inward = depth * (own[1] + own[4] - 1.0) + 0.06 * wild
        size = radius * (0.75 + 0.5 * own[3])
        turn = 6.2832 * length / max(pitch, 1e-3)
        lx, ly, lz = roots[s, 0], roots[s, 1], roots[s, 2]
        out[s, 0, 0], out[s, 0, 1], out[s, 0, 2] = lx, ly, lz
        bx, by, bz = 0.0, 0.0, 0.0
        far, nx, ny, nz = distance(values, origin, lx, ly, lz)
        norm = 1.0 / np.sqrt(nx * nx + ny * ny + nz * nz + 1e-9)
        nx, ny, nz = nx * norm, ny * norm, nz * norm
        for k in range(1, points):
            t = k / (points - 1)
            place = t * part_length[s]
            x, y, z = _at(base, place)
            arc = t * length
            if mine >= 0 and clump > 0.0:
                cx, cy, cz = _at(locks[mine], place)
                if rope > 0.0:
                    pull = min(arc / 0.12, 1.0)
                else:
                    pull = loyal * clump * min(arc / 0.5, 1.0) * (0.6 + 0.4 * t)
                x, y, z = x + (cx - x) * pull, y + (cy - y) * pull, z + (cz - z) * pull
            # a frame that is carried along
            tx, ty, tz = x - lx, y - ly, z - lz
            lx, ly, lz = x, y, z
            if size > 0.0 or rope > 0.0:
                norm = 1.0 / np.sqrt(tx * tx + ty * ty + tz * tz + 1e-12)
                tx, ty, tz = tx * norm, ty * norm, tz * norm
                if k == 1:
                    bx, by, bz = nx, ny, nz
                    if abs(tx * nx + ty * ny + tz * nz) > 0.9:
                        bx, by, bz = 0.31, 0.22, 0.93
                along = bx * tx + by * ty + bz * tz
                bx, by, bz = bx - along * tx, by - along * ty, bz - along * tz
                norm = 1.0 / np.sqrt(bx * bx + by * by + bz * bz + 1e-9)
                bx, by, bz = bx * norm, by * norm, bz * norm
                ax, ay, az = ty * bz - tz * by, tz * bx - tx * bz, tx * by - ty * bx
                u, v = 0.0, 0.0
                if rope > 0.0 and mine >= 0:
                    grown = min(arc / 0.12, 1.0) * rope * (1.0 - 0.35 * t)
                    if plait > 0.5:
                        around = 6.2832 * arc / (rope * 7.0) + 2.0944 * int(3.0 * own[0])
                        u = grown * (0.75 * np.cos(around) + 0.5 * (own[5] - 0.5))
                        v = grown * (0.45 * np.sin(2.0 * around) + 0.5 * (own[6] - 0.5))
                    else:
                        around = p1 + 6.2832 * arc / (rope * 10.0)
                        u = grown * np.sqrt(own[6]) * np.cos(around)
                        v = grown * np.sqrt(own[6]) * np.sin(around)
                if size > 0.0:
                    around = phase + turn * t
                    grown = size * min(max(arc - start, 0.0) / 0.35, 1.0)
                    u += grown * np.cos(around) * (1.0 - 0.7 * flat)
                    v += grown * np.sin(around)
                x, y, z = x + u * bx + v * ax, y + u * by + v * ay, z + u * bz + v * az
            grown = stray * t
            if grown > 0.0:
                slow, fast = np.sin(f1 * arc + p1), np.sin(f2 * arc + p2)
                u, v = grown * (slow + 0.4 * fast), grown * (0.7 * np.cos(f1 * arc + p2) - 0.3 * fast)
                x, y, z = x + c3 * u - s3 * v, y + 0.6 * grown * (slow * s3 + 0.5 * fast), z + s3 * u + c3 * v
            out_ = inward * min(arc / 0.3, 1.0)
            x, y, z = x + nx * out_, y + ny * out_, z + nz * out_
            far, nx, ny, nz = distance(values, origin, x, y, z)
            norm = 1.0 / np.sqrt(nx * nx + ny * ny + nz * nz + 1e-9)
            nx, ny, nz = nx * norm, ny * norm, nz * norm
            least = CLOSEST * min(k, 2)
            if far < least:
                x, y, z = x + nx * (least - far), y + ny * (least - far), z + nz * (least - far)
            out[s, k, 0], out[s, k, 1], out[s, k, 2] = x, y, z
    return out
