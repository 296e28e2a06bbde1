"""A part of a sitting, with a slow pack: sliders faster than the full generator, and a selection that is
refined first.
"""

from __future__ import annotations

import os

from shared import recorded, remove, select, set_selection, settled

from anycost.krita_plugin.state.topic import Topic

EYE = (0.34, 0.4, 0.5, 0.5)  # left, top, right, bottom in the face's square
MOVES = 120  # of the mouse in one drag, each as soon as the one before is handled


def by_stamp(frames):
    """The frames of each edit, in the order in which they came."""
    found = {}
    for frame in frames:
        found.setdefault(frame.stamp, []).append(frame)
    return found


def refining(t, docker, document, seen, tap):
    state = docker.state
    state.core.use_pack(os.environ["DRIVE_SLOW_PACK"])
    yield from t.until(lambda: state.core.connected)
    state.set_quality("full")
    state.project()
    yield from t.until(lambda: state.portrait.drawable)
    state.cancel()
    drawn = yield from t.until(lambda: not state.busy and settled(state))
    if t.check("another pack draws the face its own way", drawn, (state.message, state.status())):
        yield from engines(t, state.core.link)
        name = state.core.opened.directions[0].name
        yield from overtaking(t, state, seen, tap, name)
        yield from selecting(t, docker, document, seen, tap, name)


def engines(t, link):
    """Waits until the core opens those that are known to be fastest, which it does when nobody asks for
    anything: later it would forget portraits in the middle of what is looked at."""
    answers = []

    def calibrated():
        return bool(answers) and answers[-1].result.get("calibrated")

    for _ in range(600):
        if calibrated():
            break
        link.request("core/status", {}, answers.append)
        yield 0.1
    t.check("the core opens the engines that were measured", calibrated(), answers[-1:])
    yield 0.3  # it says so when it begins


def overtaking(t, state, seen, tap, name):
    """Drag faster than the full generator draws: it is stopped again and again; the last edit is drawn."""
    slider = t.widget("anycost_slider_" + name)
    begun, sent, stamp = len(seen.frames), len(tap.edits()), state.portrait.stamp
    points = [t.at(slider, 12 + (slider.width() - 24) * step / MOVES) for step in range(MOVES)]
    moves = [word for x, y in points for word in ("mousemove", x, y, "sleep", 0.005)]
    yield from t.xdotool("mousemove", *points[0], "mousedown", 1, *moves, "mouseup", 1)
    drawn = yield from t.until(lambda: settled(state))
    edits, frames = tap.edits()[sent:], by_stamp(seen.frames[begun:])
    frames = {number: frames[number] for number in frames if number > stamp}
    t.check("a fast drag sends its edits", sum(edit["dragging"] for edit in edits) > 3, len(edits))
    stamps = [edit["stamp"] for edit in edits]
    t.check("each newer than the one before", stamps == sorted(set(stamps)), stamps)
    t.check("frames come in that order", list(frames) == sorted(frames), list(frames))
    passes = {number: [frame.index for frame in of] for number, of in frames.items()}
    # a pass that still waits is left out when the next one comes
    t.check("passes in theirs", all(p == sorted(set(p)) for p in passes.values()), passes)
    overtaken = [number for number, of in frames.items() if of[-1].index < of[-1].passes]
    t.check("the full pass is overtaken", len(overtaken) > 2, passes)
    t.check("but not that of the last edit", drawn and state.portrait.stamp not in overtaken, passes)
    t.check("nothing half-drawn is shown", all(map(complete, seen.frames[begun:])))


def complete(frame):
    """Whether it is a whole square."""
    sides = (frame.width, frame.height)
    return frame.whole and sides == (frame.side, frame.side) and len(frame.rgba) == 4 * frame.side**2


def selecting(t, docker, document, seen, tap, name):
    """Select an eye: it comes in full before the face does, is seen so, and Apply is whole as ever."""
    state, preview = docker.state, t.widget("anycost_preview")
    box = on_document(EYE, state.portrait)
    yield from select(document, *box)
    docker.look()
    t.check("the selection is seen", state.selection == box, (state.selection, box))

    shown = []

    def on_frame(topic):
        if topic is Topic.FRAME:
            shown.append(painted(preview, state))

    state.listeners.append(on_frame)
    begun = len(seen.frames)
    state.set_edit(name, -0.5)
    stamp = state.portrait.stamp
    drawn = yield from t.until(lambda: settled(state))
    state.listeners.pop()
    region = tap.edits()[-1].get("region")
    t.check("it is sent as a part of the face", region and farthest(region, EYE) < 0.05, region)
    frames = by_stamp(seen.frames[begun:])[stamp]
    wholes = [frame.whole for frame in frames]
    t.check("it comes after the first face, before the full one", wholes == [True, False, True], frames)
    rungs = [(frame.resolution, frame.ratio) for frame in frames]
    t.check("by the full generator", rungs[1] == rungs[2] > rungs[0], rungs)
    parts = [far for far in shown if far is not None]
    t.check("the preview shows it there", len(parts) == 1 and parts[0] < 40, shown)
    t.check("and the whole face at the end", drawn and preview.part is None, state.status())

    layers = recorded(docker)
    for selected in (True, False):
        if not selected:
            yield from set_selection(document, None)
            docker.look()
        count = len(document.rootNode().childNodes())
        yield from t.until(lambda: state.can_apply)  # Krita handles events while a layer is added
        state.apply()
        yield from t.until(lambda count=count: len(document.rootNode().childNodes()) == count + 1)
        document.waitForDone()
        yield from t.until(lambda: not state.portrait.applying)
        # else Krita would select the layer below the one that goes, and its edit would be taken up
        document.setActiveNode(document.rootNode().childNodes()[0])
        yield from remove(document, document.rootNode().childNodes()[-1])
    t.check("Apply is whole as ever", len(layers) == 2 and layers[0] == layers[1], layers)


def on_document(part, portrait):
    """The box of the document that a part of an upright face's square covers: left, top, width, height."""
    picture, place = portrait.picture, portrait.placement
    left, right = (place.x + (unit - 0.5) * place.size for unit in part[::2])
    top, bottom = (place.y + (unit - 0.5) * place.size for unit in part[1::2])
    sides = (left, top, right - left, bottom - top)
    left, top, width, height = (round(picture.factor * side) for side in sides)
    return picture.left + left, picture.top + top, width, height


def farthest(found, expected):
    return max(abs(a - b) for a, b in zip(found, expected, strict=True))


def painted(preview, state):
    """How far the preview's colour in the middle of the part is from the part's own; None without a part."""
    part = state.portrait.part
    if part is None:
        return None
    image, side = preview.grab().toImage(), min(preview.width(), preview.height())
    x = (preview.width() - side) / 2 + (part.x + part.width / 2) / part.side * side
    y = (preview.height() - side) / 2 + (part.y + part.height / 2) / part.side * side
    seen = image.pixelColor(int(x), int(y))
    middle = 4 * (part.width * (part.height // 2) + part.width // 2)
    return farthest((seen.red(), seen.green(), seen.blue()), part.rgba[middle : middle + 3])
