"""Picture files that nobody vouches for: bounded, told in one sentence, the same for all who read them."""

from __future__ import annotations

import io
import os
import struct
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from picture_bombs import BOMBS, answer, chunk
from PIL import Image, PngImagePlugin

from anycost.bridge.sandbox import SandboxLimits
from anycost.bridge.shown_names import plain, shown
from anycost.commands.cli import main
from anycost.core.errors import CoreError
from anycost.core.files.picture_file import PictureFile
from anycost.core.files.pictures import read_picture, sandboxed
from anycost.core.files.untrusted import run
from anycost.lab.data.folder import check
from anycost.lab.data.frame import PictureFrame
from anycost.lab.data.picture_files import read_fitted, survey

SMALL = SandboxLimits(memory=256 << 20, seconds=1)
SIZE = (64, 48)
unix = pytest.mark.skipif(os.name == "nt", reason="limits and names of Unix")


def refusal(path: Path, limits: SandboxLimits = SMALL) -> str:
    """The one sentence about a file."""
    with pytest.raises(CoreError) as error:
        sandboxed("read", path, path, name=path, limits=limits)
    assert error.value.kind == "bad-picture"
    assert error.value.message.endswith(".")
    assert "\n" not in error.value.message
    return error.value.message


def noise(mode: str = "RGB") -> Image.Image:
    image = Image.frombytes("RGB", SIZE, np.random.default_rng(0).bytes(SIZE[0] * SIZE[1] * 3))
    return image.convert(mode)


# Bounds


@unix
@pytest.mark.parametrize("name", BOMBS)
def test_a_picture_bomb_is_a_small_picture_or_a_sentence(tmp_path: Path, name: str):
    """The sandbox has a second and 256 MiB: what needs more would fail here."""
    path = tmp_path / "bomb"
    path.write_bytes(BOMBS[name](1))
    told = answer(path, SMALL)
    assert told == "" or told.endswith(".")
    noise().save(tmp_path / "next.png")
    assert sandboxed("read", tmp_path / "next.png", "next", name="next", limits=SMALL)["size"] == list(SIZE)


@unix
def test_time_and_memory_are_bounded(tmp_path: Path):
    (tmp_path / "slow.bmp").write_bytes(BOMBS["runs of one pixel"](99))
    assert refusal(tmp_path / "slow.bmp").endswith('slow.bmp" cannot be read: it takes more than 1 s.')
    Image.new("RGBA", (8000, 7000)).save(tmp_path / "large.png", compress_level=1)
    assert "takes more memory than there is" in refusal(tmp_path / "large.png", SandboxLimits(300 << 20))
    with (tmp_path / "long.tif").open("wb") as file:
        file.truncate(2 << 30)
    assert "has more than 1 GiB" in refusal(tmp_path / "long.tif")


@unix
def test_a_reader_that_crashes_takes_nothing_along():
    with pytest.raises(CoreError, match=r'^"a" cannot be read: it makes the program that reads it crash\.$'):
        run("os:abort", about='"a"', kind="bad-picture", limits=SMALL)
    assert run("os:getpid", about="", kind="pack", limits=SMALL) != os.getpid()


def test_an_animation_shows_its_first_picture(tmp_path: Path):
    frames = [Image.new("RGB", SIZE, (k, 0, 0)) for k in (200, 90, 10)]
    for name, kind in (("a.webp", "WEBP"), ("a.png", "PNG"), ("a.apng", "PNG")):
        frames[0].save(tmp_path / name, kind, save_all=True, append_images=frames[1:], lossless=True)
        assert (read_picture(tmp_path / name) == (200, 0, 0, 255)).all()


def test_long_texts_of_painting_programs_are_kept(tmp_path: Path):
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", "<history/>" * 300_000, zip=True)
    noise().save(tmp_path / "a.png", pnginfo=info)
    PictureFile.read(tmp_path / "a.png").write(tmp_path / "out.webp", None)
    with Image.open(tmp_path / "out.webp") as out:
        assert len(out.info["xmp"]) == 3_000_000


# One reader for all


def trained_on(path: Path) -> np.ndarray:
    return read_fitted(path, PictureFrame(SIZE[0], SIZE))


KINDS = {
    "plain.png": {},
    "plain.jfif": {"format": "JPEG"},
    "PLAIN.JPE": {"format": "JPEG"},
    "lies.png": {"format": "JPEG"},
    "grey.tif": {"mode": "L"},
    "alpha.tif": {"mode": "LA"},
    "palette.png": {"mode": "P"},
    "one.bmp": {"mode": "1"},
    "four.tif": {"mode": "CMYK"},
    "lab.tif": {"mode": "LAB"},
    "ycc.tif": {"mode": "YCbCr"},
    "packed.tif": {"compression": "jpeg"},
    "web.webp": {"lossless": True},
}


@pytest.mark.parametrize("name", KINDS)
def test_training_sees_what_the_command_line_sees(tmp_path: Path, name: str):
    options = dict(KINDS[name])
    mode = options.pop("mode", "RGB")
    image = noise("RGB")
    if mode == "LAB":
        image = Image.new("LAB", SIZE, (150, 20, 30))
    (image if mode == "LAB" else image.convert(mode)).save(tmp_path / name, **options)
    rgba = read_picture(tmp_path / name)
    assert np.array_equal(trained_on(tmp_path / name), rgba[..., :3])
    assert survey(tmp_path, whole=True).sizes == (SIZE,)
    if mode == "LAB":
        assert np.ptp(rgba[0, 0, :3].astype(int)) > 20  # it has a colour


