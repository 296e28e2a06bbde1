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
def orthogonalised(matrix: Tensor) -> Tensor:
    """[R, C] -> U [R, C] with the singular vectors of `matrix` and singular values between 0.7 and 1.2.

    Newton-Schulz on the smaller Gram matrix: X <- (a + b A + c A A) X with A = X X^T, kept in one factor.
    """
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    wide = wide / (torch.linalg.matrix_norm(wide) + 1e-12)
    a, b, c = COEFFICIENTS
    gram = wide @ wide.T  # [S, S]
    one = torch.eye(len(gram), dtype=gram.dtype, device=gram.device)
    factor = one
    for _ in range(ITERATIONS):
        step = a * one + b * gram + c * gram @ gram
        factor, gram = step @ factor, step @ gram @ step
    found = factor @ wide
    return found if matrix.shape[0] <= matrix.shape[1] else found.T


class Muon(torch.optim.Optimizer):
    """Steps for kernels [1, O, I, k, k], as matrices [O, I k k], with Nesterov momentum.

    A step has the root mean square of Adam's at the same learning rate.
    """

    def __init__(self, kernels: Iterable[nn.Parameter], lr: float = 0.0):
        super().__init__(kernels, {"lr": lr})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for kernel in group["params"]:
                if kernel.grad is not None:
                    self._move(kernel, group["lr"])

    def _move(self, kernel: Tensor, rate: float) -> None:
        gradient = kernel.grad
        assert gradient is not None
        state = self.state[kernel]
        if not state:
            state["momentum"] = torch.zeros_like(kernel)
        momentum = state["momentum"].lerp_(gradient, 1 - MOMENTUM)
        matrix = gradient.lerp(momentum, MOMENTUM)[0].flatten(1)  # [O, I k k]
        length = LIKE_ADAM * max(matrix.shape) ** 0.5
        kernel -= rate * length * orthogonalised(matrix).view_as(kernel)
