"""L-BFGS whose objective may change from step to step.

torch.optim.LBFGS subtracts the last step's gradient from this step's. When every step has another
sub-generator, those are gradients of two functions, and their difference says nothing about curvature: in
trials the loss fell only a fraction as far. Here both gradients of a pair belong to one step's objective, and
the number of evaluations in a step is bounded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator

import torch
from torch import Tensor

Evaluated = tuple[float, Tensor]  # value, gradient [n]
Objective = Callable[[Tensor], Evaluated]  # of x [n]
Search = Generator[None, None, Evaluated | None]  # pauses after every evaluation; what it reached, if lower

SUFFICIENT = 1e-4  # share of the decrease that the slope promises (Armijo's condition)


class LBFGS:
    """Minimises over `x` [n], one step at a time (Nocedal and Wright, algorithm 7.5)."""

    def __init__(self, x: Tensor, history: int = 10, evaluations: int = 6):
        """`evaluations` bounds the evaluations in one step, and so its time."""
        self.x = x
        self.evaluations = evaluations
        self._pairs: deque[tuple[Tensor, Tensor, float]] = deque(maxlen=history)  # s, y, 1 / (s . y)

    def step(self, objective: Objective) -> bool:
        """One line search; False when it found nothing lower, and then the next step starts afresh."""
        search = self._search(objective, objective(self.x))
        while True:
            try:
                next(search)
            except StopIteration as end:
                return end.value is not None

    def evaluations_of(self, objective: Objective) -> Iterator[None]:
        """Line search after line search of one objective, with a pause after every evaluation. Ends where
        even the gradient leads nowhere lower."""
        known = objective(self.x)
        yield
        while True:
            afresh = not self._pairs
            reached = yield from self._search(objective, known)
            if reached is None or reached[0] >= known[0]:
                if afresh:
                    return
                self._pairs.clear()
            known = reached or known

    def _search(self, objective: Objective, known: Evaluated) -> Search:
        """One line search from x, where the objective is `known`."""
        value, gradient = known
        direction = -self._times_inverse_hessian(gradient)
        slope = float(gradient @ direction)
        length = 1.0 if self._pairs else min(1.0, 1 / max(float(gradient.abs().sum()), 1e-12))
        for _ in range(self.evaluations - 1):
            reached, its_gradient = objective(self.x + length * direction)
            yield
            if reached <= value + SUFFICIENT * length * slope:
                self._remember(length * direction, its_gradient - gradient)
                self.x = self.x + length * direction
                return reached, its_gradient
            excess = reached - value - length * slope  # the parabola through the known points is lowest here:
            length = min(max(0.1 * length, -slope * length**2 / (2 * excess)), 0.5 * length)
        self._pairs.clear()
        return None

    def _remember(self, s: Tensor, y: Tensor) -> None:
        curvature = float(s @ y)
        if curvature > 1e-10 * float(y @ y):  # otherwise the model would not stay positive definite
            self._pairs.append((s, y, 1 / curvature))

    def _times_inverse_hessian(self, gradient: Tensor) -> Tensor:
        """The two-loop recursion."""
        q = gradient.clone()
        taken = []
        for s, y, rho in reversed(self._pairs):
            taken.append(rho * float(s @ q))
            q -= taken[-1] * y
        if self._pairs:
            _, y, rho = self._pairs[-1]
            q /= rho * float(y @ y)
        for s, y, rho in self._pairs:
            q += (taken.pop() - rho * float(y @ q)) * s
        return q


def value_and_gradient(function: Callable[[Tensor], Tensor], x: Tensor) -> tuple[float, Tensor]:
    """A scalar function of x at x, and its gradient there."""
    x = x.detach().requires_grad_()
    value = function(x)
    (gradient,) = torch.autograd.grad(value, [x])
    return float(value.detach()), gradient
