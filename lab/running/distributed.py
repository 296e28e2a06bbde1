"""One process or many: a run's joint batch, its shares, joint gradients, and work that is shared out.

Under `torchrun` every process takes its share of each joint batch. A run is the same on one process and on
many: random numbers are drawn for the joint batch and then shared out, and gradients are averaged. What a
measurement does many times is shared out piece by piece: each piece is the work of one process, so that the
results are exactly those of one. All processes must call these functions in the same order.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from tqdm import tqdm

from ...core.errors import CoreError

Piece = TypeVar("Piece")
Result = TypeVar("Result")


@contextmanager
def processes() -> Iterator[None]:
    """Joins torchrun's group, if there is one, and leaves it at the end."""
    here = device()
    if here.type == "cuda":
        torch.cuda.set_device(here)
    joined = "RANK" in os.environ and not dist.is_initialized()
    if joined:
        dist.init_process_group("nccl" if here.type == "cuda" else "gloo")
    try:
        yield
    finally:
        if joined:
            dist.destroy_process_group()


def device() -> torch.device:
    """What this process computes on: its own GPU, or the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("cpu")


def world() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """This process's number among them; 0 writes files and shows progress."""
    return dist.get_rank() if dist.is_initialized() else 0


@dataclass(frozen=True)
class Part:
    """One process's part of each joint batch. A plain value, so that the process can pass it to its workers,
    which are in no group."""

    rank: int
    world: int

    def of(self, joint: Tensor) -> Tensor:
        """A joint batch [N, ...] -> [N / world, ...]. ValueError unless it divides."""
        if len(joint) % self.world:
            text = f"A batch of {len(joint)} cannot be shared by {self.world} processes: change `batch`."
            raise ValueError(text)
        each = len(joint) // self.world
        return joint[self.rank * each : (self.rank + 1) * each]


def part() -> Part:
    """This process's part."""
    return Part(rank(), world())


def share(joint: Tensor) -> Tensor:
    """This process's part of a joint batch [N, ...] -> [N / world, ...]. ValueError unless it divides."""
    return part().of(joint)


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Sets every gradient to its mean over the processes: that of the joint batch's mean loss.

    A parameter that no process used gets no gradient, so its moments stay as they are.
    """
    if world() == 1:
        return
    parameters = list(parameters)
    used = torch.tensor([float(p.grad is not None) for p in parameters], device=parameters[0].device)
    dist.all_reduce(used)
    shared = [p for p, count in zip(parameters, used.tolist(), strict=True) if count]
    flat = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in shared])
    dist.all_reduce(flat)
    for parameter, mean in zip(shared, (flat / world()).split([p.numel() for p in shared]), strict=True):
        parameter.grad = mean.view_as(parameter)


def average(values: dict[str, Tensor]) -> dict[str, Tensor]:
    """The mean over processes of each named scalar; every process must have the same names."""
    if world() == 1 or not values:
        return values
    joint = torch.stack([value.detach().float() for value in values.values()])
    dist.all_reduce(joint)
    return dict(zip(values, joint / world(), strict=True))


def all_agree(here: bool) -> bool:
    """Whether it is so in every process."""
    if world() == 1:
        return here
    agreed = torch.tensor(int(here), device=device())
    dist.all_reduce(agreed, dist.ReduceOp.MIN)
    return bool(agreed)


def shared_out(
    pieces: Sequence[Piece], work: Callable[[Piece], Result], shown: str = "", unit: str = "it"
) -> list[Result]:
    """`work` of every piece, in their order, each done by one process and known to all; a CoreError in one is
    raised in all. Results travel pickled, tensors on the CPU. `shown` names the first process's progress bar.
    """
    hidden = not shown or rank() > 0
    mine = tqdm(pieces[rank() :: world()], desc=shown, unit=unit, disable=hidden)
    if world() == 1:
        return [work(piece) for piece in mine]
    told: list[Any] = [None] * world()
    dist.all_gather_object(told, _told(lambda: [work(piece) for piece in mine]))
    found = [_result(some) for some in told]
    return [found[k % world()][k // world()] for k in range(len(pieces))]


def by_first(work: Callable[[], Result]) -> Result:
    """`work` of the first process alone, known to all; a CoreError in it is raised in all."""
    if world() == 1:
        return work()
    told = [_told(work) if rank() == 0 else None]
    dist.broadcast_object_list(told)
    return _result(told[0])


def _told(work: Callable[[], Any]) -> tuple[Any, tuple[str, str] | None]:
    """The result of `work`, or its error's kind and message."""
    try:
        return work(), None
    except CoreError as error:
        return None, (error.kind, error.message)


def _result(told: Any) -> Any:
    result, error = told
    if error is not None:
        raise CoreError(*error)
    return result
