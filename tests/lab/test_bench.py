"""`anycost bench` and the figures of docs/speed.md: independent formulas check their arithmetic; nothing is
timed."""

from __future__ import annotations

import contextlib
import functools
import io
import itertools
import json
import mmap
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from anycost.commands.cli import main
from anycost.core.errors import CoreError
from anycost.core.rendering.engines.registry import Choice
from anycost.core.rendering.engines.torch_engine import TorchEngine
from anycost.lab.bench import benched as networks
from anycost.lab.bench import fresh, growth, parts, rungs
from anycost.lab.bench import measured as bench_command
from anycost.lab.bench import roofline as roofs
from anycost.lab.bench import speed_page as page
from anycost.lab.bench.bench_report import BenchReport
from anycost.lab.bench.benched import Benched, config_f
from anycost.lab.bench.fresh import ColdStart
from anycost.lab.bench.rungs import Drawn
from anycost.lab.measuring import timing
from anycost.lab.measuring.timing import Times
from anycost.models.generator import Generator
from anycost.models.pack import Pack
from anycost.models.widths import SubGenerator

FP32, BF16 = Choice("torch", "float32"), Choice("torch", "bfloat16")


def work(channels: list[int]) -> int:
    """Multiply-accumulates of a picture, counted layer by layer."""
    total = 0
    for layer in range(1, len(channels)):
        side = 2 ** (2 + layer // 2)
        inputs = side * side if layer % 2 else side * side // 4
        total += 9 * inputs * channels[layer - 1] * channels[layer]
        total += 3 * side * side * channels[layer] * (layer % 2)
    return total


class Clock:
    """Replaces the time module: each reading is a second later."""

    def __init__(self):
        self._now = itertools.count()

    def perf_counter(self) -> float:
        return float(next(self._now))


# the command


@pytest.fixture(scope="module")
def answer(tiny_pack: Path) -> dict[str, Any]:
    """What the command prints for the tiny pack with a forced engine and precision. Its roofline is one small
    convolution, and one fresh process measures the full rung's memory for all rungs."""
    printed, told = io.StringIO(), io.StringIO()
    once = functools.cache(lambda network, choice: fresh.peak_bytes(network, 2, choice))
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(told),
    ):
        patch.setattr(roofs, "SHAPES", ((32, 16),))
        patch.setattr(roofs, "SECONDS", 0.01)
        patch.setattr(rungs, "peak_bytes", lambda network, place, choice: once(network, choice))
        line = ["bench", "--pack", str(tiny_pack), "--json", "--engine", "torch", "--precision", "fp32"]
        assert main(line) == 0
    assert "3 of 3: 8 px ×0.25" in told.getvalue()
    return json.loads(printed.getvalue())


@pytest.mark.slow
def test_every_rung_is_told_with_the_forced_engine(answer: dict[str, Any]):
    rungs = answer["rungs"]
    assert [(rung["resolution"], rung["ratio"]) for rung in rungs] == [(8, 0.25), (16, 0.5), (32, 1.0)]
    assert [rung["channels"] for rung in rungs] == [
        [6, 6, 6, 6],
        [12, 12, 12, 12, 8, 8],
        [24, 24, 24, 24, 16, 16, 16, 16],
    ]
    assert {(rung["engine"], rung["precision"]) for rung in rungs} == {("torch", "fp32")}


@pytest.mark.slow
def test_figures_follow_from_work_and_time(answer: dict[str, Any]):
    before, after = answer["roofline_before"], answer["roofline_after"]
    assert answer["roofline"] == {name: max(before[name], after[name]) for name in ("fp32", "bf16")}
    assert all(0 < best < 1e6 for best in answer["roofline"].values())
    for rung in answer["rungs"]:
        assert rung["macs"] == work(rung["channels"])
        assert rung["ms"] > 0
        assert rung["ms_spread"] >= 0
        assert rung["gflops"] == pytest.approx(2 * rung["macs"] / (rung["ms"] / 1000) / 1e9)
        assert rung["roofline_fraction"] == pytest.approx(rung["gflops"] / answer["roofline"]["fp32"])
        assert rung["speedup_full"] == pytest.approx(rung["ms_full"] / rung["ms"])
        assert rung["speedup_plain"] == pytest.approx(rung["ms_plain"] / rung["ms"])
    assert answer["rungs"][-1]["speedup_full"] == 1


