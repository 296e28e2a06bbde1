"""One sitting of an artist: project, drag sliders with the real mouse, apply, undo, lose the core, go on."""

from __future__ import annotations

import os
import re
import signal

from refining import refining
from shared import Seen, Tap, drag, open_panel, pixels, recorded, settled

from anycost.krita_plugin.state.kept_edit import without_key
from anycost.krita_plugin.state.portrait import frame_words
from anycost.krita_plugin.state.topic import Topic

STATUS = re.compile(r"^Pass \d+/\d+ · \d+ px( · ×[\d.]+)? · \d+ ms$")


def composite_holds(before, after, width, layer):
    """The layer's place changed as its alpha says, and not a byte anywhere else."""
    for row in range(len(before) // (4 * width)):
        line = slice(4 * width * row, 4 * width * (row + 1))
        old, new = before[line], after[line]
        if not layer.y <= row < layer.y + layer.height:
            if old != new:
                return f"row {row} changed"
            continue
        source = layer.rgba[4 * layer.width * (row - layer.y) : 4 * layer.width * (row - layer.y + 1)]
        first, last = 4 * layer.x, 4 * (layer.x + layer.width)
        if old[:first] != new[:first] or old[last:] != new[last:]:
            return f"row {row} changed beside the layer"
        for x in range(layer.width):
            alpha = source[4 * x + 3]
            got = new[first + 4 * x : first + 4 * x + 4]
            if alpha == 0 and got != old[first + 4 * x : first + 4 * x + 4]:
                return f"pixel {x} of row {row} changed under alpha 0"
            if alpha == 255 and (got[2], got[1], got[0]) != tuple(source[4 * x : 4 * x + 3]):
                return f"pixel {x} of row {row} is not the layer's"
    return ""


def run(t):
    docker = open_panel(t)
    state = docker.state
    t.check("the docker is there", docker.isVisible(), docker.windowTitle())
    t.check("without a document it says so", t.widget("anycost_status").text() == "Open a picture to begin")
    t.check("and cannot project", not t.widget("anycost_project").isEnabled())
    seen, tap = Seen(state), Tap(state.core.link)
    state.core.link = tap

    ready = yield from t.until(lambda: state.core.connected)
    if not t.check("the core starts with Krita, before there is a picture", ready, seen.words):
        t.fail(docker.keeper.report())
        return
    t.check("words of the start", any(words.startswith("Loading model") for words in seen.words), seen.words)
    document = t.krita.openDocument(os.environ["DRIVE_PICTURE"])
    t.krita.activeWindow().addView(document)
    yield from t.until(lambda: state.document is not None)
    t.check("ready", t.widget("anycost_connection").text().startswith("Ready"), seen.words)

    yield from projecting(t, state, seen)
    if state.portrait is None:
        return
    name = state.core.opened.directions[0].name
    yield from dragging(t, state, seen, tap, name)
    yield from other_ways_to_edit(t, state, name)
    yield from comparing(t)
    t.screenshot("docker.png", docker)
    t.screenshot("krita.png")
    yield from applying(t, state, docker, document)
    yield from losing_the_core(t, state, docker, seen, name)
    yield from shortcuts(t, state, document)
    yield from refining(t, docker, document, seen, tap)
    importing(t)


def projecting(t, state, seen):
    state.projection_seconds = 2.5
    yield from t.click(t.widget("anycost_project"))
    found = yield from t.until(lambda: state.portrait is not None)
    t.check("the face is found", found, state.message)
    if not found:
        return
    t.check("Cancel is offered", t.widget("anycost_cancel").isVisible())
    words = []
    state.listeners.append(lambda topic: words.append(state.status()) if topic is Topic.PROGRESS else None)
    yield from t.until(lambda: state.portrait.frame is not None)
    t.screenshot("projecting.png", t.docker("anycost"))
    done = yield from t.until(lambda: not state.busy)
    t.check("the projection ends", done, state.status())
    moving = [word for word in words if re.match(r"Projecting \d+/\d+ · loss \d+\.\d\d$", word)]
    t.check("its progress is told", len(set(moving)) > 1, words[:3])
    t.check("faces are shown on the way", len(seen.frames) > 1, len(seen.frames))
    drawn = yield from t.until(lambda: settled(state))
    t.check("and the face in full at the end", drawn, state.status())


def dragging(t, state, seen, tap, name):
    slider = t.widget("anycost_slider_" + name)
    begun, sent = len(seen.frames), len(tap.edits())
    stamp = state.portrait.stamp

    def came():
        return any(frame.stamp > stamp for frame in seen.frames[begun:])

    yield from drag(t, slider, [0.55, 0.62, 0.7, 0.78, 0.85], hold_until=came)
    drawn = yield from t.until(lambda: settled(state))
    edits = tap.edits()[sent:]
    t.check(
        "the mouse moves the slider", abs(state.value(name) - slider.value() / 100) < 1e-9, slider.value()
    )
    t.check("to where it was let go", state.value(name) > 0, state.value(name))
    t.check("edits while dragging say so", any(edit["dragging"] for edit in edits), edits)
    t.check("the last one does not", not edits[-1]["dragging"] and settled(state), edits[-1])
    t.check("stamps only rise", [e["stamp"] for e in edits] == sorted({e["stamp"] for e in edits}), edits)
    frames = [frame for frame in seen.frames[begun:] if frame.stamp > stamp]
    t.check("no frame goes back in time", [f.stamp for f in frames] == sorted(f.stamp for f in frames))
    t.check("a face came while dragging", any(f.stamp < state.portrait.stamp for f in frames), len(frames))
    last = [frame for frame in frames if frame.stamp == state.portrait.stamp]
    t.check("the last edit is drawn to the end", drawn, state.status())
    t.check("passes rise to the last", [f.index for f in last] == list(range(1, last[-1].passes + 1)), last)
    rungs = [(frame.resolution, frame.ratio or 0.5) for frame in last]  # free widths are below the full ones
    t.check("each by a larger generator", rungs == sorted(set(rungs)), rungs)
    status = t.widget("anycost_status").text()
    told = STATUS.match(status) and status == frame_words(last[-1])
    t.check("the status line tells the pass", told, status)


def other_ways_to_edit(t, state, name):
    label = t.widget("anycost_label_" + name)
    yield from t.xdotool("mousemove", *t.at(label, 10), "click", "--repeat", 2, "--delay", 40, 1)
    reset = yield from t.until(lambda: state.value(name) == 0.0)
    t.check("a double click resets", reset, state.value(name))
    number = t.widget("anycost_value_" + name)
    yield from t.click(number)
    yield from t.xdotool("key", "ctrl+a", "type", "0.55")
    yield from t.xdotool("key", "Return")
    typed = yield from t.until(lambda: state.value(name) == 0.55)
    t.check("a typed number counts", typed, state.value(name))
    yield from t.until(lambda: settled(state))


def comparing(t):
    preview = t.widget("anycost_preview")
    drawn = preview.shown()
    yield from t.xdotool("mousemove", *t.at(preview), "mousedown", 1)
    held = yield from t.until(lambda: preview.shown() is preview.original)
    t.check("holding the preview shows the original", held)
    yield from t.xdotool("mouseup", 1)
    let_go = yield from t.until(lambda: preview.shown() is drawn)
    t.check("letting go shows the face", let_go and drawn is not None)


def applying(t, state, docker, document):
    added = recorded(docker)
    root, before = document.rootNode(), pixels(document)
    count = len(root.childNodes())
    yield from t.click(t.widget("anycost_apply"))
    came = yield from t.until(lambda: len(root.childNodes()) == count + 1)
    if not t.check("Apply adds one layer", came, state.message):
        return
    document.waitForDone()
    layer, node = added[0], root.childNodes()[-1]
    stored = bytearray(node.pixelData(layer.x, layer.y, layer.width, layer.height))
    stored[0::4], stored[2::4] = stored[2::4], stored[0::4]
    t.check("its pixels are the core's, byte for byte", bytes(stored) == layer.rgba, node.name())
    named = without_key(node.name()) == state.layer_name(state.portrait)
    t.check("it is named after the edit", named, node.name())
    after = pixels(document)
    wrong = composite_holds(before, after, document.width(), layer)
    t.check("nothing else of the picture changed", not wrong and after != before, wrong)
    t.screenshot("applied.png")

    yield from t.xdotool("mousemove", 500, 500, "key", "ctrl+z")
    gone = yield from t.until(lambda: len(root.childNodes()) == count)
    document.waitForDone()
    t.check("one undo takes it away", gone and pixels(document) == before)
    t.krita.action("edit_redo").trigger()
    back = yield from t.until(lambda: len(root.childNodes()) == count + 1)
    document.waitForDone()
    t.check("redo brings it back", back and pixels(document) == after)


def losing_the_core(t, state, docker, seen, name):
    edits, latents = dict(state.portrait.edits), dict(state.portrait.latents)
    os.kill(docker.keeper.hello_answer["pid"], signal.SIGKILL)
    lost = yield from t.until(lambda: not state.core.connected)
    t.check("a killed core is noticed", lost, seen.words)
    back = yield from t.until(lambda: state.core.connected and state.portrait.drawable)
    t.check("and started again", back and "The core stopped: restarting…" in seen.words, seen.words)
    t.check("sliders and latents are kept", state.portrait.edits == edits and latents, state.portrait.edits)
    slider = t.widget("anycost_slider_" + name)
    yield from drag(t, slider, [0.7, 0.4, 0.25])
    drawn = yield from t.until(lambda: settled(state))
    t.check("editing goes on without projecting again", drawn and state.value(name) < 0, state.status())
    t.check("without a word of complaint", state.message == "", state.message)


def shortcuts(t, state, document):
    quality = state.quality
    yield from t.xdotool("mousemove", 500, 500, "key", "ctrl+alt+d")
    draft = yield from t.until(lambda: state.quality == "draft")
    t.check("Ctrl+Alt+D turns draft on", draft, state.quality)
    yield from t.xdotool("key", "ctrl+alt+d")
    off = yield from t.until(lambda: state.quality == quality)
    t.check("and off", off, state.quality)
    yield from t.until(lambda: settled(state))
    count = len(document.rootNode().childNodes())
    yield from t.xdotool("key", "ctrl+alt+a")
    applied = yield from t.until(lambda: len(document.rootNode().childNodes()) == count + 1)
    t.check("Ctrl+Alt+A applies", applied, state.message)


def importing(t):
    """Krita's own importer takes the zip into this profile; the next run of Krita uses what it made."""
    from plugin_importer.plugin_importer import PluginImporter  # pyright: ignore[reportMissingImports]

    asked = []
    importer = PluginImporter(
        os.environ["DRIVE_ZIP"],
        os.environ["XDG_DATA_HOME"] + "/krita",
        lambda plugin: asked.append(plugin["name"]) or True,
    )
    found = importer.import_all()
    t.check("the importer takes the zip", [plugin["name"] for plugin in found] == ["anycost"], found)
    t.check("with its shortcuts", found and found[0]["action"] == "anycost.action", found)
