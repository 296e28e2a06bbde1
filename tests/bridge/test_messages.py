"""Messages: what is written is read back, what is wrong is refused, and the documentation has every field."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anycost.bridge import messages
from anycost.bridge.messages import (
    QUALITIES,
    ApplyEdits,
    ClosePicture,
    CoreState,
    CoreStatus,
    DrawnEdit,
    DrawThumbnail,
    EditState,
    FacePoints,
    FindFaces,
    FoundFace,
    FoundFaces,
    Frame,
    Hello,
    LadderRung,
    Latents,
    Layer,
    Message,
    Mix,
    OpenedPack,
    OpenedPicture,
    OpenPack,
    OpenPicture,
    PackOpened,
    Placement,
    Progress,
    ProjectedPicture,
    ProjectPicture,
    Region,
    RestorePicture,
    Selected,
    Slider,
    Thumbnail,
    Welcome,
)
from anycost.bridge.protocol import ProtocolError

PAGE = (Path(messages.__file__).parents[1] / "docs" / "protocol.md").read_text()
LATENTS = Latents((2, 3), bytes(24))
MIX = Mix("q", None, 0.25, 0.5, 1.0)
EDIT = EditState("p", 3, {"smile": 0.5}, "full", True, Region(0.1, 0.2, 0.3, 0.4), 33.0, MIX)
SMALL = DrawThumbnail("p", {"smile": 0.5}, 64, "draft", Mix(seed=7, fine=0.5))
FACE = FoundFace(
    ((1.5, 2.0), (5.0, 2.5)), ((2.0, 6.0), (4.0, 6.0)), (3.0, 4.0), (3.0, 8.0), (10.0, -5.0, 170.0), 0.75
)
FRAME = Frame("p", 3, 2, 4, 128, None, 12.5, 2, 1, bytes(8), 512, False, 5, 6)
SELECTED = Selected(4, 5, 3, 2, bytes(6))
SAMPLES = [
    OpenPack("portraits"),
    OpenPack(),
    OpenPack("portraits", "de"),
    Slider("smile", "Smile", "Expression", -1.0, 1.0),
    Slider("wink", "Wink", "Added", -0.5, 1.0, "One eye", 0.25, "Neu"),
    Placement(1.5, 2.0, 30.0, -4.0),
    Placement(1.5, 2.0, 30.0, 0.0, (4, 3)),
    FACE,
    FindFaces(2, 1, bytes(8)),
    FoundFaces((FACE, FACE), "Try again."),
    FoundFaces(()),
    OpenPicture("p", 2, 1, bytes(8)),
    OpenPicture("p", 2, 1, bytes(8), FacePoints(FACE.eyes, FACE.mouth), True),
    OpenedPicture(Placement(1.0, 2.0, 3.0)),
    OpenedPicture(Placement(1.0, 2.0, 3.0), "Far.", ("age", "turn"), drawn=False),
    ClosePicture("p"),
    ProjectPicture("p", 2.5, 7),
    ProjectPicture("p"),
    Progress("p", 3, 100, 0.25, "refine"),
    RestorePicture("p", LATENTS),
    EDIT,
    EditState("p", 0),
    FRAME,
    ApplyEdits("p", {"smile": 0.5}),
    ApplyEdits("p", {"smile": 0.5}, SELECTED, MIX),
    MIX,
    SMALL,
    Thumbnail(2, bytes(16)),
    Layer(3, 4, 1, 2, bytes(8)),
    CoreState("Ready"),
]
WITH_ATTACHMENT = (FindFaces, OpenPicture, RestorePicture, Frame, ApplyEdits, Layer, Thumbnail)


def travelled(message: Message) -> Message:
    """The message as the other side reads it."""
    data = json.loads(json.dumps(message.data()))
    with_attachment = type(message) in (
        FindFaces,
        OpenPicture,
        RestorePicture,
        Frame,
        ApplyEdits,
        Layer,
        Thumbnail,
    )
    return type(message).of(data, *[message.attachment] * with_attachment)  # type: ignore[attr-defined]


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: type(message).__name__)
def test_what_one_side_writes_the_other_reads(message: Message):
    assert travelled(message) == message


WHOLE = st.characters(exclude_characters="\0", exclude_categories=["Cs"])


@given(
    st.text(WHOLE, min_size=1, max_size=256),
    st.integers(0, 2**53 - 1),
    st.dictionaries(st.text(WHOLE, max_size=256), st.floats(-100, 100), max_size=256),
    st.sampled_from(QUALITIES),
    st.booleans(),
    st.floats(1, 10_000),
)
def test_every_edit_state_travels(picture, stamp, edits, quality, dragging, frame_ms):
    state = EditState(picture, stamp, edits, quality, dragging, None, frame_ms)
    assert travelled(state) == state


def test_a_pack_tells_the_panel_what_it_shows():
    smile = Slider("smile", "Smile", "Expression", -1.0, 1.0)
    rung = LadderRung(8, None, (4, 4, 4, 4), 1000)
    opened = OpenedPack("p", "Pack", "MIT", 8, "pixels", ("p", "q"), (smile,), (rung,), False, (), "ab12")
    read = travelled(opened)
    assert read == OpenedPack(
        name="p",
        title="Pack",
        loss="pixels",
        packs=("p", "q"),
        directions=(smile,),
        draws_faces=False,
        generator="ab12",
    )
    assert opened.data()["rungs"] == [
        {"resolution": 8, "ratio": None, "channels": [4, 4, 4, 4], "macs": 1000}
    ]


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        (Frame, {"pass": 1.5}),
        (Frame, {"stamp": -1}),
        (Frame, {"stamp": True}),
        (Frame, {"resolution": 0}),
        (Frame, {"side": 0}),
        (OpenedPicture, {"advice": 5}),
        (OpenedPicture, {"limited": [5]}),
        (ApplyEdits, {"x": -1}),
        (Frame, {"ms": "12"}),
        (Frame, {"whole": 1}),
        (Frame, {"attachment": {"format": "rgba8", "width": 2, "height": 2}}),
        (Progress, {"loss": "low"}),
        (Progress, {"steps": None}),
        (Placement, {"size": 0}),
        (Placement, {"x": None}),
        (Placement, {"angle": float("inf")}),
        (Slider, {"label": 5}),
        (Slider, {"low": None}),
        (Layer, {"x": -1}),
        (CoreState, {"text": "w" * 900_000}),
        (OpenedPicture, {"placement": [1, 2, 3, 4]}),
        (FoundFace, {"eyes": [[1, 2]]}),
        (FoundFace, {"mouth": [[1, 2], [3, None]]}),
        (FoundFace, {"nose": [1, float("inf")]}),
        (FoundFace, {"turn": [0, 0]}),
        (FoundFace, {"score": 1.5}),
        (FoundFaces, {"faces": [FACE.data()] * 257}),
        (FoundFaces, {"advice": 5}),
        (ProjectPicture, {"seconds": 86_401}),
        (ProjectPicture, {"steps": 100_001}),
        (EditState, {"region": [0, 0, 1, float("nan")]}),
        (EditState, {"mix": [1]}),
        (EditState, {"mix": {"coarse": 0.5, "middle": 0, "fine": 0}}),
        (EditState, {"mix": {"picture": "q", "seed": 1, "coarse": 0.5, "middle": 0, "fine": 0}}),
        (Mix, {"coarse": 1.5}),
        (Mix, {"fine": None}),
        (Mix, {"picture": ""}),
        (DrawThumbnail, {"side": 513}),
        (DrawThumbnail, {"quality": "best"}),
    ],
)
def test_a_wrong_value_is_named(kind: type[Message], changed: dict):
    sample = [message for message in SAMPLES if type(message) is kind][-1]
    attachment = [sample.attachment] * (kind in (Frame, ApplyEdits, Layer))
    with pytest.raises(ProtocolError) as error:
        kind.of({**sample.data(), **changed}, *attachment)  # type: ignore[attr-defined]
    assert next(iter(changed)) in str(error.value)


def test_a_layer_that_its_bytes_do_not_fill_cannot_be_made():
    with pytest.raises(ValueError, match="7 bytes"):
        Layer(0, 0, 2, 1, bytes(7))


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4), st.floats(1, 1e4), st.floats(-360, 360))
def test_a_placement_s_two_ways_undo_each_other(x, y, size, angle):
    placement = Placement(x, y, size, angle)
    u, v = placement.to_unit(*placement.to_picture(0.2, 0.7))
    assert (u, v) == (pytest.approx(0.2, abs=1e-6), pytest.approx(0.7, abs=1e-6))


# The documentation


def rows(section: str) -> dict[str, list[str]]:
    """The cells of a section's table by the method in the first one."""
    text = PAGE.split(f"## {section}")[1].split("\n## ")[0]
    lines = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| `")
    ]
    return {cells[0].strip("`"): cells[1:] for cells in lines}


