"""Makes a ladder of the rungs that a search found, and installs it in a pack."""

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
    """Rungs from the cheapest to the full generator, without those no nearer to it than a cheaper one."""
    ladder: list[SubGenerator] = []
    for rung in sorted(distances, key=lambda rung: (rung.macs, distances[rung])):
        if rung.macs < full.macs and (not ladder or distances[rung] < distances[ladder[-1]]):
            ladder.append(rung)
    return [*ladder, full]


def check_installable(pack: Pack) -> None:
    """CoreError if the pack's ladder cannot be changed; call this before a search, not after."""
    if pack.folder.resolve().parent == BUILT_IN.resolve():
        why = "comes with Anycost and cannot be changed"
    elif not os.access(pack.folder, os.W_OK):
        why = "cannot be changed by you"
    else:
        return
    raise CoreError("pack", f'The pack "{pack.name}" {why}: omit --install and take the ladder from --out.')


def install(pack: Pack, ladder: Sequence[SubGenerator]) -> None:
    """Write the ladder to the pack on disk, changing nothing else in pack.json; a failure changes nothing.

    PackError or CoreError if the pack cannot have this ladder or cannot be written.
    """
    path = pack.folder / MANIFEST
    document = json.loads(path.read_bytes())
    document["ladder"] = [rung_entry(rung) for rung in ladder]
    parse_manifest(document)
    write_bytes(path, json.dumps(document, indent=1, ensure_ascii=False).encode())
