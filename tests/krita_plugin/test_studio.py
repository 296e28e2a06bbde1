"""Studio: the panel's window without Krita, over the real core process."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

pytest.importorskip("PyQt5.QtWidgets")
import qt_loop
from drawn_face import portrait, with_colour_finder
from PIL import Image
from PyQt5.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt5.QtGui import QDropEvent, QImage
from qt_loop import until

from anycost.bridge.messages import Layer, Placement
from anycost.bridge.qt_client import CoreKeeper
from anycost.bridge.sandbox import Sandbox, SandboxLimits
from anycost.core.files.pictures import read_picture
from anycost.krita_plugin.picture_opener import load_picture
from anycost.krita_plugin.pixels import placed, rgba_bytes
from anycost.krita_plugin.state.picture import HostError, Picture
from anycost.krita_plugin.studio import Studio

pytestmark = pytest.mark.slow
qt_loop.application()


def opened(studio, path):
    """Opens a picture and waits for it."""
    before = studio.host.number
    studio.open(str(path))
    assert until(lambda: studio.host.number > before), studio.state.message


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "face.png"
    Image.fromarray(portrait(Placement(100.0, 80.0, 90.0, 0.0), 200, 160)).save(path)
    return path


@pytest.fixture(scope="module")
def first(tmp_path_factory, tiny_pack):
    """The studio that starts the core, which takes seconds."""
    folder = tmp_path_factory.mktemp("studio")
    pack = with_colour_finder(tiny_pack, folder / "pack")
    with pytest.MonkeyPatch.context() as patch, qt_loop.core_home(folder / "home", patch, pack):
        Image.new("RGB", (64, 48), "red").save(folder / "red.png")
        first = Studio(CoreKeeper("first", "0"))
        first.open(str(folder / "red.png"))
        assert until(lambda: first.state.core.connected), first.keeper.report()
        yield first
        process = first.keeper.process
        assert process is not None
        first.close()
        assert until(lambda: qt_loop.gone(process))
        first.deleteLater()
        qt_loop.settle()


@pytest.fixture
def studio(first):
    """A studio that finds the core running."""
    studio = Studio(CoreKeeper("studio", "0"))
    studio.show()
    yield studio
    assert studio.keeper.process is None
    studio.close()
    studio.deleteLater()
    qt_loop.settle()


def pixels(image):
    return np.frombuffer(rgba_bytes(image), np.uint8).reshape(image.height(), image.width(), 4)


def test_open_project_apply_undo_redo_save(studio, picture, tmp_path):
    opened(studio, picture)
    assert until(lambda: studio.state.core.connected), studio.keeper.report()
    studio.state.projection_seconds = 0.2
    studio.state.project()
    assert until(lambda: studio.state.portrait and studio.state.portrait.drawable and not studio.state.busy)
    before = pixels(studio.host.painting.flattened())
    studio.state.set_edit("smile", 1.0)
    studio.state.apply()
    assert until(lambda: studio.host.painting.layers), studio.state.message
    after = pixels(studio.host.painting.flattened())
    assert (after != before).any()
    studio.undo_action.trigger()
    assert (pixels(studio.host.painting.flattened()) == before).all()
    studio.redo_action.trigger()
    assert studio.save(str(tmp_path / "out.png"))
    assert (np.asarray(Image.open(tmp_path / "out.png").convert("RGBA")) == after).all()


def test_an_update_takes_the_layer_s_place_in_one_step(studio, picture):
    opened(studio, picture)
    host, size = studio.host, (studio.host.painting.image.width(), studio.host.painting.image.height())
    sent = Picture(*size, bytes(size[0] * size[1] * 4), document_size=size)

    def put(shade, replaced=()):
        layer = Layer(2, 3, 1, 1, bytes([shade, 0, 0, 255]))
        added = []
        host.add_layer(host.current(), sent, layer, str(shade), added.append, pytest.fail, replaced)
        return added[0]

    first, other = put(1), put(2)
    second = put(3, [first])
    assert host.painting.layers == [second, other]
    put(4, [first, second])
    assert [layer.name for layer in host.painting.layers] == ["4", "2"]
    studio.undo_action.trigger()
    studio.undo_action.trigger()
    assert host.painting.layers == [first, other]
    third = put(5, [first, second])
    assert host.painting.layers == [third, other]
    assert host.painting.layers[-1] is not put(6, [first, second])  # both are gone: it is added
    assert len(host.painting.layers) == 3


def test_another_picture_forgets_the_first_one_s_face(studio, picture, tmp_path):
    opened(studio, picture)
    assert until(lambda: studio.state.core.connected)
    studio.state.projection_seconds = 0.2
    studio.state.project()
    assert until(lambda: studio.state.portrait and not studio.state.busy)
    other = tmp_path / "other.png"
    Image.new("RGB", (64, 48), "red").save(other)
    opened(studio, other)
    assert studio.state.core.faces == {}
    assert studio.windowTitle().startswith("other.png")


def test_the_second_of_two_faces_is_picked_and_gets_the_layer(studio, tmp_path):
    places = Placement(100.0, 80.0, 90.0, 0.0), Placement(90.0, 84.0, 80.0, -6.0)
    both = np.hstack([portrait(place, 200, 160) for place in places])
    Image.fromarray(both).save(tmp_path / "two.png")
    opened(studio, tmp_path / "two.png")
    assert until(lambda: studio.state.core.connected), studio.keeper.report()
    studio.state.projection_seconds = 0.2
    studio.state.project()
    assert until(lambda: studio.state.faces is not None), studio.state.message
    studio.state.pick(studio.state.faces.all[1])
    assert until(lambda: studio.state.portrait and studio.state.portrait.drawable and not studio.state.busy)
    studio.state.set_edit("smile", 1.0)
    studio.state.apply()
    assert until(lambda: studio.host.painting.layers), studio.state.message
    assert studio.host.painting.layers[0].left > 200


def test_a_dropped_file_is_opened(studio, picture):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(picture))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    studio.canvas.dropEvent(QDropEvent(QPointF(5, 5), copy, mime, left, none))
    assert until(lambda: studio.host.painting is not None)
    assert studio.host.painting.name == "face.png"


def test_a_bad_file_is_a_sentence_and_keeps_the_picture(studio, picture, tmp_path):
    opened(studio, picture)
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n" + b"not a picture" * 9)
    studio.open(str(bad))
    assert until(lambda: 'bad.png" is damaged' in studio.state.message)
    assert studio.host.painting.name == "face.png"
    assert not studio.save(str(tmp_path / "no" / "such" / "folder.png"))
    assert "choose another place" in studio.state.message


@pytest.fixture(scope="module")
def sandbox():
    made = Sandbox(SandboxLimits(), sys.executable)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("empty.png", b"", "cannot be read as a picture"),
        ("text.jpg", b"hello", "cannot be read as a picture"),
        ("gone.png", None, "There is no file"),
        ("folder", "folder", "is not a file"),
        ("pipe.png", "pipe", "is not a file"),
    ],
)
def test_files_that_are_no_pictures(tmp_path, sandbox, name, data, words):
    path = tmp_path / name
    if data == "folder":
        path.mkdir()
    elif data == "pipe":
        os.mkfifo(path)
    elif data is not None:
        path.write_bytes(data)
    with pytest.raises(HostError, match=words):
        load_picture(str(path), sandbox)


def test_a_picture_with_too_long_a_side_is_refused(tmp_path, sandbox):
    huge = Image.new("1", (16385, 1))
    huge.save(tmp_path / "huge.png")
    with pytest.raises(HostError, match="larger than 16384 pixels"):
        load_picture(str(tmp_path / "huge.png"), sandbox)


def test_a_picture_is_read_as_on_the_command_line(tmp_path, sandbox):
    """Upright, deep, cut off, in its own colours: by the same reader."""
    image = Image.effect_noise((60, 40), 80).convert("RGB")
    image.save(
        tmp_path / "phone.jpg",
        exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x05\0\x01\0\0\0\x1a\0\0\0\0\0\0\0\x06\0\0\0\x01\0\0\0",
    )
    whole = (tmp_path / "phone.jpg").read_bytes()
    (tmp_path / "cut.jfif").write_bytes(whole[: len(whole) * 3 // 4])
    Image.fromarray(np.linspace(0, 1, 2400, dtype=np.float32).reshape(40, 60)).save(tmp_path / "deep.TIF")
    for name, cut in (("phone.jpg", False), ("cut.jfif", True), ("deep.TIF", False)):
        loaded, advice = load_picture(str(tmp_path / name), sandbox)
        assert np.array_equal(pixels(loaded), read_picture(tmp_path / name))
        assert ("end of" in advice) == cut
    assert (loaded.width(), loaded.height()) == (60, 40)


def test_a_title_shows_the_file_s_name_as_it_is(studio, picture, tmp_path):
    odd = picture.rename(tmp_path / "a[*]b[*][*]<b>&.png")
    studio.open(str(odd))
    assert until(lambda: studio.host.painting is not None)
    assert studio.windowHandle().title().startswith("a[*]b[*][*]<b>&.png")


def test_a_picture_that_takes_too_long_leaves_the_window_free(studio, picture, tmp_path):
    slow = tmp_path / "slow.jpg"
    with slow.open("wb") as file:  # the decoder looks for the next part byte by byte
        file.write(b"\xff\xd8\xff")
        file.truncate(1 << 30)
    studio.open(str(slow))
    studio.open(str(picture))
    assert until(lambda: studio.host.painting is not None)
    assert studio.host.painting.name == "face.png"
    assert studio.state.message == ""


def test_a_reduced_picture_s_layer_lands_at_its_place_and_scale():
    picture = Picture(50, 40, bytes(50 * 40 * 4), left=10, top=20, factor=3, document_size=(200, 200))
    layer = Layer(4, 5, 6, 7, bytes([9, 8, 7, 255]) * 42)
    left, top, image = placed(picture, layer)
    assert (left, top, image.width(), image.height()) == (22, 35, 18, 21)
    assert image.format() == QImage.Format.Format_ARGB32
    assert (pixels(image) == [9, 8, 7, 255]).all()
