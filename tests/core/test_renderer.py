"""Rendering a rung: the generator's picture as pixels, and stopping between two blocks."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch

from anycost.core.errors import CoreError
from anycost.core.rendering.engines.registry import ALWAYS, Choice
from anycost.core.rendering.engines.window import Window
from anycost.core.rendering.renderer import PREPARED, Renderer, to_pixels
from anycost.models.layer_sizes import layer_count
from anycost.models.pack import Pack
from anycost.models.widths import SubGenerator


@pytest.fixture(scope="module")
def pack(tiny_pack: Path) -> Pack:
    return Pack.open(tiny_pack)


@pytest.fixture
def w(pack: Pack) -> np.ndarray:
    rng = np.random.default_rng(1)
    return rng.normal(0, 1, (pack.n_style, pack.style_dim)).astype(np.float32)


def never() -> bool:
    return False


def test_every_rung_draws_the_generators_picture(pack: Pack, w: np.ndarray):
    for rung in pack.ladder:
        drawn = Renderer(pack.generator()).render(w, rung, never)
        assert drawn is not None
        assert drawn.shape == (rung.resolution, rung.resolution, 3)
        with torch.no_grad():
            exact = pack.generator()(torch.from_numpy(w)[None], rung.resolution, rung.channels)[0]
        expected = ((exact.permute(1, 2, 0).numpy() + 1) * 127.5).clip(0, 255)
        assert np.abs(drawn - expected).max() <= 0.51


def test_the_same_latent_gives_the_same_pixels(pack: Pack, w: np.ndarray):
    first, again = (Renderer(pack.generator()).render(w, pack.ladder[-1], never) for _ in range(2))
    assert first is not None
    assert again is not None
    assert np.array_equal(first, again)


@pytest.mark.parametrize("blocks", [0, 1, 2])
def test_stops_between_two_blocks(pack: Pack, w: np.ndarray, blocks: int):
    asked = []

    def stopped() -> bool:
        asked.append(len(asked))
        return len(asked) > blocks

    assert Renderer(pack.generator()).render(w, pack.ladder[-1], stopped) is None
    assert len(asked) == blocks + 1  # asked before each of 4, 8, 16, 32 px


def test_a_window_is_the_picture_s_crop(pack: Pack, w: np.ndarray):
    rung = pack.ladder[-1]
    whole = Renderer(pack.generator()).render(w, rung, never)
    part = Renderer(pack.generator()).render(w, rung, never, Window(3, 9, 20, 11))
    assert whole is not None
    assert part is not None
    assert np.abs(part.astype(int) - whole[3:20, 9:11]).max() <= 1  # .5 may round either way


def test_rungs_that_begin_another_are_drawn_by_its_engine(pack: Pack, w: np.ndarray):
    whole = pack.ladder[-1]
    begin = SubGenerator(8, whole.channels[: layer_count(8)], 1.0)
    renderer = Renderer(pack.generator(), [begin, whole])
    assert renderer.prepare(begin) is renderer.prepare(whole)
    found, alone = renderer.render(w, begin, never), Renderer(pack.generator()).render(w, begin, never)
    assert found is not None
    assert alone is not None
    assert np.array_equal(found, alone)


def test_each_rung_is_drawn_by_the_engine_that_was_chosen_for_it(pack: Pack, w: np.ndarray):
    chosen = dict(
        zip(
            pack.ladder,
            [Choice("onnxruntime-cpu", "float32"), ALWAYS, Choice("torch", "bfloat16")],
            strict=True,
        )
    )
    renderer = Renderer(pack.generator(), pack.ladder, lambda rung, part: chosen[rung])
    for rung, choice in chosen.items():
        engine = renderer.prepare(rung)
        assert Choice(engine.name, engine.precision) == choice
        drawn, plain = renderer.render(w, rung, never), Renderer(pack.generator()).render(w, rung, never)
        assert drawn is not None
        assert plain is not None
        assert np.abs(drawn.astype(int) - plain).mean() < 2


def test_only_engines_that_draw_several_resolutions_are_shared(pack: Pack):
    whole = pack.ladder[-1]
    begin = SubGenerator(8, whole.channels[: layer_count(8)], 1.0)
    onnx, ladder = Choice("onnxruntime-cpu", "float32"), [begin, whole]
    for choices in ([onnx, onnx], [ALWAYS, Choice("torch", "bfloat16")], [ALWAYS, onnx]):
        chosen = dict(zip(ladder, choices, strict=True))
        renderer = Renderer(pack.generator(), ladder, lambda rung, part, chosen=chosen: chosen[rung])
        assert renderer.prepare(begin).resolution == 8
        assert renderer.prepare(whole).resolution == 32


def test_an_engine_that_does_not_open_after_all_is_replaced(pack: Pack, w: np.ndarray):
    renderer = Renderer(pack.generator(), pack.ladder, lambda rung, part: Choice("torch-vulkan", "float32"))
    assert renderer.prepare(pack.ladder[0]).name == "torch"
    drawn, plain = (r.render(w, pack.ladder[0], never) for r in (renderer, Renderer(pack.generator())))
    assert drawn is not None
    assert plain is not None
    assert np.array_equal(drawn, plain)


def test_parts_are_drawn_by_an_engine_that_spares_the_rest(pack: Pack, w: np.ndarray):
    onnx, rung = Choice("onnxruntime-cpu", "float32"), pack.ladder[-1]
    renderer = Renderer(pack.generator(), pack.ladder, lambda rung, part: ALWAYS if part else onnx)
    whole, part = renderer.render(w, rung, never), renderer.render(w, rung, never, Window(0, 0, 9, 9))
    engines = list(renderer._prepared.values())
    assert [engine.name for engine in engines] == ["onnxruntime-cpu", "torch"]
    assert whole is not None
    assert part is not None
    assert np.abs(part.astype(int) - whole[:9, :9]).max() <= 1


def test_few_engines_are_kept_ready(pack: Pack, w: np.ndarray):
    renderer = Renderer(pack.generator())
    for count in range(1, PREPARED + 3):
        renderer.render(w, SubGenerator(8, (count,) * 4), never)
    assert len(renderer._prepared) == PREPARED


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_picture_of_no_numbers_is_not_shown(pack: Pack, w: np.ndarray, value: float):
    generator = copy.deepcopy(pack.generator())
    generator.get_parameter("convs.0.conv.weight").mul_(value)
    with pytest.raises(CoreError, match="move the sliders back") as raised:
        Renderer(generator).render(w, pack.ladder[-1], never)
    assert raised.value.kind == "pack"


def test_pixels_are_rounded_and_clamped():
    rgb = torch.tensor([-9.0, -1.0, 0.0, 1.0, 9.0]).repeat(3, 1)[None, :, None]  # [1, 3, 1, 5]
    assert to_pixels(rgb)[0, 0, :, 0].tolist() == [0, 0, 128, 255, 255]
