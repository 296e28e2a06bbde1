"""Where the docker offers to install, update, repair or remove the core."""

# PyQt5's stubs name event handlers' parameters differently and let every getter return None
# pyright: reportIncompatibleMethodOverride=false, reportOptionalMemberAccess=false

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable, Optional

from ...bridge.qt_client import CoreKeeper
from ...bridge.version import VERSION
from ..panel.plain_text import ElidedLabel, plain_tip, wrapped_label
from ..panel.text_dialog import TextDialog
from ..qt import Qt, QtCore, QtGui, QtWidgets
from ..words import mark_tr, tr
from . import install_place
from .install_run import CoreInstaller, InstallStage
from .install_steps import KINDS, NETWORKS, kinds, size_words
from .install_tools import has_nvidia

WHAT = mark_tr(
    "The core draws the faces. It fetches about {download}, then {networks} of networks that read faces, and "
    "takes {disk} in {place}. Its licence is Apache-2.0; PyTorch and the other libraries are free, too."
)
NO_TOOL = mark_tr(
    "Neither Python 3.10 to 3.13 nor uv was found. Get Python from python.org/downloads or your package "
    "manager, or uv from docs.astral.sh/uv."
)
UPDATE = mark_tr("The core is version {old}, this panel {new}. The new core comes with the panel.")
ROUGH = mark_tr("The core works, but reads eyes and mouths roughly. {why}")
EXACT = mark_tr("Faces are read exactly from now on: open those again that you have open.")
MANAGE = mark_tr("The core is in {place}. Repairing installs it anew; your packs and settings stay.")