@pytest.mark.slow
def test_pictures_are_compared_with_the_full_one(answer: dict[str, Any]):
    draft, _, full = answer["rungs"]
    assert full["psnr"] > 90 > draft["psnr"]  # the full rung's line shows the cost of engine and precision
    assert 0 <= full["distance"] < 1e-3 < draft["distance"]
    assert answer["measure"] == "the pack's own features"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux reports peak memory")
def test_memory_and_cold_start_are_of_fresh_processes(answer: dict[str, Any]):
    assert all(0 <= rung["peak_bytes"] < 1 << 28 for rung in answer["rungs"])
    assert answer["cold_start"]["torch_s"] > 0
    assert answer["cold_start"]["first_frame_s"] > 0


@pytest.mark.slow
def test_the_paper_s_reductions_have_the_costliest_rung_within(answer: dict[str, Any]):
    costs = [rung["macs"] for rung in answer["rungs"]]
    assert [(line["reduction"], line["paper"]) for line in answer["table_5"]] == [
        (2, 2.8),
        (4, 9.5),
        (6, 10.0),
        (8, 11.9),
        (10, 11.7),
    ]
    for line in answer["table_5"]:
        place = line["rung"]
        assert costs[place] * line["reduction"] <= costs[-1] < costs[place + 1] * line["reduction"]
        assert line["speedup_full"] == answer["rungs"][place]["speedup_full"]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bench without roofline, fresh processes and many rounds."""
    monkeypatch.setattr(bench_command, "roofline", lambda: {"fp32": 100.0, "bf16": 200.0})
    monkeypatch.setattr(bench_command, "cold_start", lambda network, choice: ColdStart(1.5, 0.25))
    monkeypatch.setattr(rungs, "peak_bytes", lambda network, place, choice: None)
    monkeypatch.setattr(timing, "FEWEST", 1)
    monkeypatch.setattr(rungs, "in_turns", lambda works, limit: timing.in_turns(works, rounds=1))


@pytest.mark.usefixtures("quick")
def test_the_table_is_what_a_person_reads(tiny_pack: Path, capsys: pytest.CaptureFixture):
    assert main(["bench", "--pack", str(tiny_pack), "--precision", "float32", "--engine", "torch"]) == 0
    text = capsys.readouterr().out
    assert "fp32 100 GFLOP/s (100 before, 100 after), bf16 200 GFLOP/s" in text
    assert "first frame 0.25 s, after 1.50 s" in text
    lines = [line.split() for line in text.splitlines()]
    full = next(line for line in lines if line[:2] == ["32", "1"])
    assert full[3:5] == ["torch", "fp32"]
    assert full[-1] == "-"  # unknown memory
    assert next(line for line in lines if line[:1] == ["8x"])[1:4] == ["16", "px", "×0.5"]


@pytest.mark.usefixtures("quick")
def test_chosen_rungs_are_measured_beside_the_full_one(tiny_pack: Path, capsys: pytest.CaptureFixture):
    arguments = ["bench", "--pack", str(tiny_pack), "--engine", "torch", "--precision", "fp32", "--json"]
    assert main([*arguments, "--rungs", "16@0.50"]) == 0
    out, told = capsys.readouterr()
    found = json.loads(out)["rungs"]
    assert [(rung["resolution"], rung["ratio"]) for rung in found] == [(16, 0.5), (32, 1.0)]
    assert "2 of 2: 16 px ×0.5" in told


@pytest.mark.usefixtures("quick")
def test_the_fastest_engine_of_each_rung_is_kept(tiny_pack: Path):
    report = bench_command.measured(Pack.open(tiny_pack), [FP32, BF16], lambda text: None)
    assert [drawn.rung for drawn in report.rungs] == list(Pack.open(tiny_pack).ladder)
    assert {drawn.choice for drawn in report.rungs} <= {FP32, BF16}


@pytest.mark.usefixtures("quick")
def test_an_engine_whose_driver_is_missing_is_left_out(tiny_pack: Path):
    pack, missing = Pack.open(tiny_pack), Choice("onnxruntime-tpu", "float32")
    report = bench_command.measured(pack, [missing, FP32], lambda text: None)
    assert {drawn.choice for drawn in report.rungs} == {FP32}
    with pytest.raises(CoreError, match="onnxruntime-tpu"):
        bench_command.measured(pack, [missing], lambda text: None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--engine", "abacus"], ["abacus", "torch in fp32"]),
        (["--precision", "fp8"], ["fp8", "torch in fp32"]),
        (["--engine", "torch", "--precision", "int4"], ["torch in int4"]),
        (["--pack", "nowhere"], ["nowhere"]),
        (["--pack", "tiny", "--config-f"], ["--config-f", "--pack"]),
        (["--rungs", "64@0.5,512@1"], ['no rung "512@1"', "64@0.25, 64@0.5, 128@own, 128@1, or all"]),
        (["--rungs", "64x0.5"], ['no rung "64x0.5"']),
        (["--rungs", ","], ['no rung ""']),
    ],
)
def test_what_this_machine_cannot_do_is_one_sentence(
    arguments: list[str], words: list[str], capsys: pytest.CaptureFixture
):
    try:
        code = main(["bench", *arguments])
    except SystemExit as end:
        code = end.code
    out, complaint = capsys.readouterr()
    assert (code, out) == (2, "")
    assert complaint.startswith("anycost: ")
    assert complaint.count("\n") == 1
    assert all(word in complaint for word in words)


# its parts


def test_the_roofline_is_the_best_shape_s_operations_in_its_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(roofs, "SHAPES", ((8, 16), (16, 16), (4, 32)))
    monkeypatch.setattr(roofs, "time", Clock())  # every convolution takes a second
    best = 2 * 9 * 16 * 16 * 16 * 16 / 1e9
    assert roofs.roofline() == {"fp32": pytest.approx(best), "bf16": pytest.approx(best)}
    assert roofs.higher({"fp32": 1.0, "bf16": 5.0}, {"fp32": 2.0, "bf16": 4.0}) == {"fp32": 2.0, "bf16": 5.0}


def test_slow_shapes_are_run_once(monkeypatch: pytest.MonkeyPatch):
    runs: list[int] = []
    monkeypatch.setattr(roofs, "time", Clock())  # longer than `LONGEST`
    monkeypatch.setattr(roofs.F, "conv2d", lambda *_, **__: runs.append(1))
    roofs.roofline()
    assert len(runs) == len(roofs.SHAPES) * len(roofs.PRECISIONS)


def test_work_is_done_in_turns(monkeypatch: pytest.MonkeyPatch):
    done: list[str] = []
    monkeypatch.setattr(timing, "time", Clock())
    works = {"a": lambda: done.append("a"), "b": lambda: done.append("b")}
    times = timing.in_turns(works, rounds=3, seconds=1e9)
    assert done == ["a", "b"] * (timing.WARM_UP + 3)
    assert times == {"a": Times(1000.0, 0.0), "b": Times(1000.0, 0.0)}
    done.clear()
    timing.in_turns(works, seconds=0)  # late: only the fewest rounds
    assert done == ["a", "b"] * (1 + timing.FEWEST)


def test_slow_work_is_done_in_fewer_rounds_but_in_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(timing, "time", Clock())
    done: list[str] = []
    work = {"a": lambda: done.append("a")}
    for limit, rounds in ((0, 1), (10, 2), (13, 3), (1000, timing.FEWEST)):  # a round takes 3 s
        done.clear()
        timing.in_turns(work, seconds=0, limit=limit)
        assert len(done) == 1 + rounds


@pytest.mark.usefixtures("quick")
def test_rungs_share_the_time_of_a_network(tiny_pack: Path, monkeypatch: pytest.MonkeyPatch):
    limits: list[float] = []
    rounds = rungs.in_turns
    monkeypatch.setattr(rungs, "in_turns", lambda works, limit: limits.append(limit) or rounds(works, limit))
    bench_command.measured(Pack.open(tiny_pack), [FP32], lambda text: None)
    assert len(limits) == 3
    assert 0 < limits[0] < rungs.RUNG_S / 2
    assert limits == sorted(limits)  # quick rungs leave more for the next
    limits.clear()
    monkeypatch.setattr(rungs, "RUNG_S", 0.0)
    bench_command.measured(Pack.open(tiny_pack), [FP32], lambda text: None)
    assert limits == [0, 0, 0]


def test_a_slow_machine_compares_fewer_pictures(tiny_pack: Path, monkeypatch: pytest.MonkeyPatch):
    network = networks.of_pack(Pack.open(tiny_pack))
    latents = network.latents(4)
    assert len(rungs._plain_pictures(network, latents)) == 4
    monkeypatch.setattr(rungs, "PICTURES_S", 0.0)
    assert len(rungs._plain_pictures(network, latents)) == 1


@given(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=30))
def test_a_time_lies_among_what_was_measured(values: list[float]):
    found = timing._times(values)
    assert min(values) <= found.ms <= max(values)
    assert 0 <= found.spread <= max(values) - min(values)


def test_one_latent_after_another():
    drawn: list[int] = []
    work = timing.one_after_another(lambda w: drawn.append(int(w[0, 0])), torch.arange(3).reshape(3, 1, 1))
    for _ in range(5):
        work()
    assert drawn == [0, 1, 2, 0, 1]


def test_config_f_is_the_published_network():
    network = config_f()
    widths = {4: 512, 8: 512, 16: 512, 32: 512, 64: 512, 128: 256, 256: 128, 512: 64, 1024: 32}
    assert network.generator.channels == tuple(width for width in widths.values() for _ in (0, 1))
    assert (network.generator.style_dim, len(network.generator.style)) == (512, 1 + 8)
    weights = sum(parameter.numel() for parameter in network.generator.parameters())
    assert 4 * weights == pytest.approx(121e6, rel=0.01)
    assert {(rung.resolution, rung.ratio) for rung in network.rungs} == set(
        itertools.product((128, 256, 512, 1024), (1.0, 0.75, 0.5, 0.25))
    )
    costs = [work(list(rung.channels)) for rung in network.rungs]
    assert costs == sorted(costs)
    assert network.rungs[-1].channels == network.generator.channels
    strengths = [
        value for name, value in network.generator.named_parameters() if name.endswith("noise.weight")
    ]
    assert len(strengths) == 17
    assert all(strength != 0 for strength in strengths)
    some = networks.places_of(network, networks.SOME_OF_CONFIG_F)
    assert len(some) == len(networks.SOME_OF_CONFIG_F.split(","))
    assert some[-1] == 15


def test_rungs_are_found_by_resolution_and_ratio(tiny_pack: Path):
    network = networks.of_pack(Pack.open(tiny_pack))
    own = replace(network.rungs[1], ratio=None)
    network = replace(network, rungs=(network.rungs[0], own, network.rungs[2]))
    assert networks.places_of(network, "all") == [0, 1, 2]
    assert networks.places_of(network, "32@1.0") == [2]
    assert networks.places_of(network, " 8@.25 , 32@1") == [0, 2]
    assert networks.places_of(network, "16@own") == [1, 2]  # the full one is always included
    with pytest.raises(CoreError, match=r'no rung "16@0\.5": choose from 8@0\.25, 16@own, 32@1, or all'):
        networks.places_of(network, "16@0.5")


def test_latents_are_the_same_in_every_process(tiny_pack: Path):
    one, other = (networks.of_pack(Pack.open(tiny_pack)).latents(3) for _ in range(2))
    assert one.shape == (3, 8, 16)
    assert torch.equal(one, other)
    assert not torch.equal(one[0], one[1])


class Brighter(TorchEngine):
    """Scales the picture to a tenth and adds 0.2."""

    def draw(self, *arguments, **named) -> Tensor:
        picture = super().draw(*arguments, **named)
        assert picture is not None
        return picture * 0.1 + 0.2


def test_psnr_is_that_of_the_difference(tiny_pack: Path):
    network = networks.of_pack(Pack.open(tiny_pack))
    latents = network.latents(2)
    pictures = 0.1 * torch.stack([network.generator(w[None])[0] for w in latents])  # [2, 3, 32, 32]
    found, distance = rungs._nearness(Brighter(network.generator, network.rungs[-1]), latents, pictures, None)
    assert found == pytest.approx(20.0, abs=1e-3)  # 10 log10(2^2 / 0.2^2)
    assert distance is None


@pytest.mark.skipif(not os.access(fresh.CLEAR, os.W_OK), reason="only Linux reports peak memory")
def test_the_most_memory_so_far_can_be_reset():
    size = 64 << 20
    fresh.CLEAR.write_text(fresh.RESET_HIGH_WATER)
    before = fresh.resident("VmHWM")
    with mmap.mmap(-1, size) as fresh_pages:  # an allocator may hold freed pages, which count already
        for start in range(0, size, mmap.PAGESIZE):
            fresh_pages[start] = 1
    assert fresh.resident("VmHWM") - before == pytest.approx(size, rel=0.1)
    fresh.CLEAR.write_text(fresh.RESET_HIGH_WATER)
    assert fresh.resident("VmHWM") - before < size / 4


@pytest.mark.slow
def test_a_failing_process_is_one_sentence(tiny_pack: Path):
    network = networks.of_pack(Pack.open(tiny_pack))
    lost = Benched("lost", network.generator, network.mean_w, network.rungs, Path("/nowhere"))
    with pytest.raises(CoreError, match="nowhere"):
        fresh.peak_bytes(lost, 0, FP32)


def report(*drawn: Drawn) -> BenchReport:
    return BenchReport(
        "Toy", {"fp32": 90.0, "bf16": 210.0}, {"fp32": 100.0, "bf16": 200.0}, None, [*drawn], None
    )


def drawn(ratio: float | None, channels: tuple[int, ...], precision: str, ms: float, psnr: float | None):
    choice = Choice("torch", precision)
    return Drawn(SubGenerator(8, channels, ratio), choice, Times(ms, 0.5), 8.0, 16.0, psnr, None, 3_000_000)


def test_a_report_of_known_figures():
    made = report(
        drawn(None, (10, 10, 10, 10), "float16", 0.5, 30.0),
        drawn(1.0, (40, 40, 40, 40), "float32", 8.0, None),
    )
    small, full = made.data()["rungs"]
    assert (small["ratio"], small["precision"], small["roofline_fraction"]) == (None, "fp16", None)
    assert (small["speedup_full"], small["speedup_plain"], small["peak_bytes"]) == (16.0, 32.0, 3_000_000)
    macs = 9 * 40 * 40 * (16 + 16 + 64) + 3 * 40 * (16 + 64)
    assert full["macs"] == macs
    assert full["roofline_fraction"] == pytest.approx(2 * macs / 0.008 / 100e9)
    assert made.roofline == {"fp32": 100.0, "bf16": 210.0}
    on_gpu = replace(made.rungs[1], choice=Choice("torch-cuda", "float32"))
    assert made.fraction(on_gpu) is None  # the roofline is the CPU's
    lines = [line.split() for line in made.text().splitlines()]
    assert ["8", "own"] in [line[:2] for line in lines]
    assert ["same", "-", "3"] in [line[-3:] for line in lines]
    assert ["10x", "8", "px", "own", "widths", "16.0x", "11.7x"] in lines


# the page


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> growth.Growth:
    """Tables for a 32 px network."""
    monkeypatch.setattr(growth, "SIDES", (8, 16, 32))
    monkeypatch.setattr(growth, "RESOLUTIONS", (8, 16, 32))
    monkeypatch.setattr(growth, "LATE", (32, 8))
    monkeypatch.setattr(growth, "BATCH_SIDE", 16)
    monkeypatch.setattr(growth, "SECONDS", 0.0)
    monkeypatch.setattr(parts, "TIMES", 2)
    torch.manual_seed(1)
    generator = Generator(32, (16, 16, 16, 16, 8, 8, 8, 8), style_dim=8, n_mlp=1).requires_grad_(False)
    network = Benched("Toy", generator, torch.zeros(8), (SubGenerator(32, generator.channels, 1.0),))
    return growth.Growth(network, [FP32, BF16])


def cells(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


@pytest.mark.slow
def test_tables_of_growth_have_a_row_for_everything(small: growth.Growth):
    resolution = cells(small.by_resolution())
    assert [row[0] for row in resolution[2:]] == ["8 px", "16 px", "32 px"]
    assert [len(row) for row in resolution] == [6] * 5
    assert resolution[0][2:] == ["ms, fp32", "GFLOP/s, fp32", "ms, bf16", "GFLOP/s, bf16"]
    assert [row[0] for row in cells(small.by_batch())[2:]] == ["1", "2", "4"]
    region = cells(small.by_region())[2:]
    assert [row[:2] for row in region] == [
        ["8 x 8 px", "6 %"],
        ["16 x 16 px", "25 %"],
        ["32 x 32 px", "100 %"],
    ]
    assert region[-1][3] == region[-1][5] == "100 %"
    assert [row[0] for row in cells(small.in_a_climb())[2:]] == ["the last alone", "8, 16, 32 px"]
    assert [row[0] for row in cells(small.after_a_late_edit())[2:]] == ["32 px", "8 px", "all"]
    shares = [float(row[2].rstrip(" %")) for row in cells(small.by_part())[2:]]
    assert len(shares) == len(parts.PARTS)
    assert sum(shares) == pytest.approx(100, abs=4)  # each share is rounded


def test_a_late_edit_leaves_the_early_styles(small: growth.Growth):
    edits = small._edits(16)  # [4, 8, 8]
    assert all(torch.equal(edits[0, :4], edit[:4]) for edit in edits)
    assert not any(torch.equal(edits[0, k], edits[1, k]) for k in range(4, 8))
    assert not torch.equal(small._edits(4)[0, 0], small._edits(4)[1, 0])


def test_operations_are_sorted_by_what_they_are_for():
    maps, rgb = [1, 32, 64, 64], [1, 3, 64, 64]
    assert parts.part("aten::conv2d", [maps, [16, 32, 3, 3]]) == "plain convolutions"
    assert parts.part("aten::conv2d", [maps, [32, 1, 4, 4]]) == "FIR filter"
    assert parts.part("aten::conv2d", [maps, [3, 32, 1, 1]]) == "RGB"
    assert parts.part("aten::conv_transpose2d", [maps, [32, 16, 3, 3]]) == "upsampling convolutions"
    assert parts.part("aten::leaky_relu_", [maps]) == "noise, bias, activation, copies"
    assert parts.part("aten::add", [rgb, rgb]) == "RGB"
    assert parts.part("aten::mul", [[64, 32, 3, 3], [64, 32, 1, 1]]) == "styles and weights"
    assert parts.part("aten::linear", [[1, 512], [32, 512], [32]]) == "styles and weights"
    assert parts.part("pixels", []) == "pixels"


def test_a_page_has_new_figures_between_its_marks():
    text = "A\n<!-- figures: one -->\nold\n<!-- end -->\nB\n<!-- figures: two -->\n<!-- end -->\n"
    made = page.rewritten(text, {"one": r"| \1 |", "two": "t"})
    assert made == (
        "A\n<!-- figures: one -->\n| \\1 |\n<!-- end -->\nB\n<!-- figures: two -->\nt\n<!-- end -->\n"
    )
    assert page.rewritten(made, {"one": "old", "two": "t"}).startswith(text[:40])
    with pytest.raises(CoreError, match="three"):
        page.rewritten(text, {"three": ""})


def test_the_documentation_has_a_place_for_every_figure():
    text = (Path(__file__).parents[2] / "docs" / "speed.md").read_text("utf-8")
    page.rewritten(text, dict.fromkeys(page.figures("portraits"), "figure"))
