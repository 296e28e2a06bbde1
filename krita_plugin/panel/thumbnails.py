"""A list of small pictures, and a slider for a share, as history, variations and mixing show them."""

# PyQt5's stubs name event handlers' parameters differently and let every getter return None
# pyright: reportIncompatibleMethodOverride=false, reportOptionalMemberAccess=false

from __future__ import annotations

from typing import Optional

from ..qt import Qt, QtCore, QtGui, QtWidgets, Signal
from ..words import tr
from .direction_slider import CentredSlider
from .keys import PRESS, keep_key
from .plain_text import ElidedLabel, plain_tip

MARK = 9.0  # screen pixels: the dot on what was applied


class _Framed(QtWidgets.QStyledItemDelegate):
    """Paints the picture alone, in a frame where it is the chosen one: no colour lies over it."""

    def paint(
        self,
        painter: QtGui.QPainter,
        option: QtWidgets.QStyleOptionViewItem,
        index: QtCore.QModelIndex,
    ) -> None:
        icon = index.data(Qt.ItemDataRole.DecorationRole)
        side = option.decorationSize.width()
        place = QtCore.QRect(0, 0, side, side)
        place.moveCenter(option.rect.center())
        icon.paint(painter, place)
        if not option.state & QtWidgets.QStyle.StateFlag.State_Selected:
            return
        painter.save()
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        for colour, width in ((QtGui.QColor(0, 0, 0, 120), 4), (option.palette.highlight().color(), 2)):
            painter.setPen(QtGui.QPen(colour, width))
            painter.drawRoundedRect(QtCore.QRectF(place).adjusted(-0.5, -0.5, 0.5, 0.5), 3, 3)
        painter.restore()


class ThumbnailList(QtWidgets.QListWidget):
    """Small pictures in rows. A click, Enter or Space picks one; a double click uses it."""

    picked = Signal(int)
    used = Signal(int)
    asked = Signal(int, QtCore.QPoint)  # for its menu, at a place of the screen

    def __init__(self, name: str, side: int, rows: int, parent: Optional[QtWidgets.QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"anycost_{name}")
        self.side, self._rows = side, rows
        self.setViewMode(QtWidgets.QListView.ViewMode.IconMode)
        self.setFlow(QtWidgets.QListView.Flow.LeftToRight)
        self.setWrapping(rows > 1)
        self.setMovement(QtWidgets.QListView.Movement.Static)
        self.setResizeMode(QtWidgets.QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setIconSize(QtCore.QSize(side, side))
        self.setGridSize(QtCore.QSize(side + 6, side + 6))
        self.setItemDelegate(_Framed(self))
        self.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.setHorizontalScrollMode(QtWidgets.QAbstractItemView.ScrollMode.ScrollPerPixel)
        off, needed = Qt.ScrollBarPolicy.ScrollBarAlwaysOff, Qt.ScrollBarPolicy.ScrollBarAsNeeded
        self.setVerticalScrollBarPolicy(off)
        self.setHorizontalScrollBarPolicy(needed if rows == 1 else off)
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Ignored, policy.Fixed)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        self.itemClicked.connect(lambda item: self.picked.emit(self.row(item)))
        self.itemDoubleClicked.connect(lambda item: self.used.emit(self.row(item)))

    def add(self, image: QtGui.QImage, tip: str, marked: bool = False) -> None:
        """One picture at the end; a null one is a hatched square."""
        item = QtWidgets.QListWidgetItem(QtGui.QIcon(self._pixmap(image, marked)), "")
        item.setToolTip(plain_tip(tip))
        item.setData(Qt.ItemDataRole.AccessibleTextRole, tip)
        self.addItem(item)
        self._fit()

    def _pixmap(self, image: QtGui.QImage, marked: bool) -> QtGui.QPixmap:
        ratio, side = self.devicePixelRatioF(), self.side
        pixmap = QtGui.QPixmap(round(side * ratio), round(side * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QtGui.QPainter(pixmap)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
        whole, palette = QtCore.QRectF(0, 0, side, side), self.palette()
        rounded = QtGui.QPainterPath()
        rounded.addRoundedRect(whole, 3, 3)
        painter.setClipPath(rounded)
        if image.isNull():
            line = palette.color(QtGui.QPalette.ColorRole.Text)
            line.setAlpha(60)
            painter.fillRect(whole, QtGui.QBrush(line, Qt.BrushStyle.BDiagPattern))
        else:
            painter.drawImage(whole, image)
        if marked:
            spot = QtCore.QRectF(side - MARK - 3, side - MARK - 3, MARK, MARK)
            painter.setPen(QtGui.QPen(QtGui.QColor(0, 0, 0, 170), 1.5))
            painter.setBrush(palette.color(QtGui.QPalette.ColorRole.Highlight).lighter(130))
            painter.drawEllipse(spot)
        painter.end()
        return pixmap

    def _fit(self) -> None:
        """As high as its pictures."""
        long = self._rows == 1 and self.count() * (self.side + 6) > self.width()
        bar = self.horizontalScrollBar().sizeHint().height() if long else 0
        self.setFixedHeight(self._rows_needed() * (self.side + 6) + bar + 2)

    def _rows_needed(self) -> int:
        across = max(1, (self.width() - 2) // (self.side + 6))
        return min(self._rows, max(1, -(-self.count() // across)))

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._fit()

    def event(self, event: QtCore.QEvent) -> bool:
        return keep_key(event, self) or super().event(event)

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:
        if event.key() in PRESS and self.currentRow() >= 0:
            self.picked.emit(self.currentRow())
        else:
            super().keyPressEvent(event)

    def _menu(self, where: QtCore.QPoint) -> None:
        item = self.itemAt(where)
        if item is not None:
            self.setCurrentItem(item)
            self.asked.emit(self.row(item), self.viewport().mapToGlobal(where))


class ShareSlider(QtWidgets.QWidget):
    """A name, a slider and a percentage; `changed` tells the share and whether the mouse holds the handle."""

    changed = Signal(float, bool)

    def __init__(
        self, name: str, label: str, most: float, parent: Optional[QtWidgets.QWidget] = None
    ) -> None:
        super().__init__(parent)
        self.label = ElidedLabel(label, self)
        self.slider = CentredSlider(0.0, most, self)
        self.slider.setObjectName(f"anycost_{name}")
        self.slider.setAccessibleName(label)
        self.number = QtWidgets.QLabel(self)
        self.number.setFixedWidth(self.fontMetrics().horizontalAdvance("150 %"))
        self.number.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.slider.reset.connect(lambda: self._set(self.reset_to))
        self.reset_to = 0.0
        self.slider.valueChanged.connect(lambda _value: self._told(self.slider.isSliderDown()))
        self.slider.sliderReleased.connect(lambda: self._told(False))
        ignored, fixed = QtWidgets.QSizePolicy.Policy.Ignored, QtWidgets.QSizePolicy.Policy.Fixed
        self.label.setSizePolicy(ignored, fixed)
        self.slider.setSizePolicy(ignored, fixed)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.label, 6)
        row.addWidget(self.slider, 5)
        row.addWidget(self.number)
        self.show_share(0.0)

    def show_share(self, share: float) -> None:
        self.slider.blockSignals(True)
        self.slider.setValue(round(100 * share))
        self.slider.blockSignals(False)
        self._show_number()

    def _set(self, share: float) -> None:
        self.show_share(share)
        self._told(False)

    def _told(self, dragging: bool) -> None:
        self._show_number()
        self.changed.emit(self.slider.value() / 100, dragging)

    def _show_number(self) -> None:
        self.number.setText(tr("{n} %", n=self.slider.value()))
