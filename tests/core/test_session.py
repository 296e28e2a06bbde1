"""An edit session from picture to layer, with a small pack whose finder sees coloured dots as a face."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from drawn_face import DOTS, portrait, with_colour_finder

from anycost.bridge.messages import (
    EditState,
    FacePoints,
    Frame,
    Layer,
    OpenedPicture,
    Placement,
    Quality,
    Region,
)
from anycost.core.editing import session as session_module
from anycost.core.editing.edits import edited
from anycost.core.editing.opened_face import FRAME, LEAST_FRAME
from anycost.core.editing.session import MAX_PICTURES, Session
from anycost.core.errors import CoreError
from anycost.core.faces.placement import crop, resized, to_picture
from anycost.core.rendering import calibration
from anycost.core.rendering.calibration import Timed
from anycost.core.rendering.engines.engine import Stopped
from anycost.core.rendering.engines.registry import ALWAYS, Choice
from anycost.core.rendering.ladder import Pass, Timings, window_of
from anycost.models.pack import Pack
from anycost.models.widths import SubGenerator

FACE = Placement(130, 110, 160, 8)
PICTURE = portrait(FACE, 300, 240)


def shown(face: Placement) -> FacePoints:
    """What somebody shows of a portrait(), so that nothing searches for it."""
    left, right, mouth = (tuple(dot) for dot in to_picture(face, DOTS).tolist())
    return FacePoints((left, right), (mouth, mouth))


SHOWN = shown(FACE)
SMILE = {"smile": 1.0}
AGE = {"age": -0.5}


@pytest.fixture(scope="module")
def folder(tiny_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_colour_finder(tiny_pack, tmp_path_factory.mktemp("session") / "pack")


@pytest.fixture(scope="module")
def pack(folder: Path) -> Pack:
    return Pack.open(folder)


@pytest.fixture
def session(pack: Pack) -> Session:
    return Session(pack)


@pytest.fixture
def projected(session: Session) -> Session:
    session.open("a", PICTURE, SHOWN)
    list(session.project("a", steps=0))
    return session


def never() -> bool:
    return False


def rgba(drawn: Frame | Layer) -> np.ndarray:
    """Pixels, uint8 [h, w, 4]."""
    return np.frombuffer(drawn.rgba, np.uint8).reshape(drawn.height, drawn.width, 4)


def rgb(frame: Frame) -> np.ndarray:
    return rgba(frame)[..., :3]


def refusal(call) -> CoreError:
    with pytest.raises(CoreError) as error:
        call()
    assert error.value.message.endswith(".")
    return error.value


def variant(folder: Path, target: Path, **changes: object) -> Pack:
    """Copy the pack with changed values in its pack.json."""
    shutil.copytree(folder, target)
    manifest = json.loads((target / "pack.json").read_text()) | changes
    (target / "pack.json").write_text(json.dumps(manifest))
    return Pack.open(target)


# Opening


def test_open_places_the_face(session: Session):
    opened = session.open("a", PICTURE)
    placement = opened.placement
    assert (opened.advice, opened.limited) == ("", ())
    assert session.picture_size("a") == (300, 240)
    assert math.dist((placement.x, placement.y), (FACE.x, FACE.y)) < 3
    assert placement.size == pytest.approx(FACE.size, rel=0.03)
    assert placement.angle == pytest.approx(FACE.angle, abs=2.5)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((10, 10, 3), np.uint8),
        np.zeros((10, 10, 4), np.float32),
        np.zeros((10, 4), np.uint8),
        np.zeros((0, 10, 4), np.uint8),
        np.zeros((1, 20_000, 4), np.uint8),
        np.zeros((10, 10, 4), np.uint8),  # all transparent
        np.lib.stride_tricks.as_strided(np.zeros(4, np.uint8), (9000, 9000, 4), (0, 0, 1)),
    ],
)
def test_bad_pictures_are_refused(session: Session, picture: np.ndarray):
    assert refusal(lambda: session.open("a", picture)).kind == "bad-picture"
    assert len(session) == 0


@pytest.mark.slow
def test_a_picture_without_a_face_leaves_the_one_before(projected: Session):
    plain = np.full((50, 50, 4), 255, np.uint8)
    assert refusal(lambda: projected.open("a", plain)).kind == "no-face"
    assert len(list(projected.render(EditState("a", 1, quality="draft"), never))) == 1


def test_without_a_finder_the_artist_hears_how_to_get_one(folder: Path, tmp_path: Path):
    session = Session(variant(folder, tmp_path / "p", finder=None))
    refused = refusal(lambda: session.open("a", PICTURE))
    assert refused.kind == "no-face"
    assert "anycost weights get faces" in refused.message


def test_a_face_that_is_shown_is_taken_as_it_is(session: Session):
    eyes, mouth = ((100.0, 80.0), (140.0, 84.0)), (118.0, 126.0)
    white = np.full((240, 300, 4), 255, np.uint8)
    placement = session.open("a", white, FacePoints(eyes, (mouth, mouth))).placement
    u, v = placement.to_unit(*np.transpose(eyes))
    alignment = session.pack.alignment
    assert alignment is not None
    assert (np.mean(u), np.mean(v)) == pytest.approx(alignment.eyes, abs=0.05)
    assert placement.to_unit(*mouth) == pytest.approx(alignment.mouth, abs=0.05)


@pytest.mark.parametrize("shift", [-5000.0, 5000.0])
def test_a_face_outside_the_picture_is_refused(session: Session, shift: float):
    eyes, mouth = ((100.0 + shift, 80.0), (140.0 + shift, 80.0)), (120.0 + shift, 120.0)
    assert refusal(lambda: session.open("a", PICTURE, FacePoints(eyes, (mouth, mouth)))).kind == "no-face"


def test_all_faces_are_found_from_left_to_right(session: Session):
    one, other = Placement(460, 180, 200), Placement(200, 200, 300)
    picture = np.maximum(portrait(one, 600, 400), portrait(other, 600, 400))
    left, right = session.faces(picture)
    assert left.sighting.centre[0] < right.sighting.centre[0]
    assert session.open("a", picture).placement.x == pytest.approx(200, abs=5)  # the one in front


def test_a_pack_that_draws_no_faces_takes_the_middle(folder: Path, tmp_path: Path):
    session = Session(variant(folder, tmp_path / "p", alignment=None))
    opened = session.open("a", np.full((50, 80, 4), 255, np.uint8))
    assert opened == OpenedPicture(Placement(40, 25, 50))


@pytest.mark.slow
def test_the_oldest_picture_is_forgotten(session: Session):
    for number in range(MAX_PICTURES):
        session.open(str(number), PICTURE)
    list(session.project("0", steps=0))  # used last
    session.open("one more", PICTURE)
    assert len(session) == MAX_PICTURES
    list(session.render(EditState("0", 1, quality="draft"), never))
    assert refusal(lambda: next(session.project("1"))).kind == "unknown-picture"


def test_close_forgets_and_may_be_repeated(projected: Session):
    projected.close("a")
    projected.close("a")
    assert refusal(lambda: next(projected.render(EditState("a", 1), never))).kind == "unknown-picture"


# Projecting


def test_editing_needs_a_projection(session: Session):
    session.open("a", PICTURE, SHOWN)
    assert refusal(lambda: next(session.render(EditState("a", 1), never))).kind == "not-projected"
    assert refusal(lambda: session.apply("a", {}, never)).kind == "not-projected"


@pytest.mark.slow
def test_the_first_step_is_the_encoders_and_every_step_is_edited_at_once(session: Session, pack: Pack):
    session.open("a", PICTURE, SHOWN)
    run = session.project("a", steps=3)
    for stage in ("encoder", "refine", "refine", "refine"):
        step = next(run)
        assert step.stage == stage
        shown = rgb(next(session.render(EditState("a", 1, SMILE, "draft"), never)))
        other = Session(pack)
        other.open("b", PICTURE, SHOWN)
        other.restore("b", step.w)
        assert np.array_equal(rgb(next(other.render(EditState("b", 1, SMILE, "draft"), never))), shown)


def test_without_an_encoder_projection_starts_from_the_mean(folder: Path, tmp_path: Path):
    session = Session(variant(folder, tmp_path / "p", encoder=None))
    session.open("a", PICTURE, SHOWN)
    assert [step.stage for step in session.project("a", steps=1)] == ["mean", "warm-up"]


def test_latents_that_do_not_fit_are_refused(session: Session, pack: Pack):
    session.open("a", PICTURE, SHOWN)
    good = np.zeros((pack.n_style, pack.style_dim), np.float32)
    for bad in (good[:-1], good.astype(np.float64), good + np.float32("nan")):
        assert refusal(lambda bad=bad: session.restore("a", bad)).kind == "bad-value"
    session.restore("a", good)


# Editing


def test_frames_climb_the_ladder(projected: Session, pack: Pack):
    frames = list(projected.render(EditState("a", 7, {"smile": 0.5}, "full"), never))
    assert [frame.index for frame in frames] == list(range(1, len(frames) + 1))
    assert {frame.passes for frame in frames} == {len(frames)}
    assert {frame.stamp for frame in frames} == {7}
    assert frames[-1].resolution == pack.resolution
    assert [frame.resolution for frame in frames] == sorted({frame.resolution for frame in frames})


@pytest.mark.parametrize(
    ("size", "side", "draft"), [(90, 128, 128), (160, 160, 128), (400, 400, 200), (1200, 512, 256)]
)
def test_a_frame_is_as_large_as_the_face_within_bounds(session: Session, size: int, side: int, draft: int):
    face, width = Placement(size * 0.7, size * 0.7, size), round(1.4 * size)
    session.open("a", portrait(face, width, width), shown(face))
    list(session.project("a", steps=0))
    frames = list(session.render(EditState("a", 1, SMILE, "full"), never))
    assert [frame.side for frame in frames] == pytest.approx([draft, side], abs=0.03 * size)
    for frame in frames:
        assert rgb(frame).shape == (frame.side, frame.side, 3)
        assert frame.whole
        assert LEAST_FRAME <= frame.side <= FRAME


def test_an_edit_moves_the_picture_and_back(projected: Session):
    def drawn(**edits: float) -> np.ndarray:
        return rgb(list(projected.render(EditState("a", 1, edits, "full"), never))[-1])

    assert not np.array_equal(drawn(), drawn(smile=1.0))
    assert np.array_equal(drawn(), drawn(smile=0.0))


def test_a_stopped_edit_ends_without_a_frame(projected: Session):
    assert list(projected.render(EditState("a", 1, quality="full"), lambda: True)) == []


def test_unknown_names_and_values_out_of_range_are_refused(projected: Session):
    def kind(edits: dict) -> str:
        return refusal(lambda: list(projected.render(EditState("a", 1, edits), never))).kind

    assert kind({"beard": 1.0}) == "unknown-direction"
    for value in (1.01, -2, float("nan"), float("inf"), 10**400, "1", None, True):
        assert kind({"smile": value}) == "bad-value"
    assert refusal(lambda: projected.apply("a", {"smile": 3}, never)).kind == "bad-value"


def test_edits_add_up(pack: Pack):
    w = np.ones((pack.n_style, pack.style_dim), np.float32)
    vectors = {d.name: d.vector for d in pack.directions}
    both = edited(w, {"smile": 0.5, "age": -1}, pack)
    assert np.allclose(both, w + 0.5 * vectors["smile"] - vectors["age"], atol=1e-6)
    assert (w == 1).all()


# Regions

EYE = Region(0.3, 0.35, 0.5, 0.5)


class Steady(Timings):
    """Knows no times, so that work alone decides the passes, however busy the machine is."""

    def record(self, drawn: Pass, ms: float) -> None:
        pass


@pytest.fixture
def steady(projected: Session) -> Session:
    """A session that skips no pass."""
    projected.timings = Steady()
    return projected


def in_region(frames: list[Frame]) -> list[Frame]:
    """The frames that are not whole."""
    parts = [f for f in frames if not f.whole]
    assert all((f.height, f.width) == (f.side, f.side) for f in frames if f.whole)
    assert all(f.height * f.width < f.side**2 for f in parts)
    return parts


def place(frame: Frame) -> tuple[int, int, int, int]:
    return frame.x, frame.y, frame.width, frame.height


def window_in(region: Region, frame: Frame) -> tuple[int, int, int, int]:
    """Where the rung's pixels that a region touches are in a frame: left, top, width, height."""
    window = window_of(region, frame.resolution)
    scale = frame.side / frame.resolution
    left, top = math.floor(window.left * scale), math.floor(window.top * scale)
    return left, top, math.ceil(window.right * scale) - left, math.ceil(window.bottom * scale) - top


