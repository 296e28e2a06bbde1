"""Trains the reader of heads (`models/head_reader.py`) on rendered heads, with all their labels, and on
painted portraits, of which a few points are known: `anycost train configs/head_reader.toml`.

Both are shown turned, scaled and in all kinds of media, because what is read later is neither rendered nor
painted by us.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ...core.errors import CoreError
from ...models.head_points import KEYS, POINTS
from ...models.head_reader import GRID, PARTS, SIDE, Answers, HeadReader
from ..data.augment import vignetted
from ..data.head_cache import CachedHeads
from ..data.head_crops import UNKNOWN, HeadCrops, Views, Whole, head_crops
from ..data.head_pool import HeadPool
from ..data.painted import PaintedBatches
from ..data.replay import repeated
from ..data.style import occluded, stylised
from ..painter import LANDMARKS
from ..running import checkpoints, precision
from ..running.averaging import Average
from ..running.descent import Descent
from ..running.draws import Draws
from ..running.grids import save_sheet
from ..running.layout import placed, sent
from ..running.precision import Precision
from ..running.task import Training
from ..worlds import NAMED
from .export import export_head_reader
from .head_errors import head_errors, unseen_crops
from .head_sheets import coloured, with_points
from .standardised import fold, standardise

PAINTED_SIDE = 128  # px of the painted portraits
REPEATS = 4  # views of each
SKETCHES = 0.15  # share of the painted portraits that fade into paper
OCCLUDED = 0.15  # share of the crops with something in front
BELL = 0.8  # cells: how far around a point its heat reaches
HALF_LIFE = 4.0  # of the averaged network, in thousands of pictures
SHOWN = 8
# Points from which a face's place is taken count more
HEAVY, HEAVIER = (33, 133, 159, 145, 362, 263, 386, 374, 1, 61, 291, 152), 4.0
# Small parts count more
PART_WEIGHTS = {
    "brow": 2.5,
    "eye_white": 4.0,
    "iris": 4.0,
    "lips": 2.5,
    "mouth": 3.0,
    "teeth": 3.0,
    "ear": 1.5,
    "beard": 3.0,
    "glasses": 4.0,
    "hat": 2.0,
    "other": 2.0,
}


@dataclass(frozen=True)
class HeadReaderSettings:
    """A head reader's TOML file.

    `caches` are folders of rendered heads, whose first shard is kept for measuring. A share `painted` of a
    batch are painted portraits. `pictures` counts all crops that are shown, `batch` those of a step over all
    processes. `style` is how strongly other hands show them; the other numbers weigh the losses.
    """

    caches: tuple[str, ...]
    painted: float = 0.15
    pictures: int = 400_000
    batch: int = 32
    learning_rate: float = 2e-3
    points: float = 1.0
    heat: float = 0.2
    relief: float = 2.0
    parts: float = 2.5
    face_map: float = 5.0
    score: float = 0.3
    style: float = 1.0
    seed: int = 0
    precision: Precision = "auto"

    def __post_init__(self):
        if not self.caches or not 0 <= self.painted < 1:
            raise ValueError("A head reader needs `caches`, and `painted` is a share below 1.")

    @property
    def portraits(self) -> int:
        """Painted portraits of a joint batch."""
        return round(self.painted * self.batch)


class ReaderBatch(NamedTuple):
    """Rendered heads, and painted pictures [N, 3, R, R] with their points [N, len(NAMED), 2]."""

    heads: CachedHeads
    painted: tuple[Tensor, Tensor] | None


class HeadReaderTraining(Training[HeadReaderSettings]):
    """The reader and its optimiser: see `loop.Task`."""

    def __init__(self, settings: HeadReaderSettings):
        super().__init__(settings)
        self.network = placed(self.empty())
        self.average = Average(self.network, HALF_LIFE)
        self.descent = Descent(self.network.parameters(), settings.learning_rate, settings.pictures)
        self.weights = torch.ones(POINTS, device=self.device)
        self.weights[list(HEAVY)] = HEAVIER
        self.weights /= self.weights.mean()
        self.part_weights = torch.tensor([PART_WEIGHTS.get(part, 1.0) for part in PARTS], device=self.device)
        self.named = named_means().to(self.device)

    @staticmethod
    def empty() -> HeadReader:
        """A network as it is trained, with weights of no use yet."""
        network = HeadReader()
        standardise(network)
        return network

    def batches(self, seen: int) -> Iterator[ReaderBatch]:
        settings = self.settings
        each = settings.batch - settings.portraits
        start = seen // settings.batch
        heads = HeadPool(settings.caches).batches(each, start * each, settings.seed)
        if not settings.portraits:
            yield from (ReaderBatch(some, None) for some in heads)
            return
        painted = repeated(
            self._painted, start * settings.portraits, settings.portraits, REPEATS, seed=settings.seed
        )
        yield from (ReaderBatch(some, own) for some, own in zip(heads, painted, strict=False))

    def _painted(self, seen: int) -> Iterator[tuple[Tensor, Tensor]]:
        seed = 400 + self.settings.seed
        order = [LANDMARKS.index(name) for name in NAMED]
        source = PaintedBatches(
            PAINTED_SIDE, self.settings.portraits, seed=seed, seen=seen, far=0.3, rare=0.3
        )
        for _, pictures, landmarks in source.in_background():
            yield pictures, landmarks[:, order]

    def step(self, batch: ReaderBatch, seen: int) -> dict[str, Tensor]:
        settings = self.settings
        with torch.no_grad():
            draws = Draws(settings.seed, seen, "heads", self.device)
            shown = rendered_crops(batch.heads, draws)
            named, faces, pictures = None, shown.face, shown.pictures
            if batch.painted is not None:
                own = Draws(settings.seed, seen, "painted", self.device)
                painted, named, there = painted_crops(*batch.painted, own)
                faces, pictures = torch.cat([faces, there]), torch.cat([pictures, painted])
            pictures, hidden = occluded(pictures, draws, OCCLUDED)
            pictures = stylised(pictures, draws, settings.style)
        with precision.autocast(self.dtype, self.device):
            read, heat = self.network.answers(pictures.contiguous(memory_format=torch.channels_last))
        read = Answers(*(answer.float() for answer in read))
        terms = self._losses(read, shown, hidden, faces, named)
        sought = heat_loss(heat[: len(shown.pictures)].float(), shown.points[:, sent(KEYS, self.device)])
        terms["heat"] = settings.heat * (sought * shown.face).sum() / shown.face.sum().clamp_min(1)
        self.descent.step(torch.stack(list(terms.values())).sum(), seen)
        self.average.update(self.network, self.batch, seen + self.batch)
        return terms

    def _losses(
        self, read: Answers, shown: HeadCrops, hidden: Tensor, faces: Tensor, named: Tensor | None
    ) -> dict[str, Tensor]:
        """`hidden` [N, SIDE, SIDE] is where something was put in front; `named` [n, len(NAMED), 2] are the
        points of the painted crops, which come last."""
        settings, count = self.settings, len(shown.pictures)
        covered = hidden[:count, SIDE // GRID // 2 :: SIDE // GRID, SIDE // GRID // 2 :: SIDE // GRID]
        parts = torch.where(covered, UNKNOWN, shown.parts)
        each = F.cross_entropy(
            read.parts[:count], parts, self.part_weights, ignore_index=UNKNOWN, reduction="none"
        )
        away = (read.face_map[:count] - shown.face_map).abs().sum(1)  # [n, GRID, GRID]
        on_head = shown.on_head & ~covered
        found = point_loss(read.points[:count], read.spread[:count], shown.points)
        found = (found * self.weights).mean(1)
        relief = (read.relief[:count] - shown.relief).abs().mean(1)  # [n]
        if named is not None:
            mine = torch.einsum("kp,npc->nkc", self.named, read.points[count:])
            spread = torch.einsum("kp,np->nk", self.named, read.spread[count:])
            found = torch.cat([found, point_loss(mine, spread, named).mean(1)])
        return {
            "points": settings.points * (found * faces).sum() / faces.sum().clamp_min(1),
            "relief": settings.relief * (relief * shown.face).sum() / shown.face.sum().clamp_min(1),
            "parts": settings.parts * each.sum() / parts.ne(UNKNOWN).sum().clamp_min(1),
            "face_map": settings.face_map * (away * on_head).sum() / on_head.sum().clamp_min(1),
            "score": settings.score * F.binary_cross_entropy_with_logits(read.score, faces.float()),
        }

    def state(self) -> dict[str, Any]:
        return {
            "caches": list(self.settings.caches),
            "network": self.network.state_dict(),
            "average": self.average.network.state_dict(),
            "descent": self.descent.state(),
            "precision": str(self.dtype).removeprefix("torch."),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continues from a state; CoreError if its network has another size."""
        try:
            self.network.load_state_dict(state["network"])
        except RuntimeError:
            raise CoreError("bad-value", "The run's reader has other sizes than this version's.") from None
        self.average.network.load_state_dict(state["average"])
        self.descent.restore(state["descent"])
        self.dtype = precision.NAMES[state["precision"]]

    @torch.no_grad()
    def show(self, folder: Path, seen: int) -> None:
        """Crops of unseen heads, the parts and the face map that the reader sees, and the true parts."""
        heads = HeadPool(self.settings.caches, unseen=True).read(range(SHOWN))
        draws = Draws(97, 0, "shown")
        shown = rendered_crops(heads, draws)
        pictures = stylised(shown.pictures, draws)
        read = self.average.network(pictures.to(self.device))
        rows = [
            with_points(pictures, read.points.float().cpu()),
            coloured(read.parts.argmax(1).cpu()),
            read.face_map.float().cpu() * 2,
            coloured(shown.parts),
        ]
        save_sheet(rows, folder / f"samples-{seen:08d}.png")


