"""The world of cars: that its pictures show what its controls and labels say, and that it can be learned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from anycost.commands.cli import EXIT_BAD_INPUT, main
from anycost.core.errors import CoreError
from anycost.core.files.pictures import read_picture
from anycost.lab.cars.car_directions import SLIDERS, car_directions
from anycost.lab.cars.car_shape import CarShape, Widths
from anycost.lab.cars.cars import LANDMARKS, draw, draw_z
from anycost.lab.cars.controls import CONTROLS, CORRELATIONS, POPULATION, STYLE_DIM
from anycost.lab.cars.viewing import Camera, meet
from anycost.lab.data.batches import DataSettings, batches
from anycost.lab.data.downsample import downsample
from anycost.lab.data.frame import uncovered
from anycost.lab.generator.generating import Generating, GeneratorSettings
from anycost.lab.generator.mapping import LAYERS, hold_controls, mapped
from anycost.lab.generator.supervised import Targets
from anycost.lab.running.config import build, read
from anycost.lab.worlds import CARS, POINTS
from anycost.models.generator import Generator

controls = st.fixed_dictionaries({control.name: st.floats(control.low, control.high) for control in CONTROLS})


def latents(count: int, seed: int = 1) -> Tensor:
    return torch.randn(count, STYLE_DIM, generator=torch.Generator().manual_seed(seed))


def shown(side: int = 64, **values: float) -> Tensor:
    """A car [3, h, w] that otherwise rests, without its black rows."""
    picture = draw({"roof": torch.zeros(1), **{k: torch.tensor([v]) for k, v in values.items()}}, side).rgb
    return uncovered(picture, CARS.shape)[0]


def at(picture: Tensor, landmark: str, **values: float) -> Tensor:
    """The mean colour [3] of a few pixels around a landmark."""
    given = {k: torch.tensor([v]) for k, v in {"roof": 0.0, **values}.items()}
    x, y = draw(given, picture.shape[-1]).landmarks[0, LANDMARKS.index(landmark)].tolist()
    side = picture.shape[-1]
    column, row = int(x * side), int(y * side) - (side - picture.shape[-2]) // 2
    return picture[:, row - 1 : row + 2, column - 1 : column + 2].mean((1, 2))


def values_of(**values: float) -> dict[str, Tensor]:
    return {k: v.view(-1, 1, 1) for k, v in POPULATION.complete({"roof": torch.zeros(1)}).items()} | {
        k: torch.full((1, 1, 1), v) for k, v in values.items()
    }


# pictures


def test_one_z_is_one_picture_however_it_is_batched():
    z = latents(5)
    together = draw_z(z, 48)
    assert together.rgb.shape == (5, 3, 48, 48)
    assert torch.equal(together.rgb, draw_z(z, 48).rgb)
    alone = torch.cat([draw_z(z[k : k + 1], 48).rgb for k in range(5)])
    torch.testing.assert_close(together.rgb, alone, atol=2e-3, rtol=0)


def test_black_rows_make_squares_of_pictures_of_4_to_3():
    drawn = draw_z(latents(4), 64).rgb
    assert (drawn[:, :, :8] == -1).all()
    assert (drawn[:, :, 56:] == -1).all()
    picture = uncovered(drawn, CARS.shape)
    assert picture.shape == (4, 3, 48, 64)
    assert picture.amax(1).gt(-1).all()
    assert drawn.min() >= -1
    assert drawn.max() <= 1


def test_all_resolutions_show_the_same_car():
    z = latents(3)
    fine, coarse = draw_z(z, 128), draw_z(z, 64)
    assert (downsample(fine.rgb, 64) - coarse.rgb).abs().mean() < 0.03
    torch.testing.assert_close(fine.landmarks, coarse.landmarks)


def test_a_car_that_faces_right_is_the_mirror_image_under_mirrored_light():
    left = shown(faces_left=1.0, light_direction=0.6, turn=0.5)
    right = shown(faces_left=0.0, light_direction=-0.6, turn=0.5)
    torch.testing.assert_close(left, right.flip(2), atol=1e-5, rtol=0)
    assert not torch.allclose(left, shown(faces_left=0.0, light_direction=0.6, turn=0.5).flip(2), atol=0.05)


def test_every_control_changes_the_picture():
    """In rows: each control at its low and at its high end, the others at rest."""
    given = {c.name: torch.full((2 * len(CONTROLS),), c.rest) for c in CONTROLS}
    given |= {"turn": torch.full_like(given["turn"], 0.4), "lamps": torch.full_like(given["lamps"], 0.5)}
    for k, control in enumerate(CONTROLS):
        given[control.name][2 * k : 2 * k + 2] = torch.tensor([control.low, control.high])
    low, high = draw(given, 48).rgb.unflatten(0, (-1, 2)).unbind(1)
    change = dict(zip((c.name for c in CONTROLS), (low - high).abs().amax((1, 2, 3)).tolist(), strict=True))
    assert {name: most for name, most in change.items() if most < 0.1} == {}


@pytest.mark.parametrize(
    ("control", "landmark", "channel", "sign"),
    [
        ("paint_lightness", "door", None, 1),
        ("paint_red", "door", (0, 1), 1),
        ("paint_yellow", "door", (0, 2), 1),
        ("rim_tone", "front_wheel", None, 1),
        ("daylight", "door", None, 1),
    ],
)
def test_colours_follow_their_controls(control: str, landmark: str, channel: Any, sign: int):
    def reading(value: float) -> float:
        found = at(shown(128, **{control: value}), landmark)
        return float(found.mean() if channel is None else found[channel[0]] - found[channel[1]])

    least, most = (-0.8, 0.8) if control.startswith("paint_") and control != "paint_lightness" else (0.1, 0.9)
    assert sign * (reading(most) - reading(least)) > 0.15


def test_unknown_controls_and_sizes_are_refused():
    with pytest.raises(ValueError, match="wings"):
        draw({"wings": torch.ones(1)}, 64)
    for side in (24, 100, 2048):
        with pytest.raises(ValueError, match=f"not {side}"):
            draw({"roof": torch.ones(1)}, side)


def test_a_contact_sheet_shows_cars_without_their_black_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    given = ["data", "cars", "--rows", "2", "--columns", "1", "--seed", "5"]
    assert main([*given, "--sheet", str(tmp_path / "a.png"), "--resolution", "32"]) == 0
    sheet = torch.from_numpy(read_picture(tmp_path / "a.png")[..., :3].copy())
    z = latents(2, seed=5)
    wanted = uncovered(draw_z(z, 32).rgb, CARS.shape).permute(0, 2, 3, 1).flatten(0, 1)
    torch.testing.assert_close(sheet.float() / 127.5 - 1, wanted, atol=0.005, rtol=0)
    assert main([*given, "--sheet", str(tmp_path / "b.png"), "--resolution", "36"]) == EXIT_BAD_INPUT
    assert "multiple of 8 px" in capsys.readouterr().err


# the solid


@settings(max_examples=15, deadline=None)
@given(controls)
def test_rays_stop_where_they_first_meet_the_body(values: dict[str, float]):
    """Held against small steps along each ray, in the ray's own length."""
    p = values_of(**values)
    shape, camera = CarShape(p), Camera(p, CarShape(p))
    rays = camera.rays(
        torch.linspace(-0.8, 0.8, 9).view(1, 1, -1), torch.linspace(-0.4, 0.3, 7).view(1, -1, 1)
    )
    widths = Widths(shape, 256)
    x, y, _, found = meet(rays, widths)
    far = torch.linspace(5.0, 13.0, 1600).view(-1, 1, 1)
    px, py, pz = (eye + far * along for eye, along in zip(rays.eye, rays.along, strict=True))
    steps = widths.table.expand(1600, -1, -1, -1)
    inside = Widths.__new__(Widths)
    inside.table, inside.step = steps, widths.step
    solid = inside.at(px, pz) > py.abs()  # [1600, 7, 9]
    first = solid.int().argmax(0)
    truth = far.flatten()[first]
    met = (
        (x - rays.eye[0]) / rays.along[0] if abs(values["turn"]) > 0.5 else (y - rays.eye[1]) / rays.along[1]
    )
    both = solid.any(0) & found[0]
    assert (met[0] - truth)[both].abs().quantile(0.9) < 0.03 if both.any() else True
    assert (solid.any(0) != found[0]).float().mean() < 0.05  # rays that graze an edge


