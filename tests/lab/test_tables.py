"""The page of the paper's tables: tiny runs are really trained, measured and written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from anycost.core.errors import CoreError
from anycost.lab.generator.generating import GeneratorSettings
from anycost.lab.measuring import paper
from anycost.lab.measuring.markdown import compared, shown, table
from anycost.lab.measuring.subject import of_pack
from anycost.lab.networks.attribute_training import save_features
from anycost.lab.running.config import build
from anycost.lab.tables import evolved, pack_tables, toys
from anycost.lab.tables.paper_tables import table_1, table_2, table_3
from anycost.lab.tables.speed import speeds
from anycost.lab.tables.tables_page import make
from anycost.lab.tables.toys import RESOLUTIONS, Size, Toys
from anycost.models.features import Features
from anycost.models.pack import Pack, add_readers

TINY = Size(pictures=4, warm=4, seeds=1, samples=10, generations=0)


@pytest.fixture(scope="module")
def few_features(tiny_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """The tiny pack with an attribute network of 8 features, for which 10 samples are enough."""
    folder = tmp_path_factory.mktemp("few")
    save_features(Features(4, (4, 4)), folder / "features.safetensors")
    features = folder / "features.safetensors"
    return Pack.open(add_readers(Pack.open(tiny_pack), folder=folder / "tiny", features=features))


@pytest.fixture(scope="module")
def page(few_features: Pack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """The runs' folder and the page."""
    folder = tmp_path_factory.mktemp("tables")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evolved, "POPULATION", 4)
        patch.setattr(evolved, "SAMPLES", 8)
        patch.setattr(toys, "BATCH", 4)
        patch.setattr(pack_tables, "TIMED", 2)
        make(few_features, TINY, folder / "runs", folder / "tables.md", workers=1)
        yield folder / "runs", folder / "tables.md"


@pytest.mark.slow
def test_the_page_has_every_table_with_figures(page: tuple[Path, Path]):
    text = page[1].read_text()
    assert [line[3:10] for line in text.splitlines() if line.startswith("## ")] == [
        *(f"Table {k}" for k in range(1, 7)),
        "Figure ",
        "Figure ",
        "Not in ",
    ]
    ours = ("one generator, conditioned D", "StyleGAN2, trained separately", "| Anycost |", "MSG-GAN's")
    figures = ("| Distill:", "| Anycost, uniform", "| Anycost, flexible", "| one for each", "one for all")
    for what in (*ours, *figures, "without consistency", "without sorting"):
        (row,) = [line for line in text.splitlines() if line.startswith("|") and what in line]
        assert all(float(cell.split()[0]) >= 0 for cell in row.split("|")[2:-1])
    for what in ("| vanilla:", "| ChannelPrune:"):  # nothing to be near to
        (row,) = [line for line in text.splitlines() if line.startswith(what)]
        assert [cell.strip() == "-" for cell in row.split("|")[2:-1]] == [False, False, True, True]


def test_the_papers_tables_are_printed_whole():
    """Every figure of the paper once, in its row; what the paper leaves out is a dash."""
    rows = [
        "| single resolution | 3.25 | 4.17 | 3.76 | 4.04 | 3.32 | 2.41 |",
        "| all at once (MSG-GAN) | - | - | 4.79 | 6.34 | 2.70 | 3.04 |",
        "| sampled, 256 px and below | - | - | 3.49 | 3.26 | 2.52 | 2.18 |",
        "| sampled, 1024 px and below | 2.99 | 3.08 | 3.35 | 3.98 | - | - |",
        "| one generator per ratio (vanilla) | 3.80 | 4.64 | 6.20 | 10.39 | 4.04 | 4.99 | 5.78 | 11.15 |",
        "| same D | 3.63 | 3.91 | 5.41 | 14.01 | 7.25 | 6.81 | 5.92 | 7.57 |",
        "| reduced-channel D | 3.67 | 4.35 | 5.82 | 10.62 | 3.09 | 3.65 | 4.74 | 8.82 |",
        "| conditioned D (the paper's) | 3.73 | 3.86 | 4.64 | 8.06 | 3.30 | 3.28 | 3.69 | 5.55 |",
        "| FFHQ, 1024 px: StyleGAN2 | 2.84 | - | 3.31 | - | 145.0 |",
        "| FFHQ, 1024 px: Anycost | 2.77 | 3.05 | 3.28 | 5.01 | 144.2 |",
        "| Car, 512x384 px: StyleGAN2 | 2.32 | - | 3.19 | - | 415.5 |",
        "| Car, 512x384 px: Anycost | 2.38 | 2.46 | 2.61 | 3.69 | 380.1 |",
    ]
    text = "\n".join(make_table() for make_table in (table_1, table_2, table_3)).splitlines()
    assert [line for line in text if not line.startswith(("| the paper", "| ---"))] == rows
    reductions = [round(rate.xeon / paper.TABLE_5[1].xeon, 1) for rate in paper.TABLE_5.values()]
    assert reductions == pytest.approx([rate.xeon_faster for rate in paper.TABLE_5.values()], abs=0.11)


