"""A run's TOML file, checked value by value: every mistake gives one sentence that names the setting."""

from __future__ import annotations

import dataclasses
import sys
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from ...core.errors import CoreError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Built = TypeVar("Built")


def read(path: Path) -> dict[str, Any]:
    """The content of a TOML file; CoreError if it cannot be read."""
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise CoreError(
            "bad-value", f'"{path}" cannot be read ({error.strerror}): name a TOML file.'
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CoreError("bad-value", f'"{path}" is not TOML: {error}.') from None
    except (ValueError, RecursionError):  # thousands of digits or brackets, for which tomllib has no words
        text = f'"{path}" has a number or lists that no setting takes: correct it.'
        raise CoreError("bad-value", text) from None


def build(kind: type[Built], table: Mapping[str, Any], where: str = "") -> Built:
    """Builds the dataclass `kind` from a table of its fields; the key `from` sets the field `from_`.

    CoreError for unknown keys, missing keys, and values of the wrong type.
    """
    hints = typing.get_type_hints(kind)
    known = {field.name.rstrip("_"): field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for key in table:
        if key not in known:
            have = ", ".join(sorted(known))
            raise CoreError("bad-value", f'There is no setting "{where}{key}"; choose from {have}.')
    values = {
        field.name: _value(hints[field.name], table[key], f"{where}{key}")
        for key, field in known.items()
        if key in table
    }
    for key, field in known.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and field.name not in values:
            raise CoreError("bad-value", f'The setting "{where}{key}" is missing.')
    try:
        return kind(**values)
    except ValueError as error:
        raise CoreError("bad-value", str(error)) from None


def _value(hint: Any, given: Any, where: str) -> Any:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    if dataclasses.is_dataclass(hint):
        if not isinstance(given, Mapping):
            raise _wrong(where, "a table")
        return build(typing.cast(type, hint), given, where + ".")
    if typing.get_origin(hint) is typing.Literal:
        *words, last = (f'"{word}"' for word in typing.get_args(hint))
        if given not in typing.get_args(hint):
            raise _wrong(where, f"{', '.join(words)} or {last}")
        return given
    if typing.get_origin(hint) is tuple:
        if not isinstance(given, list | tuple):
            raise _wrong(where, "a list")
        inner = typing.get_args(hint)[0]
        return tuple(_value(inner, item, f"{where}[{k}]") for k, item in enumerate(given))
    if type(given) is int and abs(given) >= 1 << 63:  # TOML has no such number; a float could not hold it
        raise _wrong(where, "a number of at most 18 digits")
    if hint is float and type(given) is int:
        return float(given)
    if type(given) is not hint:
        names = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}
        raise _wrong(where, names[hint])
    return given


def _wrong(where: str, expected: str) -> CoreError:
    return CoreError("bad-value", f'The setting "{where}" must be {expected}.')
