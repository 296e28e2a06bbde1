"""What a pack's attribute network reads: the names of its outputs."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors import safe_open

from ...core.errors import CoreError
from ...models.features import Features
from ...models.manifest import DIRECTION_NAME
from ..networks.attributes import NAMES

KEY = "attributes"  # of the file's metadata: a JSON list of the names


def outputs_of(path: Path, features: Features) -> tuple[str, ...]:
    """The names of the attributes that the network in a features file reads, in its order.

    They are in the file's metadata. Without them the painter's 64 are meant by a network with 64 outputs, and
    any other's are numbered: attribute_1, attribute_2... CoreError for metadata that cannot be meant.
    """
    count = features.attributes.out_features
    with safe_open(path, "pt") as file:
        told = (file.metadata() or {}).get(KEY)
    if told is not None:
        return _checked(told, count, path)
    return tuple(NAMES) if count == len(NAMES) else tuple(f"attribute_{k}" for k in range(1, count + 1))


def _checked(told: str, count: int, path: Path) -> tuple[str, ...]:
    names: list[str] = []
    try:
        names = json.loads(told)
        good = len(names) == len(set(names)) == count and all(map(DIRECTION_NAME.fullmatch, names))
    except (TypeError, ValueError, RecursionError):
        good = False
    if not good:
        text = f'The metadata "{KEY}" of "{path.name}" must be a JSON list of {count} different names: '
        raise CoreError("pack", text + "letters, digits, spaces, dots, _ and -.")
    return tuple(names)