def test_the_region_comes_second_and_is_the_last_frame_s_crop(steady: Session):
    list(steady.render(EditState("a", 1, AGE, "full"), never))  # makes the unedited portraits known
    frames = list(steady.render(EditState("a", 2, {**SMILE, **AGE}, "full", region=EYE), never))
    assert [frame.index for frame in frames] == [1, 2, 3]
    assert {frame.passes for frame in frames} == {3}
    assert in_region(frames) == [frames[1]]
    first, part, last = frames
    assert (part.resolution, part.ratio, part.side) == (last.resolution, last.ratio, last.side)
    assert place(part) == window_in(EYE, part)
    left, top, width, height = place(part)
    edge = 2 * part.side // part.resolution  # there the rough pass around it shows
    inner = slice(edge, height - edge), slice(edge, width - edge)
    expected = rgb(last)[top : top + height, left : left + width].astype(int)
    assert np.abs(rgb(part).astype(int) - expected)[inner].mean() < 1
    rough = resized(rgb(first), last.side)[top : top + height, left : left + width]
    assert np.abs(rgb(part).astype(int) - rough)[inner].mean() > 5


def test_the_first_full_frame_of_a_projection_is_whole(steady: Session, pack: Pack):
    """A region needs the unedited portrait, a whole picture, which the region is meant to save."""
    for stamp, parts in ((1, 0), (2, 1)):
        frames = list(steady.render(EditState("a", stamp, {"smile": 1}, "full", region=EYE), never))
        assert len(in_region(frames)) == parts
    steady.restore("a", np.ones((pack.n_style, pack.style_dim), np.float32))
    frames = list(steady.render(EditState("a", 3, {"smile": 1}, "full", region=EYE), never))
    assert not in_region(frames)


