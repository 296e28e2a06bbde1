"""The portrait painter draws what its controls say and nothing else."""

import hashlib
import os
import subprocess
import sys

import pytest
import torch
from torch.nn import functional

from anycost.lab.painter import (
    ALIGNMENT,
    CONTROLS,
    LANDMARKS,
    PAPER_ATTRIBUTES,
    POPULATION,
    STYLE_DIM,
    attributes,
    paint,
    paint_z,
    unit,
)
from anycost.lab.painter.canvas import blank
from anycost.lab.painter.contact_sheet import contact_sheet
from anycost.lab.painter.controls import CORRELATIONS
from anycost.lab.painter.pose import Pose

SIZE = 96


def some_z(count: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, STYLE_DIM, generator=torch.Generator().manual_seed(seed))


def with_value(name: str, value: float, **others: float) -> torch.Tensor:
    given = {key: torch.tensor([number]) for key, number in {name: value, **others}.items()}
    return paint(given, SIZE).rgb[0]


def changed(one: torch.Tensor, two: torch.Tensor) -> torch.Tensor:
    """Largest difference over the channels, [R, R]."""
    return (one - two).abs().amax(0)


def place(given: "dict[str, torch.Tensor]", name: str) -> torch.Tensor:
    return paint(given, 32).landmarks[0, LANDMARKS.index(name)]


def test_every_coordinate_has_one_control_and_values_stay_in_range():
    assert len(CONTROLS) == STYLE_DIM == len({control.name for control in CONTROLS})
    values = attributes(some_z(2000) * 3.0)
    for control in CONTROLS:
        assert values[control.name].min() >= control.low
        assert values[control.name].max() <= control.high
        assert values[control.name].std() > 0.05


def test_the_same_style_paints_the_same_picture_whatever_its_length_or_batch():
    z = some_z(5)
    first, second = paint_z(z, 64), paint_z(z * 7.0, 64)
    assert torch.allclose(unit(z), unit(z * 7.0), atol=1e-5)
    assert torch.allclose(first.rgb, second.rgb, atol=2e-2)
    assert torch.allclose(first.rgb[3:4], paint_z(z[3:4], 64).rgb, atol=1e-4)


def test_composition_is_the_same_at_every_resolution():
    z = some_z(6, seed=1)
    large, small = paint_z(z, 256), paint_z(z, 128)
    shrunk = functional.avg_pool2d(large.rgb, 2)
    assert (shrunk - small.rgb).abs().mean() < 0.02
    assert torch.equal(large.landmarks, small.landmarks)


def test_extreme_controls_stay_finite_and_in_range():
    z = torch.cat([some_z(4) * 1e4, torch.eye(STYLE_DIM)[:4] * 50.0, torch.zeros(1, STYLE_DIM)])
    for value in (-1.0, 1.0):
        corner = paint({control.name: torch.full((1,), value) for control in CONTROLS}, 64).rgb
        assert torch.isfinite(corner).all()
    picture = paint_z(z, 64)
    assert torch.isfinite(picture.rgb).all()
    assert picture.rgb.abs().max() <= 1.0
    assert torch.isfinite(picture.landmarks).all()


@pytest.mark.parametrize(
    ("name", "share"), [("glasses", 0.25), ("earrings", 0.20), ("hat", 0.08), ("beard", 0.12)]
)
def test_gates_are_mostly_fully_on_or_off_with_their_frequency(name: str, share: float):
    values = attributes(some_z(20000))[name]
    assert abs((values > 0.5).float().mean() - share) < 0.02
    assert ((values > 0.1) & (values < 0.9)).float().mean() < 0.06


def test_correlations_can_be_left_out():
    z = some_z(8000)

    def together(correlated: bool) -> float:
        values = attributes(z, correlated)
        return float(torch.corrcoef(torch.stack([values["age"], values["grey"]]))[0, 1])

    assert together(True) > 0.35
    assert abs(together(False)) < 0.08
    for sources in CORRELATIONS.values():
        assert sum(weight * weight for weight in sources.values()) < 1.0


def test_every_control_changes_the_picture():
    """One row per control: all others rest, except those that make it visible."""
    shown = {
        "earrings": 1.0,
        "glasses": 1.0,
        "lipstick": 1.0,
        "bokeh": 0.5,
        "straight_hair": 0.3,
        "mouth_open": 0.3,
    }
    rows = len(CONTROLS)
    low = {control.name: torch.full((rows,), shown.get(control.name, control.rest)) for control in CONTROLS}
    low["hat"] = torch.tensor([1.0 if control.name == "hat_shape" else 0.0 for control in CONTROLS])
    high = {name: values.clone() for name, values in low.items()}
    for row, control in enumerate(CONTROLS):
        low[control.name][row], high[control.name][row] = control.low, control.high
    difference = (paint(low, 64).rgb - paint(high, 64).rgb).abs().flatten(1).amax(1)  # [rows]
    still = [control.name for control, most in zip(CONTROLS, difference, strict=True) if most < 0.08]
    assert not still


