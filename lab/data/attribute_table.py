"""Tables of what pictures show: CelebA's text form, CelebA-HQ's, the same as CSV, and CelebA's partition.

The text form has the number of pictures in its first line, the attributes' names in its second, then for each
picture a line such as `000001.jpg -1 1 -1`. As CSV, the first line is `image_id,Smiling,...`.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from ...core.errors import CoreError
from ...models.features import check_names

MOST_BYTES = 256 << 20  # of a table; CelebA's has 26 MB
MOST_ATTRIBUTES, MOST_PICTURES = 512, 4_000_000
PARTS = {"0": 0, "1": 1, "2": 2}  # training, validation, test
_VALUES = {"-1": 0xFF, "0": 0, "1": 1}  # the bytes of an int8
_INSIDE = re.compile(r"[^/\\:\x00]+(/[^/\\:\x00]+)*")  # a file's name, with no way out but ".."

Row = tuple[int, list[str]]  # a line's number in the file, and its fields


@dataclass(frozen=True)
class AttributeTable:
    """The attributes' `names`, the pictures' `files`, and for each picture what it shows: `values` is int8
    [N, A] with 1 (there), -1 (not there) and 0 (unknown)."""

    names: tuple[str, ...]
    files: tuple[str, ...]
    values: np.ndarray


def read_table(path: Path) -> AttributeTable:
    """The table in a text or CSV file. CoreError "bad-value" for anything that is not one.

    In a table without a -1, a 0 says that an attribute is not there.
    """
    rows = _rows(path)
    names, promised = _head(path, rows)
    files, cells = [], bytearray()
    for number, (file, *values) in rows:
        if len(values) != len(names):
            text = f"there are {len(names)} attributes but {len(values)} values"
            raise _faulty(path, number, text)
        if not _INSIDE.fullmatch(file) or ".." in file.split("/"):
            raise _faulty(path, number, f'"{file[:80]}" is not the name of a picture inside a folder')
        if len(files) == MOST_PICTURES:
            raise _faulty(path, number, f"no more than {MOST_PICTURES} pictures can be used")
        files.append(file)
        try:
            cells.extend([_VALUES[value] for value in values])
        except KeyError as unknown:
            text = f"a value is -1, 1 or 0, not {unknown.args[0][:20]!r}"
            raise _faulty(path, number, text) from None
    if not files or promised not in (None, len(files)):
        text = f"lists {len(files)} pictures" + (f" of {promised}" if promised else "")
        raise CoreError("bad-value", f'"{path}" {text}: get the whole table.')
    _check_once(path, files)
    values = np.frombuffer(bytes(cells), np.int8).reshape(len(files), len(names))
    if not (values < 0).any():
        values = np.where(values == 0, np.int8(-1), values)
    return AttributeTable(names, tuple(files), values)


def read_parts(path: Path) -> dict[str, int]:
    """The part that each picture is in, by file name: 0 (training), 1 (validation) or 2 (test).

    CoreError "bad-value" for what is not a partition, as text or as CSV.
    """
    rows = _rows(path)
    first = next(rows, None)
    if first is None:
        raise CoreError("bad-value", f'"{path}" is empty: get the whole partition.')
    headed = first[1][1:] == ["partition"]
    parts = {}
    for number, fields in rows if headed else chain([first], rows):
        if len(fields) != 2 or fields[1] not in PARTS:
            text = "a picture's name comes with 0 (training), 1 (validation) or 2 (test)"
            raise _faulty(path, number, text)
        parts[fields[0]] = PARTS[fields[1]]
    return parts


def _head(path: Path, rows: Iterator[Row]) -> tuple[tuple[str, ...], int | None]:
    """The attributes' names, and how many pictures the table says it has."""
    first = _next(path, rows)
    promised = None
    if len(first) == 1 and re.fullmatch(r"\d{1,9}", first[0]):
        promised, names = int(first[0]), _next(path, rows)
    else:
        names = first[1:]
    if not 1 <= len(names) <= MOST_ATTRIBUTES:
        text = (
            "starts with the number of pictures, then a line with up to 512 names of attributes, or, as CSV, "
            "with a line such as image_id,Smiling"
        )
        raise CoreError("bad-value", f'A table of attributes {text}; "{path}" does not.')
    try:
        check_names(names)
    except ValueError as error:
        raise CoreError("bad-value", f'"{path}" cannot be used: {error}.') from None
    return tuple(names), promised


def _next(path: Path, rows: Iterator[Row]) -> list[str]:
    row = next(rows, None)
    if row is None:
        raise CoreError("bad-value", f'"{path}" ends before its first picture: get the whole table.')
    return row[1]


def _rows(path: Path) -> Iterator[Row]:
    """The lines that are not empty. CoreError for a file that cannot be read as text."""
    if not path.is_file():  # opening a pipe would wait for ever
        raise CoreError("bad-value", f'There is no table "{path}": check its name.')
    try:
        if path.stat().st_size > MOST_BYTES:
            raise CoreError("bad-value", f'"{path}" has more than 256 MiB, too many for a table.')
        with path.open(encoding="utf-8-sig") as file:
            is_csv = "," in file.readline()
            file.seek(0)
            lines = csv.reader(file, strict=True, skipinitialspace=True) if is_csv else map(str.split, file)
            for number, fields in enumerate(lines, 1):
                if fields:
                    yield number, fields
    except OSError as error:
        raise CoreError("bad-value", f'"{path}" cannot be read ({error.strerror}).') from None
    except (UnicodeDecodeError, csv.Error):
        raise CoreError("bad-value", f'"{path}" is not a text file: name the table.') from None


def _check_once(path: Path, files: Sequence[str]) -> None:
    [(file, times)] = Counter(files).most_common(1)
    if times > 1:
        raise CoreError("bad-value", f'"{path}" lists "{file}" {times} times: keep one of them.')


def _faulty(path: Path, number: int, what: str) -> CoreError:
    return CoreError("bad-value", f'"{path}", line {number}: {what}.')