@pytest.mark.slow
def test_finished_runs_are_not_trained_again(page: tuple[Path, Path], few_features: Pack):
    runs, out = page
    times = {path: path.stat().st_mtime_ns for path in runs.rglob("last.pt")}
    assert len(times) == 25
    make(few_features, TINY, runs, out, workers=1)
    assert {path: path.stat().st_mtime_ns for path in runs.rglob("last.pt")} == times


@pytest.mark.slow
def test_runs_with_other_settings_are_refused(page: tuple[Path, Path], few_features: Pack):
    runs, out = page
    with pytest.raises(CoreError, match="holds a run with other settings"):
        make(few_features, replace(TINY, pictures=8), runs, out, workers=1)


def test_too_few_samples_are_refused_before_anything_is_trained(tiny_pack: Path, tmp_path: Path):
    with pytest.raises(CoreError, match="more than 48 pictures"):
        make(Pack.open(tiny_pack), Size(samples=48), tmp_path / "runs", tmp_path / "page.md", workers=1)
    assert not list(tmp_path.iterdir())


def test_every_toy_differs_in_one_thing_from_what_it_is_compared_with(tmp_path: Path):
    levels = Toys(Size(seeds=2), tmp_path, tmp_path / "features.safetensors").levels()
    configs = {toy.name: toy.config for level in levels for toy in level}
    assert len(configs) == 4 + 2 * 21
    for config in configs.values():
        if config["network"] == "generator":
            build(GeneratorSettings, {key: value for key, value in config.items() if key != "network"})
    differences = {
        kind: {
            f"{part}.{name}"
            for part in ("generator", "discriminator", "losses", "optimiser")
            for name, value in configs["conditioned-0"][part].items()
            if configs[f"{kind}-0"][part][name] != value
        }
        for kind in ("same", "reduced", "inconsistent", "unsorted")
    }
    assert differences == {
        "same": {"discriminator.widths"},
        "reduced": {"discriminator.widths"},
        "inconsistent": {"losses.consistency"},
        "unsorted": set(),
    }
    assert [configs[f"{kind}-0"]["stages"][0]["sort"] for kind in ("conditioned", "unsorted")] == [
        True,
        False,
    ]
    assert configs["conditioned-0"]["generator"]["from"] == str(tmp_path / "sampled-0")
    assert {configs[f"single-{side}-1"]["generator"]["from"] for side in RESOLUTIONS} == {
        str(tmp_path / "warm-1")
    }


def test_speed_takes_the_nearest_sub_generator_that_is_cheap_enough(tiny_pack: Path):
    subject = of_pack(Pack.open(tiny_pack))
    work = {cell: subject.sub_generator(*cell).macs for cell in subject.cells}
    far = {cell: 1.0 - macs / work[32, 1.0] for cell, macs in work.items()}
    found = speeds(subject, {**far, (8, 1.0): 0.0001}, (1, 2, 10**9), runs=2)
    assert [(speed.reduction, speed.cell) for speed in found] == [(1, (32, 1.0)), (2, (8, 1.0))]
    assert all(speed.plain_ms > 0 and speed.fast_ms > 0 for speed in found)


def test_figures_show_their_spread_and_are_counted():
    assert shown([1.25]) == "1.2"
    assert shown([1.0, 2.0, 6.0], 2) == "3.00 (1.00 to 6.00)"
    assert (
        compared("A", "B", [(1, 2), (1, 2), (3, 2)])
        == "A: lower than B in 2 of 3 cases, -50 % in the median."
    )
    assert table(["a", "b"], [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |"
