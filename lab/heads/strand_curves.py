"""From a few hundred guides to thousands of strands: interpolation, locks, curls, frizz.

Loops are numba's, on the CPU, as in guides.py.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numba
import numpy as np

from .body_field import BodyField, distance

NEAREST = 6  # guides that a strand is mixed from
CLOSEST = 0.004  # of a strand to the skin, beyond its root
ROPE_BEGINS = 0.12  # the length of hair in which strands gather to a rope


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

    points: int  # the others are in the order of _curves
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
    numbers = np.array([getattr(texture, field.name) for field in fields(texture)[1:]], np.float32)
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


@numba.njit(cache=True, fastmath=True, nogil=True)
def _mixed(guides, guide_side, guide_group, roots, guide, share, side, group):
    count, points = len(roots), guides.shape[1]
    out = np.empty((count, points, 3), np.float32)
    weight = np.empty(guide.shape[1], np.float32)
    for s in range(count):
        _weigh(weight, guides, guide_side, guide_group, guide[s], share[s], side[s], group[s])
        for k in range(points):
            x, y, z = np.float32(0.0), np.float32(0.0), np.float32(0.0)
            for n in range(len(weight)):
                w = weight[n]
                if w > 0.0:
                    h = guide[s, n]
                    x += w * guides[h, k, 0]
                    y += w * guides[h, k, 1]
                    z += w * guides[h, k, 2]
            out[s, k, 0], out[s, k, 1], out[s, k, 2] = x, y, z
        for axis in range(3):
            away = roots[s, axis] - out[s, 0, axis]
            for k in range(points):
                left = 1.0 - k / (points - 1)
                out[s, k, axis] += away * left * left
    return out


@numba.njit(cache=True, fastmath=True)
def _weigh(weight, guides, guide_side, guide_group, guide, share, side, group):
    """How much a strand has of each of its guides: of those of its kind that go the leading one's way."""
    lead = -1
    for n in range(len(guide)):
        weight[n] = share[n]
        if guide_side[guide[n]] * side < 0.0 or guide_group[guide[n]] != group:
            weight[n] = 0.0
        elif lead < 0:
            lead = n
    if lead < 0:
        lead = 0
        weight[0] = 1.0
    total = np.float32(0.0)
    for n in range(len(guide)):
        if weight[n] > 0.0 and n != lead:
            weight[n] *= _alike(guides[guide[n]], guides[guide[lead]])
        total += weight[n]
    for n in range(len(guide)):
        weight[n] /= total


@numba.njit(cache=True, fastmath=True)
def _alike(one, other):
    """How much two curves go the same way, 0..1: how far they part, by how far apart their roots are."""
    middle, last = len(one) // 2, len(one) - 1
    apart, reach = 0.0, 0.0
    for axis in range(3):
        root = one[0, axis] - other[0, axis]
        half = one[middle, axis] - other[middle, axis]
        tip = one[last, axis] - other[last, axis]
        apart += tip * tip + half * half
        reach += root * root
    ratio = apart / (0.02 + 4.0 * reach)
    return np.float32(1.0 / (1.0 + ratio * ratio))


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


@numba.njit(cache=True, fastmath=True, inline="always")
def _unit(x, y, z):
    size = 1.0 / np.sqrt(x * x + y * y + z * z + 1e-9)
    return x * size, y * size, z * size


@numba.njit(cache=True, fastmath=True)
def _length(path):
    total = 0.0
    for k in range(1, len(path)):
        x, y, z = path[k, 0] - path[k - 1, 0], path[k, 1] - path[k - 1, 1], path[k, 2] - path[k - 1, 2]
        total += np.sqrt(x * x + y * y + z * z)
    return total


@numba.njit(cache=True, fastmath=True)
def _carried(k, bx, by, bz, tx, ty, tz, nx, ny, nz):
    """The direction b across a strand, carried along it: at its root away from the skin n."""
    if k == 1:
        bx, by, bz = nx, ny, nz
        if abs(tx * nx + ty * ny + tz * nz) > 0.9:  # the strand stands
            bx, by, bz = 0.31, 0.22, 0.93
    along = bx * tx + by * ty + bz * tz
    return _unit(bx - along * tx, by - along * ty, bz - along * tz)


@numba.njit(cache=True, fastmath=True)
def _in_rope(own, arc, t, rope, plait):
    """Where a strand lies across its rope."""
    grown = min(arc / ROPE_BEGINS, 1.0) * rope * (1.0 - 0.35 * t)
    if plait > 0.5:
        around = 6.2832 * arc / (rope * 7.0) + 2.0944 * int(3.0 * own[0])
        u = grown * (0.75 * np.cos(around) + 0.5 * (own[5] - 0.5))
        return u, grown * (0.45 * np.sin(2.0 * around) + 0.5 * (own[6] - 0.5))
    around = 6.2832 * (own[5] + arc / (rope * 10.0))
    grown *= np.sqrt(own[6])
    return grown * np.cos(around), grown * np.sin(around)


