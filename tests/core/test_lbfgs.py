"""L-BFGS on functions with known minima."""

from __future__ import annotations

import torch
from torch import Tensor

from anycost.core.editing.lbfgs import LBFGS, value_and_gradient

SCALES = torch.tensor([1.0, 10.0, 100.0, 1000.0])


def bowl(x: Tensor) -> Tensor:
    return (SCALES * (x - 3).square()).sum()


def rosenbrock(x: Tensor) -> Tensor:
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def test_finds_the_bottom_of_a_long_valley():
    for function, start, bottom in (
        (bowl, torch.zeros(4), 3.0),
        (rosenbrock, torch.tensor([-1.2, 1.0]), 1.0),
    ):
        optimiser = LBFGS(start, evaluations=10)
        for _ in range(60):
            optimiser.step(lambda x, function=function: value_and_gradient(function, x))
        assert torch.allclose(optimiser.x, torch.full_like(start, bottom), atol=1e-2)


def test_a_step_never_goes_up_and_keeps_to_its_evaluations():
    optimiser = LBFGS(torch.tensor([-1.2, 1.0]), evaluations=4)
    count, before = 0, float(rosenbrock(optimiser.x))

    def objective(x: Tensor) -> tuple[float, Tensor]:
        nonlocal count
        count += 1
        return value_and_gradient(rosenbrock, x)

    for _ in range(40):
        count = 0
        optimiser.step(objective)
        assert 2 <= count <= 4
        after = float(rosenbrock(optimiser.x))
        assert after <= before
        before = after


def test_learns_the_curvature_although_the_objective_tilts_at_every_step():
    """Two tilts change gradients by more than the curvature: a pair must come from one tilt."""
    optimiser = LBFGS(torch.zeros(4))
    for number in range(12):
        tilt = 200 * (-1) ** number
        optimiser.step(lambda x, tilt=tilt: value_and_gradient(lambda x: bowl(x) + tilt * x.sum(), x))
    assert len(optimiser._pairs) >= 8
    for s, y, _ in optimiser._pairs:
        assert torch.allclose(y, 2 * SCALES * s, rtol=1e-2, atol=1e-2)


def test_survives_an_objective_that_is_not_a_number():
    optimiser = LBFGS(torch.ones(2))
    assert not optimiser.step(lambda x: (float("nan"), torch.ones(2)))
    assert torch.equal(optimiser.x, torch.ones(2))


def test_evaluations_of_one_objective_reach_its_bottom_and_repeat_no_point():
    for function, start, bottom in (
        (bowl, torch.zeros(4), 3.0),
        (rosenbrock, torch.tensor([-1.2, 1.0]), 1.0),
    ):
        optimiser, asked = LBFGS(start), []

        def objective(x: Tensor, function=function, asked=asked) -> tuple[float, Tensor]:
            asked.append(tuple(x.tolist()))
            return value_and_gradient(function, x)

        pauses = [len(asked) for _ in zip(optimiser.evaluations_of(objective), range(150), strict=False)]
        assert pauses == list(range(1, len(pauses) + 1))  # one after each
        assert len(set(asked[:15])) == 15  # none twice, until steps at the bottom round to nothing
        assert torch.allclose(optimiser.x, torch.full_like(start, bottom), atol=1e-2)


def test_evaluations_end_at_a_minimum():
    assert len(list(LBFGS(torch.full((4,), 3.0)).evaluations_of(lambda x: value_and_gradient(bowl, x)))) < 10
