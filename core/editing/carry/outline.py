"""A face's outline: no point of the face is moved across it.

Seen from the side, a mouth's corner lies close to the outline, and would be pushed out of the face, or pull
what lies behind it in.
"""

from __future__ import annotations

import numpy as np

from ...faces.face_parts import OUTLINES

OUTLINE = list(OUTLINES["face"])
LIDS = [point for eye in ("left eye", "right eye") for point in OUTLINES[eye]]  # they shut wherever they lie
NEARER = 0.6  # of a point's way to the outline: it goes no further, towards it or away
LEAST = 1e-6  # a way that is divided by


def within_outline(points: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Movements [468, 2] of points [468, 2] that keep to their side of the outline, which may move itself.

    What moves along the outline, or far from it, is left as it is, and so are the outline and lids.
    """
    start = points[OUTLINE]  # [n, 2]
    along = np.roll(start, -1, axis=0) - start
    length = np.maximum((along**2).sum(axis=1), LEAST**2)
    share = np.clip(((points[:, None] - start) * along).sum(axis=2) / length, 0, 1)[..., None]  # [468, n, 1]
    ways = start + share * along - points[:, None]  # [468, n, 2] to the nearest place of each side
    nearest = np.arange(len(points)), np.linalg.norm(ways, axis=2).argmin(axis=1)
    way = ways[nearest]  # [468, 2]
    far = np.linalg.norm(way, axis=1, keepdims=True)
    outward = way / np.maximum(far, LEAST)
    ends = moved[OUTLINE]
    with_outline = (ends + share * (np.roll(ends, -1, axis=0) - ends))[nearest]
    towards = ((moved - with_outline) * outward).sum(axis=1, keepdims=True)
    most = NEARER * np.maximum(far, LEAST)
    limited = moved + (most * np.tanh(towards / most) - towards) * outward
    limited[OUTLINE], limited[LIDS] = ends, moved[LIDS]
    return limited