@pytest.mark.parametrize(("name", "low", "high"), [("curl_size", -1.0, 1.0), ("bokeh", 0.0, 1.0)])
def test_textures_fade_into_one_another_and_do_not_wander(name: str, low: float, high: float):
    """Halfway between two ends lies about their mean, so that a generator can learn it."""
    hair = {"straight_hair": 0.0, "hair_length": 0.6, "hair_lightness": 0.9}
    first, middle, last = (with_value(name, at, **hair) for at in (low, (low + high) / 2, high))
    away = (middle - (first + last) / 2).square().mean().sqrt()
    assert away < 0.25 * (last - first).square().mean().sqrt()


@pytest.mark.parametrize(("black", "grey"), [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)])
def test_hair_of_every_colour_has_lighter_shades(black: float, grey: float):
    others = {"black_hair": black, "grey": grey, "hair_length": 0.8, "bangs": 1.0}
    dark, fair = (with_value("hair_lightness", value, **others) for value in (0.0, 1.0))
    lighter = changed(dark, fair) > 0.02
    assert lighter.float().mean() > 0.1
    assert (fair - dark).mean(0)[lighter].min() > 0


def test_black_hair_that_greys_stays_darker_than_other_grey():
    black, brown = (
        with_value("grey", 1.0, black_hair=value, hair_lightness=lightness)
        for value, lightness in ((1.0, 1.0), (0.0, 0.0))
    )
    where = changed(black, brown) > 0.02
    assert where.any()
    assert (brown - black).mean(0)[where].min() > 0


def test_glasses_change_only_the_band_around_the_eyes():
    rows, columns = torch.where(changed(with_value("glasses", 0.0), with_value("glasses", 1.0)) > 0.02)
    assert rows.numel() > 100
    assert (rows - 0.47 * SIZE).abs().max() < 0.13 * SIZE
    assert (columns - 0.5 * SIZE).abs().max() < 0.35 * SIZE


@pytest.mark.parametrize(
    ("name", "landmark", "reach"),
    [("eye_open", "left_eye", 0.09), ("gaze_x", "right_eye", 0.07), ("mouth_open", "mouth", 0.12)],
)
def test_landmarks_mark_what_moves(name: str, landmark: str, reach: float):
    """Most of what a control changes on the landmark's side of the face lies near it."""
    difference = changed(with_value(name, 0.0), with_value(name, 1.0))
    x, y = place({name: torch.zeros(1)}, landmark).tolist()
    grid = (torch.arange(SIZE) + 0.5) / SIZE
    same_side = torch.ones(SIZE) if landmark == "mouth" else ((grid < 0.5) == (x < 0.5)).float()
    near = ((grid[None, :] - x) ** 2 + (grid[:, None] - y) ** 2).sqrt() < reach
    difference = difference * same_side[None, :]
    assert difference[near].sum() > 0.75 * difference.sum()


def test_the_iris_is_dark_at_the_eye_landmark():
    picture = with_value("eye_colour", 0.0, eye_open=1.0)
    for name in ("left_eye", "right_eye"):
        x, y = (place({"eye_open": torch.ones(1)}, name) * SIZE).long().tolist()
        assert picture[:, y - 2 : y + 1, x - 1 : x + 2].amin() < -0.6


def test_faces_stay_aligned():
    marks = paint_z(some_z(200), 32).landmarks  # [200, K, 2]
    eyes = (marks[:, LANDMARKS.index("left_eye")] + marks[:, LANDMARKS.index("right_eye")]) / 2
    mouth = marks[:, LANDMARKS.index("mouth")]
    for points, target in ((eyes, ALIGNMENT["eyes"]), (mouth, ALIGNMENT["mouth"])):
        assert (points.mean(0) - torch.tensor(target)).abs().max() < 0.01
        assert points.std(0).max() < 0.025


def test_turning_moves_the_nose_further_than_the_eyes():
    def shift(name: str) -> float:
        return float((place({"turn": torch.ones(1)}, name) - place({"turn": -torch.ones(1)}, name))[0])

    assert shift("nose") > shift("mouth") > 0.0
    assert shift("nose") > 0.5 * (shift("left_eye") + shift("right_eye"))


def test_the_far_ears_earring_is_hidden_by_the_head_and_the_near_ones_is_not():
    for turn in (-1.0, 1.0):
        worn = {"turn": turn, "hair_length": 0.1}
        difference = changed(with_value("earrings", 0.0, **worn), with_value("earrings", 1.0, **worn))
        near, far = ("left_ear", "right_ear") if turn > 0 else ("right_ear", "left_ear")
        marks = {name: float(place({"turn": torch.tensor([turn])}, name)[0]) * SIZE for name in (near, far)}
        columns = torch.where(difference > 0.02)[1].float()
        assert columns.numel() > 10
        assert (columns - marks[near]).abs().max() < 0.06 * SIZE


