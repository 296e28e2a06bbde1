"""Picture files of every kind that painters and cameras write, and some that nobody should write."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from colour_profiles import grey, swapped_rgb
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from anycost.core.errors import CoreError
from anycost.core.files.pictures import read_mask, read_picture, write_picture

ORANGE = (250, 120, 10)


def refusal(call) -> CoreError:
    with pytest.raises(CoreError) as error:
        call()
    assert error.value.message.endswith(".")
    return error.value


def png_16_bit(path: Path, colour_type: int, samples: np.ndarray) -> Path:
    """A PNG with 16 bits per sample, which Pillow cannot write: uint16 [H, W, C]."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    height, width = samples.shape[:2]

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path


def saved(image: Image.Image, path: Path, **options) -> np.ndarray:
    image.save(path, **options)
    return read_picture(path)


def test_plain_colours_come_as_they_are(tmp_path: Path):
    rgba = saved(Image.new("RGB", (3, 2), ORANGE), tmp_path / "a.png")
    assert rgba.shape == (2, 3, 4)
    assert rgba.dtype == np.uint8
    assert (rgba == (*ORANGE, 255)).all()


@pytest.mark.parametrize("name", ["a.jpg", "a.webp", "a.tif", "a.bmp"])
def test_other_formats(tmp_path: Path, name: str):
    rgba = saved(Image.new("RGB", (16, 16), ORANGE), tmp_path / name)
    assert np.abs(rgba[..., :3].astype(int) - ORANGE).max() <= 4


def test_grey_of_1_8_16_and_32_bits(tmp_path: Path):
    assert (saved(Image.new("1", (4, 4), 1), tmp_path / "1.png")[..., :3] == 255).all()
    assert (saved(Image.new("L", (4, 4), 77), tmp_path / "8.png")[..., :3] == 77).all()
    grey = np.full((4, 4, 1), 0x8000, np.uint16)
    assert (read_picture(png_16_bit(tmp_path / "16.png", 0, grey))[..., :3] == 128).all()
    ramp = Image.fromarray(np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4))
    assert saved(ramp, tmp_path / "f.tif")[..., 0].ravel()[[0, 5, 15]].tolist() == [0, 85, 255]


def test_16_bit_colours_with_alpha(tmp_path: Path):
    samples = np.full((2, 2, 4), [0xFFFF, 0x8000, 0, 0x4000], np.uint16)
    rgba = read_picture(png_16_bit(tmp_path / "a.png", 6, samples))
    assert rgba[0, 0].tolist() == [255, 128, 0, 64]


def test_palettes_with_a_transparent_colour(tmp_path: Path):
    image = Image.new("P", (2, 1))
    image.putpalette([*ORANGE, 0, 0, 255])
    image.putpixel((1, 0), 1)
    rgba = saved(image, tmp_path / "a.png", transparency=1)
    assert rgba[0].tolist() == [[*ORANGE, 255], [0, 0, 255, 0]]


def test_grey_with_alpha_and_a_transparent_colour(tmp_path: Path):
    assert saved(Image.new("LA", (1, 1), (9, 60)), tmp_path / "a.png")[0, 0].tolist() == [9, 9, 9, 60]
    image = Image.new("RGB", (1, 1), ORANGE)
    assert saved(image, tmp_path / "b.png", transparency=ORANGE)[0, 0, 3] == 0


def test_cmyk(tmp_path: Path):
    rgba = saved(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), tmp_path / "a.jpg", quality=95)
    assert np.abs(rgba[..., :3].astype(int) - (255, 0, 0)).max() <= 6


def test_a_camera_held_sideways(tmp_path: Path):
    image = Image.new("RGB", (20, 10))
    image.putpixel((0, 0), (255, 255, 255))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise
    rgba = saved(image, tmp_path / "a.png", exif=exif)
    assert rgba.shape == (20, 10, 4)
    assert rgba[0, 9, 0] == 255


def test_a_damaged_colour_profile_is_ignored(tmp_path: Path):
    rgba = saved(Image.new("RGB", (2, 2), ORANGE), tmp_path / "a.png", icc_profile=b"no profile")
    assert (rgba == (*ORANGE, 255)).all()


def test_a_colour_profile_is_followed(tmp_path: Path):
    rgba = saved(Image.new("RGB", (2, 2), ORANGE), tmp_path / "a.png", icc_profile=swapped_rgb())
    assert np.abs(rgba[0, 0, :3].astype(int) - (120, 250, 10)).max() <= 3


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_a_profile_of_grey_is_followed(tmp_path: Path, mode: str):
    rgba = saved(Image.new("L", (2, 2), 55).convert(mode), tmp_path / "a.png", icc_profile=grey(1))
    assert np.abs(rgba[0, 0].astype(int) - (128, 128, 128, 255)).max() <= 1


def test_16_bit_grey_with_alpha_or_a_transparent_colour(tmp_path: Path):
    samples = np.full((2, 2, 2), [0x8000, 0x4000], np.uint16)
    assert read_picture(png_16_bit(tmp_path / "a.png", 4, samples))[0, 0].tolist() == [128, 128, 128, 64]
    steps = Image.fromarray(np.array([[0, 0x8000, 0xFFFF]], np.uint16))
    assert saved(steps, tmp_path / "b.png", transparency=0x8000)[0, :, 3].tolist() == [255, 0, 255]


