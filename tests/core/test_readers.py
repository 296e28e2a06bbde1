"""Who reads a face: the downloaded networks, the pack's reader of heads, or its finder alone."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from drawn_face import colour_finder, portrait, with_colour_finder
from seen_head import CORNERS, EYES, SeenHead

from anycost.bridge.messages import FacePoints, Placement
from anycost.core.errors import CoreError
from anycost.core.faces.readers import Readers, readers_of
from anycost.lab.painter import STYLE_DIM, paint_z
from anycost.models.head_reader import PARTS
from anycost.models.pack import Pack, add_readers

POINTED = FacePoints(EYES, CORNERS)
THERE = Placement(150, 150, 180)


def picture() -> np.ndarray:
    return portrait(THERE, 300, 300)


def clear(rgb: np.ndarray) -> np.ndarray:
    """The colour finder, as sure as a trained one."""
    return np.minimum(2 * colour_finder(rgb), 1)


def test_a_pack_that_reads_heads_gives_meshes_where_nothing_is_downloaded():
    readers = Readers(colour_finder, SeenHead(0.9))
    (face,) = readers.read(picture())
    assert face.mesh is not None
    assert face.person is not None
    assert face.eyes == EYES
    assert "roughly" in readers.advice
    assert "anycost weights get faces" in readers.advice


def test_a_clear_drawing_whose_head_is_not_believed_is_still_found():
    (face,) = Readers(clear, SeenHead(0.2)).read(picture())
    assert face.mesh is None
    assert face.sighting.centre == pytest.approx((150, 160), abs=8)


def test_a_faint_drawing_whose_head_is_not_believed_is_none():
    assert len(Readers(colour_finder).read(picture())) == 1
    assert Readers(colour_finder, SeenHead(0.2)).read(picture()) == []


def test_the_picture_that_was_read_last_is_not_read_again_by_the_same_networks():
    looked = []

    def counting(rgb: np.ndarray) -> np.ndarray:
        looked.append(len(rgb))
        return colour_finder(rgb)

    def looks(rgba: np.ndarray) -> int:
        before = len(looked)
        faces[:] = readers.read(rgba)
        return len(looked) - before

    faces, readers = [], Readers(counting)
    assert looks(picture())
    (first,) = faces
    assert not looks(picture())
    assert faces == [first]
    assert looks(picture()[:, ::-1])
    assert looks(picture())
    readers._known = [readers]  # as if one had gone since: what it saw does not count
    assert looks(picture())


def test_a_face_that_was_read_last_is_not_read_again_when_its_own_points_are_given():
    head = SeenHead(0.9)
    readers = Readers(colour_finder, head)
    (face,) = readers.read(picture())
    before = head.looks
    assert readers.read_at(picture(), face.face_points) is face
    assert head.looks == before
    for rgba, points in (
        (picture()[:, ::-1], face.face_points),
        (picture(), FacePoints(((131, 140), EYES[1]), CORNERS)),
    ):
        assert readers.read_at(rgba, points) is not face
    assert head.looks > before


def test_without_a_reader_of_heads_only_drawings_are_found():
    readers = Readers(colour_finder)
    (face,) = readers.read(picture())
    assert face.mesh is None
    assert "Only drawn faces" in readers.advice
    assert readers.read_at(picture(), POINTED) is None
    assert readers.parts(picture(), face) is None


def test_where_the_downloaded_networks_see_nothing_a_faint_head_is_none(face_weights: Path):
    readers = Readers(colour_finder, SeenHead(0.95))
    (face,) = readers.read(picture())
    assert face.mesh is not None
    assert readers.advice == ""
    assert Readers(colour_finder, SeenHead(0.55)).read(picture()) == []


def test_a_face_that_somebody_points_at_is_read_there_or_not_at_all():
    readers = Readers(colour_finder, SeenHead(0.9))
    found = readers.read_at(picture(), POINTED)
    assert found is not None
    assert found.mesh is not None
    away = FacePoints(((20, 20), (40, 20)), ((22, 40), (38, 40)))
    assert readers.read_at(picture(), away) is None
    assert Readers(colour_finder, SeenHead(0.3)).read_at(picture(), POINTED) is None


def test_parts_are_told_of_a_head_that_is_believed():
    readers = Readers(colour_finder, SeenHead(0.9))
    (face,) = readers.read(picture())
    told = readers.parts(picture(), face)
    assert told is not None
    assert set(told) == set(PARTS)
    assert Readers(colour_finder, SeenHead(0.3)).parts(picture(), face) is None


def test_a_packs_own_networks_are_taken(tiny_pack: Path, tmp_path: Path):
    pack = Pack.open(with_colour_finder(tiny_pack, tmp_path / "pack"))
    assert len(readers_of(pack).read(picture())) == 1
    damaged = tmp_path / "head_reader.onnx"
    damaged.write_bytes(b"nothing")
    with pytest.raises(CoreError, match=r'"head_reader.onnx" cannot be used: install its pack again'):
        readers_of(Pack.open(add_readers(pack, head_reader=damaged)))


@pytest.mark.slow
def test_packs_of_faces_without_networks_are_lent_the_default_packs(tiny_pack: Path):
    tiny, default = Pack.open(tiny_pack), Pack.open("portraits")
    drawing = paint_z(torch.zeros(1, STYLE_DIM), 256).rgb[0]
    rgb = ((drawing.permute(1, 2, 0) + 1) * 127.5).byte().numpy()
    drawn = np.dstack([rgb, np.full((256, 256, 1), 255, np.uint8)])
    alone = replace(tiny, finder_file=None, head_reader_file=None)
    assert len(readers_of(default).read(drawn)) == 1
    assert len(readers_of(alone).read(drawn)) == 1
    assert readers_of(replace(alone, alignment=None)).read(drawn) == []


def test_the_packs_own_networks_need_no_package_for_mediapipes_files():
    code = "import sys; sys.modules['tflite'] = None; import anycost.core.faces.readers"
    subprocess.run([sys.executable, "-c", code], check=True)
