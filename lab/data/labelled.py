"""Pictures with a table of what they show, as training data: CelebA's folders, or any folder with a table."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from ...core.errors import CoreError
from ..running import distributed
from .ahead import made_ahead, spare_cores
from .attribute_table import AttributeTable, read_parts, read_table
from .folder import epoch_order, tell_left_out
from .frame import PictureFrame
from .picture_files import Files

# where CelebA, CelebA-HQ and copies of them have these
TABLES = ("list_attr_celeba.txt", "list_attr_celeba.csv", "CelebAMask-HQ-attribute-anno.txt")
PARTITIONS = ("list_eval_partition.txt", "list_eval_partition.csv")
BESIDE = ("", "Anno", "Eval")
PICTURES = (
    "img_align_celeba",
    "img_align_celeba/img_align_celeba",
    "Img/img_align_celeba",
    "CelebA-HQ-img",
    "img_celeba",
    "Img/img_celeba",
    "",
)
TRAINING, VALIDATION = 0, 1  # numbers in a partition
EVERY = 10  # without a partition, every tenth picture is for validation
ENDLESS = 1 << 62  # pictures

LabelledBatch = tuple[Tensor, Tensor]  # labels int8 [N, A], pictures uint8 [N, 3, S, S]


@dataclass(frozen=True)
class LabelledSettings:
    """`folder` has pictures and a table of what they show: `table` names it (by default CelebA's names are
    looked for), and `partition` the file that says which are for training and which for validation.

    `attributes` are those to read, by default all; `mirror` reflects half of the pictures.
    """

    folder: str
    table: str = ""
    partition: str = ""
    attributes: tuple[str, ...] = ()
    mirror: bool = True


@dataclass(frozen=True)
class Labelled:
    """Pictures, and what each shows: `labels` is int8 [N, A] with 1 (there), -1 (not there), 0 (unknown)."""

    names: tuple[str, ...]
    pictures: tuple[Path, ...]
    labels: Tensor

    def some(self, chosen: Sequence[int]) -> Labelled:
        """These pictures alone."""
        return Labelled(self.names, tuple(self.pictures[k] for k in chosen), self.labels[list(chosen)])

    def spread(self, count: int) -> Labelled:
        """At most `count` of them, from all over."""
        every = -(-len(self.pictures) // count)
        return self.some(range(0, len(self.pictures), every))

    def shares(self) -> Tensor:
        """The share [A] of the pictures, of those of which it is known, that have each attribute."""
        known = (self.labels != 0).sum(0).clamp_min(1)
        return (self.labels == 1).sum(0) / known


def labelled(settings: LabelledSettings) -> tuple[Labelled, Labelled]:
    """The pictures to train on and those to validate with. Attributes that all training pictures have, or
    none, are left out. CoreError "bad-value" if there are no pictures, or no attributes, for both."""
    folder = Path(settings.folder)
    if not folder.is_dir():
        raise CoreError("bad-value", f'There is no folder "{folder}": name it in data.folder.')
    table_path = _table(folder, settings.table)
    table = read_table(table_path)
    columns = _columns(table, table_path, settings.attributes)
    place, there = _there(folder, table, table_path)
    pictures = Labelled(
        tuple(table.names[k] for k in columns),
        tuple(place / table.files[k] for k in there),
        torch.from_numpy(table.values[there][:, columns].copy()),
    )
    partition = _partition(folder, settings.partition)
    parts = _parts(partition, [table.files[k] for k in there])
    training, validation = (
        pictures.some(np.flatnonzero(parts == part).tolist()) for part in (TRAINING, VALIDATION)
    )
    for some, name in ((training, "training"), (validation, "validation")):
        if not some.pictures:
            why = f'"{partition}" has none of them' if partition else f"{len(there)} pictures are too few"
            raise CoreError("bad-value", f'"{folder}" has no pictures for {name}: {why}.')
    return _that_differ(training, validation)


def in_order(labelled: Labelled, side: int, batch: int) -> Iterator[LabelledBatch]:
    """Each picture once, `batch` at a time at most; damaged ones are left out."""
    files = Files(labelled.pictures, PictureFrame(side))
    for start in range(0, len(files), batch):
        labels, pictures = [], []
        for index in range(start, min(start + batch, len(files))):
            try:
                pictures.append(torch.from_numpy(np.array(files.read(index))))
            except CoreError as error:
                tell_left_out((error.message,))
                continue
            labels.append(labelled.labels[index])
        if pictures:
            yield torch.stack(labels), torch.stack(pictures)


def _that_differ(training: Labelled, validation: Labelled) -> tuple[Labelled, Labelled]:
    """Both without the attributes that are the same in all training pictures."""
    shares = training.shares()
    differ = ((shares > 0) & (shares < 1)).nonzero().flatten().tolist()
    same = [name for k, name in enumerate(training.names) if k not in differ]
    if not differ:
        raise CoreError("bad-value", "All pictures for training show the same: there is nothing to learn.")
    _tell([f"{name}, which is the same in all pictures for training." for name in same])
    training, validation = (
        Labelled(tuple(some.names[k] for k in differ), some.pictures, some.labels[:, differ])
        for some in (training, validation)
    )
    return training, validation


def _columns(table: AttributeTable, path: Path, wanted: Sequence[str]) -> list[int]:
    for name in wanted:
        if name not in table.names:
            text = f'"{path}" has no attribute "{name}": choose from {", ".join(table.names)}.'
            raise CoreError("bad-value", text)
    return [table.names.index(name) for name in dict.fromkeys(wanted or table.names)]


def _table(folder: Path, name: str) -> Path:
    """The table's path: `read_table` says if a named one is missing."""
    if name:
        return folder / name
    found = _first(folder, TABLES)
    if found is None:
        text = f'"{folder}" has no {TABLES[0]}, {TABLES[1]} or {TABLES[2]}: name its table in data.table.'
        raise CoreError("bad-value", text)
    return found


