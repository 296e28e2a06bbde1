"""Keeps what the generator cannot draw: the picture's own texture, wherever an edit leaves the face alone.

A projection is never exact. Its error, the residual x - G(w), holds brush strokes, grain and skin tone. Added
to the edited G(w + d), it gives back the picture itself where nothing was edited, and everywhere if there is
no edit. Where the edit moved things, the fine residual would show as a ghost of what was there, so it fades
out; the coarse residual, which is tone and light, stays.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..rendering.engines.layers import cut
from ..rendering.engines.window import Window

# levels of 255 above which the fine residual is a ghost rather than texture: for a change of shape, and for
# any change (hair made lighter is still the same hair, but dark hair in front of what was wall is not)
MOVED, REPAINTED = 16.0, 60.0
COARSE = 8  # cells a side of the coarse residual
GATE = 256  # px: the size at which it is decided where the fine residual stays
REACH = 32  # a change reaches as far as the picture's side over this


class Detail:
    """What `projected` lacks of `original`, both uint8 [S, S, 3]: a coarse residual and a fine one."""

    def __init__(self, projected: np.ndarray, original: np.ndarray):
        self._before = _planes(projected)  # [1, 3, S, S]
        residual = _planes(original) - self._before
        self._coarse = _coarse(residual)
        self._fine = residual - self._coarse

    def around(self, window: Window) -> Window:
        """The part of an edited picture that must be known to add detail to a window: all that is near it.

        Exact for pictures of up to `GATE` px a side, or of a multiple of that.
        """
        side = self._before.shape[-1]
        cell = max(1, side // GATE)  # px a side over which a change is averaged
        reach = cell * (4 * _reach(side) + 1)  # as far as `_kept` looks
        near = window.grown(reach, reach)
        whole_cells = Window(
            near.top // cell * cell,
            near.left // cell * cell,
            -(-near.bottom // cell) * cell,
            -(-near.right // cell) * cell,
        )
        return whole_cells.clipped(side)

    @torch.inference_mode()
    def added_to(self, edited: np.ndarray, window: Window | None = None) -> np.ndarray:
        """The edited picture with the original's detail, uint8 [S, S, 3].

        Equal to the original where `edited` equals the projected picture within a few times S / 32. With a
        `window`, `edited` is only `around(window)`, and the result only the window: uint8 [h, w, 3].
        """
        side = self._before.shape[-1]
        window = Window.whole(side) if window is None else window
        seen = self.around(window)
        drawn = _planes(edited)  # [1, 3, H, W]
        kept = _kept(drawn - cut(self._before, seen), side)  # [1, 1, H, W]
        inner = window.within(seen)
        out = cut(drawn, inner) + cut(self._coarse, window) + cut(kept, inner) * cut(self._fine, window)
        return out[0].permute(1, 2, 0).round_().clamp_(0, 255).to(torch.uint8).numpy()


def _planes(rgb: np.ndarray) -> Tensor:
    return torch.from_numpy(rgb.astype(np.float32)).permute(2, 0, 1)[None]


def _kept(change: Tensor, side: int) -> Tensor:
    """How much of the fine residual to keep, 0..1 [1, 1, h, w]; 1 where nothing changed nearby.

    `change` [1, 3, h, w] is the change in a picture of `side` px a side, or in a part of it.
    """
    size = change.shape[-2:]
    if side > GATE:  # no generator changes anything finer, and wide windows are slow at full size
        change = F.interpolate(change, [length * GATE // side for length in size], mode="area")
    reach = _reach(side)
    shape = change - _smoothed(change, 2 * reach)
    kept = torch.exp(-((_nearby(shape, reach) / MOVED) ** 2) - (_nearby(change, reach) / REPAINTED) ** 2)
    return kept if side <= GATE else F.interpolate(kept, size, mode="bilinear", align_corners=False)


def _reach(side: int) -> int:
    """How far a change reaches, in px of the gate."""
    return max(1, min(side, GATE) // REACH)


def _nearby(change: Tensor, reach: int) -> Tensor:
    """The largest change within `reach` px of each pixel, smoothed: [1, 3, S, S] -> [1, 1, S, S]."""
    width = 2 * reach + 1
    rows = F.max_pool2d(change.abs().amax(1, keepdim=True), (1, width), stride=1, padding=(0, reach))
    return _smoothed(F.max_pool2d(rows, (width, 1), stride=1, padding=(reach, 0)), reach)


def _smoothed(x: Tensor, reach: int) -> Tensor:
    """Means over windows of 2 * reach + 1 px, along one axis after the other."""
    width = 2 * reach + 1
    rows = F.avg_pool2d(x, (1, width), stride=1, padding=(0, reach), count_include_pad=False)
    return F.avg_pool2d(rows, (width, 1), stride=1, padding=(reach, 0), count_include_pad=False)


def _coarse(residual: Tensor) -> Tensor:
    """The residual's tone: its means over a coarse grid of cells, joined smoothly."""
    means = F.adaptive_avg_pool2d(residual, min(COARSE, residual.shape[-1]))  # [1, 3, 8, 8]
    return F.interpolate(means, residual.shape[-2:], mode="bicubic", align_corners=False)
