"""Muon (Jordan et al., 2024): a step of the same length in every direction of a kernel.

Adam scales each number of a kernel separately. Muon orthogonalises the whole step: what few pictures ask for
is learned as fast as what many ask for. torch.optim.Muon does the same, but only for matrices and in
bfloat16, which is twenty times slower on processors that only emulate it.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.775, 2.0315)  # of the quintic that pulls singular values to about 1
ITERATIONS = 5
MOMENTUM = 0.95
LIKE_ADAM = 0.2  # root mean square of Adam's steps, divided by its learning rate


@torch.no_grad()
def orthogonalised(matrices: Tensor) -> Tensor:
    """[..., R, C] -> U [..., R, C] with the singular vectors of each matrix, and singular values between 0.7
    and 1.2.

    Newton-Schulz on the smaller Gram matrix: X <- (a + b A + c A A) X with A = X X^T, kept in one factor.
    """
    wide = matrices if matrices.shape[-2] <= matrices.shape[-1] else matrices.mT
    wide = wide / (torch.linalg.matrix_norm(wide, keepdim=True) + 1e-12)
    a, b, c = COEFFICIENTS
    gram = wide @ wide.mT  # [..., S, S]
    factor = torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
    first, second = a * factor, b * factor
    for _ in range(ITERATIONS):
        step = first + second.add(gram, alpha=c) @ gram
        factor, gram = step @ factor, step @ gram @ step
    found = factor @ wide
    return found if matrices.shape[-2] <= matrices.shape[-1] else found.mT


class Muon(torch.optim.Optimizer):
    """Steps for kernels [1, O, I, k, k], as matrices [O, I k k], with Nesterov momentum.

    A step has the root mean square of Adam's at the same learning rate.
    """

    def __init__(self, kernels: Iterable[nn.Parameter], lr: float = 0.0):
        super().__init__(kernels, {"lr": lr})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        for group in self.param_groups:
            alike: dict[torch.Size, list[Tensor]] = {}  # moved together: a GPU waits less
            for kernel in group["params"]:
                if kernel.grad is not None:
                    alike.setdefault(kernel.shape, []).append(kernel)
            for kernels in alike.values():
                self._move(kernels, group["lr"])

    def _move(self, kernels: list[Tensor], rate: float) -> None:
        ahead = torch.stack([self._ahead(kernel) for kernel in kernels])  # [K, 1, O, I, k, k]
        matrices = ahead[:, 0].flatten(2)  # [K, O, I k k]
        length = LIKE_ADAM * max(matrices.shape[1:]) ** 0.5
        for kernel, step in zip(kernels, orthogonalised(matrices), strict=True):
            kernel.sub_(step.view_as(kernel), alpha=rate * length)

    def _ahead(self, kernel: Tensor) -> Tensor:
        """Its gradient [1, O, I, k, k] with Nesterov momentum."""
        gradient, state = kernel.grad, self.state[kernel]
        assert gradient is not None
        if not state:
            state["momentum"] = torch.zeros_like(kernel)
        momentum = state["momentum"].lerp_(gradient, 1 - MOMENTUM)
        return gradient.lerp(momentum, MOMENTUM)
