"""The paper's metrics: each against known numbers, then all of them on a pack."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
import torch
import torch.nn.functional as F
from pair import Pair
from PIL import Image
from published_nets import publish, publish_lpips
from torch import Tensor, nn

from anycost.commands.cli import main
from anycost.core.editing.perceptual import Measure
from anycost.core.errors import CoreError
from anycost.core.files.torch_cache import at_hand
from anycost.lab.data.downsample import downsample
from anycost.lab.measuring.consistency import PSI, agreement, distances, psnr
from anycost.lab.measuring.every_metric import evaluate, measures
from anycost.lab.measuring.frechet import Extractor, Inception, Pooled, frechet_distances
from anycost.lab.measuring.path_length import path_lengths, smooth
from anycost.lab.measuring.reals import Reals, of_folder, portraits
from anycost.lab.measuring.reconstruction import reconstructions
from anycost.lab.measuring.sheets import save_all
from anycost.lab.measuring.slider_effects import SliderEffects, sliders
from anycost.lab.measuring.subject import SEED, Subject, normals, of_pack
from anycost.lab.networks.attribute_training import save_features
from anycost.lab.networks.attributes import NAMES
from anycost.lab.painter import PAPER_ATTRIBUTES
from anycost.lab.running import distributed
from anycost.models.features import Features
from anycost.models.generator import Generator
from anycost.models.macs import macs
from anycost.models.pack import Direction, Pack, add_readers, write_pack
from anycost.models.widths import WidthRule

PIXELS = Measure("pixels", lambda picture: [picture])
SAMPLES = 20  # two batches, and more than the 16 features of `lean_pack`
Draw = Callable[[Tensor, float], Tensor]  # latents [N, D] and a ratio -> pictures [N, 3, R, R]


@dataclass(frozen=True, eq=False)
class Drawn(Subject):
    """A subject whose pictures are a known function of z."""

    draw: Draw

    def latents(self, z: Tensor, psi: float = 1.0) -> Tensor:
        return psi * z

    def pictures(self, w: Tensor, ratio: float = 1.0) -> dict[int, Tensor]:
        top = self.draw(w, ratio)
        return {side: downsample(top, side) for side in self.resolutions}


def drawn(sides: tuple[int, ...], style_dim: int, draw: Draw, ratios: tuple[float, ...] = (1.0,)) -> Drawn:
    generator = Generator(4, (1, 1), style_dim, n_mlp=1)  # only says how long z is
    return Drawn(generator, WidthRule(), torch.zeros(style_dim), sides, ratios, draw)


class Numbers(nn.Module):
    """A picture's first numbers as its features."""

    def __init__(self, count: int):
        super().__init__()
        self.num_features = count

    def forward(self, picture: Tensor) -> Tensor:
        return picture.flatten(1)[:, : self.num_features]


def numbers(count: int) -> Extractor:
    return Extractor("numbers", Numbers(count))  # type: ignore[arg-type]


def as_picture(values: Tensor) -> Tensor:
    """[N, D] -> [N, 3, 4, 4] that starts with these numbers."""
    return F.pad(values, (0, 48 - values.shape[1])).view(-1, 3, 4, 4)


# Frechet distance


@pytest.mark.slow
def test_the_frechet_distance_of_gaussians_is_the_formulas():
    rng = np.random.default_rng(3)
    a, b, mean = rng.normal(size=(6, 6)), rng.normal(size=(6, 6)) + np.eye(6), rng.normal(size=6)
    root = np.real(np.asarray(scipy.linalg.sqrtm(a @ a.T @ b @ b.T)))
    expected = mean @ mean + np.trace(a @ a.T + b @ b.T - 2 * root)
    reals = torch.tensor(rng.normal(size=(4_000, 6)) @ a.T).float()
    mapping, shift = torch.tensor(b.T).float(), torch.tensor(mean).float()
    subject = drawn((4,), 6, lambda z, _: as_picture(z @ mapping + shift))
    found = frechet_distances(subject, numbers(6), [as_picture(reals)], 4_000)
    assert found[4, 1.0] == pytest.approx(expected, rel=0.08)


