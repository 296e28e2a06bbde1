"""One iteration of adversarial training: which sub-generators play, what the discriminator is told, and the
losses of both sides (paper, section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from ...models.discriminator import Discriminator, architecture
from ...models.generator import Generator, Noise, mix
from ...models.layer_sizes import layer_count, layer_resolution
from ...models.widths import SubGenerator, WidthRule
from ..data.batches import Batch
from ..data.downsample import downsample
from ..networks.perceptual_part import Perceptual
from ..running import distributed
from ..running.draws import Draws
from ..running.layout import sent
from .adversarial import consistency, discriminator_loss, generator_loss, path_lengths, r1
from .mapping import mapped
from .sampling import draw_resolutions, draw_subs, draw_widths
from .stages import Stage
from .supervised import Targets

Maps = Literal["none", "random", "learned"]  # the noise maps of the game
PERCEPTUAL_SIDE = 256  # px: larger pictures are compared at this size, as in the paper


@dataclass(frozen=True)
class GeneratorLosses:
    """[losses]: weights, and how often (in steps) the two regularisers are added.

    `consistency` weighs Eq. 5 in stage 3, `distillation` the distance to the teacher in stage 2, and
    `perceptual` the perceptual part of both, which needs `features`: "lpips-alex" as in the paper,
    "lpips-vgg", or the file of an attribute network, whose distances are about ten times those of LPIPS.
    """

    r1: float = 10.0
    r1_every: int = 16
    path_length: float = 2.0
    path_every: int = 8
    mixing: float = 0.9
    consistency: float = 1.0
    distillation: float = 2.0
    perceptual: float = 0.1
    features: str = ""


class MixedZ(NamedTuple):
    """Drawn z [N, D] of a batch. With a `second`, styles from layer `crossover` on are its (mixing)."""

    first: Tensor
    second: Tensor | None = None
    crossover: int = 0


class Game:
    """The two networks and the rules that do not change from step to step.

    `teacher` is the trained generator that stage 2 is distilled from, if there is one; `features` the network
    of the perceptual losses.
    """

    def __init__(
        self,
        generator: Generator,
        discriminator: Discriminator,
        rule: WidthRule,
        losses: GeneratorLosses,
        *,
        noise: Maps,
        reduced: bool,
    ):
        self.generator, self.discriminator = generator, discriminator
        self.features: Perceptual | None = None
        self.teacher: Generator | None = None
        self.rule, self.losses = rule, losses
        self.noise, self.reduced = noise, reduced

    def players(self, stage: Stage, draws: Draws) -> list[SubGenerator]:
        """The sub-generators of one iteration, highest resolution first."""
        full = self.generator.channels
        if stage.adaptive:
            return draw_subs(draws.choices, stage.widths, self.rule, full, stage.resolutions, stage.ratios)
        sides = stage.resolutions
        if stage.kind == "multi-resolution":
            sides = draw_resolutions(draws.choices, stage.resolutions)
        return [SubGenerator(side, full[: layer_count(side)]) for side in sorted(sides, reverse=True)]

    def draw_z(self, stage: Stage, batch: Batch, draws: Draws) -> MixedZ:
        """Mixes two z's as often as `mixing` says, but never a z whose own picture is the target."""
        if stage.supervised and batch.z is not None:
            return MixedZ(batch.z)
        z = draws.normal(len(batch.pictures), 2, self.generator.style_dim)  # [N, 2, D]
        first, second = z.unbind(1)
        if draws.choices.random() >= self.losses.mixing:
            return MixedZ(first)
        return MixedZ(first, second, draws.choices.randrange(1, layer_count(stage.top)))

    @staticmethod
    def latents(generator: Generator, z: MixedZ) -> Tensor:
        """w+ [N, n_style, D] by a generator's own mapping."""
        if z.second is None:
            return mapped(generator.style, z.first)[:, None].expand(-1, generator.n_style, -1)
        both = mapped(generator.style, torch.cat([z.first, z.second]))  # [2 N, D]
        first, second = both[:, None].expand(-1, generator.n_style, -1).chunk(2)
        return mix(first, second, z.crossover)

    def noise_maps(self, stage: Stage, count: int, draws: Draws) -> Noise:
        """One map [N, 1, r, r] for each convolution up to the stage's resolution, shared by the players; or
        "none", or "constant" for the learned maps."""
        if self.noise != "random":
            return "constant" if self.noise == "learned" else "none"
        sides = (layer_resolution(k + 1) for k in range(layer_count(stage.top) - 1))
        return [draws.normal(count, 1, side, side) for side in sides]

    def drawn(
        self, players: list[SubGenerator], w: Tensor, noise: Noise, top: int = 0
    ) -> tuple[list[Tensor], Tensor | None]:
        """The players' pictures; and G(w), the full generator's of `top` px, without gradients, if asked for.

        Full players share one run, which stops at their highest resolution.
        """
        whole = [sub.resolution for sub in players if self._is_full(sub)]
        full = self._blocks(w, max(whole), noise) if whole else {}
        pictures = [
            full[sub.resolution]
            if self._is_full(sub)
            else self.generator(w, sub.resolution, sub.channels, self._first(noise, sub.resolution))
            for sub in players
        ]
        if not top or top in full:
            return pictures, full[top].detach() if top else None
        with torch.no_grad():
            return pictures, self.generator(w, top, noise=self._first(noise, top))

    def _is_full(self, sub: SubGenerator) -> bool:
        return sub.channels == self.generator.channels[: len(sub.channels)]

    def _blocks(self, w: Tensor, resolution: int, noise: Noise) -> dict[int, Tensor]:
        maps = self._first(noise, resolution)
        return {rgb.shape[-1]: rgb for rgb in self.generator.blocks(w, resolution, noise=maps)}

    @staticmethod
    def _first(noise: Noise, resolution: int) -> Noise:
        return noise if isinstance(noise, str) else noise[: layer_count(resolution) - 1]

    def judged(
        self, stage: Stage, pictures: list[Tensor], players: list[SubGenerator], codes: list[Tensor]
    ) -> list[Tensor]:
        """The discriminator's logits [N] for each player's pictures, or for all at once."""
        if stage.kind == "all-resolutions":
            return [
                self.discriminator.judge({p.shape[-1]: p for p in pictures}, self._code(codes[0], pictures))
            ]
        return [
            self.discriminator(picture, self._code(code, pictures), self._ratio(sub))
            for picture, sub, code in zip(pictures, players, codes, strict=True)
        ]

    def _code(self, code: Tensor, pictures: list[Tensor]) -> Tensor | None:
        if not self.discriminator.conditioned:
            return None
        return sent(code.tolist(), pictures[0].device).expand(len(pictures[0]), -1)

    def _ratio(self, sub: SubGenerator) -> float:
        """A reduced-channel discriminator keeps the same share of channels as the generator."""
        full = self.generator.channels[: len(sub.channels)]
        return sum(sub.channels) / sum(full) if self.reduced else 1.0

    def architectures(self, players: list[SubGenerator]) -> list[Tensor]:
        """g_arch [codes] of each player: the widths that actually run."""
        return [architecture(sub.channels, self.generator.channels) for sub in players]

    def random_architectures(self, stage: Stage, players: list[SubGenerator], draws: Draws) -> list[Tensor]:
        """g_arch for real pictures, which no generator drew: random widths at each player's resolution."""
        full = self.generator.channels
        if not stage.adaptive:
            return self.architectures(players)
        drawn = (draw_widths(draws.choices, stage.widths, self.rule, full, stage.ratios) for _ in players)
        return [
            architecture(channels[: len(sub.channels)], full)
            for channels, sub in zip(drawn, players, strict=True)
        ]

    def discriminator_losses(self, stage: Stage, batch: Batch, draws: Draws) -> dict[str, Tensor]:
        """The discriminator's losses, on pictures from new latents."""
        players = self.players(stage, draws)
        with torch.no_grad():
            w = self.latents(self.generator, self.draw_z(stage, batch, draws))
            noise = self.noise_maps(stage, len(batch.pictures), draws)
            pictures, _ = self.drawn(players, w, noise)
        reals = [downsample(batch.pictures, sub.resolution) for sub in players]
        fake = self.judged(stage, pictures, players, self.architectures(players))
        real = self.judged(stage, reals, players, self.random_architectures(stage, players, draws))
        parts = [discriminator_loss(r, f) for r, f in zip(real, fake, strict=True)]
        return {"d": torch.stack(parts).mean()}

    def r1_loss(self, stage: Stage, batch: Batch, draws: Draws) -> Tensor:
        """R1 on the real pictures of one player, or of all resolutions if they are judged at once."""
        players = self.players(stage, draws)
        if stage.kind != "all-resolutions":
            players = [draws.choices.choice(players)]
        reals = [downsample(batch.pictures, sub.resolution).requires_grad_() for sub in players]
        (logits,) = self.judged(stage, reals, players, self.random_architectures(stage, players, draws))
        return self.losses.r1 * self.losses.r1_every * r1(logits, reals)

    def generator_losses(self, stage: Stage, batch: Batch, draws: Draws) -> dict[str, Tensor]:
        """The generator's losses: the game, the consistency with G(w) in stage 3 (Eq. 5) or with the teacher
        in stage 2, and the world's pictures if the stage is supervised."""
        players = self.players(stage, draws)
        z = self.draw_z(stage, batch, draws)
        w = self.latents(self.generator, z)
        noise = self.noise_maps(stage, len(batch.pictures), draws)
        consistent = stage.adaptive and self.losses.consistency > 0
        pictures, full = self.drawn(players, w, noise, stage.top if consistent else 0)
        logits = self.judged(stage, pictures, players, self.architectures(players))
        found = {"g": torch.stack([generator_loss(part) for part in logits]).mean()}
        if full is not None:
            found["consistency"] = self.losses.consistency * self._apart(pictures, full)
        if self.teacher is not None:
            with torch.no_grad():
                taught = self.teacher(self.latents(self.teacher, z), stage.top, noise=noise)
            found["distillation"] = self.losses.distillation * self._apart(pictures, taught)
        if stage.supervised and batch.landmarks is not None:
            targets = Targets(batch)
            parts = [targets.painted_loss(picture) for picture in pictures]
            found["painted"] = stage.supervised * torch.stack(parts).mean()
        return found

    def _apart(self, pictures: list[Tensor], target: Tensor) -> Tensor:
        """How far pictures of several resolutions are from one [N, 3, R, R], reduced to theirs."""
        parts = []
        for picture in pictures:
            side = min(picture.shape[-1], PERCEPTUAL_SIDE)
            pair = downsample(picture, side), downsample(target, side)
            parts.append(consistency(*pair, self.features, self.losses.perceptual))
        return torch.stack(parts).mean()

    def path_loss(self, stage: Stage, batch: Batch, draws: Draws, mean: Tensor) -> tuple[Tensor, Tensor]:
        """Path-length regularisation (StyleGAN2, Eq. 4) on every second picture of the batch -> the loss and
        the new mean length."""
        count = len(batch.pictures)
        w = self.latents(self.generator, self.draw_z(stage, batch, draws))[::2]  # [N / 2, n_style, D]
        noise = self.noise_maps(stage, count, draws)
        noise = noise if isinstance(noise, str) else [m[::2] for m in noise]
        picture = self.generator(w, stage.top, noise=noise)  # [N / 2, 3, R, R]
        lengths = path_lengths(picture, w, draws.normal(count, *picture.shape[1:])[::2])
        joint = distributed.average({"length": lengths.detach().mean()})["length"]
        mean = mean.lerp(joint, 0.01)
        return self.losses.path_length * self.losses.path_every * (lengths - mean).square().mean(), mean
