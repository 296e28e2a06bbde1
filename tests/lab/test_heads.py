"""Pictures of heads: the same controls give the same picture, one control changes one thing, labels fit."""

from functools import lru_cache

import pytest
import torch
from torch import Tensor

from anycost.lab.heads.controls import POPULATION, STYLE_DIM, UNNAMED, unnamed
from anycost.lab.heads.environments import harmonics, light_of
from anycost.lab.heads.hair_shade import box_of, cells_of, crossed_torch, hair_shades
from anycost.lab.heads.heads import Rendered, render, render_z, rendered_together
from anycost.lab.heads.labels import PART
from anycost.lab.heads.lights import ShadowMap, lit_torch, turned_back
from anycost.lab.heads.sample_sheet import pooled, shares, whole_pixels
from anycost.models.head_points import POINTS

SIDE = 64


@pytest.fixture(autouse=True)
def _shapes(head_data: None) -> None:
    """Every test here needs the heads' shapes."""


def somebody(count: int = 1, **chosen: float) -> tuple[dict[str, Tensor], Tensor]:
    """Controls and details of a plain head; `chosen` sets controls."""
    controls = {name: torch.full((count,), value) for name, value in {"age": 0.4, **chosen}.items()}
    random = torch.Generator().manual_seed(3)
    return POPULATION.complete(controls), torch.randn(count, UNNAMED, generator=random)


@pytest.fixture
def crowd(head_data: None) -> Rendered:
    return _crowd()


@lru_cache(maxsize=1)
def _crowd() -> Rendered:
    z = torch.randn(6, STYLE_DIM, generator=torch.Generator().manual_seed(11))
    return render_z(z, SIDE)


def test_a_picture_has_its_shapes(crowd: Rendered):
    assert crowd.rgb.shape == crowd.normal.shape == crowd.face_map.shape == (6, 3, SIDE, SIDE)
    assert crowd.part.shape == crowd.depth.shape == (6, SIDE, SIDE)
    assert crowd.part.dtype == torch.uint8
    assert crowd.rgb.isfinite().all()
    assert crowd.rgb.abs().max() <= 1.0
    assert crowd.landmarks.shape == (6, POINTS, 2)
    assert crowd.relief.shape == crowd.visible.shape == (6, POINTS)
    assert crowd.visible.any(1).all()


def test_landmarks_lie_on_what_they_name():
    controls, details = somebody(frame_size=1.0)
    found = render(controls, 256, details)
    eyes = found.landmarks[0, [468, 473]]  # the irises' middles
    row, column = (eyes[:, 1] * 256).long(), (eyes[:, 0] * 256).long()
    assert (found.part[0, row, column] == PART["iris"]).all()
    assert found.visible[0, [468, 473]].all()
    assert found.relief[0, 1] < -0.05  # the nose's tip stands out


def test_every_picture_shows_a_head(crowd: Rendered):
    for name, least in (("skin", 0.05), ("background", 0.1)):
        assert ((crowd.part == PART[name]).float().mean((1, 2)) > least).all()
    assert crowd.rgb.std((1, 2, 3)).min() > 0.05


def test_the_same_controls_give_the_same_bits():
    controls, details = somebody(hair_style=0.6, smile=0.5, glasses=1.0)
    first, again = (render(controls, SIDE, details) for _ in range(2))
    for name in ("rgb", "part", "face_map", "depth", "normal"):
        assert torch.equal(getattr(first, name), getattr(again, name))


def test_a_picture_does_not_depend_on_its_neighbours():
    z = torch.randn(2, STYLE_DIM, generator=torch.Generator().manual_seed(5))
    together, alone = render_z(z, SIDE), render_z(z[1:], SIDE)
    assert torch.equal(together.rgb[1:], alone.rgb)


def test_many_at_once_are_as_one_by_one():
    z = torch.randn(3, STYLE_DIM, generator=torch.Generator().manual_seed(6))
    found = rendered_together(POPULATION.complete(POPULATION.values(z)), unnamed(z), SIDE, 1.0, 2)
    alone = render_z(z, SIDE)
    assert (found.part != alone.part).float().mean() < 1e-3
    assert (found.rgb - alone.rgb).abs().mean() < 1e-3
    torch.testing.assert_close(found.landmarks, alone.landmarks, atol=1e-4, rtol=1e-4)


def test_the_backdrop_changes_only_what_is_behind():
    controls, details = somebody(2)
    controls["background"] = torch.tensor([0.1, 0.8])
    found = render(controls, SIDE, details[:1].expand(2, -1))
    assert torch.equal(found.part[0], found.part[1])
    assert torch.equal(found.face_map[0], found.face_map[1])
    behind = found.part[0] == PART["background"]
    change = (found.rgb[0] - found.rgb[1]).abs().mean(0)
    assert change[behind].mean() > 0.1


def test_eye_colour_changes_the_irises_alone():
    controls, details = somebody(2, frame_size=1.0)
    controls["eye_colour"] = torch.tensor([0.0, 1.0])
    found = render(controls, 128, details[:1].expand(2, -1))
    assert torch.equal(found.part[0], found.part[1])
    change = (found.rgb[0] - found.rgb[1]).abs().amax(0)
    iris = found.part[0] == PART["iris"]
    assert change[iris].mean() > 0.05
    near = torch.nn.functional.max_pool2d(iris[None].float(), 5, 1, 2)[0] > 0
    assert change[~near].max() < 1e-3


