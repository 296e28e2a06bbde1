"""The engines that run a rung's graph (ONNX Runtime, OpenVINO) against the reference, and the graph cache."""

from __future__ import annotations

import itertools
import math
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from test_torch_engine import NARROW, WIDE, full, latent, plain, rungs, trained

from anycost.core.rendering.engines import graph_cache, graph_writer
from anycost.core.rendering.engines.engine import Engine
from anycost.core.rendering.engines.graph import write_graph
from anycost.core.rendering.engines.graph_cache import cached_graph
from anycost.core.rendering.engines.onnx_engine import OnnxEngine
from anycost.core.rendering.engines.openvino_engine import OpenVinoEngine
from anycost.core.rendering.engines.registry import ALWAYS, Choice, available, bfloat16_is_fast, open_engine
from anycost.core.rendering.engines.window import Window
from anycost.models.generator import Generator
from anycost.models.widths import SubGenerator

KEY = "0" * 64
ENGINES = [OnnxEngine, OpenVinoEngine]
Chosen = tuple[tuple[int, ...], SubGenerator]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ENGINES)
@settings(max_examples=8)
@given(chosen=rungs(), seed=st.integers(0, 99))
def test_float32_draws_what_the_reference_draws(kind, chosen: Chosen, seed: int):
    channels, rung = chosen
    engine: Engine = kind(write_graph(trained(channels), rung), rung)
    assert engine.precision == "float32"
    assert (engine.resolution, engine.channels) == (rung.resolution, rung.channels)
    expected = plain(trained(channels), latent(seed), rung)
    found = engine.draw(latent(seed))
    assert found is not None
    assert (found.shape, found.dtype) == (expected.shape, torch.float32)
    assert float((found - expected).abs().max()) <= 1e-4 * max(1.0, float(expected.abs().max()))


@pytest.mark.slow
@pytest.mark.skipif(not bfloat16_is_fast(), reason="this CPU has no bfloat16")
@settings(max_examples=8)
@given(rungs(), st.integers(0, 99))
def test_bfloat16_is_near_the_reference(chosen: Chosen, seed: int):
    channels, rung = chosen
    expected = plain(trained(channels), latent(seed), rung)
    found = OpenVinoEngine(write_graph(trained(channels), rung), rung, "bfloat16").draw(latent(seed))
    assert found is not None
    assert found.dtype == torch.float32
    peak = float(expected.max() - expected.min())
    assert 10 * math.log10(peak**2 / float((found - expected).square().mean())) >= 42


@pytest.mark.parametrize("kind", ENGINES)
def test_a_picture_stays_when_the_next_is_drawn(kind):
    engine: Engine = kind(write_graph(trained(NARROW), full()), full())
    first = engine.draw(latent(1))
    assert first is not None
    kept = first.clone()
    engine.draw(latent(2))
    assert torch.equal(first, kept)


@pytest.mark.parametrize("kind", ENGINES)
def test_a_window_is_the_crop_and_nothing_else_is_drawn(kind):
    engine: Engine = kind(write_graph(trained(NARROW), full()), full())
    whole = engine.draw(latent(), 32)
    part = engine.draw(latent(), window=Window(3, 5, 20, 32))
    assert whole is not None
    assert part is not None
    assert torch.equal(part, whole[:, 3:20, 5:32])
    with pytest.raises(ValueError, match="32 px, not 16"):
        engine.draw(latent(), 16)
    with pytest.raises(ValueError, match="no such window"):
        engine.draw(latent(), window=Window(0, 0, 33, 4))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ENGINES)
def test_another_thread_stops_a_picture_while_it_is_drawn(kind):
    channels = (32,) * 14  # 256 px: at least tens of ms
    torch.manual_seed(0)
    generator = Generator(256, channels, style_dim=16, n_mlp=1).eval().requires_grad_(False)
    rung = SubGenerator(256, channels, 1.0)
    engine: Engine = kind(write_graph(generator, rung), rung)
    w = torch.randn(14, 16)
    questions, asked, stop = itertools.count(1), threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asked.wait() and stop.set())
    thread.start()

    def stopped() -> bool:
        if next(questions) == 2:  # the first question comes before drawing
            asked.set()
            stop.wait()
        return stop.is_set()

    assert engine.draw(w, stopped=stopped) is None
    thread.join()
    found = engine.draw(w)
    assert found is not None
    expected = plain(generator, w, rung)
    assert float((found - expected).abs().max()) <= 1e-4 * max(1.0, float(expected.abs().max()))


