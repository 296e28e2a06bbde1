"""The evolutionary search finds what brute force finds, never exceeds its budget and resumes exactly."""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import forked
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from pair import Pair
from published_nets import publish_lpips

from anycost.commands.cli import main
from anycost.core.editing.perceptual import Measure, best_measure
from anycost.core.errors import CoreError
from anycost.core.rendering.calibration import Calibration, Timed
from anycost.core.rendering.cores import one_thread
from anycost.core.rendering.engines.engine import Engine
from anycost.core.rendering.engines.registry import ALWAYS, Choice, open_engine
from anycost.core.rendering.ladder import Pass, Timings, passes
from anycost.lab.measuring.subject import of_pack
from anycost.lab.running import distributed
from anycost.lab.search import budgets, distances, evolution, kept_pictures, searcher
from anycost.lab.search.budgets import Budget, TimeTable, fitted, parse_budget, work
from anycost.lab.search.distances import Distances, measure_of
from anycost.lab.search.evolution import Evolution, SearchSettings, evolve
from anycost.lab.search.ladder_file import as_ladder, install
from anycost.lab.search.run import Run
from anycost.lab.search.space import Space
from anycost.models.layer_sizes import layer_count
from anycost.models.macs import macs
from anycost.models.manifest import PackError, read_manifest
from anycost.models.pack import Pack, rung_entry
from anycost.models.widths import SubGenerator, WidthRule

SIDES, WIDTHS = (8, 16, 32), (4, 8, 16)
SPACE = Space(SIDES, (WIDTHS,) * layer_count(32))
FULL = SubGenerator(32, (16,) * layer_count(32))


def far(rung: SubGenerator) -> float:
    """A distance to FULL without networks: layers have different weights, and neighbours interact."""
    lost = [(1 - c / 16) ** 2 for c in rung.channels]
    lost += [1.5] * (layer_count(32) - len(lost))
    return sum((1 + k % 3) * a * (1 + b) for k, (a, b) in enumerate(itertools.pairwise([*lost, lost[0]])))


@cache
def everything() -> list[tuple[SubGenerator, int, float]]:
    """Every sub-generator of SPACE, its work and its distance."""
    all_of_them = [
        SubGenerator(side, channels)
        for side in SPACE.resolutions
        for channels in itertools.product(*SPACE.widths[: layer_count(side)])
    ]
    return [(rung, rung.macs, far(rung)) for rung in all_of_them]


def searched(limit: float, chosen: SearchSettings, cost: Callable[[SubGenerator], float] = work) -> Evolution:
    *_, found = evolve(SPACE, [], lambda rung: cost(rung) <= limit, far, chosen, Evolution())
    return found


# the evolution


@pytest.mark.slow
@pytest.mark.parametrize("saved", [2, 5, 12])
@pytest.mark.parametrize("seed", [0, 1])
def test_it_finds_the_optimum_that_brute_force_finds(saved: int, seed: int):
    limit = work(FULL) / saved
    best = min(distance for _, macs, distance in everything() if macs <= limit)
    found = searched(limit, SearchSettings(seed=seed))
    assert found.lowest[-1] == pytest.approx(best, rel=1e-12)
    assert len(found.distances) < len(everything()) / 5


@settings(max_examples=40)
@given(st.floats(0.0, 1.0), st.integers(0, 1000), st.integers(2, 12), st.integers(0, 4))
def test_budgets_are_held_and_the_best_is_kept(share: float, seed: int, population: int, generations: int):
    limit = work(SPACE.cheapest) ** (1 - share) * work(FULL) ** share
    found = searched(limit, SearchSettings(population, generations, seed))
    assert all(rung.macs <= limit and SPACE.holds(rung) for rung in found.distances)
    assert len(found.lowest) == generations + 1
    assert found.lowest == sorted(found.lowest, reverse=True)
    assert found.lowest[-1] == far(found.nearest()[0]) == min(map(far, found.distances))


def test_it_depends_on_its_seed_alone():
    limit = work(FULL) / 6
    one, same, other = (searched(limit, SearchSettings(10, 5, seed)) for seed in (3, 3, 4))
    assert one == same
    assert one.distances.keys() != other.distances.keys()


