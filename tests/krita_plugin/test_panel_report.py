"""What a report says, and what it keeps to itself."""

from __future__ import annotations

import os
import platform
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from panel_wire import PACK, Desk, Wire

pytest.importorskip("PyQt5.QtWidgets")
import qt_loop
from PyQt5.QtCore import qVersion

from anycost.bridge.launch import log_path
from anycost.bridge.version import VERSION
from anycost.krita_plugin.panel.core_log import log_end
from anycost.krita_plugin.panel.panel_report import PATH, PERSON, ReportMaker, without_private
from anycost.krita_plugin.state.state import PanelState

qt_loop.application()
FOLDER = "/home/Jürgen Groß/Bilder für Oma"
LOG = f"""\
12:00:01 INFO pack /opt/Anycost packs/portraits opened
Traceback (most recent call last):
  File "{FOLDER}/anycost core/service.py", line 12, in answer
FileNotFoundError: [Errno 2] No such file or directory: '{FOLDER}/Mein Bild (2).kra'
{FOLDER}/Mein Bild.png cannot be opened (denied): choose another file.
C:\\Users\\Jürgen Groß\\Mein Bild.png is no picture
12:00:02 INFO 3/4 passes, 1.5/2 s, w+ 18x512, and/or nothing
"""


@pytest.fixture
def report(monkeypatch):
    monkeypatch.setenv("USER", "Jürgen Groß")
    wire = Wire()
    state = PanelState(wire, Desk())
    state.set_document("a")
    state.core.link_ready()
    wire.answer("pack/open", PACK)
    state.core.version = "7.8.9"
    state.say(f"{FOLDER}/Mein Bild.png could not be written: choose another place.")
    return ReportMaker(
        state, lambda: LOG + f"\nsomebody called JÜRGEN GROSS is not Jürgen Groß on {platform.node()}"
    )


def test_versions_state_and_the_end_of_the_log_are_in_it(report):
    text = report.text()
    for part in (
        f"Plugin: {VERSION}",
        str(qVersion()),
        platform.python_version(),
        "Core: 7.8.9",
        "Portraits",
    ):
        assert part in text
    assert "No such file or directory" in text
    assert "line 12, in answer" in text
    assert "cannot be opened (denied): choose another file." in text
    assert "3/4 passes, 1.5/2 s, w+ 18x512, and/or nothing" in text  # a slash does not make a path


def test_no_path_and_no_name_is_in_it(report):
    text = report.text()
    for private in (
        "Jürgen",
        "Oma",
        "Bilder",
        "Mein Bild",
        "/home",
        "/opt",
        "C:\\",
        "packs/portraits",
        ".kra",
    ):
        assert private not in text
    assert platform.node() not in text or len(platform.node()) < 3
    assert PATH in text
    assert PERSON in text


def test_it_is_saved_whole_where_it_can_be(report, tmp_path):
    path = tmp_path / "Ein Ordner mit Ümläuten" / "report.txt"
    assert not report.save(str(path))
    assert "choose another place" in report.state.message
    path.parent.mkdir()
    assert report.save(str(path))
    assert path.read_text("utf-8") == report.text()


PARTS = st.text(
    st.characters(categories=["Ll", "Lu", "Nd"], include_characters=" _-ßéÖ字"), min_size=1, max_size=12
)


@given(
    st.lists(PARTS, min_size=1, max_size=5),
    st.sampled_from(["/", "~/", "C:\\", "D:/", "\\\\server\\", "file:///"]),
    st.sampled_from(["'{}'", '"{}"', "{} is gone", "opened {}: failed", "({})"]),
)
def test_a_path_with_a_known_ending_never_shows(parts, root, around):
    name = "Zebra" + parts[0].strip()
    step = "\\" if "\\" in root else "/"
    path = root + step.join([*parts, name]) + ".png"
    scrubbed = without_private(around.format(path), [])
    assert "Zebra" not in scrubbed
    assert PATH in scrubbed
    assert without_private(scrubbed, []) == scrubbed


@pytest.mark.parametrize("name", ["anna", "Ödön", "o'brien", "a.b"])
def test_a_name_goes_wherever_it_stands_as_a_word(name):
    text = without_private(f"by {name}, for {name.upper()}; annanas stays", [name, "ab"])
    assert not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE)
    assert "annanas stays" in text


def test_the_log_s_end_is_read_bounded_and_whole_lines(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "Zustände"))
    assert log_end("printed\n") == "printed"
    path = log_path()
    path.parent.mkdir(parents=True)
    path.write_bytes(b"".join(b"line %d of the log\n" % number for number in range(5000)) + b"half a l\xc3")
    lines = log_end("printed").splitlines()
    assert lines[-1] == "printed"
    assert lines[-2] == "half a l\N{REPLACEMENT CHARACTER}"
    assert all(re.fullmatch(r"line \d+ of the log", line) for line in lines[:-2])
    assert lines[-3] == "line 4999 of the log"
    assert len("\n".join(lines)) < 40_000
    path.unlink()
    os.mkfifo(path)
    assert log_end("printed") == "printed"
