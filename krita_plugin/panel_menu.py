"""The menu behind the three dots of the panel's first row."""

# PyQt5's stubs let every getter return None
# pyright: reportOptionalMemberAccess=false

from __future__ import annotations

from typing import Callable, Optional

from .choice_menu import choice_menu
from .qt import QAction, QtGui, QtWidgets
from .state import USUAL_PROJECTION, PanelState
from .words import tr

BUDGETS = (("5 seconds", 5.0), ("20 seconds", USUAL_PROJECTION), ("Until it levels off", None))


class PanelMenu(QtWidgets.QMenu):
    """What is used seldom. `report` returns the core's last output."""

    def __init__(
        self, state: PanelState, report: Callable[[], str], parent: Optional[QtWidgets.QWidget] = None
    ) -> None:
        super().__init__(parent)
        self.state = state
        self._report = report
        self.entry(tr("Free the core's memory"), state.unload)
        self.entry(tr("Copy a report"), self.copy_report)
        self.addMenu(self._budget_menu())

    def entry(self, text: str, done: Callable[[], None]) -> QAction:
        """One more entry at the end."""
        action = QAction(text, self)
        action.triggered.connect(lambda _checked=False: done())
        self.addAction(action)
        return action

    def _budget_menu(self) -> QtWidgets.QMenu:
        menu = QtWidgets.QMenu(tr("Projection time"), self)
        entries = [(tr(text), seconds) for text, seconds in BUDGETS]
        choice_menu(menu, entries, self.state.projection_seconds, self.state.set_projection_seconds)
        return menu

    def copy_report(self) -> None:
        QtGui.QGuiApplication.clipboard().setText(f"{self.state.report()}\n\n{self._report()}")