def test_stopped_anywhere_it_resumes_the_same():
    limit, chosen = work(FULL) / 6, SearchSettings(10, 6)
    whole = searched(limit, chosen)
    for generation, found in enumerate(
        evolve(SPACE, [], lambda r: work(r) <= limit, far, chosen, Evolution())
    ):
        kept = Evolution(dict(found.distances), list(found.lowest))
        *_, resumed = [kept, *evolve(SPACE, [], lambda r: work(r) <= limit, far, chosen, kept)]
        assert resumed == whole, generation


def test_nothing_is_measured_twice_and_half_of_a_generation_is_mutated(monkeypatch: pytest.MonkeyPatch):
    made = {"cross": 0, "mutate": 0}
    monkeypatch.setattr(evolution, "TRIES", 10_000)  # so that every child is new

    class Counting(Space):
        def cross(self, chance: random.Random, a: SubGenerator, b: SubGenerator) -> SubGenerator:
            made["cross"] += 1
            return super().cross(chance, a, b)

        def mutate(self, chance: random.Random, rung: SubGenerator, share: float) -> SubGenerator:
            made["mutate"] += 1
            assert share == 0.1
            return super().mutate(chance, rung, share)

    asked: list[SubGenerator] = []

    def distance(rung: SubGenerator) -> float:
        asked.append(rung)
        return far(rung)

    space = Counting(SPACE.resolutions, SPACE.widths)
    list(evolve(space, [FULL, FULL], lambda _: True, distance, SearchSettings(50, 1), Evolution()))
    assert len(asked) == len(set(asked)) == 100
    assert asked[0] == FULL
    assert min(made.values()) >= 25


def test_a_budget_for_one_candidate_ends():
    found = searched(work(SPACE.cheapest), SearchSettings(6, 3))
    assert list(found.distances) == [SPACE.cheapest]
    with pytest.raises(ValueError, match="fits"):
        searched(work(SPACE.cheapest) - 1, SearchSettings())


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_candidates_and_their_children_stay_in_the_space(seed: int, share: float):
    chance = random.Random(seed)
    a, b = SPACE.draw(chance), SPACE.draw(chance)
    child, mutant = SPACE.cross(chance, a, b), SPACE.mutate(chance, a, share)
    assert all(map(SPACE.holds, (a, b, child, mutant, SPACE.cheapest, FULL)))
    for i, c in enumerate(child.channels):
        assert c in {r.channels[i] for r in (a, b) if i < len(r.channels)}
    assert SPACE.mutate(chance, a, 0) == a


# the space


def test_layers_choose_among_the_widths_that_the_packs_rule_gives():
    full = (512, 512, 512, 512, 512, 512, 512, 512, 512, 512, 256, 256)
    capped = Space.of(full, WidthRule("capped"), (0.25, 0.5, 1.0), (64, 128))
    assert capped.widths[0] == (512,)  # as published: low resolutions keep their full width
    assert capped.widths[6] == (256, 512)
    assert capped.widths[10] == (64, 128, 256)
    proportional = Space.of(full, WidthRule("proportional"), (1.0, 0.5), (128, 64))
    assert proportional.widths == ((256, 512),) * 10 + ((128, 256),) * 2
    assert proportional.resolutions == (64, 128)
    assert proportional.holds(WidthRule("proportional").sub_generator(full, 64, 0.5))
    assert not proportional.holds(SubGenerator(64, (500,) * 10))


# costs


