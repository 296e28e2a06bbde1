"""`anycost packs make`: a pack from the training run of a generator, and what else was trained for it."""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import CoreError
from .arguments import command
from .model_file import open_model_file

if TYPE_CHECKING:
    from ..lab.running.checkpoints import Trained
    from ..models.generator import Generator
    from ..models.pack import Alignment, Direction, Pack
    from ..models.widths import SubGenerator

LICENCE = "unknown: ask who trained it"
CHEAPER = 0.5  # of a rung's cost is the most that the next cheaper one may take
SHRUNK = 4  # the lowest rungs have the resolution over this: below, a face cannot be told


@dataclass(frozen=True)
class PackParts:
    """What a pack has besides its generator: files of networks, edits and rungs (none: a plain ladder)."""

    encoder: Path | None = None
    finder: Path | None = None
    head_reader: Path | None = None
    features: Path | None = None
    directions: Sequence[Direction] = ()
    ladder: Sequence[SubGenerator] = ()


def add(actions: argparse._SubParsersAction) -> None:
    text = "make a pack from a training run: its averaged generator and what else was trained for it"
    make = command(actions, "make", _make, text)
    make.add_argument("source", type=Path, metavar="RUN", help="the folder that `anycost train` filled")
    make.add_argument("--name", required=True, help="the pack's name")
    text = "the pack's folder (default: where packs are found)"
    make.add_argument("--out", type=Path, metavar="DIR", help=text)
    make.add_argument("--title", metavar="TEXT", help="what the panel calls it (default: the name)")
    for option, kind, what in (
        ("--encoder", "onnx", "its encoder: pictures then open at once"),
        ("--features", "safetensors", "an attribute network, which compares and judges pictures"),
        ("--finder", "onnx", "a finder of faces for its pictures"),
        ("--head-reader", "onnx", "a reader of heads"),
    ):
        make.add_argument(option, type=Path, metavar=f"RUN|FILE.{kind}", help=what)
    text = "edits, as `anycost directions` writes them"
    make.add_argument("--directions", type=Path, metavar="FILE", help=text)
    text = "its rungs, as `anycost search` writes them (default: some of its resolutions and ratios)"
    make.add_argument("--ladder", type=Path, metavar="FILE.json", help=text)
    make.add_argument("--licence", default=LICENCE, metavar="TEXT", help="what others may do with it")
    make.add_argument("--provenance", metavar="TEXT", help="where it comes from (default: the run)")
    text = "it draws other things: edit the middle of pictures"
    make.add_argument("--no-faces", action="store_true", help=text)
    make.add_argument("--half", action="store_true", help="store kernels in half precision, at half the size")


def _make(chosen: argparse.Namespace) -> None:
    from ..models.importing.formats import check_name
    from ..models.pack import user_packs_folder

    check_name(chosen.name, chosen.out)
    trained = run_in(chosen.source)
    provenance = chosen.provenance or _provenance(trained)
    card = f"# {chosen.title or chosen.name}\n\n{provenance}\n\nLicence: {chosen.licence}\n"
    folder = write(
        trained,
        chosen.out or user_packs_folder() / chosen.name,
        _parts(chosen, trained),
        name=chosen.name,
        title=chosen.title or chosen.name,
        licence=chosen.licence,
        provenance=provenance,
        alignment=None if chosen.no_faces else _alignment(trained),
        documents={"MODEL_CARD.md": card},
        half=chosen.half,
    )
    print(folder)


def is_run(name: str) -> bool:
    """Whether that is the folder of a run, and of no pack, or a file that a run keeps."""
    from ..lab.running.checkpoints import LAST
    from ..models.manifest import MANIFEST

    path = Path(name)
    return path.is_file() or ((path / LAST).is_file() and not (path / MANIFEST).is_file())


def run_in(place: Path) -> Trained:
    """The generator of a training run: of its folder the best that it kept, else the last, or of one of its
    files. CoreError when there is none that can be drawn with."""
    import pickle

    from ..lab.running.checkpoints import best_or_last, trained

    try:
        path = place if place.is_file() else best_or_last(place)
    except FileNotFoundError:
        text = f'There is no training run in "{place}": give the folder that `anycost train` filled.'
        raise CoreError("bad-value", text) from None
    try:
        found = trained(path)
    except KeyError as error:
        kind = "is of no generator" if error.args == ("architecture",) else "lacks what a run keeps"
        raise CoreError("bad-value", f'"{path}" {kind}: give a generator\'s run.') from None
    except (OSError, EOFError, RuntimeError, TypeError, ValueError, pickle.UnpicklingError):
        raise CoreError("bad-value", f'"{path}" is no run\'s file, or a damaged one: give another.') from None
    top = found.generator.resolution
    if not found.resolutions:
        text = f'"{path}" is of an earlier version, which did not keep the stages: train on.'
        raise CoreError("bad-value", text)
    if top not in found.resolutions:
        text = f'"{path}" is of a stage of {max(found.resolutions)} px, and is to draw {top} px: train on.'
        raise CoreError("bad-value", text)
    return found


