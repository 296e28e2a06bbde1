"""Files written whole or not at all: what a failure leaves, and what a replaced file passes on."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from anycost.core.errors import CoreError
from anycost.core.files.whole_file import write_bytes, writing


def test_a_block_that_fails_leaves_the_old_file_alone(tmp_path: Path):
    path = tmp_path / "a"
    path.write_bytes(b"before")

    def fail() -> None:
        with writing(path) as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["a"]


def test_a_replaced_file_keeps_its_permissions(tmp_path: Path):
    path = tmp_path / "a"
    path.touch()
    path.chmod(0o640)
    write_bytes(path, b"after")
    assert path.read_bytes() == b"after"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_stays_and_its_target_is_written(tmp_path: Path):
    """Settings files are often links into a folder of dotfiles."""
    dotfiles, home = tmp_path / "dotfiles", tmp_path / "home"
    dotfiles.mkdir()
    home.mkdir()
    target = dotfiles / "kritarc"
    target.write_bytes(b"before")
    target.chmod(0o600)
    (home / "second").symlink_to("../dotfiles/kritarc")
    (home / "kritarc").symlink_to(home / "second")
    write_bytes(home / "kritarc", b"after")
    assert target.read_bytes() == b"after"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert (home / "kritarc").is_symlink()
    assert (home / "second").is_symlink()
    assert os.listdir(dotfiles) == ["kritarc"]


def test_a_link_to_a_file_that_is_still_missing_makes_it(tmp_path: Path):
    (tmp_path / "link").symlink_to(tmp_path / "target")
    write_bytes(tmp_path / "link", b"new")
    assert (tmp_path / "target").read_bytes() == b"new"


@pytest.mark.parametrize("name", ["nowhere/a", "folder", "circle"])
def test_what_cannot_be_written_is_one_sentence(tmp_path: Path, name: str):
    (tmp_path / "folder").mkdir()
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(
        CoreError, match=rf'"{tmp_path / name}" cannot be written .*: choose another'
    ) as error:
        write_bytes(tmp_path / name, b"")
    assert error.value.kind == "bad-value"
    assert sorted(os.listdir(tmp_path)) == ["circle", "folder"]


def test_an_error_without_the_systems_words_is_told_with_its_own(tmp_path: Path):
    """Python's own OSErrors, such as io.UnsupportedOperation, have no strerror."""
    with (
        pytest.raises(CoreError, match=r"cannot be written \(not writable\): choose another"),
        writing(tmp_path / "a"),
    ):
        raise OSError("not writable")
    assert os.listdir(tmp_path) == []
