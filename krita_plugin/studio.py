"""Studio: the panel in a plain window, without Krita. `python -m anycost.krita_plugin.studio [IMAGE]`"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Callable, Dict, Hashable, List, Optional, Sequence

from ..bridge.messages import Layer, Selected
from ..bridge.qt_client import CoreKeeper
from ..bridge.shown_names import plain
from ..bridge.version import VERSION
from .panel.panel import Panel
from .panel.plain_text import plain_title
from .picture_opener import PictureOpener
from .pixels import placed, rgba_bytes, scaled
from .qt import QAction, Qt, QtCore, QtGui, QtWidgets, QUndoCommand, QUndoStack, Signal
from .setting_stores import SettingsFile
from .settings import LANGUAGE, Kept
from .state.edit_layers import LayerName
from .state.kept_edit import KeptEdit
from .state.layer_place import LayerPlace
from .state.picture import Box, Edge, HostError, Picture, check_size, reduction
from .state.state import PanelState
from .wiring import connect
from .words import tr, use_language, wanted_languages

# PyQt5's stubs name event handlers' parameters differently and let every getter return None
# pyright: reportIncompatibleMethodOverride=false, reportOptionalMemberAccess=false

PICTURES = "*.png *.apng *.jpg *.jpeg *.jpe *.jfif *.webp *.tif *.tiff *.bmp *.dib"
MARGIN = 16


class Painting:
    """One picture, the layers applied to it and the undo steps."""

    def __init__(self, image: QtGui.QImage, name: str) -> None:
        self.image = image  # ARGB32
        self.name = name
        self.layers: List[PaintedLayer] = []
        self.undo = QUndoStack()
        self.kept: Dict[str, bytes] = {}

    def flattened(self) -> QtGui.QImage:
        flat = self.image.copy()
        painter = QtGui.QPainter(flat)
        for layer in self.layers:
            painter.drawImage(layer.left, layer.top, layer.image)
        painter.end()
        return flat


class PaintedLayer:
    """A layer's pixels and place in the picture."""

    def __init__(self, left: int, top: int, image: QtGui.QImage, name: str) -> None:
        self.left, self.top, self.image, self.name = left, top, image, name


class PutLayer(QUndoCommand):
    """Apply, as one step: a layer on top, or in the place of another."""

    def __init__(self, painting: Painting, layer: PaintedLayer, replaced: Optional[PaintedLayer]) -> None:
        super().__init__(layer.name)
        self.painting, self.layer, self.replaced = painting, layer, replaced

    def redo(self) -> None:
        layers = self.painting.layers
        if self.replaced is None:
            layers.append(self.layer)
        else:
            layers[layers.index(self.replaced)] = self.layer

    def undo(self) -> None:
        layers = self.painting.layers
        if self.replaced is None:
            layers.pop()
        else:
            layers[layers.index(self.layer)] = self.replaced


