"""`anycost directions`: edits of any pack's generator, by SVMs on what its attribute network reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...models.features import load_features
from ...models.pack import Pack
from ..errors import CoreError
from . import distributed
from .steering import extract, write


def extract_file(pack: Pack, names: Sequence[str] | None, samples: int, out: Path) -> None:
    """Writes the directions of the attributes `names` (all, if None) to `out` and a report beside it.

    CoreError for a pack without an attribute network, unknown names, and too few samples.
    """
    if not out.parent.is_dir():
        raise CoreError("bad-value", f'There is no folder "{out.parent}" to write to: name another file.')
    if pack.features_path is None:
        raise CoreError("pack", f'The pack "{pack.title}" has no attribute network to judge its pictures.')
    features = load_features(pack.features_path)
    with distributed.processes():
        try:
            directions, report = extract(pack, features, names, samples)
        except ValueError as error:
            raise CoreError("bad-value", str(error)) from None
        if distributed.rank() == 0:
            write(directions, report, out)
