"""All that needs the plugin as Krita's own importer leaves it, in one Krita: its start takes longest."""

from __future__ import annotations

import time

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

# from the third on, each leaves its projected face to the next
SCENARIOS = (
    *(install_core, documents, docker_look, canvas, applying, windows),
    *(batch, history, added, taken_up, faces),
)


def run(t):
    for scenario in SCENARIOS:
        begin = time.monotonic()
        yield from scenario.run(t)
        seconds = t.figures[f"{scenario.__name__}_seconds"] = round(time.monotonic() - begin, 1)
        t.say(scenario.__name__, "took", seconds, "s")
