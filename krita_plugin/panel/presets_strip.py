"""Presets to try, at any strength; a search that also finds single sliders."""

# PyQt5's stubs let every getter return None
# pyright: reportOptionalMemberAccess=false

from __future__ import annotations

from pathlib import Path
from typing import Callable, List, Optional

from ..qt import Qt, QtCore, QtGui, QtWidgets
from ..state.history import Adjustment, PastState
from ..state.preset_use import MOST, PresetUse
from ..state.presets import (
    LONGEST_NAME,
    Preset,
    PresetFolder,
    PresetsError,
    found_sliders,
    in_order,
    matches,
    presets_folder,
    read_presets,
    useful,
    write_presets,
)
from ..state.presets_built_in import built_in_presets
from ..state.state import PanelState
from ..state.topic import Topic
from ..words import tr
from .choice_menu import add_entry
from .icon_paths import more_path, plus_path, star_path
from .icons import IconButton, paint_path
from .plain_text import plain_tip
from .preset_name_dialog import ask_preset_name
from .thumbnails import ShareSlider

FAVOURITES = "favourite_presets"  # among the settings
ROWS = 4  # shown at once
STAR = 14  # screen pixels
FILES = "JSON (*.json)"


class PresetsStrip(QtWidgets.QWidget):
    """`find` gets the directions that a search finds, or None for all."""

    def __init__(
        self,
        state: PanelState,
        find: Callable[[Optional[List[str]]], None],
        parent: Optional[QtWidgets.QWidget] = None,
    ) -> None:
        super().__init__(parent)
        self.state, self._find = state, find
        self.use = PresetUse(state)
        self.folder = PresetFolder(presets_folder())
        self._all: List[Preset] = []
        self._shown: List[Preset] = []
        self.search = QtWidgets.QLineEdit(self)
        self.search.setObjectName("anycost_search")
        self.search.setAccessibleName(tr("Search presets and sliders"))
        self.search.setPlaceholderText(tr("Search presets and sliders"))
        self.search.setClearButtonEnabled(True)
        self.search.setMaxLength(LONGEST_NAME)
        self.search.textChanged.connect(lambda _text: self._searched())
        self.save = IconButton("preset_save", tr("Save the sliders as a preset"), plus_path(), self)
        self.save.clicked.connect(lambda _checked=False: self.ask_to_save())
        self.more = IconButton("preset_menu", tr("More about presets"), more_path(), self)
        self.more.setMenu(self._menu())
        self.list = self._list()
        self.strength = ShareSlider("preset_strength", tr("Strength"), MOST, self)
        self.strength.reset_to = 1.0
        self.strength.show_share(1.0)
        self.strength.changed.connect(self.use.set_strength)
        self._lay_out()
        state.listeners.append(self._heard)

    def _list(self) -> QtWidgets.QListWidget:
        shown = QtWidgets.QListWidget(self)
        shown.setObjectName("anycost_presets")
        shown.setAccessibleName(tr("Presets"))
        shown.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        shown.setIconSize(QtCore.QSize(STAR, STAR))
        shown.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        shown.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        shown.customContextMenuRequested.connect(self._asked)
        shown.itemActivated.connect(lambda item: self._choose(shown.row(item)))
        shown.itemClicked.connect(lambda item: self._clicked(shown.row(item)))
        return shown

    def _lay_out(self) -> None:
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(3)
        row.addWidget(self.search, 1)
        row.addWidget(self.save)
        row.addWidget(self.more)
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        column.addLayout(row)
        column.addWidget(self.list)
        column.addWidget(self.strength)

    def _heard(self, topic: Topic) -> None:
        if topic is Topic.PACK:
            self._searched()  # its sliders are new
        elif topic in (Topic.EDITS, Topic.DOCUMENT):
            self._show_save()

    # What is shown

    def showEvent(self, event: QtGui.QShowEvent) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.read()  # another program may have saved some

    def hideEvent(self, event: QtGui.QHideEvent) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        self.search.clear()  # no slider stays hidden without its reason in sight

    def read(self) -> None:
        """Read the artist's presets anew."""
        own = self.folder.all()
        names = {preset.name for preset in own}
        self._all = [*own, *(one for one in built_in_presets() if one.name not in names)]
        self._show()

    def _show(self) -> None:
        sliders, words = self.state.core.opened.directions, self.search.text()
        known = in_order(useful(self._all, sliders), self._favourites)
        self._shown = [preset for preset in known if matches(words, preset.name)]
        at = self.list.verticalScrollBar().value()
        self.list.clear()
        for preset in self._shown:
            item = QtWidgets.QListWidgetItem(self._star(preset), preset.name)
            says = self.state.words_of(self._adjusted(preset))
            item.setToolTip(plain_tip(says))
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, says)
            self.list.addItem(item)
        self.list.verticalScrollBar().setValue(at)
        row = max(self.list.sizeHintForRow(0), STAR + 4)
        self.list.setFixedHeight(min(ROWS, len(self._shown)) * row + 2)
        self.list.setVisible(bool(self._shown))
        self._show_save()

    def _show_save(self) -> None:
        self.save.setEnabled(bool(self.state.portrait and self.state.portrait.edits))

    def _adjusted(self, preset: Preset) -> Adjustment:
        return Adjustment(self.state.core.known_edits(preset.edits))

    @property
    def _favourites(self) -> List[str]:
        return self.state.settings.names(FAVOURITES)

    def _star(self, preset: Preset) -> QtGui.QIcon:
        """Filled for a favourite."""
        ratio, role = self.devicePixelRatioF(), QtGui.QPalette.ColorRole
        pixmap = QtGui.QPixmap(round(STAR * ratio), round(STAR * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QtGui.QPainter(pixmap)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        colour, square = self.palette().color(role.Text), QtCore.QRectF(0, 0, STAR, STAR)
        if preset.name in self._favourites:
            colour = self.palette().color(role.Highlight).lighter(130)
            scale = QtGui.QTransform.fromScale(STAR / 16, STAR / 16)
            painter.fillPath(scale.map(star_path()), colour)
        else:
            colour.setAlpha(110)
        paint_path(painter, star_path(), square, colour)
        painter.end()
        return QtGui.QIcon(pixmap)

    def _searched(self) -> None:
        self._show()
        self._find(found_sliders(self.search.text(), self.state.core.opened.directions))

    # What the artist does

    def _clicked(self, row: int) -> None:
        at = self.list.viewport().mapFromGlobal(QtGui.QCursor.pos())
        if 0 <= at.x() <= STAR + 4:
            self.toggle_favourite(self._shown[row])
        else:
            self._choose(row)

    def _choose(self, row: int) -> None:
        self.use.choose(self._shown[row])

    def toggle_favourite(self, preset: Preset) -> None:
        names = self._favourites
        kept = (
            [name for name in names if name != preset.name] if preset.name in names else [*names, preset.name]
        )
        self.state.settings.keep_names(FAVOURITES, kept)
        self._show()

    def ask_to_save(self, past: Optional[PastState] = None) -> None:
        """Ask for a name, and save the sliders as they are, or those of a state."""
        portrait = self.state.portrait
        adjustment = (
            past.adjustment if past is not None else None if portrait is None else portrait.adjustment
        )
        if adjustment is not None and not adjustment.edits:
            self.state.say(tr("A preset is made of sliders: move one first."))
        elif adjustment is not None:
            edits = adjustment.edits
            ask_preset_name(
                self,
                tr("Save as a preset"),
                "",
                self._taken,
                lambda name: self._try(lambda: self.folder.save(Preset(name, edits))),
            )

    def _taken(self, name: str) -> bool:
        return any(one.name == name for one in self.folder.all())

    def _try(self, change: Callable[[], None]) -> None:
        try:
            change()
        except PresetsError as error:
            self.state.say(str(error))
        self.read()

    # Menus

    def _menu(self) -> QtWidgets.QMenu:
        menu = QtWidgets.QMenu(self)
        for text, done in ((tr("Import…"), self._import), (tr("Export my presets…"), self._export_all)):
            add_entry(menu, text, done)
        return menu

    def _asked(self, where: QtCore.QPoint) -> None:
        item = self.list.itemAt(where)
        if item is not None:
            self.menu_of(self._shown[self.list.row(item)]).exec(self.list.viewport().mapToGlobal(where))

    def menu_of(self, preset: Preset) -> QtWidgets.QMenu:
        menu = QtWidgets.QMenu(self)
        favourite = preset.name in self._favourites
        entries = [
            (
                tr("No longer a favourite") if favourite else tr("Favourite"),
                lambda: self.toggle_favourite(preset),
                True,
            ),
            (tr("Rename…"), lambda: self._rename(preset), not preset.built_in),
            (tr("Delete"), lambda: self._try(lambda: self.folder.delete(preset.name)), not preset.built_in),
            (tr("Export…"), lambda: self._export([preset]), True),
        ]
        for text, done, enabled in entries:
            add_entry(menu, text, done).setEnabled(enabled)
        return menu

    def _rename(self, preset: Preset) -> None:
        ask_preset_name(
            self,
            tr("Rename the preset"),
            preset.name,
            self._taken,
            lambda name: self._renamed(preset, name),
        )

    def _renamed(self, preset: Preset, name: str) -> None:
        kept = [name if one == preset.name else one for one in self._favourites]
        self.state.settings.keep_names(FAVOURITES, kept)
        self._try(lambda: self.folder.rename(preset, name))

    def _import(self) -> None:
        path, _ = QtWidgets.QFileDialog.getOpenFileName(self, tr("Import presets"), "", FILES)
        if path:
            self._try(lambda: self.take_file(Path(path)))

    def take_file(self, path: Path) -> None:
        """The presets in a file become the artist's; one of the same name is replaced."""
        for preset in read_presets(path):
            self.folder.save(preset)

    def _export_all(self) -> None:
        self._export(self.folder.all())

    def _export(self, presets: List[Preset]) -> None:
        if not presets:
            self.state.say(tr("There are no presets of yours yet: save one first."))
            return
        path, _ = QtWidgets.QFileDialog.getSaveFileName(self, tr("Export presets"), "presets.json", FILES)
        if path:
            target = Path(path if path.lower().endswith(".json") else path + ".json")
            self._try(lambda: write_presets(target, presets))
