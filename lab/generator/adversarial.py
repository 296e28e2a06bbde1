"""The losses of the adversarial game: StyleGAN2's, which the paper uses in all its stages."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ..networks.perceptual_part import Perceptual


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """Logistic loss of the logits [N] for real pictures and [N] for drawn ones."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def generator_loss(fake: Tensor) -> Tensor:
    """Non-saturating loss of the discriminator's logits [N] for drawn pictures."""
    return F.softplus(-fake).mean()


def r1(real: Tensor, pictures: Sequence[Tensor]) -> Tensor:
    """R1: half the squared gradient of logits [N] with respect to real pictures [N, 3, R, R], averaged over
    the batch; differentiable. The pictures must require gradients."""
    gradients = torch.autograd.grad(real.sum(), list(pictures), create_graph=True)
    return torch.stack([g.square().sum(dim=(1, 2, 3)).mean() for g in gradients]).sum() / 2


def path_lengths(picture: Tensor, w: Tensor, direction: Tensor) -> Tensor:
    """How far pictures [N, 3, R, R] move per step of w+ [N, n_style, D] (StyleGAN2, section 3.2) -> [N].

    `direction` holds normals in the picture's shape.
    """
    towards = (picture * direction / math.sqrt(picture.shape[2] * picture.shape[3])).sum()
    (gradient,) = torch.autograd.grad(towards, w, create_graph=True)  # [N, n_style, D]
    return gradient.square().sum(dim=2).mean(dim=1).sqrt()


def consistency(sub: Tensor, full: Tensor, features: Perceptual | None, perceptual: float) -> Tensor:
    """Eq. 5: how far a sub-generator's pictures [N, 3, r, r] are from the full one's: the mean squared error
    plus `perceptual` times the distance in `features`."""
    loss = F.mse_loss(sub, full)
    return loss if features is None else loss + perceptual * features.distance(sub, full).mean()
