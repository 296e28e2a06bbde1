"""Completing a pack: on generators of a few channels, whose pictures are no faces."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pretended_gpu import pretended_gpu

from anycost.commands.cli import main
from anycost.core.editing.carry.change import Head
from anycost.core.errors import CoreError
from anycost.core.faces.reading import LEFT_EYE, RIGHT_EYE
from anycost.lab.completing import own_encoder, own_ladder, own_widths
from anycost.lab.completing.amounts import Amounts
from anycost.lab.completing.completing import complete, spoken
from anycost.lab.completing.discovered import GROUPS, REACH, discovered, modulations, strongest
from anycost.lab.completing.distilling import DistilSettings, SelfDistilling, draw_two, sorted_copy
from anycost.lab.completing.face_directions import PREDICTED, face_directions, freed
from anycost.lab.completing.face_numbers import NUMBERS
from anycost.lab.completing.fitting import fitted, ridge_normal
from anycost.lab.completing.importance import LATENTS, SEED, importance
from anycost.lab.completing.nearness import nearness, shown_cells
from anycost.lab.completing.own_faces import SeenHead, artist_of, drawn_w, pictures
from anycost.lab.completing.own_samples import AT_ONCE, looked_at, numbers_of, sampled
from anycost.lab.completing.step import Assignment
from anycost.lab.generator import sorting
from anycost.lab.running import loop
from anycost.lab.search.evolution import SearchSettings
from anycost.models.generator import Generator, ModulatedConv2d
from anycost.models.pack import Pack, write_pack
from anycost.models.widths import SubGenerator, WidthRule

SMALL = {"pictures": 16, "encoder_pictures": 16, "samples": 16}
LOWER_LIP = (14, 87, 317, 178, 402)  # points of the mesh
RIM = np.array([[0.0, 0], [0.01, 0], [0, -0.01], [-0.01, 0], [0, 0.01]])  # of an iris
bank = Pack.open("portraits").bank
assert bank is not None
HEAD = bank.resting  # [468, 3]
STEPS = ["directions", "widths", "encoder", "ladder"]  # of a pack that draws no faces


def bare(folder: Path, seed: int = 1, noisy: bool = True) -> Path:
    """A pack as an import makes it, of a random generator that draws no faces: its full widths only."""
    torch.manual_seed(seed)
    generator = Generator(16, (12, 12, 12, 12, 8, 8), style_dim=8, n_mlp=2)
    if noisy:
        for name, parameter in generator.named_parameters():
            if name.endswith("noise.weight"):
                parameter.data.fill_(0.1)
    rule = WidthRule("proportional")
    full = SubGenerator(16, generator.channels, 1.0)
    with torch.no_grad():
        mean = generator.style(torch.randn(256, 8)).mean(0)
    return write_pack(
        folder,
        generator,
        name=folder.name,
        title="Bare",
        licence="MIT",
        provenance="untrained, made by the tests",
        mean_w=mean.numpy(),
        rule=rule,
        ratios=(1.0,),
        resolutions=(16,),
        ladder=[full],
        alignment=None,
        documents={"MODEL_CARD.md": "# Bare\n"},
    )


def no_bank(*_) -> Path:
    raise AssertionError("a pack without faces has no bank")


def test_every_step_leaves_a_valid_pack_and_brings_what_it_says(
    tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(own_ladder, "SETTINGS", SearchSettings(population=4, generations=1))
    source, out = Pack.open(bare(tmp_path / "bare")), tmp_path / "whole"
    seen = {}
    for step in STEPS:
        complete(source, out, SMALL, [step], no_bank)
        pack = Pack.open(out)
        seen[step] = pack
        pack.generator()
        assert (out / "MODEL_CARD.md").read_text() == "# Bare\n"
        assert np.array_equal(pack.mean_w, source.mean_w)
    assert {d.group for d in seen["directions"].directions} == {"Discovered"}
    assert seen["directions"].ratios == (1.0,)
    assert seen["widths"].ratios == (0.25, 0.5, 0.75, 1.0)
    assert seen["widths"].directions[0].name == "coarse_1"
    assert seen["widths"].encoder_path is None
    assert seen["encoder"].encoder_path is not None
    assert seen["ladder"].ladder[-1].channels == source.channels
    assert len(seen["ladder"].ladder) > 1
    told = capsys.readouterr().out
    assert "The full picture is" in told
    assert "Latents' error" in told
    assert seen["ladder"].encoder_path is not None
    with pytest.raises(CoreError, match="nothing to do"):
        complete(source, out, {}, [], no_bank)


def test_an_estimate_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture):
    source, out = bare(tmp_path / "bare"), tmp_path / "whole"
    assert main(["packs", "complete", str(source), "--out", str(out), "--estimate", "--pictures", "64"]) == 0
    told = capsys.readouterr().out
    assert not out.exists()
    for name in (*STEPS, "align", "bank"):
        assert name in told
    assert told.count("draws no faces") == 2


def test_what_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture):
    first, other = bare(tmp_path / "first"), bare(tmp_path / "other", seed=2)
    options = ["--step", "directions", "--samples", "16"]
    assert main(["packs", "complete", "portraits", *options]) == 2
    assert "write a copy with --out" in capsys.readouterr().err
    assert main(["packs", "complete", str(first), "--out", str(other), *options]) == 2
    assert "already" in capsys.readouterr().err
    out = str(tmp_path / "out")
    assert main(["packs", "complete", str(first), "--out", out, *options]) == 0
    assert main(["packs", "complete", str(other), "--out", out, *options]) == 2
    assert "completes another pack" in capsys.readouterr().err
    assert main(["packs", "complete", str(first), "--out", out, "--step", "widths", "--samples", "17"]) == 2
    assert "was begun with --samples 16" in capsys.readouterr().err
    assert main(["packs", "complete", str(first), "--out", out, "--step", "align"]) == 2
    assert "nothing to do" in capsys.readouterr().err
    assert main(["packs", "complete", str(first), "--pictures", "0"]) == 2
    assert "--pictures must be at least 1" in capsys.readouterr().err


def test_a_pack_is_completed_in_its_own_place(tmp_path: Path):
    folder = bare(tmp_path / "bare")
    complete(Pack.open(folder), None, SMALL, ["directions"], no_bank)
    assert Pack.open(folder).directions
    (folder.with_name("bare.work") / "state.json").write_text(
        (folder.with_name("bare.work") / "state.json").read_text().replace('"directions"', "")
    )
    complete(Pack.open(folder), None, {}, ["directions"], no_bank)  # killed before the state was written
    assert len({d.name for d in Pack.open(folder).directions}) == len(Pack.open(folder).directions)


class Killed(Exception):
    pass


def killed_after(steps: int, step: Callable) -> Callable:
    left = [steps]

    def kills(self, batch, seen):
        if not left[0]:
            raise Killed
        left[0] -= 1
        return step(self, batch, seen)

    return kills


def test_killed_and_resumed_gives_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    source, sizes = Pack.open(bare(tmp_path / "bare")), {**SMALL, "pictures": 32}
    plain, cut = tmp_path / "plain", tmp_path / "cut"
    complete(source, plain, sizes, ["widths"], no_bank, minutes=0.0)
    with monkeypatch.context() as patched:
        # the estimate's five steps, and two of the run
        patched.setattr(SelfDistilling, "step", killed_after(7, SelfDistilling.step))
        with pytest.raises(Killed):
            complete(source, cut, sizes, ["widths"], no_bank, minutes=0.0)
    assert not cut.exists()  # the pack comes whole or not at all
    complete(source, cut, {}, ["widths"], no_bank, minutes=0.0)
    one, two = (Pack.open(folder).files["generator.safetensors"] for folder in (plain, cut))
    assert one == two


def test_sub_generators_come_nearer_and_the_full_picture_stays(tmp_path: Path):
    pack = Pack.open(bare(tmp_path / "bare"))
    settings = DistilSettings(40 * 8, 8, 4e-3, precision="float32")
    task = SelfDistilling(settings, pack.generator(), pack.rule, None)
    cells = shown_cells(pack.rule, pack.channels, task.sides)
    before = nearness(sorted_copy(pack.generator()), pack.generator(), cells)
    assert before[0] < 1e-9  # sorted, it draws the same
    for k in range(40):
        task.step(8, 8 * k)
    after = nearness(task.average.network, task.teacher, cells)
    assert after[0] < 0.05 * before[2]
    assert all(now < 0.85 * was for was, now in zip(before[1:], after[1:], strict=True))
    assert all(
        torch.equal(a, b)
        for a, b in zip(task.generator.style.parameters(), task.teacher.style.parameters(), strict=True)
    )


def scaled(generator: Generator, seed: int) -> Generator:
    """A network that draws the same: some channels have larger weights and smaller styles, some the other way
    round."""
    torch.manual_seed(seed)
    copy = deepcopy(generator)
    with torch.no_grad():
        for layer, count in enumerate(copy.channels):
            scales = torch.exp(torch.randn(count))
            for conv in sorting.readers(copy, layer):
                conv.weight.mul_(scales.view(1, 1, -1, 1, 1))
                conv.modulation.weight.div_(scales[:, None])
                conv.modulation.bias.div_(scales)
    return copy


def test_a_channel_is_as_important_wherever_the_network_holds_its_size():
    torch.manual_seed(4)
    plain = Generator(16, (12, 12, 10, 10, 8, 8), style_dim=8, n_mlp=2)
    other = scaled(plain, 5)
    w = plain.style(torch.randn(3, 8))[:, None].expand(-1, plain.n_style, -1)
    torch.testing.assert_close(other(w), plain(w), atol=1e-4, rtol=1e-4)
    for found, wanted in zip(importance(other), importance(plain), strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-5)
    assert any(
        a.argsort().tolist() != b.argsort().tolist()
        for a, b in zip(sorting.importance(other), sorting.importance(plain), strict=True)
    )


def test_importance_of_the_constant_is_its_size_times_its_styles_times_its_weights():
    torch.manual_seed(6)
    plain = Generator(8, (5, 4, 4, 4), style_dim=6, n_mlp=1)
    conv, constant = plain.conv1.conv, plain.input.input[0]  # [5, 4, 4]
    z = torch.randn(LATENTS, 6, generator=torch.Generator().manual_seed(SEED))
    styles = (conv.modulation(plain.style(z))).abs().mean(0)  # [5]
    weights = (conv.weight[0] * conv.scale).abs().sum(dim=(0, 2, 3))  # [5]
    wanted = constant.square().mean((1, 2)).sqrt() * styles * weights
    torch.testing.assert_close(importance(plain)[0], wanted.detach())


@given(seed=st.integers(0, 999))
def test_a_step_teaches_the_highest_resolution_and_any(seed: int):
    rule, full, sides = WidthRule("proportional"), (16,) * 8, (8, 16, 32)
    top, other = draw_two(random.Random(seed), rule, full, sides)
    assert top.resolution == 32
    assert other.resolution in sides
    assert all(c in (4, 8, 12, 16) for sub in (top, other) for c in sub.channels)


def test_a_quarter_of_a_steps_sub_generators_are_full_a_quarter_narrowest_and_an_eighth_half():
    rule, full = WidthRule("proportional"), (16,) * 8
    drawn = [draw_two(random.Random(k), rule, full, (32,))[0].channels for k in range(4000)]
    for width, share in ((16, 1 / 4), (4, 1 / 4), (8, 1 / 8), (12, 1 / 8)):
        assert drawn.count((width,) * 8) / len(drawn) == pytest.approx(share, abs=0.03)


def test_all_steps_run_where_a_gpu_is_and_training_never_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    source, out = Pack.open(bare(tmp_path / "bare")), tmp_path / "whole"
    monkeypatch.setattr(own_ladder, "SETTINGS", SearchSettings(population=3, generations=1))
    for step in (own_widths, own_encoder):
        monkeypatch.setattr(step, "seconds_per_step", lambda *_: 1.0)
    with pretended_gpu():
        complete(source, out, SMALL, [], no_bank)
    assert Pack.open(out).encoder_path is not None
    given = Assignment(source, source, tmp_path / "timed", Amounts(**SMALL), 4.0)
    with pretended_gpu(count=True) as counts:
        assert own_widths.number_type(128) == "float32"
        assert own_widths.number_type(1024) == "auto"
        for task in list[loop.Task]([own_widths.task_of(given, 16), own_encoder.task_of(given)]):
            batch = next(iter(task.batches(0)))
            task.step(batch, 0)
            counts.waits.clear()
            task.step(batch, task.batch)
            assert not counts.waits


@pytest.mark.skipif(AT_ONCE < 2, reason="one processor")
def test_pictures_are_read_at_the_same_time_and_told_in_order(tmp_path: Path):
    draw = artist_of(Pack.open(bare(tmp_path / "bare", noisy=False)))
    two = threading.Barrier(2, timeout=20)

    def read(rgb: np.ndarray, like: SeenHead | None) -> SeenHead | None:
        two.wait()  # for another that is read meanwhile
        return planted(rgb, like)

    w = drawn_w(draw, 5, 6)
    alone = [planted(rgb) for rgb in pictures(draw, w)]
    seen = looked_at(draw, read, w).faces
    for found, expected in zip(seen, alone, strict=True):
        assert found is not None
        assert expected is not None
        assert np.array_equal(found.head.mesh, expected.head.mesh)


def test_sefa_agrees_with_singular_vectors_of_the_stacked_matrices():
    rng = np.random.default_rng(3)
    matrices = [rng.normal(size=(rows, 6)) for rows in (5, 9, 3)]
    _, _, expected = np.linalg.svd(np.concatenate(matrices))
    found = strongest([torch.from_numpy(matrix) for matrix in matrices], 4).numpy()
    assert np.abs(np.abs((found * expected[:4]).sum(axis=1)) - 1).max() < 1e-9


def test_discovered_directions_move_their_own_styles_by_ws_own_deviation():
    torch.manual_seed(5)
    generator = Generator(64, (8,) * 10, style_dim=8, n_mlp=2)
    found = discovered(generator)
    assert [d.label for d in found] == [f"{g} {k}" for g in ("Coarse", "Middle", "Fine") for k in (1, 2, 3)]
    with torch.no_grad():
        w = generator.style(torch.randn(8192, 8)).numpy()
    for direction in found:
        first, stop = next((a, b) for name, a, b in GROUPS if name == direction.label.split()[0])
        own = direction.vector[first:stop]
        assert not np.delete(direction.vector, range(first, min(stop, 10)), axis=0).any()
        unit = own[0] / np.linalg.norm(own[0])
        assert np.linalg.norm(own[0]) == pytest.approx(REACH * (w @ unit).std(), rel=0.05)


def test_modulations_are_those_that_a_style_really_moves():
    """Each style's matrices, held against which layers' styles change when one vector of w+ does."""
    torch.manual_seed(6)
    generator = Generator(16, (4,) * 6, style_dim=8, n_mlp=1)
    layers = [*(m for m in generator.modules() if isinstance(m, ModulatedConv2d))]
    for style, matrices in enumerate(modulations(generator)):
        moved: list[torch.Tensor] = []
        for which in (0, 1):
            seen, hooks = [], []
            for layer in layers:
                hooks.append(
                    layer.modulation.register_forward_hook(lambda _m, _i, out, s=seen: s.append(out))
                )
            w = torch.zeros(1, generator.n_style, 8)
            w[0, style, 2] = which
            generator(w)
            [hook.remove() for hook in hooks]
            moved.append(torch.stack([out[0] for out in seen]))
        changes = [change for change in moved[1] - moved[0] if change.abs().max() > 0]
        assert len(changes) == len(matrices)
        for change in changes:
            assert any(torch.allclose(a[:, 2].float(), change, atol=1e-5) for a in matrices)


@settings(max_examples=12)
@given(seed=st.integers(0, 50), count=st.integers(40, 90))
def test_a_linear_number_is_found_from_fewer_samples_than_coordinates_and_noise_is_not(seed: int, count: int):
    torch.manual_seed(seed)
    w = torch.randn(count, 120) * torch.logspace(0, -2, 120)
    truth = torch.zeros(120)
    truth[:3] = torch.tensor([1.0, -2.0, 0.5])
    model = fitted(w, w @ truth)
    assert model.correlation > 0.8
    unit = model.normal / model.normal.norm()
    assert float(unit @ truth) / float(truth.norm()) > 0.8
    assert fitted(w, torch.randn(count)).correlation < 0.55


def test_the_dual_ridge_equals_the_usual_one():
    torch.manual_seed(1)
    w, y = torch.randn(40, 7).double(), torch.randn(40).double()
    x = w - w.mean(0)
    ridge = 0.3 * x.square().sum(1).mean() / 7 * 40
    usual = torch.linalg.solve(x.T @ x + ridge * torch.eye(7), x.T @ (y - y.mean()))
    assert torch.allclose(ridge_normal(w, y, 0.3), usual, atol=1e-9)


def test_normals_are_freed_of_all_but_their_doubles():
    a, b, c = torch.eye(4)[:3]
    mixed, double = b + 0.5 * c, a + 0.1 * b
    found = freed({"a": a, "b": mixed, "c": c, "double": double})
    assert abs(float(found["b"] @ c)) < 1e-6
    assert abs(float(found["b"] @ a)) < 1e-6
    assert abs(float(found["a"] @ mixed)) < 1e-6
    assert float(found["a"] @ double) > 0.9
    assert float(found["b"] @ mixed) > 0.8


@pytest.mark.parametrize(
    ("seconds", "expected"), [(40.4, "40 s"), (720, "12 min"), (5400, "1.5 h"), (30_000, "8.3 h")]
)
def test_times_are_said_as_people_say_them(seconds: float, expected: str):
    assert spoken(seconds) == expected


def planted(rgb: np.ndarray, like: SeenHead | None = None) -> SeenHead | None:
    """A face whose lower lip hangs the lower the greener the picture's middle is; none in a black picture."""
    if not rgb.any():
        return None
    side = len(rgb)
    green = rgb[side // 4 : -side // 4, side // 4 : -side // 4, 1].mean() / 255
    mesh = HEAD * 0.4 + 0.5
    mesh[list(LOWER_LIP), 1] += 0.1 * green
    irises = np.stack([mesh[list(eye[:2]), :2].mean(axis=0) + RIM for eye in (LEFT_EYE, RIGHT_EYE)])
    return SeenHead(Head(mesh, irises))


def test_a_number_that_the_face_shows_becomes_a_slider_that_moves_it(tmp_path: Path):
    pack = Pack.open(bare(tmp_path / "bare", noisy=False))
    draw, file = artist_of(pack), tmp_path / "samples.pt"
    samples = sampled(draw, planted, 96, file)
    assert bool(samples.seen.all())
    again = sampled(draw, lambda *_: pytest.fail("it was read already"), 96, file)
    assert torch.equal(samples.read, again.read)
    found = {entry.direction.name: entry for entry in face_directions(draw, planted, samples)}
    opening = found["mouth_open"]
    assert opening.direction.label == "Open mouth"
    assert opening.correlation > PREDICTED
    assert "turn" not in found  # it never turns
    assert -100 <= opening.direction.low < 0 < opening.direction.high == 1
    w, mean = drawn_w(draw, 77_000, 48), samples.mean_head()
    assert mean is not None
    ends = [
        w + value * torch.from_numpy(opening.direction.vector[0]) for value in (opening.direction.low, 1.0)
    ]
    shut, opened = (
        numbers_of(looked_at(draw, planted, end).read, mean)[:, list(NUMBERS).index("mouth_open")]
        for end in ends
    )
    assert (opened > shut).float().mean() >= 0.9


def test_too_few_faces_give_no_sliders(tmp_path: Path):
    pack = Pack.open(bare(tmp_path / "bare"))
    draw = artist_of(pack)
    samples = sampled(draw, lambda *_: None, 16, tmp_path / "samples.pt")
    assert not samples.seen.any()
    assert face_directions(draw, lambda *_: None, samples) == []
