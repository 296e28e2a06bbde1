"""Anycost for Krita: face editing with one generator that runs at many costs."""

__version__ = "0.1.0"
