"""Anycost for Krita: face editing with one generator that runs at many costs."""

import sys

from .bridge.version import VERSION as __version__

__all__ = ["__version__"]

if hasattr(sys.modules.get("krita"), "Krita"):  # Krita imports its plugins by this name alone
    from .krita_plugin.docker import register

    register()
