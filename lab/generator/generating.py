"""Trains a generator through the stages of its TOML file: the task that `loop.run` drives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from itertools import compress
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ...core.errors import CoreError
from ...models.discriminator import GROUP, Discriminator
from ...models.generator import Generator
from ...models.layer_sizes import layer_count
from ...models.widths import RuleKind, WidthRule
from ..data.batches import Batch, DataSettings, batches, check, unseen, unseen_z
from ..networks.perceptual_part import perceptual
from ..painter import STYLE_DIM
from ..running import distributed, precision
from ..running.averaging import Average
from ..running.best import Score
from ..running.draws import Draws
from ..running.grids import rungs, save_sheet
from ..running.layout import placed
from ..running.precision import Precision
from . import scoring, sorting
from .game import Game, GeneratorLosses, Maps
from .held_maps import hold_fields
from .mapping import LAYERS, hold_controls, mapped
from .muon import Muon
from .scoring import SnapshotSettings
from .stages import Stage, locate
from .starting import Start, carry, earlier, judge, taught
from .supervised import distillation

SHOWN = 8  # people on a sample sheet
MAP_RATE = 0.05  # share of the learning rate for noise maps: faster ones fade before kernels use them


@dataclass(frozen=True)
class Shape:
    """[generator]: `channels` has one count per layer; `from_` names a run to start from, and `teacher` one
    that stage 2 is distilled from in place of what was trained before it.

    `style_dim` is the number of a world's coordinates, 160 for heads, if a stage is supervised. `noise` is
    "none", "random" (new maps for each picture of the game) or "learned": the stored maps, which start as the
    painter's textures, or as zeros for heads; a warm start trains them too.
    """

    resolution: int
    channels: tuple[int, ...]
    style_dim: int = STYLE_DIM
    n_mlp: int = LAYERS
    width_rule: RuleKind = "proportional"
    noise: Maps = "none"
    from_: str = ""
    teacher: str = ""

    def __post_init__(self):
        if len(self.channels) != layer_count(self.resolution) or min(self.channels) < 1:
            needed = layer_count(self.resolution)
            raise ValueError(f"generator.channels needs {needed} counts for {self.resolution} px.")


@dataclass(frozen=True)
class DiscriminatorSettings:
    """[discriminator]: `channels` has one count for each of 4, 8, ..., R px.

    `from_` names a run, or a model file of another program, whose discriminator to start from. `widths` is
    "conditioned" (told g_arch), "same" (not told) or "reduced" (as narrow as the generator).
    """

    channels: tuple[int, ...] = ()
    widths: Literal["conditioned", "same", "reduced"] = "conditioned"
    from_: str = ""


@dataclass(frozen=True)
class Optimiser:
    """[optimiser]: Adam's learning rate in adversarial stages, and the average's half-life in thousands of
    pictures."""

    learning_rate: float = 0.002
    half_life: float = 10.0


@dataclass(frozen=True)
class GeneratorSettings:
    """A generator's TOML file. `batch` counts the pictures of a step over all processes."""

    generator: Shape
    stages: tuple[Stage, ...]
    discriminator: DiscriminatorSettings = DiscriminatorSettings()
    data: DataSettings = field(default_factory=DataSettings)
    losses: GeneratorLosses = field(default_factory=GeneratorLosses)
    optimiser: Optimiser = Optimiser()
    snapshots: SnapshotSettings = field(default_factory=SnapshotSettings)
    seed: int = 0
    batch: int = 8
    precision: Precision = "auto"

    def __post_init__(self):
        if not self.stages:
            raise ValueError("A run needs at least one [[stages]] table.")
        for stage in self.stages:
            self._check(stage)

    def _check(self, stage: Stage) -> None:
        side = self.generator.resolution
        if stage.top > side:
            raise ValueError(f"A stage trains {stage.top} px, but the generator ends at {side} px.")
        if stage.kind == "distil" or stage.supervised:
            self._check_world()
        if stage.perceptual and not self.losses.features:
            raise ValueError("A stage with `perceptual` needs losses.features: an attribute network's file.")
        if stage.kind == "distil" and self.generator.n_mlp != LAYERS:
            raise ValueError(f"A distilled generator needs n_mlp = {LAYERS}.")
        if stage.kind != "distil" and 4 << len(self.discriminator.channels) != 2 * side:
            raise ValueError(f"discriminator.channels needs one count for each of 4, 8, ... {side} px.")
        if stage.adaptive and self.discriminator.widths == "reduced" and stage.widths != "uniform":
            raise ValueError('A reduced-channel discriminator needs widths = "uniform".')

    def _check_world(self) -> None:
        """ValueError unless z is known and has the generator's size."""
        world, given = self.data.world, self.generator.style_dim
        if world is None:
            raise ValueError("Supervision needs painted portraits or rendered heads, not both, for their z.")
        wanted = world.controls.style_dim
        if given != wanted:
            raise ValueError(f"Supervision by {world.pictures} needs style_dim = {wanted}, not {given}.")