def write(
    trained: Trained,
    out: Path,
    parts: PackParts,
    *,
    name: str,
    title: str,
    licence: str,
    provenance: str,
    alignment: Alignment | None,
    documents: dict[str, str] | None = None,
    half: bool = False,
    replace: bool = False,
) -> Path:
    """Writes a run's averaged generator with its parts as a pack; see `models.pack.write_pack`."""
    from ..lab.networks.encoding import mean_w
    from ..lab.networks.export import picture_side
    from ..lab.networks.finding import SIDE
    from ..lab.worlds import WORLDS
    from ..models.features import load_features
    from ..models.pack import write_pack

    return write_pack(
        out,
        trained.generator,
        name=name,
        title=title,
        licence=licence,
        provenance=provenance,
        mean_w=mean_w(trained.generator).numpy(),
        rule=trained.rule,
        ratios=trained.ratios[::-1],
        resolutions=trained.resolutions,
        ladder=parts.ladder or plain_ladder(trained),
        alignment=alignment,
        shape=WORLDS[trained.data].shape if trained.data in WORLDS else trained.shape,
        directions=parts.directions,
        encoder=(parts.encoder, picture_side(parts.encoder)) if parts.encoder else None,
        finder=(parts.finder, SIDE) if parts.finder else None,
        head_reader=parts.head_reader,
        features=load_features(parts.features) if parts.features else None,
        documents=documents,
        half=half,
        replace=replace,
    )


def plain_ladder(trained: Trained) -> list[SubGenerator]:
    """Rungs of the resolutions and ratios that a run was trained for, cheapest first: each is the dearest
    that costs at most `CHEAPER` of the next one."""
    full, top = trained.generator.channels, trained.generator.resolution
    cells = [
        trained.rule.sub_generator(full, side, ratio)
        for side in trained.resolutions
        for ratio in trained.ratios
        if side * SHRUNK >= top
    ]
    ladder = [trained.rule.sub_generator(full, top, 1.0)]
    for rung in sorted(cells, key=lambda rung: (rung.macs, rung.resolution), reverse=True):
        if rung.macs <= CHEAPER * ladder[0].macs:
            ladder.insert(0, rung)
    return ladder


@contextmanager
def run_as_pack(run: Path, features: Path | None = None) -> Iterator[Pack]:
    """The pack of a run, for as long as it is measured."""
    from ..models.pack import Pack

    trained = run_in(run)
    parts = PackParts(features=_features(features))
    # not the run's own name: a pack of that name may have other measurements and searches
    name = re.sub(r"[^A-Za-z0-9-]+", "-", run.absolute().name).strip("-")[:50]
    with tempfile.TemporaryDirectory(prefix="anycost-") as place:
        made = write(
            trained,
            Path(place) / "pack",
            parts,
            name=f"run-{name}",
            title=f"the run {name}",
            licence=LICENCE,
            provenance=_provenance(trained),
            alignment=None,
        )
        yield Pack.open(made)


def _provenance(trained: Trained) -> str:
    return f"Trained by `anycost train` on {trained.pictures} pictures (data: {trained.data})."


def _parts(chosen: argparse.Namespace, trained: Trained) -> PackParts:
    """The files and the rest that were named; CoreError or PackError for those that do not fit."""
    from .packs import try_out

    encoder = _file(chosen.encoder, "encoder.onnx")
    finder, heads = _file(chosen.finder, "finder.onnx"), _file(chosen.head_reader, "head_reader.onnx")
    if encoder:
        _check_encoder(encoder, trained.generator)
    try_out(finder, heads)
    return PackParts(
        encoder,
        finder,
        heads,
        _features(chosen.features),
        _directions(chosen.directions, trained.generator) if chosen.directions else _known(trained),
        read_ladder(chosen.ladder, trained) if chosen.ladder else (),
    )


