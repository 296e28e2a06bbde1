"""Where one picture's time goes: the torch engine's operations, sorted by purpose."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from torch import Tensor
from torch.autograd.profiler_util import FunctionEvent
from torch.profiler import ProfilerActivity, profile, record_function

from ...core.rendering.renderer import to_pixels

PARTS = (
    "plain convolutions",
    "upsampling convolutions",
    "FIR filter",
    "noise, bias, activation, copies",
    "RGB",
    "styles and weights",
    "pixels",
)
TIMES = 5  # pictures; each operation's time is their median


def times_by_part(draw: Callable[[Tensor], Tensor | None], latents: Tensor) -> dict[str, float]:
    """Milliseconds that one picture of `draw` spends in each of PARTS; draws the latents [N, n_style, D] in
    turn."""
    draw(latents[-1])
    drawn = [_operations(draw, latents[k % len(latents)]) for k in range(TIMES)]
    found: dict[str, float] = dict.fromkeys(PARTS, 0.0)
    for same in zip(*drawn, strict=True):  # every picture has the same operations
        found[part(same[0].name, same[0].input_shapes or [])] += statistics.median(
            event.cpu_time_total / 1000 for event in same
        )
    return found


def _operations(draw: Callable[[Tensor], Tensor | None], w: Tensor) -> list[FunctionEvent]:
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as run:
        picture = draw(w)
        assert picture is not None
        with record_function(PARTS[-1]):
            to_pixels(picture[None])
    return [event for event in run.events() or () if event.cpu_parent is None]


def part(name: str, shapes: Sequence[Sequence[int]]) -> str:
    """The entry of PARTS for a torch operation, from its name and its inputs' shapes."""
    if name == PARTS[-1]:
        return name
    if name == "aten::conv_transpose2d":
        return "upsampling convolutions"
    if name == "aten::conv2d":
        outputs, inputs = shapes[1][:2]  # of the weights
        return "RGB" if outputs == 3 else "FIR filter" if inputs == 1 else "plain convolutions"
    first = shapes[0] if shapes else ()
    if len(first) != 4 or first[0] != 1:  # not maps [1, C, H, W]
        return "styles and weights"
    to_float = name == "aten::to"  # the input of RGB
    return "RGB" if first[1] == 3 or to_float else "noise, bias, activation, copies"
