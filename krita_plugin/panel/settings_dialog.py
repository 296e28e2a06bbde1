"""All settings in words, in one dialog. A change counts, and is kept, at once."""

# PyQt5's stubs let every getter return None
# pyright: reportOptionalMemberAccess=false

from __future__ import annotations

from dataclasses import fields
from typing import Any, Callable, List, Optional, Sequence, Tuple

from ...bridge.messages import FRAME_MS
from ..qt import Qt, QtCore, QtWidgets
from ..settings import LANGUAGE, Settings
from ..state.state import USUAL_PROJECTION, PanelState
from ..words import FOLDER, mark_tr, tr
from .keys import WheelGuard

WORDS = {  # of each of the Settings: what it does, and more on it
    "start_with_krita": (
        mark_tr("Start the core when Krita starts"),
        mark_tr("The first picture then need not wait. Otherwise the core starts with the first picture."),
    ),
    "canvas_preview": (
        mark_tr("Preview the edit on the canvas"),
        mark_tr("The edit shows over the picture until it is applied. Until then no layer is added."),
    ),
}
IN_KRITA = ("start_with_krita", "canvas_preview")  # studio has no use for them
SPEEDS = (
    (mark_tr("30 frames a second"), 33.0),
    (mark_tr("12 frames a second"), FRAME_MS),
    (mark_tr("Best in half a second"), 500.0),
)
BUDGETS = (
    (mark_tr("5 seconds"), 5.0),
    (mark_tr("20 seconds"), USUAL_PROJECTION),
    (mark_tr("Until it levels off"), None),
)
OTHER_SPEED, OTHER_BUDGET = mark_tr("Best in {n} ms"), mark_tr("{n} seconds")  # what is none of these


def choices(known: Sequence[Tuple[str, Any]], now: Any, other: str) -> List[Tuple[str, Any]]:
    """SPEEDS or BUDGETS for a list; one entry more, in the words of `other`, for what is none of them."""
    entries = [(tr(text), value) for text, value in known]
    if now not in [value for _, value in entries]:
        entries.append((tr(other, n=QtCore.QLocale().toString(now)), now))
    return entries


class SettingsDialog(QtWidgets.QDialog):
    """One box for each yes or no, one list for each choice. It goes when it is closed."""

    def __init__(self, state: PanelState, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.state = state
        self.setWindowTitle(tr("Anycost settings"))
        self.setObjectName("anycost_settings")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        form = QtWidgets.QFormLayout()
        form.addRow(tr("Projection time"), self._budgets())
        form.addRow(tr("While dragging"), self._speeds())
        form.addRow(tr("Language"), self._languages())
        column = QtWidgets.QVBoxLayout(self)
        for box in self._boxes():
            column.addWidget(box)
        column.addSpacing(6)
        column.addLayout(form)
        column.addStretch(1)
        close = QtWidgets.QDialogButtonBox.StandardButton.Close
        buttons = QtWidgets.QDialogButtonBox(close, self)
        buttons.button(close).setText(tr("Close"))  # Qt's own words need not be there in the panel's language
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        WheelGuard(self).guard(self)

    def _boxes(self) -> List[QtWidgets.QCheckBox]:
        boxes = []
        for field in fields(Settings):
            if field.name in IN_KRITA and not self.state.host.selects:
                continue
            words, tip = WORDS[field.name]
            box = QtWidgets.QCheckBox(tr(words), self)
            box.setObjectName(f"anycost_setting_{field.name}")
            box.setToolTip(tr(tip))
            box.setChecked(getattr(self.state.settings.now, field.name))
            box.toggled.connect(lambda on, name=field.name: self.state.settings.set(name, on))
            boxes.append(box)
        return boxes

    def _budgets(self) -> QtWidgets.QComboBox:
        entries = choices(BUDGETS, self.state.projection_seconds, OTHER_BUDGET)
        tip = tr("How long Project may look for a closer likeness")
        state = self.state
        return self._list("budget", entries, state.projection_seconds, state.set_projection_seconds, tip)

    def _speeds(self) -> QtWidgets.QComboBox:
        entries = choices(SPEEDS, self.state.frame_ms, OTHER_SPEED)
        tip = tr("While a slider moves in Auto: the best face that keeps up with this")
        return self._list("speed", entries, self.state.frame_ms, self.state.set_frame_ms, tip)

    def _languages(self) -> QtWidgets.QComboBox:
        settings = self.state.settings
        found = sorted(path.stem for path in FOLDER.glob("*.ts"))
        entries = [(tr("As the program"), ""), *((_named(name), name) for name in ["en", *found])]
        chosen = settings.text(LANGUAGE, [name for _, name in entries], "")
        tip = tr("Counts from the next start on")
        return self._list("language", entries, chosen, lambda name: settings.keep_text(LANGUAGE, name), tip)

    def _list(
        self,
        name: str,
        entries: Sequence[Tuple[str, Any]],
        chosen: object,
        choose: Callable[[Any], None],
        tip: str,
    ) -> QtWidgets.QComboBox:
        box = QtWidgets.QComboBox(self)
        box.setObjectName(f"anycost_setting_{name}")
        box.setToolTip(tip)
        values = [value for _, value in entries]
        for text, _ in entries:
            box.addItem(text)
        box.setCurrentIndex(values.index(chosen))
        box.activated.connect(lambda index: choose(values[index]))
        return box


def _named(language: str) -> str:
    """A language in its own words."""
    if language == "en":
        return "English"  # Qt has the American one
    return QtCore.QLocale(language).nativeLanguageName().capitalize() or language
