"""`anycost data portraits`: a contact sheet of the painted world."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import CoreError
from ..pictures import check_writable, write_picture

_MOST_PIXELS = 64 << 20


def draw(
    out: Path, rows: int = 5, columns: int = 8, resolution: int = 128, seed: int = 4, correlated: bool = True
) -> None:
    """Writes rows x columns portraits of `resolution` px, seeded, to the picture file `out`.

    CoreError "bad-value" for sizes out of range and for a file that cannot be written.
    """
    check_writable(out)
    if rows < 1 or columns < 1:
        raise CoreError("bad-value", "A sheet has at least one row and one column: give larger numbers.")
    if not 32 <= resolution <= 1024:
        raise CoreError("bad-value", f"Portraits are painted at 32 to 1024 pixels, not {resolution}.")
    if rows * columns * resolution**2 > _MOST_PIXELS:
        text = "The sheet would have more than 64 megapixels: give fewer or smaller portraits."
        raise CoreError("bad-value", text)
    if not 0 <= seed < 2**63:
        raise CoreError("bad-value", f"A seed is a number from 0 to 2^63 - 1, not {seed}.")
    from .portraits.sheet import sheet

    rgb = sheet(rows, columns, resolution, seed, correlated).numpy()
    opaque = np.full((*rgb.shape[:2], 1), 255, np.uint8)
    write_picture(out, np.concatenate([rgb, opaque], axis=2))
