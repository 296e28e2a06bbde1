"""What a step of a completion works on, and what a step is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...models.pack import Pack
from .amounts import Amounts, Name


@dataclass(frozen=True)
class Assignment:
    """`original` is the pack before its completion, `pack` as the steps so far have left it. A step keeps
    what it has done so far in `folder`; a kill loses at most `minutes` of its training. `before` has the
    names of steps that are still to be done before this one, `asked` of those that were asked for."""

    original: Pack
    pack: Pack
    folder: Path
    sizes: Amounts
    minutes: float
    before: frozenset[str] = frozenset()
    asked: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Step:
    """One step. `gives` says what a pack can do after it.

    `skipped` gives the reason for which a pack does not need the step or cannot have it, else "". `seconds`
    times a few operations on this machine. `run` prints figures before and after and returns what changes in
    the pack: arguments of `write_pack`.
    """

    name: Name
    gives: str
    skipped: Callable[[Assignment], str]
    seconds: Callable[[Assignment], float]
    run: Callable[[Assignment], Mapping[str, Any]]
