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
from anycost.lab.heads.face_roots import face_roots
from anycost.lab.heads.guides import Guides, Set, grow
from anycost.lab.heads.hair_styles import NAMES, STYLES, place_of, styles_of
from anycost.lab.heads.head_mesh import BODY, head_mesh
from anycost.lab.heads.people import People, people
from anycost.lab.heads.scalp_hair import guides_of, rooted
from anycost.lab.heads.shapes import years_of
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
    plain = plain_hair.plain_field(places, normals, field.origin, field.values.shape, every=2)
    apart = np.abs(field.values[::2, ::2, ::2] - plain)
    assert np.median(apart) < 2e-3
    assert np.quantile(apart, 0.99) < 0.06
    skull = torch.from_numpy(places[::9][places[::9, 1] > one.eyes[0, 0, 1].item() + 0.25])
    far, _ = plain_hair.plain_distance(field, skull.numpy())
    assert np.abs(far).max() < 0.02


def test_roots_lie_on_the_skin_that_a_front_view_shows():
    """Against every triangle of the body that a straight line from the front meets."""
    mesh = head_mesh()
    flat = np.stack(np.meshgrid(np.linspace(-0.5, 0.5, 11), np.linspace(6.4, 7.8, 11)), -1).reshape(-1, 2)
    corners = mesh.mean.numpy()[mesh.triangles.numpy()[(mesh.group == BODY).numpy()]].astype(np.float64)
    corners = corners[np.abs(corners[..., 0]).max(1) < 0.7]
    a, e, f = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]  # [T, 3]
    x, y = (flat[:, axis, None] - a[:, axis] for axis in (0, 1))  # [K, T]
    size = e[:, 0] * f[:, 1] - e[:, 1] * f[:, 0]
    size = np.where(np.abs(size) < 1e-12, 1e-12, size)
    b, c = (x * f[:, 1] - y * f[:, 0]) / size, (e[:, 0] * y - e[:, 1] * x) / size
    met = (b >= 0) & (c >= 0) & (b + c <= 1)
    front = np.where(met, a[:, 2] + b * e[:, 2] + c * f[:, 2], -np.inf).max(1)
    apart = np.abs(face_roots(flat).mean[:, 2] - front)  # a cell at an edge may have the neighbour
    assert np.quantile(apart, 0.9) < 5e-3


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
    one = someone(age=0.4)

    def worn(controls: dict[str, torch.Tensor]) -> set[str]:
        """The styles that people wear: controls and years alone choose them, so nobody needs a mesh."""
        some = replace(one, controls=controls, years=years_of(controls))
        return {style.name for style in styles_of(some)}

    for count, masculine in ((40, -0.9), (200, 0.9)):
        drawn = POPULATION.values(torch.randn(count, STYLE_DIM, generator=torch.Generator().manual_seed(3)))
        found = worn(drawn | {"masculine": torch.full((count,), masculine)})
        assert found <= set(NAMES)
        assert len(found) > 8
    assert len(STYLES) >= 30
    children = {"age": torch.full((60,), 0.02), "hair_style": torch.linspace(0.01, 0.99, 60)}
    assert not {"shaved", "horseshoe", "thinning", "powdered wig"} & worn(POPULATION.complete(children))


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
