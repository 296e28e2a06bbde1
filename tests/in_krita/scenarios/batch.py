"""The current edit on other layers and on frames, by the panel's menu and the dialog's buttons."""

# a scenario fails where a widget is missing
# pyright: reportOptionalMemberAccess=false

from __future__ import annotations

import os

from PyQt5.QtCore import QByteArray, Qt
from PyQt5.QtGui import QImage
from PyQt5.QtWidgets import QApplication
from shared import at_rest, closed, move_a_slider, open_panel, pixels, projected, sample, settled, shown

from anycost.krita_plugin.state.kept_edit import without_key

SIDE = 256  # pixels of the animation
TIMES = (0, 4, 9)  # of its frames; at the second there is no face


def run(t):
    docker = open_panel(t)
    document = yield from sample(t, docker, "batch")
    if document is not None:
        yield from layers(t, docker, document)
    yield from frames(t, docker)


def face_bytes(side, mirrored):
    """The sample portrait as a layer's bytes."""
    image = QImage(os.environ["DRIVE_PICTURE"]).scaled(
        side, side, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    image = image.mirrored(mirrored, False).convertToFormat(QImage.Format.Format_ARGB32)
    return QByteArray(image.constBits().asstring(image.sizeInBytes()))


def plain_bytes(side):
    """Without a face."""
    return QByteArray(bytes([120, 130, 90, 255]) * (side * side))


def names(group):
    return [node.name() for node in group.childNodes()]


def unkeyed(group):
    return [without_key(name) for name in names(group)]


def dialog(t, docker):
    """Opened by the panel's menu."""
    menu = t.widget("anycost_menu", docker)
    entry = next(action for action in menu.menu().actions() if "layers or frames" in action.text())
    entry.trigger()
    yield from t.until(lambda: box(docker) is not None and box(docker).isVisible())
    return box(docker)


def box(docker):
    return next((one for one in QApplication.topLevelWidgets() if one.objectName() == "anycost_batch"), None)


def layers(t, docker, document):
    """Two layers with a face, one without, in one step; then each above its own, until Cancel."""
    state = docker.state
    root = document.rootNode()
    move_a_slider(state)
    yield from t.until(lambda: settled(state))
    side = document.width() // 2
    for name, data in (("mirrored", face_bytes(side, True)), ("plain", plain_bytes(side))):
        node = document.createNode(name, "paintlayer")
        node.setPixelData(data, 20, 30, side, side)
        root.addChildNode(node, None)
        yield from at_rest(document)
    before, was = pixels(document), names(root)

    asked = yield from dialog(t, docker)
    yield from t.click(t.widget("anycost_batch_visible", asked), 8)
    t.widget("anycost_batch_seconds", asked).setValue(0.2)
    t.screenshot("batch.png", asked)
    yield from t.click(t.widget("anycost_batch_start", asked))
    yield from t.until(lambda: asked.batch is not None and asked.batch.over)
    yield from at_rest(document)
    told = t.widget("anycost_batch_told", asked).toPlainText()
    t.check("every layer with a face is edited", len(asked.batch.done) == 2, told)
    left = [(item.name, why) for item, why in asked.batch.left_out]
    t.check("the other is left out", left == [("plain", "no face was found")], left)
    t.check("and told", "plain: no face was found" in told, told)
    group = root.childNodes()[-1]
    whole = [*was, state.layer_name(state.portrait)]
    t.check("one group has them, each called as its layer", unkeyed(root) == whole, names(root))
    found = len(docker.documents.batches.visible_layers(state.document))
    t.check("they are not edited the next time", found == len(was), found)
    t.check("in their order", names(group) == was[:-1], names(group))
    t.check("the picture shows it", pixels(document) != before)
    t.screenshot("batch_done.png")
    t.krita.action("edit_undo").trigger()
    yield from at_rest(document)
    t.check("one undo takes all away", names(root) == was and pixels(document) == before, names(root))

    front = state.portrait.layer
    yield from t.click(t.widget("anycost_batch_together", asked), 8)
    yield from t.click(t.widget("anycost_batch_start", asked))
    yield from t.until(lambda: len(asked.batch.done) == 1 or asked.batch.over)
    yield from t.click(t.widget("anycost_batch_cancel", asked))
    yield from t.until(lambda: asked.batch.over)
    yield from at_rest(document)
    count = len(asked.batch.done)
    t.check("Cancel keeps what is done", asked.batch.over and 0 < count < 3, asked.batch.words())
    above = [unkeyed(root)[index + 1] for index, name in enumerate(names(root)) if name in was[:count]]
    t.check("each lies above its layer", above == [state.layer_name(state.portrait)] * count, names(root))
    t.check("which leaves the panel at its layer", state.portrait.layer == front, state.portrait.layer)
    node, edits = root.childNodes()[1], dict(state.portrait.edits)
    for one in (root.childNodes()[0], node):  # Krita already has the newest layer in use
        document.setActiveNode(one)
        yield from at_rest(document)
        docker.look()
    own = (node.uniqueId().toString(),)
    back = yield from t.until(lambda: state.portrait.layer.ids == own and settled(state), 60)
    t.check("and can be taken up again", back and state.portrait.edits == edits, state.message)
    asked.close()


def animated(t, docker):
    """A layer of three frames, made as an artist makes it."""
    document = t.krita.createDocument(SIDE, SIDE, "moving", "RGBA", "U8", "sRGB-elle-V2-srgbtrc.icc", 72.0)
    yield from shown(t, docker, document)
    node = document.topLevelNodes()[0]
    document.setActiveNode(node)
    yield 0.1
    node.enableAnimation()
    for time in TIMES:
        document.setCurrentTime(time)
        yield from at_rest(document)
        if time:
            t.krita.action("add_blank_frame").trigger()
            yield from t.until(lambda time=time: node.hasKeyframeAtTime(time))
            yield from at_rest(document)
        data = plain_bytes(SIDE) if time == TIMES[1] else face_bytes(SIDE, time > 0)
        node.setPixelData(data, 0, 0, SIDE, SIDE)
    document.setCurrentTime(0)
    document.refreshProjection()
    yield from at_rest(document)
    return document, node


def at_times(node):
    return [bytes(node.pixelDataAtTime(0, 0, SIDE, SIDE, time)) for time in TIMES]


def frames(t, docker):
    """The frames' edits come as one layer with frames at the same times."""
    state = docker.state
    document, node = yield from animated(t, docker)
    if not (yield from projected(t, docker, "batch of frames")):
        return
    move_a_slider(state)
    yield from t.until(lambda: settled(state))
    before, was = at_times(node), names(document.rootNode())
    asked = yield from dialog(t, docker)
    yield from t.click(t.widget("anycost_batch_frames", asked), 8)
    t.widget("anycost_batch_seconds", asked).setValue(0.2)
    t.check("the range is that of the frames", asked.first.value() == 0 and asked.last.value() == TIMES[-1])
    yield from t.click(t.widget("anycost_batch_start", asked))
    yield from t.until(lambda: asked.batch is not None and asked.batch.over)
    yield from at_rest(document)
    left = [(item.key, why) for item, why in asked.batch.left_out]
    t.check("the frame without a face is left out", left == [(TIMES[1], "no face was found")], left)
    t.check("the others are edited", [item.key for item in asked.batch.done] == [TIMES[0], TIMES[2]])
    nodes, called = document.rootNode().childNodes(), unkeyed(document.rootNode())[1:]
    t.check("one layer comes above", called == [state.layer_name(state.portrait)], called)
    added = nodes[1]
    drawn = [any(frame[3::4]) for frame in at_times(added)]
    keys = [time for time in range(12) if added.hasKeyframeAtTime(time)]
    t.check("with frames at the same times", keys == list(TIMES), keys)
    t.check("drawn where there was a face", drawn == [True, False, True], drawn)
    t.check("the artist's frames stay", at_times(node) == before and document.currentTime() == 0)
    t.screenshot("batch_frames.png")
    t.krita.action("edit_undo").trigger()
    yield from at_rest(document)
    t.check("one undo takes it away", names(document.rootNode()) == was, names(document.rootNode()))
    asked.close()
    yield from closed(t, docker, document)