def test_a_region_s_time_is_not_the_rung_s(projected: Session, pack: Pack):
    list(projected.render(EditState("a", 1, AGE, "full"), never))
    for rung, ms in zip(pack.ladder, (1, 1e4, 1e6), strict=True):
        for _ in range(9):
            projected.timings.record(Pass.whole(rung), ms)
    run = projected.render(EditState("a", 2, {"smile": 1}, "full", region=EYE), never)
    window = window_of(EYE, pack.resolution)
    assert next(run).whole
    part = next(run)  # stop here
    assert not part.whole
    assert place(part) == window_in(EYE, part)
    assert projected.timings.median(pack.ladder[-1]) == 1e6
    assert (projected.timings.expected_of_window(Pass(pack.ladder[-1], window)) or 1e6) < 1e4


def test_while_dragging_the_frame_s_budget_chooses(projected: Session, pack: Pack):
    class Slow(Steady):
        def expected(self, rung: SubGenerator) -> float:
            return dict(zip(pack.ladder, (1, 100, 4000), strict=True))[rung]

    projected.timings = Slow()
    for quality in ("preview", "full"):  # makes the unedited portraits known
        list(projected.render(EditState("a", 1, AGE, quality), never))

    def drawn(frame_ms: float, region: Region | None = None) -> list[tuple[int, bool]]:
        state = EditState("a", 2, SMILE, "auto", True, region, frame_ms)
        return [(f.resolution, in_region([f]) == [f]) for f in projected.render(state, never)]

    draft, middle, full = (rung.resolution for rung in pack.ladder)
    assert drawn(33) == [(draft, False)]
    assert drawn(33, EYE) == [(draft, False), (middle, True)]
    assert drawn(500) == [(middle, False)]
    assert drawn(500, EYE) == [(middle, False), (full, True)]


