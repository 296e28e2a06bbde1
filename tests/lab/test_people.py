"""People: what each control moves, lids, poses, the camera and the points of their faces."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
import torch
from torch import Tensor

from anycost.bridge.messages import FacePoints
from anycost.core.faces.placement import place
from anycost.lab.heads.acting_heads import acting_heads
from anycost.lab.heads.coarse_head import coarse_head
from anycost.lab.heads.controls import POPULATION, STYLE_DIM, UNNAMED, unnamed
from anycost.lab.heads.head_camera import FRAME_EYES, FRAME_MOUTH, HeadCamera
from anycost.lab.heads.head_mesh import EYES
from anycost.lab.heads.head_pose import neck_share
from anycost.lab.heads.landmark_fitting import INNER_LIPS, LEFT_LIDS, nearest
from anycost.lab.heads.landmarks import IRIS, landmarks_of, visible_at
from anycost.lab.heads.people import People, people
from anycost.lab.heads.shapes import ages_of, origins_of, shape_amounts, years_of
from anycost.models.head_points import MIRROR, POINTS
from anycost.models.manifest import Alignment

CHIN, NOSE_TIP, FOREHEAD, MOUTH_CORNERS, LIPS = 152, 1, 10, (61, 291), (13, 14)
BROWS, LID_EDGES, CHEEKS = (105, 334), ((159, 145), (386, 374)), (205, 425)

pytestmark = pytest.mark.usefixtures("head_data")


def person(**given: float) -> People:
    """One adult, all else at rest."""
    named = {"age": 0.25, "distance": 1.0} | given
    controls = POPULATION.complete({name: torch.tensor([value]) for name, value in named.items()})
    return people(controls, torch.zeros(1, UNNAMED))


def crowd(count: int, seed: int = 0, **given: float) -> tuple[dict[str, Tensor], Tensor]:
    z = torch.randn(count, STYLE_DIM, generator=torch.Generator().manual_seed(seed))
    controls = POPULATION.values(z)
    return controls | {name: torch.full((count,), value) for name, value in given.items()}, unnamed(z)


def points_of(**given: float) -> Tensor:
    return landmarks_of(person(**given))[0]


# shapes


def test_years_and_ages_run_from_eight_to_eighty_five():
    years = years_of({"age": torch.tensor([0.0, 0.5, 1.0])})
    assert years.tolist() == [8.0, 46.5, 85.0]
    shares = ages_of(torch.tensor([1.0, 5.5, 10.0, 25.0, 57.5, 90.0]))
    assert torch.allclose(torch.stack(list(shares.values())).sum(0), torch.ones(6))
    assert shares["child"].tolist() == [0, 0.5, 1, 0, 0, 0]
    assert shares["old"].tolist() == [0, 0, 0, 0, 0.5, 1]


def test_most_people_are_of_one_origin_and_all_thirds_are_met():
    origins = origins_of(crowd(2000)[0])
    shares = torch.stack([origins.european, origins.african, origins.asian])
    assert torch.allclose(shares.sum(0), torch.ones(2000))
    assert (shares.mean(1) > 0.22).all()
    assert (shares.amax(0) > 0.6).float().mean() > 0.7


def test_every_target_that_is_named_is_there():
    controls, details = crowd(2)
    assert set(shape_amounts(controls, details)) - set(coarse_head().names) == set()


def test_people_are_no_caricatures():
    controls, details = crowd(64, turn=0.0, nod=0.0, tilt=0.0)
    someone = people(controls, details)
    far = (someone.rest - someone.mesh.mean)[:, someone.mesh.masks["face"] > 0.5].norm(dim=-1)
    assert far.amax() < 0.6
    assert 0.03 < far.median() < 0.12


@pytest.mark.parametrize(
    ("name", "points", "axis", "grows"),
    [
        ("face_width", (234, 454), 0, True),
        ("nose_width", (129, 358), 0, True),
        ("eye_spacing", (133, 362), 0, True),
        ("mouth_width", (61, 291), 0, True),
        ("nose_length", (168, 2), 1, True),
        ("chin_height", (17, 152), 1, True),
        ("brow_height", (105, 159), 1, True),
        ("neck_width", (172, 397), 0, True),
    ],
)
def test_a_shape_control_does_what_its_name_says(name: str, points: tuple[int, int], axis: int, grows: bool):
    apart = [
        float((points_of(**{name: end})[points[0]] - points_of(**{name: end})[points[1]])[axis].abs())
        for end in (-1.0, 1.0)
    ]
    if name == "neck_width":  # its points are at the jaw, which must not follow
        assert apart[1] == pytest.approx(apart[0], rel=0.05)
    else:
        assert apart[1] > 1.03 * apart[0]


# expressions


def test_at_rest_nothing_moves():
    someone = person()
    assert torch.allclose(someone.acting, someone.rest, atol=1e-6)
    assert torch.allclose(someone.places, someone.rest, atol=1e-5)
    assert torch.allclose(someone.turned[0], torch.eye(3), atol=1e-6)
    assert torch.allclose(someone.eyes.mean(1), torch.tensor([EYES]), atol=1e-5)


def test_eyes_have_one_place_in_everybodys_rest_space():
    controls, details = crowd(6, turn=0.0, nod=0.0, tilt=0.0)
    assert torch.allclose(people(controls, details).eyes.mean(1), torch.tensor(EYES).expand(6, 3), atol=1e-4)


@pytest.mark.parametrize(
    ("given", "moved", "axis", "sign"),
    [
        ({"smile": 1.0}, MOUTH_CORNERS, 1, 1),
        ({"smile": -1.0}, MOUTH_CORNERS, 1, -1),
        ({"mouth_open": 1.0}, (CHIN,), 1, -1),
        ({"brow_left": 1.0}, (BROWS[0],), 1, 1),
        ({"brow_right": 1.0}, (BROWS[1],), 1, 1),
        ({"brow_frown": 1.0}, (55, 285), 1, -1),
        ({"brow_frown": -1.0}, (55, 285), 1, 1),
        ({"eye_open_left": 1.0}, (LID_EDGES[0][0],), 1, 1),
        ({"eye_open_right": -0.5}, (LID_EDGES[1][0],), 1, -1),
        ({"squint": 1.0}, (LID_EDGES[0][1], LID_EDGES[1][1]), 1, 1),
        ({"mouth_sideways": 1.0}, LIPS, 0, 1),
        ({"pucker": 1.0}, LIPS, 2, 1),
        ({"cheek_puff": 1.0}, CHEEKS, 2, 1),
        ({"sneer": 1.0}, (0, 98, 327), 1, 1),
        ({"gaze_x": 1.0}, (468, 473), 0, 1),
        ({"gaze_y": 1.0}, (468, 473), 1, 1),
        ({"gaze_y": -1.0}, (LID_EDGES[0][0], LID_EDGES[1][0]), 1, -1),
    ],
)
def test_an_expression_moves_what_it_should(given, moved: tuple[int, ...], axis: int, sign: int):
    by = (points_of(**given) - points_of())[list(moved), axis]
    assert (sign * by > 0.01).all(), by


def test_one_eye_and_one_brow_move_by_themselves():
    rest = points_of()
    for name, mine, other in (
        ("eye_open_left", LID_EDGES[0], LID_EDGES[1]),
        ("brow_right", BROWS[1:], BROWS[:1]),
    ):
        moved = (points_of(**{name: -0.9}) - rest)[:, 1].abs()
        assert moved[list(other)].max() < 0.2 * moved[list(mine)].max()


def test_a_smile_with_teeth_parts_the_lips_and_one_without_does_not():
    gap = {
        teeth: (points_of(smile=1.0, teeth=teeth)[13] - points_of(smile=1.0, teeth=teeth)[14])[1]
        for teeth in (0.0, 1.0)
    }
    assert gap[0.0] < 0.015
    assert gap[1.0] > 0.06


def test_closed_lips_touch():
    quiet = ("mouth_open", "teeth", "tongue", "sneer", "pucker", "smile")
    controls, details = crowd(24, seed=0, **dict.fromkeys(quiet, 0.0))
    coarse = coarse_head()
    gap = coarse.mouth.gap(acting_heads(controls, details, coarse).acting)
    assert gap.amax() < 0.01


# eyes


def test_lids_meet_when_shut_and_never_lie_in_the_eyeball():
    controls, details = crowd(24, seed=2)
    coarse = coarse_head()
    for shut in (0.0, 1.0):
        face = acting_heads(controls | {"eyes_shut": torch.full((24,), shut)}, details, coarse)
        for side, lids in enumerate(coarse.lids):
            away = (face.acting[:, lids.skin] - face.eyes[:, side, None]).norm(dim=-1)
            assert (away / face.eye_radius[:, None]).min() > 1.0
            high, low = lids.angles(face.acting, face.eyes[:, side])
            gap = high - low @ lids.upper.partner.T
            if shut:
                assert gap.amax() < 0.01
            else:
                assert gap.amin() > -0.05


def test_looking_down_lowers_the_lids_but_does_not_shut_them():
    down = points_of(gaze_y=-1.0)
    for upper, lower in LID_EDGES:
        assert 0.02 < (down[upper] - down[lower])[1] < 0.09


def test_the_irises_lie_on_the_eyeballs_where_the_eyes_look():
    controls, details = crowd(8, seed=4)
    someone = people(controls, details)
    irises = landmarks_of(someone)[:, 468:478].unflatten(1, (2, 5))
    away = irises - someone.eyes[:, :, None]
    radius = someone.eye_radius[:, None, None]
    assert torch.allclose(away[:, :, 1:].norm(dim=-1), radius.expand(-1, 2, 4), atol=1e-4)
    assert torch.allclose(
        (away[:, :, 1:] - away[:, :, :1]).norm(dim=-1), IRIS * radius.expand(-1, 2, 4), atol=1e-4
    )
    ahead = torch.nn.functional.normalize(away[:, :, 0], dim=-1)
    assert torch.allclose(ahead, someone.gaze, atol=1e-5)
    assert torch.allclose(someone.gaze.norm(dim=-1), torch.ones(8, 2))


def test_the_eyeballs_vertices_turn_with_the_gaze():
    someone = person(gaze_x=1.0, gaze_y=0.5)
    mesh = someone.mesh
    for side, eyeball in enumerate(mesh.eyeballs):
        front = eyeball.vertices[eyeball.outward[:, 2].argmax()]
        was = 0.15 * eyeball.outward[eyeball.outward[:, 2].argmax()]
        now = someone.places[0, front] - someone.eyes[0, side]
        assert torch.allclose(now.norm(), someone.eye_radius[0], atol=1e-5)
        assert now[0] > was[0] + 0.05
        assert now[1] > was[1] + 0.01


# poses


def test_the_head_turns_as_a_whole_and_the_shoulders_stay():
    someone = person(nod=0.8, tilt=-0.6)
    share = neck_share(someone.rest, someone.pose.slices[:, None])[0]
    head = someone.rest[0, share == 1] - someone.pivot[0]
    assert torch.allclose(
        head @ someone.turned[0].T + someone.pivot[0], someone.posed(someone.rest)[0, share == 1], atol=1e-5
    )
    assert torch.allclose(someone.places[0, share == 0], someone.rest[0, share == 0], atol=1e-5)
    assert torch.allclose(someone.posed(someone.pivot[:, None])[:, 0], someone.pivot)
    face = someone.mesh.masks["face"] > 0.5
    assert (share[face] == 1).all()


@pytest.mark.parametrize(("name", "degrees"), [("turn", 60), ("nod", 35), ("tilt", 30)])
def test_the_ends_of_a_pose_are_as_far_as_they_say(name: str, degrees: int):
    turned = person(**{name: 1.0}).turned[0]
    assert math.degrees(math.acos((float(turned.trace()) - 1) / 2)) == pytest.approx(degrees, abs=0.01)
    assert torch.allclose(turned @ turned.T, torch.eye(3), atol=1e-6)
    assert torch.linalg.det(turned).item() == pytest.approx(1, abs=1e-5)


def test_poses_go_where_the_controls_say():
    rest, camera = points_of(), person().camera
    for name, point, axis, sign in (
        ("turn", NOSE_TIP, 0, 1),  # to the image's right
        ("nod", NOSE_TIP, 1, -1),  # down
        ("tilt", FOREHEAD, 0, 1),  # clockwise
    ):
        assert sign * (points_of(**{name: 0.5}) - rest)[point, axis] > 0.1
    assert camera.place[0, 2] > 20


def test_a_neck_is_no_twisted_wrapper():
    """Edges of the neck are not squeezed or stretched beyond what skin does."""
    rest = person().rest[0]
    for given in ({"turn": 1.0}, {"nod": 1.0}, {"nod": -1.0}, {"tilt": 1.0}):
        someone = person(**given)
        triangles = someone.mesh.triangles
        neck = (someone.mesh.masks["neck"] > 0.5)[triangles].all(1) & (rest[triangles][..., 1] > 5.4).all(1)
        edges = triangles[neck][:, [0, 1]]
        long = (someone.places[0, edges[:, 0]] - someone.places[0, edges[:, 1]]).norm(dim=1)
        was = (rest[edges[:, 0]] - rest[edges[:, 1]]).norm(dim=1)
        assert torch.quantile(long / was, 0.01) > 0.25
        assert torch.quantile(long / was, 0.99) < 2.2


def test_mirrored_controls_give_the_mirrored_face():
    left = points_of(turn=0.5, tilt=0.3, gaze_x=-0.4, mouth_sideways=0.5, brow_left=0.7, eye_open_right=-0.4)
    right = points_of(
        turn=-0.5, tilt=-0.3, gaze_x=0.4, mouth_sideways=-0.5, brow_right=0.7, eye_open_left=-0.4
    )
    mirrored = right[list(MIRROR)] * torch.tensor([-1.0, 1, 1])
    assert (mirrored - left).norm(dim=1).max() < 0.02


# batches


def test_people_do_not_depend_on_their_company():
    controls, details = crowd(5, seed=7)
    together = people(controls, details)
    for index in (0, 3):
        alone = people(
            {name: values[index : index + 1] for name, values in controls.items()}, details[index : index + 1]
        )
        assert torch.allclose(alone.places[0], together.places[index], atol=1e-4)
        assert torch.allclose(alone.normals[0], together.normals[index], atol=5e-3)
    assert torch.equal(people(controls, details).places, together.places)


def test_neighbours_in_the_style_are_neighbours_in_space():
    controls, details = crowd(1, seed=8)
    near = {name: values + 1e-3 for name, values in controls.items()}
    apart = people(near, details + 1e-3).places - people(controls, details).places
    assert apart.abs().amax() < 0.02


def test_a_batch_takes_little_time():
    controls, details = crowd(16)
    people(controls, details)
    start = time.process_time()
    people(controls, details)
    assert time.process_time() - start < 2.0  # 0.26 s on one quiet core


# the camera


def test_the_camera_projects_like_a_pinhole():
    camera = HeadCamera(torch.tensor([[1.0, 2, 30]]), torch.tensor([4.0]), torch.tensor([[0.5, 0.4]]))
    xy, depth = camera.project(torch.tensor([[[3.0, 3, 10], [1, 2, 0]]]))
    assert depth[0].tolist() == [20, 30]
    assert np.allclose(xy[0], [[0.5 + 4 * 2 / 20, 0.4 - 4 * 1 / 20], [0.5, 0.4]])


@pytest.mark.parametrize(
    "given", [{}, {"turn": 0.7}, {"nod": -0.5, "distance": 0.0}, {"turn": -1.0, "nod": 0.3}]
)
def test_the_frame_is_that_of_the_packs(given):
    """The packs' aligner leaves such a picture as it is."""
    someone = person(**given)
    face = FacePoints(*_eyes_and_mouth(someone))
    found = place(face, Alignment(FRAME_EYES, FRAME_MOUTH))
    assert found.size == pytest.approx(1, abs=0.08)
    assert math.hypot(found.x - 0.5, found.y - 0.5) < 0.06


