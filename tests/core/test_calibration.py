"""The engine for a rung: measured, stored for this machine and these libraries, read back and shown."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from anycost.commands.calibrate import print_calibration, table
from anycost.commands.cli import main
from anycost.core.rendering import calibration
from anycost.core.rendering.calibration import Calibration, Timed, calibrate, load
from anycost.core.rendering.engines.engine import never
from anycost.core.rendering.engines.registry import ALWAYS, Choice, available
from anycost.models.pack import Pack
from anycost.models.widths import SubGenerator

A, B, C = ALWAYS, Choice("b", "bfloat16"), Choice("c", "float32")


@pytest.fixture
def pack(tiny_pack: Path) -> Pack:
    return Pack.open(tiny_pack)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty folder for calibrations."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "anycost" / "calibrations"


def silent(what: str, share: float) -> None:
    """Ignore progress."""


@dataclass
class Machine:
    """Engines with given times on a simulated clock; a first picture takes ten times as long."""

    ms: dict[Choice, float]
    decibels: dict[Choice, float] = field(default_factory=dict)  # PSNR of the pictures; default: exact
    broken: tuple[Choice, ...] = ()
    clock: float = 0.0
    drawn: list[Choice] = field(default_factory=list)

    def open_engine(self, choice: Choice, generator, rung: SubGenerator, key: str) -> MachineEngine:
        if choice in self.broken:
            raise OSError("no driver")
        return MachineEngine(self, choice, rung)


@dataclass
class MachineEngine:
    machine: Machine
    choice: Choice
    rung: SubGenerator
    warm: bool = False

    def draw(self, w: Tensor, stopped=never) -> Tensor | None:
        if stopped():
            return None
        self.machine.clock += self.machine.ms[self.choice] / 1000 * (1 if self.warm else 10)
        self.warm = True
        self.machine.drawn.append(self.choice)
        side = self.rung.resolution
        right = (w[0, :3, None, None] / 10).expand(3, side, side)  # [3, R, R]
        return right + 2 * 10 ** (-self.machine.decibels.get(self.choice, 200.0) / 20)


def on(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(calibration, "available", lambda: list(machine.ms))
    monkeypatch.setattr(calibration, "open_engine", machine.open_engine)
    monkeypatch.setattr(calibration.time, "perf_counter", lambda: machine.clock)
    return machine


@settings(max_examples=25)
@given(st.lists(st.floats(1, 500), min_size=3, max_size=3))
def test_the_fastest_engine_wins_with_its_time(pack: Pack, times: list[float]):
    with pytest.MonkeyPatch.context() as patch:
        machine = on(Machine(dict(zip((A, B, C), times, strict=True))), patch)
        found = calibrate(pack, silent, never)
    assert found is not None
    for rung in pack.ladder:
        assert machine.ms[found.choice(rung)] == pytest.approx(min(times))  # equal times differ by rounding
        assert found.ms(rung) == pytest.approx(min(times))
        assert [timed.ms for timed in found.rungs[rung.channels]] == pytest.approx(sorted(times))


def test_an_engine_far_behind_draws_no_more_than_twice(pack: Pack, monkeypatch: pytest.MonkeyPatch):
    machine = on(Machine({A: 40.0, B: 10.0, C: 15.0}), monkeypatch)
    calibrate(pack, silent, never)
    draws = {choice: machine.drawn.count(choice) / len(pack.ladder) for choice in machine.ms}
    assert draws == {A: 2, B: 1 + calibration.MOST_DRAWS, C: 1 + calibration.MOST_DRAWS}


def test_large_rungs_are_not_drawn_over_and_over(pack: Pack, monkeypatch: pytest.MonkeyPatch):
    machine = on(Machine({A: 20_000.0, B: 15_000.0}), monkeypatch)
    calibrate(pack, silent, never)
    assert all(machine.drawn.count(choice) <= 3 * len(pack.ladder) for choice in (A, B))


def test_a_coarse_engine_and_a_broken_one_are_left_out(pack: Pack, monkeypatch: pytest.MonkeyPatch):
    on(Machine({A: 9.0, B: 2.0, C: 1.0}, decibels={B: 42.1, C: 41.9}), monkeypatch)
    found = calibrate(pack, silent, never)
    assert found is not None
    assert {timed.choice for timed in found.rungs[pack.ladder[0].channels]} == {A, B}
    on(Machine({A: 9.0, B: 2.0, C: 1.0}, broken=(B,), decibels={C: float("nan")}), monkeypatch)
    found = calibrate(pack, silent, never)
    assert found is not None
    assert [timed.choice for timed in found.rungs[pack.ladder[0].channels]] == [A]


def test_torch_itself_failing_is_not_hidden(pack: Pack, monkeypatch: pytest.MonkeyPatch):
    on(Machine({A: 1.0}, broken=(A,)), monkeypatch)
    with pytest.raises(OSError, match="no driver"):
        calibrate(pack, silent, never)


def test_progress_grows_from_nothing_to_all(pack: Pack, monkeypatch: pytest.MonkeyPatch):
    on(Machine({A: 2.0, B: 1.0}), monkeypatch)
    told: list[tuple[str, float]] = []
    calibrate(pack, lambda what, share: told.append((what, share)), never)
    shares = [share for _, share in told]
    assert shares == sorted(set(shares))
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert told[0][0] == "8 px ×0.25, torch float32"


def test_stopped_at_any_time_it_keeps_nothing(pack: Pack, cache: Path, monkeypatch: pytest.MonkeyPatch):
    questions = 0

    def stopped() -> bool:
        nonlocal questions
        questions += 1
        return questions > last

    last = 1 << 30
    on(Machine({A: 1.5, B: 1.0}), monkeypatch)
    assert calibrate(pack, silent, stopped) is not None
    for file in cache.iterdir():
        file.unlink()
    asked = questions
    for last in range(0, asked, 7):
        questions = 0
        assert calibrate(pack, silent, stopped) is None
        assert questions == last + 1  # the first yes stops it
        assert list(cache.iterdir()) == []


# with this machine's own engines


@pytest.mark.slow
def test_what_was_measured_is_read_back(pack: Pack, cache: Path):
    assert load(pack) is None
    found = calibrate(pack, silent, never)
    assert found is not None
    read = load(pack)
    assert read is not None
    assert read.rungs == found.rungs
    assert len(list(cache.iterdir())) == 1
    for rung in pack.ladder:
        ms = read.ms(rung)
        assert ms is not None
        assert ms > 0
        assert read.choice(rung) in available()
        assert ALWAYS in {timed.choice for timed in read.rungs[rung.channels]}


def test_parts_are_drawn_by_the_fastest_that_draws_parts():
    rung = SubGenerator(8, (4, 4, 4, 4), 1.0)
    rows = [("openvino", "bfloat16"), ("torch", "bfloat16"), ("onnxruntime-cpu", "float32"), ALWAYS]
    timed = tuple(Timed(Choice(*row), 1.0 + k) for k, row in enumerate(rows))
    calibration = Calibration({rung.channels: timed})
    assert calibration.choice(rung) == Choice("openvino", "bfloat16")
    assert calibration.choice(rung, part=True) == Choice("torch", "bfloat16")


def test_a_rung_that_was_not_measured_takes_its_neighbours_engine():
    calibrated = Calibration({(2,) * 4: (Timed(B, 1.0),), (16,) * 8: (Timed(C, 9.0), Timed(B, 11.0))})
    assert calibrated.choice(SubGenerator(32, (15,) * 8)) == C
    assert calibrated.ms(SubGenerator(32, (15,) * 8)) is None
    assert calibrated.choice(SubGenerator(8, (2,) * 4, 0.5)) == B
    assert calibrated.ms(SubGenerator(8, (2,) * 4, 0.5)) == 1.0


@pytest.fixture
def calibrated(pack: Pack, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The pack's calibration file, from made-up engines."""
    on(Machine({A: 2.0, B: 1.0}), monkeypatch)
    calibrate(pack, silent, never)
    (file,) = cache.iterdir()
    return file