class InstallCard(QtWidgets.QFrame):
    """It stands in the panel's place while there is no core, and above it while it only offers something."""

    def __init__(
        self,
        installer: CoreInstaller,
        keeper: CoreKeeper,
        panel: QtWidgets.QWidget,
        parent: Optional[QtWidgets.QWidget] = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("anycost_install")
        self.installer, self.keeper, self.panel = installer, keeper, panel
        self._asked = False  # by the menu
        self._put_off = False  # the artist does not want the newer core now
        self._failed = False  # the core that was installed here does not start
        self._build()
        installer.changed.connect(self.refresh)
        installer.progressed.connect(self._show_progress)
        keeper.ready.connect(self._core_ready)  # methods, which Qt lets go of when a window is closed
        keeper.gave_up.connect(self._core_gone)
        self.refresh()

    def ask(self) -> None:
        """Show what can be done with the core."""
        self._asked = True
        self.refresh()

    def get_networks(self) -> None:
        """Get the networks that read faces; without a core, offer that first."""
        if install_place.missing():
            self.ask()
        else:
            self.installer.get_networks()

    def _core_ready(self, _hello: object) -> None:
        self._failed = False
        self.refresh()

    def _core_gone(self, _why: str) -> None:
        self._failed = True
        self.refresh()

    # Building

    def _build(self) -> None:
        self.title = wrapped_label("", self)
        self.title.setObjectName("anycost_install_title")
        font = self.title.font()
        font.setBold(True)
        self.title.setFont(font)
        self.text = wrapped_label("", self)
        self.text.setObjectName("anycost_install_text")
        self.kind = QtWidgets.QComboBox(self)
        self.kind.setObjectName("anycost_install_kind")
        self.kind.setAccessibleName(tr("Build of PyTorch"))
        for name in kinds():
            self.kind.addItem(tr(KINDS[name].words), name)
        sizes = QtWidgets.QSizePolicy.Policy
        self.kind.setSizePolicy(sizes.Ignored, sizes.Fixed)
        if has_nvidia(os.environ):
            self.kind.setCurrentIndex(max(self.kind.findData("cuda"), 0))
        self.kind.currentIndexChanged.connect(lambda _index: self.refresh())
        self.bar = QtWidgets.QProgressBar(self)
        self.bar.setObjectName("anycost_install_bar")
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(5)
        self.line = ElidedLabel("", self)
        self.line.setObjectName("anycost_install_line")
        self.go = self._button("go", lambda: self._install(None))
        self.cancel = self._button("cancel", self._cancel)
        self.from_folder = self._button("folder", self._ask_folder)
        self.remove = self._button("remove", self._ask_remove)
        self.log = self._button("log", self._show_log)
        for button, text in ((self.from_folder, tr("From a folder…")), (self.remove, tr("Remove…"))):
            button.setText(text)
        self.from_folder.setToolTip(tr("Without a network: choose a folder with the wheels"))
        self.log.setText(tr("Log"))
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(8, 6, 8, 6)
        for widget in (self.title, self.text, self.kind, self.bar, self.line):
            column.addWidget(widget)
        for button in (self.go, self.cancel, self.from_folder, self.remove, self.log):
            column.addWidget(button)
        policy = self.sizePolicy()
        policy.setVerticalPolicy(QtWidgets.QSizePolicy.Policy.Maximum)
        self.setSizePolicy(policy)

    def _button(self, name: str, done: Callable[[], None]) -> QtWidgets.QPushButton:
        button = QtWidgets.QPushButton(self)
        button.setObjectName(f"anycost_install_{name}")
        button.clicked.connect(lambda _checked=False: done())
        return button

    # Showing

    def refresh(self) -> None:
        """Show what the installer does, or what it could do."""
        installer = self.installer
        absent = install_place.missing() and not self.keeper.is_ready
        ours = install_place.installed()
        newer = None if self._put_off else install_place.outdated()
        broken = self._failed and ours is not None and not self.keeper.is_ready
        self.panel.setHidden(absent)
        shown = (
            absent or newer is not None or broken or self._asked or installer.stage is not InstallStage.NONE
        )
        self.setHidden(not shown)
        if not shown:
            return
        of_networks = installer.stage in (InstallStage.ROUGH, InstallStage.EXACT)
        failed = installer.stage in (InstallStage.FAILED, InstallStage.NO_TOOL)
        optional = of_networks or failed or self._asked or newer is not None
        idle = not installer.busy
        self._show_words(absent, newer, broken)
        self.text.setVisible(idle)
        self.kind.setVisible(idle and not of_networks and self.kind.count() > 1)
        self.bar.setVisible(installer.busy)
        self.line.setVisible(installer.busy)
        self.go.setVisible(idle and installer.stage is not InstallStage.EXACT)
        self.cancel.setVisible(installer.can_cancel or (optional and idle))
        self.cancel.setText(tr("Cancel") if installer.can_cancel else tr("Close"))
        self.from_folder.setVisible(idle and installer.stage is not InstallStage.EXACT)
        self.remove.setVisible(idle and not of_networks and ours is not None)
        self.log.setVisible(installer.has_log)
        if installer.busy:
            self._show_progress()

    def _show_progress(self) -> None:
        progress = self.installer.progress
        self.bar.setRange(0, 0 if progress.share is None else 1000)
        self.bar.setValue(0 if progress.share is None else int(progress.share * 1000))
        self.line.setText(progress.words)
        self.line.setToolTip(plain_tip(progress.words))
        self.log.setVisible(self.installer.has_log)

    def _show_words(self, absent: bool, newer: Optional[install_place.InstalledCore], broken: bool) -> None:
        stage, kind = self.installer.stage, KINDS[self.kind.currentData()]
        place = _short(install_place.home())
        what = tr(
            WHAT,
            download=size_words(kind.download),
            networks=size_words(NETWORKS),
            disk=size_words(kind.disk),
            place=place,
        )
        title, text, go = tr("Anycost needs its core"), what, tr("Install the core")
        if stage is InstallStage.FAILED:
            title, text, go = tr("The core is not installed"), self.installer.sentence, tr("Try again")
        elif stage is InstallStage.NO_TOOL:
            title, text, go = tr("Python is missing"), tr(NO_TOOL), tr("Look again")
        elif stage is InstallStage.ROUGH:
            title, text = tr("The face networks are missing"), tr(ROUGH, why=self.installer.sentence)
            go = tr("Try again")
        elif stage is InstallStage.EXACT:
            title, text = tr("The face networks are here"), tr(EXACT)
        elif stage is InstallStage.FETCHING:
            title = tr("Getting the face networks")
        elif self.installer.busy:
            title = tr("Removing the core") if stage is InstallStage.REMOVING else tr("Installing the core")
        elif newer is not None:
            title, text = tr("A newer core"), tr(UPDATE, old=newer.version, new=VERSION)
            go = tr("Update the core")
        elif broken:
            title, text, go = tr("The core does not start"), tr(MANAGE, place=place), tr("Repair the core")
        elif not absent:
            title, go = tr("The core"), tr("Repair the core")
            text = tr(MANAGE, place=place) if install_place.installed() else what
        self.title.setText(title)
        self.text.setText(text)
        self.text.setToolTip(plain_tip(text))
        self.go.setText(go)
        self._fit()

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Room for all lines of the words: beside the panel, Qt would cut them."""
        margins = self.layout().contentsMargins()
        width = self.width() - margins.left() - margins.right()
        for label in (self.title, self.text):
            label.setMinimumHeight(0)  # else it counts in the next line
            label.setMinimumHeight(label.heightForWidth(width))

    # What the artist does

    def _install(self, folder: Optional[Path]) -> None:
        self._asked = False
        stage = self.installer.stage
        if folder is None and stage in (InstallStage.FAILED, InstallStage.NO_TOOL, InstallStage.ROUGH):
            folder = self.installer.folder  # again as before
        if stage is InstallStage.ROUGH:
            self.installer.get_networks(folder)
        else:
            self.installer.install(self.kind.currentData(), folder)

    def _cancel(self) -> None:
        self._asked = False
        if self.installer.busy:
            self.installer.cancel()
        else:
            self._put_off = True
            self.installer.dismiss()

    def _ask_folder(self) -> None:
        dialog = QtWidgets.QFileDialog(self, tr("A folder with the wheels"))
        dialog.setObjectName("anycost_install_folder_dialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QtWidgets.QFileDialog.FileMode.Directory)
        dialog.setOption(QtWidgets.QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda path: self._install(Path(path)))
        dialog.open()

    def _ask_remove(self) -> None:
        buttons = QtWidgets.QMessageBox.StandardButton
        box = QtWidgets.QMessageBox(self)
        box.setObjectName("anycost_install_remove_box")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QtWidgets.QMessageBox.Icon.Question)
        box.setWindowTitle(tr("Remove the core"))
        box.setText(tr("Delete the core and its libraries? Your packs, presets and pictures stay."))
        box.addButton(buttons.Cancel)
        yes = box.addButton(tr("Remove"), QtWidgets.QMessageBox.ButtonRole.DestructiveRole)
        yes.setObjectName("anycost_install_remove_yes")
        yes.clicked.connect(lambda _checked=False: self._removed())
        box.open()

    def _removed(self) -> None:
        self._asked = False
        self.installer.remove()

    def _show_log(self) -> None:
        TextDialog(tr("The installation's log"), self.installer.log, self, end=True).open()


def _short(path: Path) -> str:
    """A path with the home folder as "~"."""
    home = QtCore.QDir.homePath()
    text = str(path)
    return "~" + text[len(home) :] if text.startswith(home + os.sep) else text