@pytest.mark.parametrize("kind", ENGINES)
def test_what_is_stopped_before_it_begins_is_not_drawn(kind):
    assert kind(write_graph(trained(NARROW), full()), full()).draw(latent(), stopped=lambda: True) is None


# the graph


@pytest.mark.parametrize("channels", [NARROW, WIDE])
def test_a_graph_is_a_sound_onnx_file(channels: tuple[int, ...]):
    model = onnx.load_from_string(write_graph(trained(channels), full(channels)))
    onnx.checker.check_model(model, full_check=True)

    def sides(value) -> list[int]:
        return [dim.dim_value for dim in value.type.tensor_type.shape.dim]

    assert [(value.name, sides(value)) for value in model.graph.input] == [("w", [8, 16])]
    assert [sides(value) for value in model.graph.output] == [[3, 32, 32]]
    assert not any(tensor.external_data for tensor in model.graph.initializer)


def test_noise_of_no_strength_is_left_out():
    torch.manual_seed(0)
    silent = Generator(32, NARROW, style_dim=16, n_mlp=1).eval().requires_grad_(False)  # untrained
    maps = 4 * sum(silent.noises.get_buffer(f"noise_{k}").numel() for k in range(7))
    assert len(write_graph(trained(NARROW), full())) - len(write_graph(silent, full())) > maps


def test_a_rung_the_generator_does_not_have_is_refused():
    with pytest.raises(ValueError, match="channel counts"):
        write_graph(trained(NARROW), SubGenerator(32, (99,) * 8))


