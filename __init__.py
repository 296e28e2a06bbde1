"""Anycost for Krita: face editing with one generator that runs at many costs."""

import sys

__version__ = "0.1.0"

if hasattr(sys.modules.get("krita"), "Krita"):  # Krita imports its plugins by this name alone
    from .krita_plugin.docker import register

    register()
