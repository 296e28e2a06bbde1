"""Hair of heads: the loops against plain ones, strands outside the skin, smooth and nested controls."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import plain_hair
import pytest
import torch

pytest.importorskip("numba")

from anycost.core.errors import CoreError
from anycost.lab.heads.body_field import _skin, body_field, field_of
from anycost.lab.heads.combing import Combing, Wishes
from anycost.lab.heads.controls import POPULATION, STYLE_DIM, UNNAMED, unnamed
from anycost.lab.heads.guides import Guides, Set, grow
from anycost.lab.heads.hair_styles import NAMES, STYLES, place_of, styles_of
from anycost.lab.heads.head_mesh import head_mesh
from anycost.lab.heads.people import People, people
from anycost.lab.heads.scalp_hair import guides_of, rooted
from anycost.lab.heads.strand_curves import StrandPlan, Texture, curves, mixed
from anycost.lab.heads.strands import Strands, hair_of, scalp_shade
from anycost.models.head_reader import PARTS

try:
    head_mesh()
except CoreError:
    pytest.skip("the shapes of the heads are not here", allow_module_level=True)

HAIR, BROW, BEARD = PARTS.index("hair"), PARTS.index("brow"), PARTS.index("beard")
FEW = 0.12  # detail


def crowd(count: int, seed: int, **given: float) -> People:
    z = torch.randn(count, STYLE_DIM, generator=torch.Generator().manual_seed(seed))
    controls = POPULATION.values(z)
    for name, value in given.items():
        controls[name] = torch.full((count,), value)
    return people(controls, unnamed(z))


def someone(**given: float | list[float]) -> People:
    values = {name: torch.as_tensor(value).float().reshape(-1) for name, value in given.items()}
    count = max(map(len, values.values()))
    controls = POPULATION.complete({name: value.expand(count) for name, value in values.items()})
    return people(controls, torch.zeros(count, UNNAMED))


def dressed(name: str, **given: float) -> People:
    """A person with a style that suits."""
    style = STYLES[NAMES.index(name)]
    age = 0.7 if style.years[0] > 30 else min(0.4, style.years[1] / 100)
    suited = {"curl": sum(style.suits) / 2, "age": age} | given
    first = someone(masculine=0.0, **suited)
    return someone(masculine=0.0, hair_style=place_of(name, first).tolist(), **suited)


def of_part(strands: list[Strands], part: int) -> list[Strands]:
    return [some for some in strands if some.part == part]


def grown_from(someone: People, name: str) -> Guides:
    combing = Combing.of(STYLES[NAMES.index(name)], Wishes.of(someone, 0))
    guides = guides_of(someone, 0, combing, body_field(someone, 0))
    sway = np.random.default_rng(0).normal(size=guides.sway.shape).astype(np.float32) * 0.1
    return replace(guides, sway=sway)


def test_the_field_of_distances_is_nearly_that_of_the_nearest_vertices():
    one = someone(turn=0.6, nod=0.3)
    skin = _skin()
    places, normals = skin.of(one.places[0].numpy()), skin.of(one.normals[0].numpy())
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    field = field_of(places, normals, one.eyes[0].mean(0).numpy())
    plain = plain_hair.plain_field(places, normals, field.origin, field.values.shape)
    apart = np.abs(field.values - plain)
    assert np.median(apart) < 2e-3
    assert np.quantile(apart, 0.99) < 0.06
    skull = torch.from_numpy(places[::9][places[::9, 1] > one.eyes[0, 0, 1].item() + 0.25])
    far, _ = plain_hair.plain_distance(field, skull.numpy())
    assert np.abs(far).max() < 0.02


@pytest.mark.parametrize("name", ["long, straight", "mop", "bob with fringe", "flat top", "afro"])
def test_guides_grow_as_plainly(name: str):
    guides = grown_from(someone(turn=0.5, nod=-0.4, hair_length=0.3), name)
    grown, plain = grow(guides), plain_hair.plainly_grown(guides)
    apart = np.linalg.norm(grown - plain, axis=-1).max(1)  # chaos at edges may part a few
    assert np.quantile(apart, 0.95) < 2e-3


def test_strands_mix_and_curl_as_plainly():
    one = dressed("long, curly")
    guides = grown_from(one, "long, curly")
    grown = grow(guides)
    plan, side, group = strand_plan(one, "long, curly", 400)
    base = mixed(grown, side, group, plan)
    np.testing.assert_allclose(base, plain_hair.plainly_mixed(grown, side, group, plan), atol=2e-4)
    locks = base[:40].copy()
    for texture in (
        Texture(20, 0.6, 0.05, 0.05, 0.4, 0.3, 0.2, 0.01, 1.0),
        Texture(24, 0.9, 0.0, 0.0, 1.0, 0.0, 0.0, 0.003, 0.0, rope=0.04),
        Texture(24, 0.9, 0.0, 0.0, 1.0, 0.0, 0.0, 0.003, 0.0, rope=0.04, plait=1.0),
    ):
        made = curves(grown, side, group, plan, locks, texture, guides.body)
        plain = plain_hair.plain_curves(base, plan, locks, texture, guides.body)
        apart = np.linalg.norm(made - plain, axis=-1)
        assert np.quantile(apart, 0.98) < 1e-3, texture


def strand_plan(one: People, name: str, count: int) -> tuple[StrandPlan, np.ndarray, np.ndarray]:
    combing = Combing.of(STYLES[NAMES.index(name)], Wishes.of(one, 0))
    fixed, zones = rooted("strands"), rooted("guides").zones
    some = np.arange(count)
    own = fixed.zones.pick(some)
    plan = StrandPlan(
        fixed.places.at(one.places[0], torch.arange(count)).numpy(),
        fixed.guide[some],
        fixed.share[some],
        combing.side(own.mean),
        combing.groups(own),
        np.ones(count, np.float32),
        some % 41 - 1,
        fixed.chance[some],
    )
    return plan, combing.side(zones.mean), combing.groups(zones)


@pytest.mark.parametrize("seed", range(4))
def test_hair_keeps_out_of_the_head(seed: int):
    group = crowd(4, seed)
    for n, strands in enumerate(hair_of(group, FEW)):
        body = body_field(group, n)
        for some in (*of_part(strands, HAIR), *of_part(strands, BEARD)):
            far, _ = plain_hair.plain_distance(body, some.points.numpy())
            assert far.min() > -0.03
            assert torch.isfinite(some.points).all()
            assert (some.colour > 0).all()
            assert (some.colour < 1).all()


@pytest.mark.parametrize("name", NAMES)
def test_every_style_grows_on_a_turned_head(name: str):
    one = dressed(name, turn=-1.0, nod=0.5, tilt=0.4)
    assert styles_of(one)[0].name == name
    body = body_field(one, 0)
    hair = of_part(hair_of(one, FEW)[0], HAIR)
    assert bool(hair) == (name != "shaved")
    for some in hair:
        far, _ = plain_hair.plain_distance(body, some.points.numpy())
        assert far.min() > -0.06  # rolls of hair are not soft
        assert far.max() < 3.0
        jump = (some.points[:, 1:] - some.points[:, :-1]).norm(dim=-1)
        assert jump.max() < 0.75


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("locs", "curtains")])
def test_hair_leaves_the_eyes_free(name: str):
    one = dressed(name, hair_volume=0.5, mess=0.0)
    eyes, radius = one.eyes[0], one.eye_radius[0]
    for some in of_part(hair_of(one, FEW)[0], HAIR):
        for eye in eyes:
            away = some.points[..., :2] - eye[:2]
            before = (away.norm(dim=-1) < 0.45 * radius) & (some.points[..., 2] > eye[2])
            assert before.any(1).float().mean() < 2e-3


def test_the_same_controls_give_the_same_hair_and_one_control_leaves_the_rest():
    first, again = hair_of(crowd(2, 7), FEW), hair_of(crowd(2, 7), FEW)
    for strands, others in zip(first, again, strict=True):
        for some, other in zip(strands, others, strict=True):
            assert torch.equal(some.points, other.points)
            assert torch.equal(some.colour, other.colour)
    redder = hair_of(crowd(2, 7, hair_red=0.9), FEW)
    for strands, others in zip(first, redder, strict=True):
        for some, other in zip(strands, others, strict=True):
            assert torch.equal(some.points, other.points)


@pytest.mark.parametrize("name", ["hair_length", "hair_volume", "mess", "curl", "curl_size", "parting"])
def test_hair_moves_a_little_with_each_control(name: str):
    start = {"curl": 0.5} | dict.fromkeys(
        ("hair_length", "hair_volume", "mess", "curl_size", "parting"), 0.15
    )
    start["hair_style"] = place_of("long, waves", someone(**start)).item()
    one, other = (
        of_part(hair_of(someone(**(start | {name: start[name] + by})), FEW)[0], HAIR) for by in (0, 4e-3)
    )
    assert one[0].points.shape == other[0].points.shape
    moved = (one[0].points - other[0].points).norm(dim=-1)
    assert 0 < moved.median() < 0.03


def test_fewer_strands_are_some_of_the_many():
    one = dressed("bob")
    few, many = (of_part(hair_of(one, detail)[0], HAIR)[0] for detail in (0.1, 0.2))
    assert len(few.root) < len(many.root)
    torch.testing.assert_close(few.root, many.root[: len(few.root)])
    torch.testing.assert_close(few.points[:, 0], many.points[: len(few.root), 0])
    assert few.width.mean() > many.width[: len(few.root)].mean()


def test_the_styles_go_from_short_to_long():
    women, men = crowd(40, 3, masculine=-0.9), crowd(200, 3, masculine=0.9)
    for group in (women, men):
        assert {style.name for style in styles_of(group)} <= set(NAMES)
    assert len(STYLES) >= 30
    child = someone(age=0.02, hair_style=torch.linspace(0.01, 0.99, 60).tolist())
    assert not {"shaved", "horseshoe", "thinning", "powdered wig"} & {s.name for s in styles_of(child)}


def test_a_hat_covers_hair():
    bare, hatted = dressed("afro", hat=0.0), dressed("afro", hat=1.0)
    shown = [
        sum(float((some.width > 0).sum()) for some in of_part(hair_of(one, FEW)[0], HAIR))
        for one in (bare, hatted)
    ]
    assert shown[1] < 0.7 * shown[0]


def test_roots_colour_the_skin_only_where_hair_grows():
    shade, colour = scalp_shade(someone(masculine=1.0, beard=[0.0, 1.0], beard_style=0.7))
    mesh = head_mesh()
    assert shade.shape == (2, len(mesh.mean))
    assert colour.shape == (2, 3)
    assert shade.min() >= 0
    assert shade.max() <= 1
    nose = (mesh.mean[:, 2] > 1.55) & (mesh.mean[:, 1] > 6.87)
    assert shade[:, nose].max() == 0
    chin = (mesh.mean - torch.tensor([0.0, 6.3, 1.45])).norm(dim=1) < 0.1
    assert shade[1, chin].mean() > shade[0, chin].mean() + 0.2


def test_settings_name_their_columns():
    assert sorted(Set) == list(range(len(Set)))
