"""The report on a reader of heads: errors in eye distances, from crops near and off the reference."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from anycost.bridge.messages import Placement
from anycost.core.faces.head_reader_net import HeadLook, HeadNetwork
from anycost.core.faces.pyramid import Pyramid
from anycost.core.files.pictures import write_picture
from anycost.lab.measuring.head_reader_report import (
    MOVED,
    SCALED,
    TURNED,
    measure_pictures,
    off,
    placed_face,
    placed_report,
    reference_faces,
)
from anycost.lab.networks.export import export_head_reader
from anycost.models.head_points import MESH, POINTS
from anycost.models.head_reader import GRID, PARTS, HeadReader

SIDE = 240
EYES, CORNERS = ((100.0, 110.0), (140.0, 110.0)), ((108.0, 146.0), (132.0, 146.0))
NOSE, CHIN = (120, 130), (120, 170)


def true_points() -> np.ndarray:
    points = np.full((POINTS, 2), 120.0)
    groups = (((33, 133, 159, 145), EYES[0]), ((362, 263, 386, 374), EYES[1]), ((61,), CORNERS[0]))
    for group, at in (*groups, ((291,), CORNERS[1]), ((1,), NOSE), ((152,), CHIN)):
        points[list(group)] = at
    return points


class Knowing(HeadNetwork):
    """Knows the face, up to a shift to the right in px."""

    def __init__(self, model: bytes, shift: float):
        super().__init__(model, "damaged")
        self.shift, self.crops = shift, []

    def look(self, pyramid: Pyramid, placement: Placement) -> HeadLook:
        self.crops.append(placement)
        some, zero = np.ones(POINTS), np.zeros((3, GRID, GRID), np.float32)
        parts = np.zeros((len(PARTS), GRID, GRID), np.float32)
        return HeadLook(placement, true_points() + np.array([self.shift, 0]), some, some, parts, zero, 0.9)

    def look_twice(self, pyramid: Pyramid, placement: Placement) -> HeadLook:
        return self.look(pyramid, placement)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("reader") / "head_reader.onnx"
    export_head_reader(HeadReader(), path)
    return path.read_bytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    face = {"eyes": EYES, "nose": NOSE, "mouth": CORNERS, "chin": CHIN, "kind": "mesh", "roll_degrees": 0}
    reference = {"portrait": {"faces": [face], "unlabelled": []}}
    (tmp_path / "reference.json").write_text(json.dumps(reference))
    (tmp_path / "mesh").mkdir()
    np.save(tmp_path / "mesh" / "portrait.npy", true_points()[None, :MESH].astype(np.float32))
    write_picture(tmp_path / "portrait.png", np.full((SIDE, SIDE, 4), 255, np.uint8))
    return tmp_path


def test_errors_are_in_eye_distances(folder: Path, model: bytes):
    (face,) = reference_faces(
        "portrait", json.loads((folder / "reference.json").read_text())["portrait"], folder
    )
    assert face.between == 40
    pyramid = Pyramid(np.full((SIDE, SIDE, 4), 255, np.uint8))
    row = placed_face(Knowing(model, 4.0), pyramid, face, 0)
    for errors in (row.straight, row.off, row.steadied):
        assert errors == pytest.approx((0.1, 0.1))
    assert "mesh, straight: 1 faces, 0.100 in the median" in placed_report([row])


def test_a_face_without_a_mesh_has_only_six_points(folder: Path, model: bytes):
    wanted = json.loads((folder / "reference.json").read_text())["portrait"]
    wanted["faces"][0]["kind"] = "hand"
    (face,) = reference_faces("portrait", wanted, folder)
    assert face.mesh is None
    row = placed_face(Knowing(model, 4.0), Pyramid(np.full((SIDE, SIDE, 4), 255, np.uint8)), face, 0)
    assert row.straight[0] == pytest.approx(0.1)
    assert math.isnan(row.straight[1])
    assert "over the mesh" not in placed_report([row])


def test_crops_that_are_off_deviate_as_said():
    chance = np.random.default_rng(0)
    crops = [off(Placement(100, 100, 50, 10), chance) for _ in range(2000)]
    turns, sizes = [crop.angle - 10 for crop in crops], [math.log(crop.size / 50) for crop in crops]
    assert np.std(turns) == pytest.approx(TURNED, rel=0.1)
    assert np.std(sizes) == pytest.approx(SCALED, rel=0.1)
    assert np.std([crop.x for crop in crops]) == pytest.approx(MOVED * 50, rel=0.1)


def test_a_folder_is_measured_with_and_without_a_finder(folder: Path, model: bytes):
    network = Knowing(model, 0.0)
    text = measure_pictures(network, None, folder)
    assert "mesh, steadied: 1 faces, 0.000 in the median" in text
    assert "placed" not in text
    blind = measure_pictures(network, lambda rgb: np.zeros((3, rgb.shape[2] // 4, rgb.shape[3] // 4)), folder)
    assert "0 of 1 faces placed, 0 false" in blind
