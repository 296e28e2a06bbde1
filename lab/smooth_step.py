"""A smooth step between two ends, for tensors and for arrays."""

from __future__ import annotations

import numpy as np
from torch import Tensor


def smooth(low: float | Tensor, high: float | Tensor, value: Tensor) -> Tensor:
    """0 at `low`, 1 at `high`, smooth between; `high` may be the lower one."""
    t = ((value - low) / (high - low)).clamp_(0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def eased(low: float, high: float, value: np.ndarray | float) -> np.ndarray:
    """The same for arrays and numbers."""
    t = np.clip((np.asarray(value) - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)
