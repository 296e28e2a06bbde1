"""Pictures that are not square: black rows or columns make squares of them, which a generator draws."""

from __future__ import annotations


def shown_size(side: int, shape: tuple[int, int]) -> tuple[int, int]:
    """Width and height in px of a picture in a square of `side` px; `shape` is its width to its height."""
    width, height = (max(1, round(side * part / max(shape))) for part in shape)
    return width, height


def shown_box(side: int, shape: tuple[int, int]) -> tuple[int, int, int, int]:
    """Where it lies there: left, top, right, bottom in px."""
    width, height = shown_size(side, shape)
    left, top = (side - width) // 2, (side - height) // 2
    return left, top, left + width, top + height
