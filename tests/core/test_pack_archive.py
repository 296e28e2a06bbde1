"""Packs as one file: the same bytes for the same pack, and what is refused in a zip from elsewhere."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_pack import small_pack

from anycost.core.errors import CoreError
from anycost.core.files import pack_archive
from anycost.core.files.pack_archive import bundle, copy, unpack
from anycost.models.manifest import FILE_NAME
from anycost.models.pack import Pack, PackError

Members = list[tuple[str | zipfile.ZipInfo, bytes]]


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    return Pack.open(small_pack(tmp_path_factory.mktemp("made") / "small"))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def zipped(path: Path, members: Members) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def good(pack: Pack, prefix: str = "small/") -> Members:
    return [(prefix + name, data) for name, data in sorted(contents(pack.folder).items())]


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


def tried(archive: Path, folder: Path) -> CoreError | None:
    """Unpacks, or says why not."""
    try:
        unpack(archive, folder, "a.zip")
    except CoreError as error:
        return error
    return None


def refusal(archive: Path, folder: Path) -> str:
    """The sentence with which an archive is refused."""
    with pytest.raises(CoreError) as error:
        unpack(archive, folder, "a.zip")
    assert error.value.kind == "pack"
    assert error.value.message.endswith(".")
    assert str(folder) not in error.value.message
    return error.value.message


def test_a_bundle_has_the_same_bytes_every_time_and_only_what_the_pack_lists(pack: Pack, tmp_path: Path):
    first, again = tmp_path / "1.zip", tmp_path / "2.zip"
    bundle(pack, first)
    other = small_pack(tmp_path / "elsewhere" / "folder", "small")
    (other / "notes.txt").write_text("private")
    os.utime(other / "pack.json", (0, 10**9))
    (other / "pack.json").chmod(0o600)
    bundle(Pack.open(other), again)
    assert first.read_bytes() == again.read_bytes()
    with zipfile.ZipFile(first) as archive:
        infos = archive.infolist()
        assert archive.testzip() is None
    assert [info.filename for info in infos] == sorted(f"small/{name}" for name in contents(pack.folder))
    assert {(info.compress_type, info.date_time, info.external_attr >> 16) for info in infos} == {
        (zipfile.ZIP_STORED, (1980, 1, 1, 0, 0, 0), stat.S_IFREG | 0o644)
    }


@pytest.mark.parametrize("prefix", ["small/", "", "other-name/"])
def test_what_was_bundled_or_zipped_by_hand_is_unpacked(pack: Pack, empty: Path, tmp_path: Path, prefix: str):
    members = good(pack, prefix)
    archive = zipped(tmp_path / "a.zip", [(prefix, b""), *members] if prefix else members)
    assert unpack(archive, empty, "a.zip").name == "small"
    assert contents(empty) == contents(pack.folder)


def test_a_damaged_pack_is_not_bundled_or_copied(pack: Pack, empty: Path, tmp_path: Path):
    folder = small_pack(tmp_path / "small")
    opened = Pack.open(folder)
    (folder / "LICENSE").write_text("GPL\n")
    for write in (lambda: bundle(opened, tmp_path / "a.zip"), lambda: copy(opened, empty)):
        with pytest.raises(PackError, match=r"LICENSE is damaged"):
            write()
    assert not (tmp_path / "a.zip").exists()


OUTSIDE = ("../evil", "small/../evil", "/etc/passwd", "small//x", "small/a/b", "C:evil", "small\\evil", "./x")


@pytest.mark.parametrize("name", [*OUTSIDE, "small/.hidden", "small/-x y", "small/ü", "small/x\0y", ""])
def test_names_outside_the_folder_are_refused(pack: Pack, empty: Path, tmp_path: Path, name: str):
    entry = zipfile.ZipInfo("placeholder")
    entry.filename = name
    archive = zipped(tmp_path / "a.zip", [*good(pack), (entry, b"x")])
    assert "no plain file in the pack's folder" in refusal(archive, empty)
    assert contents(empty) == {}


@settings(max_examples=25)
@given(name=st.one_of(st.text(max_size=12), st.text("./\\ab:\0", max_size=8), st.sampled_from(OUTSIDE)))
def test_no_name_places_a_file(pack: Pack, tmp_path_factory: pytest.TempPathFactory, name: str):
    """Whatever a member is called, nothing is written but plain files that pack.json lists."""
    place = tmp_path_factory.mktemp("names")
    (place / "in").mkdir()
    entry = zipfile.ZipInfo("placeholder")
    entry.filename = name.encode("utf-8", "replace").decode()
    archive = zipped(place / "a.zip", [*good(pack), (entry, b"x")])
    error = tried(archive, place / "in")
    assert error.kind == "pack" and error.message.isprintable() if error else name == "small/"
    assert set(contents(place / "in")) <= set(contents(pack.folder))
    assert sorted(path.name for path in place.iterdir()) == ["a.zip", "in"]


def special(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, mode << 16
    return entry


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices_are_refused(pack: Pack, empty: Path, tmp_path: Path, kind: int):
    members = [m for m in good(pack) if m[0] != "small/LICENSE"]
    archive = zipped(tmp_path / "a.zip", [*members, (special("small/LICENSE", kind | 0o777), b"/etc/passwd")])
    assert "is a link or a device" in refusal(archive, empty)
    assert contents(empty) == {}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ([("small/LICENSE", b"MIT\n")], "has LICENSE twice"),
        ([("small/license", b"MIT\n")], "are the same file on some systems"),
        ([("small/new.txt", b"x")], "its pack.json does not list new.txt"),
        ([("else/new.txt", b"x")], "more than one folder"),
        ([(f"small/{k}", b"") for k in range(520)], "more than 514 files"),
    ],
)
def test_what_else_a_zip_holds_is_refused(pack: Pack, empty: Path, tmp_path: Path, more: Members, words: str):
    assert words in refusal(zipped(tmp_path / "a.zip", [*good(pack), *more]), empty)


def test_colliding_names_that_pack_json_lists_are_refused(pack: Pack, empty: Path, tmp_path: Path):
    document = json.loads((pack.folder / "pack.json").read_text())
    document["files"]["license"] = hashlib.sha256(b"x").hexdigest()
    members = [(n, json.dumps(document).encode() if n == "small/pack.json" else d) for n, d in good(pack)]
    archive = zipped(tmp_path / "a.zip", [*members, ("small/license", b"x")])
    assert "LICENSE and license are the same file" in refusal(archive, empty)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("pack.json", None, "it has no pack.json"),
        ("LICENSE", None, "it lacks LICENSE"),
        ("LICENSE", b"GPL\n", "its LICENSE is damaged"),
        ("pack.json", b"{", "not valid JSON"),
        ("pack.json", b'{"schema": 2}', "newer Anycost"),
        ("pack.json", b" " * (2 << 20), "pack.json is larger than 1 MiB"),
    ],
)
def test_wrong_files_are_refused(
    pack: Pack, empty: Path, tmp_path: Path, name: str, data: bytes | None, words: str
):
    others = [member for member in good(pack) if member[0] != f"small/{name}"]
    changed = [*others, (f"small/{name}", data)] if data is not None else others
    assert words in refusal(zipped(tmp_path / "a.zip", changed), empty)


def test_a_bomb_is_refused_before_it_is_unpacked(pack: Pack, empty: Path, tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in good(pack):
            archive.writestr(name, data)
        archive.writestr("small/zeros", bytes(30 << 20))
    assert "more than 20 times its size" in refusal(tmp_path / "a.zip", empty)
    assert contents(empty) == {}


def test_a_long_list_of_files_is_not_read(pack: Pack, empty: Path, tmp_path: Path):
    """zipfile would read it whole; the end of the file says how long it is."""
    names: Members = [(f"{k:0200}", b"") for k in range(6000)]
    archive = zipped(tmp_path / "a.zip", names)
    assert "no zip file, or a damaged one" in refusal(archive, empty)


def patched(archive: Path, place: int, value: bytes) -> None:
    """Changes bytes of the list's entry for LICENSE, of which the name begins at byte 46."""
    data = bytearray(archive.read_bytes())
    at = data.rindex(b"small/LICENSE") - 46 + place
    data[at : at + len(value)] = value
    archive.write_bytes(data)