def test_another_machine_or_library_measures_anew(
    pack: Pack, calibrated: Path, monkeypatch: pytest.MonkeyPatch
):
    assert load(pack) is not None
    others = {
        "usable_cores": lambda: 4096,
        "available": lambda: [A],
        "_version": lambda library: "99.0",
        "VERSION": "99.0",
    }
    for name, value in others.items():
        with monkeypatch.context() as patch:
            patch.setattr(calibration, name, value)
            assert load(pack) is None
    with monkeypatch.context() as patch:
        patch.setattr(torch.cpu, "get_capabilities", lambda: {"cpu_name": "another"}, raising=False)
        assert load(pack) is None
    assert load(pack) is not None


def test_a_file_of_another_machine_under_this_ones_name_is_not_read(pack: Pack, calibrated: Path):
    document = json.loads(calibrated.read_text())
    document["made_for"]["cpu"] = "another"
    calibrated.write_text(json.dumps(document))
    assert load(pack) is None


@settings(max_examples=40)
@given(
    st.one_of(
        st.binary(max_size=50),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["made_for", "rungs", "channels", "engines"]), inner)
            ),
        ),
    )
)
def test_a_damaged_file_counts_as_not_calibrated(pack: Pack, calibrated: Path, content):
    whole = calibrated.read_bytes()
    try:
        if isinstance(content, bytes):
            calibrated.write_bytes(content)
        else:
            calibrated.write_text(json.dumps({**json.loads(whole), "rungs": content}))
        assert load(pack) is None
    finally:
        calibrated.write_bytes(whole)