def rendered_crops(heads: CachedHeads, draws: Draws) -> HeadCrops:
    """Random views of rendered heads, on the device of the draws."""
    return head_crops(heads.to(draws.device), draws)


def painted_crops(pictures: Tensor, points: Tensor, draws: Draws) -> tuple[Tensor, Tensor, Tensor]:
    """Random views of painted portraits [N, 3, R, R] and their points [N, len(NAMED), 2]: pictures
    [N, 3, SIDE, SIDE], the points in them, and whether there is an upright face [N]."""
    names = list(NAMED)
    eyes = points[:, [names.index("left_eye"), names.index("right_eye")]]
    pictures = vignetted(pictures, draws, SKETCHES)
    views = Views(Whole(pictures, points, eyes, points[:, names.index("mouth")]), draws)
    other = [names.index(_across(name)) for name in names]
    moved = views.points(points)
    moved = torch.where(views.mirrored[:, None, None], moved[:, other], moved)
    return views.picture(pictures), moved, views.face


def _across(name: str) -> str:
    """The name of the point in its place when the picture is mirrored."""
    swapped = {"left": "right", "right": "left"}
    return "_".join(swapped.get(word, word) for word in name.split("_"))


def named_means() -> Tensor:
    """[len(NAMED), 546]: how the painter's points are made of the reader's."""
    means = torch.zeros(len(NAMED), POINTS)
    for row, group in enumerate(NAMED.values()):
        means[row, list(group)] = 1 / len(group)
    return means


