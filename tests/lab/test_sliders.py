"""Directions: what an SVM finds, how far a slider goes, and what it leaves alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from pair import Pair
from safetensors.torch import load_file

from anycost.commands.cli import main
from anycost.lab.directions import range as directions_range
from anycost.lab.directions import sliders as steering
from anycost.lab.directions.apart import at_right_angles, compensated
from anycost.lab.directions.range import FLIPPED, LEAST, Judge, Jury, Nature, Walk, effects, ends, summary
from anycost.lab.directions.sliders import SLIDERS, extract, known_step, measured, watched, write
from anycost.lab.directions.svm import Artist, Samples, apart, boundary, readable_side, sample
from anycost.lab.networks.attribute_training import save_features
from anycost.lab.networks.attributes import NAMES, standards
from anycost.lab.painter import PAPER_ATTRIBUTES, STYLE_DIM, attributes
from anycost.lab.running import precision
from anycost.models.features import Features
from anycost.models.generator import Generator
from anycost.models.pack import Pack

OUTPUTS = ("one", "two", "three")


def some(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def unit(vector: torch.Tensor) -> torch.Tensor:
    return vector / vector.norm()


@pytest.fixture(scope="module")
def generator() -> Generator:
    torch.manual_seed(0)
    return Generator(16, (12,) * 6, style_dim=16, n_mlp=1).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def features() -> Features:
    torch.manual_seed(1)
    return Features(len(OUTPUTS), (8, 8)).eval().requires_grad_(False)


@pytest.fixture
def draw(generator: Generator) -> Artist:
    return Artist(generator, generator.style(some(512, 16)).mean(0), "float32")


@pytest.fixture(autouse=True)
def _few_pictures(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(steering, "POPULATION", 256)
    monkeypatch.setattr(steering, "CONFIRMED", 64)


# the boundary


@pytest.mark.slow
def test_the_svm_finds_the_direction_that_was_planted():
    planted = unit(some(24, seed=1))
    w = some(6000, 24)
    noisy = w @ planted + 0.3 * some(6000, seed=2)
    normal = boundary(Samples(w, torch.stack([-noisy, noisy], 1)), 1, share=0.05)
    assert normal.norm() == pytest.approx(1, abs=1e-5)
    assert normal @ planted > 0.95  # and it points to those that have the attribute
    assert boundary(Samples(w, torch.stack([-noisy, noisy], 1)), 0, share=0.05) @ planted < -0.95


def test_a_direction_is_found_however_the_coordinates_of_w_are_placed():
    planted = unit(some(24, seed=1))
    w = some(6000, 24)
    read = (w @ planted)[:, None]
    torch.testing.assert_close(
        boundary(Samples(100 + 0.01 * w, read), 0), boundary(Samples(w, read), 0), atol=1e-2, rtol=0
    )


def test_too_few_samples_are_refused_with_the_number_needed():
    with pytest.raises(ValueError, match="take at least 400"):
        boundary(Samples(some(100, 8), some(100, 1)), 0)


def test_directions_kept_apart_are_at_right_angles_to_all_others():
    normal, others = unit(some(24)), [unit(some(24, seed=k)) for k in (1, 2, 3)]
    left = apart(normal, others)
    assert left.norm() == pytest.approx(1, abs=1e-5)
    assert max(abs(float(left @ other)) for other in others) < 1e-6
    assert left @ normal > 0.5
    torch.testing.assert_close(apart(left, others), left)
    torch.testing.assert_close(apart(normal, []), normal)
    with pytest.raises(ValueError, match="name fewer"):
        apart(unit(others[0] + others[1]), others)


# samples


def test_samples_are_truncated_and_read_as_their_pictures_are(draw: Artist):
    def brightness(picture: torch.Tensor) -> torch.Tensor:
        return picture.mean((1, 2, 3))[:, None]

    found = sample(draw, brightness, 100, psi=0.5, side=8, batch=32, seed=3)
    assert found.w.shape == (128, 16)
    torch.testing.assert_close(brightness(draw(found.w, 8)), found.read)
    wide = sample(draw, brightness, 100, psi=1.0, side=8, batch=32, seed=3)
    torch.testing.assert_close(found.w - draw.mean, 0.5 * (wide.w - draw.mean))


def test_an_artist_draws_what_its_generator_does(generator: Generator, draw: Artist):
    w = generator.style(some(3, 16))
    expected = generator(w[:, None].expand(-1, generator.n_style, -1), 16).clamp(-1, 1)
    torch.testing.assert_close(draw(w), expected, atol=1e-5, rtol=1e-4)
    rough = Artist(generator, draw.mean, "bfloat16")(w)
    assert rough.dtype == torch.float32
    assert 0 < (rough - expected).abs().mean() < 0.05


def test_the_lowest_resolution_that_can_be_read_is_taken(draw: Artist):
    torch.manual_seed(0)
    large = Artist(Generator(64, (8,) * 10, style_dim=16, n_mlp=1), torch.zeros(16), "float32")

    def blurred(picture: torch.Tensor) -> torch.Tensor:
        return F.avg_pool2d(picture, picture.shape[-1] // 4).flatten(1)[:, :1]

    def sharp(picture: torch.Tensor) -> torch.Tensor:
        if picture.shape[-1] < 64:
            return some(len(picture), 1, seed=len(picture))  # unreadable
        return picture[:, 0, 32, 32:33]

    assert readable_side(draw, blurred, [0]) == 16  # the generator's own is the lowest
    assert readable_side(large, sharp, [0]) == 64


# ranges


def walked(curve: torch.Tensor, natural: torch.Tensor) -> Walk:
    """A walk on which attribute 0 follows `curve` [T] on every portrait."""
    steps = torch.linspace(-6, 6, len(curve))
    read = torch.stack([curve, -0.5 * curve], 1)[:, None].expand(-1, 4, -1)  # [T, N, A]
    return Walk(steps, read, natural)


def test_a_direction_ends_where_its_attribute_is_saturated():
    steps = torch.linspace(-6, 6, 49)
    natural = torch.ones(49)
    back, on = ends(walked(steps.clamp(-3, 2), natural), 0, {})
    assert back == pytest.approx(0.9 * 3, abs=0.05)
    assert on == pytest.approx(0.9 * 2, abs=0.05)


def test_a_direction_ends_where_pictures_are_no_longer_natural():
    steps = torch.linspace(-6, 6, 49)
    natural = (1 - 0.1 * steps.abs()).clamp(0, 1)  # three quarters at 2.5
    back, on = ends(walked(steps, natural), 0, {})
    assert back == pytest.approx(2.5, abs=0.05)
    assert on == pytest.approx(2.5, abs=0.05)


def test_a_direction_ends_before_its_attribute_turns_back():
    steps = torch.linspace(-6, 6, 49)
    found = walked(torch.sin(steps / 4 * torch.pi), torch.ones(49))  # highest at 2
    back, on = ends(found, 0, {})
    for end in (back, on):
        assert 1 < end < 2
    values = torch.stack([found.at(v)[0, 0] for v in torch.linspace(-back, on, 21).tolist()])
    assert (values.diff() > 0).all()


def test_a_direction_ends_where_it_changes_what_was_not_asked_for():
    """From 4 on, one of ten portraits has lost another attribute; backwards, all soon do."""
    steps = torch.linspace(-6, 6, 49)
    lost = torch.full((10,), torch.inf)
    lost[0] = 3.9
    other = (1.0 - 2.0 * (steps[:, None] > lost)) * (1.0 - 2.0 * (steps[:, None] < -0.4))  # [T, N]
    read = torch.stack([steps[:, None].expand(-1, 10), other], 2)  # [T, N, 2]
    found = Walk(steps, read, torch.ones(49))
    back, on = ends(found, 0, {"Other": (1, 0.0)})
    assert 3.75 < on <= 4.0  # between the last step without and the first with it
    assert back == pytest.approx(LEAST * 5.4)  # this much of the way stays
    assert ends(found, 0, {"Own": (0, 0.0)}) == pytest.approx((5.4, 5.4))  # its own may come and go


class Told:
    """A judge that reads w [N, D] itself."""

    def read(self, w: torch.Tensor) -> torch.Tensor:
        return w


@pytest.mark.parametrize("way", [1.0, -1.0])
def test_many_confirm_an_end_by_which_few_flipped(way: float):
    """The many lose an attribute one after another: one in forty for each step in w."""
    many = torch.linspace(0.05, 40, 800)[:, None]  # [N, 1]
    jury = Jury(Told(), many)  # type: ignore[arg-type]

    def end(asked: float, few: float) -> float:
        """The end if the share `few` flips among those by which it was chosen."""
        steps = torch.linspace(-20, 20, 41)
        read = torch.ones(41, 100, 1)
        read[steps != 0, : round(100 * few)] = -1.0
        return jury.end(Walk(steps, read, torch.ones(41)), torch.tensor([-way]), way * asked, [(0, 0.0)])

    assert end(2.0, few=0.05) == way * 2.0
    assert end(4.0, few=0.05) == pytest.approx(way * 40 * FLIPPED, abs=0.1)
    assert end(20.0, few=0.05) == way * LEAST * 20.0  # this much of the way stays
    assert end(20.0, few=0.01) == way * 20.0  # hardly any of the few flip: the many are not asked


def test_a_dead_direction_still_has_a_range():
    back, on = ends(walked(torch.zeros(49), torch.ones(49)), 0, {})
    assert back > 0
    assert on > 0


def test_effects_count_flips_and_changes():
    steps = torch.linspace(-6, 6, 13)
    start = torch.tensor([-2.5, -0.5, 0.5, 2.5])  # of four portraits
    own = start + steps[:, None]  # [T, N]
    read = torch.stack([own, start.expand_as(own), -own], 2)  # [T, N, 3]
    found = effects(
        Walk(steps, read, torch.ones(13)), 0, 1.0, 3.0, OUTPUTS, {"One": (0, 0.0), "Two": (1, 0.0)}
    )
    assert found["success"] == 1
    assert found["change"] == pytest.approx(4)
    assert found["changes"] == {"three": -4.0, "two": 0.0}
    assert found["others"] == pytest.approx(4)
    assert found["flips"] == {"One": [0.25, 0.5], "Two": [0.0, 0.0]}  # at the low end, at the high end


def test_pictures_like_the_population_are_natural_and_others_are_not(features: Features):
    noise = torch.rand(600, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    nature = Nature(summary(features.maps(noise[:500])))
    assert nature.share(summary(features.maps(noise[500:]))) > 0.9
    assert nature.share(summary(features.maps(0.2 * noise[500:] + 0.8))) < 0.1


def test_a_walk_reads_the_pictures_along_the_way(draw: Artist, features: Features):
    w, normal = draw.style(some(4, 16)), unit(some(16, seed=5))
    found = Judge(draw, features, draw.style(some(64, 16)), 16).walk(w, normal, 0.5)
    k = len(found.steps) // 2 + 3
    expected = features(draw(w + found.steps[k] * normal, 16))
    torch.testing.assert_close(found.read[k], expected)
    torch.testing.assert_close(found.at(float(found.steps[k])), expected)
    assert found.steps.abs().max() == pytest.approx(directions_range.FARTHEST * 0.5)


# all together


@pytest.mark.slow
def test_extracted_directions_move_their_attribute_and_leave_what_they_are_kept_from(
    generator: Generator, features: Features
):
    found, report = extract(
        generator,
        features,
        ["one", "two"],
        1600,
        outputs=OUTPUTS,
        apart_from={"two": ["one"]},
        share=0.1,
    )
    assert [d.name for d in found] == ["one", "two"]
    assert [d.label for d in found] == ["One", "Two"]
    for direction in found:
        assert direction.vector.shape == (generator.n_style, generator.style_dim)
        assert direction.low < 0 < direction.high == 1
        assert report[direction.name]["success"] > 0.85
        assert report[direction.name]["change"] > 0
    assert report["two"]["apart_from"] == ["one"]
    one, two = (torch.from_numpy(d.vector[0]) for d in found)
    assert abs(float(unit(one) @ unit(two))) < 1e-5


def test_an_attribute_that_the_network_does_not_read_is_refused(generator: Generator, features: Features):
    with pytest.raises(ValueError, match='cannot read "wings"'):
        extract(generator, features, ["wings"], 100, outputs=OUTPUTS)
    with pytest.raises(ValueError, match='cannot read "wings"'):
        extract(generator, features, ["one"], 100, outputs=OUTPUTS, apart_from={"one": ["wings"]})


FEW = {"POPULATION": 96, "JUDGED": 16, "CONFIRMED": 48}


def test_directions_are_named_by_the_network_that_judges(
    tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    torch.manual_seed(0)
    reader, out = tmp_path / "features.safetensors", tmp_path / "found.safetensors"
    save_features(Features(2, (4, 4, 4), ["Smiling", "Young"]), reader)
    for name, value in FEW.items():
        monkeypatch.setattr(steering, name, value)
    line = ["directions", "--pack", str(tiny_pack), "--reader", str(reader), "--samples", "400"]
    assert main([*line, "--out", str(out)]) == 0
    assert set(load_file(out)) == {"Smiling", "Young"}
    report = json.loads(out.with_suffix(".json").read_text())["report"]
    assert set(report["Young"]["flips"]) == {"Smiling"}  # the only one of the paper's attributes
    reader.write_bytes(b"none")
    assert main([*line, "--out", str(out)]) == 2


def extracted(pack: Path, out: Path) -> tuple[int, int]:
    """`anycost directions` over few pictures, in one number type: its exit code, and how many directions this
    process measured."""
    walked, walk = [], Judge.walk
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Judge, "walk", lambda *given: (walked.append(1), walk(*given))[1])
        patch.setattr(precision, "_fast", lambda device: False)
        for name, value in FEW.items():
            patch.setattr(steering, name, value)
        chosen = ["--samples", "400", "--attribute", "attribute_2", "--attribute", "attribute_4"]
        return main(["directions", "--pack", str(pack), *chosen, "--out", str(out)]), len(walked)


@pytest.mark.slow
def test_a_network_with_few_outputs_gives_directions_the_same_from_two_processes(
    tiny_pack: Path, tmp_path: Path, pair: Pair
):
    assert extracted(tiny_pack, tmp_path / "one.safetensors") == (0, 2)
    assert pair.run(extracted, tiny_pack, tmp_path / "two.safetensors") == [(0, 1), (0, 1)]
    assert list(load_file(tmp_path / "one.safetensors")) == ["attribute_2", "attribute_4"]
    for ending in ("safetensors", "json"):
        one, two = ((tmp_path / f"{name}.{ending}").read_bytes() for name in ("one", "two"))
        assert one == two


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--samples", "0"], "take at least 400"),
        (["--samples", "-7"], "take at least 400"),
        (["--samples", "399"], "take at least 400"),
        (["--samples", "1000000000"], "take at most 1000000"),
        (["--attribute", "smile"], 'cannot read "smile": choose from attribute_1, attribute_2'),
        (["--out", "found.json"], "must end in .safetensors"),
        (["--out", "no/found.safetensors"], "no folder"),
    ],
)
def test_requests_that_cannot_be_met_get_a_sentence(
    tiny_pack: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture,
    arguments: list[str],
    words: str,
):
    monkeypatch.chdir(tmp_path)
    line = ["directions", "--pack", str(tiny_pack), "--out", "found.safetensors", *arguments]
    assert main(line) == 2
    out, complaint = capfd.readouterr()
    assert (out, complaint.count("\n")) == ("", 1)
    assert words in complaint
    assert not list(tmp_path.iterdir())


def test_a_generator_that_draws_nan_gets_no_directions(features: Features):
    torch.manual_seed(0)
    broken = Generator(8, (4,) * 4, style_dim=16, n_mlp=1).requires_grad_(False)
    broken.get_parameter("to_rgb1.bias").fill_(torch.nan)
    with pytest.raises(ValueError, match="NaN or infinite"):
        extract(broken, features, ["one"], 400, outputs=OUTPUTS)


@pytest.mark.slow
def test_a_packs_own_mean_is_taken(tiny_pack: Path):
    torch.manual_seed(2)
    reader = Features(2, (8, 8, 8)).eval().requires_grad_(False)
    pack = Pack.open(tiny_pack)
    found, report = extract(pack, reader, samples=400, outputs=("smile", "age"), share=0.1)
    assert [(d.name, d.label, d.group) for d in found] == [
        ("smile", "Smile", "Expression"),
        ("age", "Age", "Person"),
    ]
    assert found[0].vector.shape == (pack.n_style, pack.style_dim)
    assert set(report["smile"]["flips"]) == {"Smiling"}


def test_directions_are_written_as_a_pack_has_them(generator: Generator, features: Features, tmp_path: Path):
    found, report = measured(generator, features, {"one": some(16)}, outputs=OUTPUTS)
    write(found, report, tmp_path / "found.safetensors")
    vectors = load_file(tmp_path / "found.safetensors")
    torch.testing.assert_close(vectors["one"], torch.from_numpy(found[0].vector))
    content = json.loads((tmp_path / "found.json").read_text())
    (slider,) = content["directions"]
    assert slider == {"name": "one", "label": "One", "group": "Attributes", "low": found[0].low, "high": 1.0}
    assert content["report"]["one"]["success"] == report["one"]["success"]


# the painter's own


def test_every_slider_is_a_control_of_the_painter():
    controls = attributes(torch.zeros(1, STYLE_DIM) + 1)
    assert all(slider.attribute in controls for slider in SLIDERS)
    assert len({slider.label for slider in SLIDERS}) == len(SLIDERS)


def test_a_known_step_leads_where_its_control_leads():
    """In a mapping that is linear in z, it is the column of its coordinate."""
    torch.manual_seed(0)
    generator = Generator(8, (4,) * 4, style_dim=STYLE_DIM, n_mlp=1).requires_grad_(False)
    found = known_step(generator, SLIDERS[0].attribute, samples=256)
    column = generator.get_parameter("style.1.weight")[:, NAMES.index(SLIDERS[0].attribute)]
    assert F.cosine_similarity(found, column, dim=0) > 0.9


def test_readings_of_held_attributes_stay():
    """If pictures show a linear function of w, a vector moves only its own attribute and those not held; an
    attribute that its own direction hardly moves is ignored."""
    w = torch.randn(400, 6, generator=torch.Generator().manual_seed(1))
    shows = torch.randn(6, 4, generator=torch.Generator().manual_seed(2))
    shows[:, 3] = 0.01 * shows[:, 3]
    names = ("a", "b", "c", "faint")
    vectors = {name: shows[:, k] / shows[:, k].norm() for k, name in enumerate(names)}
    found = compensated(vectors, ("a", "b", "faint"), names, lambda w: w @ shows, w)
    for name, vector in found.items():
        moves = dict(zip(found, (vector @ shows).tolist(), strict=True))
        assert vector.norm() == pytest.approx(1)
        assert moves[name] > 0
        assert all(moves[other] == pytest.approx(0, abs=1e-5) for other in ("a", "b") if other != name)
    assert float(found["a"] @ shows[:, 2]) != pytest.approx(0, abs=1e-2)  # c is not held


def test_known_directions_lose_what_they_share_with_others():
    one, other = some(8), some(8, seed=1)
    found = at_right_angles({"one": one, "other": other}, {"one": ["other"]})
    assert float(found["one"] @ other) == pytest.approx(0, abs=1e-5)
    torch.testing.assert_close(found["other"], other / other.norm())


@pytest.mark.slow
def test_a_slider_that_nobody_would_see_is_not_shipped(monkeypatch: pytest.MonkeyPatch):
    """One step for all: it moves one attribute, moves another the opposite way, and leaves the third."""
    torch.manual_seed(0)
    generator = Generator(32, (8,) * 8, style_dim=STYLE_DIM, n_mlp=1).eval().requires_grad_(False)
    network = Features(len(NAMES), (8, 8, 8)).eval().requires_grad_(False)
    for name, factor in (("age", 1000.0), ("masculine", -1000.0), ("skin_tone", 0.0)):
        network.attributes.weight[NAMES.index(name)] = factor * network.attributes.weight[0]
    person = tuple(replace(s, apart_from=()) for s in SLIDERS if s.group == "Person")
    monkeypatch.setattr(steering, "SLIDERS", person)
    monkeypatch.setattr(steering, "known_step", lambda *_: some(STYLE_DIM))
    found, report = steering.portrait_directions(generator, network)
    assert list(report) == ["age", "masculine", "skin_tone"]
    (shipped,) = found
    assert report[shipped.name]["change"] > steering.VISIBLE
    assert report["skin_tone"]["change"] == 0


def test_the_papers_attributes_are_watched_at_their_thresholds():
    network = Features(len(NAMES), (4, 4))
    network.mean, network.deviation = standards()
    found = watched(network, NAMES)
    assert set(found) == set(PAPER_ATTRIBUTES)
    column, threshold = found["Eyeglasses"]
    assert NAMES[column] == "glasses"
    value = threshold * network.deviation[column] + network.mean[column]
    assert float(value) == pytest.approx(PAPER_ATTRIBUTES["Eyeglasses"][1], abs=1e-5)
    assert watched(network, ("age",)) == {}
