"""Reading faces with the fetched weights: a photograph that a test library ships, and drawings of ours."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from anycost.core.faces.mesh_reader import MeshReader
from anycost.core.faces.readers import Readers
from anycost.core.faces.reading import Reading
from anycost.lab.measuring.faces_sheet import photograph, pictures, sheet
from anycost.lab.painter import paint_z

pytestmark = pytest.mark.slow
AGREE = 0.03  # of the eye distance
DRAWN, CELL = 112, 140  # px of a drawing, and around it
MARGIN = (CELL - DRAWN) // 2


hopper = cache(photograph)  # Commodore Grace Hopper


@cache
def small() -> Image.Image:
    """A third as wide, with 28 px between the eyes: a large picture is searched for longer."""
    return hopper().resize((171, 202), Image.Resampling.LANCZOS)


@cache
def drawings() -> list[Image.Image]:
    """Painted portraits."""
    z = torch.randn(6, 64, generator=torch.Generator().manual_seed(77))
    return [
        Image.fromarray(((rgb.permute(1, 2, 0) + 1) * 127.5).byte().numpy()).convert("RGBA")
        for rgb in paint_z(z, DRAWN).rgb
    ]


@pytest.fixture(scope="module")
def reader(user_faces: Path) -> MeshReader:
    return MeshReader({path.name: path for path in user_faces.iterdir()})


@pytest.fixture(scope="module")
def face(reader: MeshReader) -> Reading:
    """The one of the photograph."""
    return only(reader.read(np.array(hopper())))


@pytest.fixture(scope="module")
def small_face(reader: MeshReader) -> Reading:
    return only(reader.read(np.array(small())))


def points(reading: Reading) -> np.ndarray:
    """Eyes, nose, mouth corners and chin, [6, 2]."""
    return np.array([*reading.eyes, reading.nose, *reading.mouth, reading.chin])


def only(found: list[Reading]) -> Reading:
    assert len(found) == 1
    return found[0]


def test_a_photograph_is_read(face: Reading):
    assert face.score > 0.8
    assert face.mesh is not None
    assert face.irises is not None
    assert face.person is not None
    # set by eye on the enlarged photograph
    assert face.sighting.between_eyes == pytest.approx((264, 190), abs=6)
    for eye, iris in zip(face.eyes, face.irises, strict=True):
        assert math.dist(eye, iris[0]) < 0.2 * face.sighting.size
    assert abs(face.turn.yaw) < 30
    assert face.openings is not None
    assert face.openings.mouth < 0.1  # her mouth is closed
    assert face.person.values[128, 128] > 200
    assert face.person.values[5, 5] < 50


@pytest.mark.parametrize(
    "changed", ["half", "turned", "mirrored", "grey", "grain", "upside down", "soft", "bordered"]
)
def test_the_same_face_is_read_the_same(reader: MeshReader, small_face: Reading, changed: str):
    picture = small()
    width, height = picture.size
    straight = points(small_face)
    size = math.dist(straight[0], straight[1])
    turn, scale, shift = 0.0, 1.0, np.zeros(2)
    if changed == "half":
        other, scale = picture.resize((width // 2, height // 2), Image.Resampling.LANCZOS), 0.5
    elif changed == "turned":
        turn, other = 30.0, picture.rotate(-30, Image.Resampling.BICUBIC)
    elif changed == "upside down":
        turn, other = 180.0, picture.rotate(180)
    elif changed == "grey":
        other = picture.convert("L").convert("RGBA")
    elif changed == "soft":
        other = picture.filter(ImageFilter.GaussianBlur(1))
    elif changed == "grain":
        noise = np.random.default_rng(0).normal(0, 10, (height, width, 3))
        grainy = np.clip(np.array(picture)[..., :3] + noise, 0, 255).astype(np.uint8)
        other = Image.fromarray(grainy).convert("RGBA")
    elif changed == "bordered":
        shift = np.array([100.0, 40.0])
        other = Image.new("RGBA", (466, 300), "teal")
        other.paste(picture, (100, 40))
    else:
        other = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        straight = np.array([width, 0]) + straight[[1, 0, 2, 4, 3, 5]] * [-1, 1]
    found = points(only(reader.read(np.array(other))))
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    middle = np.array([width, height]) / 2
    expected = ((straight - middle) @ np.array([[c, s], [-s, c]]) + middle) * scale + shift
    assert np.linalg.norm(found - expected, axis=1).mean() / (size * scale) < AGREE


def test_tiny_faces_in_a_large_picture_are_found(reader: MeshReader, face: Reading):
    """16 px of eye distance in 2000 px; upright, on its side and upside down."""
    factor = 16 / math.dist(*face.eyes)
    tiny = hopper().resize((round(512 * factor), round(606 * factor)), Image.Resampling.LANCZOS)
    picture = Image.new("RGBA", (2000, 1400), "teal")
    for left, turn in ((300, 0), (900, 90), (1500, 180)):
        picture.paste(tiny.rotate(turn, expand=True), (left, 300))
    found = sorted(reader.read(np.array(picture)), key=lambda face: face.sighting.centre[0])
    assert [round(face.sighting.centre[0] / 600 - 0.6) for face in found] == [0, 1, 2]
    for one, roll in zip(found, (0, -90, 180), strict=True):
        assert math.dist(*one.eyes) == pytest.approx(16, rel=0.15)
        assert abs((one.sighting.roll - roll + 180) % 360 - 180) < 10


def test_all_faces_of_a_picture_are_found(reader: MeshReader):
    picture = Image.new("RGBA", (500, 233), "grey")
    picture.paste(small(), (300, 13))
    picture.paste(hopper().resize((85, 101)), (187, 67))
    picture.paste(drawings()[0].resize((133, 133)), (20, 50))
    found = sorted(reader.read(np.array(picture)), key=lambda face: face.sighting.centre[0])
    assert len(found) == 3
    assert 20 < found[0].sighting.centre[0] < 153 < found[1].sighting.centre[0] < 272
    assert found[2].sighting.size == pytest.approx(2 * found[1].sighting.size, rel=0.1)


def test_a_face_cut_off_by_the_border_is_found(reader: MeshReader, small_face: Reading):
    top = int(small_face.eyes[0][1] - 0.4 * small_face.sighting.size)
    cut = only(reader.read(np.array(small().crop((0, top, *small().size)))))
    shifted = points(small_face) - np.array([0, top])
    assert np.linalg.norm(points(cut) - shifted, axis=1).mean() < 0.08 * small_face.sighting.size


def test_drawings_are_read(reader: MeshReader):
    """One by one, and several beside each other."""
    for drawing in drawings()[:2]:
        picture = Image.new("RGBA", (CELL, CELL), "grey")
        picture.paste(drawing, (MARGIN, MARGIN))
        assert only(reader.read(np.array(picture))).score > 0.4
    wall = Image.new("RGBA", (2 * CELL, 2 * CELL), "grey")
    places = [(CELL * column + MARGIN, CELL * row + MARGIN) for row in range(2) for column in range(2)]
    for drawing, place in zip(drawings()[2:], places, strict=True):
        wall.paste(drawing, place)
    found = sorted(reader.read(np.array(wall)), key=lambda face: [int(x // CELL) for x in face.nose[::-1]])
    assert len(found) == len(places)
    for face, (left, top) in zip(found, places, strict=True):
        assert face.score > 0.4
        assert all(left < x < left + DRAWN and top < y < top + DRAWN for x, y in face.eyes)


def test_the_sheet_shows_faces_in_its_pictures(face_weights: Path):
    """Two of them: both kinds of faces in one, and three sizes."""
    counts = []

    class Counting(Readers):
        def read(self, rgba: np.ndarray) -> list[Reading]:
            found = super().read(rgba)
            counts.append(len(found))
            return found

    shown = list(pictures())
    assert len(shown) == 8
    assert sheet(Counting(), shown[2:4]).size == (1600, 400)
    assert counts == [2, 3]


def test_where_there_is_no_face_none_is_found(reader: MeshReader):
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:150, :200]
    pictures = [
        np.full((150, 200, 4), 255, np.uint8),
        rng.integers(0, 255, (150, 200, 4)).astype(np.uint8),
        np.repeat(np.repeat(rng.integers(0, 255, (8, 10, 4)), 20, 0), 20, 1).astype(np.uint8),
        (np.stack([np.sin(x / 9) + np.cos(y / 7), x / 200 - 1, y / 150 - 1, x * 0], -1) * 60 + 128).astype(
            np.uint8
        ),
        np.array(small().crop((20, 127, 171, 202))),  # her uniform
    ]
    for picture in pictures:
        picture[..., 3] = 255
        assert reader.read(picture) == []


# Which readers are there


def test_without_weights_the_artist_hears_how_to_get_them():
    readers = Readers()
    assert readers.read(np.array(small())) == []
    assert "anycost weights get faces" in readers.advice


def test_weights_that_come_later_are_used_at_once(
    face_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    there = str(tmp_path / "data")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "elsewhere"))
    readers = Readers()
    assert readers.read(np.array(small())) == []
    monkeypatch.setenv("XDG_DATA_HOME", there)
    assert len(readers.read(np.array(small()))) == 1
    assert readers.advice == ""


def test_damaged_weights_are_told_and_drawings_still_read(face_weights: Path):
    file = face_weights / "face_landmark_with_attention.tflite"
    file.write_bytes(file.read_bytes()[:1000])
    readers = Readers()
    assert readers.read(np.array(small())) == []
    assert "damaged" in readers.advice
