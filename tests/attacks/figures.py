"""What an attack has measured, beside what is wanted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Figure(NamedTuple):
    what: str
    measured: object
    wanted: str
    reached: bool
    details: str = ""


def said(figures: Iterable[Figure]) -> bool:
    """Prints them; whether all are reached."""
    found = []
    for figure in figures:
        found.append(figure)
        mark = "ok  " if figure.reached else "MISS"
        details = f"  [{figure.details}]" if figure.details else ""
        print(f"{mark} {figure.what}: {figure.measured} (wanted: {figure.wanted}){details}", flush=True)
    return all(figure.reached for figure in found)