@given(st.integers(0, 10_000))
def test_work_is_what_the_layers_multiply(seed: int):
    rung = SPACE.draw(random.Random(seed))
    by_hand = 0
    for i, (before, c) in enumerate(itertools.pairwise(rung.channels), 1):
        side = 4 * 2 ** (i // 2)
        by_hand += 9 * before * c * (side // 2 if i % 2 == 0 else side) ** 2 + (i % 2) * 3 * c * side**2
    assert work(rung) == macs(rung.channels) == by_hand


def test_budgets_are_parsed():
    assert parse_budget("8x") == Budget(8, "x")
    assert str(parse_budget("20.50ms")) == "20.5ms"
    assert Budget(8, "x").limit(FULL.channels) == macs(FULL.channels) / 8
    assert Budget(20, "ms").limit(FULL.channels) == 20
    for text in ("8", "x", "0x", "0.5x", "0ms", "-8x", "8 x", "1e9x", "nanms", "8X", "20s", "٨x"):
        with pytest.raises(CoreError, match="8x") as error:
            parse_budget(text)
        assert error.value.kind == "bad-value"


def test_a_time_table_is_found_again_from_what_it_predicts():
    truth = TimeTable((0.1, 0.2, 0.3, 0.4), (0, 2e-6, 1e-6, 3e-6, 2e-6, 1e-6, 4e-6, 1e-6))
    chance = random.Random(0)
    rungs = [SPACE.draw(chance) for _ in range(60)]
    table = fitted(rungs, [truth(rung) for rung in rungs], 8)
    for _ in range(50):
        rung = SPACE.draw(chance)
        assert table(rung) == pytest.approx(truth(rung), rel=1e-6)
    noisy = fitted(rungs, [chance.uniform(0.1, 5) for _ in rungs], 8)
    assert min(*noisy.blocks, *noisy.layers) >= 0  # else a wider layer could seem to save time


def test_finalists_really_hold_a_budget_of_milliseconds(tmp_path: Path):
    """The machine takes twice as long as its table says, and ten times as long for one rung."""
    table = TimeTable((0.0,) * 4, (1e-6,) * 8)
    run = Run(tmp_path, SPACE, Budget(2, "ms"), SearchSettings(20, 3), {})
    list(run.go_on([], table, 2.0, far))
    seen = json.loads((tmp_path / "state.json").read_bytes())["seen"]
    rungs = [SubGenerator(side, tuple(counts)) for side, counts, _ in seen]
    odd = min((r for r in rungs if table(r) <= 1), key=far)

    def clock(rung: SubGenerator) -> float:
        return (10 if rung == odd else 2) * table(rung)

    winner = run.winner(clock, 2.0)
    assert clock(winner) <= 2
    assert winner == min((r for r in rungs if r != odd and clock(r) <= 2), key=far)
    again = Run(tmp_path, SPACE, Budget(2, "ms"), SearchSettings(20, 3), {})
    assert again.left == 0
    assert again.winner(lambda rung: 1e9, 2.0) == winner  # already found
    assert again.table == table


def test_one_slow_moment_rules_out_no_other_finalist(tmp_path: Path):
    table = TimeTable((0.0,) * 4, (1e-6,) * 8)
    run = Run(tmp_path, SPACE, Budget(2, "ms"), SearchSettings(20, 3), {})
    *_, found = run.go_on([], table, 2.0, far)
    slow, second = found.nearest(2)
    assert run.winner(lambda rung: 100.0 if rung == slow else table(rung), 2.0) == second


def test_a_machine_too_slow_for_every_candidate_gets_a_clear_error(tmp_path: Path):
    run = Run(tmp_path, SPACE, Budget(2, "ms"), SearchSettings(5, 1), {})
    list(run.go_on([], TimeTable((0.0,) * 4, (1e-6,) * 8), 2.0, far))
    with pytest.raises(CoreError, match="allow more time"):
        run.winner(lambda rung: 3.0, 2.0)


# distances


def test_distances_are_to_the_enlarged_full_pictures_of_the_same_latents(tiny_pack: Path):
    pack = Pack.open(tiny_pack)
    subject = of_pack(pack)
    measure = Measure("mean square", lambda picture: [picture])
    distance = Distances(subject, measure, 20, seed=5)
    z = torch.randn(20, 16, generator=torch.Generator().manual_seed(5))
    mean = torch.from_numpy(pack.mean_w)
    with torch.inference_mode():
        w = mean + 0.7 * (pack.generator().style(z) - mean)  # [20, 16]
        w = w[:, None].repeat(1, pack.n_style, 1)
        full = pack.generator()(w).clamp(-1, 1)  # [20, 3, 32, 32]
        small = pack.generator()(w, 16, (12, 24, 12, 24, 8, 16)).clamp(-1, 1)
        small = F.interpolate(small, (32, 32), mode="bilinear")
    expected = (full - small).square().sum(dim=1).mean()
    assert distance(SubGenerator(16, (12, 24, 12, 24, 8, 16))) == pytest.approx(float(expected), rel=1e-4)
    assert distance(SubGenerator(32, pack.channels, 1.0)) == 0


def test_the_full_pictures_are_drawn_once(tiny_pack: Path):
    pack = Pack.open(tiny_pack)
    subject, drawn = of_pack(pack), []
    measure = measure_of(pack)
    counting = Measure(measure.name, lambda picture: (drawn.append(len(picture)), measure.embed(picture))[1])
    distance = Distances(subject, counting, 20, seed=5)
    small = pack.rule.sub_generator(pack.channels, 8, 0.5)
    assert distance(small) == distance(small) > 0
    assert sum(drawn) == 3 * 20 + 1  # and one to see how large its maps are


@pytest.mark.parametrize("side", [None, 16])
def test_pictures_that_are_kept_on_the_disk_give_the_distances_of_kept_maps(
    tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, side: int | None
):
    pack = Pack.open(tiny_pack)
    subject, measure = of_pack(pack), Measure("pixels", lambda picture: [picture], side=side)
    small, full = pack.rule.sub_generator(pack.channels, 8, 0.5), SubGenerator(32, pack.channels)
    kept = Distances(subject, measure, 20, seed=5)(small)  # a whole batch and a part of one
    monkeypatch.setattr(distances, "MAX_BYTES", 1000)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    streamed = Distances(subject, measure, 20, seed=5)
    assert streamed(small) == pytest.approx(kept, rel=1e-6)
    assert streamed(full) == pytest.approx(0, abs=1e-9) != kept
    assert not list(tmp_path.iterdir())  # the file has no name that a killed search could leave behind


def test_a_disk_without_room_for_the_pictures_is_told(
    tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pack = Pack.open(tiny_pack)
    monkeypatch.setattr(distances, "MAX_BYTES", 1000)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(kept_pictures, "FREE", 1 << 60)
    with pytest.raises(CoreError, match="TMPDIR") as error:
        Distances(of_pack(pack), measure_of(pack), 20, seed=5)(SubGenerator(32, pack.channels))
    assert error.value.kind == "no-space"
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(CoreError, match="TMPDIR"):
        Distances(of_pack(pack), measure_of(pack), 20, seed=5)(SubGenerator(32, pack.channels))


def test_the_measure_is_the_packs_own_or_else_the_best_available(tiny_pack: Path, tmp_path: Path):
    assert measure_of(Pack.open(tiny_pack)).name == "the pack's own features"
    bare = copied(tiny_pack, tmp_path / "bare")
    document = json.loads((bare / "pack.json").read_bytes())
    document["features"] = None
    (bare / "pack.json").write_text(json.dumps(document))
    assert measure_of(Pack.open(bare)).name == best_measure(Pack.open(bare)).name


def test_a_search_may_ask_for_lpips_and_measures_where_it_draws(
    tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The device "meta" stands for a GPU: there too, an operation on two devices is an error."""
    pack, away = Pack.open(tiny_pack), torch.device("meta")
    publish_lpips(monkeypatch, tmp_path, "alex")
    monkeypatch.setattr(distributed, "device", lambda: away)
    for measure in (measure_of(pack), measure_of(pack, "lpips-alex")):
        assert measure.apart(*torch.empty(2, 1, 3, 32, 32, device=away)).device == away
    assert measure_of(pack, "lpips-alex").name == "LPIPS (AlexNet)"
    with pytest.raises(CoreError, match="anycost weights get vgg"):
        measure_of(pack, "lpips-vgg")
    with pytest.raises(CoreError, match="lpips-alex or lpips-vgg"):
        measure_of(pack, "lpips")


# the ladder


def copied(pack: Path, folder: Path) -> Path:
    shutil.copytree(pack, folder)
    return folder


def test_a_ladder_rises_in_cost_and_nearness_to_the_full_one():
    wide, narrow = SubGenerator(32, (8,) * 8), SubGenerator(32, (4,) * 8)
    small = SubGenerator(16, (16,) * 6)
    assert as_ladder({wide: 0.1, narrow: 0.3, small: 0.4, FULL: 0.0}, FULL) == [narrow, wide, FULL]
    assert as_ladder({FULL: 0.0}, FULL) == [FULL]
    timings = Timings()
    timings.record(Pass.whole(narrow), 5)
    ladder = as_ladder({wide: 0.1, narrow: 0.3}, FULL)
    for quality in ("draft", "preview", "full", "auto"):
        costs = [drawn.rung.macs for drawn in passes(ladder, quality, False, timings)]
        assert costs == sorted(costs)
    assert passes(ladder, "full", False, timings)[-1] == Pass.whole(FULL)
    enough = 5.1 * wide.macs / narrow.macs
    assert passes(ladder, "auto", True, timings, enough) == [Pass.whole(wide)]


def test_installing_changes_the_ladder_and_nothing_else(tiny_pack: Path, tmp_path: Path):
    pack = Pack.open(copied(tiny_pack, tmp_path / "tiny"))
    before = json.loads((pack.folder / "pack.json").read_bytes())
    rung = SubGenerator(16, (12, 24, 12, 24, 8, 16))
    install(pack, [rung, SubGenerator(32, pack.channels, 1.0)])
    after = json.loads((pack.folder / "pack.json").read_bytes())
    assert list(before) == list(after)
    assert {**after, "ladder": before["ladder"]} == before
    ladder = read_manifest(pack.folder).ladder
    assert ladder == (rung, SubGenerator(32, pack.channels))
    assert [rung.ratio for rung in ladder] == [None, 1.0]
    assert sorted(os.listdir(pack.folder)) == sorted(os.listdir(tiny_pack))
    with pytest.raises(PackError, match="ladder"):
        install(pack, [rung])
    assert json.loads((pack.folder / "pack.json").read_bytes()) == after


# the command


def refused(capfd: pytest.CaptureFixture, *arguments: object) -> str:
    """Return the one sentence with which `anycost search` refuses."""
    try:
        code = main(["search", *map(str, arguments)])
    except SystemExit as end:
        code = end.code
    out, complaints = capfd.readouterr()
    assert (code, out) == (2, "")
    assert complaints.startswith("anycost: ")
    assert complaints.count("\n") == 1
    return complaints


@pytest.mark.slow
def test_the_command_searches_shows_and_installs(
    tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
):
    folder = copied(tiny_pack, tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    line = ["search", "--pack", "mine", "--budget", "8x", "--budget", "5000ms", "--install"]
    line += ["--population", "8", "--generations", "2", "--samples", "4"]
    assert main(line) == 0
    said = "".join(capfd.readouterr())
    for word in ("8x", "5000ms", "GMAC", "distance", "uniform", "8x: "):
        assert word in said
    pack = Pack.open(folder)
    report = json.loads((tmp_path / "search" / "tiny-ladder.json").read_bytes())
    assert [rung_entry(rung) for rung in pack.ladder] == report["ladder"]
    full = macs(pack.channels)
    for row, limit in zip(report["searched"], (full / 8, full), strict=True):
        assert row["macs"] == macs(row["channels"]) <= limit
        assert row["uniform"]["macs"] <= limit
    assert [row["ms"] > 0 for row in report["uniform"]] == [True] * 9
    assert report["uniform"][-1]["distance"] == 0
    costs = [rung.macs for rung in pack.ladder]
    assert costs == sorted(costs)
    w = torch.from_numpy(pack.mean_w)[None, None].repeat(1, pack.n_style, 1)
    with torch.inference_mode():
        for rung in pack.ladder:
            assert pack.generator()(w, rung.resolution, rung.channels).isfinite().all()
    assert (tmp_path / "search" / "tiny-ladder.png").read_bytes().startswith(b"\x89PNG")


@contextmanager
def sparing() -> Iterator[None]:
    """A search times few pictures and draws no plot: each takes as long as all the rest."""
    with pytest.MonkeyPatch.context() as patch:
        for name, count in (("DRAWN", 1), ("QUICK", 2), ("CAREFUL", 2)):
            patch.setattr(budgets, name, count)
        patch.setattr(searcher, "_plot", lambda *_: None)
        yield


@pytest.fixture
def sparingly() -> Iterator[None]:
    with sparing():
        yield


LONG = ["--budget", "8x", "--population", "8", "--generations", "5", "--samples", "4"]


def state_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "tiny-8x" / "state.json").read_bytes())


@pytest.fixture(scope="module")
def straight(tiny_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The final state of an uninterrupted search."""
    out = tmp_path_factory.mktemp("straight")
    with sparing(), one_thread():  # for equal sums
        assert main(["search", "--pack", str(tiny_pack), *LONG, "--out", str(out)]) == 0
    return state_of(out)


def ended_search(arguments: list[str], sent: signal.Signals) -> None:
    """`anycost search` that sends itself a signal before measuring its 20th candidate."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    measure, measured = Distances.__call__, []

    def ended(self: Distances, rung: SubGenerator) -> float:
        measured.append(rung)
        if len(measured) == 20:
            os.kill(os.getpid(), sent)
        return measure(self, rung)

    Distances.__call__ = ended
    sys.exit(main(["search", *arguments]))


@pytest.mark.slow
@pytest.mark.usefixtures("sparingly")
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_an_ended_search_resumes_exactly(
    tiny_pack: Path, tmp_path: Path, straight: dict[str, Any], sent: signal.Signals
):
    arguments = ["--pack", str(tiny_pack), *LONG, "--out", str(tmp_path)]
    code, said = forked.run(tmp_path / "said", ended_search, arguments, sent)
    assert code == {signal.SIGKILL: -signal.SIGKILL, signal.SIGINT: 130}[sent], said
    assert "Traceback" not in said
    assert 1 <= len(state_of(tmp_path)["lowest"]) < 6
    with one_thread():
        assert main(["search", *arguments]) == 0
    assert state_of(tmp_path) == straight
    assert len(straight["lowest"]) == 6
    assert straight["winner"] is not None
    assert os.listdir(tmp_path / "tiny-8x") == ["state.json"]


@pytest.mark.slow
@pytest.mark.usefixtures("sparingly")
def test_more_generations_continue_and_another_search_is_refused(
    tiny_pack: Path, tmp_path: Path, capfd: pytest.CaptureFixture
):
    base = ["--pack", tiny_pack, "--budget", "8x", "--samples", "2", "--population", "4", "--out", tmp_path]
    state = tmp_path / "tiny-8x" / "state.json"
    for generations in (0, 2):
        assert main(["search", *map(str, base), "--generations", str(generations)]) == 0
        assert len(json.loads(state.read_bytes())["lowest"]) == generations + 1
    capfd.readouterr()
    for option, value, word in (("--seed", 1, "seed"), ("--samples", 3, "samples")):
        complaint = refused(capfd, *base, option, value)
        assert word in complaint
        assert "--out" in complaint
    kept = state.read_bytes()
    for damaged in (b"", b"[" * 100_000, b"{}", kept[:100], kept.replace(b'"winner": [', b'"winner": [7, ')):
        state.write_bytes(damaged)
        assert "delete it" in refused(capfd, *base)


def searched_together(pack: Path, out: Path, *limits: str) -> tuple[int, int]:
    """`anycost search` with few candidates: its exit code, and how many of them this process measured."""
    measured, measure = [], Distances.__call__
    chosen = [word for limit in limits for word in ("--budget", limit)]
    chosen += ["--population", "4", "--generations", "1", "--samples", "2", "--out", str(out)]
    with sparing(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Distances, "__call__", lambda self, rung: (measured.append(rung), measure(self, rung))[1]
        )
        return main(["search", "--pack", str(pack), *chosen]), len(measured)


@pytest.mark.slow
def test_two_processes_find_what_one_finds(tiny_pack: Path, tmp_path: Path, pair: Pair):
    with one_thread():  # for equal sums
        code, measured = searched_together(tiny_pack, tmp_path / "one", "8x")
    assert code == 0
    found = pair.run(searched_together, tiny_pack, tmp_path / "two", "8x")
    assert [code for code, _ in found] == [0, 0]
    shares = [count for _, count in found]
    assert sum(shares) == measured
    assert 0 <= shares[0] - shares[1] <= 3  # at most one for each generation and the report
    assert state_of(tmp_path / "one") == state_of(tmp_path / "two")
    one, two = (json.loads((tmp_path / k / "tiny-ladder.json").read_bytes()) for k in ("one", "two"))
    assert one["ladder"] == two["ladder"]
    for mine, theirs in zip(one["uniform"], two["uniform"], strict=True):
        assert mine["distance"] == theirs["distance"]
    pair.run(searched_together, tiny_pack, tmp_path / "two", "5000ms")  # timed by one of the two
    assert json.loads((tmp_path / "two" / "tiny-5000ms" / "state.json").read_bytes())["winner"]


@pytest.mark.slow
@pytest.mark.usefixtures("sparingly")
def test_milliseconds_are_those_of_the_engines_that_calibration_chose(
    tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pack, best = Pack.open(tiny_pack), Choice("torch", "bfloat16")
    opened: list[Choice] = []

    def opening(choice: Choice, *arguments: Any) -> Engine:
        opened.append(choice)
        return open_engine(choice, *arguments)

    calibration = Calibration({pack.channels: (Timed(best, 1.0), Timed(ALWAYS, 2.0))})
    monkeypatch.setattr("anycost.core.rendering.renderer.open_engine", opening)
    arguments = ["--budget", "5000ms", "--samples", "2", "--population", "4", "--generations", "0"]
    for known, choice in ((None, ALWAYS), (calibration, best)):
        opened.clear()
        monkeypatch.setattr("anycost.lab.search.searcher.load", lambda _, known=known: known)
        out = tmp_path / choice.precision
        assert main(["search", "--pack", str(tiny_pack), *arguments, "--out", str(out)]) == 0
        assert set(opened) == {choice}


@pytest.mark.slow
def test_without_matplotlib_a_sentence_replaces_the_plot(
    tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.delitem(sys.modules, "anycost.lab.search.search_plot", raising=False)
    arguments = ["--budget", "8x", "--samples", "2", "--population", "4", "--generations", "0"]
    assert main(["search", "--pack", str(tiny_pack), *arguments, "--out", str(tmp_path)]) == 0
    out, said = capfd.readouterr()
    assert "ladder" in out
    assert "matplotlib" in said
    assert sorted(os.listdir(tmp_path)) == ["tiny-8x", "tiny-ladder.json"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--budget", "fast"], ["fast", "8x", "20ms"]),
        (["--budget", "1000x"], ["1000x", "the most"]),
        (["--budget", "0.0001ms"], ["0.0001ms", "the least"]),
        (["--budget", "8x", "--population", "1"], ["population", "2"]),
        (["--budget", "8x", "--generations", "-1"], ["generations", "0"]),
        (["--budget", "8x", "--samples", "0"], ["samples", "1"]),
        (["--budget", "8x", "--seed", "soon"], ["--seed", "soon"]),
        ([], ["--budget"]),
    ],
)
def test_refusals(
    tiny_pack: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture,
    arguments: list[str],
    words: list[str],
):
    monkeypatch.setattr(budgets, "DRAWN", 1)
    monkeypatch.setattr("anycost.lab.search.budgets.tqdm", lambda rungs, **_: rungs)
    complaint = refused(capfd, "--pack", tiny_pack, "--out", tmp_path / "out", *arguments)
    for word in words:
        assert word in complaint
    assert not (tmp_path / "out").exists()


def test_a_pack_that_is_not_the_users_keeps_its_ladder(
    tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
):
    arguments = ["--budget", "8x", "--install", "--out", tmp_path / "out"]
    complaint = refused(capfd, "--pack", "portraits", *arguments)
    assert "comes with Anycost" in complaint
    assert "--out" in complaint
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root can write anywhere
    assert "cannot be changed by you" in refused(capfd, "--pack", tiny_pack, *arguments)
    assert not (tmp_path / "out").exists()