# Preemption


class Interruption:
    """A `stopped` that says yes after this many questions."""

    def __init__(self, after: int):
        self.after, self.asked = after, 0

    def __call__(self) -> bool:
        self.asked += 1
        return self.asked > self.after


@pytest.mark.slow
@pytest.mark.parametrize("region", [None, EYE])
def test_a_newer_edit_stops_the_older_within_one_block(steady: Session, region: Region | None):
    def drawn(stopped: Stopped) -> list[Frame]:
        list(steady.render(EditState("a", 1, AGE, "full"), never))  # each starts with the same maps
        return list(steady.render(EditState("a", 2, SMILE, "full", region=region), stopped))

    drawn(never)  # makes the unedited portraits known
    patient = Interruption(1_000_000)
    finished = drawn(patient)
    assert patient.asked > 2 * len(finished)
    for after in range(patient.asked):
        interruption = Interruption(after)
        frames = drawn(interruption)
        assert interruption.asked == after + 1  # the first yes stops it
        assert len(frames) < len(finished)
        for frame, whole in zip(frames, finished, strict=False):  # earlier frames are complete
            assert np.array_equal(rgb(frame), rgb(whole))


# Applying


def over(layer: Layer | None, picture: np.ndarray = PICTURE) -> np.ndarray:
    """The picture with the layer over it, uint8 [H, W, 4]."""
    assert layer is not None
    out = picture.copy()
    pixels = rgba(layer)
    box = out[layer.y : layer.y + layer.height, layer.x : layer.x + layer.width]
    box[pixels[..., 3] > 0] = pixels[pixels[..., 3] > 0]
    return out


