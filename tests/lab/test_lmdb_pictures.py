"""LMDBs of pictures, in both layouts that others write: read like folders and zips of the same pictures."""

from __future__ import annotations

import io
import pickle
import sys
import zipfile
from contextlib import suppress
from itertools import islice
from pathlib import Path

import lmdb
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from anycost.core.errors import CoreError
from anycost.lab.data.folder import FolderBatches, check, pictures_of, to_pack
from anycost.lab.data.frame import PictureFrame
from anycost.lab.data.lmdb_pictures import records
from anycost.lab.data.packed import pack
from anycost.lab.data.picture_files import read_fitted, survey


def picture(number: int, side: int = 40, kind: str = "PNG") -> bytes:
    """Smooth noise."""
    pixels = np.random.default_rng(number).integers(0, 255, (8, 8, 3), np.uint8)
    data = io.BytesIO()
    Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC).save(data, kind)
    return data.getvalue()


def lmdb_of(path: Path, content: dict[bytes, bytes], *, alone: bool = False) -> Path:
    with lmdb.open(str(path), map_size=1 << 24, subdir=not alone) as opened, opened.begin(write=True) as put:
        for key, value in content.items():
            put.put(key, value)
    return path


def prepared(sizes: tuple[int, ...], count: int, kind: str = "PNG") -> dict[bytes, bytes]:
    """As rosinality's and others' prepare_data.py leave it."""
    found = {
        f"{size}-{str(k).zfill(5)}".encode(): picture(k, size, kind) for size in sizes for k in range(count)
    }
    return {**found, b"length": str(count).encode()}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("raw", [False, True], ids=["prepared", "LSUN"])
def test_an_lmdb_a_zip_and_a_folder_of_the_same_pictures_are_equal(tmp_path: Path, raw: bool, kind: str):
    if raw:  # keys of LSUN are SHA-1 sums
        content = {f"{hash(k) * 7919:040x}".encode(): picture(k, 40, kind) for k in range(6)}
    else:
        content = prepared((40,), 6, kind)
    folder = tmp_path / "folder"
    folder.mkdir()
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for key, value in content.items():
            if key != b"length":
                name = f"{key.decode()}.{kind.lower()}"
                (folder / name).write_bytes(value)
                archive.writestr(name, value)
    places = (folder, tmp_path / "a.zip", lmdb_of(tmp_path / "set.lmdb", content))
    batches = [FolderBatches(place, 16, 4, seed=3) for place in places]
    for one, two, three in islice(zip(*batches, strict=False), 4):
        assert torch.equal(one, two)
        assert torch.equal(one, three)
        assert one.float().std() > 20


def test_processes_that_read_ahead_read_the_same(tmp_path: Path):
    place = lmdb_of(tmp_path / "set.lmdb", prepared((40,), 6))
    one = FolderBatches(place, 16, 4, seed=3)
    next(iter(one))  # open here before the others are forked
    for left, right in islice(zip(one, one.in_background(), strict=False), 3):
        assert torch.equal(left, right)
    again = pickle.loads(pickle.dumps(one.pictures))
    assert np.array_equal(again.read(2), one.pictures.read(2))


@pytest.mark.parametrize(("wanted", "size"), [(16, 32), (32, 32), (64, 64), (128, 128)])
def test_of_several_sizes_the_least_that_is_enough_is_read(tmp_path: Path, wanted: int, size: int):
    """Their pictures would each count several times, too."""
    place = lmdb_of(tmp_path / "set.lmdb", prepared((32, 64, 128), 3))
    found = survey(place, PictureFrame(wanted))
    assert found.sizes == ((size, size),) * 3
    assert all(str(one).startswith(f"{place}: {size}-") for one in found.pictures)


def test_a_set_that_is_too_small_says_so(tmp_path: Path):
    place = lmdb_of(tmp_path / "set.lmdb", prepared((32, 64), 2))
    assert "has 2 pictures" in check(place)
    assert "Large enough for 64 px: 2." in check(place)
    with pytest.raises(CoreError, match="no picture of at least 128 px"):
        pictures_of(place, PictureFrame(128))
    assert "is 64 x 64 px, below 128 px" in survey(place, PictureFrame(128)).left_out[0]


def test_a_single_file_and_what_is_no_picture(tmp_path: Path):
    content = {b"a": picture(1), b"b": b"a letter", b"\xff": picture(2)}
    found = survey(lmdb_of(tmp_path / "set.mdb", content, alone=True))
    assert len(found.pictures) == 2
    assert str(found.pictures[1]).endswith("set.mdb: \\xff")
    assert 'set.mdb: b" cannot be read as a picture' in found.left_out[0]


def test_it_can_be_packed(tmp_path: Path):
    place = lmdb_of(tmp_path / "set.lmdb", prepared((40,), 3))
    files = to_pack(place, 16, (1, 1))
    assert pack(files, tmp_path / "out.pictures") == 3
    packed = pictures_of(tmp_path / "out.pictures", PictureFrame(16))
    assert all(np.array_equal(packed.read(k), files.read(k)) for k in range(3))


def test_what_is_cut_off_is_refused(tmp_path: Path):
    """Reading beyond the end of a mapped file would end the process."""
    place = lmdb_of(tmp_path / "set.lmdb", prepared((40,), 6))
    whole = (place / "data.mdb").read_bytes()
    (place / "data.mdb").write_bytes(whole[: len(whole) - 4096])
    with pytest.raises(CoreError, match="is no LMDB that can be read, or is cut off"):
        survey(place)
    (place / "data.mdb").write_bytes(whole[:300])
    with pytest.raises(CoreError, match="is no LMDB that can be read, or is cut off"):
        survey(place)


def test_without_the_library_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    place = lmdb_of(tmp_path / "set.lmdb", prepared((40,), 1))
    monkeypatch.setitem(sys.modules, "lmdb", None)
    with pytest.raises(CoreError, match="pip install lmdb"):
        survey(place)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.integers(0, 150))
def test_no_damage_to_a_picture_brings_more_than_a_sentence(tmp_path: Path, noise: bytes, start: int):
    whole = picture(1)
    damaged = whole[:start] + noise + whole[start + len(noise) :]
    content = {f"{k}".encode(): part for k, part in enumerate((damaged, noise or b" ", whole))}
    place = lmdb_of(tmp_path / f"{abs(hash((noise, start)))}.lmdb", content)
    found = survey(place)
    assert records(place, None)[2] in found.pictures
    for one in found.pictures:
        with suppress(CoreError):
            read_fitted(one, PictureFrame(16))