class Generating:
    """A generator, its average, a discriminator, their optimisers: see `loop.Task`."""

    def __init__(self, settings: GeneratorSettings):
        check(settings.data, settings.batch, max(stage.top for stage in settings.stages))
        _check_variety(settings)
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.batch = settings.batch
        self.pictures = sum(stage.pictures for stage in settings.stages)
        self.snapshot_every = settings.snapshots.every
        self.device = distributed.device()
        self.rule = WidthRule(settings.generator.width_rule)
        self.dtype = precision.chosen(settings.precision, self.device)
        self.generator = placed(_generator(settings))
        self.average = Average(self.generator, settings.optimiser.half_life)
        self.discriminator = placed(_discriminator(settings))
        self.game = Game(
            self.generator,
            self.discriminator,
            self.rule,
            settings.losses,
            noise=settings.generator.noise,
            reduced=settings.discriminator.widths == "reduced",
        )
        self.stage = -1
        self.trained = False  # before this run
        self.path_mean = torch.zeros((), device=self.device)
        self.lazy: dict[str, Tensor] = {}  # the regularisers' last values
        self._begin(0)
        if settings.generator.from_:
            self.start_from(earlier(Path(settings.generator.from_), asdict(settings.generator)))
        if settings.discriminator.from_:
            carry(judge(Path(settings.discriminator.from_)), self.discriminator)

    # stages

    def enter(self, seen: int) -> tuple[Stage, int]:
        """The stage at position `seen`, started if it is new, and how many of its pictures are done."""
        index, done = locate(self.settings.stages, seen)
        if index != self.stage:
            self._begin(index)
        return self.settings.stages[index], done

    def _begin(self, index: int) -> None:
        """Starts a stage with new optimisers, and with sorted channels if it asks for them."""
        self.stage = index
        stage = self.settings.stages[index]
        if stage.adaptive and stage.sort:
            self._sort()
        losses = self.settings.losses
        self.game.teacher = None
        if stage.kind == "multi-resolution" and losses.distillation:
            self.game.teacher = self._teacher(index)
        compared = stage.adaptive or self.game.teacher is not None
        if (compared and losses.features) or stage.perceptual:
            # only now: earlier stages do not need the file to exist
            self.game.features = perceptual(losses.features)
        self.lazy = {}
        every = losses.path_every if self._regularises_paths(stage) else 0
        distil = stage.kind == "distil"
        kernels, rest = _distilled(self.generator) if distil else ([], self.generator.parameters())
        self.optimisers: dict[str, torch.optim.Optimizer] = {
            "generator": _adam(rest, (0.9, 0.99) if distil else (0.0, 0.99), every),
            "discriminator": _adam(self.discriminator.parameters(), (0.0, 0.99), losses.r1_every),
        }
        if kernels:
            self.optimisers["kernels"] = Muon(kernels)
        if self.settings.generator.noise == "learned":
            self._hold_maps(learned=distil)

    def _teacher(self, index: int) -> Generator | None:
        """What a stage 2 is distilled from: the run that is named, or else what was trained before it."""
        shape = self.settings.generator
        if shape.teacher:
            return placed(taught(Path(shape.teacher), shape.resolution, shape.style_dim))
        return deepcopy(self.average.network).requires_grad_(False) if index or self.trained else None

    def _regularises_paths(self, stage: Stage) -> bool:
        """A generator that is held to a trained one keeps that one's path lengths (supplementary B.1)."""
        held = stage.kind in ("distil", "adaptive-channel") or self.game.teacher is not None
        return self.settings.losses.path_length > 0 and not held

    def start_from(self, start: Start, seen: int = 0) -> None:
        """Starts with trained networks at position `seen`, in place of fresh ones."""
        self.generator.load_state_dict(start.generator)
        self.average.network.load_state_dict(start.average)
        if start.discriminator is not None and _plays(self.settings):
            carry(start.discriminator, self.discriminator)
        self.trained = True
        self._begin(locate(self.settings.stages, seen)[0])

    def _hold_maps(self, learned: bool) -> None:
        """Fills noise maps with textures or zeros at first; only warm starts train them."""
        for network in (self.generator, self.average.network):
            hold_fields(network, painted=self.settings.data.kind == "portraits")
        maps = [found.requires_grad_(learned) for found in self.generator.noises.buffers()]
        if learned:
            self.optimisers["generator"].add_param_group({"params": maps, "lazy": MAP_RATE})

    def _sort(self) -> None:
        places = sorting.order(self.generator)
        sorting.permute(dict(self.generator.named_parameters()), places)
        sorting.permute(dict(self.average.network.named_parameters()), places)

    # loop.Task

    def batches(self, seen: int) -> Iterator[Batch]:
        settings = self.settings
        while True:
            index, done = locate(settings.stages, seen)
            stage = settings.stages[index]
            finest = settings.generator.resolution
            free = stage.kind == "distil" and settings.data.correlated
            source = batches(settings.data, stage.top, settings.batch, settings.seed, seen, finest, free)
            last = index == len(settings.stages) - 1
            for batch in source:
                yield batch
                seen, done = seen + settings.batch, done + settings.batch
                if done >= stage.pictures and not last:
                    break

    def step(self, batch: Batch, seen: int) -> dict[str, Tensor]:
        stage, done = self.enter(seen)
        self._set_rates(stage, done / stage.pictures)
        losses = (
            self._distil(stage, batch, seen) if stage.kind == "distil" else self._play(stage, batch, seen)
        )
        self.average.update(self.generator, self.batch, seen + self.batch)
        return losses

    def _set_rates(self, stage: Stage, done: float) -> None:
        rate = stage.rate(done, self.settings.optimiser.learning_rate)
        for optimiser in self.optimisers.values():
            for group in optimiser.param_groups:
                group["lr"] = rate * group.get("lazy", 1.0)

    def _distil(self, stage: Stage, batch: Batch, seen: int) -> dict[str, Tensor]:
        draws = Draws(self.settings.seed, seen, "distil", self.device)
        noise = "constant" if self.settings.generator.noise == "learned" else "none"
        with precision.autocast(self.dtype, self.device):
            losses = distillation(
                self.generator, self.rule, stage, batch, draws, self.game.features, noise=noise
            )
        self._descend(torch.stack(list(losses.values())).sum(), "generator", "kernels")
        return losses

    def _play(self, stage: Stage, batch: Batch, seen: int) -> dict[str, Tensor]:
        """One step of each side; regularisers take separate steps, less often (lazy regularisation)."""
        losses, count = self.settings.losses, seen // self.batch
        _train_only(self.discriminator, self.generator)
        with precision.autocast(self.dtype, self.device):
            d = self.game.discriminator_losses(stage, batch, self._draws(seen, "d"))
        self._descend(d["d"], "discriminator")
        if losses.r1 and count % losses.r1_every == 0:
            penalty = self.game.r1_loss(stage, batch, self._draws(seen, "r1"))
            self._descend(penalty, "discriminator")
            self.lazy["r1"] = penalty.detach() / losses.r1_every
        _train_only(self.generator, self.discriminator)
        with precision.autocast(self.dtype, self.device):
            g = self.game.generator_losses(stage, batch, self._draws(seen, "g"))
        self._descend(torch.stack(list(g.values())).sum(), "generator")
        if self._regularises_paths(stage) and count % losses.path_every == 0:
            draws = self._draws(seen, "path")
            penalty, self.path_mean = self.game.path_loss(stage, batch, draws, self.path_mean)
            self._descend(penalty, "generator")
            self.lazy["path"] = penalty.detach() / losses.path_every
        return {**d, **g, **self.lazy}

    def _draws(self, seen: int, purpose: str) -> Draws:
        return Draws(self.settings.seed, seen, purpose, self.device)

    def _descend(self, loss: Tensor, *names: str) -> None:
        optimisers = [self.optimisers[name] for name in names]
        for optimiser in optimisers:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()
        groups = [group for optimiser in optimisers for group in optimiser.param_groups]
        distributed.average_gradients(parameter for group in groups for parameter in group["params"])
        for optimiser in optimisers:
            optimiser.step()

    def state(self) -> dict[str, Any]:
        shape = self.settings.generator
        return {
            "architecture": {**asdict(shape), "channels": list(shape.channels)},
            "stage": self.stage,
            "stages": [asdict(stage) for stage in self.settings.stages],
            "data": asdict(self.settings.data),
            "generator": self.generator.state_dict(),
            "average": self.average.network.state_dict(),
            "discriminator": self.discriminator.state_dict() if _plays(self.settings) else None,
            "optimisers": {name: optimiser.state_dict() for name, optimiser in self.optimisers.items()},
            "teacher": self.game.teacher.state_dict() if self.game.teacher else None,
            "trained": self.trained,
            "path_mean": self.path_mean,
            "lazy": self.lazy,
            "precision": str(self.dtype).removeprefix("torch."),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continues from a state; CoreError if its generator or discriminator differs."""
        kept = self.settings.generator
        elsewhere = {"from_": "", "teacher": ""}
        if {**state["architecture"], **elsewhere} != {
            **asdict(kept),
            "channels": list(kept.channels),
            **elsewhere,
        }:
            raise CoreError("bad-value", "The run's [generator] differs from the one in its TOML file.")
        self.trained = state["trained"]
        self._begin(state["stage"])  # the checkpoint's weights, already sorted, replace what this sorts
        if self.game.teacher is not None:
            self.game.teacher.load_state_dict(state["teacher"])
        try:
            if _plays(self.settings):
                self.discriminator.load_state_dict(state["discriminator"] or {})
        except RuntimeError:
            raise CoreError(
                "bad-value", "The run's [discriminator] differs from the one in its TOML file."
            ) from None
        self.generator.load_state_dict(state["generator"])
        self.average.network.load_state_dict(state["average"])
        for name, optimiser in self.optimisers.items():
            optimiser.load_state_dict(state["optimisers"][name])
        self.path_mean = state["path_mean"].to(self.device)
        self.lazy = {name: value.to(self.device) for name, value in state["lazy"].items()}
        self.dtype = precision.NAMES[state["precision"]]

    # best.Scored

    def score(self) -> Score | None:
        return scoring.score(self.average.network, self.settings, self.stage, self.settings.snapshots.samples)

    def snapshot(self) -> dict[str, Any]:
        return scoring.snapshot(self.state())

    @torch.no_grad()
    def show(self, folder: Path, seen: int) -> None:
        """A sheet of the averaged generator's rungs, below the world's pictures if they are known."""
        network, shape, data = self.average.network, self.settings.generator, self.settings.data
        stage = self.settings.stages[self.stage]
        if data.world and data.world.controls.style_dim == shape.style_dim:
            z, *truth = unseen(data, data.world, stage.top, SHOWN)
        else:
            z, truth = unseen_z(SHOWN, shape.style_dim), []
        w = mapped(network.style, z)[:, None].expand(-1, network.n_style, -1)  # [N, n_style, D]
        noise = "none" if shape.noise == "none" else "constant"
        adapted = stage.adaptive or stage.kind == "distil"
        ratios = sorted({1.0, *stage.ratios}) if adapted else [1.0]
        with precision.autocast(self.dtype, self.device):
            rows = rungs(network, self.rule, w, stage.resolutions, ratios, noise)
        save_sheet([*truth, *rows], folder / f"samples-{seen:08d}.png")


def _generator(settings: GeneratorSettings) -> Generator:
    shape = settings.generator
    generator = Generator(shape.resolution, shape.channels, shape.style_dim, shape.n_mlp)
    if settings.stages[0].kind == "distil" and settings.data.world is not None:
        hold_controls(generator.style, settings.data.world.controls)
    return generator


def _plays(settings: GeneratorSettings) -> bool:
    """Whether there is a game, and so a discriminator."""
    return any(stage.kind != "distil" for stage in settings.stages)


def _check_variety(settings: GeneratorSettings) -> None:
    """The discriminator compares groups of neighbours, which must not be split over processes."""
    if not _plays(settings):
        return
    if settings.batch < 2:
        raise CoreError("bad-value", "The discriminator compares pictures: write batch = 2 or more.")
    each = settings.batch // distributed.world()
    if distributed.world() > 1 and each % GROUP:
        text = (
            f"A batch of {settings.batch} leaves each of {distributed.world()} processes {each}, but the "
            f"discriminator compares {GROUP} at a time: write batch = {GROUP * distributed.world()} or a "
            "multiple of it."
        )
        raise CoreError("bad-value", text)


def _discriminator(settings: GeneratorSettings) -> Discriminator:
    judge = settings.discriminator
    played = [stage for stage in settings.stages if stage.kind != "distil"]
    sides = sorted({side for stage in played for side in stage.resolutions})
    conditioned = judge.widths == "conditioned" and any(stage.adaptive for stage in played)
    return (
        Discriminator(judge.channels, sides, conditioned=conditioned) if played else Discriminator((1,), (4,))
    )


def _distilled(generator: Generator) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """What a warm start trains: the 3 x 3 kernels, and the rest, except the mapping, which holds the
    painter's controls, and the noise maps' strengths, which would fall to 0 before the maps are used."""
    trained = [
        parameter
        for name, parameter in generator.named_parameters()
        if not name.startswith("style.") and not name.endswith("noise.weight")
    ]
    wide = [p.ndim == 5 and p.shape[-1] > 1 for p in trained]  # a kernel is [1, O, I, k, k]
    return list(compress(trained, wide)), list(compress(trained, (not is_wide for is_wide in wide)))


def _adam(parameters: Iterable[Tensor], betas: tuple[float, float], every: int) -> torch.optim.Adam:
    """Adam. A regulariser with a separate step every `every` steps needs lazy regularisation's correction:
    rate and betas for the extra steps."""
    lazy = every / (every + 1) if every else 1.0
    corrected = (betas[0] ** lazy, betas[1] ** lazy)
    return torch.optim.Adam([{"params": list(parameters), "lazy": lazy}], lr=0.0, betas=corrected, eps=1e-8)


def _train_only(one: nn.Module, other: nn.Module) -> None:
    one.requires_grad_(True)
    other.requires_grad_(False)
