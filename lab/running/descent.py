"""How the networks besides the generator are optimised: AdamW with a one-cycle rate and one gradient for all
processes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from . import distributed

WARM_UP = 0.1  # share of a run over which the rate rises
LAST = 0.005  # the final rate, as a share of the highest


def one_cycle(done: float) -> float:
    """The rate after `done` of the run (0..1), as a share of the highest: up, then down along a cosine."""
    if done < WARM_UP:
        return LAST + (1 - LAST) * done / WARM_UP
    fall = min(1.0, (done - WARM_UP) / (1 - WARM_UP))
    return LAST + (1 - LAST) * (1 + math.cos(math.pi * fall)) / 2


class Descent:
    """Steps `parameters` to lower a loss. `rate` is the highest learning rate, `pictures` the run length."""

    def __init__(self, parameters: Iterable[nn.Parameter], rate: float, pictures: int):
        self.parameters = list(parameters)
        self.rate, self.pictures = rate, pictures
        self.optimiser = torch.optim.AdamW(self.parameters, lr=rate, weight_decay=1e-4)

    def step(self, loss: Tensor, seen: int) -> None:
        """One step from this process's mean `loss`, at position `seen`."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate * one_cycle(seen / self.pictures)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        distributed.average_gradients(self.parameters)
        self.optimiser.step()

    def state(self) -> dict[str, Any]:
        return self.optimiser.state_dict()

    def restore(self, state: Mapping[str, Any]) -> None:
        self.optimiser.load_state_dict(dict(state))