def test_irises_lie_in_the_eyes():
    controls, details = somebody(frame_size=1.0)
    part = render(controls, 256, details).part[0]
    iris, white = part == PART["iris"], part == PART["eye_white"]
    assert iris.sum() > 40
    columns = torch.arange(256).expand(256, 256)
    for half in (slice(0, 128), slice(128, 256)):
        eye = iris[:, half]
        assert eye.any()
        seen = columns[:, half][eye].float().mean()
        whites = columns[:, half][white[:, half]].float()
        assert whites.min() < seen < whites.max()


def test_the_face_map_is_that_of_the_mean_head():
    """The irises of a plain head lie at the mean eyes; to the viewer's right is +x."""
    controls, details = somebody(frame_size=1.0)
    found = render(controls, 256, 0 * details)
    iris = found.part[0] == PART["iris"]
    place = found.face_map[0][:, iris]  # [3, K]
    assert place[1].mean().item() == pytest.approx((7.285 - 7.3) / 2.3, abs=0.01)
    left = torch.arange(256).expand(256, 256)[iris] < 128
    assert place[0, left].mean() < -0.1 < 0.1 < place[0, ~left].mean()


def test_the_composition_is_the_same_at_all_sizes():
    controls, details = somebody(hair_style=0.7, smile=0.4, turn=0.2, background=0.4)
    small, large = render(controls, 64, details), render(controls, 192, details)
    shrunk = torch.nn.functional.avg_pool2d(large.rgb, 3)
    assert (shrunk - small.rgb).abs().mean() < 0.06
    for part in ("skin", "background", "cloth", "hair"):
        a, b = ((found.part == PART[part]).float().mean() for found in (small, large))
        assert abs(a - b) < 0.04


def test_sizes_and_names_are_checked():
    controls, details = somebody()
    with pytest.raises(ValueError, match="32 to 1024"):
        render(controls, 16, details)
    with pytest.raises(ValueError, match="samples"):
        render(controls, 64, details, samples=9)
    with pytest.raises(ValueError, match="no control called 'moustache'"):
        render({"moustache": torch.zeros(1)}, 64)
    with pytest.raises(ValueError, match="shape"):
        render(controls, 64, details[:, :3])


def test_torch_finds_the_shadows_that_the_loops_find():
    random = torch.Generator().manual_seed(1)
    shadow = ShadowMap.empty(torch.tensor([[0.0, 0.6, 0.8]]), side=64)
    shadow.buffer.nearness.copy_(1.0 + 0.02 * torch.rand(1, 64, 64, generator=random))
    places = torch.randn(500, 3, generator=random) + torch.tensor([0.0, 6.9, 0.4])
    facing, spread = torch.rand(500, generator=random) * 2 - 1, torch.rand(500, generator=random)
    turn, picture = torch.rand(500, generator=random) * 6, torch.zeros(500, dtype=torch.long)
    loops = shadow.lit(picture, places, facing, spread, turn)
    values = (*shadow.seen_from(picture, places), facing, spread, turn)
    twin = lit_torch(shadow.buffer.nearness, picture, *values)
    assert 0.1 < loops.mean() < 0.9
    assert ((loops - twin).abs() > 1e-3).float().mean() < 0.02


def test_torch_finds_the_hair_that_the_loops_find():
    random = torch.Generator().manual_seed(1)
    places = torch.randn(3000, 3, generator=random) * 0.7 + torch.tensor([0.0, 7.0, 0.4])
    area, picture = torch.rand(3000, generator=random) * 0.01, torch.randint(0, 2, (3000,), generator=random)
    ways = torch.nn.functional.normalize(torch.randn(2, 3, 3, generator=random), dim=2)
    for way, shade in enumerate(hair_shades(ways, picture, places, area)):
        box = box_of(shade.right, shade.up, ways[:, way])
        cells = cells_of(box, picture, places, area)
        torch.testing.assert_close(cells.cumsum(1), shade.before, atol=2e-3, rtol=1e-2)
        loops = shade.crossed(picture, places)
        assert loops.max() > 0.1
        torch.testing.assert_close(
            crossed_torch(shade.before, box, picture, places), loops, atol=1e-3, rtol=1e-3
        )


def test_light_turns_with_the_head():
    """Harmonics seen by a turned head give, at its own directions, what the world's give at theirs."""
    controls, details = somebody(2)
    ambient = light_of(controls, details).ambient
    angle = torch.tensor([0.4, -0.9])
    cos, sin, zero, one = angle.cos(), angle.sin(), torch.zeros(2), torch.ones(2)
    turned = torch.stack([cos, zero, sin, zero, one, zero, -sin, zero, cos], 1).view(2, 3, 3)
    own = torch.nn.functional.normalize(torch.randn(5, 3, generator=torch.Generator().manual_seed(1)), dim=1)
    world = torch.einsum("nij,kj->nki", turned, own)
    torch.testing.assert_close(
        harmonics(own) @ turned_back(ambient, turned), harmonics(world) @ ambient, atol=1e-4, rtol=1e-3
    )


def test_samples_are_gathered_into_pixels():
    values = torch.arange(32.0).view(1, 4, 4, 2)
    expected = torch.nn.functional.avg_pool2d(values.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)
    torch.testing.assert_close(pooled(values, 2), expected)
    kinds = torch.ones(1, 4, 4, dtype=torch.long)
    kinds[0, 3, 3], kinds[0, :2, 2:] = 2, 0
    assert whole_pixels(kinds, 2).tolist() == [[0, 1, 4, 5], [8, 9, 12, 13]]
    found = shares((1, 4, 4), torch.arange(16), kinds.view(-1), 2)
    assert found.alone.tolist() == [2, 3, 6, 7, 10, 11, 14, 15]
    assert (found.first.tolist(), found.last.tolist()) == ([0, 8], [5, 13])
