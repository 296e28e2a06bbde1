"""Names of files as messages show them: on one line, in quotation marks, and in any terminal."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Union

_UNSEEN = (
    "Cc",
    "Cf",
    "Cs",
    "Co",
    "Cn",
    "Zl",
    "Zp",
)  # control characters, directions, parts of other encodings


def shown(name: Union[Path, str]) -> str:
    """`"name"`, where what a terminal would obey or could not write stands as an escape, such as \\x1b."""
    return f'"{plain(str(name))}"'


def plain(text: str) -> str:
    """A text without characters that a terminal would obey or could not write."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(char) if unicodedata.category(char) in _UNSEEN else char for char in text)


def _escaped(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a name that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return char.encode("unicode_escape", "surrogatepass").decode("ascii") if code < 0xD800 else f"\\u{code:x}"
