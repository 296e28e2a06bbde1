"""The loops that grow hair, once more: over all hairs at once, without numba."""

from __future__ import annotations

import numpy as np
import torch

from anycost.lab.heads import guides as growing
from anycost.lab.heads.body_field import STEP, BodyField
from anycost.lab.heads.guides import POINTS, SKULL, Guides, Set
from anycost.lab.heads.strand_curves import CLOSEST, ROPE_BEGINS, StrandPlan, Texture


def eased(low, high, x):
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def unit(v, least=0.0):
    return v / np.sqrt((v * v).sum(-1, keepdims=True) + least)


def dot(a, b):
    return (a * b).sum(-1, keepdims=True)


def plain_field(places, normals, origin, shape, every=1):
    """The distances [I, J, K] from the vertex that is really the nearest to each `every`-th node."""
    axes = [origin[axis] + STEP * np.arange(0, shape[axis], every) for axis in range(3)]
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3).astype(np.float32)
    parts = torch.from_numpy(nodes).split(4096)
    nearest = torch.cat([torch.cdist(part, torch.from_numpy(places)).argmin(1) for part in parts]).numpy()
    away = nodes - places[nearest]
    plane = (away * normals[nearest]).sum(-1)
    far = np.linalg.norm(away, axis=-1)
    share = np.clip(far / STEP - 1.0, 0.0, 1.0)
    return (plane * (1 - share) + np.where(plane > 0, far, -far) * share).reshape(
        [len(axis) for axis in axes]
    )


def plain_distance(body: BodyField, points):
    """Distances [..., 1] and unit slopes [..., 3] at points [..., 3]."""
    last = np.array(body.values.shape) - 1.001
    place = np.clip((points - body.origin) / STEP, 0.0, last)
    low = place.astype(int)
    share = place - low
    total, slope = np.zeros(points.shape[:-1]), np.zeros(points.shape)
    for corner in np.ndindex(2, 2, 2):
        value = body.values[tuple(low[..., axis] + corner[axis] for axis in range(3))]
        weight = [share[..., axis] if corner[axis] else 1 - share[..., axis] for axis in range(3)]
        total += value * weight[0] * weight[1] * weight[2]
        for axis in range(3):
            others = weight[axis - 1] * weight[axis - 2]
            slope[..., axis] += value * others * (1 if corner[axis] else -1) / STEP
    return total[..., None], unit(slope, 1e-9)


def _combed(s, setting, guides):
    """[G, 3] where the comb leads at unit directions s [G, 3]."""
    total = np.zeros_like(s)
    for p, pole in enumerate(guides.poles):
        weight = setting[:, Set.POLES + p, None]
        if p == growing.NAPE:
            weight = weight * eased(0.45, -0.25, s[:, 2:])
        total += weight * unit(s * (s @ pole)[:, None] - pole, 1e-4)
    a, b = guides.parting[0], guides.parting[1] - guides.parting[0]
    c = a + b * np.clip(((s - a) @ b / (b @ b))[:, None], 0.0, 1.0)
    away = s * dot(s, c) - c
    across = np.cross(a, b)
    side = setting[:, Set.SIDE, None]
    wrong = np.maximum(side * (away @ across)[:, None] / (across @ across), 0.0)
    away = away - 2.0 * side * wrong * across
    return total + setting[:, Set.ARC, None] * unit(away, 1e-6)