def point_loss(points: Tensor, spread: Tensor, wanted: Tensor) -> Tensor:
    """The negative log-likelihood of points [N, P, 2] whose log-variance is `spread` [N, P], and the distance
    itself, which still pulls where the network is sure and wrong: [N, P]."""
    away = points - wanted
    spread = spread.clamp(-14, 2)
    likely = away.square().sum(2) / 2 * torch.exp(-spread) + spread
    return 0.1 * likely + 10 * (away.square().sum(2) + 1e-6).sqrt()


def heat_loss(heat: Tensor, points: Tensor) -> Tensor:
    """The cross entropy of heat maps [N, K, S, S] (logits) with small bells at points [N, K, 2] of the unit
    square, averaged over those within: [N]."""
    side = heat.shape[-1]
    cells = torch.arange(side, device=heat.device) + 0.5
    away = cells - points[..., None] * side  # [N, K, 2, S]
    bells = torch.softmax(-0.5 * (away / BELL).square(), dim=3)
    wanted = bells[:, :, 1, :, None] * bells[:, :, 0, None]  # [N, K, S, S]
    inside = ((points > 0) & (points < 1)).all(2)  # [N, K]
    each = -(wanted * heat.flatten(2).log_softmax(2).view_as(heat)).sum((2, 3))  # [N, K]
    return (each * inside).sum(1) / inside.sum(1).clamp_min(1)


def finish(folder: Path) -> Path:
    """Writes `folder`/head_reader.onnx from the run in it, and prints how well it reads unseen heads."""
    kept = checkpoints.load(folder / checkpoints.LAST)["task"]
    reader = HeadReaderTraining.empty()
    reader.load_state_dict(kept["average"])
    fold(reader)
    path = folder / "head_reader.onnx"
    export_head_reader(reader, path)
    with torch.inference_mode():
        errors = head_errors(reader.eval(), unseen_crops(kept["caches"]))
    print("\n".join(errors.lines()))
    return path
