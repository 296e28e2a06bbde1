"""Menus: entries that do something, and those of which one is chosen."""

from __future__ import annotations

from typing import Callable, Sequence, Tuple, TypeVar

from ..qt import QAction, QActionGroup, QtWidgets

Value = TypeVar("Value")


def add_entry(menu: QtWidgets.QMenu, text: str, done: Callable[[], None]) -> QAction:
    """One more entry at the end; `done` is called when it is chosen."""
    action = QAction(text, menu)
    action.triggered.connect(lambda _checked=False: done())
    menu.addAction(action)
    return action


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