def plainly_grown(guides: Guides):
    """Guides that hang freely, [G, POINTS, 3]."""
    space, body, setting = guides.space, guides.body, guides.settings.astype(np.float64)

    def column(which):
        return setting[:, which, None]

    steps = np.clip((column(Set.LENGTH) / growing.STRIDE).astype(int), growing.FEWEST, growing.MOST)
    ds = column(Set.LENGTH) / steps
    p, d = guides.roots.astype(np.float64), np.zeros(guides.roots.shape)
    path = np.repeat(p[:, None], growing.MOST + 2, 1)
    reached, before = steps.astype(float), np.ones((len(p), 1))
    for k in range(growing.MOST):
        t = k * ds
        m = ((p - space.pivot) @ space.turn) * space.scale + space.middle
        x, y, z = m[:, :1], m[:, 1:2], m[:, 2:]
        above = (
            y - column(Set.CUT) - column(Set.CUT_SIDE) * np.abs(x) - column(Set.CUT_FRONT) * (z - SKULL[2])
        )
        grows = (k < steps) & (reached == steps)
        cut = grows & (k > 0) & (above < 0) & (before >= 0)
        reached = np.where(cut, k - 1 + before / np.where(cut, before - above, 1.0), reached)
        reached = np.where(grows & ~cut & (k > 0) & (y > column(Set.ROOF)), float(k), reached)
        before = above
        far, n = plain_distance(body, p)
        if k == 0:
            far, n = 0.0 * far, guides.normals.astype(np.float64)
        comb = (_combed(unit(m - np.array(SKULL)), setting, guides) + guides.sway) @ space.turn.T
        c = unit(comb - dot(comb, n) * n, 1e-3)
        up = space.turn[:, 1]
        if k == 0:
            lift, straight = column(Set.LIFT), column(Set.LIFT) * column(Set.UPRIGHT)
            d = c * np.sqrt(np.maximum(1 - lift**2, 0)) + n * (lift - straight) + straight * up
        settle = np.minimum(t / growing.SETTLES, 1.0)
        layer = column(Set.LAYER) * settle * (2 - settle)
        held = 1 / (1 + (t / np.maximum(column(Set.HOLD), 1e-3)) ** 4)
        stand = column(Set.STAND) * ds
        out = column(Set.HUG) * held * ds * np.clip((layer - far) / 0.1, -1.0, 0.7)
        out = out + stand * (1 - column(Set.UPRIGHT))
        d = d + column(Set.COMB) * held * ds * c + out * n + stand * column(Set.UPRIGHT) * up
        d[:, 1:2] -= column(Set.GRAVITY) * (1 - 0.9 * held) * ds
        slides = 9.0 * ds * eased(growing.SHOULDERS[0], growing.SHOULDERS[1], y) * column(Set.SLIDE)
        d[:, 2:] += np.where(far < 0.3, slides, 0.0)
        side = np.where(x > 0, 1.0, -1.0)
        face = column(Set.FACE)
        guard = eased(0.55, 0.85, z) * np.minimum(face * 4, 1) * np.minimum(t / 0.1, 1)
        ex = x / (growing.FACE_WIDTH * np.maximum(face, 1e-6))
        deep = 1 - np.sqrt(ex**2 + ((y - growing.FACE[0]) / growing.FACE[1]) ** 2 + 1e-6)
        near = guard * np.clip((deep + growing.FACE_EDGE) / growing.FACE_EDGE, 0.0, 1.0)
        aside = side * space.turn[:, 0]
        d = d + np.maximum(near * (0.25 * near - dot(d, aside)), 0.0) * aside
        shift = guard * side * np.minimum(0.5 * np.maximum(deep, 0) * growing.FACE_WIDTH, ds)
        d = unit(d, 1e-12)
        ear, reach = growing.EARS, growing.EAR_REACH
        flat = 1 - ((y - ear[1]) / reach[1]) ** 2 - ((z - ear[2]) / reach[2]) ** 2
        over = np.sqrt(np.maximum(flat, 0)) * reach[0] - (np.abs(x) - ear[0]) + 0.5 * layer
        over = np.clip(over, 0.0, 2 * ds) * column(Set.EAR) * (flat > 0)
        p = p + d * ds + (shift + side * over) * space.turn[:, 0]
        far, n = plain_distance(body, p)
        along = dot(d, n)
        loose = 1 - np.minimum(0.4 * column(Set.STAND), 1.0)
        high = np.maximum((far - layer - growing.CEILING) * eased(7.3, 7.7, y) * loose, 0.0)
        inside = far < layer
        p = p + np.where(inside, layer - far, -np.minimum(0.6 * high, ds)) * n
        turned = np.where(inside, np.minimum(along, 0), np.where(high > 0, 0.5 * np.maximum(along, 0), 0.0))
        d = d - turned * n
        path[:, k + 1] = p
    at = reached * np.arange(POINTS) / (POINTS - 1)  # [G, POINTS]
    low = np.clip(at.astype(int), 0, np.maximum(np.ceil(reached).astype(int) - 1, 0))
    rows = np.arange(len(p))[:, None]
    share = (at - low)[..., None]
    return path[rows, low] * (1 - share) + path[rows, low + 1] * share


def _alike(one, other):
    """[S] how much curves [S, M, 3] go the same way."""
    middle = one.shape[1] // 2
    apart = sum(((one[:, k] - other[:, k]) ** 2).sum(-1) for k in (middle, -1))
    ratio = apart / (0.02 + 4.0 * ((one[:, 0] - other[:, 0]) ** 2).sum(-1))
    return 1 / (1 + ratio**2)


def plainly_mixed(guides, guide_side, guide_group, plan: StrandPlan):
    """Strands' guides mixed, [S, M, 3]."""
    fits = (guide_side[plan.guide] * plan.side[:, None] >= 0) & (
        guide_group[plan.guide] == plan.group[:, None]
    )
    weight = plan.share * fits
    lead = np.where(fits.any(1), fits.argmax(1), 0)
    weight[np.arange(len(lead)), lead] = np.where(fits.any(1), plan.share[np.arange(len(lead)), lead], 1.0)
    leading = guides[plan.guide[np.arange(len(lead)), lead]]
    for n in range(weight.shape[1]):
        alike = _alike(guides[plan.guide[:, n]], leading)
        weight[:, n] *= np.where(lead == n, 1.0, alike)
    weight /= weight.sum(1, keepdims=True)
    base = np.einsum("sn,snkc->skc", weight, guides[plan.guide])
    left = (1 - np.linspace(0, 1, base.shape[1])) ** 2
    return base + (plan.roots - base[:, 0])[:, None] * left[None, :, None]


