"""Linear models from w to a number, by ridge regression, and how well they predict unseen samples."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

FOLDS = 5
DOUBTS = (0.003, 0.03, 0.3, 3.0, 30.0)  # ridges that are tried, over the mean eigenvalue of w's covariance


@dataclass(frozen=True, eq=False)
class Fitted:
    """`normal` [D] is how the number rises with w; `correlation` that of predictions and truth on samples
    that were held out."""

    normal: Tensor
    correlation: float


def fitted(w: Tensor, values: Tensor) -> Fitted:
    """The model of values [N] on w [N, D], with the ridge that predicts held-out samples best."""
    w, values = w.double(), values.double()
    best, ridge = max((_held_out(w, values, doubt), doubt) for doubt in DOUBTS)
    return Fitted(ridge_normal(w, values, ridge).float(), best)


def ridge_normal(w: Tensor, values: Tensor, doubt: float) -> Tensor:
    """The slopes [D] that minimise |y - w b|^2 / N + r |b|^2 of centred w [N, D] and y [N]; r is `doubt`
    times w's mean variance. By the dual: there may be fewer samples than coordinates."""
    x, y = w - w.mean(0), values - values.mean()
    ridge = doubt * x.square().sum(1).mean() / x.shape[1] * len(x)
    amounts = torch.linalg.solve(x @ x.T + ridge * torch.eye(len(x), dtype=x.dtype), y)  # [N]
    return x.T @ amounts


def _held_out(w: Tensor, values: Tensor, doubt: float) -> float:
    """The correlation of what models without a fold predict for it with the truth; 0 of a constant."""
    predicted = torch.zeros_like(values)
    places = torch.arange(len(w))
    for fold in range(FOLDS):
        out = places % FOLDS == fold
        mean = w[~out].mean(0)
        predicted[out] = (w[out] - mean) @ ridge_normal(w[~out], values[~out], doubt) + values[~out].mean()
    return correlation(predicted, values)


def correlation(a: Tensor, b: Tensor) -> float:
    """Pearson's, of [N] and [N]; 0 where one is constant."""
    a, b = a - a.mean(), b - b.mean()
    lengths = a.norm() * b.norm()
    return float(a @ b / lengths) if lengths > 1e-12 else 0.0
