"""Imports torchvision even where its C++ operators do not load, as in PyPI's wheel beside a CPU torch."""

from __future__ import annotations

import importlib
import sys
import types


def import_torchvision() -> None:
    """Imports torchvision, with its operators or without: its networks need none of them.

    Without the operators its import fails where it registers their shapes, so that step is left out.
    """
    try:
        importlib.import_module("torchvision")
    except RuntimeError:
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        sys.modules["torchvision._meta_registrations"] = types.ModuleType("torchvision._meta_registrations")
        importlib.import_module("torchvision")