@given(st.floats(1, 1000), st.integers(0, 40), st.sampled_from([0.0, -1.0, float("nan")]))
def test_highlights_above_white_darken_nothing(tmp_path: Path, bright: float, count: int, odd: float):
    ramp = np.linspace(0, 1, 441, dtype=np.float32).reshape(21, 21)
    before = saved(Image.fromarray(ramp), tmp_path / "a.tif")
    ramp.flat[:count], ramp.flat[40] = bright, odd
    after = saved(Image.fromarray(ramp), tmp_path / "a.tif")
    assert np.array_equal(after[2:], before[2:])
    assert (after[0, : min(count, 21)] == 255).all()


@pytest.mark.parametrize("white", [255, 65535, 10_000_000])
def test_other_whites_of_floating_point_grey(tmp_path: Path, white: int):
    ramp = np.linspace(0, white, 256, dtype=np.float32).reshape(16, 16)
    assert saved(Image.fromarray(ramp), tmp_path / "a.tif")[..., 0].ravel().tolist() == list(range(256))


def test_damaged_exif_data_spoil_no_picture(tmp_path: Path):
    """An artist's name that is a fraction, and a picture that lies on its side."""
    entries = struct.pack("<HHII", 0x0112, 3, 1, 6) + struct.pack("<HHII", 0x013B, 5, 1, 38)
    exif = b"Exif\0\0II*\0\x08\0\0\0\2\0" + entries + bytes(4) + struct.pack("<II", 1, 1)
    assert saved(Image.new("RGB", (20, 10)), tmp_path / "a.jpg", exif=exif).shape == (20, 10, 4)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_cut_off_jpeg_shows_what_is_there(tmp_path: Path, progressive: bool):
    image, path = Image.effect_noise((64, 96), 50).convert("RGB"), tmp_path / "a.jpg"
    before = saved(image, path, progressive=progressive)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 3 // 4])
    after = read_picture(path)
    assert after.shape == before.shape
    assert progressive or np.array_equal(after[:48], before[:48])
    path.write_bytes(whole[: len(whole) // 4])
    if not progressive:  # a progressive one shows all of the picture, less sharp
        assert refusal(lambda: read_picture(path)).kind == "bad-picture"


@pytest.mark.parametrize(
    "make", ["missing", "folder", "pipe", "text", "cut off", "postscript", "too many pixels"]
)
def test_what_is_not_a_picture_is_refused(tmp_path: Path, make: str):
    path = tmp_path / "a.png"
    if make == "folder":
        path.mkdir()
    elif make == "pipe":
        os.mkfifo(path)
    elif make == "text":
        path.write_text("hello")
    elif make == "cut off":
        Image.effect_noise((64, 64), 50).save(path)
        path.write_bytes(path.read_bytes()[:900])
    elif make == "postscript":  # Pillow would run Ghostscript
        path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n")
    elif make == "too many pixels":
        png_16_bit(path, 0, np.zeros((1, 1, 1), np.uint16))
        data = bytearray(path.read_bytes())
        data[16:24] = struct.pack(">II", 12_000, 12_000)
        data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
        path.write_bytes(bytes(data))
    assert refusal(lambda: read_picture(path)).kind == "bad-picture"


# Masks


def test_a_mask_is_white_where_it_counts(tmp_path: Path):
    image = Image.new("LA", (3, 1), (255, 255))
    image.putpixel((1, 0), (100, 255))
    image.putpixel((2, 0), (255, 100))
    image.save(tmp_path / "a.png")
    assert read_mask(tmp_path / "a.png", (3, 1)).tolist() == [[255, 100, 100]]


def test_a_mask_lies_as_its_picture(tmp_path: Path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (3, 1)).save(tmp_path / "a.png", exif=exif)
    assert read_mask(tmp_path / "a.png", (1, 3)).shape == (3, 1)
    error = refusal(lambda: read_mask(tmp_path / "a.png", (3, 1)))
    assert error.kind == "bad-value"
    assert "3 x 1 px" in error.message


# Writing


@pytest.mark.parametrize("name", ["a.png", "a.webp"])
def test_what_was_written_is_read_again(tmp_path: Path, name: str):
    rgba = np.random.default_rng(0).integers(0, 256, (8, 9, 4), np.uint8)
    write_picture(tmp_path / name, rgba)
    assert np.array_equal(read_picture(tmp_path / name), rgba)
    assert os.listdir(tmp_path) == [name]


def test_a_jpeg_lies_on_white(tmp_path: Path):
    write_picture(tmp_path / "a.jpg", np.zeros((8, 8, 4), np.uint8))
    assert read_picture(tmp_path / "a.jpg")[..., :3].min() > 250


def test_other_endings_and_places_are_refused(tmp_path: Path):
    rgba = np.zeros((2, 2, 4), np.uint8)
    (tmp_path / "folder.png").mkdir()
    for name in ("a.gif", "a", "nowhere/a.png", "folder.png"):
        assert refusal(lambda name=name: write_picture(tmp_path / name, rgba)).kind == "bad-value"


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.png"
    path.write_bytes(b"before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert refusal(lambda: write_picture(path, np.zeros((2, 2, 4), np.uint8))).kind == "no-space"
    assert os.listdir(tmp_path) == ["a.png"]
    assert path.read_bytes() == b"before"


def test_a_written_file_has_the_usual_permissions(tmp_path: Path):
    write_picture(tmp_path / "a.png", np.zeros((2, 2, 4), np.uint8))
    (tmp_path / "plain").touch()
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "plain").stat().st_mode