def test_training_turns_a_picture_that_says_it_at_its_end(tmp_path: Path):
    exif = struct.pack("<2sHIHHHIIxxxx", b"II", 42, 8, 1, 0x0112, 3, 1, 3)
    noise().save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(data[:-12] + chunk(b"eXIf", exif) + data[-12:])
    rgba = read_picture(tmp_path / "a.png")
    assert np.array_equal(rgba[::-1, ::-1, :3], np.asarray(noise()))
    assert np.array_equal(trained_on(tmp_path / "a.png"), rgba[..., :3])


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.bmp", "a.webp", "a.tif"])
def test_a_cut_off_picture_is_shown_or_told_and_never_trained_on(tmp_path: Path, name: str):
    noise().save(tmp_path / name, **({"compression": "tiff_lzw"} if name == "a.tif" else {}))
    whole = read_picture(tmp_path / name)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) * 3 // 4])
    if name in ("a.webp", "a.tif"):
        assert "is damaged, cut off or of a rare kind" in refusal(tmp_path / name)
    else:
        found = PictureFile.read(tmp_path / name)
        assert found.cut_off
        half = slice(24, 48) if name == "a.bmp" else slice(0, 24)  # a BMP begins at the bottom
        assert np.array_equal(found.rgba[half], whole[half])
    assert len(survey(tmp_path, whole=True).left_out) == 1
    with pytest.raises(CoreError, match="is damaged, cut off or of a rare kind"):
        trained_on(tmp_path / name)


def test_a_picture_that_changed_after_it_was_read_is_not_mixed_up(tmp_path: Path):
    noise().save(tmp_path / "a.png")
    picture = PictureFile.read(tmp_path / "a.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    with pytest.raises(CoreError, match="has changed since it was read"):
        picture.write(tmp_path / "out.jpg", None)


# Names and links


@unix
def test_links_pipes_and_devices(tmp_path: Path):
    noise().save(tmp_path / "a.png")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "link.png").symlink_to("a.png")
    (tmp_path / "circle.png").symlink_to("circle.png")
    (tmp_path / "gone.png").symlink_to("nowhere.png")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    assert np.array_equal(read_picture(tmp_path / "link.png"), read_picture(tmp_path / "a.png"))
    for name, words in (
        ("pipe.png", "is not a file"),
        ("zero.png", "is not a file"),
        ("circle.png", "cannot be read ("),
        ("gone.png", "There is no file"),
        ("x" * 300, "cannot be read ("),
        ("a\0b", "cannot be read ("),
    ):
        assert words in refusal(tmp_path / name)
    assert len(survey(tmp_path).left_out) == 4


@unix
def test_linked_folders_are_trained_on_once(tmp_path: Path):
    (tmp_path / "set" / "inner").mkdir(parents=True)
    (tmp_path / "far").mkdir()
    noise().save(tmp_path / "set" / "inner" / "a.png")
    noise().save(tmp_path / "far" / "b.jfif", "JPEG")
    (tmp_path / "set" / "inner" / "up").symlink_to("..")
    (tmp_path / "set" / "itself").symlink_to("itself")
    (tmp_path / "set" / "linked").symlink_to(tmp_path / "far")
    (tmp_path / "set" / "twice").symlink_to(tmp_path / "far")
    found = survey(tmp_path / "set").pictures
    assert [str(one.relative_to(tmp_path / "set")) for one in found if isinstance(one, Path)] == [
        "inner/a.png",
        "linked/b.jfif",
    ]


ODD = ["caf\udce9.png", "a\nb.png", "red\x1b[31m.png", "\u202egnp.png"]


@unix
def test_odd_names_are_told_on_one_line_that_any_terminal_takes(tmp_path: Path):
    for name in ODD:
        (tmp_path / name).write_text("no picture")
    told = check(tmp_path)
    told.encode("utf-8", "strict")
    assert len(told.splitlines()) == 7 + len(ODD)
    for escaped in ("caf\\xe9.png", "a\\nb.png", "red\\x1b[31m.png", "\\u202egnp.png"):
        assert escaped in told
    assert shown("Élise 写真.png") == '"Élise 写真.png"'
    assert plain("\ud800") == "\\ud800"


@unix
def test_the_command_tells_odd_names_where_only_utf8_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / ODD[0]).write_text("no picture")
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(written, "utf-8", "strict"))
    assert main(["faces", str(tmp_path / ODD[0])]) == 2
    sys.stderr.flush()
    told = written.getvalue().decode()
    assert told.startswith(f'anycost: "{tmp_path}/caf\\xe9.png" cannot be read as a picture:')


def test_threads_may_read_at_once(tmp_path: Path):
    noise().save(tmp_path / "a.png")
    found: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: found.append(read_picture(tmp_path / "a.png"))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(one[..., :3], np.asarray(noise())) for one in found)
    assert len(found) == 4