def _eyes_and_mouth(someone: People):
    xy, _ = someone.camera.project(landmarks_of(someone))
    seen = xy[0].numpy().astype(float)
    eyes = [tuple(seen[list(points)].mean(0)) for points in ((33, 133), (263, 362))]
    return (eyes[0], eyes[1]), (tuple(seen[61]), tuple(seen[291]))


def test_a_wider_frame_shows_more_around_the_same_centre():
    controls, details = crowd(4)
    points = landmarks_of(people(controls, details))
    near, _ = people(controls, details).camera.project(points)
    far, _ = people(controls, details, wide=1.5).camera.project(points)
    assert torch.allclose((near - 0.5) / 1.5, far - 0.5, atol=1e-5)


def test_frame_controls_move_and_enlarge():
    def chin(**given):
        someone = person(**given)
        return someone.camera.project(landmarks_of(someone))[0][0, CHIN]

    assert chin(frame_x=1.0)[0] > chin()[0] + 0.03
    assert chin(frame_y=1.0)[1] > chin()[1] + 0.03
    assert chin(frame_size=1.0)[1] > chin()[1] + 0.01


# the points


def test_the_points_are_all_there_and_on_their_sides():
    points = landmarks_of(person())
    assert points.shape == (1, POINTS, 3)
    assert points.isfinite().all()
    even = points[0, list(MIRROR)] * torch.tensor([-1.0, 1, 1])
    assert (even - points[0]).norm(dim=1).max() < 0.02
    for edges in (INNER_LIPS, LEFT_LIDS):
        upper, lower = (points[0, list(edge), 1].mean() for edge in edges[:2])
        assert upper > lower - 0.01


