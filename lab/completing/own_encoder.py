"""The step "encoder": trains an encoder on the generator's own pictures, whose latents are known."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import save
from torch import Tensor

from ...core.editing.perceptual import lpips_at_hand
from ...core.files.whole_file import write_bytes
from ...models.features import LAST, Features
from ...models.pack import Pack
from ..data.batches import Batch
from ..directions.svm import PSI
from ..measuring.subject import normals
from ..networks.encoding import EncoderLosses, EncoderSettings, EncoderTraining, Variety, finish
from ..networks.perceptual_part import LPIPS
from ..running import checkpoints, distributed, loop
from ..running.draws import Draws
from ..running.grids import save_sheet
from .amounts import batch_of
from .own_widths import number_type, seconds_per_step
from .step import Assignment, Step
from .together import say, wait

RUN, FEATURES = "generator", "features.safetensors"  # in the step's folder: what the settings name
SIDE = 256  # px that the encoder reads at most
STAGES = (16, 32, 64, 96, 160, 224)  # widths of a fresh backbone's stages, down to 4 px
FIRST_FIT, RATE = 2048, 1e-3
JUDGED, SEED = 32, 191


class OwnEncoder(EncoderTraining):
    """The encoder of a generator, trained on nothing but its pictures: see `EncoderTraining`."""

    def _check(self) -> None:
        """No data that could be wrong."""

    def batches(self, seen: int) -> Iterator[Batch]:
        """Batches without a pixel: the generator draws the pictures."""
        while True:
            yield Batch(torch.zeros(self.batch // distributed.world(), 3, 0, 0, device=self.device))

    def _pictures(self, batch: Batch, w: Tensor, draws: Draws) -> tuple[Tensor, Tensor]:
        return self._drawn(w), torch.ones(len(w), dtype=torch.bool, device=w.device)

    @torch.no_grad()
    def show(self, folder: Path, seen: int) -> None:
        """Pictures and how the generator redraws them."""
        _, picture, again, _ = self.judged()
        save_sheet([picture[:8], again[:8]], folder / f"samples-{seen:08d}.png")

    @torch.no_grad()
    def judged(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Unseen w [N, D], their pictures [N, 3, R, R], those redrawn by way of the encoder, and its w+."""
        w = self.generator.style(normals(JUDGED, self.generator.style_dim, SEED))
        w = self.encoder.mean_w + PSI * (w - self.encoder.mean_w)
        picture = torch.cat([self._drawn(part) for part in w.split(4)])
        self.encoder.eval()
        found = torch.cat([self.encoder(self._reduced(part)) for part in picture.split(4)])
        again = torch.cat([self.generator(part, noise="constant") for part in found.split(4)]).clamp(-1, 1)
        return w, picture, again, found

    def _reduced(self, picture: Tensor) -> Tensor:
        side = self.encoder.size
        smaller = side < picture.shape[-1]
        return F.interpolate(picture, (side, side), mode="bilinear", antialias=smaller, align_corners=False)

    def errors(self) -> tuple[float, float]:
        """Of the latents, over those of the mean latent; and the squared error of redrawn pictures."""
        w, picture, again, found = self.judged()
        away = (w - self.encoder.mean_w).square().mean()
        return float((found - w[:, None]).square().mean() / away), float((again - picture).square().mean())


def _skipped(given: Assignment) -> str:
    has = given.original.encoder_file is not None and STEP.name not in given.asked
    return "the pack has an encoder" if has else ""


def task_of(given: Assignment) -> OwnEncoder:
    """The training for the pack as it is now. What its settings name is written to the step's folder."""
    pack, folder = given.pack, given.folder
    if distributed.rank() == 0:
        checkpoints.save(folder / RUN / checkpoints.LAST, _run_of(pack))
        if pack.features_path is None and not (folder / FEATURES).exists():
            write_bytes(folder / FEATURES, save(_fresh(pack.resolution).state_dict()))
    wait()
    features = str(pack.features_path or folder / FEATURES)
    lpips = next((name for name, net in LPIPS.items() if lpips_at_hand([net])), "")
    looks = 1.0 if lpips or pack.features_path else 0.0  # a fresh network knows nothing of looks
    batch = batch_of(pack.resolution)
    return OwnEncoder(
        EncoderSettings(
            generator=str(folder / RUN),
            features=features,
            distance="" if pack.features_path else lpips,
            loss=EncoderLosses(
                perceptual=0.3 * looks, pixels=3.0, alpha=1.0, between=1.0, latents=1.0, delta=0.1
            ),
            variety=Variety(generated=1.0),
            backbone="stages",
            first_fit=-(-min(FIRST_FIT, given.sizes.encoder_pictures) // batch) * batch,
            resolutions=pack.resolutions,
            ratios=tuple(ratio for ratio in pack.ratios if ratio < 1) or (1.0,),
            pictures=-(-given.sizes.encoder_pictures // batch) * batch,
            batch=batch,
            learning_rate=RATE,
            precision=number_type(pack.resolution),
        )
    )


def _run_of(pack: Pack) -> dict[str, Any]:
    """The pack's generator as a run keeps it."""
    generator = pack.generator()
    shape = {
        "resolution": generator.resolution,
        "channels": list(generator.channels),
        "style_dim": generator.style_dim,
        "n_mlp": pack.n_mlp,
        "width_rule": pack.rule.kind,
    }
    return {"seen": 0, "task": {"architecture": shape, "average": generator.state_dict()}}


def _fresh(resolution: int) -> Features:
    """An untrained backbone for pictures of this size, or of SIDE px if they are larger."""
    torch.manual_seed(SEED)
    count = int(math.log2(min(resolution, SIDE) // LAST))
    return Features(1, STAGES[:count])


def _seconds(given: Assignment) -> float:
    task = task_of(given)
    steps = task.pictures / task.batch
    task.fitted = True
    return seconds_per_step(task, 2) * steps * 1.1  # and the first fit


def _run(given: Assignment) -> Mapping[str, Any]:
    task = task_of(given)
    before = task.errors()
    loop.run(task, given.folder, resume=(given.folder / checkpoints.LAST).exists(), minutes=given.minutes)
    after = task.errors()
    say(f"Latents' error, over the mean latent's: {before[0]:.2f} -> {after[0]:.2f}.")
    say(f"Squared error of redrawn pictures: {before[1]:.4f} -> {after[1]:.4f}.")
    path = given.folder / "encoder.onnx"
    if distributed.rank() == 0:
        finish(given.folder)
    wait()
    return {"encoder": (path, task.encoder.size)}


STEP = Step(
    "encoder",
    "pictures open at once: an encoder says which latent draws them",
    skipped=_skipped,
    seconds=_seconds,
    run=_run,
)