class StudioHost:
    """The panel state's host: one painting at a time, numbered in the order of opening."""

    selects = False
    keeps = False  # a PNG has no room for it: it lasts as long as the window
    batches = None

    def __init__(self) -> None:
        self.painting: Optional[Painting] = None
        self.number = 0

    def open(self, painting: Painting) -> None:
        self.painting = painting
        self.number += 1

    def current(self) -> Optional[Hashable]:
        return None if self.painting is None else self.number

    def _open(self, document: Hashable) -> Optional[Painting]:
        """None once another one was opened."""
        return self.painting if document == self.number else None

    def keep(self, document: Hashable, name: str, data: bytes, at_once: bool = False) -> bool:
        painting = self._open(document)
        if painting is not None:
            painting.kept[name] = data
        return True

    def kept(self, document: Hashable, name: str) -> bytes:
        painting = self._open(document)
        return b"" if painting is None else painting.kept.get(name, b"")

    def read(
        self,
        document: Hashable,
        around: bool,
        done: Callable[[Picture], None],
        failed: Callable[[str], None],
        up_to_active: bool = False,
    ) -> None:
        painting = self._open(document)
        if painting is None:
            failed(tr("No picture is open: open one, then press Project."))
            return
        image = painting.image  # all layers are edits
        try:
            check_size(image.width(), image.height(), "picture")
        except HostError as error:
            failed(str(error))
            return
        size = (image.width(), image.height())
        factor = reduction(*size)
        width, height = size[0] // factor, size[1] // factor
        if factor > 1:
            image = scaled(image.copy(0, 0, width * factor, height * factor), width, height)
        done(Picture(width, height, rgba_bytes(image), factor=factor, document_size=size))

    def read_under(
        self,
        document: Hashable,
        layer: LayerName,
        edit: KeptEdit,
        done: Callable[[Picture], None],
        failed: Callable[[str], None],
    ) -> None:
        self.read(document, False, done, failed)

    def layer_names(self, document: Hashable) -> List[LayerName]:
        painting = self._open(document)
        found = [] if painting is None else painting.layers
        return [LayerName(str(index), layer.name) for index, layer in enumerate(found)]

    def painted(self, document: Hashable, layer: Hashable) -> Box:
        painting = self._open(document)
        one = None if painting is None else next((one for one in painting.layers if one is layer), None)
        return (0, 0, 0, 0) if one is None else (one.left, one.top, one.image.width(), one.image.height())

    def add_layer(
        self,
        document: Hashable,
        picture: Picture,
        layer: Layer,
        name: str,
        done: Callable[[Hashable], None],
        failed: Callable[[str], None],
        replaced: Sequence[Hashable] = (),
        place: LayerPlace = LayerPlace.TOP,
        mask: Optional[Selected] = None,
    ) -> None:
        painting = self._open(document)
        if painting is None:
            failed(tr("The picture was closed: open it again and press Project."))
            return
        left, top, image = placed(picture, layer)
        made = PaintedLayer(left, top, image, name)
        old = next((old for name in reversed(replaced) for old in painting.layers if old is name), None)
        painting.undo.push(PutLayer(painting, made, old))
        done(made)

    def selected(
        self,
        document: Hashable,
        picture: Picture,
        box: Box,
        edge: Edge,
        done: Callable[[Optional[Selected]], None],
        failed: Callable[[str], None],
    ) -> None:
        done(None)


class Canvas(QtWidgets.QWidget):
    """Shows the painting as large as fits, and opens a file that is dropped on it."""

    dropped = Signal(str)

    def __init__(self, host: StudioHost, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("anycost_canvas")
        self.setAcceptDrops(True)
        self.setMinimumSize(240, 240)
        self.host = host
        self._shown: Optional[QtGui.QPixmap] = None

    def refresh(self) -> None:
        """The painting or the space for it changed."""
        painting = self.host.painting
        self._shown = None
        if painting is not None:
            ratio = self.devicePixelRatioF()
            room = (self.size() - QtCore.QSize(2 * MARGIN, 2 * MARGIN)) * ratio
            fit = painting.image.size().scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
            fit = fit.boundedTo(painting.image.size()).expandedTo(QtCore.QSize(1, 1))
            flat = scaled(painting.flattened(), fit.width(), fit.height())
            self._shown = QtGui.QPixmap.fromImage(flat)
            self._shown.setDevicePixelRatio(ratio)
        self.update()

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        self.refresh()

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        painter = QtGui.QPainter(self)
        painter.fillRect(self.rect(), self.palette().color(QtGui.QPalette.ColorRole.Dark))
        if self._shown is None:
            painter.setPen(self.palette().color(QtGui.QPalette.ColorRole.WindowText))
            words = tr("Drop a picture here, or press Ctrl+O")
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), words)
            return
        place = QtCore.QRect(QtCore.QPoint(0, 0), self._shown.size() / self._shown.devicePixelRatioF())
        place.moveCenter(self.rect().center())
        painter.fillRect(place, QtGui.QBrush(QtGui.QColor("#bbbbbb"), Qt.BrushStyle.Dense4Pattern))
        painter.drawPixmap(place.topLeft(), self._shown)

    def dragEnterEvent(self, event: QtGui.QDragEnterEvent) -> None:
        if _dropped_file(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QtGui.QDropEvent) -> None:
        event.acceptProposedAction()
        self.dropped.emit(_dropped_file(event.mimeData()))