FLAGS, SIZES = 8, {"packed": 20, "size": 24}


@pytest.mark.parametrize(
    ("which", "value", "words"),
    [
        ("size", 3 << 30, "is larger than 2048 MiB"),
        ("size", 10_000_000, "more than 20 times its size"),
        ("size", 5000, "no zip file, or a damaged one"),
        ("size", 1, "no zip file, or a damaged one"),
        ("packed", 1 << 30, "lie upon each other"),
    ],
)
def test_wrong_sizes_are_refused(pack: Pack, empty: Path, tmp_path: Path, which: str, value: int, words: str):
    archive = tmp_path / "a.zip"
    bundle(pack, archive)
    patched(archive, SIZES[which], struct.pack("<I", value))
    assert words in refusal(archive, empty)


def test_more_than_the_disk_has_room_for_is_told(
    pack: Pack, empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    bundle(pack, tmp_path / "a.zip")
    usage = type("Usage", (), {"free": 100})
    monkeypatch.setattr(pack_archive.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(CoreError, match="no room") as error:
        unpack(tmp_path / "a.zip", empty, "a.zip")
    assert error.value.kind == "no-space"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_packing_is_refused(pack: Pack, empty: Path, tmp_path: Path, method: int):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        for name, data in good(pack):
            archive.writestr(name, data)
    assert "packed in an unusual way" in refusal(tmp_path / "a.zip", empty)


def test_an_encrypted_member_is_refused(pack: Pack, empty: Path, tmp_path: Path):
    archive = tmp_path / "a.zip"
    bundle(pack, archive)
    patched(archive, FLAGS, struct.pack("<H", 1))
    assert "is encrypted" in refusal(archive, empty)


@pytest.fixture(scope="module")
def bundled(pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    archive = tmp_path_factory.mktemp("bundled") / "a.zip"
    bundle(pack, archive)
    return archive.read_bytes()


@settings(max_examples=25)
@given(st.data())
def test_a_damaged_archive_is_refused_whatever_is_damaged(
    pack: Pack, bundled: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
):
    """Cut off, or with other bytes somewhere: the pack is whole or refused."""
    place = tmp_path_factory.mktemp("damaged")
    (place / "in").mkdir()
    archive = place / "a.zip"
    content = bytearray(bundled)
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        for _ in range(data.draw(st.integers(1, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    archive.write_bytes(content)
    error = tried(archive, place / "in")
    assert error.kind == "pack" if error else contents(place / "in") == contents(pack.folder)
    assert all(FILE_NAME.fullmatch(name) for name in contents(place / "in"))
    assert sorted(path.name for path in place.iterdir()) == ["a.zip", "in"]


def test_something_else_than_a_zip_is_refused(empty: Path, tmp_path: Path):
    for data in (b"", b"<!DOCTYPE html>" * 100):
        (tmp_path / "a.zip").write_bytes(data)
        assert "no zip file, or a damaged one" in refusal(tmp_path / "a.zip", empty)
