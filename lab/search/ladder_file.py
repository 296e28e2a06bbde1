"""The rungs that a search found as a ladder, and a pack whose ladder they become."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence

from ...core.errors import CoreError
from ...core.files.whole_file import write_bytes
from ...models.manifest import MANIFEST, parse_manifest
from ...models.pack import BUILT_IN, Pack, rung_entry
from ...models.widths import SubGenerator


def as_ladder(distances: Mapping[SubGenerator, float], full: SubGenerator) -> list[SubGenerator]:
    """From the cheapest to the full generator; a rung that is no nearer to it than a cheaper one is left
    out."""
    ladder: list[SubGenerator] = []
    for rung in sorted(distances, key=lambda rung: (rung.macs, distances[rung])):
        if rung.macs < full.macs and (not ladder or distances[rung] < distances[ladder[-1]]):
            ladder.append(rung)
    return [*ladder, full]


def check_installable(pack: Pack) -> None:
    """CoreError for a pack whose ladder cannot be changed; asked before a search, not after."""
    if pack.folder.resolve().parent == BUILT_IN.resolve():
        why = "comes with Anycost and stays as it is"
    elif not os.access(pack.folder, os.W_OK):
        why = "cannot be changed by you"
    else:
        return
    raise CoreError(
        "pack", f'The pack "{pack.name}" {why}: leave --install out and take the ladder from --out.'
    )


def install(pack: Pack, ladder: Sequence[SubGenerator]) -> None:
    """Makes it the ladder of the pack on disk; nothing else of its pack.json changes, and a failure leaves
    all as it was. PackError or CoreError when the pack cannot have this ladder or be written."""
    path = pack.folder / MANIFEST
    document = json.loads(path.read_bytes())
    document["ladder"] = [rung_entry(rung) for rung in ladder]
    parse_manifest(document)
    write_bytes(path, json.dumps(document, indent=1, ensure_ascii=False).encode())
