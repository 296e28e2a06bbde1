"""With ANYCOST_TEST_QT=6 the tests run under PyQt6, as the plugin does in Krita 6.

The tests say PyQt5; what they get under that name then is PyQt6, with the few names that moved.
"""

from __future__ import annotations

import importlib
import os
import sys
import types

MODULES = ("QtCore", "QtGui", "QtNetwork", "QtTest", "QtWidgets", "sip")
MOVED = {"QtWidgets": ("QtGui", ("QAction", "QActionGroup", "QShortcut", "QUndoCommand", "QUndoStack"))}


def use_wanted_binding() -> None:
    if os.environ.get("ANYCOST_TEST_QT", "5") == "5":
        return
    sys.modules["PyQt5"] = types.ModuleType("PyQt5")
    for name in MODULES:
        found = types.ModuleType(f"PyQt5.{name}")
        contents = vars(importlib.import_module(f"PyQt6.{name}"))
        found.__dict__.update({key: value for key, value in contents.items() if not key.startswith("__")})
        source, names = MOVED.get(name, ("", ()))
        for moved in names:
            setattr(found, moved, getattr(importlib.import_module(f"PyQt6.{source}"), moved))
        sys.modules[f"PyQt5.{name}"] = found
        setattr(sys.modules["PyQt5"], name, found)
