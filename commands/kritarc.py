"""Krita's settings file as bytes: a plugin is switched on in it, or off again, and all else stays as it was.

The file belongs to KDE's KConfig: lines end with a line feed alone, and text may be in any coding.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_LINE = re.compile(rb"[^\n]*\n|[^\n]+")
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)", re.S)
_ESCAPED = {b"s": b" ", b"t": b"\t", b"n": b"\n", b"r": b"\r"}
SECTION = b"[python]"
ON = b"true"


class Enabling(NamedTuple):
    """What `enabled` did, so that `restored` can undo it."""

    was: str | None = None  # the setting's value before; None: there was no such line
    section: bool = False  # the section was added, too
    lead: str = ""  # line ends added in front of that


def enabled(kritarc: bytes, plugin: str) -> tuple[bytes, Enabling | None]:
    """The file with a plugin switched on, and what was changed for it; None where nothing had to be."""
    lines, key = _LINE.findall(kritarc), b"enable_" + plugin.encode()
    end = b"\r\n" if kritarc.split(b"\n", 1)[0].endswith(b"\r") else b"\n"
    found = _entries(lines, key)
    if found:
        last = lines[found[-1]]  # it counts, of several
        was = _value(last)
        if was == ON:
            return kritarc, None
        lines[found[-1]] = _with_value(last, ON)
        return b"".join(lines), Enabling(was=was.decode("utf-8", "surrogateescape"))
    line = key + b"=" + ON + end
    start = next((i for i, line in enumerate(lines) if line.strip() == SECTION), None)
    if start is None:
        ended = not lines or kritarc.endswith(b"\n")
        lead = (b"" if ended else end) + (end if lines and lines[-1].strip() else b"")
        return kritarc + lead + SECTION + end + line, Enabling(section=True, lead=lead.decode())
    lead = b"" if lines[start].endswith(b"\n") else end
    before, after = b"".join(lines[: start + 1]), b"".join(lines[start + 1 :])
    return before + lead + line + after, Enabling(lead=lead.decode())


def restored(kritarc: bytes, plugin: str, change: Enabling) -> bytes:
    """The file as it was before `change`; what others have changed since stays. A plugin that somebody has
    switched off meanwhile is left alone."""
    lines = _LINE.findall(kritarc)
    found = _entries(lines, b"enable_" + plugin.encode())
    if not found or _value(lines[found[-1]]) != ON:
        return kritarc
    at = found[-1]
    if change.was is not None:
        lines[at] = _with_value(lines[at], change.was.encode("utf-8", "surrogateescape"))
        return b"".join(lines)
    before, after = lines[:at], lines[at + 1 :]
    if change.section and before[-1].strip() == SECTION and (not after or _ends_section(after[0])):
        del before[-1]
    elif after:
        return b"".join(before + after)  # somebody has added more, so the line ends are needed
    text = b"".join(before)
    if not after:
        text = text.removesuffix(change.lead.encode())
    elif text.endswith(b"\n\n") and len(change.lead) > 1:
        text = text[:-1]
    return text + b"".join(after)


def _ends_section(line: bytes) -> bool:
    return not line.strip() or line.lstrip().startswith(b"[")


def resource_folder(kritarc: bytes, home: str) -> str | None:
    """Where the artist has moved Krita's resources, as the file says it; None if it does not."""
    for line in _LINE.findall(kritarc):
        if line.lstrip().startswith(b"["):
            return None  # the setting stands before the first section
        name, _, _ = line.partition(b"=")
        if name.split(b"[", 1)[0].strip() == b"ResourceDirectory":
            text = _ESCAPE.sub(_unescaped, _value(line)).decode("utf-8", "surrogateescape")
            if b"[$e]" in name:  # KConfig's mark for variables
                text = re.sub(r"\$HOME\b|\$\{HOME\}", lambda _: home, text)
            return text or None
    return None


def _entries(lines: list[bytes], key: bytes) -> list[int]:
    """Which lines set `key` in the section of plugins. KConfig reads several sections of one name as one."""
    found, inside = [], False
    for i, line in enumerate(lines):
        if line.lstrip().startswith(b"["):
            inside = line.strip() == SECTION
        elif inside and b"=" in line and line.partition(b"=")[0].split(b"[", 1)[0].strip() == key:
            found.append(i)
    return found


def _value(line: bytes) -> bytes:
    return line.partition(b"=")[2].strip()


def _with_value(line: bytes, value: bytes) -> bytes:
    ending = line[len(line.rstrip(b"\r\n")) :]
    return line.partition(b"=")[0].rstrip(b"\r\n") + b"=" + value + ending


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code[1:], 16)]) if len(code) == 3 else _ESCAPED.get(code, code)
