"""A menu of which one entry is chosen."""

from __future__ import annotations

from typing import Callable, Sequence, Tuple, TypeVar

from ..qt import QAction, QActionGroup, QtWidgets

Value = TypeVar("Value")


def choice_menu(
    menu: QtWidgets.QMenu,
    entries: Sequence[Tuple[str, Value]],
    chosen: Value,
    choose: Callable[[Value], None],
) -> None:
    """Fills `menu` with entries (text, value), `chosen` checked; `choose` gets the value of a new one."""
    group = QActionGroup(menu)
    for text, value in entries:
        action = QAction(text, group)
        action.setCheckable(True)
        action.setChecked(value == chosen)
        action.triggered.connect(lambda _checked=False, value=value: choose(value))
        menu.addAction(action)