def test_apply_lays_over_the_picture_what_the_last_frame_shows(projected: Session):
    frames = list(projected.render(EditState("a", 1, SMILE, "full"), never))
    placement, side = projected.pictures["a"].placement, frames[-1].side
    applied = crop(over(projected.apply("a", SMILE, never)), placement, side).astype(int)
    assert np.abs(applied - rgb(frames[-1])).mean() < 2
    assert np.abs(applied - crop(PICTURE, placement, side)).mean() > 8


def test_apply_without_an_edit_gives_nothing(projected: Session):
    assert projected.apply("a", {}, never) is None
    assert projected.apply("a", {"smile": 0.0, "age": 0}, never) is None


def test_a_layer_is_cropped_to_what_changed(projected: Session):
    layer = projected.apply("a", SMILE, never)
    assert layer is not None
    alpha = rgba(layer)[..., 3]
    assert set(np.unique(alpha)) <= {0, 255}
    assert alpha[0].any()
    assert alpha[-1].any()
    assert alpha[:, 0].any()
    assert alpha[:, -1].any()
    changed = (over(layer) != PICTURE).any(axis=2)
    assert np.array_equal(
        changed[layer.y : layer.y + layer.height, layer.x : layer.x + layer.width], alpha > 0
    )
    assert not changed[: layer.y].any()


