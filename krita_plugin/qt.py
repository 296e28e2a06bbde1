"""The Qt names that the plugin uses, from the binding that `bridge.qt_client` chose (PyQt5 or PyQt6).

The rest of the plugin keeps to what both bindings share, such as scoped enums and exec().
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..bridge.qt_client import QT6

if TYPE_CHECKING or not QT6:
    from PyQt5 import QtCore, QtGui, QtWidgets
    from PyQt5.QtWidgets import QAction, QActionGroup, QUndoCommand, QUndoStack
else:
    from PyQt6 import QtCore, QtGui, QtWidgets
    from PyQt6.QtGui import QAction, QActionGroup, QUndoCommand, QUndoStack

Qt = QtCore.Qt
Signal = QtCore.pyqtSignal

__all__ = [
    "QT6",
    "QAction",
    "QActionGroup",
    "QUndoCommand",
    "QUndoStack",
    "Qt",
    "QtCore",
    "QtGui",
    "QtWidgets",
    "Signal",
]