def test_a_rung_that_no_file_can_hold_is_refused(monkeypatch: pytest.MonkeyPatch):
    size = len(write_graph(trained(NARROW), full()))
    monkeypatch.setattr(graph_writer, "MAX_BYTES", size // 2)
    with pytest.raises(ValueError, match="too large"):
        write_graph(trained(NARROW), full())


@given(st.lists(st.integers(0, 1 << 62), min_size=1, max_size=9), st.floats(width=32, allow_nan=False))
def test_attributes_and_constants_are_read_back(numbers: list[int], value: float):
    writer = graph_writer.GraphWriter()
    constant = torch.tensor([numbers])
    held = writer.constant(constant)
    output = writer.node("Any", "in", held, several=tuple(numbers), one=numbers[0], real=value)
    graph = onnx.load_from_string(writer.finish("in", (1, 200), output, (3,))).graph
    assert np.array_equal(onnx.numpy_helper.to_array(graph.initializer[0]), constant.numpy())
    read = {a.name: onnx.helper.get_attribute_value(a) for a in graph.node[0].attribute}
    assert read == {"several": numbers, "one": numbers[0], "real": value}
    assert list(graph.node[0].input) == ["in", held]


# the cache


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for cached graphs; the first graph creates it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "anycost" / "graphs"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[SubGenerator]:
    """The rungs whose graphs were written, in order."""
    rungs: list[SubGenerator] = []

    def write(generator: Generator, rung: SubGenerator) -> bytes:
        rungs.append(rung)
        return write_graph(generator, rung)

    monkeypatch.setattr(graph_cache, "write_graph", write)
    return rungs


def small(count: int) -> SubGenerator:
    return SubGenerator(8, (count,) * 4)


def test_a_graph_is_written_once_for_its_content(cache: Path, written: list[SubGenerator]):
    generator = trained(NARROW)
    first = cached_graph(generator, small(3), KEY)
    assert first == write_graph(generator, small(3))
    assert cached_graph(generator, SubGenerator(8, (3,) * 4, 0.5), KEY) == first  # the same channels
    assert written == [small(3)]
    cached_graph(generator, small(4), KEY)
    cached_graph(generator, small(3), "1" * 64)  # other weights
    assert written == [small(3), small(4), small(3)]
    assert len(list(cache.iterdir())) == 3
    if os.name == "posix":
        assert cache.stat().st_mode & 0o077 == 0


@settings(max_examples=25)
@given(place=st.floats(0, 0.999), length=st.floats(0, 1), bits=st.integers(1, 255))
def test_a_damaged_graph_is_made_again(cache: Path, place: float, length: float, bits: int):
    graph = cached_graph(trained(NARROW), small(2), KEY)
    (file,) = cache.iterdir()
    data = bytearray(file.read_bytes())
    data[int(place * len(data))] ^= bits
    for damaged in (bytes(data), bytes(data[: int(length * len(data))])):
        file.write_bytes(damaged)
        assert cached_graph(trained(NARROW), small(2), KEY) == graph
        assert cached_graph(trained(NARROW), small(2), KEY) == graph
    assert [path.name for path in cache.iterdir()] == [file.name]


@pytest.mark.skipif(os.name != "posix", reason="there are named pipes")
def test_what_is_not_a_file_does_not_hang(cache: Path):
    graph = cached_graph(trained(NARROW), small(2), KEY)
    (file,) = cache.iterdir()
    file.unlink()
    os.mkfifo(file)
    assert cached_graph(trained(NARROW), small(2), KEY) == graph
    assert file.is_file()


def test_the_least_recently_used_graphs_go(
    cache: Path, written: list[SubGenerator], monkeypatch: pytest.MonkeyPatch
):
    generator = trained(NARROW)
    size = len(cached_graph(generator, small(8), KEY))
    monkeypatch.setattr(graph_cache, "MAX_BYTES", 3 * size)
    for count in (7, 6):
        cached_graph(generator, small(count), KEY)
    for age, file in enumerate(sorted(cache.iterdir(), key=lambda path: path.stat().st_mtime_ns)):
        os.utime(file, (1000 + age, 1000 + age))
    cached_graph(generator, small(8), KEY)  # uses the oldest again
    cached_graph(generator, small(5), KEY)
    assert sum(file.stat().st_size for file in cache.iterdir()) <= 3 * size
    written.clear()
    cached_graph(generator, small(8), KEY)
    assert written == []
    cached_graph(generator, small(7), KEY)
    assert written == [small(7)]


def test_a_cache_that_cannot_be_used_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert cached_graph(trained(NARROW), small(2), KEY) == write_graph(trained(NARROW), small(2))


# the choice


def test_every_engine_of_this_machine_draws(cache: Path):
    choices = available()
    assert choices[0] == ALWAYS
    assert len(set(choices)) == len(choices)
    expected = plain(trained(NARROW), latent(), full())
    for choice in choices:
        engine = open_engine(choice, trained(NARROW), full(), KEY)
        assert engine.precision == choice.precision
        found = engine.draw(latent())
        assert found is not None
        assert float((found.cpu() - expected).abs().max()) <= 0.05 * float(expected.abs().max())
    assert len(list(cache.iterdir())) == 1  # one graph serves all engines


@pytest.mark.parametrize("name", ["", "tensorflow", "onnxruntime-", "onnxruntime-abacus"])
def test_an_engine_that_nobody_knows_is_refused(name: str):
    with pytest.raises(ValueError, match="no"):
        open_engine(Choice(name, "float32"), trained(NARROW), full())


@pytest.mark.slow
def test_the_libraries_report_to_nobody(tmp_path: Path):
    program = (
        "import os, sys, torch\n"
        "from anycost.core.rendering.engines.registry import available, open_engine\n"
        "from anycost.models.generator import Generator\n"
        "from anycost.models.widths import SubGenerator\n"
        "generator = Generator(4, (2, 2), style_dim=2, n_mlp=1)\n"
        "for choice in available():\n"
        "    print(open_engine(choice, generator, SubGenerator(4, (2, 2))).draw(torch.zeros(2, 2)).shape)\n"
        "print('openvino' in sys.modules, 'openvino_telemetry' in sys.modules)\n"
    )
    home = tmp_path / "home"
    home.mkdir()
    environment = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "True False"
    assert list(home.iterdir()) == []  # where they would store an id for telemetry


@pytest.mark.slow
def test_signals_are_handled_after_openvino_was_used():
    """Unless one OpenVINO core stays alive, Ctrl-C after `anycost bench` causes a segmentation fault."""
    program = (
        "import faulthandler, gc, signal, subprocess, torch\n"
        "from anycost.core.rendering.engines.registry import Choice, open_engine\n"
        "from anycost.models.generator import Generator\n"
        "from anycost.models.widths import SubGenerator\n"
        "faulthandler.enable()\n"
        "signal.signal(signal.SIGCHLD, lambda number, frame: print('heard', flush=True))\n"
        "generator = Generator(8, (2,) * 4, style_dim=2, n_mlp=1)\n"
        "engines = [open_engine(Choice('openvino', 'float32'), generator, SubGenerator(s, (2,) * n))\n"
        "           for s, n in ((4, 2), (8, 4))]\n"
        "for engine in engines: engine.draw(torch.zeros(4, 2))\n"
        "while engines: del engines[0], engine; gc.collect(); engine = None\n"
        "subprocess.run(['true'])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout) == (0, "heard\n")