@pytest.mark.parametrize("turn", [-0.7, -0.3, 0.0, 0.3, 0.7])
def test_no_earring_hangs_over_the_face(turn: float):
    worn = {"turn": turn, "hair_length": 0.1}
    difference = changed(with_value("earrings", 0.0, **worn), with_value("earrings", 1.0, **worn))
    controls = POPULATION.complete({"turn": torch.tensor([turn])})
    pose = Pose({name: values.view(-1, 1, 1) for name, values in controls.items()})
    on_face = pose.outline(blank(1, SIZE, None))[2][0] < -2.0 / SIZE
    assert on_face.float().mean() > 0.1
    assert difference[on_face].max() < 0.01 < difference.max()


def test_earrings_show_under_long_hair_too():
    long = {"hair_length": 0.6}
    covered = changed(
        with_value("earrings", 0.0, tucked=0.0, **long), with_value("earrings", 1.0, tucked=0.0, **long)
    )
    tucked = changed(
        with_value("earrings", 0.0, tucked=1.0, **long), with_value("earrings", 1.0, tucked=1.0, **long)
    )
    assert 0.2 * tucked.sum() < covered.sum() < tucked.sum()


@pytest.mark.parametrize("turn", [-1.0, 1.0])
def test_a_far_eye_ends_at_the_heads_contour(turn: float):
    head = {"turn": turn, "bald": 1.0}
    skin = changed(with_value("skin_tone", 0.0, **head), with_value("skin_tone", 1.0, **head)) > 0.1
    eyes = changed(with_value("eye_open", -1.0, **head), with_value("eye_open", 1.0, **head)) > 0.05
    rows, columns = torch.where(eyes)
    for row in rows.unique():
        on_head = torch.where(skin[row])[0]
        assert columns[rows == row].min() >= on_head.min()
        assert columns[rows == row].max() <= on_head.max()


def test_beards_grow_on_masculine_faces():
    values = attributes(some_z(20000))
    bearded = values["masculine"][values["beard"] > 0.5]
    assert (bearded > 0.0).float().mean() > 0.98


def test_many_portraits_have_each_of_the_papers_attributes():
    assert set(PAPER_ATTRIBUTES) == {"Smiling", "Black_Hair", "Eyeglasses", "Straight_Hair", "Earrings"}
    values = attributes(some_z(20000))
    for control, least in PAPER_ATTRIBUTES.values():
        assert 0.15 < (values[control] > least).float().mean() < 0.65


def test_what_others_wear_changes_nobodys_picture():
    names = ("hat", "glasses", "earrings", "beard", "moustache")
    together = paint({name: torch.tensor([0.0, 1.0]) for name in names}, 64).rgb
    alone = paint({name: torch.zeros(1) for name in names}, 64).rgb
    assert torch.allclose(together[:1], alone, atol=1e-5)
    assert not torch.allclose(together[1:], alone, atol=0.5)


@pytest.mark.slow
def test_everything_is_made_on_the_device_of_the_controls():
    picture = paint_z(torch.zeros(2, STYLE_DIM, device="meta"), 64)
    assert picture.rgb.device.type == picture.landmarks.device.type == "meta"
    assert picture.rgb.shape == (2, 3, 64, 64)


@pytest.mark.slow
def test_the_same_seed_paints_the_same_bits_in_every_process():
    code = (
        "import hashlib, torch; torch.set_num_threads(1);"
        "from anycost.lab.painter import paint_z;"
        "z = torch.randn(6, 64, generator=torch.Generator().manual_seed(5));"
        "print(hashlib.sha256(paint_z(z, 128).rgb.numpy().tobytes()).hexdigest())"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout.strip()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        here = hashlib.sha256(paint_z(some_z(6, seed=5), 128).rgb.numpy().tobytes()).hexdigest()
    finally:
        torch.set_num_threads(threads)
    assert said == here


def test_wrong_requests_are_refused_with_a_sentence():
    with pytest.raises(ValueError, match="no control called"):
        paint({"wings": torch.ones(1)}, 64)
    with pytest.raises(ValueError, match="32 to 1024"):
        paint({"smile": torch.ones(1)}, 8)
    with pytest.raises(ValueError, match="shape"):
        attributes(torch.zeros(2, 3))


def test_a_contact_sheet_shows_the_seeded_portraits_row_by_row():
    tiled = contact_sheet(2, 3, 32, seed=3)
    assert tiled.shape == (64, 96, 3)
    third = paint_z(some_z(6, seed=3), 32).rgb[4]
    assert (tiled[32:, 32:64].permute(2, 0, 1) / 127.5 - 1.0 - third).abs().max() < 0.01
