"""`anycost packs import` and `anycost packs add`: packs from the model files of other programs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ..core.errors import CoreError
from .arguments import changeable_pack, command, shape
from .model_file import open_model_file

if TYPE_CHECKING:
    from torch import Tensor

    from ..models.generator import Generator
    from ..models.importing.kinds import ModelFile
    from ..models.pack import Direction

KINDS = """a StyleGAN2 or Anycost generator (Anycost, rosinality, NVIDIA .pkl, e4e, pSp; .pt, .pkl or
.safetensors). An e4e or pSp file's own encoder comes with it."""


def add(actions: argparse._SubParsersAction) -> None:
    bring = command(actions, "import", _import, "make a pack from a StyleGAN2 or Anycost generator file")
    bring.add_argument("file", type=Path, help=KINDS)
    bring.add_argument("--name", required=True, help="the pack's name")
    bring.add_argument(
        "--out", type=Path, metavar="DIR", help="the pack's folder (default: where packs are found)"
    )
    text = "an e4e, pSp or Anycost encoder of this generator: pictures then open at once"
    bring.add_argument("--encoder", type=Path, metavar="FILE", help=text)
    text = (
        "edits: Anycost boundaries, InterFaceGAN or StyleGAN2 vectors (.npy), GANSpace components, or what "
        "`anycost directions` writes"
    )
    bring.add_argument(
        "--directions",
        "--boundaries",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help=text,
    )
    text = "the generator draws other things: edit the middle of pictures"
    bring.add_argument("--no-faces", action="store_true", help=text)
    text = "width to height of what it draws, like 4:3, where black rows or columns make squares of it"
    bring.add_argument("--shape", type=shape, default=(1, 1), metavar="W:H", help=text)
    text = "give a pack an encoder or edits from other programs' files, whose content says what they are"
    more = command(actions, "add", _add, text)
    more.add_argument("pack", metavar="NAME|DIR")
    more.add_argument("files", type=Path, nargs="+", metavar="FILE")
    text = "write a copy of the pack with them to this folder (default: the pack itself)"
    more.add_argument("--out", type=Path, metavar="DIR", help=text)


def _import(chosen: argparse.Namespace) -> None:
    from ..models.importing.formats import check_name, read_generator, write_imported

    check_name(chosen.name, chosen.out)
    file = open_model_file(chosen.file)
    source = read_generator(file)
    with _belongings(source.network, source.mean) as found:
        if chosen.encoder:
            found.take_encoder(open_model_file(chosen.encoder))
        else:
            found.take_own_encoder(file)
        for path in chosen.directions:
            found.take_directions(open_model_file(path))
        folder = write_imported(
            source,
            chosen.name,
            chosen.out,
            encoder=found.encoder,
            directions=list(found.directions.values()),
            more=found.provenance,
            draws_faces=not chosen.no_faces and chosen.shape[0] == chosen.shape[1],
            shape=chosen.shape,
        )
    found.tell()
    print(folder)


def _add(chosen: argparse.Namespace) -> None:
    import torch

    from ..models.pack import add_edits

    pack = changeable_pack(chosen)
    with _belongings(pack.generator(), torch.from_numpy(pack.mean_w)) as found:
        for path in chosen.files:
            found.take(open_model_file(path))
        directions = list(found.directions.values())
        provenance = pack.provenance.rstrip(". ") + "." + found.provenance
        folder = add_edits(pack, found.encoder, directions, chosen.out, provenance=provenance)
    replaced = [name for name in found.directions if name in {known.name for known in pack.directions}]
    if replaced:
        found.notes.append(f"Earlier edits of the same name were replaced: {', '.join(replaced)}.")
    if pack.bank_file:
        found.notes.append(
            "The bank was measured without them, so it is gone: make it with `anycost packs bank`."
        )
    found.tell()
    print(folder)


@dataclass
class Belongings:
    """What files bring for one generator. PackError for a file that holds nothing that fits it."""

    network: Generator
    mean: Tensor  # [style_dim]
    folder: Path  # for the encoder, until the pack is written
    encoder: tuple[Path, int] | None = None
    directions: dict[str, Direction] = field(default_factory=dict)
    provenance: str = ""
    notes: list[str] = field(default_factory=list)

    def take(self, file: ModelFile) -> None:
        """What the file's content is."""
        if file.is_predictor:
            text = "an attribute predictor stays a file: give it to `anycost directions --reader`"
            raise CoreError("bad-value", f'"{file.path}" cannot be added: {text}.')
        if file.has_encoder:
            self.take_encoder(file)
        else:
            self.take_directions(file)

    def take_own_encoder(self, file: ModelFile) -> None:
        """The encoder beside a generator; a note where there is one that cannot be used."""
        from ..models.manifest import PackError

        if file.has_unknown_encoder:
            self.notes.append("Its encoder is of another kind than e4e's and pSp's, so it was left out.")
        if file.psp_root is None:
            return
        try:
            self.take_encoder(file)
        except PackError as reason:
            self.notes.append(f"Its encoder was left out. {reason}")

    def take_encoder(self, file: ModelFile) -> None:
        from ..lab.networks.export import export_encoder
        from ..models.importing.encoders import read_encoder
        from ..models.importing.formats import described

        with _refusals(file):
            encoder, side, kind = read_encoder(file, self.network, self.mean)
        path = self.folder / "encoder.onnx"
        export_encoder(encoder, side, path)
        self.encoder = path, side
        self.provenance += f" Its encoder is from {described(file.path, kind)}."
        self.notes.append(f"Encoder: {kind}'s; it reads {side} px.")

    def take_directions(self, file: ModelFile) -> None:
        from ..models.importing.formats import described
        from ..models.importing.vectors import read_directions

        with _refusals(file):
            found = read_directions(file, self.network)
        self.directions |= {direction.name: direction for direction in found}
        self.provenance += f" Edits from {described(file.path, file.checkpoint.container)}."
        self.notes.append(f"Edits: {', '.join(direction.label for direction in found)}.")

    def tell(self) -> None:
        """The notes, on stderr: scripts read the pack's folder from stdout."""
        print(*self.notes, sep="\n", end="\n" if self.notes else "", file=sys.stderr)


@contextmanager
def _belongings(network: Generator, mean: Tensor) -> Iterator[Belongings]:
    with TemporaryDirectory(prefix="anycost-") as folder:
        yield Belongings(network, mean, Path(folder))


@contextmanager
def _refusals(file: ModelFile) -> Iterator[None]:
    """Turns a refusal into the sentence that names the file."""
    from ..models.importing.unpickle import Refused
    from ..models.manifest import PackError

    try:
        yield
    except Refused as reason:
        raise PackError(f'"{file.path}" {reason}.') from None
