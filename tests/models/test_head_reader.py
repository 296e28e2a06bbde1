"""The reader of heads: its sizes, its file, and how the core runs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from seen_head import SeenHead

from anycost.bridge.messages import Placement
from anycost.core.errors import CoreError
from anycost.core.faces.head_reader_net import (
    HeadNetwork,
    looks_at,
    settled,
)
from anycost.core.faces.onnx_network import to_input
from anycost.core.faces.pyramid import Pyramid
from anycost.core.faces.sighting import Sighting
from anycost.lab.networks.export import export_head_reader
from anycost.models.head_points import MIRROR, POINTS
from anycost.models.head_reader import GRID, PARTS, SIDE, HeadReader

DAMAGED = "This reader cannot be used."


@pytest.fixture(scope="module")
def reader() -> HeadReader:
    torch.manual_seed(0)
    return HeadReader().eval()


@pytest.fixture(scope="module")
def model(reader: HeadReader, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("reader") / "head_reader.onnx"
    export_head_reader(reader, path)
    return path.read_bytes()


def picture(side: int = 300) -> np.ndarray:
    """Smooth colours, uint8 [side, side, 4]."""
    small = torch.rand(1, 3, 9, 9, generator=torch.Generator().manual_seed(2))
    large = torch.nn.functional.interpolate(small, (side, side), mode="bicubic").clamp(0, 1)[0]
    rgb = (255 * large).round().byte().permute(1, 2, 0).numpy()
    return np.dstack([rgb, np.full((side, side, 1), 255, np.uint8)])


def test_it_is_small(reader: HeadReader, model: bytes):
    assert len(model) < 6_000_000
    assert sum(p.numel() for p in reader.parameters()) < 3_000_000  # in half precision


def test_answers_have_their_shapes(reader: HeadReader):
    with torch.no_grad():
        read = reader(torch.zeros(2, 3, SIDE, SIDE))
    assert read.parts.shape == (2, len(PARTS), GRID, GRID)
    assert read.face_map.shape == (2, 3, GRID, GRID)
    assert read.points.shape == (2, POINTS, 2)
    assert read.relief.shape == read.spread.shape == (2, POINTS)
    assert read.score.shape == (2,)
    assert len(set(PARTS)) == 16


def test_the_core_reads_what_torch_reads(reader: HeadReader, model: bytes):
    pyramid, placement = Pyramid(picture()), Placement(150, 140, 200, 20)
    look = HeadNetwork(model, DAMAGED).look(pyramid, placement)
    with torch.no_grad():
        read = reader(torch.from_numpy(to_input(pyramid.crop(placement, SIDE))))
    x, y = placement.to_picture(*read.points[0].numpy().T)
    np.testing.assert_allclose(look.points, np.stack([x, y], 1), atol=0.05)
    np.testing.assert_allclose(look.parts, read.parts[0].softmax(0).numpy(), atol=1e-3)
    np.testing.assert_allclose(look.relief, 200 * read.relief[0].numpy(), atol=0.05)
    np.testing.assert_allclose(look.variance, 200**2 * read.spread[0].exp().numpy(), rtol=1e-3)
    assert look.belief == pytest.approx(float(read.score[0].sigmoid()), abs=1e-3)


def test_two_looks_at_a_symmetric_picture_are_symmetric(model: bytes):
    rgba = picture(256)
    rgba = np.concatenate([rgba[:, :128], rgba[:, :128][:, ::-1]], axis=1)
    look = HeadNetwork(model, DAMAGED).look_twice(Pyramid(rgba), Placement(128, 128, 128))
    mirrored = look.points[list(MIRROR)] * (-1, 1) + (256, 0)
    np.testing.assert_allclose(look.points, mirrored, atol=1e-3)
    np.testing.assert_allclose(look.parts, look.parts[..., ::-1], atol=1e-5)
    np.testing.assert_allclose(look.face_map[0], -look.face_map[0][:, ::-1], atol=1e-5)


def test_a_reading_has_a_mesh_with_depth_and_irises(model: bytes):
    reading = HeadNetwork(model, DAMAGED).look(Pyramid(picture()), Placement(150, 140, 200)).reading
    assert reading.mesh is not None
    assert reading.irises is not None
    assert reading.mesh.shape == (468, 3)
    assert reading.irises.shape == (2, 5, 2)
    assert 0 <= reading.score <= 1


def test_the_crop_moves_to_the_face_and_stands_still():
    network = SeenHead(0.9)
    look = settled(network, Pyramid(picture()), Placement(100, 100, 300, 30))
    assert look is not None
    assert network.looks == 4  # there, from the right place, once more, and from near
    assert look.placement.angle == pytest.approx(0, abs=1e-6)
    assert look.placement.size == pytest.approx(200)
    assert look.reading.score > 0.8


def test_where_it_does_not_believe_in_a_face_there_is_none():
    assert settled(SeenHead(0.3), Pyramid(picture()), Placement(100, 100, 300)) is None


def test_one_face_is_read_once():
    seen = [Sighting(((120 + k, 140), (160 + k, 140)), (140 + k, 180), 0.5) for k in (0, 10, 30)]
    assert len(looks_at(SeenHead(0.9), Pyramid(picture()), seen)) == 1


def test_a_damaged_reader_is_told(tmp_path: Path):
    with pytest.raises(CoreError, match="cannot be used"):
        HeadNetwork(b"nothing", DAMAGED)