@settings(max_examples=15, deadline=None)
@given(controls, st.floats(-2, 2), st.floats(-0.8, 0.8), st.floats(0, 1.5))
def test_a_place_is_seen_where_its_ray_says(values: dict[str, float], x: float, y: float, z: float):
    p = values_of(**values)
    camera = Camera(p, CarShape(p))
    place = [torch.full((1, 1, 1), value) for value in (x, y, z)]
    rays = camera.rays(*camera.project(*place))
    towards = torch.stack([a - b for a, b in zip(place, rays.eye, strict=True)]).flatten()
    along = torch.stack(list(rays.along)).flatten()
    torch.testing.assert_close(towards / towards.norm(), along, atol=1e-5, rtol=0)


def test_wheels_stand_on_the_ground_below_their_arches():
    p = values_of()
    shape = CarShape(p)
    for axle in (shape.front_axle, shape.rear_axle):
        assert float(shape.half_width(axle, shape.wheel)) > 0.8
        assert (
            float(shape.half_width(axle, shape.wheel + shape.arch + 0.1)) > 0.7
        )  # the wing goes on above it
    assert float(shape.half_width(0 * shape.half, shape.clear - 0.02)) == 0
    assert float(shape.half_width(0 * shape.half, shape.top + 0.02)) == 0
    assert float(shape.half_width(shape.half + 0.1, shape.waist)) == 0


