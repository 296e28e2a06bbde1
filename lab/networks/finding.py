"""Trains the finder (`models/finder.py`) on painted portraits and rendered heads placed anywhere, at any size
and turn, in pictures of any medium: `anycost train configs/finder.toml`, or `heads_finder.toml`.

It learns to find faces turned in the plane by up to 45 degrees. It must not find steeper ones, least of all
upside-down ones: the core finds those by turning the picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ...core.errors import CoreError
from ...models.finder import POINTS, STRIDE, Finder
from ..data.augment import PAPER, media, vary_look, vignetted
from ..data.head_cache import CachedHeads, signed
from ..data.head_crops import eyes_and_mouth
from ..data.head_pool import HeadPool, usual_frame
from ..data.painted import PaintedBatches
from ..data.replay import repeated
from ..data.style import stylised
from ..painter import LANDMARKS
from ..running import checkpoints, distributed, precision
from ..running.descent import Descent
from ..running.draws import Draws
from ..running.grids import save_sheet
from ..running.layout import placed
from ..running.precision import Precision
from ..running.task import Training
from .export import export_finder
from .standardised import fold, standardise

SIDE = 128  # px of a training picture
PORTRAIT = (48.0, 180.0)  # px: range of the portrait's side in it; the face is about a third as wide
RADIUS = 1.2  # cells: how far around a point its heat reaches
STEEPEST = 45.0  # degrees in the plane up to which a face must be found
NONE_FROM = 55.0  # degrees from which a face must not be found
EMPTY, STEEP = 0.1, 0.25  # shares of the scenes without a face, and with one turned too far
SKETCHES = 0.25  # share of the portraits that fade into paper
FOUND = 0.35  # heat from which a face is found: the geometric mean over its points
UNSEEN = 98  # seed of portraits that training never sees

Portraits = tuple[Tensor, Tensor]  # pictures [N, 3, R, R], points [N, K, 2] in the unit square


@dataclass(frozen=True)
class FinderSettings:
    """A finder's TOML file. `pictures` counts all that are shown, each painted one `repeats` times in other
    scenes; `batch` the pictures of a step over all processes; `width` the network's channels. With `caches`,
    folders of rendered heads, only a share `painted` of a batch is painted. `style` is how strongly the
    scenes are shown as other hands and presses would show them.
    """

    caches: tuple[str, ...] = ()
    painted: float = 0.4
    style: float = 0.0
    pictures: int = 64_000
    repeats: int = 4
    batch: int = 32
    learning_rate: float = 3e-3
    width: int = 40
    seed: int = 0
    precision: Precision = "auto"

    def __post_init__(self):
        if not 0 <= self.painted <= 1 or not 0 <= self.style <= 1:
            raise ValueError("`painted` and `style` of a finder are 0 to 1.")

    @property
    def portraits(self) -> int:
        """Painted portraits of a joint batch."""
        return round(self.painted * self.batch) if self.caches else self.batch


@dataclass(frozen=True)
class Scenes:
    """Pictures [N, 3, SIDE, SIDE], their points [N, K, 2] in px, and whether there is a face to find [N]."""

    pictures: Tensor
    points: Tensor
    found: Tensor

    def heat(self) -> Tensor:
        """The finder's target [N, K, SIDE / 4, SIDE / 4]."""
        return heat(self.points) * self.found[:, None, None, None]


def scenes(portraits: Portraits, draws: Draws, style: float = 0.0) -> Scenes:
    """A picture for each portrait: most show a face, some a face turned too far, some none. `style` is how
    strongly other hands and presses show them."""
    pictures, points = portraits
    count = len(pictures)
    kind = draws.uniform(count)
    empty, steep = kind < EMPTY, (kind >= EMPTY) & (kind < EMPTY + STEEP)
    angle = draws.uniform(count) * 2 - 1  # [N]
    too_far = torch.sign(angle) * (NONE_FROM + angle.abs() * (180 - NONE_FROM))
    angle = torch.where(steep, too_far, angle * STEEPEST)
    pictures = vignetted(pictures, draws, SKETCHES)
    behind = backgrounds(pictures, draws)
    drawn, placed = put(pictures, points, angle, behind, draws)
    drawn = torch.where(empty[:, None, None, None], behind, drawn)
    shown = stylised(drawn, draws, style) if style else media(drawn, draws)
    return Scenes(vary_look(shown, draws), placed, ~(empty | steep))


