"""`anycost directions add`, `list` and `remove`: what others make for a pack, which stays as it is."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..bridge.messages import DEFAULT_PACK
from ..core.errors import CoreError
from ..models.manifest import PARTS, TRANSLATED, WAYS
from .arguments import command, open_pack
from .model_file import open_model_file

if TYPE_CHECKING:
    from ..models.bank import Effect
    from ..models.direction_file import DirectionFile
    from ..models.pack import Direction, Pack

UNMEASURED = "On pictures that are far from what the pack draws, the slider stays grey"


def add(actions: argparse._SubParsersAction) -> None:
    text = "make or change a direction of a pack, without changing the pack itself"
    adding = command(actions, "add", _add, text)
    text = "a direction's file: what `anycost directions` or `directions from` wrote, or another program's"
    adding.add_argument(
        "file", type=Path, nargs="?", metavar="FILE", help=f"{text} (default: that of --name)"
    )
    add_own_pack(adding)
    add_words(adding)
    adding.add_argument("--low", type=float, metavar="X", help="the slider's lower end, 0 or less")
    adding.add_argument("--high", type=float, metavar="X", help="its upper end, 0 or more")
    adding.add_argument("--default", type=float, metavar="X", help="where it stands when a face is opened")
    text = "its place in the panel: 1 is that of the pack's first slider, 1.5 comes after it (default: last)"
    adding.add_argument("--order", type=float, metavar="X", help=text)
    text = "do not measure what it does to a head, which takes half a minute"
    adding.add_argument("--no-measure", action="store_true", help=f"{text}. {UNMEASURED} then")
    listing = command(actions, "list", _list, "list the directions that were added to packs")
    listing.add_argument("--pack", dest="of_pack", metavar="NAME|DIR", help="of this pack only")
    removing = command(actions, "remove", _remove, "remove a direction that was added to a pack")
    removing.add_argument("name", metavar="NAME")
    add_own_pack(removing)


def add_own_pack(parser: argparse.ArgumentParser) -> None:
    """Adds --pack to an action; it takes the place of a --pack before the action."""
    text = f"a pack (default: {DEFAULT_PACK})"
    parser.add_argument("--pack", default=argparse.SUPPRESS, metavar="NAME|DIR", help=text)


def add_words(parser: argparse.ArgumentParser) -> None:
    """Adds what a direction says of itself."""
    parser.add_argument(
        "--name", metavar="NAME", help="what programs call it; of a file with several, that one"
    )
    parser.add_argument("--label", metavar="TEXT", help="what the panel calls it")
    parser.add_argument("--group", metavar="TEXT", help="the heading under which it stands")
    parser.add_argument("--tip", metavar="TEXT", help="what the panel says of it under the mouse")
    for key in TRANSLATED:
        text = f"the {key} in another language; repeatable"
        parser.add_argument(f"--{key}s", action="append", default=[], metavar="de=TEXT", help=text)
    text = f"what it may touch on a picture: {', '.join(PARTS)}; repeatable (default: anything)"
    parser.add_argument("--parts", action="append", choices=PARTS, metavar="PART", help=text)
    text = f"in which ways: {', '.join(WAYS)}; repeatable (default: all)"
    parser.add_argument("--how", action="append", choices=WAYS, metavar="WAY", help=text)
    parser.add_argument("--author", metavar="TEXT", help="who made it, to be told when something is wrong")


def _add(chosen: argparse.Namespace) -> None:
    from ..core.files.added_directions import put

    pack = open_pack(chosen.pack)
    files = _read(pack, chosen.file, chosen.name)
    if len(files) > 1 and (
        given := [key for key in ("label", "low", "high") if getattr(chosen, key) is not None]
    ):
        names = ", ".join(file.direction.name for file in files)
        text = f"--{given[0]} is for one direction, and there are several: name one with --name ({names})."
        raise CoreError("bad-value", text)
    for file in files:
        print(put(pack, measured(pack, changed(file, chosen), chosen.no_measure)))


def _list(chosen: argparse.Namespace) -> None:
    from ..core.files.added_directions import files_for
    from ..models.direction_file import DirectionError, read_direction
    from ..models.manifest import PackError
    from ..models.pack import Pack, list_packs

    for name in [chosen.of_pack] if chosen.of_pack else list(list_packs()):
        try:
            pack = Pack.open(name)
        except PackError:
            if chosen.of_pack:
                raise
            continue  # `anycost packs list` says what is wrong
        for file in files_for(pack.name):
            try:
                found = read_direction(file.path, pack.n_style, pack.style_dim).direction
            except DirectionError as reason:
                print(file.problem(reason), file=sys.stderr)
                continue
            what = f"{found.low:g} to {found.high:g}\t{found.group}: {found.label}"
            print("\t".join(filter(None, [pack.name, found.name, what, str(file.path), file.whose])))


def _remove(chosen: argparse.Namespace) -> None:
    from ..core.files.added_directions import remove

    print(remove(open_pack(chosen.pack).name, chosen.name))


def _read(pack: Pack, path: Path | None, name: str | None) -> list[DirectionFile]:
    """The directions of a file, or the one of that name as it is now; CoreError where there is none."""
    from ..models.direction_file import DirectionError, DirectionFile, is_direction_file, read_direction

    if path is None:
        return [_known(pack, name)]
    if is_direction_file(path):
        try:
            return [read_direction(path, pack.n_style, pack.style_dim)]
        except DirectionError as reason:
            raise CoreError("bad-value", f'"{path}" {reason}.') from None
    found = _foreign(pack, path)
    if name is not None and len(found) > 1:
        found = [direction for direction in found if direction.name == name] or _none(path, name, found)
    return [DirectionFile(direction) for direction in found]


def _known(pack: Pack, name: str | None) -> DirectionFile:
    """A direction of the pack, added or its own."""
    from ..core.files.added_directions import with_added
    from ..models.direction_file import DirectionFile
    from ..models.extended_pack import ExtendedPack

    if name is None:
        raise CoreError("bad-value", "Name the file of a direction, or with --name the direction to change.")
    whole, _ = with_added(pack)
    added = whole.added if isinstance(whole, ExtendedPack) else ()
    for file in added:
        if file.direction.name == name:
            return file
    own = [direction for direction in pack.directions if direction.name == name]
    if not own:
        _none(pack.name, name, whole.directions)
    return DirectionFile(own[0], effect=pack.bank.effects[name] if pack.bank else None)


def _none(where: object, name: str, found: Sequence[Direction]) -> list[Direction]:
    have = ", ".join(direction.name for direction in found)
    raise CoreError("bad-value", f'"{where}" has no direction "{name}": it has {have}.')


def _foreign(pack: Pack, path: Path) -> list[Direction]:
    from ..models.importing.unpickle import Refused
    from ..models.importing.vectors import read_directions

    try:
        return read_directions(open_model_file(path), pack.generator())
    except Refused as reason:
        raise CoreError("bad-value", f'"{path}" {reason}.') from None


def changed(file: DirectionFile, chosen: argparse.Namespace) -> DirectionFile:
    """A direction as the command line wants it. Its effect stays known while its ends do."""
    direction = file.direction
    said: dict[str, Any] = {
        key: value
        for key in ("name", "label", "group", "low", "high", "default", "tip")
        if (value := getattr(chosen, key, None)) is not None
    }
    said |= {key: tuple(value) for key in ("parts", "how") if (value := getattr(chosen, key)) is not None}
    translations = {language: dict(words) for language, words in direction.translations.items()}
    for key in TRANSLATED:
        for language, text in _by_language(getattr(chosen, f"{key}s"), f"--{key}s").items():
            translations.setdefault(language, {})[key] = text
    new = replace(direction, **said, translations=translations)
    order = getattr(chosen, "order", None)
    return replace(
        file,
        direction=new,
        order=file.order if order is None else order,
        author=file.author if chosen.author is None else chosen.author,
        effect=file.effect if (new.low, new.high) == (direction.low, direction.high) else None,
    )


def _by_language(texts: Sequence[str], option: str) -> Mapping[str, str]:
    pairs = [text.partition("=") for text in texts]
    for (language, equals, words), text in zip(pairs, texts, strict=True):
        if not (language and equals and words):
            raise CoreError("bad-value", f'{option} "{text}" is no translation: write de=TEXT.')
    return {language: words for language, _, words in pairs}


def measured(pack: Pack, file: DirectionFile, leave: bool) -> DirectionFile:
    """A direction with its effect on a head, where that can be measured; else stderr says why not."""
    if file.effect is not None or pack.bank is None:
        return file
    effect, reason = (None, "") if leave else _measured(pack, file.direction)
    if effect is None:
        print(" ".join(filter(None, [reason, f"{UNMEASURED}."])), file=sys.stderr)
    return replace(file, effect=effect)


def _measured(pack: Pack, direction: Direction) -> tuple[Effect | None, str]:
    from ..core.faces.attention_mesh import FILE, AttentionMesh
    from ..core.faces.mesh_reader import DAMAGED
    from ..core.files.weights import installed
    from ..lab.directions.bank_making import effect_of_added
    from ..models.manifest import PackError

    weights = installed("faces")
    if weights is None:
        return None, "Without the networks that read faces nothing was measured: `anycost weights get faces`."
    try:
        return effect_of_added(pack, direction, AttentionMesh(weights[FILE].read_bytes(), DAMAGED)), ""
    except PackError as error:
        return None, f"Nothing was measured. {error}"
