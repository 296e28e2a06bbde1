"""Writes a pack again with some of it changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...models.features import load_features
from ...models.manifest import MANIFEST
from ...models.pack import Pack, write_pack
from ...models.safetensors_file import opened_safetensors

COMPLETED = " Completed from its own pictures by Anycost."


def rewritten(pack: Pack, out: Path, **changed: Any) -> Path:
    """Writes `pack` to the folder `out`, which may be its own, with the arguments of `write_pack` that are
    `changed`; a failure changes nothing. Its bank is left out where the directions change."""
    provenance = pack.provenance if COMPLETED in pack.provenance else pack.provenance + COMPLETED
    same_directions = "directions" not in changed
    kept: dict[str, Any] = {
        "generator": pack.generator(),
        "name": pack.name,
        "title": pack.title,
        "licence": pack.licence,
        "provenance": provenance,
        "mean_w": pack.mean_w,
        "rule": pack.rule,
        "ratios": pack.ratios,
        "resolutions": pack.resolutions,
        "ladder": pack.ladder,
        "alignment": pack.alignment,
        "directions": pack.directions,
        "encoder": (pack.encoder_path, pack.encoder_size) if pack.encoder_path else None,
        "finder": (pack.finder_path, pack.finder_size) if pack.finder_path else None,
        "head_reader": pack.head_reader_path,
        "features": load_features(pack.features_path) if pack.features_path else None,
        "bank": pack.bank if same_directions else None,
        "documents": _documents(pack),
        "half": _is_half(pack),
    }
    return write_pack(out, replace=True, **{**kept, **changed})


def _documents(pack: Pack) -> dict[str, str]:
    """The texts in a pack's folder, by name: all plain files that are neither weights nor pack.json."""
    found = {}
    for path in sorted(pack.folder.iterdir()):
        if path.is_file() and path.name != MANIFEST and path.suffix not in (".safetensors", ".onnx"):
            try:
                found[path.name] = path.read_text("utf-8")
            except UnicodeDecodeError:
                continue
    return found


def _is_half(pack: Pack) -> bool:
    with opened_safetensors(pack.folder / pack.generator_file) as file:
        return file.get_slice("input.input").get_dtype() == "F16"
