"""Krita's settings file, edited byte by byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anycost.commands.kritarc import Enabling, enabled, resource_folder, restored

LINES = st.sampled_from(
    [
        b"", b" ", b"a=1", b"[x]", b"[python]", b"enable_anycost=false", b"enable_anycost=true", b"\x0c=\xe9",
        b"b=1", "b=\u2028\u0085ü".encode(), b"c=\x0b[python]\r", b"enable_anycost[$i]=false", b"\r",
    ]
)  # fmt: skip


@given(st.lists(LINES, max_size=8), st.booleans())
def test_what_was_switched_on_is_switched_off_to_the_last_byte(lines, ended):
    before = b"\n".join(lines) + b"\n" * ended
    after, change = enabled(before, "anycost")
    assert enabled(after, "anycost") == (after, None)
    if change is None:
        assert after == before
    else:
        assert restored(after, "anycost", change) == before


@given(st.lists(LINES, max_size=8))
def test_every_other_line_stays_in_its_order(lines):
    before = b"\n".join(lines)
    after, change = enabled(before, "anycost")
    kept = [others(after), others(before)]
    if change is not None and change.section:
        assert kept[0].pop() == b"[python]"
    assert kept[0] == kept[1]


def others(kritarc: bytes) -> list[bytes]:
    lines = [line.strip() for line in kritarc.split(b"\n")]
    return [line for line in lines if line and not line.startswith(b"enable_anycost")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", b"[python]\nenable_anycost=true\n"),
        (b"a=1", b"a=1\n\n[python]\nenable_anycost=true\n"),
        (b"a=1\r\n", b"a=1\r\n\r\n[python]\r\nenable_anycost=true\r\n"),
        (b"[python]\n[b]\nenable_anycost=no\n", b"[python]\nenable_anycost=true\n[b]\nenable_anycost=no\n"),
        (b"[python]\nenable_anycost=false\nb=2", b"[python]\nenable_anycost=true\nb=2"),
        (b"a=\xe9\x0c\x1c\n[python]", b"a=\xe9\x0c\x1c\n[python]\nenable_anycost=true\n"),
    ],
)
def test_where_the_line_goes(before, after):
    assert enabled(before, "anycost")[0] == after


def test_what_krita_writes_meanwhile_stays():
    """Krita sorts sections and keys whenever it writes the file."""
    _, change = enabled(b"theme=dark\n", "anycost")
    assert change is not None
    written = b"theme=light\n\n[a]\nb=1\n\n[python]\nenable_anycost=true\nenable_other=true\n\n[z]\nc=1\n"
    wanted = b"theme=light\n\n[a]\nb=1\n\n[python]\nenable_other=true\n\n[z]\nc=1\n"
    assert restored(written, "anycost", change) == wanted
    alone = b"theme=light\n\n[python]\nenable_anycost=true\n\n[z]\nc=1\n"
    assert restored(alone, "anycost", change).split() == [b"theme=light", b"[z]", b"c=1"]
    off = written.replace(b"anycost=true", b"anycost=false")
    assert restored(off, "anycost", change) == off


def test_a_value_that_was_there_comes_back():
    after, change = enabled(b"[python]\nenable_anycost=false\n", "anycost")
    assert change is not None
    assert change == Enabling(was="false")
    assert restored(after, "anycost", change) == b"[python]\nenable_anycost=false\n"


@pytest.mark.parametrize(
    ("kritarc", "folder"),
    [
        (b"", None),
        (b"ResourceDirectory=\n", None),
        (b"ResourceDirectory=/mnt/my art\n[x]\n", "/mnt/my art"),
        ("ResourceDirectory=/mnt/K\u00fcnste\u2028\n".encode(), "/mnt/K\u00fcnste\u2028"),
        (b"ResourceDirectory=C:\\\\Users\\\\Ada\\sB\\x41\r\n", "C:\\Users\\Ada BA"),
        (b"ResourceDirectory[$e]=$HOME/art/${HOME}\n", "/home/ada/art//home/ada"),
        (b"[x]\nResourceDirectory=/mnt\n", None),
        (b"ResourceDirectory=/\xe9\n", "/\udce9"),
    ],
)
def test_a_moved_resource_folder(kritarc, folder):
    assert resource_folder(kritarc, "/home/ada") == folder
