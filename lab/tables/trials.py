"""Trains and measures the runs of `toys`, several at a time, and skips what is done."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from ...core.editing.perceptual import from_features
from ...core.errors import CoreError
from ...core.files.whole_file import write_bytes
from ...core.rendering.renderer import to_pixels
from ...models.features import Features, load_features
from ...models.pack import file_sha256
from ..data.downsample import downsample
from ..measuring.consistency import agreement, distances
from ..measuring.frechet import Extractor, Pooled, Seen, check_samples, distances_to, seen_reals
from ..measuring.path_length import path_lengths, smooth
from ..measuring.reals import Reals, portraits
from ..measuring.reconstruction import of_file, reconstructions
from ..measuring.subject import SEED, of_run
from ..networks.attributes import names_of, paper_attributes
from ..running import checkpoints, distributed
from ..training import train
from .evolved import evolved
from .toys import NARROW, RESOLUTIONS, TOP, Size, Toy, Toys

CONFIG, FIGURES = "config.json", "figures.json"
UNSEEN = "unseen-{}.pt"
Figures = dict[str, Any]  # one run's figures by name; those of a sub-generator by `key`


def key(side: int, ratio: float) -> str:
    """A sub-generator's name in figures, such as "32x0.5"."""
    return f"{side}x{ratio:g}"


def run_all(toys: Toys, workers: int) -> dict[str, Figures]:
    """Figures by run name; trains `workers` runs at a time, each on its share of the cores.

    CoreError if a run fails or the folder holds runs with other settings.
    """
    check_samples(_extractor(load_features(toys.features)), toys.size.samples)
    _paint(toys)
    work = partial(figures, folder=toys.folder, features=toys.features, size=toys.size)
    found: dict[str, Figures] = {}
    for level in toys.levels():
        results = map(work, level) if workers == 1 else _shared(work, level, workers)
        found.update(zip((toy.name for toy in level), results, strict=True))
    return found


def _paint(toys: Toys) -> None:
    """Paint, once, any missing pictures that the runs are trained and measured on."""
    count = toys.size.pictures
    missing = [side for side in RESOLUTIONS if len(list(toys.pictures(side).glob("*.png"))) != count]
    for side in missing:
        toys.pictures(side).mkdir(parents=True, exist_ok=True)
    for places, picture in portraits(TOP, count, SEED + 5).batches("painting") if missing else ():
        for side in missing:
            for k, rgb in zip(places.tolist(), to_pixels(downsample(picture, side)), strict=True):
                Image.fromarray(rgb).save(toys.pictures(side) / f"{k:06d}.png")
    unseen = toys.folder / UNSEEN.format(toys.size.samples)
    if not unseen.exists():
        reals = portraits(TOP, toys.size.samples)  # [N, 3, R, R], from other seeds than the runs'
        checkpoints.save(unseen, {"pictures": reals.read(torch.arange(reals.count))})


def _unseen(folder: Path, side: int, samples: int) -> Reals:
    """Portraits that no run is trained on, at one of the toys' resolutions."""
    pictures = checkpoints.load(folder / UNSEEN.format(samples))["pictures"]

    def read(places: Tensor) -> Tensor:
        return downsample(pictures[places].to(distributed.device()), side)

    return Reals("painted portraits", samples, read)