def test_a_selection_limits_what_is_applied(projected: Session):
    only = np.zeros((240, 300), np.uint8)
    only[100:120, 100:160] = 255
    layer = projected.apply("a", SMILE, never, only=only)
    assert layer is not None
    assert (layer.x >= 100, layer.y >= 100) == (True, True)
    assert layer.x + layer.width <= 160
    assert layer.y + layer.height <= 120
    inside = only > 0
    assert np.array_equal(over(layer)[inside], over(projected.apply("a", SMILE, never))[inside])
    assert projected.apply("a", SMILE, never, only=np.zeros((240, 300), np.uint8)) is None


def test_frames_without_an_edit_are_the_pictures_own_square(projected: Session):
    placement = projected.open("b", PICTURE, SHOWN).placement
    for frame in projected.render(EditState("a", 1, {}, "full"), never):
        own = resized(crop(PICTURE, placement, round(placement.size)), frame.side)
        assert np.abs(rgb(frame).astype(int) - own).max() <= 1


def test_another_latent_is_not_shown_with_the_former_ones_portraits(projected: Session, pack: Pack):
    list(projected.render(EditState("a", 1, SMILE, "full"), never))
    shape = (pack.n_style, pack.style_dim)
    latents = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    projected.restore("a", latents)
    other = Session(pack)
    other.open("a", PICTURE, SHOWN)
    other.restore("a", latents)
    found, expected = (
        list(session.render(EditState("a", 2, SMILE, "full"), never))[-1] for session in (projected, other)
    )
    assert np.array_equal(rgb(found), rgb(expected))


@pytest.mark.parametrize("quality", ["draft", "preview"])
def test_apply_in_another_quality(projected: Session, quality: Quality):
    rough, full = (over(projected.apply("a", SMILE, never, q)) for q in (quality, "full"))
    assert not np.array_equal(rough, full)
    frame = list(projected.render(EditState("a", 1, SMILE, quality), never))[-1]
    shown = crop(rough, projected.pictures["a"].placement, frame.side).astype(int)
    assert np.abs(shown - rgb(frame)).mean() < 2


def test_a_layer_is_clipped_to_the_picture_and_to_what_is_not_transparent(session: Session):
    face = Placement(40, 90, 160)
    at_the_border = portrait(face, 200, 200)
    at_the_border[120:, :, 3] = 0
    at_the_border[100:120, :, 3] = 128
    session.open("a", at_the_border, shown(face))
    list(session.project("a", steps=0))
    layer = session.apply("a", SMILE, never)
    assert layer is not None
    assert layer.x >= 0
    assert layer.x + layer.width <= 200
    alpha = np.zeros((200, 200), np.uint8)
    alpha[layer.y : layer.y + layer.height, layer.x : layer.x + layer.width] = rgba(layer)[..., 3]
    assert set(np.unique(alpha[:100])) == {0, 255}
    assert set(np.unique(alpha[100:120])) == {0, 128}
    assert alpha[120:].max() == 0


def test_apply_can_be_cancelled(projected: Session):
    assert refusal(lambda: projected.apply("a", SMILE, lambda: True)).kind == "cancelled"


# Packs


@pytest.mark.parametrize(
    "file", ["encoder.onnx", "finder.onnx", "features.safetensors", "generator.safetensors"]
)
def test_a_damaged_pack_says_so(folder: Path, tmp_path: Path, file: str):
    """Even with the right hash: a file that is not what its name says must be refused."""
    import hashlib

    pack = tmp_path / "p"
    shutil.copytree(folder, pack)
    (pack / file).write_bytes(b"this is not a network")
    manifest = json.loads((pack / "pack.json").read_text())
    manifest["files"][file] = hashlib.sha256((pack / file).read_bytes()).hexdigest()
    (pack / "pack.json").write_text(json.dumps(manifest))

    def use() -> None:
        session = Session(Pack.open(pack))
        session.open("a", PICTURE)
        list(session.project("a", steps=0))

    assert refusal(use).kind == "pack"


def test_the_loss_has_a_name(session: Session):
    assert session.loss_name == "the pack's own features"


# Calibration