class Studio(QtWidgets.QMainWindow):
    """The window: canvas to the left, panel to the right."""

    def __init__(self, keeper: CoreKeeper, settings: Optional[Kept] = None) -> None:
        super().__init__()
        self.setWindowTitle("Anycost studio")
        self.resize(1100, 760)
        self.keeper = keeper
        self.host = StudioHost()
        self.state = PanelState(keeper.client, self.host, settings=settings)
        connect(keeper, self.state.core)
        self.opener = PictureOpener(sys.executable)
        self.opener.opened.connect(self._opened)
        self.opener.failed.connect(self._not_opened)
        self.canvas = Canvas(self.host)
        self.canvas.dropped.connect(self.open)
        self.setCentralWidget(self.canvas)
        self.panel = Panel(self.state, keeper.restart, keeper.report)
        dock = QtWidgets.QDockWidget("Anycost", self)
        dock.setFeatures(QtWidgets.QDockWidget.DockWidgetFeature.DockWidgetMovable)
        dock.setWidget(self.panel)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        self.resizeDocks([dock], [320], Qt.Orientation.Horizontal)
        self._build_menus()

    def _build_menus(self) -> None:
        keys = QtGui.QKeySequence.StandardKey
        picture = self.menuBar().addMenu(tr("&Picture"))
        self._action(picture, tr("&Open…"), QtGui.QKeySequence(keys.Open), self._ask_open)
        self.save_action = self._action(
            picture, tr("&Save as PNG…"), QtGui.QKeySequence(keys.Save), self._ask_save
        )
        self._action(picture, tr("&Quit"), QtGui.QKeySequence(keys.Quit), self._quit)
        edit = self.menuBar().addMenu(tr("&Edit"))
        self.undo_action = self._action(edit, tr("&Undo"), QtGui.QKeySequence(keys.Undo), self.undo)
        self.redo_action = self._action(edit, tr("&Redo"), QtGui.QKeySequence(keys.Redo), self.redo)
        face = self.menuBar().addMenu(tr("&Face"))
        self._action(face, tr("&Project"), QtGui.QKeySequence("Ctrl+Alt+P"), self.state.project)
        self._action(face, tr("Toggle &draft"), QtGui.QKeySequence("Ctrl+Alt+D"), self.state.toggle_draft)
        self._action(face, tr("&Apply"), QtGui.QKeySequence("Ctrl+Alt+A"), self.state.apply)
        several = self.state.several
        self._action(face, tr("&Next face"), QtGui.QKeySequence("Ctrl+Alt+N"), several.next_face)
        self._show_actions()

    def _action(
        self, menu: QtWidgets.QMenu, text: str, keys: QtGui.QKeySequence, done: Callable[[], None]
    ) -> QAction:
        action = QAction(text, self)
        action.setShortcut(keys)
        action.triggered.connect(lambda _checked=False: done())
        menu.addAction(action)
        return action

    # Files

    def open(self, path: str) -> None:
        """Open a picture file as soon as it is read, or say in the panel why it cannot be opened."""
        self.opener.open(path)

    def _opened(self, path: str, image: QtGui.QImage, advice: str) -> None:
        old = self.host.current()
        painting = Painting(image, plain(Path(path).name))
        painting.undo.indexChanged.connect(lambda _index: self._painted())
        self.host.open(painting)
        if old is not None:
            self.state.forget(old)
        self.state.set_document(self.host.current())
        self.state.say(advice)
        self.setWindowTitle(plain_title(f"{painting.name} – Anycost studio"))
        self._painted()
        self.keeper.start()

    def _not_opened(self, why: str) -> None:
        self.state.say(why)

    def save(self, path: str) -> bool:
        """Write the picture with its layers as PNG, whole or not at all."""
        painting = self.host.painting
        if painting is None:
            return False
        file = QtCore.QSaveFile(path)
        if file.open(QtCore.QIODevice.OpenModeFlag.WriteOnly):
            written = painting.flattened().save(file, "PNG")
            if written and file.commit():
                return True
            file.cancelWriting()
        reason = file.errorString() or tr("the disk may be full")
        text = tr("{path} could not be written ({reason}): choose another place.", path=path, reason=reason)
        self.state.say(text)
        return False

    def _quit(self) -> None:
        self.close()

    def _ask_open(self) -> None:
        kinds = f"{tr('Pictures')} ({PICTURES} {PICTURES.upper()})"
        path, _ = QtWidgets.QFileDialog.getOpenFileName(self, tr("Open a picture"), "", kinds)
        if path:
            self.open(path)

    def _ask_save(self) -> None:
        path, _ = QtWidgets.QFileDialog.getSaveFileName(self, tr("Save as PNG"), "", "PNG (*.png)")
        if path:
            self.save(path if path.lower().endswith(".png") else path + ".png")

    # Layers

    def undo(self) -> None:
        if self.host.painting is not None:
            self.host.painting.undo.undo()

    def redo(self) -> None:
        if self.host.painting is not None:
            self.host.painting.undo.redo()

    def _painted(self) -> None:
        self.canvas.refresh()
        self._show_actions()

    def _show_actions(self) -> None:
        painting = self.host.painting
        self.save_action.setEnabled(painting is not None)
        self.undo_action.setEnabled(painting is not None and painting.undo.canUndo())
        self.redo_action.setEnabled(painting is not None and painting.undo.canRedo())

    def closeEvent(self, event: QtGui.QCloseEvent) -> None:
        self.opener.close()
        self.keeper.stop()
        if self.host.painting is not None:
            self.host.painting.undo.indexChanged.disconnect()  # it would signal a dead window
        event.accept()