def _file(given: Path | None, name: str) -> Path | None:
    """A network's file, in a run's folder by its name there."""
    from ..lab.running.checkpoints import LAST

    if given is None:
        return None
    path = given / name if given.is_dir() else given
    if path.is_file():
        return path
    if (given / LAST).is_file():
        text = f'The run in "{given}" has made no {name} yet: let `anycost train` end, or name another run.'
    else:
        text = f'There is no file "{path}": name a run, or its {name}.'
    raise CoreError("bad-value", text)


def _features(given: Path | None) -> Path | None:
    from safetensors import SafetensorError

    from ..models.features import load_features

    path = _file(given, "features.safetensors")
    if path is not None:
        try:
            load_features(path)
        except (OSError, ValueError, SafetensorError):
            text = f'"{path}" is no attribute network: name a run of configs/attributes.toml, or its file.'
            raise CoreError("bad-value", text) from None
    return path


def _check_encoder(path: Path, generator: Generator) -> None:
    import numpy as np

    from ..core.faces.onnx_network import OnnxNetwork
    from ..lab.networks.export import picture_side

    try:
        side = picture_side(path)
        found = OnnxNetwork(path, "latents")(np.zeros((1, 3, side, side), np.float32)).shape
    except Exception:  # onnxruntime's exceptions have no common base
        raise CoreError(
            "bad-value", f'"{path}" is no encoder: name a run of an encoder, or its file.'
        ) from None
    if found != (generator.n_style, generator.style_dim):
        text = f'"{path}" is the encoder of another generator: name the one that was trained for this run.'
        raise CoreError("bad-value", text)


def _directions(path: Path, generator: Generator) -> list[Direction]:
    from ..models.importing.unpickle import Refused
    from ..models.importing.vectors import read_directions

    try:
        return read_directions(open_model_file(path), generator)
    except Refused as reason:
        raise CoreError("bad-value", f'"{path}" {reason}.') from None


def _known(trained: Trained) -> Sequence[Direction]:
    """The sliders of a world that knows them; none for other runs."""
    from ..lab.cars.car_directions import car_directions
    from ..lab.cars.controls import POPULATION

    known = trained.data == "cars" and trained.generator.style_dim == POPULATION.style_dim
    return car_directions(trained.generator) if known else ()


def read_ladder(path: Path, trained: Trained) -> list[SubGenerator]:
    """The rungs that `anycost search` wrote to a file; CoreError for others than the run was trained for."""
    from ..models.manifest import MAX_MANIFEST_BYTES

    try:
        with path.open("rb") as file:
            entries = json.loads(file.read(MAX_MANIFEST_BYTES))["ladder"]
        rungs = [_rung(entry, trained) for entry in entries]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        text = f'"{path}" has no ladder: give the JSON file that `anycost search` writes.'
        raise CoreError("bad-value", text) from None
    for rung in rungs:
        known = rung.ratio is None or rung.ratio in trained.ratios
        if rung.resolution not in trained.resolutions or not known:
            text = f'"{path}" has the rung {rung.title}, which the run was not trained for: search again.'
            raise CoreError("bad-value", text)
    return rungs


def _rung(entry: dict[str, Any], trained: Trained) -> SubGenerator:
    from ..models.widths import SubGenerator

    side = int(entry["resolution"])
    if "channels" in entry:
        return SubGenerator(side, tuple(map(int, entry["channels"])))
    return trained.rule.sub_generator(trained.generator.channels, side, float(entry["ratio"]))


def _alignment(trained: Trained) -> Alignment | None:
    """Where the run's pictures have faces: as its world puts them, or as they are found in what it draws."""
    from ..bridge.messages import DEFAULT_PACK
    from ..core.faces.drawn_alignment import drawn_alignment
    from ..core.faces.readers import readers_of
    from ..lab.networks.encoding import mean_w
    from ..lab.painter import ALIGNMENT
    from ..models.pack import Alignment, Pack

    if trained.data in ("portraits", "heads"):
        return Alignment(**ALIGNMENT)
    generator = trained.generator
    may_draw_faces = trained.data == "folder" and trained.shape[0] == trained.shape[1]
    found = None
    if may_draw_faces:
        found = drawn_alignment(generator, mean_w(generator), readers_of(Pack.open(DEFAULT_PACK)))
    if found is None:
        print("No faces in its pictures: the pack edits the middle of a picture.", file=sys.stderr)
    return found
