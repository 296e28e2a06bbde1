"""For every rung of a network: its time beside the full rung's and the plain module's, how near its picture
is to the full one, and its memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...core.editing.perceptual import Measure
from ...core.errors import CoreError
from ...core.rendering.engines.engine import Engine
from ...core.rendering.engines.registry import Choice, open_engine
from ...models.widths import SubGenerator
from ..data.downsample import downsample
from ..measuring.consistency import psnr
from ..measuring.timing import Times, in_turns, one_after_another
from .benched import Benched
from .fresh import peak_bytes
from .roofline import SHORT

LATENTS = 4  # drawn in turn
PICTURES_S = 6.0  # for drawing the full pictures: a slow machine draws fewer than `LATENTS`
RUNG_S = 15.0  # per rung, on average: slow rungs get fewer rounds, but at least one

Told = Callable[[str], None]


@dataclass(frozen=True)
class Drawn:
    """A rung on its fastest engine: ms of the rung, the full rung and the plain module in the same rounds.

    `psnr` (dB, None for equal pictures) and `distance` (None without a measure) compare with the plain full
    picture, reduced to the rung's side.
    """

    rung: SubGenerator
    choice: Choice
    times: Times
    full_ms: float
    plain_ms: float
    psnr: float | None
    distance: float | None
    peak_bytes: int | None

    @property
    def gflops(self) -> float:
        """10^9 operations per second; a multiply-accumulate counts as two."""
        return 2 * self.rung.macs / self.times.ms / 1e6


def measure_rungs(
    network: Benched, places: Sequence[int], choices: Sequence[Choice], measure: Measure | None, told: Told
) -> list[Drawn]:
    """Measure the network's rungs at `places`, each with the fastest of `choices`; report progress to `told`.

    The last place must be the full rung's, because the others are compared with it.
    """
    ends = time.monotonic() + RUNG_S * len(places)
    latents = network.latents(LATENTS)
    pictures = _plain_pictures(network, latents)
    drawn, full = [], None
    for left in range(len(places), 0, -1):
        place = places[left - 1]
        rung = network.rungs[place]
        # half of a rung's time; pictures and memory take the other half
        limit = max(0.0, ends - time.monotonic()) / left / 2
        choice, engine, times = _fastest(network, rung, choices, full, latents, limit)
        if full is None:
            full = engine
            times["full"] = times[choice]
        one = Drawn(
            rung,
            choice,
            times[choice],
            times["full"].ms,
            times["plain"].ms,
            *_nearness(engine, latents[: len(pictures)], pictures, measure),
            peak_bytes(network, place, choice),
        )
        by = f"{choice.engine} in {SHORT[choice.precision]}"
        count = len(places)
        told(f"{count - left + 1} of {count}: {rung.title} takes {one.times.ms:.1f} ms by {by}")
        drawn.insert(0, one)
    return drawn


def picture_of(engine: Engine) -> Callable[[Tensor], Tensor]:
    """w [n_style, D] -> its picture [3, R, R], drawn and moved to where the core needs it."""

    def draw(w: Tensor) -> Tensor:
        picture = engine.draw(w)
        assert picture is not None
        return picture.cpu()

    return draw


def plain(network: Benched, rung: SubGenerator) -> Callable[[Tensor], Tensor]:
    """The reference: w [n_style, D] -> picture [3, R, R] by models/generator.py."""

    @torch.inference_mode()
    def draw(w: Tensor) -> Tensor:
        return network.generator(w[None], rung.resolution, rung.channels)[0]

    return draw


def _fastest(
    network: Benched,
    rung: SubGenerator,
    choices: Sequence[Choice],
    full: Engine | None,
    latents: Tensor,
    limit: float,
) -> tuple[Choice, Engine, dict[Choice | str, Times]]:
    engines = _opened(network, rung, choices)
    draws: dict[Choice | str, Callable] = {c: picture_of(engine) for c, engine in engines.items()}
    draws["plain"] = plain(network, rung)
    if full is not None:
        draws["full"] = picture_of(full)
    works = {key: one_after_another(draw, latents) for key, draw in draws.items()}
    times = in_turns(works, limit=limit)
    best = min(engines, key=lambda choice: times[choice].ms)
    return best, engines[best], times


def _opened(network: Benched, rung: SubGenerator, choices: Sequence[Choice]) -> dict[Choice, Engine]:
    """The engines that really work on this machine; CoreError if none does."""
    engines, why = {}, ""
    for choice in choices:
        try:
            engines[choice] = open_engine(choice, network.generator, rung, network.key)
        except Exception as error:  # anything a library may raise without its driver
            why = f'"{choice.engine}" does not work on this machine ({error}): take another engine.'
    if not engines:
        raise CoreError("bad-value", why)
    return engines


def _plain_pictures(network: Benched, latents: Tensor) -> Tensor:
    """The full generator's pictures [M, 3, R, R] in -1..1, of as many latents as `PICTURES_S` allows."""
    draw = plain(network, network.rungs[-1])
    ends = time.monotonic() + PICTURES_S
    pictures = [draw(latents[0])]
    pictures += [draw(w) for w in latents[1:] if time.monotonic() < ends]
    return torch.stack(pictures).clamp_(-1, 1)


@torch.inference_mode()
def _nearness(
    engine: Engine, latents: Tensor, pictures: Tensor, measure: Measure | None
) -> tuple[float | None, float | None]:
    """PSNR and perceptual distance between an engine's pictures and the full ones; see `Drawn`."""
    made = torch.stack([picture_of(engine)(w) for w in latents]).clamp_(-1, 1)  # [N, 3, r, r]
    wanted = downsample(pictures, engine.resolution)  # [N, 3, r, r]
    distance = None if measure is None else measure.apart(made, wanted).mean().item()
    return psnr((made - wanted).square().mean().item()), distance
