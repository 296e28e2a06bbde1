"""Which rungs an edit is drawn with, by quality, by what the machine was seen to do, and by whether a slider
moves.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anycost.core.errors import CoreError
from anycost.core.ladder import FRAME_BUDGET_MS, Timings, passes
from anycost.models.manifest import Rung
from anycost.models.widths import WidthRule, macs

FULL = (128, 128, 128, 128, 128, 128, 128, 128, 64, 64, 32, 32)  # 128 px
RULE = WidthRule("proportional")


def rung(resolution: int, ratio: float) -> Rung:
    count = 2 * resolution.bit_length() - 4
    return Rung(resolution, ratio, tuple(RULE.expand(FULL, ratio)[:count]))


LADDER = [rung(32, 0.25), rung(64, 0.5), rung(128, 0.5), rung(128, 0.75), rung(128, 1.0)]
DRAFT, _, MIDDLE, _, WHOLE = LADDER


def measured(**times: float) -> Timings:
    """Timings by place on the ladder: r0=10 says that LADDER[0] takes 10 ms."""
    timings = Timings()
    for name, ms in times.items():
        timings.record(LADDER[int(name[1:])], ms)
    return timings


def test_each_quality_ends_where_it_says():
    new = Timings()
    assert passes(LADDER, "draft", False, new) == [DRAFT]
    assert passes(LADDER, "preview", False, new) == [DRAFT, MIDDLE]
    assert passes(LADDER, "full", False, new) == [DRAFT, WHOLE]
    assert passes(LADDER, "auto", False, new) == [DRAFT, MIDDLE, WHOLE]


def test_dragging_draws_the_best_rung_that_fits():
    assert passes(LADDER, "auto", True, measured(r0=5, r1=20, r2=FRAME_BUDGET_MS, r3=200, r4=300)) == [MIDDLE]
    assert passes(LADDER, "auto", True, measured(r0=5, r1=20, r2=30, r3=40, r4=50)) == [WHOLE]


def test_dragging_on_an_unknown_or_slow_machine_starts_with_the_draft():
    assert passes(LADDER, "auto", True, Timings()) == [DRAFT]
    assert passes(LADDER, "auto", True, measured(r0=900, r1=2000, r2=3000, r3=4000, r4=5000)) == [DRAFT]


def test_one_measured_rung_tells_about_the_others():
    slow = measured(r0=FRAME_BUDGET_MS)
    assert passes(LADDER, "auto", True, slow) == [DRAFT]
    work = macs(DRAFT.channels) / macs(WHOLE.channels)
    fast = measured(r0=FRAME_BUDGET_MS * work * 0.9)
    assert passes(LADDER, "auto", True, fast) == [WHOLE]
    assert fast.expected(MIDDLE) == pytest.approx(
        FRAME_BUDGET_MS * 0.9 * macs(MIDDLE.channels) / macs(WHOLE.channels)
    )


def test_on_release_the_climb_goes_on_from_what_dragging_showed():
    quick = measured(r0=5, r1=10, r2=30, r3=150, r4=300)
    assert passes(LADDER, "auto", True, quick) == [MIDDLE]
    assert passes(LADDER, "auto", False, quick) == [MIDDLE, WHOLE]


def test_a_pass_that_saves_little_is_skipped():
    assert passes(LADDER, "auto", False, measured(r0=100, r2=110, r4=400)) == [MIDDLE, WHOLE]
    assert passes(LADDER, "full", False, measured(r0=300, r4=310)) == [WHOLE]


def test_a_pack_with_one_rung_draws_it():
    for quality in ("draft", "preview", "full", "auto"):
        assert passes([WHOLE], quality, False, Timings()) == [WHOLE]


def test_the_median_forgets_one_slow_frame_and_follows_the_machine():
    timings = measured(r0=10)
    timings.record(DRAFT, 900)
    timings.record(DRAFT, 11)
    assert timings.median(DRAFT) == 11
    for _ in range(20):
        timings.record(DRAFT, 50)
    assert timings.median(DRAFT) == 50


def test_another_quality_is_refused():
    with pytest.raises(CoreError) as error:
        passes(LADDER, "best", False, Timings())
    assert error.value.kind == "bad-value"


@given(
    st.lists(st.tuples(st.integers(0, len(LADDER) - 1), st.floats(0.1, 1e4)), max_size=20),
    st.sampled_from(["draft", "preview", "full", "auto"]),
    st.booleans(),
)
def test_passes_always_rise_and_never_repeat(times: list[tuple[int, float]], quality: str, dragging: bool):
    timings = Timings()
    for place, ms in times:
        timings.record(LADDER[place], ms)
    chosen = passes(LADDER, quality, dragging, timings)
    places = [LADDER.index(r) for r in chosen]
    assert places
    assert places == sorted(set(places))
    if quality in ("full", "auto") and not dragging:
        assert chosen[-1] == WHOLE