def _partition(folder: Path, name: str) -> Path | None:
    return folder / name if name else _first(folder, PARTITIONS)


def _first(folder: Path, names: Sequence[str]) -> Path | None:
    paths = (folder / beside / name for name in names for beside in BESIDE)
    return next((path for path in paths if path.is_file()), None)


def _parts(partition: Path | None, files: Sequence[str]) -> np.ndarray:
    """The number of the part that each picture is in, int8 [N]; -1 for those in none."""
    if partition is None:
        places = np.arange(len(files))
        return np.where(places % EVERY == EVERY - 1, VALIDATION, TRAINING)
    parts = read_parts(partition)
    found = np.array([parts.get(file, -1) for file in files])
    if lost := int((found < 0).sum()):
        _tell([f'{lost} of {len(files)} pictures, which "{partition}" does not name.'])
    return found


def _there(folder: Path, table: AttributeTable, path: Path) -> tuple[Path, list[int]]:
    """The folder that has the table's pictures, and which of them it has."""
    for place in (folder / inside for inside in PICTURES):
        there = _present(place, table.files)
        if not there:
            continue
        if lost := len(table.files) - len(there):
            _tell([f'{lost} of {len(table.files)} pictures, which are in the table but not in "{place}".'])
        return place, there
    text = f'"{folder}" has none of the pictures that "{path}" lists, such as {table.files[0]}'
    raise CoreError("bad-value", f"{text}: unpack them there, for example in {PICTURES[0]}.")


def _present(place: Path, files: Sequence[str]) -> list[int]:
    """Which of the files are there. Folders are listed: asking for each file takes minutes over a network."""
    listed: dict[str, set[str]] = {}
    there = []
    for k, file in enumerate(files):
        inside, _, name = file.rpartition("/")
        if inside not in listed:
            listed[inside] = _names_in(place / inside)
        if name in listed[inside]:
            there.append(k)
    return there


def _names_in(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))
    except OSError:
        return set()


def _tell(sentences: Sequence[str]) -> None:
    if distributed.rank() == 0:
        tell_left_out(tuple(sentences))


class LabelledBatches(Dataset):
    """This process's shares of joint batches, by the position of their first picture.

    Every epoch shows every picture once, in an order drawn from seed and epoch; `mirror` reflects half of
    them. A batch depends on seed and position alone, so a run can resume. A damaged picture's place is taken
    by the next good one, labels included; CoreError "bad-picture" if none is good.
    """

    def __init__(self, labelled: Labelled, side: int, batch: int, *, seed: int = 0, mirror: bool = True):
        self.labels = labelled.labels
        self.files = Files(labelled.pictures, PictureFrame(side))
        self.batch = batch
        self.seed = seed
        self.mirror = mirror
        self.part = distributed.part()
        self.damaged: set[int] = set()
        self._good(0)

    def __getitem__(self, seen: int) -> LabelledBatch:
        rows = []
        for position in range(seen, seen + self.batch):
            epoch, place = divmod(position, len(self.files))
            rows.append(epoch_order(len(self.files), self.seed, epoch)[place])
        labels, pictures = [], []
        for index, reflected in self.part.of(torch.stack(rows)).tolist():
            index, rgb = self._good(index)
            labels.append(self.labels[index])
            pictures.append(np.array(rgb[:, :, ::-1] if reflected and self.mirror else rgb))
        return torch.stack(labels), torch.from_numpy(np.stack(pictures))

    def _good(self, index: int) -> tuple[int, np.ndarray]:
        """The first picture from `index` on that can be read, and its place."""
        for candidate in range(index, index + len(self.files)):
            candidate %= len(self.files)
            try:
                return candidate, self.files.read(candidate)
            except CoreError as error:
                if candidate not in self.damaged:
                    tell_left_out((error.message,))
                self.damaged.add(candidate)
        text = f'Neither "{self.files.name(index)}" nor any other picture can be read.'
        raise CoreError("bad-picture", text)

    def from_position(self, seen: int) -> Iterable[LabelledBatch]:
        """The batches from a position on, endlessly, read a few ahead by other processes."""
        return made_ahead(self, spare_cores(), 2, range(seen, ENDLESS, self.batch))