def test_equal_sets_have_frechet_distance_0_and_blur_raises_it():
    torch.manual_seed(0)
    extractor = Extractor("own", Pooled(Features(4, (8, 8, 16)).eval()))
    painted = portraits(32, 60).read(torch.arange(60))

    def distance(width: int) -> float:
        padded = F.pad(painted, (width // 2,) * 4, mode="replicate")
        batches = iter(F.avg_pool2d(padded, width, stride=1).split(16))
        subject = drawn((16, 32), 4, lambda *_: next(batches))
        found = frechet_distances(subject, extractor, [painted], 60)
        assert (found[16, 1.0] < 1e-6) == (width == 1)  # the reals are reduced like the pictures
        return found[32, 1.0]

    same, soft, softer = (distance(width) for width in (1, 3, 7))
    assert same < 1e-6 < soft < softer


def test_a_generator_that_draws_nan_is_refused():
    subject = drawn((4,), 4, lambda z, _: torch.full((len(z), 3, 4, 4), torch.nan))
    with pytest.raises(CoreError, match="NaN or infinite"):
        frechet_distances(subject, numbers(3), [torch.rand(20, 3, 4, 4)], 20)


def test_fewer_samples_than_features_are_measured_as_published_code_does():
    """Of 12 samples, 20 features have covariances without a full rank, and a distance all the same."""
    rng = np.random.default_rng(3)
    reals, mapping = rng.normal(size=(12, 20)), rng.normal(size=(20, 20))
    subject = drawn((4,), 20, lambda z, _: as_picture(z @ torch.tensor(mapping).float()))
    found = frechet_distances(subject, numbers(20), [as_picture(torch.tensor(reals).float())], 12)
    fakes = normals(12, 20, SEED).double().numpy() @ mapping
    a, b = np.cov(reals, rowvar=False), np.cov(fakes, rowvar=False)
    root = np.real(np.sqrt(np.linalg.eigvals(a @ b).astype(complex))).sum()
    expected = np.square(reals.mean(axis=0) - fakes.mean(axis=0)).sum() + np.trace(a + b) - 2 * root
    assert found[4, 1.0] == pytest.approx(expected, rel=1e-3)


@pytest.mark.slow
def test_inceptions_weights_are_read_but_never_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert at_hand("inception") is None
    (tmp_path / "page.pth").write_bytes(b"<html>")
    with pytest.raises(CoreError, match="remove it"):
        Inception(tmp_path / "page.pth")
    state = untrained_inception(monkeypatch).state_dict()
    publish(monkeypatch, tmp_path, {"inception": state})
    file = at_hand("inception")
    assert file is not None
    network = Inception(file)
    level = torch.tensor([9.0, 1.0, 0.5])
    beyond, white, grey = found = network(level.view(3, 1, 1, 1).expand(-1, 3, 8, 8))
    assert found.shape == (3, network.num_features)
    assert beyond.equal(white)  # clamped
    assert not grey.equal(white)


def untrained_inception(monkeypatch: pytest.MonkeyPatch) -> nn.Module:
    """The library's network before it reads any weights."""
    from torch_fidelity import feature_extractor_inceptionv3 as library

    network = library.FeatureExtractorInceptionV3
    with monkeypatch.context() as patch:
        patch.setattr(library, "load_state_dict_from_url", lambda *_, **__: {})
        patch.setattr(network, "load_state_dict", lambda *_: None)
        return network("inception", ["2048"])


# distances, attributes, path length


def test_distances_are_to_the_full_picture_and_0_for_itself():
    subject = drawn((2, 4), 3, lambda z, ratio: torch.full((len(z), 3, 4, 4), 0.5 * ratio), (0.5, 1.0))
    distance, squared = distances(subject, PIXELS, 20)
    assert squared == pytest.approx({(2, 0.5): 1 / 16, (4, 0.5): 1 / 16, (2, 1.0): 0, (4, 1.0): 0})
    assert distance[4, 0.5] == pytest.approx(3 / 16)  # the squared differences of three colours
    assert psnr(squared[4, 0.5]) == pytest.approx(20 * np.log10(2 / 0.25))
    assert psnr(squared[4, 1.0]) is None


class Brightness(Features):
    """Reads the picture's brightness as every attribute."""

    def __init__(self, names: tuple[str, ...] = NAMES):
        super().__init__(len(names), (4,), names)

    def values(self, picture: Tensor) -> Tensor:
        return picture.mean(dim=(1, 2, 3))[:, None].expand(-1, len(self.names))


def test_agreement_counts_the_pictures_that_show_the_same():
    """The full picture is as bright as z, the sub-generator's 0.2 brighter."""

    def draw(z: Tensor, ratio: float) -> Tensor:
        return (z[:, :1, None, None] + (0.2 if ratio < 1 else 0.0)).expand(-1, 3, 4, 4)

    found = agreement(drawn((4,), 2, draw, (0.5, 1.0)), Brightness(), 200)
    brightness = PSI * normals(200, 2, SEED + 2)[:, 0].numpy()
    for name, (_, above) in PAPER_ATTRIBUTES.items():
        differ = sum(above - 0.2 < value <= above for value in brightness)
        assert found[4, 0.5][name] == pytest.approx(1 - differ / 200)
        assert differ > 0
        assert found[4, 1.0][name] == 1
    celeba = Brightness(("Bald", "Wearing_Earrings", "Smiling"))
    named = agreement(drawn((4,), 2, draw, (0.5, 1.0)), celeba, 200)
    assert named[4, 0.5] == {name: found[4, 0.5][name] for name in ("Smiling", "Earrings")}


def test_the_path_of_a_linear_generator_has_a_known_length():
    """G(w) = A w: each step's squared distance is |A (w2 - w1)|^2 / places, whatever the step."""
    torch.manual_seed(1)
    mapping = torch.randn(5, 48)
    subject = drawn((4,), 5, lambda w, _: (w @ mapping).view(-1, 3, 4, 4))
    z = normals(400, 5, SEED + 3).numpy()
    lengths = np.sort(np.square((z[200:] - z[:200]) @ mapping.numpy()).sum(axis=1) / 16)
    # those beyond numpy's "lower" and "higher" percentiles 1 and 99 are left out
    expected = lengths[1:-1].mean()
    for step in (1e-2, 1e-4):
        assert path_lengths(subject, PIXELS, 200, step)[4, 1.0] == pytest.approx(expected, rel=0.01)


def test_pictures_above_256_px_are_reduced_by_the_mean_of_cells():
    """As in StyleGAN2. An antialiased resize, which takes in the neighbours too, gives shorter paths."""
    torch.manual_seed(0)
    generator = Generator(512, (1,) * 16, style_dim=4, n_mlp=1).eval().requires_grad_(False)
    # fine grain, of which untrained generators have none
    generator.get_parameter("convs.13.noise.weight").fill_(30)
    subject = Subject(generator, WidthRule(), torch.zeros(4), (512,), (1.0,))
    found = path_lengths(subject, PIXELS, 3, step=0.1)[512, 1.0]
    start, end = generator.style(normals(6, 4, SEED + 3)).chunk(2)
    pictures = [
        generator(w[:, None].expand(-1, generator.n_style, -1)) for w in (start, start + 0.1 * (end - start))
    ]
    moved = (pictures[1] - pictures[0]).double() / 0.1  # [3, 3, 512, 512]
    cells = moved.numpy().reshape(3, 3, 256, 2, 256, 2).mean(axis=(3, 5))
    assert found == pytest.approx(np.square(cells).sum(axis=1).mean(), rel=1e-3)
    resized = F.interpolate(moved, (256, 256), mode="bilinear", antialias=True)
    assert resized.square().sum(dim=1).mean() < 0.95 * found


def test_steps_are_not_rounded_away_on_a_gpu():
    seen: list[bool] = []

    def embed(picture: Tensor) -> list[Tensor]:
        seen.append(torch.backends.cudnn.allow_tf32)
        return [picture]

    before = torch.backends.cudnn.allow_tf32
    path_lengths(drawn((4,), 4, lambda z, _: as_picture(z)), Measure("pixels", embed), 4)
    assert seen
    assert not any(seen)
    assert torch.backends.cudnn.allow_tf32 == before


def test_lengths_in_own_features_do_not_depend_on_the_step(tiny_pack: Path):
    torch.manual_seed(0)
    features = Features(4, (8, 16)).eval().requires_grad_(False)
    for stage in features.stages:
        stage[2].bias.data -= 0.5  # turns most places of the maps off # type: ignore[index]
    subject = of_pack(Pack.open(tiny_pack))
    coarse, fine = (path_lengths(subject, smooth(features), 8, step)[32, 1.0] for step in (1e-2, 1e-3))
    assert coarse == pytest.approx(fine, rel=0.1)


def test_reconstruction_tells_the_picture_the_full_and_the_sub_generator_apart():
    subject = drawn((4,), 3, lambda w, ratio: torch.full((len(w), 3, 4, 4), 0.5 * ratio), (0.5, 1.0))
    reals = Reals("grey", 20, lambda places: torch.full((len(places), 3, 4, 4), 0.75))
    (found,) = reconstructions(subject, lambda picture: torch.zeros(len(picture), 3), PIXELS, reals)
    assert found.ratio == 0.5
    assert found.full == pytest.approx((3 / 16, 1 / 16))
    assert found.sub == pytest.approx((3 / 4, 1 / 4))
    assert found.between == pytest.approx((3 / 16, 1 / 16))


def test_a_lower_resolution_is_the_sub_generator_that_ends_there(tiny_pack: Path):
    pack = Pack.open(tiny_pack)
    subject = of_pack(pack)
    assert subject.cells == [(side, ratio) for side in (8, 16, 32) for ratio in (0.25, 0.5, 1.0)]
    w = subject.latents(normals(2, 16, 0), 0.7)
    channels = pack.rule.expand(pack.channels, 0.5)[:6]
    torch.testing.assert_close(subject.pictures(w, 0.5)[16], pack.generator()(w, 16, channels))
    assert subject.sub_generator(16, 0.5).macs == macs(channels)


def test_a_folders_pictures_are_each_read_once(tmp_path: Path):
    for level in range(6):
        Image.new("RGB", (40, 32), (level, level, level)).save(tmp_path / f"{level}.png")
    Image.new("RGB", (16, 16)).save(tmp_path / "small.png")
    reals = of_folder(tmp_path, 32, 100)
    assert reals.count == 6
    levels = (reals.read(torch.arange(6))[:, 0, 0, 0] + 1) * 127.5
    assert sorted(levels.round().tolist()) == list(range(6))
    assert of_folder(tmp_path, 32, 4).read(torch.arange(4)).shape == (4, 3, 32, 32)
    with pytest.raises(CoreError, match="no picture of at least 64 px"):
        of_folder(tmp_path, 64, 100)


# sliders


class Shown(nn.Module):
    """Draws a tenth of the first style itself, so that no number is clamped."""

    style_dim, n_style = len(NAMES), 2

    def __init__(self):
        super().__init__()
        self.style = nn.Identity()

    def forward(self, w: Tensor, side: int) -> Tensor:
        return F.pad(w[:, 0] / 10, (0, 3 * side * side - w.shape[-1])).view(-1, 3, side, side)


class ReadsBack(nn.Module):
    """Reads what `Shown` drew."""

    def __init__(self):
        super().__init__()
        self.names, self.mean, self.deviation = NAMES, torch.zeros(len(NAMES)), torch.ones(len(NAMES))

    def forward(self, picture: Tensor) -> Tensor:
        return 10 * picture.flatten(1)[:, : len(NAMES)]


def test_sliders_are_judged_by_what_rises_and_what_flips():
    def direction(name: str, low: float, **moves: float) -> Direction:
        vector = np.zeros((2, len(NAMES)), np.float32)
        for control, value in moves.items():
            vector[:, NAMES.index(control)] = value
        return Direction(name, name, "", low, 1.0, vector)

    good, bad = direction("smile", -1.0, smile=2.0), direction("glasses", -0.5, glasses=-1.0, smile=3.0)
    unknown = direction("mine", -1.0, smile=1.0)
    subject = Subject(Shown(), WidthRule(), torch.zeros(len(NAMES)), (16,), (1.0,))  # type: ignore[arg-type]
    first, second = sliders([good, bad, unknown], subject, ReadsBack(), 200)  # type: ignore[arg-type]
    assert first == SliderEffects("smile", 1.0, dict.fromkeys(first.flips, 0.0))
    assert set(first.flips) == set(PAPER_ATTRIBUTES) - {"Smiling"}
    smiles = 0.7 * normals(200, len(NAMES), SEED + 3)[:, NAMES.index("smile")]
    lost, won = (smiles > 0.5) & (smiles <= 2.0), (smiles <= 0.5) & (smiles > -2.5)
    assert (second.name, second.right) == ("glasses", 0.0)
    assert second.flips["Smiling"] == pytest.approx(max(lost.float().mean(), won.float().mean()))
    assert second.flips["Earrings"] == 0
    still = direction("age", -1.0)  # moves pictures, but no generator
    assert sliders([unknown, still], subject, ReadsBack(), 200) == []  # type: ignore[arg-type]


# a whole pack


@pytest.fixture(scope="module")
def lean_pack(tiny_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the tiny pack with an attribute network that has few features."""
    folder = tmp_path_factory.mktemp("few")
    save_features(Features(4, (4, 4, 8)), folder / "features.safetensors")
    return add_readers(Pack.open(tiny_pack), folder=folder / "tiny", features=folder / "features.safetensors")


@pytest.fixture(scope="module")
def measured(lean_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder that one process writes, and what it prints."""
    folder, told = tmp_path_factory.mktemp("measured"), io.StringIO()
    with contextlib.redirect_stdout(told):
        evaluate(Pack.open(lean_pack), SAMPLES, folder, "portraits")
    return folder, told.getvalue()


@pytest.mark.slow
def test_a_pack_is_measured_whole(measured: tuple[Path, str]):
    folder, told = measured
    kept = json.loads((folder / "evaluation.json").read_text())
    rows = {(row["resolution"], row["ratio"]): row for row in kept["rows"]}
    assert len(rows) == 9
    assert all(f"{row['macs'] / 1e9:.4f}" in told for row in rows.values())
    full = rows[32, 1.0]
    assert (full["distance"], full["psnr"]) == (0, None)
    assert all(
        row["distance"] > 0 and 0 < row["psnr"] < 60 for cell, row in rows.items() if cell != (32, 1.0)
    )
    assert all(row["fid"]["own features"] > 0 and row["path_length"] > 0 for row in rows.values())
    assert [row["ratio"] for row in kept["reconstructions"]] == [0.25, 0.5]
    assert "Attributes are left out" in told
    for name in ("cost-distance.png", "cost-fid.png"):
        with Image.open(folder / name) as plot:
            assert plot.size > (600, 400)
            assert (
                len(np.unique(np.asarray(plot.convert("RGB")).reshape(-1, 3), axis=0)) > 20
            )  # coloured lines


def test_sheets_show_what_the_pack_draws(tiny_pack: Path, tmp_path: Path):
    pack = Pack.open(tiny_pack)
    save_all(pack, tmp_path)
    sheets = {}
    for path in tmp_path.iterdir():
        with Image.open(path) as sheet:
            sheets[path.name] = np.asarray(sheet)
    side = pack.resolution
    shapes = {name: (sheet.shape[0] // side, sheet.shape[1] // side) for name, sheet in sheets.items()}
    assert shapes == {"samples.png": (len(pack.ladder), 8), "faces.png": (8, 8), "encoded.png": (8, 8)}
    last = pack.generator()(of_pack(pack).latents(normals(8, pack.style_dim, 0), 0.7))[-1]
    shown = sheets["samples.png"][-side:, -side:] / 127.5 - 1  # the full rung's, on the right
    np.testing.assert_allclose(shown, last.detach().clamp(-1, 1).permute(1, 2, 0), atol=0.01)
    painted = portraits(side, 32).read(torch.tensor([9]))[0]  # the second of the second pair of rows
    np.testing.assert_allclose(
        sheets["encoded.png"][2 * side : 3 * side, side : 2 * side] / 127.5 - 1,
        painted.permute(1, 2, 0),
        atol=0.01,
    )
    save_all(without_features(pack, tmp_path / "bare"), tmp_path / "bare")
    assert not (tmp_path / "bare" / "encoded.png").exists()


def test_what_cannot_be_measured_gives_one_sentence(tiny_pack: Path, tmp_path: Path):
    pack = Pack.open(tiny_pack)
    with pytest.raises(CoreError, match="take hundreds"):
        evaluate(pack, 1, tmp_path / "out")
    (tmp_path / "one").mkdir()
    Image.new("RGB", (32, 32)).save(tmp_path / "one" / "picture.png")
    with pytest.raises(CoreError, match="two real pictures"):
        evaluate(pack, SAMPLES, tmp_path / "out", str(tmp_path / "one"))
    with pytest.raises(CoreError, match="There is no folder"):
        evaluate(pack, SAMPLES, tmp_path / "out", str(tmp_path / "nowhere"))
    bare = without_features(pack, tmp_path / "bare")
    with pytest.raises(CoreError, match="FID needs features"):
        evaluate(bare, SAMPLES, tmp_path / "out", "portraits")
    assert not (tmp_path / "out").exists()


def test_a_pack_of_a_generator_alone_is_measured_by_pixels(
    tiny_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    report = evaluate(without_features(Pack.open(tiny_pack), tmp_path / "bare"), 4, tmp_path / "out")
    assert "FID and encoder are left out" in capsys.readouterr().out
    assert report.rows[0].fid == {}
    assert (tmp_path / "out" / "cost-distance.png").exists()
    assert not (tmp_path / "out" / "cost-fid.png").exists()


def test_few_pictures_give_fid_and_a_note(
    tiny_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "reals").mkdir()
    for level in range(4):
        Image.new("RGB", (32, 32), (60 * level,) * 3).save(tmp_path / "reals" / f"{level}.png")
    report = evaluate(Pack.open(tiny_pack), 6, tmp_path / "out", str(tmp_path / "reals"))
    assert all(row.fid["own features"] > 0 for row in report.rows)
    said = " ".join(capsys.readouterr().out.split())
    assert "FID (own features) is too high, because it has 48 features and only 4 pictures" in said
    assert "`anycost weights get inception`" in said
    assert "distances by the pack's own features; path lengths by the pack's own features" in said


def test_lpips_by_vgg_measures_paths_where_the_pictures_are_drawn(
    tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The device "meta" stands for a GPU: there too, an operation on two devices is an error."""
    publish_lpips(monkeypatch, tmp_path, "alex", "vgg")
    away = torch.device("meta")
    monkeypatch.setattr(distributed, "device", lambda: away)
    found = measures(Pack.open(tiny_pack), None)
    assert [measure.name for measure in found] == ["LPIPS (AlexNet)", "LPIPS (VGG)"]
    for measure in found:
        assert measure.apart(*torch.empty(2, 1, 3, 32, 32, device=away)).device == away


def without_features(pack: Pack, folder: Path) -> Pack:
    write_pack(
        folder,
        pack.generator(),
        name="bare",
        title="Bare",
        licence="Apache-2.0",
        provenance="made by the tests",
        mean_w=pack.mean_w,
        rule=pack.rule,
        ratios=pack.ratios,
        resolutions=pack.resolutions,
        ladder=pack.ladder,
        alignment=pack.alignment,
    )
    return Pack.open(folder)


@pytest.mark.slow
def test_two_processes_measure_what_one_does(
    pair: Pair, measured: tuple[Path, str], lean_pack: Path, tmp_path: Path
):
    arguments = ["--pack", str(lean_pack), "--samples", str(SAMPLES), "--data", "portraits"]
    assert pair.run(main, ["evaluate", *arguments, "--out", str(tmp_path)]) == [0, 0]
    together = json.loads((tmp_path / "evaluation.json").read_text())
    mine, theirs = figures(json.loads((measured[0] / "evaluation.json").read_text())), figures(together)
    assert list(mine) == list(theirs)
    for name, value in mine.items():
        assert theirs[name] == (pytest.approx(value, rel=1e-3) if isinstance(value, float) else value), name


def figures(value: object, name: str = "") -> dict[str, object]:
    """Every number and text in nested JSON, by its path."""
    parts = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    )
    if parts is None:
        return {name: value}
    return {path: leaf for key, part in parts for path, leaf in figures(part, f"{name}/{key}").items()}