def _dropped_file(mime: Optional[QtCore.QMimeData]) -> str:
    """The first local file among what was dropped, or an empty text."""
    urls = mime.urls() if mime is not None else []
    return next((url.toLocalFile() for url in urls if url.isLocalFile()), "")


def dark_palette() -> QtGui.QPalette:
    """Neutral and dark like other painting programs, since the picture's colours are judged against it."""
    palette, role = QtGui.QPalette(), QtGui.QPalette.ColorRole
    shades = {
        "#323232": (role.Window, role.AlternateBase),
        "#262626": (role.Base, role.Dark, role.ToolTipBase),
        "#3c3c3c": (role.Button,),
        "#4a4a4a": (role.Midlight,),
        "#5c5c5c": (role.Mid, role.Light),
        "#161616": (role.Shadow,),
        "#d8d8d8": (role.WindowText, role.Text, role.ButtonText, role.ToolTipText),
        "#557394": (role.Highlight,),
        "#ffffff": (role.HighlightedText, role.BrightText),
    }
    for shade, roles in shades.items():
        for one in roles:
            palette.setColor(one, QtGui.QColor(shade))
    for one in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QtGui.QPalette.ColorGroup.Disabled, one, QtGui.QColor("#787878"))
    return palette


def main(arguments: Optional[Sequence[str]] = None) -> int:
    parser = argparse.ArgumentParser(prog="anycost studio", description="Edit a face without Krita.")
    parser.add_argument("image", nargs="?", help="a picture to open")
    chosen = parser.parse_args(arguments)
    application = QtWidgets.QApplication(sys.argv[:1])
    application.setStyle("Fusion")
    application.setPalette(dark_palette())
    application.setApplicationName("Anycost studio")
    application.setApplicationVersion(VERSION)
    settings = Kept(SettingsFile())
    use_language([*settings.names(LANGUAGE), *wanted_languages(QtCore.QLocale.system().uiLanguages())])
    studio = Studio(CoreKeeper("studio", VERSION), settings)
    studio.show()
    if chosen.image:
        studio.open(chosen.image)
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
