"""The docker and its actions, and their registration in Krita."""

from __future__ import annotations

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
from .document import KritaDocuments
from .panel import Panel
from .qt import QtCore, QtWidgets
from .settings import GROUP, Kept
from .state import PanelState
from .wiring import connect

LOOK_EVERY_MS = 300  # Krita does not report a new selection, so it is polled while the docker is visible
ACTIONS = (
    ("anycost_project", "Project the face", PanelState.project),
    ("anycost_toggle_draft", "Toggle draft quality", PanelState.toggle_draft),
    ("anycost_apply", "Apply the edit", PanelState.apply),
)

_keeper: Optional[CoreKeeper] = None
_settings: Optional[Kept] = None
_dockers: List[AnycostDocker] = []


def shared_keeper() -> CoreKeeper:
    """One core for all windows of this Krita."""
    global _keeper
    if _keeper is None:
        _keeper = CoreKeeper("krita", VERSION)
        application = QtCore.QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(_keeper.stop)
    return _keeper


class KritaRc:
    """Where Krita keeps its own settings, too."""

    def read(self, name: str) -> str:
        return Krita.instance().readSetting(GROUP, name, "")

    def write(self, name: str, text: str) -> None:
        Krita.instance().writeSetting(GROUP, name, text)


def shared_settings() -> Kept:
    """Those of all windows."""
    global _settings
    if _settings is None:
        _settings = Kept(KritaRc())
    return _settings


class AnycostDocker(DockWidget):
    """One window's docker: the panel, and the timer that notices another document or selection."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("Anycost")
        self.keeper = shared_keeper()
        self.documents = KritaDocuments()
        self.state = PanelState(self.keeper.client, self.documents, settings=shared_settings())
        connect(self.keeper, self.state)
        body = QtWidgets.QWidget(self)  # Krita sets the margins of a docker's own widget to one pixel
        column = QtWidgets.QVBoxLayout(body)
        column.addWidget(Panel(self.state, self.keeper.start, self.keeper.report, body))
        self.setWidget(body)
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self.look)
        self.visibilityChanged.connect(self._seen)
        _dockers.append(self)
        self.destroyed.connect(lambda: _dockers.remove(self))

    def canvasChanged(self, canvas: Optional[Canvas]) -> None:
        if self.isVisible():
            self.look()

    def look(self) -> None:
        """Bring the state up to date with Krita. The first picture starts the core."""
        for document in self.documents.closed():
            self.state.forget(document)
        self.state.set_document(self.documents.current())
        self.state.set_selection(self.documents.selection())
        if self.state.document is not None and not self.state.core.gave_up:
            self.keeper.start()

    def _seen(self, visible: bool) -> None:
        if visible:
            self._timer.start()
            self.look()
        else:
            self._timer.stop()


class AnycostExtension(Extension):
    """The actions, one set for each window. Their shortcuts are in anycost.action."""

    def setup(self) -> None:
        pass

    def createActions(self, window: Window) -> None:
        main = window.qwindow()  # `window` itself no longer exists when an action is used
        for name, text, done in ACTIONS:
            action = window.createAction(name, text, "tools/scripts")
            action.triggered.connect(lambda _checked=False, done=done: self._run(main, done))

    def _run(self, main: QtWidgets.QMainWindow, done: Callable[[PanelState], None]) -> None:
        for docker in _dockers:
            if docker.parent() == main:
                docker.look()
                done(docker.state)


def register() -> None:
    """Called once, when Krita imports the plugin."""
    krita = Krita.instance()
    factory = DockWidgetFactory("anycost", DockWidgetFactoryBase.DockRight, AnycostDocker)
    krita.addDockWidgetFactory(factory)
    krita.addExtension(AnycostExtension(krita))
