"""The release. Panel and core tell each other, and setup.py reads it."""

VERSION = "0.2.0"