@pytest.mark.parametrize(
    "engine",
    [["torch", "float32", -1.0], ["torch", "float32", float("nan")], ["os", "system", 1.0], ["torch"]],
)
def test_a_file_with_unfitting_values_counts_as_not_calibrated(pack: Pack, calibrated: Path, engine: list):
    document = json.loads(calibrated.read_text())
    document["rungs"][0]["engines"] = [engine]
    calibrated.write_text(json.dumps(document))
    assert load(pack) is None


# the command


def test_the_table_has_a_line_for_every_rung(pack: Pack):
    rows = {rung.channels: (Timed(B, 1.2345), Timed(A, 234.5)) for rung in pack.ladder}
    lines = table(pack, Calibration(rows)).split("\n")
    assert [line.split()[:4] for line in lines[1:]] == [
        ["8", "px", "×0.25", "b"],
        ["16", "px", "×0.5", "b"],
        ["32", "px", "×1", "b"],
    ]
    assert lines[1].endswith("1.23  torch float32 234")


@pytest.mark.slow
def test_the_command_measures_once(tiny_pack: Path, cache: Path, capfd: pytest.CaptureFixture[str]):
    assert main(["calibrate", "--pack", str(tiny_pack)]) == 0
    first, complaints = capfd.readouterr()
    assert complaints == ""
    assert [line.split()[:2] for line in first.splitlines()[1:]] == [
        ["8", "px"],
        ["16", "px"],
        ["32", "px"],
    ]
    (file,) = cache.iterdir()
    kept = file.read_bytes()
    assert main(["calibrate", "--pack", str(tiny_pack)]) == 0
    assert capfd.readouterr().out == first
    assert file.read_bytes() == kept


def test_again_measures_anew(
    pack: Pack, calibrated: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for ms in (3.0, 4.0):
        on(Machine({A: 20.0, B: ms}), monkeypatch)
        print_calibration(pack, again=ms == 4.0)
    shown = capsys.readouterr().out.splitlines()
    assert [line.split()[5] for line in (shown[1], shown[5])] == ["1", "4"]


def test_without_a_cache_the_command_says_so_in_one_sentence(
    tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert main(["calibrate", "--pack", str(tiny_pack)]) == 2
    out, complaint = capfd.readouterr()
    assert out == ""
    assert complaint.startswith("anycost: The folder ")
    assert complaint.count("\n") == 1
