"""How a network's time grows with resolution, batch and region, in a climb and after a late edit. Each table
is measured in turns."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from ...core.rendering.engines.engine import Engine
from ...core.rendering.engines.registry import Choice, open_engine
from ...core.rendering.engines.window import Window
from ...models.layer_sizes import layer_count
from ...models.macs import macs
from ...models.widths import SubGenerator
from ..measuring.markdown import table
from ..measuring.timing import Key, Times, in_turns, one_after_another
from .benched import RESOLUTIONS, Benched
from .parts import PARTS, times_by_part
from .roofline import SHORT

SIDES = (8, 16, 32, 64, 128, 256, 512, 1024)  # px
BATCHES = (1, 2, 4)  # at most LATENTS
BATCH_SIDE = 128  # px of the pictures in a batch
REGIONS = (4, 2, 1)  # the picture's side divided by the region's
LATE = (1024, 256, 32)  # px of the first block that an edit reaches
LATENTS = 4
SECONDS = 4.0  # per table and precision

Draw = Callable[[Tensor], object]


class Growth:
    """Markdown tables for a network's full rung at 1024 px, drawn by one engine in several precisions."""

    def __init__(self, network: Benched, choices: Sequence[Choice]):
        self._network, self._choices = network, choices
        self._full = network.rungs[-1]
        self._latents = network.latents(LATENTS)  # [N, n_style, D]

    def by_resolution(self) -> str:
        """A picture at each resolution, with all channels."""
        work = [macs(self._channels(side)) for side in SIDES]
        rows = [[f"{side} px", f"{count / 1e9:.2f}"] for side, count in zip(SIDES, work, strict=True)]
        for choice in self._choices:
            engine = self._engine(choice)
            times = self._in_turns({side: _at(engine, side) for side in SIDES})
            for row, side, count in zip(rows, SIDES, work, strict=True):
                row += [f"{times[side].ms:.1f}", f"{2 * count / times[side].ms / 1e6:.0f}"]
        return table(["resolution", "GMAC", *self._columns("ms", "GFLOP/s")], rows)

    def by_batch(self) -> str:
        """Several pictures at 128 px: the engine draws them one by one, the plain module all at once."""
        rung = SubGenerator(BATCH_SIDE, self._channels(BATCH_SIDE))
        rows = [[str(count)] for count in BATCHES]
        for choice in self._choices:
            draw = one_after_another(self._engine(choice, rung).draw, self._latents)
            _add_each(rows, in_turns({n: _repeated(draw, n) for n in BATCHES}, seconds=SECONDS))
        _add_each(rows, in_turns({n: self._plain(rung, n) for n in BATCHES}, seconds=SECONDS))
        return table(["pictures", *self._columns("ms a picture"), "ms a picture, plain module"], rows)

    def by_region(self) -> str:
        """The middle of a picture, and the whole picture."""
        side = self._full.resolution
        rows = [[f"{side // part} x {side // part} px", f"{100 / part**2:.0f} %"] for part in REGIONS]
        for choice in self._choices:
            engine = self._engine(choice)
            times = self._in_turns({part: _within(engine, _middle(side, part)) for part in REGIONS})
            _add_shares(rows, list(times.values()), times[1])
        return table(["region", "area", *self._columns("ms", "of all")], rows)

    def in_a_climb(self) -> str:
        """One latent at each of the paper's resolutions in succession, and at the last one alone."""
        rows = [["the last alone"], [", ".join(map(str, RESOLUTIONS)) + " px"]]
        for choice in self._choices:
            engine = self._engine(choice)
            steps = [_at(engine, side) for side in RESOLUTIONS]
            times = self._in_turns({"alone": steps[-1], "climb": _each(steps)})
            _add_shares(rows, list(times.values()), times["alone"])
        return table(["drawn", *self._columns("ms", "of the last")], rows)

    def after_a_late_edit(self) -> str:
        """Edits that leave all styles before some block unchanged."""
        rows = [*([f"{side} px"] for side in LATE), ["all"]]
        for choice in self._choices:
            works = {
                side: one_after_another(self._engine(choice).draw, self._edits(side)) for side in (*LATE, 4)
            }
            times = in_turns(works, seconds=SECONDS)
            _add_shares(rows, list(times.values()), times[4])
        return table(["edited from", *self._columns("ms", "of all")], rows)

    def by_part(self) -> str:
        """Where one picture's time goes."""
        rows = [[name] for name in PARTS]
        for choice in self._choices:
            found = times_by_part(self._engine(choice).draw, self._latents)
            whole = sum(found.values())
            for row, name in zip(rows, PARTS, strict=True):
                row += [f"{found[name]:.1f}", f"{100 * found[name] / whole:.0f} %"]
        return table(["part", *self._columns("ms", "of all")], rows)

    def _channels(self, side: int) -> tuple[int, ...]:
        return self._full.channels[: layer_count(side)]

    def _engine(self, choice: Choice, rung: SubGenerator | None = None) -> Engine:
        return open_engine(choice, self._network.generator, rung or self._full, self._network.key)

    def _in_turns(self, draws: Mapping[Key, Draw]) -> dict[Key, Times]:
        """Give each draw another latent than the one before, so that none continues another's maps."""
        turn = itertools.cycle(self._latents)
        works = {key: lambda draw=draw: draw(next(turn)) for key, draw in draws.items()}
        return in_turns(works, seconds=SECONDS)

    def _plain(self, rung: SubGenerator, count: int) -> Callable[[], Tensor]:
        w = self._latents[:count]  # [count, n_style, D]

        @torch.inference_mode()
        def draw() -> Tensor:
            return self._network.generator(w, rung.resolution, rung.channels)  # [count, 3, R, R]

        return draw

    def _edits(self, side: int) -> Tensor:
        """Latents [N, n_style, D] that share all styles before the block of `side` px; at 4 px they share
        none."""
        edits = self._latents.clone()
        edits[:, : layer_count(side) - 2] = edits[0, : layer_count(side) - 2]
        return edits

    def _columns(self, *names: str) -> list[str]:
        return [f"{name}, {SHORT[choice.precision]}" for choice in self._choices for name in names]


def _at(engine: Engine, side: int) -> Draw:
    return lambda w: engine.draw(w, side)


def _within(engine: Engine, window: Window) -> Draw:
    return lambda w: engine.draw(w, window=window)


def _middle(side: int, part: int) -> Window:
    """The middle of a picture, 1 / `part` as wide and high."""
    edge = (side - side // part) // 2
    return Window(edge, edge, side - edge, side - edge)


def _each(draws: Sequence[Draw]) -> Draw:
    return lambda w: [draw(w) for draw in draws]


def _repeated(work: Callable[[], object], count: int) -> Callable[[], object]:
    return lambda: [work() for _ in range(count)]


def _add_each(rows: list[list[str]], times: Mapping[int, Times]) -> None:
    """Append milliseconds per picture to each row."""
    for row, (count, found) in zip(rows, times.items(), strict=True):
        row.append(f"{found.ms / count:.1f}")


def _add_shares(rows: list[list[str]], times: Sequence[Times], whole: Times) -> None:
    """Append milliseconds and their share of the whole to each row."""
    for row, found in zip(rows, times, strict=True):
        row += [f"{found.ms:.1f}", f"{100 * found.ms / whole.ms:.0f} %"]
