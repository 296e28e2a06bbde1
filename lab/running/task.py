"""What the tasks that train one network have in common."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

import torch

from . import distributed, precision
from .precision import Precision


class Sizes(Protocol):
    """Settings that all these networks share."""

    @property
    def pictures(self) -> int: ...

    @property
    def batch(self) -> int: ...

    @property
    def seed(self) -> int: ...

    @property
    def precision(self) -> Precision: ...


S = TypeVar("S", bound=Sizes)


class Training(Generic[S]):
    """The settings, the device and its precision; all later random draws follow from the seed."""

    def __init__(self, settings: S):
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.pictures, self.batch = settings.pictures, settings.batch
        self.device = distributed.device()
        self.dtype = precision.chosen(settings.precision, self.device)