def _shared(work: partial[Figures], level: list[Toy], workers: int) -> Iterable[Figures]:
    threads = max(1, torch.get_num_threads() // workers)
    pool = ProcessPoolExecutor(
        workers, get_context("spawn"), initializer=torch.set_num_threads, initargs=(threads,)
    )
    with pool:
        yield from pool.map(work, level)


def figures(toy: Toy, folder: Path, features: Path, size: Size) -> Figures:
    """Train one run to its end and measure it, unless its folder already has these figures."""
    out = folder / toy.name
    _claim(toy, out)
    asked = {
        "samples": size.samples,
        "features": file_sha256(features)[:12],
        "resolutions": list(toy.resolutions),
        "paths": toy.paths,
        "agrees": toy.agrees,
        "near": toy.near,
        "generations": size.generations if toy.evolves else 0,
        "teacher": toy.teacher,
    }
    kept = out / FIGURES
    if kept.exists():
        found = json.loads(kept.read_text())
        if found["asked"] == json.loads(json.dumps(asked)):
            return found
    resume = (out / checkpoints.LAST).exists()
    began = time.monotonic()
    train(toy.config, out, resume=resume)  # a finished run returns at once
    seconds = None if resume else time.monotonic() - began
    network = load_features(features).to(distributed.device())
    measured = (
        _encoder(toy, folder, network, size.samples)
        if toy.encodes
        else _generator(toy, out, network, _seen(folder, features, size.samples), size)
    )
    write_bytes(kept, json.dumps({"asked": asked, "seconds": seconds, **measured}, indent=1).encode())
    return json.loads(kept.read_text())


def _claim(toy: Toy, out: Path) -> None:
    """Record a run's configuration in its folder; CoreError if the folder holds another."""
    config = json.dumps(toy.config, indent=1)
    out.mkdir(parents=True, exist_ok=True)
    if not (out / CONFIG).exists():
        write_bytes(out / CONFIG, config.encode())
    elif (out / CONFIG).read_text() != config:
        raise CoreError(
            "bad-value", f'"{out}" holds a run with other settings: remove it or choose other --runs.'
        )


def _generator(toy: Toy, out: Path, features: Features, seen: Seen, size: Size) -> Figures:
    """FID of every sub-generator that the run trained, and what else the page shows of it."""
    samples = size.samples
    subject = of_run(checkpoints.trained(out), toy.resolutions, toy.ratios)
    found: Figures = {"fid": distances_to(seen, subject, samples)}
    top = replace(subject, resolutions=toy.resolutions[-1:])
    if toy.paths:
        found["path_length"] = path_lengths(replace(top, ratios=toy.paths), smooth(features), samples)
    if toy.near:
        found["distance"], _ = distances(top, from_features(features), samples)
    if toy.agrees and paper_attributes(names_of(features)):
        found["agreement"] = agreement(replace(top, ratios=toy.agrees), features, samples)
    if toy.teacher:
        teacher = of_run(checkpoints.trained(out.parent / toy.teacher), toy.resolutions, (1.0,))
        found["distance"], _ = distances(subject, from_features(features), samples, teacher)
    if toy.evolves:
        cells = {
            (toy.resolutions[-1], ratio): evolved(subject, features, ratio, size.generations)
            for ratio in NARROW
        }
        found["evolved_fid"], found["evolved_distance"] = {}, {}
        for cell, best in cells.items():
            (found["evolved_fid"][cell],) = distances_to(seen, best, samples).values()
            apart, _ = distances(best, from_features(features), samples, subject)
            (found["evolved_distance"][cell],) = apart.values()
    return {name: {key(*cell): value for cell, value in cells.items()} for name, cells in found.items()}


@cache
def _seen(folder: Path, features: Path, samples: int) -> Seen:
    """The portraits that no run is trained on, as FID sees them; once in each process."""
    pictures = (picture for _, picture in _unseen(folder, TOP, samples).batches("real pictures"))
    return seen_reals(RESOLUTIONS, _extractor(load_features(features)), pictures)


def _encoder(toy: Toy, folder: Path, features: Features, samples: int) -> Figures:
    """Reconstruction by the full and the sub-generators (Table 6)."""
    subject = of_run(checkpoints.trained(folder / toy.encodes), toy.resolutions, toy.ratios)
    out = folder / toy.name
    size = checkpoints.load(out / checkpoints.LAST)["task"]["size"]
    encode = of_file(out / "encoder.onnx", size, subject)
    rows = reconstructions(subject, encode, from_features(features), _unseen(folder, TOP, samples))
    return {"rows": {key(TOP, row.ratio): [row.full, row.sub, row.between] for row in rows}}


def separate_agreement(toys: Toys, seed: int, ratio: float) -> dict[str, float]:
    """Agreement on the same z between the separately trained generators of `ratio` and of all channels."""
    network = load_features(toys.features).to(distributed.device())
    full, narrow = (
        of_run(checkpoints.trained(toys.folder / f"separate-{r:g}-{seed}"), (TOP,), (1.0,))
        for r in (1.0, ratio)
    )
    return agreement(narrow, network, toys.size.samples, full)[TOP, 1.0]


def _extractor(features: Features) -> Extractor:
    return Extractor("own features", Pooled(features))