@pytest.fixture
def calibrated(projected: Session, tmp_path: Path, monkeypatch) -> Session:
    """A session whose full rung is fastest in bfloat16, with a separate cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(calibration, "available", lambda: [ALWAYS, Choice("torch", "bfloat16")])
    monkeypatch.setattr(calibration, "_near", lambda picture, expected: picture.shape == expected.shape)
    whole = projected.pack.ladder[-1].channels
    finish = calibration._Race.finish

    def told(race, seconds: float):
        rows = finish(race, seconds)
        return tuple(sorted(rows, key=lambda row: (row.choice == ALWAYS) == (race._rung.channels == whole)))

    monkeypatch.setattr(calibration._Race, "finish", told)
    list(projected.render(EditState("a", 1, SMILE, "full"), never))
    projected.calibrate(never)
    return projected


def test_after_calibration_the_fastest_engines_draw(calibrated: Session):
    assert calibrated.calibrated
    draft, *_, whole = calibrated.pack.ladder
    assert calibrated._renderer.prepare(draft).precision == "float32"
    assert calibrated._renderer.prepare(whole).precision == "bfloat16"


def test_what_was_projected_before_goes_on_after_calibration(calibrated: Session):
    """Both of an edit's portraits come from the engine that now draws, as in a session that always had it."""
    always = Session(calibrated.pack)
    always.calibrate(never)
    always.open("a", PICTURE, SHOWN)
    w = calibrated.pictures["a"].w
    assert w is not None
    always.restore("a", w)
    found, expected = (
        list(session.render(EditState("a", 1, SMILE, "full"), never))[-1] for session in (calibrated, always)
    )
    assert np.array_equal(rgb(found), rgb(expected))


def test_the_next_session_knows_what_was_measured(calibrated: Session, monkeypatch):
    """Its first drag need not use the draft for lack of times, and its engines open without being measured
    again."""
    following = Session(calibrated.pack)
    assert all(following.timings.median(rung) for rung in following.pack.ladder)
    assert following._renderer.prepare(calibrated.pack.ladder[-1]).precision == "bfloat16"
    monkeypatch.setattr(session_module, "calibrate", None)
    following.calibrate(never)
    assert following.calibrated


def test_engines_that_take_a_while_to_open_wait_for_a_calm_moment(projected: Session, monkeypatch):
    rows = [Timed(Choice("onnxruntime-cpu", "float32"), 1.0), Timed(ALWAYS, 3.0)]
    known = calibration.Calibration({rung.channels: tuple(rows) for rung in projected.pack.ladder})
    monkeypatch.setattr(session_module, "load", lambda pack: known)
    session, whole = Session(projected.pack), projected.pack.ladder[-1]
    assert (session._renderer.prepare(whole).name, session.timings.median(whole)) == ("torch", 3.0)
    session.calibrate(never)
    assert len(session._renderer._prepared) == len(session.pack.ladder)  # the next drag opens no engine
    assert (session._renderer.prepare(whole).name, session.timings.median(whole)) == ("onnxruntime-cpu", 1.0)


def test_calibration_that_is_stopped_changes_nothing(projected: Session, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    asked = []
    projected.calibrate(lambda: asked.append(0) or len(asked) > 4)
    assert not projected.calibrated
    assert calibration.load(projected.pack) is None


@pytest.mark.slow
def test_calibration_goes_on_where_it_was_stopped(projected: Session, tmp_path: Path, monkeypatch):
    """An artist pauses for only seconds at a time, too short to measure a large pack at once."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    raced, enter = [], calibration._Race.enter

    def noted(race, choice):
        raced.append(race._rung.channels)
        enter(race, choice)

    monkeypatch.setattr(calibration._Race, "enter", noted)
    ladder = [rung.channels for rung in projected.pack.ladder]
    projected.calibrate(lambda: ladder[1] in raced)
    assert not projected.calibrated
    assert set(raced) == set(ladder[:2])
    raced.clear()
    projected.calibrate(never)
    assert projected.calibrated
    assert set(raced) == set(ladder[1:])