# learning from it


def test_batches_of_cars_have_z_and_points_in_the_picture():
    batch = next(batches(DataSettings("cars"), 32, 8, 3, 0, finest=64))
    assert batch.world is CARS
    assert batch.z is not None
    assert batch.landmarks is not None
    torch.testing.assert_close(batch.pictures, downsample(draw_z(batch.z, 64).rgb, 32))
    assert batch.landmarks.shape == (8, len(POINTS), 2)
    assert batch.landmarks.min() > 0
    assert batch.landmarks.max() < 1


def test_pictures_have_the_shape_of_their_world_or_of_the_folder():
    assert DataSettings("cars").picture_shape == (4, 3)
    assert DataSettings("portraits").picture_shape == (1, 1)
    assert DataSettings("folder", folder="x", shape=(3, 2)).picture_shape == (3, 2)


@pytest.mark.parametrize("more", [{"rare": 0.5}, {"shape": (4, 3)}, {"folder": "x"}, {"caches": ("a",)}])
def test_data_that_cars_have_not_are_refused(more: dict[str, Any]):
    with pytest.raises(ValueError, match=r"data\."):
        DataSettings("cars", **more)


def test_a_warm_start_on_cars_lowers_the_loss():
    table = {
        "batch": 8,
        "precision": "float32",
        "generator": {"resolution": 16, "channels": [16] * 6, "style_dim": STYLE_DIM},
        "data": {"kind": "cars"},
        "optimiser": {"half_life": 0.05},
        "stages": [{"kind": "distil", "pictures": 64, "resolutions": [16], "ratios": [0.5]}],
    }
    task = Generating(build(GeneratorSettings, table))
    probe = next(batches(DataSettings("cars"), 16, 8, 3, 800))

    def loss() -> float:
        assert probe.z is not None
        with torch.no_grad():
            w = mapped(task.generator.style, probe.z)[:, None].expand(-1, task.generator.n_style, -1)
            return float(Targets(probe).painted_loss(task.generator(w)))

    before, source = loss(), task.batches(0)
    for seen in range(0, 64, 8):
        task.step(next(source), seen)
    assert loss() < 0.7 * before


@pytest.mark.parametrize("name", ["cars", "ffhq-config-f", "car-config-f"])
def test_the_files_for_training_are_ones_that_can_be_read(name: str):
    given = read(Path(__file__).parents[2] / "configs" / f"{name}.toml")
    assert given.pop("network") == "generator"
    made = build(GeneratorSettings, given)
    assert made.data.world is (CARS if name == "cars" else None)


def test_a_generator_of_another_size_than_the_cars_is_refused():
    table = {
        "generator": {"resolution": 16, "channels": [8] * 6},
        "data": {"kind": "cars"},
        "stages": [{"kind": "distil", "pictures": 8, "resolutions": [16]}],
    }
    with pytest.raises(CoreError, match=f"drawn cars needs style_dim = {STYLE_DIM}"):
        Generating(build(GeneratorSettings, table))


# directions


def test_a_direction_moves_its_own_control_and_what_depends_on_it():
    made = Generator(8, (4,) * 4, STYLE_DIM, LAYERS)
    hold_controls(made.style, POPULATION)
    found = {direction.name: direction for direction in car_directions(made)}
    assert list(found) == [slider.control for slider in SLIDERS]
    for name, direction in found.items():
        assert direction.vector.shape == (made.n_style, STYLE_DIM)
        step = torch.from_numpy(direction.vector[0]).abs()
        allowed = {name} | {target for target, sources in CORRELATIONS.items() if name in sources}
        others = [k for k, control in enumerate(CONTROLS) if control.name not in allowed]
        assert int(step.argmax()) == POPULATION.index[name]
        assert step[others].max() < 0.05 * step.max()