def put(
    portraits: Tensor, points: Tensor, angle: Tensor, behind: Tensor, draws: Draws
) -> tuple[Tensor, Tensor]:
    """Puts portraits [N, 3, R, R], turned by `angle` [N] (degrees), somewhere into the pictures `behind`
    [N, 3, SIDE, SIDE].

    points [N, K, 2] in the unit square -> pictures [N, 3, SIDE, SIDE] and points [N, K, 2] in px.
    """
    count = len(portraits)
    low, high = (math.log(side) for side in PORTRAIT)
    size = torch.exp(low + draws.uniform(count) * (high - low))  # [N] px
    where = torch.stack([draws.uniform(count), draws.uniform(count)], 1) * 2 - 1
    centre = SIDE / 2 + where * (SIDE * 0.35)  # [N, 2] px
    radians = torch.deg2rad(angle)
    turn = torch.stack([torch.cos(radians), -torch.sin(radians), torch.sin(radians), torch.cos(radians)], 1)
    turn = turn.view(-1, 2, 2)  # portrait -> picture
    placed = ((points - 0.5) * size[:, None, None]) @ turn.transpose(1, 2) + centre[:, None]  # [N, K, 2] px
    back = turn.transpose(1, 2) * (SIDE / size)[:, None, None]  # picture -> portrait, both in -1..1
    offset = -(back @ ((centre / SIDE) * 2 - 1)[:, :, None])  # [N, 2, 1]
    grid = F.affine_grid(torch.cat([back, offset], 2), [count, 3, SIDE, SIDE], align_corners=False)
    inside = (grid.abs().amax(-1) <= 1).float()[:, None]  # [N, 1, SIDE, SIDE]
    drawn = F.grid_sample(portraits, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return torch.lerp(behind, drawn, inside), placed


def backgrounds(portraits: Tensor, draws: Draws) -> Tensor:
    """[N, 3, SIDE, SIDE] without a face: an upside-down piece of each portrait, tiles of it in another order,
    flat colour, noise of any grain, or paper."""
    count = len(portraits)
    turned = portraits.rot90(2, dims=(2, 3))  # upside down: no face to find
    pieces = F.interpolate(turned[:, :, :48], (SIDE, SIDE), mode="bilinear", align_corners=False)
    flat = turned.mean(dim=(2, 3), keepdim=True).expand_as(pieces)
    size = draws.choices.choice((4, 8, 16, 32, 64, SIDE))
    noise = F.interpolate(draws.normal(count, 3, size, size) / 2, (SIDE, SIDE), mode="bilinear")
    paper = torch.full_like(pieces, PAPER)
    found = torch.stack([pieces, flat, noise, paper, _shuffled(turned, draws)])  # [5, N, 3, SIDE, SIDE]
    return found[(len(found) * draws.uniform(count)).long(), torch.arange(count, device=found.device)]


def _shuffled(portraits: Tensor, draws: Draws) -> Tensor:
    """[N, 3, R, R] -> [N, 3, SIDE, SIDE], its 5 x 5 tiles in another order."""
    tile = portraits.shape[-1] // 5
    tiles = F.unfold(portraits, tile, stride=tile)[:, :, :25]  # [N, 3 * tile * tile, 25]
    order = draws.choices.sample(range(25), 25)  # the same in every process
    joined = F.fold(tiles[:, :, order], 5 * tile, tile, stride=tile)
    return F.interpolate(joined, (SIDE, SIDE), mode="bilinear", align_corners=False)


def heat(points: Tensor) -> Tensor:
    """points [N, K, 2] in px -> [N, K, SIDE/4, SIDE/4], a small Gaussian around each."""
    cells = torch.arange(SIDE // STRIDE, device=points.device) + 0.5
    at = points / STRIDE
    dx, dy = cells - at[..., :1], cells - at[..., 1:]  # [N, K, S]
    across, down = torch.exp(-0.5 * (dx / RADIUS) ** 2), torch.exp(-0.5 * (dy / RADIUS) ** 2)
    return down[..., :, None] * across[..., None, :]


class FinderTraining(Training[FinderSettings]):
    """The finder and its optimiser: see `loop.Task`."""

    def __init__(self, settings: FinderSettings):
        super().__init__(settings)
        self.network = Finder(settings.width)
        standardise(self.network)
        placed(self.network)
        self.descent = Descent(self.network.parameters(), settings.learning_rate, settings.pictures)

    def batches(self, seen: int) -> Iterator[Portraits]:
        settings = self.settings
        if not settings.caches:
            return repeated(self._painted, seen, settings.batch, settings.repeats, seed=settings.seed)
        start, each = seen // settings.batch, settings.batch - settings.portraits
        pool = HeadPool(settings.caches)
        heads = rendered(pool.batches(each, start * each, settings.seed), pool.wide)
        own = settings.portraits
        if not own:
            return heads
        drawn = repeated(self._painted, start * own, own, settings.repeats, seed=settings.seed)
        return (
            (torch.cat([mine[0], other[0]]), torch.cat([mine[1], other[1]]))
            for mine, other in zip(drawn, heads, strict=False)
        )

    def _painted(self, seen: int) -> Iterator[Portraits]:
        seed = 200 + self.settings.seed
        return painted(PaintedBatches(SIDE, self.settings.portraits, seed=seed, seen=seen).in_background())

    def step(self, batch: Portraits, seen: int) -> dict[str, Tensor]:
        with torch.no_grad():
            shown = scenes(batch, Draws(self.settings.seed, seen, "scenes", self.device), self.settings.style)
        wanted = shown.heat()
        with precision.autocast(self.dtype, self.device):
            logits = self.network.logits(shown.pictures.contiguous(memory_format=torch.channels_last))
        error = F.binary_cross_entropy_with_logits(logits.float(), wanted, reduction="none")
        loss = (error * (1 + 15 * wanted)).mean()  # few cells hold a point
        self.descent.step(loss, seen)
        return {"heat": loss}

    def state(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "width": self.settings.width,
            "descent": self.descent.state(),
            "precision": str(self.dtype).removeprefix("torch."),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continues from a state; CoreError if its network has another size."""
        if state["width"] != self.settings.width:
            raise CoreError("bad-value", "The run's `width` differs from the one in its TOML file.")
        self.network.load_state_dict(state["network"])
        self.descent.restore(state["descent"])
        self.dtype = precision.NAMES[state["precision"]]

    def show(self, folder: Path, seen: int) -> None:
        """Unseen scenes above the heat that the finder sees in them."""
        shown = unseen(8)
        with torch.inference_mode():
            found = self.network(shown.pictures.to(self.device)).cpu() * 2 - 1  # [N, 3, S, S]
        save_sheet([shown.pictures, found], folder / f"samples-{seen:08d}.png")


def painted(batches) -> Iterator[Portraits]:
    """Painted batches with only the finder's points."""
    order = [LANDMARKS.index(name) for name in POINTS]
    for _, pictures, landmarks in batches:
        yield pictures, landmarks[:, order]


def rendered(batches: Iterable[CachedHeads], wide: float) -> Iterator[Portraits]:
    """The middles of rendered heads, framed as painted portraits are, with only the finder's points."""
    for heads in batches:
        middle, landmarks = usual_frame(signed(heads.rgb), heads.landmarks, wide)
        eyes, mouth = eyes_and_mouth(landmarks)
        points = torch.cat([eyes, mouth[:, None]], dim=1)  # [N, 3, 2]
        reduced = F.interpolate(middle, (SIDE, SIDE), mode="bilinear", align_corners=False)
        yield reduced.to(distributed.device()), points.to(distributed.device())


def unseen(count: int) -> Scenes:
    """Scenes of portraits that training never sees, always the same, on the CPU."""
    pictures, points = next(painted(PaintedBatches(SIDE, count, seed=UNSEEN)))
    return scenes((pictures.cpu(), points.cpu()), Draws(UNSEEN, 0, "unseen"))


@dataclass(frozen=True)
class FinderReport:
    """How well a finder does on unseen scenes: the mean point error of the faces it finds, divided by the
    distance from eyes to mouth; the share of faces it misses; the share of scenes without a face (or with one
    turned too far) in which it finds one."""

    error: float
    missed: float
    false: float


def measure(found_by: Callable[[Tensor], Tensor], count: int = 512) -> FinderReport:
    """Tests a finder (pictures [N, 3, S, S] -> heat [N, K, S/4, S/4]) on unseen scenes that show the whole
    face."""
    shown = unseen(count)
    maps = torch.cat([found_by(part) for part in shown.pictures.split(32)])  # [N, K, S, S]
    at, height = peaks(maps)
    eyes, mouth = shown.points[:, :2].mean(1), shown.points[:, 2]
    scale = (mouth - eyes).norm(dim=1)  # [N]
    error = (at - shown.points).norm(dim=2).mean(1) / scale
    found = (height.clamp_min(1e-6).log().mean(1).exp() >= FOUND) & upright(at)
    whole = ((shown.points > 0) & (shown.points < SIDE)).all(2).all(1)
    face = shown.found & whole
    right = found & (error < 0.5)
    return FinderReport(
        error=float(error[face & right].mean()),
        missed=float((~right)[face].float().mean()),
        false=float(found[~shown.found].float().mean()),
    )


def upright(points: Tensor) -> Tensor:
    """Whether points [N, 3, 2] lie like the eyes and mouth of a face that is not turned too far [N]."""
    across, down = points[:, 1] - points[:, 0], points[:, 2] - points[:, :2].mean(1)
    turn = torch.rad2deg(torch.atan2(across[:, 1], across[:, 0])).abs()
    return (turn < NONE_FROM) & (across[:, 0] * down[:, 1] > across[:, 1] * down[:, 0])  # the mouth is below


def peaks(maps: Tensor) -> tuple[Tensor, Tensor]:
    """The peaks of maps [N, K, S, S], finer than their cells: points [N, K, 2] in px, heat [N, K]."""
    side = maps.shape[-1]
    height, flat = maps.flatten(2).max(2)
    row, column = flat // side, flat % side
    padded = F.pad(maps.clamp_min(1e-6).log(), (1, 1, 1, 1), mode="replicate").flatten(2)

    def at(dy: int, dx: int) -> Tensor:
        place = (row + 1 + dy) * (side + 2) + column + 1 + dx
        return padded.gather(2, place[..., None])[..., 0]  # [N, K]

    def summit(before: Tensor, middle: Tensor, after: Tensor) -> Tensor:
        bend = (2 * middle - before - after).clamp_min(1e-6)  # a bell's logarithms lie on a parabola
        return ((after - before) / (2 * bend)).clamp(-0.5, 0.5)

    x = column + 0.5 + summit(at(0, -1), at(0, 0), at(0, 1))
    y = row + 0.5 + summit(at(-1, 0), at(0, 0), at(1, 0))
    return torch.stack([x, y], 2) * STRIDE, height


def finish(folder: Path) -> Path:
    """Writes `folder`/finder.onnx from the run in it, and prints how well it finds."""
    kept = checkpoints.load(folder / checkpoints.LAST)["task"]
    finder = Finder(kept["width"])
    standardise(finder)
    finder.load_state_dict(kept["network"])
    fold(finder)
    path = folder / "finder.onnx"
    export_finder(finder, path)
    with torch.inference_mode():
        report = measure(finder.eval())
    print(f"{100 * report.error:5.1f} %  point error, relative to the distance from eyes to mouth")
    print(f"{100 * report.missed:5.1f} %  of faces missed")
    print(f"{100 * report.false:5.1f} %  of scenes without an upright face in which it finds one")
    return path