def test_points_behind_the_depth_picture_are_hidden():
    xy = torch.tensor([[[0.55, 0.55], [0.55, 0.55], [0.05, 0.05], [1.2, 0.5], [0.5, -0.1]]])
    far = torch.tensor([[10.0, 10.5, 10.5, 10.0, 10.0]])
    depth = torch.zeros(1, 10, 10)
    depth[0, 3:8, 3:8] = 10.0
    assert visible_at(xy, far, depth)[0].tolist() == [True, False, True, False, False]


def test_the_nearest_point_of_triangles_is_found():
    corners = torch.tensor([[[0.0, 0, 0], [1, 0, 0], [0, 1, 0]], [[5.0, 0, 0], [6, 0, 0], [5, 1, 0]]])
    for point, triangle, weights in (
        ([0.25, 0.25, 3.0], 0, [0.5, 0.25, 0.25]),
        ([5.5, -2.0, 0.1], 1, [0.5, 0.5, 0]),
        ([-1.0, -1.0, 0.0], 0, [1, 0, 0]),
        ([1.0, 1.0, 0.0], 0, [0, 0.5, 0.5]),
    ):
        found, share = nearest(torch.tensor(point), corners)
        assert found == triangle
        assert torch.allclose(share, torch.tensor(weights, dtype=torch.float32), atol=1e-6)
