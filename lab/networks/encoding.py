"""Trains the encoder (paper, Eq. 6): picture -> w+ from which the full generator *and* a sub-generator
redraw it: `anycost train configs/encoder.toml`.

Eq. 6:  E* = argmin  l(G(E(x)), x) + alpha l(G^k_C(E(x)), x)

l is a perceptual distance plus the mean squared error; x are real pictures and the generator's own, some
mirrored, recoloured or grey.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...core.editing.torchvision_import import import_torchvision
from ...core.errors import CoreError
from ...models.encoder import Encoder
from ...models.features import Features, load_features
from ...models.generator import Generator
from ...models.layer_sizes import layer_count
from ..data.augment import grain, jitter, shift, soften
from ..data.batches import Batch, DataSettings, batches, check, unseen
from ..data.downsample import downsample
from ..generator.sampling import draw_widths
from ..running import checkpoints, distributed, precision
from ..running.descent import Descent
from ..running.draws import Draws
from ..running.grids import save_sheet
from ..running.layout import placed
from ..running.precision import Precision
from ..running.task import Training
from .export import export_encoder
from .perceptual_part import perceptual

RESNETS = {"resnet18": 512, "resnet34": 512, "resnet50": 2048}  # features per picture
Backbone = Literal["stages", "resnet18", "resnet34", "resnet50"]
RIDGE = 3e-2  # relative to the first fit's mean square
SHOWN = 8


@dataclass(frozen=True)
class EncoderLosses:
    """[loss]: weights of the two parts of Eq. 6's l, its alpha (1 in the paper), and four more terms.

    `attributes` makes the attribute network read the same from both drawings as from the picture, as an
    identity network does for photographs. `between` holds the sub-generator's drawing to the full one's.
    `latents` pulls w+ to the w of pictures whose w is known: the generator's own, and a world's if the
    generator was distilled from it. `delta` (e4e) keeps the styles of one w+ close together, so that
    encoded pictures can be edited.
    """

    perceptual: float = 1.0
    pixels: float = 1.0
    alpha: float = 1.0
    attributes: float = 0.0
    between: float = 0.0
    latents: float = 0.0
    delta: float = 0.0


@dataclass(frozen=True)
class Variety:
    """[variety]: shares of the pictures that the generator draws, and that are mirrored, recoloured, grey."""

    generated: float = 0.5
    mirrored: float = 0.5
    jittered: float = 0.3
    grey: float = 0.05


@dataclass(frozen=True)
class EncoderSettings:
    """An encoder's TOML file.

    `generator` is the folder of the generator's run, `features` the file of an attribute network, which the
    backbone "stages" and loss.attributes need. `distance` is what measures loss.perceptual: "lpips-alex" (the
    paper's), "lpips-vgg" or, by default, the attribute network, whose distances are ten times as large.
    `backbone` is "stages" (the attribute network's, with its weights) or "resnet18", "resnet34" or
    "resnet50", which read `side` px. `first_fit` pictures give "stages" its first linear layer. A
    sub-generator has one of the `resolutions` (px) and `ratios`. `batch` counts the pictures of a step over
    all processes.
    """

    generator: str
    features: str = ""
    distance: str = ""
    data: DataSettings = field(default_factory=DataSettings)
    loss: EncoderLosses = EncoderLosses()
    variety: Variety = Variety()
    backbone: Backbone = "stages"
    side: int = 256
    first_fit: int = 8192
    resolutions: tuple[int, ...] = (32, 64, 128)
    ratios: tuple[float, ...] = (0.25, 0.5, 0.75)
    pictures: int = 40_000
    batch: int = 16
    learning_rate: float = 1e-3
    seed: int = 0
    precision: Precision = "auto"

    def __post_init__(self):
        if not self.resolutions or not all(0 < ratio <= 1 for ratio in self.ratios) or not self.ratios:
            raise ValueError("Sub-generators need at least one of `resolutions` and of `ratios` (0 to 1).")
        if not self.features and (self.backbone == "stages" or self.loss.attributes):
            raise ValueError('"stages" and loss.attributes need an attribute network: `features`.')
        if not self.features and not self.distance:
            raise ValueError('loss.perceptual needs `features`, or `distance` = "lpips-alex".')


def mean_w(generator: Generator) -> Tensor:
    """The mean w [D] of the population."""
    z = torch.randn(8192, generator.style_dim, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        return generator.style(z.to(generator.input.input.device)).mean(0)


def build(backbone: Backbone, size: int, n_style: int, mean: Tensor, widths: tuple[int, ...]) -> Encoder:
    """An untrained encoder; `widths` are those of the backbone "stages"."""
    if backbone == "stages":
        return Encoder(size, n_style, mean, widths)
    import_torchvision()
    trunk = getattr(import_module("torchvision.models"), backbone)(weights=None)
    trunk.fc = nn.Identity()
    return Encoder(size, n_style, mean, backbone=(trunk, RESNETS[backbone]))


class EncoderTraining(Training[EncoderSettings]):
    """The encoder and its optimiser; the generator and attribute network stay fixed: see `loop.Task`."""

    def __init__(self, settings: EncoderSettings):
        super().__init__(settings)
        trained = _trained(settings.generator)
        self.rule = trained.rule
        self.generator = trained.generator.to(self.device)
        self.features = placed(_features(settings.features)) if settings.features else None
        self.looks = perceptual(settings.distance or settings.features)
        self.encoder = placed(self._fresh())
        self.descent = Descent(self.encoder.parameters(), settings.learning_rate, settings.pictures)
        z = torch.randn(1024, trained.generator.style_dim).to(self.device)
        self.spread = self.generator.style(z).var(dim=0).mean()  # of w: the unit for distances between w's
        self.fitted = settings.backbone != "stages"  # whose linear layer is fitted first
        self._check()

    def _check(self) -> None:
        settings, top = self.settings, self.generator.resolution
        if max(settings.resolutions) > top:
            raise CoreError("bad-value", f"The generator draws up to {top} px: choose lower `resolutions`.")
        check(settings.data, settings.batch, top)
        world = settings.data.world
        if settings.loss.latents and settings.data.painted:
            text = "loss.latents needs painted portraits or rendered heads, not both, for their z."
            raise CoreError("bad-value", text)
        if settings.loss.latents and world and self.generator.style_dim != world.controls.style_dim:
            text = f"loss.latents needs a generator distilled from {world.pictures}."
            raise CoreError("bad-value", text)

    def _fresh(self) -> Encoder:
        settings, generator = self.settings, self.generator
        features = self.features if settings.backbone == "stages" else None
        stages = [] if features is None else features.stages
        self.widths = tuple(stage[0].out_channels for stage in stages)  # type: ignore[index]
        size = settings.side if features is None else features.side
        encoder = build(settings.backbone, size, generator.n_style, mean_w(generator), self.widths)
        if features is not None:
            encoder.trunk.load_state_dict(features.stages.state_dict())
        if self.device.type == "cuda" and distributed.world() > 1:
            # a ResNet then normalises by the joint batch (on CPUs, each process by its own)
            encoder.trunk = nn.SyncBatchNorm.convert_sync_batchnorm(encoder.trunk)
        return encoder

    # loop.Task

    def batches(self, seen: int) -> Iterator[Batch]:
        return batches(
            self.settings.data, self.generator.resolution, self.batch, 300 + self.settings.seed, seen
        )

    def step(self, batch: Batch, seen: int) -> dict[str, Tensor]:
        if not self.fitted:
            self._fit()
            self.fitted = True
        draws = Draws(self.settings.seed, seen, "encoder", self.device)
        picture, w, known = self._examples(batch, draws)
        self.encoder.train()
        with precision.autocast(self.dtype, self.device):
            offsets = self.encoder.offsets(self._looked_at(picture, draws)).float()  # [N, n_style, D]
            terms = self._reconstruction(self.encoder.mean_w + offsets, picture, draws)
        weights = self.settings.loss
        away = (self.encoder.mean_w + offsets - w[:, None]).square().mean(dim=(1, 2)) / self.spread  # [N]
        terms["latents"] = weights.latents * (away * known).mean()
        delta = offsets - offsets.mean(dim=1, keepdim=True)
        terms["delta"] = weights.delta * delta.square().mean() / self.spread
        self.descent.step(torch.stack(list(terms.values())).sum(), seen)
        return terms

    @torch.no_grad()
    def _examples(self, batch: Batch, draws: Draws) -> tuple[Tensor, Tensor, Tensor]:
        """Pictures [N, 3, R, R] to encode, w [N, D], and whether it is the pictures' w [N]."""
        variety, count = self.settings.variety, len(batch.pictures)
        painted_w = batch.z is not None and bool(self.settings.loss.latents)
        z = batch.z if painted_w else draws.normal(count, self.generator.style_dim)
        w = self.generator.style(z)  # [N, D]
        picture, own = self._pictures(batch, w, draws)
        mirrored, jittered, grey = (
            draws.uniform(count) < share for share in (variety.mirrored, variety.jittered, variety.grey)
        )
        picture = torch.where(_each(mirrored), picture.flip(3), picture)
        picture = torch.where(_each(jittered), jitter(picture, draws).clamp(-1, 1), picture)
        picture = torch.where(_each(grey), picture.mean(1, keepdim=True), picture)
        known = (own | painted_w) & ~(mirrored | jittered | grey)
        return picture, w, known.float()

    def _pictures(self, batch: Batch, w: Tensor, draws: Draws) -> tuple[Tensor, Tensor]:
        """Pictures [N, 3, R, R], a share of which are those of w [N, D], and whether each is [N]."""
        own = draws.uniform(len(w)) < self.settings.variety.generated
        picture = batch.pictures.clone()
        picture[own] = self._drawn(w[own])
        return picture, own

    def _drawn(self, w: Tensor) -> Tensor:
        """w [N, D] -> the full generator's pictures [N, 3, R, R] in -1..1."""
        if len(w) == 0:
            return w.new_zeros(0, 3, self.generator.resolution, self.generator.resolution)
        with precision.autocast(self.dtype, self.device):
            picture = self.generator(w[:, None].expand(-1, self.generator.n_style, -1), noise="constant")
        return picture.float().clamp(-1, 1)

    def _looked_at(self, picture: Tensor, draws: Draws) -> Tensor:
        """Pictures as the encoder gets them: cropped slightly off, soft, grainy, at its size."""
        picture = grain(soften(shift(picture, draws, 0.7), draws, 0.7), draws, 0.7)
        return _resized(picture, self.encoder.size).contiguous(memory_format=torch.channels_last)

    def _reconstruction(self, latents: Tensor, picture: Tensor, draws: Draws) -> dict[str, Tensor]:
        """Redraws pictures [N, 3, R, R] with G and one G^k_C: Eq. 6's two terms, and two more."""
        settings, full = self.settings, self.generator.channels
        side = draws.choices.choice(settings.resolutions)
        channels = draw_widths(draws.choices, "uniform", self.rule, full, settings.ratios)[
            : layer_count(side)
        ]
        again = self.generator(latents, noise="constant")  # [N, 3, R, R]
        sub = self.generator(latents, side, channels, noise="constant")  # [N, 3, r, r]
        of_full, read_full = self._compared(again, picture)
        of_sub, read_sub = self._compared(sub, downsample(picture, side))
        between = F.mse_loss(sub.float(), downsample(again.float(), side))
        return {
            "full": of_full,
            "sub": settings.loss.alpha * of_sub,
            "attributes": settings.loss.attributes * (read_full + read_sub),
            "between": settings.loss.between * between,
        }

    def _compared(self, drawn: Tensor, picture: Tensor) -> tuple[Tensor, Tensor]:
        """Eq. 6's l, and the mean squared difference of the attributes read (in deviations)."""
        weights, read = self.settings.loss, self.features
        distance = weights.perceptual * self.looks.distance(drawn, picture).mean()
        distance = distance + weights.pixels * F.mse_loss(drawn.float(), picture)
        if read is None or not weights.attributes:
            return distance, distance.new_zeros(())
        return distance, F.mse_loss(read(drawn).float(), read(picture).float())

    @torch.no_grad()
    def _fit(self) -> None:
        """Sets the linear layer to the one that best reads w from the generator's own pictures."""
        self.encoder.eval()
        settings, encoder, size = self.settings, self.encoder, self.encoder.latents.in_features + 1
        sums = torch.zeros(size, size + self.generator.style_dim, device=self.device)  # x x^T, x w^T
        for seen in range(0, settings.first_fit, settings.batch):
            draws = Draws(settings.seed, seen, "first fit", self.device)
            w = self.generator.style(draws.normal(settings.batch // distributed.world(), len(encoder.mean_w)))
            with precision.autocast(self.dtype, self.device):
                x = encoder.trunk(self._looked_at(self._drawn(w), draws)).float()
            x = F.pad(x, (0, 1), value=1.0)  # [N, F + 1], the last for the bias
            sums += x.T @ torch.cat([x, w - encoder.mean_w], dim=1)
        gram, moment = distributed.average({"sums": sums})["sums"].split([size, len(encoder.mean_w)], dim=1)
        gram = gram + RIDGE * gram.diagonal().mean() * torch.eye(size, device=self.device)
        solution = torch.linalg.solve(gram, moment).T  # [D, F + 1]
        encoder.latents.weight.copy_(solution[:, :-1].repeat(self.generator.n_style, 1))
        encoder.latents.bias.copy_(solution[:, -1].repeat(self.generator.n_style))

    def state(self) -> dict[str, Any]:
        return {
            "backbone": self.settings.backbone,
            "widths": list(self.widths),
            "encoder": self.encoder.state_dict(),
            "size": self.encoder.size,
            "n_style": self.encoder.n_style,
            "descent": self.descent.state(),
            "precision": str(self.dtype).removeprefix("torch."),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continues from a state; CoreError if its encoder differs."""
        try:
            self.encoder.load_state_dict(state["encoder"])
        except RuntimeError:
            raise CoreError("bad-value", "The run's encoder differs from the one in its TOML file.") from None
        self.fitted = True
        self.descent.restore(state["descent"])
        self.dtype = precision.NAMES[state["precision"]]

    @torch.no_grad()
    def show(self, folder: Path, seen: int) -> None:
        """Pictures, unseen ones of a world, and how the full generator and two sub-generators redraw them."""
        data, side = self.settings.data, self.generator.resolution
        if data.world:
            _, picture = unseen(data, data.world, side, SHOWN)
        else:
            picture = next(batches(data, side, self.batch, 97, 0)).pictures[:SHOWN]
        self.encoder.eval()
        latents = self.encoder(_resized(picture, self.encoder.size))
        full = self.generator.channels
        rows = [picture, self.generator(latents, noise="constant")]
        for ratio in (0.5, 0.25):
            rows.append(self.generator(latents, channels=self.rule.expand(full, ratio), noise="constant"))
        save_sheet(rows, folder / f"samples-{seen:08d}.png")


def _each(chosen: Tensor) -> Tensor:
    return chosen.view(-1, 1, 1, 1)


def _resized(picture: Tensor, side: int) -> Tensor:
    """[N, 3, R, R] -> [N, 3, side, side], antialiased."""
    smaller = side < picture.shape[-1]
    return F.interpolate(picture, (side, side), mode="bilinear", antialias=smaller, align_corners=False)


def _trained(folder: str) -> checkpoints.Trained:
    try:
        return checkpoints.trained(Path(folder))
    except (OSError, KeyError):
        raise CoreError("bad-value", f'generator: there is no run of a generator in "{folder}".') from None


def _features(path: str) -> Features:
    try:
        return load_features(Path(path))
    except (OSError, ValueError) as error:
        raise CoreError("bad-value", f'features: "{path}" cannot be read ({error}).') from None


def finish(folder: Path) -> Path:
    """Writes `folder`/encoder.onnx from the run in it; `export.picture_side` tells the size it reads."""
    kept = checkpoints.load(folder / checkpoints.LAST)["task"]
    weights, size = kept["encoder"], kept["size"]
    encoder = build(kept["backbone"], size, kept["n_style"], weights["mean_w"], tuple(kept["widths"]))
    encoder.load_state_dict(weights)
    path = folder / "encoder.onnx"
    export_encoder(encoder, size, path)
    return path
