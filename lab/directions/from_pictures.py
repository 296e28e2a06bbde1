"""A direction from two folders of pictures.

Of before/after pairs it is the mean step. Of two separate sets, a plane is laid between them, as `svm.py`
does with judged samples, and its normal is brought into the generator's own faces: the covariance of w times
the normal is what changes there with the score (Haufe et al., 2014). The bare normal also leads away from
what few pictures show by chance: from 20 of each, glasses came out at a cosine of 0.94 to the known step, and
this way at 0.98.

How far it goes is measured on the pictures: value 1 takes the mean picture of the first folder to that of the
second, and -1 leads back as far.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from tqdm import tqdm

from ...core.editing.session import Session
from ...core.errors import CoreError
from ...core.files.decoding import ENDINGS
from ...core.files.pictures import read_picture
from ...models.pack import Direction, Pack

T = TypeVar("T")
FEWEST = 8  # pictures of each kind
MOST = 5000
SAMPLES = 4096  # of w
FOLDS = 5  # parts of the pictures, each told apart by what the others taught
TOLD_APART = 0.65  # share of pictures told apart below which there is no direction: chance is a half
SOFTNESS = 0.1  # LinearSVC's C, of latents with a deviation of 1: some pictures may lie on the wrong side


@dataclass(frozen=True, eq=False)
class Encoded:
    """A folder's pictures: latents [N, n_style, style_dim], the files' stems, why others were left out."""

    w: np.ndarray
    stems: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Made:
    """A direction: its step [n_style, style_dim] for value 1, and what is known of it."""

    vector: np.ndarray
    pairs: int  # 0: they are two separate sets
    told_apart: float  # share of pictures (or pairs) that it tells apart without having seen them


def pictures_in(folder: Path) -> list[Path]:
    """The files of a folder that are named like pictures; CoreError "bad-value" for no folder, or too few."""
    if not folder.is_dir():
        raise CoreError("bad-value", f'There is no folder "{folder}": name one with pictures.')
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS)[:MOST]
    return _enough(files, folder)


def encoded(session: Session, files: Sequence[Path]) -> Encoded:
    """The face in front of every picture, as the encoder of the session's pack sees it.

    CoreError "bad-value" for too few usable pictures, "pack" for a pack without an encoder.
    """
    pack, folder = session.pack, files[0].parent
    if pack.encoder_path is None:
        text = (
            f'The pack "{pack.title}" has no encoder, which this needs: `anycost packs complete` makes one.'
        )
        raise CoreError("pack", text)
    latents, stems, left_out = [], [], []
    for path in tqdm(files, desc=folder.name, unit="picture", disable=None):
        try:
            latents.append(_latent(session, path))
            stems.append(path.stem)
        except CoreError as error:
            left_out.append(CoreError(error.kind, f"{path.name}: {error.message}").message)
    return Encoded(np.stack(_enough(latents, folder, left_out)), tuple(stems), tuple(left_out))


def _enough(found: list[T], folder: Path, left_out: Sequence[str] = ()) -> list[T]:
    if len(found) >= FEWEST:
        return found
    text = f'"{folder}" has {len(found)} usable pictures: at least {FEWEST} are needed.'
    raise CoreError("bad-value", " ".join([text, *left_out[:1]]))


def _latent(session: Session, path: Path) -> np.ndarray:
    opened = session.open("picture", read_picture(path))
    if opened.advice:
        raise CoreError("bad-picture", "It is far from what the pack draws.")
    return next(iter(session.project("picture", steps=0))).w


def direction_between(without: Encoded, having: Encoded, pack: Pack) -> Made:
    """The direction that leads from the pictures of the one folder to those of the other.

    They are pairs if all have the same names. CoreError "bad-value" if they can hardly be told apart.
    """
    paired = sorted(without.stems) == sorted(having.stems)
    a, b = _in_order(without), _in_order(having)
    find = _mean_step if paired else _normal
    told_apart = _told_apart(a, b, find, paired)
    if told_apart < TOLD_APART:
        text = (
            f"The pack sees no difference between the two folders' pictures: {told_apart:.0%} are told "
            "apart, half by chance. Take more of them, or such that differ in nothing else."
        )
        raise CoreError("bad-value", text)
    score = find(a, b)
    step = score if paired else score @ _covariance(pack)
    step = step / np.tensordot(score, step, axes=2)  # raises the score by 1
    whole = np.tensordot(score, _mean_step(a, b), axes=2)
    return Made((whole * step).astype(np.float32), len(a) if paired else 0, told_apart)


def as_direction(made: Made, name: str, label: str, group: str) -> Direction:
    """The slider."""
    return Direction(name, label, group, -1.0, 1.0, made.vector)


def _in_order(pictures: Encoded) -> np.ndarray:
    order = sorted(range(len(pictures.stems)), key=lambda k: pictures.stems[k])
    return pictures.w[order].astype(np.float64)


def _mean_step(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return b.mean(axis=0) - a.mean(axis=0)


def _normal(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The plane's normal [n_style, style_dim], the same for every style: few pictures say nothing of more."""
    from sklearn.svm import LinearSVC

    points = np.concatenate([a.mean(axis=1), b.mean(axis=1)])  # [N, D]
    points = (points - points.mean(axis=0)) / points.std()
    machine = LinearSVC(C=SOFTNESS, dual="auto", max_iter=10_000, random_state=0)
    machine.fit(points, np.repeat([0, 1], [len(a), len(b)]))
    return np.repeat(machine.coef_, a.shape[1], axis=0) / math.sqrt(a.shape[1])


def _covariance(pack: Pack) -> np.ndarray:
    """Of w in the pack's own faces, [style_dim, style_dim]."""
    z = torch.randn(SAMPLES, pack.style_dim, generator=torch.Generator().manual_seed(5))
    with torch.inference_mode():
        w = pack.generator().style(z)
    return np.cov(w.T.double().numpy())


def _told_apart(
    a: np.ndarray, b: np.ndarray, find: Callable[[np.ndarray, np.ndarray], np.ndarray], paired: bool
) -> float:
    """The share that lies on its side of a direction which others have taught: of pairs, those whose second
    picture lies further on; else of all couples of a picture of each folder."""
    shares = []
    for part in range(FOLDS):
        out_a, out_b = (np.arange(len(w)) % FOLDS == part for w in (a, b))
        unit = find(a[~out_a], b[~out_b])
        before, after = (np.tensordot(w, unit, axes=2) for w in (a[out_a], b[out_b]))
        shares.append((after > before).mean() if paired else (after[:, None] > before).mean())
    return float(np.mean(shares))


def in_words(made: Made, folders: Sequence[Encoded]) -> str:
    """What came of it, in a few lines."""
    counts = " and ".join(str(len(folder.stems)) for folder in folders)
    what = f"{made.pairs} pairs" if made.pairs else f"{counts} pictures"
    lines = [f"From {what}; of those that it had not seen, it tells {made.told_apart:.0%} apart."]
    for folder in folders:
        lines += [f"left out: {line}" for line in folder.left_out[:8]]
    return "\n".join(lines)