@numba.njit(cache=True, fastmath=True)
def _frizz(own, arc, size):
    """A slow and a quick wander, in a direction of the strand's own."""
    slow = np.sin((5.0 + 4.0 * own[3]) * arc + 6.2832 * own[5])
    slow_too = np.cos((5.0 + 4.0 * own[3]) * arc + 6.2832 * own[6])
    fast = np.sin((13.0 + 9.0 * own[4]) * arc + 6.2832 * own[6])
    c, s = np.cos(6.2832 * own[7]), np.sin(6.2832 * own[7])
    u, v = size * (slow + 0.4 * fast), size * (0.7 * slow_too - 0.3 * fast)
    return c * u - s * v, 0.6 * size * (slow * s + 0.5 * fast), s * u + c * v


@numba.njit(cache=True, fastmath=True, nogil=True)
def _curves(bases, roots, part_length, lock, chance, locks, numbers, points, values, origin):
    out = np.empty((len(roots), points, 3), np.float32)
    for s in range(len(roots)):
        if lock[s] >= 0:
            middle = locks[lock[s]]
            loyal = _alike(middle, bases[s])
        else:
            middle, loyal = bases[s], np.float32(0.0)
        _curve(
            out[s], bases[s], roots[s], part_length[s], lock[s], middle, loyal, chance[s], numbers,
            values, origin,
        )  # fmt: skip
    return out


@numba.njit(cache=True, fastmath=True)
def _curve(out, base, root, part, lock, middle, loyal, own, numbers, values, origin):
    """One strand [K, 3]. middle: its lock's [M, 3]; loyal: how far it may be drawn to it, 0..1."""
    clump, depth, radius, pitch, flat, unlike, frizz, flyaway, rope, start, plait = numbers
    points = len(out)
    length = _length(base) * part
    phase = 6.2832 * (own[0] * unlike) + 2.399963 * max(lock, 0)
    wild = flyaway * max(own[1] - 0.94, 0.0) / 0.06
    stray = frizz * (0.4 + 1.2 * own[2]) + 0.03 * wild
    inward = depth * (own[1] + own[4] - 1.0) + 0.06 * wild
    size = radius * (0.75 + 0.5 * own[3])
    turn = 6.2832 * length / max(pitch, 1e-3)
    roped = rope > 0.0 and lock >= 0
    lx, ly, lz = root[0], root[1], root[2]
    out[0, 0], out[0, 1], out[0, 2] = lx, ly, lz
    bx, by, bz = 0.0, 0.0, 0.0
    far, nx, ny, nz = distance(values, origin, lx, ly, lz)
    nx, ny, nz = _unit(nx, ny, nz)
    for k in range(1, points):
        t = k / (points - 1)
        arc = t * length
        x, y, z = _at(base, t * part)
        pull = loyal * clump * min(arc / 0.5, 1.0) * (0.6 + 0.4 * t)
        if roped:
            pull = min(arc / ROPE_BEGINS, 1.0)
        if pull > 0.0:
            cx, cy, cz = _at(middle, t * part)
            x, y, z = x + (cx - x) * pull, y + (cy - y) * pull, z + (cz - z) * pull
        tx, ty, tz = x - lx, y - ly, z - lz
        lx, ly, lz = x, y, z
        if size > 0.0 or roped:
            tx, ty, tz = _unit(tx, ty, tz)
            bx, by, bz = _carried(k, bx, by, bz, tx, ty, tz, nx, ny, nz)
            u, v = 0.0, 0.0
            if roped:
                u, v = _in_rope(own, arc, t, rope, plait)
            grown = size * min(max(arc - start, 0.0) / 0.35, 1.0)
            around = phase + turn * t
            u += grown * np.cos(around) * (1.0 - 0.7 * flat)
            v += grown * np.sin(around)
            x, y, z = x + u * bx, y + u * by, z + u * bz
            x, y, z = x + v * (ty * bz - tz * by), y + v * (tz * bx - tx * bz), z + v * (tx * by - ty * bx)
        if stray > 0.0:
            dx, dy, dz = _frizz(own, arc, stray * t)
            x, y, z = x + dx, y + dy, z + dz
        deep = inward * min(arc / 0.3, 1.0)
        x, y, z = x + nx * deep, y + ny * deep, z + nz * deep
        far, nx, ny, nz = distance(values, origin, x, y, z)
        nx, ny, nz = _unit(nx, ny, nz)
        least = max(CLOSEST * min(k, 2) - far, 0.0)
        out[k, 0], out[k, 1], out[k, 2] = x + nx * least, y + ny * least, z + nz * least
