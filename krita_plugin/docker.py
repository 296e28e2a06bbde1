"""The docker and its actions, and their registration in Krita."""

from __future__ import annotations

import sys
from typing import Callable, List, Optional

from krita import (
    Canvas,
    DockWidget,
    DockWidgetFactory,
    DockWidgetFactoryBase,
    Extension,
    Krita,
    Window,
)

from ..bridge.qt_client import CoreKeeper
from ..bridge.version import VERSION
from .canvas.canvas_button import CanvasButton
from .canvas.canvas_preview import CanvasPreview
from .documents.document import KritaDocuments
from .documents.views import document_in, window_of
from .install import install_place
from .install.install_card import InstallCard
from .install.install_run import CoreInstaller
from .panel.docker_size import give_room
from .panel.panel import Panel
from .qt import Qt, QtCore, QtWidgets
from .settings import GROUP, LANGUAGE, Kept
from .state.conversation import Conversation
from .state.state import PanelState
from .wiring import connect
from .words import mark_tr, tr, use_language, wanted_languages

START_AFTER_MS = 1000  # Krita's own start goes first
LOOK_EVERY_MS = 300  # Krita does not report a new selection, so it is polled while the docker is visible
ACTIONS = (
    ("anycost_project", mark_tr("Project the face"), PanelState.project),
    ("anycost_toggle_draft", mark_tr("Toggle draft quality"), PanelState.toggle_draft),
    ("anycost_apply", mark_tr("Apply the edit"), PanelState.apply),
    ("anycost_update", mark_tr("Update the edit's layer"), lambda state: state.apply(update=True)),
    ("anycost_next_face", mark_tr("Next face"), lambda state: state.several.next_face()),
)

_shared: Optional[Shared] = None
_dockers: List[AnycostDocker] = []


class Shared:
    """What all windows of this Krita share: the core, what it knows of whose faces, and the settings."""

    def __init__(self) -> None:
        self.keeper = CoreKeeper("krita", VERSION)
        self.core = Conversation(self.keeper.client)
        self.documents = KritaDocuments()
        self.settings = Kept(KritaRc())
        connect(self.keeper, self.core)
        notifier = Krita.instance().notifier()
        notifier.setActive(True)
        notifier.imageSaved.connect(self._saved)
        self.installer = CoreInstaller()
        self.installer.done.connect(self._use_new_core)
        self.installer.removing.connect(self.keeper.stop)
        application = QtCore.QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.keeper.stop)
            application.aboutToQuit.connect(self.installer.stop)

    def _saved(self, path: str) -> None:
        if self.core.edit_layers is not None:
            self.documents.sweep_saved(path, self.core.edit_layers)

    def _use_new_core(self) -> None:
        self.keeper.stop()
        self.core.viewer.say("")  # that it was missing
        self.keeper.start()


def shared() -> Shared:
    global _shared
    if _shared is None:
        _shared = Shared()
    return _shared


class KritaRc:
    """Where Krita keeps its own settings, too."""

    def read(self, name: str) -> str:
        return Krita.instance().readSetting(GROUP, name, "")

    def write(self, name: str, text: str) -> None:
        Krita.instance().writeSetting(GROUP, name, text)


class AnycostDocker(DockWidget):
    """One window's docker: the panel, and the timer that notices another document or selection."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("Anycost")
        self.keeper, self.documents = shared().keeper, shared().documents
        self.state = PanelState(
            self.keeper.client, self.documents, core=shared().core, settings=shared().settings
        )
        body = QtWidgets.QWidget(self)  # Krita sets the margins of a docker's own widget to one pixel
        column = QtWidgets.QVBoxLayout(body)
        panel = Panel(self.state, self.keeper.restart, self.keeper.report, body)
        self.canvas_preview = CanvasPreview(self.state)
        panel.preview.compared.connect(self.canvas_preview.compare)
        panel.status.add(CanvasButton(self.state.settings, panel))
        card = InstallCard(shared().installer, self.keeper, panel, body)
        panel.menu.entry(tr("Get the face networks"), card.get_networks)
        panel.menu.entry(tr("The core's installation…"), card.ask)
        column.addWidget(card, 0, Qt.AlignmentFlag.AlignTop)
        column.addWidget(panel)
        self.setWidget(body)
        self._has_room = False  # as much as it asks for at first
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self._tick)
        self.visibilityChanged.connect(self._seen)
        early = QtCore.QTimer(self)
        early.setSingleShot(True)
        early.timeout.connect(self._start_early)
        early.start(START_AFTER_MS)
        _dockers.append(self)
        self.destroyed.connect(lambda: _left(self))

    def canvasChanged(self, canvas: Optional[Canvas]) -> None:
        if self.isVisible():
            self.look()

    def look(self) -> None:
        """Bring the state up to date with its own window. The first picture starts the core."""
        for document in self.documents.closed():
            for docker in list(_dockers):
                docker.state.forget(document)
        window = window_of(self.parent())
        document = document_in(window)
        self.state.set_document(None if document is None else self.documents.number(document))
        self.state.set_selection(None if document is None else self.documents.selection(document))
        if document is not None:
            self.state.taken_up.look(self.documents.in_use(document))
        view = None if window is None or document is None else window.activeView()
        if window is not None and view is not None:
            self.canvas_preview.follow(window.qwindow(), view)
        if self.isActiveWindow():
            self.state.core.viewer.lead(self.state)
        if self.state.document is not None and not self.state.core.gave_up:
            self.keeper.start()

    def _start_early(self) -> None:
        """With Krita, so that the core is warm when the first picture is open; not for a docker that is put
        away, nor where there is no core yet."""
        shown = self.toggleViewAction()
        wanted = shown is not None and shown.isChecked() and self.state.settings.now.start_with_krita
        if wanted and not install_place.missing():
            self.keeper.start()

    def _tick(self) -> None:
        """Not in the middle of a call from Python: Krita handles timers while it adds a layer, and crashes
        where its layers are asked for before that is done."""
        if sys._getframe().f_back is None:
            self.look()
            self._has_room = self._has_room or give_room(self, self.state.settings)

    def _seen(self, visible: bool) -> None:
        self.canvas_preview.set_active(visible)
        if visible:
            self._timer.start()
            self.look()
        else:
            self._timer.stop()


def _left(docker: AnycostDocker) -> None:
    """The window was closed."""
    _dockers.remove(docker)
    docker.state.core.viewer.leave(docker.state)
    docker.canvas_preview.leave()


class AnycostExtension(Extension):
    """The actions, one set for each window. Their shortcuts are in anycost.action."""

    def setup(self) -> None:
        pass

    def createActions(self, window: Window) -> None:
        main = window.qwindow()  # `window` itself no longer exists when an action is used
        for name, text, done in ACTIONS:
            action = window.createAction(name, tr(text), "tools/scripts")
            action.triggered.connect(lambda _checked=False, done=done: self._run(main, done))

    def _run(self, main: QtWidgets.QMainWindow, done: Callable[[PanelState], None]) -> None:
        for docker in _dockers:
            if docker.parent() == main:
                docker.look()
                done(docker.state)


def register() -> None:
    """Called once, when Krita imports the plugin."""
    settings, system = Kept(KritaRc()), QtCore.QLocale.system().uiLanguages()  # before any word is said
    use_language([*settings.names(LANGUAGE), *wanted_languages(system)])
    krita = Krita.instance()
    factory = DockWidgetFactory("anycost", DockWidgetFactoryBase.DockRight, AnycostDocker)
    krita.addDockWidgetFactory(factory)
    krita.addExtension(AnycostExtension(krita))
