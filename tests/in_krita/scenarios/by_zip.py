"""All that needs the plugin as Krita's own importer leaves it, in one Krita: its start takes longest."""

from __future__ import annotations

import added
import applying
import batch
import canvas
import docker_look
import documents
import faces
import history
import install_core
import taken_up
import windows


def run(t):
    yield from install_core.run(t)
    yield from documents.run(t)
    yield from docker_look.run(t)  # from here on, each leaves its projected face to the next
    yield from canvas.run(t)
    yield from applying.run(t)
    yield from windows.run(t)
    yield from batch.run(t)
    yield from history.run(t)
    yield from added.run(t)
    yield from taken_up.run(t)
    yield from faces.run(t)
