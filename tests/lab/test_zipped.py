"""Zips of pictures: read like folders, and safe whatever they hold."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from anycost.core.errors import CoreError
from anycost.lab.data import zipped
from anycost.lab.data.folder import FolderBatches, check
from anycost.lab.data.frame import PictureFrame
from anycost.lab.data.picture_files import read_fitted, survey
from anycost.lab.data.zipped import Member, Zip

WAYS = {"stored": zipfile.ZIP_STORED, "deflated": zipfile.ZIP_DEFLATED}


def picture(number: int, size: tuple[int, int] = (40, 32)) -> bytes:
    """A PNG of noise."""
    pixels = np.random.default_rng(number).integers(0, 255, (size[1], size[0], 3), np.uint8)
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "PNG")
    return data.getvalue()


def zip_of(path: Path, files: dict[str, bytes], way: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", way) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


FILES = {f"{k:05d}/img{k:08d}.png": picture(k) for k in range(6)}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_zip_is_trained_on_like_the_folder_that_it_would_unpack_to(tmp_path: Path, way: int):
    archive = zip_of(tmp_path / "a.zip", FILES, way)
    folder = tmp_path / "folder"
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    one, two = (FolderBatches(place, 16, 4, seed=3) for place in (archive, folder))
    for left, right in islice(zip(one, two, strict=False), 4):
        assert torch.equal(left, right)
    for left, right in islice(zip(one, one.in_background(), strict=False), 3):
        assert torch.equal(left, right)


def test_labels_and_hidden_files_beside_the_pictures_are_left_alone(tmp_path: Path):
    more = {
        "dataset.json": b'{"labels": [["00000/img00000000.png", 6]]}',
        ".b.png": b"",
        "__MACOSX/c.png": b"",
    }
    archive = zip_of(tmp_path / "a.zip", {**FILES, **more, "folder.png/": b""})
    found = survey(archive)
    assert [member.name for member in found.pictures if isinstance(member, Member)] == sorted(FILES)
    assert found.left_out == ()
    assert found.sizes == ((40, 32),) * 6
    assert "has 6 pictures" in check(archive)


def test_heads_of_large_pictures_tell_their_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    archive = zip_of(tmp_path / "a.zip", FILES, zipfile.ZIP_DEFLATED)
    monkeypatch.setattr(zipped, "_HEAD", 64)  # enough for a PNG
    monkeypatch.setattr(zipped.Member, "read", lambda _: pytest.fail("read whole"))
    assert survey(archive).sizes == ((40, 32),) * 6


def test_what_is_no_picture_is_left_out_by_name(tmp_path: Path):
    link = zipfile.ZipInfo("link.png")
    link.external_attr = 0o120777 << 16
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("good.png", picture(1))
        opened.writestr("letter.png", b"no picture")
        opened.writestr(link, b"/etc/hostname")
        opened.writestr("bomb.png", bomb())
    found = survey(archive, whole=True)
    assert len(found.pictures) == 1
    for name, why in (
        ("letter.png", "cannot be read"),
        ("link.png", "cannot be read"),
        ("bomb.png", "64 mega"),
    ):
        assert any(f"a.zip: {name}" in said and why in said for said in found.left_out)


def bomb() -> bytes:
    data = io.BytesIO()
    Image.new("1", (9000, 9000)).save(data, "PNG")
    return data.getvalue()


def changed(archive: Path, old: bytes, new: bytes) -> Path:
    content = archive.read_bytes()
    assert old in content
    archive.write_bytes(content.replace(old, new))
    return archive


def test_damage_is_noticed_and_the_next_picture_comes_instead(tmp_path: Path, capfd):
    whole = FILES["00000/img00000000.png"]
    archive = changed(zip_of(tmp_path / "a.zip", FILES), whole[60:100], bytes(40))
    assert len(survey(archive).pictures) == 6  # its head is whole
    with pytest.raises(CoreError, match=r"img00000000\.png\" is damaged"):
        read_fitted(survey(archive).pictures[0], PictureFrame(16))
    first = torch.cat(list(islice(FolderBatches(archive, 16, 6), 1)))
    assert len(torch.unique(first.flatten(1), dim=0)) == 5
    assert capfd.readouterr().err.count("img00000000.png") == 1


def test_a_member_is_never_unpacked_beyond_what_it_declares(tmp_path: Path):
    """16 MiB of zeros that declare 100 bytes."""
    zeros = bytes(16 << 20)
    archive = zip_of(tmp_path / "a.zip", {"a.png": zeros}, zipfile.ZIP_DEFLATED)
    changed(archive, len(zeros).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    (member,) = Zip(archive).members
    assert len(member._unpacked(member.size + 1)) == 101
    assert len(member.head().getvalue()) == 128 << 10
    with pytest.raises(CoreError, match="is damaged"):
        member.read()
    changed(archive, (100).to_bytes(4, "little"), (300 << 20).to_bytes(4, "little"))
    with pytest.raises(CoreError, match="more than 256 MiB"):
        Zip(archive).members[0].read()


def test_encrypted_and_rarely_packed_members_are_named(tmp_path: Path):
    rare = zip_of(tmp_path / "a.zip", {"a.png": picture(1)}, zipfile.ZIP_LZMA)
    assert "rare way" in survey(rare).left_out[0]
    locked = zip_of(tmp_path / "b.zip", {"a.png": picture(1)})
    changed(locked, b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00")
    assert "is encrypted" in survey(locked).left_out[0]


def test_a_list_of_members_that_would_fill_the_memory_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    archive = zip_of(tmp_path / "a.zip", FILES)
    monkeypatch.setattr(zipped, "MOST_DIRECTORY", 100)
    with pytest.raises(CoreError, match="no zip that can be read"):
        survey(archive)


def test_a_member_without_a_name_is_none(tmp_path: Path):
    archive = zip_of(tmp_path / "a.zip", {"a.png": picture(1), "b.png": picture(2)})
    archive.write_bytes(archive.read_bytes().replace(b"a.png", b"\0.png"))  # Python ends names there
    found = zipped.Zip(archive).members
    assert [member.name for member in found] == ["b.png"]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_change_of_a_zip_brings_more_than_a_sentence(tmp_path: Path, data: st.DataObject):
    content = bytearray(zip_of(tmp_path / "a.zip", {"a.png": picture(1), "b.png": picture(2)}).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(
            st.sampled_from([st.integers(0, 60), st.integers(len(content) - 150, len(content) - 1)])
        )
        content[data.draw(place)] = data.draw(st.integers(0, 255))
    (tmp_path / "b.zip").write_bytes(content)
    with suppress(CoreError):
        for member in survey(tmp_path / "b.zip").pictures:
            with suppress(CoreError):
                read_fitted(member, PictureFrame(16))
