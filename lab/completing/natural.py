"""Whether edited pictures could still be the generator's own: by their colours and sharpness."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

CELLS = 2  # along the side of a picture's summary: few, so that a few hundred pictures tell what is usual
USUAL = 0.99  # share of the generator's own pictures that are natural by definition
RIDGE = 1e-3


def summary(picture: Tensor) -> Tensor:
    """Colours and sharpness of pictures [N, 3, R, R] in each of 2 x 2 cells -> [N, 16]."""
    light = picture.mean(1, keepdim=True)
    edges = (light[..., 1:, 1:] - light[..., :-1, :-1]).abs()  # [N, 1, R - 1, R - 1]
    cells = F.adaptive_avg_pool2d(picture, CELLS), F.adaptive_avg_pool2d(edges, CELLS).add(1e-3).log()
    return torch.cat([part.flatten(1) for part in cells], dim=1)


class Natural:
    """What is usual in summaries [N, 16]. Half of them give the mean and the covariance, the other half how
    far from these a natural picture may be."""

    def __init__(self, summaries: Tensor):
        known, held_out = summaries[::2], summaries[1::2]
        self._mean, covariance = known.mean(0), torch.cov(known.T)
        ridge = RIDGE * covariance.diagonal().mean() * torch.eye(len(covariance))
        self._precision = torch.linalg.inv(covariance + ridge)
        self._limit = self._distance(held_out).quantile(USUAL)

    def __call__(self, summaries: Tensor) -> Tensor:
        """Whether each picture is natural, bool [N]."""
        return self._distance(summaries) <= self._limit

    def _distance(self, summaries: Tensor) -> Tensor:
        away = summaries - self._mean
        return ((away @ self._precision) * away).sum(1)  # squared Mahalanobis distance [N]