def plain_curves(base, plan: StrandPlan, locks, texture: Texture, body: BodyField):
    """Points [S, K, 3] of strands whose mixed guides are base [S, M, 3]."""
    own, number = plan.chance.astype(np.float64), plan.lock
    base = base.astype(np.float64)
    middle = np.where(number[:, None, None] >= 0, locks[np.maximum(number, 0)], base)
    loyal = np.where(number >= 0, _alike(middle, base), 0.0)[:, None]
    roped = (texture.rope > 0) & (number >= 0)[:, None]
    c = [own[:, k, None] for k in range(8)]
    length = np.linalg.norm(np.diff(base, axis=1), axis=-1).sum(1)[:, None] * plan.part_length[:, None]
    phase = 6.2832 * c[0] * texture.unlike + 2.399963 * np.maximum(number, 0)[:, None]
    wild = texture.flyaway * np.maximum(c[1] - 0.94, 0) / 0.06
    stray = texture.frizz * (0.4 + 1.2 * c[2]) + 0.03 * wild
    inward = texture.depth * (c[1] + c[4] - 1) + 0.06 * wild
    size = texture.radius * (0.75 + 0.5 * c[3])
    out = [plan.roots.astype(np.float64)]
    last, b = out[0], np.zeros_like(out[0])
    _, n = plain_distance(body, last)
    for k in range(1, texture.points):
        t = k / (texture.points - 1)
        arc, place = t * length, t * plan.part_length
        x = _at(base, place)
        pull = loyal * texture.clump * np.minimum(arc / 0.5, 1) * (0.6 + 0.4 * t)
        pull = np.where(roped, np.minimum(arc / ROPE_BEGINS, 1), pull)
        x = x + (_at(middle, place) - x) * pull
        tangent, last = unit(x - last, 1e-9), x
        if k == 1:
            b = np.where(np.abs(dot(tangent, n)) > 0.9, np.array([0.31, 0.22, 0.93]), n)
        b = unit(b - dot(b, tangent) * tangent, 1e-9)
        around = phase + 6.2832 * length / max(texture.pitch, 1e-3) * t
        grown = size * np.minimum(np.maximum(arc - texture.start, 0) / 0.35, 1)
        u, v = grown * np.cos(around) * (1 - 0.7 * texture.flat), grown * np.sin(around)
        if texture.rope > 0:
            across, other = _in_rope(c, arc, t, texture)
            u, v = u + np.where(roped, across, 0.0), v + np.where(roped, other, 0.0)
        x = x + u * b + v * np.cross(tangent, b)
        slow = np.sin((5 + 4 * c[3]) * arc + 6.2832 * c[5])
        slow_too = np.cos((5 + 4 * c[3]) * arc + 6.2832 * c[6])
        fast = np.sin((13 + 9 * c[4]) * arc + 6.2832 * c[6])
        cos, sin, grown = np.cos(6.2832 * c[7]), np.sin(6.2832 * c[7]), stray * t
        u, v = grown * (slow + 0.4 * fast), grown * (0.7 * slow_too - 0.3 * fast)
        lifted = 0.6 * grown * (slow * sin + 0.5 * fast)
        x = x + np.concatenate([cos * u - sin * v, lifted, sin * u + cos * v], 1)
        x = x + n * inward * np.minimum(arc / 0.3, 1)
        far, n = plain_distance(body, x)
        out.append(x + n * np.maximum(CLOSEST * min(k, 2) - far, 0))
    return np.stack(out, 1)


def _at(path, place):
    at = place * (path.shape[1] - 1)
    low = np.minimum(at.astype(int), path.shape[1] - 2)
    share, rows = (at - low)[:, None], np.arange(len(path))
    return path[rows, low] * (1 - share) + path[rows, low + 1] * share


def _in_rope(c, arc, t, texture):
    grown = np.minimum(arc / ROPE_BEGINS, 1) * texture.rope * (1 - 0.35 * t)
    if texture.plait > 0.5:
        around = 6.2832 * arc / (texture.rope * 7) + 2.0944 * (3 * c[0]).astype(int)
        u = grown * (0.75 * np.cos(around) + 0.5 * (c[5] - 0.5))
        return u, grown * (0.45 * np.sin(2 * around) + 0.5 * (c[6] - 0.5))
    around = 6.2832 * (c[5] + arc / (texture.rope * 10))
    return grown * np.sqrt(c[6]) * np.cos(around), grown * np.sqrt(c[6]) * np.sin(around)