def named(cell: str) -> set[str]:
    """The fields that a cell lists: those of its first backticked part."""
    listed = re.match(r"`([^`]*)`", cell)
    names = re.sub(r"\{.*?\}", "", listed[1]) if listed else ""
    return {name.split(":")[0].strip(" ?") for name in names.split(",")} - {""}


def has_attachment(cell: str) -> bool:
    return any(form in cell for form in ("rgba8", "gray8", "f32"))


def written(message: Message) -> set[str]:
    return set(message.data()) - {"attachment"}


REQUESTS: dict[Message, Message | None] = {
    Hello("c", "1"): Welcome("1", 2, ()),
    OpenPack(): OpenedPack(),
    FindFaces(1, 1, bytes(4)): FoundFaces((FACE,)),
    OpenPicture("p", 1, 1, bytes(4)): OpenedPicture(Placement(1, 2, 3)),
    ProjectPicture("p"): ProjectedPicture("done", 1, 0.5, 1.0, LATENTS),
    RestorePicture("p", LATENTS): None,
    ClosePicture("p"): None,
}


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        *REQUESTS.items(),
        (EDIT, DrawnEdit(1, True)),
        (ApplyEdits("p", {}, SELECTED, MIX), Layer(0, 0, 1, 1, bytes(4))),
        (SMALL, Thumbnail(1, bytes(4))),
    ],
    ids=lambda message: type(message).__name__,
)
def test_the_documentation_has_each_request_and_its_answer(asked: Message, answered: Message | None):
    params, result, *_ = rows("Requests")[asked.METHOD]
    assert named(params) == written(asked)
    assert named(result) == (written(answered) if answered else set())
    assert has_attachment(params) == bool(asked.attachment)
    assert has_attachment(result) == bool(answered and answered.attachment)


def test_the_documentation_has_the_status():
    cells = rows("Requests")[messages.CORE_STATUS]
    assert named(cells[-1]) == {part.name for part in fields(CoreStatus)}


@pytest.mark.parametrize(
    "told",
    [FRAME, Progress("p", 1, 2, 0.5), CoreState("Ready"), PackOpened("Mine", "ab12")],
    ids=lambda m: m.METHOD,
)
def test_the_documentation_has_each_notification(told: Message):
    sender, params = rows("Notifications")[told.METHOD]
    assert (sender, named(params)) == ("core", written(told))


def test_the_documentation_has_the_limits():
    for limit in (messages.MAX_SECONDS, messages.MAX_STEPS, messages.MAX_FRAME_MS, messages.FRAME_MS):
        assert f"{limit:.0f}" in PAGE
