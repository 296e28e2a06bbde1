"""The menu behind the three dots of the panel's first row."""

from __future__ import annotations

from typing import Callable, Optional

from ..qt import QAction, QtWidgets
from ..state.state import PanelState
from ..words import tr
from .batch_dialog import BatchDialog
from .choice_menu import add_entry, choice_menu
from .core_log import log_end
from .panel_report import ReportMaker
from .settings_dialog import BUDGETS, OTHER_BUDGET, OTHER_SPEED, SPEEDS, SettingsDialog, choices
from .text_dialog import TextDialog


class PanelMenu(QtWidgets.QMenu):
    """What is used seldom. `output` returns what the core printed last."""

    def __init__(
        self, state: PanelState, output: Callable[[], str], parent: Optional[QtWidgets.QWidget] = None
    ) -> None:
        super().__init__(parent)
        self.state = state
        self._log = lambda: log_end(output())
        self.maker = ReportMaker(state, self._log)
        self._budgets = self._submenu(tr("Projection time"))
        self._speeds = self._submenu(tr("While dragging"))
        self.addSeparator()
        self.apart = self.entry(tr("Preview in a window"), lambda: None)
        self.apart.setObjectName("anycost_apart")
        self.apart.setCheckable(True)
        if state.host.batches is not None:
            self.entry(tr("Edit layers or frames…"), self.show_batch)
        self.entry(tr("Settings…"), self.show_settings)
        self.addSeparator()
        self.entry(tr("Free the core's memory"), state.unload)
        self.addSeparator()
        self.entry(tr("Show the core's log"), self.show_log)
        self.entry(tr("Copy a report"), self.maker.copy)
        self.entry(tr("Save a report…"), lambda: self.maker.ask_save(self))
        self.aboutToShow.connect(self._show_choices)
        self._show_choices()

    def entry(self, text: str, done: Callable[[], None]) -> QAction:
        """One more entry at the end."""
        return add_entry(self, text, done)

    def _submenu(self, text: str) -> QtWidgets.QMenu:
        menu = QtWidgets.QMenu(text, self)
        self.addMenu(menu)
        return menu

    def _show_choices(self) -> None:
        """The settings' dialog, or another window, may have changed them."""
        for menu in (self._budgets, self._speeds):
            menu.clear()
        state = self.state
        budgets = choices(BUDGETS, state.projection_seconds, OTHER_BUDGET)
        choice_menu(self._budgets, budgets, state.projection_seconds, state.set_projection_seconds)
        speeds = choices(SPEEDS, state.frame_ms, OTHER_SPEED)
        choice_menu(self._speeds, speeds, state.frame_ms, state.set_frame_ms)

    def show_batch(self) -> None:
        host = self.state.host.batches
        if host is not None:
            BatchDialog(self.state, host, self.parentWidget()).show()

    def show_settings(self) -> None:
        SettingsDialog(self.state, self.parentWidget()).open()

    def show_log(self) -> None:
        log = self._log() or tr("The core has not said anything yet.")
        TextDialog(tr("The core's log"), log, self.parentWidget(), end=True).open()
