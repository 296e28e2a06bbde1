"""Which rungs draw an edit: by quality, by the machine's measured times, and by whether a slider moves."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from anycost.bridge.messages import FRAME_MS, Quality, Region
from anycost.core.errors import CoreError
from anycost.core.rendering.engines.window import Window
from anycost.core.rendering.ladder import KEPT_WINDOWS, Pass, Timings, passes, window_of
from anycost.models.widths import SubGenerator, WidthRule

FULL = (128, 128, 128, 128, 128, 128, 128, 128, 64, 64, 32, 32)  # 128 px
RULE = WidthRule("proportional")


def rung(resolution: int, ratio: float) -> SubGenerator:
    return RULE.sub_generator(FULL, resolution, ratio)


LADDER = [rung(32, 0.25), rung(64, 0.5), rung(128, 0.5), rung(128, 0.75), rung(128, 1.0)]
DRAFT, SECOND, MIDDLE, FOURTH, WHOLE = LADDER
EYE = Region(0.25, 0.375, 0.5, 0.5)  # 1/32 of the picture


def measured(**times: float) -> Timings:
    """Timings by place on the ladder: r0=10 means that LADDER[0] takes 10 ms."""
    timings = Timings()
    for name, ms in times.items():
        timings.record(Pass.whole(LADDER[int(name[1:])]), ms)
    return timings


def rungs(quality: Quality, dragging: bool, timings: Timings, budget: float = FRAME_MS) -> list[SubGenerator]:
    """The rungs of passes without a region, all of them whole."""
    plan = passes(LADDER, quality, dragging, timings, budget)
    assert plan == [Pass.whole(step.rung) for step in plan]
    return [step.rung for step in plan]


def test_each_quality_ends_where_it_says():
    new = Timings()
    assert rungs("draft", False, new) == [DRAFT]
    assert rungs("preview", False, new) == [DRAFT, MIDDLE]
    assert rungs("full", False, new) == [DRAFT, WHOLE]
    assert rungs("auto", False, new) == [DRAFT, MIDDLE, WHOLE]


def test_dragging_draws_the_best_rung_that_fits():
    assert rungs("auto", True, measured(r0=5, r1=20, r2=FRAME_MS, r3=200, r4=300)) == [MIDDLE]
    assert rungs("auto", True, measured(r0=5, r1=20, r2=30, r3=40, r4=50)) == [WHOLE]


def test_dragging_on_an_unknown_or_slow_machine_starts_with_the_draft():
    assert rungs("auto", True, Timings()) == [DRAFT]
    assert rungs("auto", True, measured(r0=900, r1=2000, r2=3000, r3=4000, r4=5000)) == [DRAFT]


def test_one_measured_rung_tells_about_the_others():
    slow = measured(r0=FRAME_MS)
    assert rungs("auto", True, slow) == [DRAFT]
    work = DRAFT.macs / WHOLE.macs
    fast = measured(r0=FRAME_MS * work * 0.9)
    assert rungs("auto", True, fast) == [WHOLE]
    assert fast.expected(MIDDLE) == pytest.approx(FRAME_MS * 0.9 * MIDDLE.macs / WHOLE.macs)


def test_on_release_the_climb_goes_on_from_what_dragging_showed():
    quick = measured(r0=5, r1=10, r2=30, r3=150, r4=300)
    assert rungs("auto", True, quick) == [MIDDLE]
    assert rungs("auto", False, quick) == [MIDDLE, WHOLE]
    quicker = measured(r0=1, r2=20, r3=30, r4=100)
    assert rungs("auto", True, quicker) == [FOURTH]
    assert rungs("auto", False, quicker) == [FOURTH, WHOLE]
    fast = measured(r0=5, r1=20, r2=30, r3=40, r4=50)
    assert rungs("auto", True, fast) == rungs("auto", False, fast) == [WHOLE]  # no rough frame after the best


def test_a_pass_that_saves_little_is_skipped():
    assert rungs("auto", False, measured(r0=100, r2=110, r4=400)) == [MIDDLE, WHOLE]
    assert rungs("full", False, measured(r0=300, r4=310)) == [WHOLE]


def test_a_pack_with_one_rung_draws_it():
    for quality in ("draft", "preview", "full", "auto"):
        assert passes([WHOLE], quality, False, Timings()) == [Pass.whole(WHOLE)]


def test_the_median_forgets_one_slow_frame_and_follows_the_machine():
    timings = measured(r0=10)
    timings.record(Pass.whole(DRAFT), 900)
    timings.record(Pass.whole(DRAFT), 11)
    assert timings.median(DRAFT) == 11
    for _ in range(20):
        timings.record(Pass.whole(DRAFT), 50)
    assert timings.median(DRAFT) == 50


def test_another_quality_is_refused():
    with pytest.raises(CoreError) as error:
        rungs("best", False, Timings())  # type: ignore[arg-type]
    assert error.value.kind == "bad-value"


@given(
    st.lists(st.tuples(st.integers(0, len(LADDER) - 1), st.floats(0.1, 1e4)), max_size=20),
    st.sampled_from(["draft", "preview", "full", "auto"]),
    st.booleans(),
)
@example([(0, 1.0), (3, 1.0), (4, 81.0)], "auto", False)  # the best fitting rung is above the middle
def test_passes_always_rise_and_never_repeat(
    times: list[tuple[int, float]], quality: Quality, dragging: bool
):
    timings = Timings()
    for place, ms in times:
        timings.record(Pass.whole(LADDER[place]), ms)
    chosen = rungs(quality, dragging, timings)
    places = [LADDER.index(r) for r in chosen]
    assert places
    assert places == sorted(set(places))
    if quality in ("full", "auto") and not dragging:
        assert chosen[-1] == WHOLE


# The artist's speed


def test_the_budget_of_a_frame_is_the_artist_s():
    times = measured(r0=5, r1=20, r2=60, r3=200, r4=400)
    assert rungs("auto", True, times, budget=33) == [SECOND]
    assert rungs("auto", True, times) == [MIDDLE]
    assert rungs("auto", True, times, budget=500) == [WHOLE]


# Regions


def parts(plan: list[Pass]) -> list[Pass]:
    return [step for step in plan if step.share < 1]


@pytest.mark.parametrize("quality", ["preview", "full", "auto"])
def test_the_region_comes_after_the_first_pass_by_the_last_rung(quality: Quality):
    times = measured(r0=5, r1=90, r2=200, r3=300, r4=400)
    whole = rungs(quality, False, times)
    plan = passes(LADDER, quality, False, times, region=EYE, ready=LADDER)
    assert plan == [Pass.whole(whole[0]), Pass.of(whole[-1], EYE), *map(Pass.whole, whole[1:])]


def test_no_region_where_nothing_much_is_left_to_draw():
    times = measured(r0=5, r1=90, r2=200, r3=300, r4=400)
    assert not parts(passes(LADDER, "draft", False, times, region=EYE, ready=LADDER))
    most = Region(0.0, 0.05, 1.0, 0.95)
    assert not parts(passes(LADDER, "full", False, times, region=most, ready=LADDER))
    fast = measured(r0=5, r1=6, r2=7, r3=8, r4=9)
    assert passes(LADDER, "auto", False, fast, region=EYE, ready=LADDER) == [Pass.whole(WHOLE)]


def test_no_region_that_was_seen_to_take_as_long_as_the_whole():
    times = measured(r0=5, r1=90, r2=200, r3=300, r4=400)
    part = Pass.of(WHOLE, EYE)
    for ms, drawn in ((390, False), (100, True)):
        for _ in range(9):
            times.record(part, ms)
        assert parts(passes(LADDER, "full", False, times, region=EYE, ready=LADDER)) == [part] * drawn


def test_no_region_by_a_rung_that_is_not_ready():
    times = measured(r0=5, r1=90, r2=200, r3=300, r4=400)
    assert not parts(passes(LADDER, "full", False, times, region=EYE, ready=[DRAFT, MIDDLE]))
    dragged = passes(LADDER, "auto", True, times, region=EYE, ready=[DRAFT, MIDDLE])
    assert parts(dragged) == [Pass.of(MIDDLE, EYE)]


def test_dragging_refines_the_region_by_the_best_rung_that_fits():
    times = measured(r0=5, r1=90, r2=200, r3=32 * 79, r4=32 * 81)  # EYE is 1/32
    plan = passes(LADDER, "auto", True, times, region=EYE, ready=LADDER)
    assert plan == [Pass.whole(DRAFT), Pass.of(FOURTH, EYE)]
    assert passes(LADDER, "auto", True, times, budget=90, region=EYE, ready=LADDER) == [
        Pass.whole(SECOND),
        Pass.of(WHOLE, EYE),
    ]
    assert passes(LADDER, "auto", True, Timings(), region=EYE, ready=LADDER) == [Pass.whole(DRAFT)]


def test_a_region_that_took_longer_than_its_area_says_is_drawn_by_a_cheaper_rung():
    times = measured(r0=5, r1=90, r2=200, r3=300, r4=400)
    part = Pass.of(WHOLE, EYE)
    assert parts(passes(LADDER, "auto", True, times, region=EYE, ready=LADDER)) == [part]
    times.record(part, FRAME_MS + 1)
    assert parts(passes(LADDER, "auto", True, times, region=EYE, ready=LADDER)) == [Pass.of(FOURTH, EYE)]


def test_times_of_windows_leave_those_of_whole_pictures_alone():
    times = measured(r4=400)
    for place in range(3 * KEPT_WINDOWS):  # each selection is a new window
        times.record(Pass(WHOLE, Window(0, place, 9, 128)), 1)
    assert (times.median(WHOLE), times.expected(WHOLE)) == (400, 400)
    assert len(times._windows) == KEPT_WINDOWS


FRACTIONS = st.lists(st.floats(0, 1), min_size=2, max_size=2, unique=True).map(sorted)


@given(FRACTIONS, FRACTIONS, st.sampled_from([4, 8, 128, 1024]))
def test_a_region_s_window_is_the_fewest_pixels_that_hold_it(across: list, down: list, side: int):
    window = window_of(Region(across[0], down[0], across[1], down[1]), side)
    assert window.fits(side)
    for (start, end), first, stop in (
        (across, window.left, window.right),
        (down, window.top, window.bottom),
    ):
        assert first <= start * side < first + 1
        assert stop - 1 < end * side <= stop
